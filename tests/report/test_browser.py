"""The pages in a real browser: nothing is cut off, nothing is fetched, nothing of others acts."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Locator, Page, sync_playwright
from pypdf import PdfReader

from cytomon.report.html import write_html
from cytomon.report.index import write_index
from tests.report import sample

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Scheme = Literal["light", "dark"]
WIDTHS, SCHEMES = (360, 768, 1440), ("light", "dark")

BEYOND = """() => [...document.querySelectorAll('body *')].filter(one => {
  if (one.closest('.scroll *, .unseen, .skip, svg, script')) return false;
  const box = one.getBoundingClientRect();
  const scrolls = one.matches('.scroll');
  return box.width && (box.right > innerWidth + 1 || box.left < -1
    || (!scrolls && one.clientWidth && one.scrollWidth > one.clientWidth + 1));
}).map(one => one.outerHTML.slice(0, 120))"""
"""What sticks out of the page or of its own box, and what only a scrolling box may hide."""
TURNED = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    const holder = texts.currentNode.parentElement, style = getComputedStyle(holder);
    if (texts.currentNode.data.includes('\\u202e'))
      found.push(`${style.display} ${style.unicodeBidi} ${holder.className || holder.tagName}`);
  }
  return found;
}"""
"""How each element is set that holds a mark of direction."""
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
ACTING = """() => [...document.querySelectorAll('*')].flatMap(one => [...one.attributes]
  .filter(each => each.name.startsWith('on') || each.name === 'style' || each.name === 'autofocus')
  .map(each => one.tagName + ' ' + each.name))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for all tests of this module."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as files, as a reader gets them."""
    made = tmp_path_factory.mktemp("pages")
    pages = {
        "typical": write_html(sample.typical(), sample.figures()),
        "hostile": write_html(sample.hostile(), sample.figures()),
        "empty": write_html(sample.empty(), {}),
        "index": write_index(
            sample.lines(), as_of=date(2026, 3, 30), simulated=True, made_by="cytomon 0.4.0"
        ),
    }
    for name, data in pages.items():
        (made / f"{name}.html").write_bytes(data)
    return made


