"""The pages as text: they say all of a document, fetch nothing, and run nothing of others."""

from __future__ import annotations

import dataclasses
import html
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from enum import Enum
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from cytomon.report.document import Document, Field, Section, Table, Tone
from cytomon.report.html import write_html
from cytomon.report.index import write_index
from cytomon.report.web import margins, policy
from tests.report import sample

PAGES = {
    "typical": lambda: write_html(sample.typical(), sample.figures()),
    "hostile": lambda: write_html(sample.hostile(), sample.figures()),
    "empty": lambda: write_html(sample.empty(), {}),
    "index": lambda: write_index(
        sample.lines(), as_of=date(2026, 3, 30), simulated=True, made_by="cytomon 0.4.0"
    ),
}


class Read(HTMLParser):
    """Elements of a page; fails on one that is closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "img", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """See that it was the last to be opened."""
        assert self.open.pop() == tag


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]().decode()


def of(page: str, tag: str) -> list[str]:
    """What stands in each element of a name."""
    return re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page, flags=re.DOTALL)


def by_hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_only_what_the_policy_names_may_act(page: str):
    """One stylesheet by its hash; of scripts that of the worklist, and in a report none."""
    (style,) = of(page, "style")
    scripts = of(page, "script")
    (said,) = (
        attributes["content"]
        for tag, attributes in Read(page).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )

    assert said == (
        "default-src 'none'; img-src data:; "
        f"style-src {by_hash(style)}; "
        f"script-src {by_hash(scripts[0]) if scripts else chr(39) + 'none' + chr(39)}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert len(scripts) == ('id="patients"' in page)


def test_nothing_is_fetched_and_nothing_is_styled_in_place(page: str):
    """No address but of a figure in the page, a place in it, or a file beside it."""
    for tag, attributes in Read(page).elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert tag not in {"link", "iframe", "object", "base", "form", "use"}
        assert (attributes.get("src") or "data:").startswith("data:")
        assert re.match(r"#|\./", attributes.get("href") or "#")
    assert not re.search(r"@import|url\(", of(page, "style")[0])


def test_names_in_a_page_are_its_own(page: str):
    """No two elements have the same name, and every link within the page leads somewhere."""
    elements = Read(page).elements
    names = [attributes["id"] for _, attributes in elements if "id" in attributes]
    links = {a["href"] for tag, a in elements if tag == "a" and (a["href"] or "").startswith("#")}

    assert len(names) == len(set(names))
    if "alert(9)" not in page:
        assert {(link or "")[1:] for link in links} <= set(names)


@pytest.mark.parametrize("name", PAGES)
def test_equal_documents_give_equal_bytes(name: str):
    """No clock, no random names."""
    assert PAGES[name]() == PAGES[name]()


def texts(value: object) -> Iterator[str]:
    """Every text in a value, but for the names by which its parts are found."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name != "key":
                yield from texts(getattr(value, field.name))


@pytest.mark.parametrize("made", [sample.typical, sample.hostile, sample.empty])
def test_everything_is_said(made: Callable[[], Document]):
    """A report says all of its document, letter by letter."""
    document = made()
    page = write_html(document, sample.figures()).decode()
    shown = html.unescape(re.sub(r"<!--.*?-->", "", page))
    said = (
        document.banner, document.standing, document.heading, document.verdicts, document.summary,
        document.alerts, document.changes, document.disclaimers, document.laboratory,
        document.signer, document.identity.report_id, document.identity.made_by,
        document.identity.definitions, document.identity.as_of.isoformat(),
        tuple(replace(one, pictures=()) for one in document.sections),
        tuple((one.title, one.caveat) for part in document.sections for one in part.pictures),
    )  # fmt: skip

    assert [text for text in texts(said) if text not in shown] == []
    assert str(document.identity.entry) in shown


def test_a_simulation_says_so_wherever_the_page_is_named():
    """In its title, in its description, above it, and in the margin of every printed page."""
    page = PAGES["typical"]().decode()
    (title,) = of(page, "title")
    (style,) = of(page, "style")

    assert title.startswith("SIMULATED DATA · ")
    assert '<meta name="description" content="SIMULATED DATA. ' in page
    assert '<div class="banner" role="region" aria-label="Notice"><strong>SIMULATED DATA' in page
    assert r'@top-center { content: "SIMULATED\20 DATA"; }' in style
    assert "SIMULATED" not in PAGES["empty"]().decode()


def test_how_far_it_has_come_is_on_top():
    """The standing is a word before any number; a draft is marked on paper, too."""
    amended, draft = PAGES["typical"]().decode(), PAGES["empty"]().decode()

    assert '<span class="pill" data-status="amended">amended</span>' in amended
    assert '<span class="pill" data-status="draft">draft</span>' in draft
    assert "<span>Draft</span>" in draft
    assert "<span>Draft</span>" not in amended


def test_answers_come_before_everything():
    """Three answers, then what waits, then what was read from it, then the evidence."""
    page = PAGES["typical"]().decode()
    order = [
        page.index(f'id="{name}"')
        for name in ("answers", "alerts", "summary", "changes", "part-course", "record")
    ]

    assert order == sorted(order)
    assert len(of(page, "article")) == 3
    assert re.findall(r'class="unseen">(\w+): ', page) == [
        "alarm", "caution", "calm",
    ]  # fmt: skip


