"""The page: one file, honest on top, safe whatever a tube is called."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from cytomon.validate.figures import _blanks, draw
from cytomon.validate.page import PAGE, command_line, page, remarks, write_page
from cytomon.validate.rows import TubeRow, unfinished
from cytomon.validate.svg import INK
from tests.validate.rows import blank, row


@pytest.fixture(scope="module")
def rows() -> list[TubeRow]:
    """Tubes of every sort, some of them bad."""
    levels = ((1e-2, 1000), (1e-3, 100), (1e-4, 10), (1e-5, 1))
    made = [
        row(f"{name}{n}{level}", condition=name, level=level, true_blasts=k, blasts=k + n,
            found=k, status="POSITIVE" if k > 10 else "BELOW_LOD", made_by="0.1.0 abc",
            true_b=0.02, b_fraction=0.02, b_low=0.01, b_high=0.03, true_b_lymphocytes=900,
            true_cd19="POSITIVE", cd19="DIM", command="cytomon validate --seed 200")
        for name in ("plain", "realism") for level, k in levels for n in range(3)
    ]  # fmt: skip
    return [
        *made,
        *[blank(f"b{n}", blasts=n, by_eye=n, by_eye_blasts=0) for n in range(8)],
        row("hard", suite="hard", found=20, blasts=30),
        row("twin", suite="instrument"),
        row("off", suite="instrument", altered="matrix 3 %", pair="twin"),
        row("clogged", suite="run", altered="clog"),
        row("real", suite="diluted", condition="diluted", level=0.001),
        row("mine", suite="own", condition="own", found=None),
        row("<script>alert(1)</script>", error="a & b < c"),
    ]


@pytest.fixture(scope="module")
def text(rows: list[TubeRow]) -> str:
    return page(rows)


def test_what_stands_on_top(text: str):
    """How it was made, and what it does not say, before any number."""
    top = text[: text.index("What was asked")]
    assert "Accuracy on simulated tubes is not clinical performance." in top
    assert "cytomon validate --seed 200" in top
    assert "0.1.0 abc" in top
    assert "100,000" in top


def test_nothing_is_fetched(text: str):
    """One file: no script, no style, no picture, no font from elsewhere."""
    assert "<script" not in text
    assert not re.findall(r"\bsrc=|<link|@import|url\((?!#)", text)
    references = set(re.findall(r'href="([^"]*)"', text))
    assert all(reference.startswith("#") for reference in references)


def test_names_of_tubes_are_text(text: str):
    """A file may be called anything."""
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "a &amp; b &lt; c" in text


def test_the_html_closes_what_it_opens(text: str):
    """Every element is closed in its order."""

    class Stack(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in {"meta", "br"}:
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Stack()
    parser.feed(text)
    assert parser.open == []


def test_equal_rows_give_equal_pages(rows: list[TubeRow], text: str):
    """No clock, no random names."""
    assert page(rows) == text


def test_bars_are_said_as_they_are(text: str):
    """Reached, met without proof, not reached and not judged are words, not colours alone."""
    table = text[text.index("What was asked") : text.index("</table>")]
    verdicts = re.findall(r"<td(?: class=\"(?:yes|no|none)\")?>([^<]*)</td></tr>", table)
    assert set(verdicts) == {"✓ yes", "met, not proven", "✗ no", "not judged"}
    assert "EP17 asks for at least 60" in text


def test_rows_of_two_versions_are_said(rows: list[TubeRow]):
    """Figures of a mixture belong to no version."""
    assert "Rows of several versions" not in page(rows)
    other = row("x", made_by="0.1.0 def")
    assert "Rows of several versions" in page([*rows, other])


def test_plots_take_the_pages_colour_and_keep_their_names_apart(rows: list[TubeRow]):
    """Readable in light and dark; names within one drawing never meet those of another."""
    plots = draw([r for r in rows if not r.error])
    assert len(plots) == 5
    names: list[str] = []
    for plot in plots:
        ElementTree.fromstring(plot.svg)  # noqa: S314  (our own drawing)
        assert INK not in plot.svg
        assert "currentColor" in plot.svg
        own = set(re.findall(r'\bid="([^"]+)"', plot.svg))
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', plot.svg))
        assert used <= own
        names += own
    assert len(names) == len(set(names))


def test_every_axis_is_named(rows: list[TubeRow]):
    """Label and unit of each axis can be read in the drawing."""
    words = " ".join(plot.svg for plot in draw([r for r in rows if not r.error]))
    for label in (
        "true MRD (fraction)", "measured MRD (fraction)", "log10 measured - log10 true", "recall",
        "precision", "false events per million cells", "CV between tubes (%)",
        "events left to the eye per million cells", "share of tubes called detected",
        "true B cells (fraction of lymphocytes)",
    ):  # fmt: skip
        assert label in words


def test_a_single_tube_has_a_page(tmp_path: Path):
    """Little to say is no reason to break."""
    for only in (
        row(),
        blank(),
        row(error="broken"),
        row(suite="own", condition="own", found=None),
    ):
        assert write_page(tmp_path, [only]) == tmp_path / PAGE


def test_the_command_names_no_folder():
    """A page may leave the house: folders name machines and people."""
    said = command_line(["validate", "--out", "/home/someone/x", "--labelled=/data/ward/mine"])
    assert said == "cytomon validate --out x --labelled=mine"


def test_seeds_of_the_tuning_are_said(rows: list[TubeRow]):
    """On them the project was tuned; a dilution's seed draws events and tunes nothing."""
    words = "on such tubes this project was tuned"
    assert any(words in remark for remark in remarks(rows))
    assert words in page(rows)
    judged = [one.model_copy(update={"seed": 20_000}) for one in rows]
    drawn = row("real", suite="diluted", condition="diluted", seed=200)
    assert not any(words in remark for remark in remarks([*judged, drawn]))


def test_missing_tubes_are_said():
    """A page of half a study says so, whoever draws it."""
    half = [row("a", planned="plain:3;realism:2"), row("b", planned="plain:3;realism:2")]
    said = page(half)
    assert "Plain: 2 of 3 planned tubes are here" in said
    assert "Realism: 0 of 2 planned tubes are here" in said
    assert not unfinished([row("a", planned="plain:1")])


def test_what_own_tubes_do_not_have_is_not_spoken_of():
    """No word of simulation, seeds or viable cells; no panel without a mark."""
    own = {"suite": "own", "condition": "own", "kind": "", "level": None, "seed": None}
    tubes = [row("a", events=None, **own), blank("b", **{**own, "events": None})]
    said = page(tubes)
    for word in ("imulated", "Seeds", "Viable nucleated", "left to the eye per million nucleated"):
        assert word not in said.replace("cytomon simulate", "")
    assert "CV between tubes" not in said
    assert "What the tubes show" in said


def test_every_mark_lies_within_its_axis():
    """The farthest blank is drawn whole, and equal ones beside each other."""
    blanks = [blank(f"b{n}", blasts=40, seed=None) for n in range(3)]
    figure = Figure()
    _blanks(figure, blanks)
    (axes,) = figure.axes
    (line,) = axes.lines
    assert max(line.get_xdata()) < axes.get_xlim()[1] / 1.5
    assert len(set(line.get_ydata())) == 3