class Watched:
    """What a page did beside being shown."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.asked.append(request.url))

    def _dismiss(self, dialog: Dialog) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def shown(
    browser: Browser,
    file: Path,
    *,
    width: int = 1440,
    scheme: Scheme = "light",
    script: bool = True,
) -> Iterator[tuple[Page, Watched]]:
    """A page on a screen."""
    screen = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
    )
    page = screen.new_page()
    page.set_default_timeout(10_000)
    watched = Watched(page)
    page.goto(file.as_uri())
    try:
        yield page, watched
    finally:
        screen.close()


@pytest.fixture
def index(browser: Browser, folder: Path) -> Iterator[Page]:
    """The worklist."""
    with shown(browser, folder / "index.html") as (page, _):
        yield page


@pytest.fixture
def report(browser: Browser, folder: Path) -> Iterator[Page]:
    """A report with much in it."""
    with shown(browser, folder / "typical.html", width=360) as (
        page,
        _,
    ):
        yield page


@pytest.mark.parametrize("name", ["typical", "hostile", "empty", "index"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_is_cut_off_fetched_or_refused(
    browser: Browser, folder: Path, name: str, scheme: Scheme
):
    """On a phone, a tablet and a desk, by day and by night; every figure is there."""
    file = folder / f"{name}.html"
    with shown(browser, file, scheme=scheme) as (page, watched):
        page.evaluate(OPEN_ALL)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(BEYOND) == []
        widths = page.evaluate("[...document.images].map(one => one.naturalWidth)")

    assert watched.said == []
    assert {url for url in watched.asked if not url.startswith("data:")} == {file.as_uri()}
    assert len(widths) == {"typical": 6, "hostile": 1}.get(name, 0)
    assert all(widths)


@pytest.mark.parametrize("name", ["typical", "index"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everybody_can_read_it(browser: Browser, folder: Path, name: str, scheme: Scheme):
    """No rule of axe that would keep somebody out is broken; contrast is among them."""
    axe = Axe()
    with shown(browser, folder / f"{name}.html", scheme=scheme) as (page, _):
        page.evaluate(OPEN_ALL)
        page.evaluate(axe.axe_script)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found = page.evaluate("axe.run({resultTypes: ['violations']})")
            assert found["passes"]
            assert [
                (one["id"], one["nodes"][0]["html"])
                for one in found["violations"]
                if one["impact"] in {"serious", "critical"}
            ] == []


def test_text_of_others_is_text(browser: Browser, folder: Path):
    """Scripts, markup and templates are read, and do nothing."""
    with shown(browser, folder / "hostile.html") as (page, watched):
        page.mouse.move(300, 300)
        assert page.locator("script, iframe, form, input, object").count() == 0
        assert page.locator("img").count() == 1
        assert page.evaluate(ACTING) == []
        body = page.inner_text("main")
        assert [attack for attack in sample.ATTACKS if _spaced(attack) not in _spaced(body)] == []
        assert page.get_by_text(sample.SCRIPT, exact=True).first.is_visible()

    assert watched.said == []


def _spaced(text: str) -> str:
    return " ".join(text.split())


def test_names_in_the_worklist_are_text(browser: Browser, folder: Path):
    """A patient may be called anything, and sorting and finding leave it so."""
    with shown(browser, folder / "index.html") as (page, watched):
        page.get_by_role("button", name="Patient").click()
        page.get_by_label("Find").fill("<script>")
        assert _patients(page) == [sample.SCRIPT]
        assert page.locator("script").count() == 1
        assert page.evaluate(ACTING) == []

    assert watched.said == []


def test_marks_of_direction_end_with_their_text(browser: Browser, folder: Path):
    """A text that turns its line around turns no label and no text beside it."""
    with shown(browser, folder / "hostile.html") as (page, _):
        holders = page.evaluate(TURNED)

    assert len(holders) > 30
    assert {how for how in holders if how.startswith("inline normal")} == set()


def test_the_keyboard_reaches_everything(report: Page):
    """First the way to the answers, then the contents, then what opens and what scrolls."""
    report.keyboard.press("Tab")
    assert _focused(report) == "Skip to the answers"
    report.keyboard.press("Enter")
    assert report.evaluate("document.activeElement.id") == "answers"
    reached: list[str] = []
    while len(reached) < 40 and "Corrections: Specimen and quality" not in reached:
        report.keyboard.press("Tab")
        reached.append(_focused(report))
    regions = [
        "MRD of each specimen: Course",
        "Findings: Specimen and quality",
        "Corrections: Specimen and quality",
    ]

    assert reached[0].startswith("Flags")
    assert reached.count("What it rests on") == 3
    assert [name for name in reached if name in regions] == regions


def _focused(page: Page) -> str:
    return str(
        page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
        )
    )


def test_a_table_scrolls_within_itself(report: Page):
    """On a phone a wide table moves by the arrow keys, and the page does not."""
    region = report.get_by_role("region", name="MRD of each specimen")
    region.focus()
    for _ in range(5):
        report.keyboard.press("ArrowRight")
    report.wait_for_function(
        "document.querySelector('[aria-label^=\"MRD of each\"]').scrollLeft > 0"
    )

    assert report.evaluate("scrollX") == 0


def test_facts_open_by_the_keyboard(report: Page):
    """What a flag rests on is folded away until it is asked for."""
    fact = report.get_by_text("day 28: 0 of 412,000 nucleated cells")
    assert not fact.is_visible()
    report.locator("summary").first.focus()
    report.keyboard.press("Enter")

    assert fact.is_visible()


def test_paper_shows_what_the_screen_folds_away(report: Page):
    """Facts and answered flags are printed; the contents are not, nor what is for the screen."""
    report.emulate_media(media="print")
    folded = report.locator("details li, details h3").all()

    assert len(folded) == 9
    assert all(_is_printed(one) for one in folded)
    assert not report.locator("nav").is_visible()
    assert not report.locator("figure.detail img").is_visible()
    assert report.get_by_text("(on the screen only)").is_visible()
    assert not report.locator(".closed").is_visible()


def _is_printed(one: Locator) -> bool:
    return bool(one.evaluate("each => each.checkVisibility() && each.offsetHeight > 0"))


def test_every_printed_page_names_its_report(report: Page):
    """What lies alone on a desk still says which report it is, and that it was simulated."""
    pages = PdfReader(io.BytesIO(report.pdf(prefer_css_page_size=True))).pages
    texts = [re.sub(r"\s", "", page.extract_text()) for page in pages]

    assert len(texts) > 1
    for number, text in enumerate(texts, start=1):
        assert "R-7f3a91c2·version2·amended" in text
        assert f"page{number}of{len(texts)}" in text
        assert text.count("SIMULATEDDATA") >= 2
    assert {tuple(map(round, page.mediabox[2:])) for page in pages} == {(595, 842)}


def _patients(index: Page) -> list[str]:
    """Who is shown, from top to bottom."""
    rows = index.locator("tbody tr:visible th")
    return [text.strip() for text in rows.all_inner_texts()]


FIRST = ["P017", sample.SCRIPT, "P020", "P9"]
"""By urgency."""


def test_columns_are_sorted_by_keyboard_and_mouse(index: Page):
    """Either way, and the head says which; other columns lose their arrow."""
    assert _patients(index) == FIRST
    index.get_by_role("button", name="Day").focus()
    index.keyboard.press("Enter")
    assert _patients(index) == ["P020", "P017", "P9", sample.SCRIPT]
    assert _sorted(index) == {"Day": "ascending"}
    index.get_by_role("button", name="Day").click()
    assert _patients(index) == [sample.SCRIPT, "P9", "P017", "P020"]
    assert _sorted(index) == {"Day": "descending"}
    index.get_by_role("button", name="Patient").click()
    assert _patients(index) == [sample.SCRIPT, "P9", "P017", "P020"]
    index.get_by_role("button", name="MRD").click()
    assert _patients(index) == ["P017", sample.SCRIPT, "P020", "P9"]
    index.get_by_role("button", name="Flags").click()

    assert _patients(index) == FIRST
    assert _sorted(index) == {"Flags": "ascending"}


def _sorted(index: Page) -> dict[str, str]:
    heads = index.locator("th[aria-sort]").all()
    return {head.inner_text().strip(): head.get_attribute("aria-sort") or "" for head in heads}


def test_patients_are_found(index: Page):
    """Any word of a line finds it, in capitals or not; the number shown is said."""
    index.keyboard.press("Tab")
    index.keyboard.press("Tab")
    index.keyboard.type("  cd22 KEPT ")
    assert _patients(index) == ["P017"]
    assert index.get_by_role("status").inner_text() == "1 of 4 patients"
    index.get_by_label("Find").fill("nobody is called so")
    assert _patients(index) == []
    assert index.get_by_text("No patient to show.").is_visible()
    index.get_by_label("Find").fill("")

    assert index.get_by_role("status").inner_text() == "4 patients"


@pytest.mark.parametrize(
    ("unwanted", "left"),
    [
        pytest.param(["none"], ["P017", sample.SCRIPT, "P020"], id="without-the-quiet"),
        pytest.param(["high"], ["P017", "P020", "P9"], id="another-flag-keeps-a-line"),
        pytest.param(["critical", "high", "medium"], ["P020", "P9"], id="the-least-urgent"),
        pytest.param(["critical", "high", "medium", "info", "none"], [], id="nobody"),
    ],
)
def test_patients_are_chosen_by_urgency(index: Page, unwanted: list[str], left: list[str]):
    """A line stays as long as one of its flags is wanted."""
    for urgency in unwanted:
        index.get_by_role("checkbox", name=urgency).focus()
        index.keyboard.press("Space")

    assert _patients(index) == left


def test_a_flag_that_no_box_names_is_never_hidden(browser: Browser, tmp_path: Path):
    """An urgency of a later version stays in sight."""
    (quiet, *_) = sample.lines()
    line = replace(quiet, flags=(("unheard of", "A99"),))
    file = tmp_path / "index.html"
    file.write_bytes(write_index([line], as_of=date(2026, 3, 30), simulated=True, made_by="x"))
    with shown(browser, file) as (page, _):
        for box in page.get_by_role("checkbox").all():
            box.uncheck()
        assert _patients(page) == ["P9"]


def test_a_long_worklist_is_listed_in_part(browser: Browser, tmp_path: Path):
    """The most urgent of many come first; it is said that there are more, and all can be had."""
    (quiet, *_) = sample.lines()
    many = [replace(quiet, patient_id=f"P{rank}", rank=rank) for rank in range(600)]
    file = tmp_path / "index.html"
    file.write_bytes(write_index(many, as_of=date(2026, 3, 30), simulated=True, made_by="x"))
    with shown(browser, file) as (page, _):
        said = page.get_by_role("status")
        assert _patients(page) == [f"P{rank}" for rank in range(500)]
        assert said.inner_text() == "600 patients; the first 500 are listed"
        page.get_by_label("Find").fill("P599")
        assert _patients(page) == ["P599"]
        assert said.inner_text() == "1 of 600 patients"
        page.get_by_label("Find").fill("")
        page.get_by_role("button", name="Patient").click(click_count=2)
        assert _patients(page)[0] == "P599"
        page.get_by_role("button", name="List all of them").press("Enter")
        assert len(_patients(page)) == 600
        assert said.inner_text() == "600 patients"


def test_the_worklist_is_a_table_without_a_script(browser: Browser, folder: Path):
    """Where scripts are forbidden, everybody is listed and nothing pretends to work."""
    with shown(browser, folder / "index.html", script=False) as (page, _):
        assert page.locator("tbody tr:visible").count() == 4
        assert page.locator("button:visible").count() == 0
        assert not page.locator("#filters").is_visible()


def test_a_file_beside_the_worklist_opens(index: Page):
    """A link leads to the file of its patient, and nowhere else."""
    links = index.locator(".files a").all()

    assert [link.evaluate("one => new URL(one.href).protocol") for link in links] == ["file:"] * 8
    assert index.get_by_role("link", name="PDF, P017").get_attribute("href") == "./R-0003-v1.pdf"