def test_answered_alerts_do_not_stand_among_the_open():
    """Three wait; the one that was answered is folded away, and still there."""
    page = PAGES["typical"]().decode()
    waiting, answered = page.split('<details class="answered">')

    assert waiting.count('<li class="alert"') == 3
    assert answered.count('<li class="alert"') == 1


def test_a_figure_that_is_not_there_is_said():
    """The place of a figure that nobody drew says so."""
    assert PAGES["typical"]().decode().count("not drawn") == 1
    assert write_html(sample.typical(), {}).decode().count("not drawn") == 7


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        pytest.param(("0.12 %", "<0.01 %", "—", "300,244"), "number", id="numbers"),
        pytest.param(("1.2×10⁻⁴", "3e-05", "−7", "+28"), "number", id="powers"),
        pytest.param(("2026-03-30", "2025-12-15", "", "—"), "tight", id="dates"),
        pytest.param(("0.11 to 0.14 %", "x", "", "—"), "short", id="intervals"),
        pytest.param(("—", "", "—", "-"), "tight", id="nothing"),
        pytest.param(("a sentence of its own", "1", "2", "3"), "text", id="sentences"),
    ],
)
def test_columns_are_set_by_what_they_hold(cells: tuple[str, ...], kind: str):
    """Numbers stand right, dates are never broken, sentences are."""
    table = Table(title="t", columns=("a",), rows=tuple((cell,) for cell in cells))
    document = replace(sample.empty(), sections=(Section(key="s", title="S", tables=(table,)),))
    page = write_html(document, {}).decode()

    assert re.findall(r'<th scope="row" class="(\w+)">', page) == [kind] * 4


def test_a_margin_holds_any_text():
    """Nothing of a name ends the rule it stands in, and a long one is cut."""
    made = margins(banner='"; } </style><b>\\', left="x" * 200)
    (top, left) = re.findall(r'content: "([^"\n]*)"; \}', made)

    assert not re.search(r"[<>;}]", top)
    assert re.sub(r"\\([0-9a-f]+) ", lambda one: chr(int(one[1], 16)), top) == (
        '"; } </style><b>\\'
    )
    assert left == "x" * 89 + r"\2026 "


def test_no_script_is_let_through_where_there_is_none():
    """Without a script the policy has no hash for one."""
    assert "script-src 'none'" in policy("a{}")
    assert f"script-src {by_hash('f()')}" in policy("a{}", "f()")


def test_what_cannot_be_written_does_not_stop_a_report():
    """Half of a pair of surrogates is no character: the page has a mark in its place."""
    document = replace(sample.empty(), heading=(Field(label="a", value="x\ud800y"),))

    assert b"x&#55296;y" in write_html(document, {})


def test_a_record_leaves_out_what_is_not_known():
    """No empty lines at the end of a report."""
    page = PAGES["empty"]().decode()
    record = page[page.index('id="record"') :]

    assert re.findall(r"<dt>(.*?)</dt>", record) == [
        "Report", "Version", "As of", "Store entry", "Made by", "Definitions",
    ]  # fmt: skip


def test_the_worklist_starts_with_the_most_urgent():
    """By rank, whatever the order of the lines."""
    page = PAGES["index"]().decode()
    found = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', page)

    assert [html.unescape(name) for name in found] == ["P017", sample.SCRIPT, "P020", "P9"]


def test_files_lie_beside_the_worklist():
    """No name of a file becomes another scheme or another host."""
    found = re.findall(r'<a href="(\./[^"]*)"', PAGES["index"]().decode())

    assert "./R-0003-v1.html" in found
    assert "./javascript%3Aalert%2810%29" in found
    assert ".///example.org/x%3Fy%23z" in found


@pytest.mark.parametrize(
    ("days", "order"),
    [
        pytest.param(("91", "−7", "1000", "0", "-30"), (4, 1, 3, 0, 2), id="numbers"),
        pytest.param(("day 91", "day 7"), (1, 0), id="in-words"),
        pytest.param(("2026-03-30", "2026-02-01"), (1, 0), id="dates"),
    ],
)
def test_days_are_sorted_by_number(days: tuple[str, ...], order: tuple[int, ...]):
    """Day -30 comes before day -7, and both before the infusion."""
    first = sample.lines()[0]
    keys = [replace(first, day=day).day_order for day in days]

    assert tuple(sorted(range(len(days)), key=lambda n: keys[n])) == order


def test_alarms_are_sorted_before_what_reassures():
    """What is not known stands before what is known to be well."""
    first = sample.lines()[0]
    keys = [replace(first, mrd="x", mrd_tone=tone).mrd_order for tone in Tone]

    assert sorted(zip(keys, Tone, strict=True), key=lambda one: one[0])[0][1] is Tone.ALARM
    assert [tone.value for _, tone in sorted(zip(keys, Tone, strict=True))] == [
        "alarm", "caution", "unknown", "calm",
    ]  # fmt: skip


def test_a_worklist_of_measured_patients_has_no_banner():
    """What was not simulated does not say so."""
    page = write_index(sample.lines(), as_of=date(2026, 3, 30), simulated=False, made_by="x")

    assert b"SIMULATED" not in page
