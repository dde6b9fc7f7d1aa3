"""The figure of a course: what was not found, what lies below a limit, and any extent of time."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from cytomon.report.course_figure import WIDTH, draw_course
from cytomon.report.course_names import _advance, names_of
from cytomon.report.told import Curves, Point

NUMBER = re.compile(r"-?[0-9]+")


def point(day: int, value: float | None, shown: str = "value", kind: str = "marrow") -> Point:
    """A point with an interval."""
    return Point(
        day=day, kind=kind, value=value, low=(value or 0) / 2, high=2 * (value or 1e-5),
        limit=1e-4 if kind == "marrow" else None, shown=shown,
    )  # fmt: skip


def texts(curves: Curves) -> list[str]:
    root = ET.fromstring(draw_course(curves).data)  # noqa: S314  (our own figure)
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


FULL = Curves(
    mrd=(
        point(-7, 0.2),
        point(28, 0.0, "censored"),
        point(60, 5e-5, "weak"),
        point(90, None, "silent"),
        point(120, 0.05),
    ),
    b_cells=(point(28, 0.0005), point(28, 0.0, "censored", "blood"), point(120, 0.2, kind="blood")),
    antigens=(point(-7, 0.99, kind="CD19"), point(120, 0.0, kind="CD19")),
    intensities=(point(120, -1.5, kind="CD22"),),
    copies=(point(28, 700.0, kind="CD19"), point(120, None, "censored", "CD22")),
    happened=((0, "infusion"), (60, "blinatumomab"), (61, "transplant"), (120, "relapse")),
    recovery=(28, 120),
    last=130,
)


def test_everything_is_named_with_its_unit():
    """Axes, limits, marks, events and the interval of recovery."""
    said = " ".join(texts(FULL))

    for word in (
        "MRD, %", "of nucleated cells", "B cells, %", "of lymphocytes", "0.01 %", "1 %", "-0.5",
        "days after infusion", "limit of detection", "not detected (at the limit)",
        "below the limit", "none found (upper bound)", "recovery", "transplant", "blinatumomab",
        "CAR, copies", "per ng DNA", "positive", "log10 ratio",
    ):  # fmt: skip
        assert word in said, word


@pytest.mark.parametrize(
    ("curves", "missing"),
    [
        (Curves(last=1), "not detected"),
        (Curves(mrd=(point(28, 0.01),), last=28), "not detected"),
        (Curves(mrd=(point(28, 0.0, "censored"),), last=28), "below the limit"),
    ],
)
def test_a_legend_names_only_what_is_drawn(curves: Curves, missing: str):
    """Nothing, one point, and one that was not found."""
    assert missing not in " ".join(texts(curves))


def axis(curves: Curves) -> tuple[float, float]:
    """The least and the greatest number under the last plot."""
    said = texts(curves)
    days = [
        float(one) for one in said[: said.index("days after infusion")] if NUMBER.fullmatch(one)
    ]
    ticks: list[float] = []
    for day in reversed(days):  # ticks rise: what stands before them belongs to another axis
        if ticks and day >= ticks[0]:
            break
        ticks.insert(0, day)
    return ticks[0], ticks[-1]


def marks(curves: Curves, look: str) -> list[float]:
    """Heights of the marks of a look, below the legend of the first plot."""
    text = draw_course(curves).data.decode()
    found = re.findall(r'<use [^>]*y="([0-9.]+)" style="([^"]*)"', text)
    return [float(y) for y, style in found if style == look and float(y) > 28]


@pytest.mark.parametrize(
    "curves",
    [
        Curves(antigens=(point(-90, 0.9, kind="CD19"),), last=30),
        Curves(intensities=(point(-90, -0.2, kind="CD22"),), last=30),
        Curves(copies=(point(-90, 20.0, kind="CD19"),), last=30),
        Curves(mrd=(point(-50, 0.1),), happened=((-90, "rituximab"),), last=30),
    ],
)
def test_the_axis_of_time_holds_every_plot(curves: Curves):
    """A point outside of the axis would not be seen."""
    first, _ = axis(curves)

    assert -100 <= first <= -75


def test_the_axis_reaches_what_comes_after_the_day_of_the_report():
    """A point or an event on a later day than the last is drawn too."""
    assert axis(Curves(antigens=(point(200, 0.9, kind="CD19"),), last=30))[1] == 200
    assert axis(Curves(happened=((200, "transplant"),), last=30))[1] == 200


def test_the_far_past_is_named_at_the_edge():
    """Drugs of another year take no room on the axis; the last of them is named with its day."""
    old = ((-215, "rituximab"), (-207, "blinatumomab"), (-400, "inotuzumab"))
    curves = Curves(mrd=(point(-11, 0.5),), happened=(*old, (0, "infusion")), last=31)

    assert axis(curves)[0] >= -15
    assert "◀ blinatumomab d-207, 2 earlier" in texts(curves)
    assert "◀ rituximab d-215" in texts(Curves(happened=old[:1], last=31))


def test_events_without_a_conclusion_are_seen():
    """A value in grey with its interval where there is one, and a cross where there is none."""
    suspicious = Curves(mrd=(point(13, 1.5e-4, "silent"),), last=30)
    nothing = Curves(mrd=(point(13, None, "silent"), point(20, 0.0, "silent")), last=30)

    assert "no conclusion" in texts(suspicious)
    assert "no answer" not in texts(suspicious)
    assert "no answer" in texts(nothing)
    assert "no conclusion" not in texts(nothing)
    (seen,) = marks(suspicious, "fill: #ffffff; stroke: #6b7785")
    crosses = marks(nothing, "fill: #6b7785; stroke: #6b7785")
    assert seen < max(crosses) - 10
    assert marks(nothing, "fill: #ffffff; stroke: #6b7785") == []


def test_points_at_the_ends_are_whole():
    """All cells, and no more than the least that an axis shows: both lie inside of it."""
    everything = Curves(mrd=(point(8, 1.0),), b_cells=(point(8, 1.0), point(9, 1e-9)), last=30)
    text = draw_course(everything).data.decode()
    boxes = re.findall(
        r'<clipPath id="(\w+)">\s*<rect [^>]*y="([0-9.]+)"[^>]*height="([0-9.]+)"', text
    )
    frames = {name: (float(top), float(top) + float(height)) for name, top, height in boxes}
    drawn = re.findall(
        r'<g clip-path="url\(#(\w+)\)">\s*<use [^>]*y="([0-9.]+)" style="fill: #0b4f8a', text
    )

    assert len(drawn) == 3
    for name, y in drawn:
        top, bottom = frames[name]
        assert top + 2.3 < float(y) < bottom - 2.3


def test_names_that_find_no_place_are_counted():
    """The table has them all; the rare ones are named before the many."""
    drugs = tuple((30 + n, f"inotuzumab ozogamicin {n}") for n in range(25))
    said = texts(Curves(happened=(*drugs, (60, "transplant"), (61, "relapse")), last=400))
    named = [one for one in said if one.startswith("inotuzumab")]

    assert {"transplant", "relapse", f"+{25 - len(named)} more"} <= set(said)
    assert named
    assert not any(one.endswith(" more") for one in texts(FULL))


def test_names_never_meet():
    """Wide letters and narrow ones, measured as the font has them; long names are cut."""
    names = ("W" * 90, "i" * 60, "漢" * 30, "transplant", "Blinatumomab", "relapse") * 4
    curves = Curves(happened=tuple((7 * n, name) for n, name in enumerate(names)), last=180)
    lines: dict[float, list[tuple[float, float]]] = {}
    labels, more = names_of(curves.happened, -5.0, 185.0)
    for one in labels:
        width = sum(map(_advance, one.text)) / (72 * WIDTH * 0.79) * 190
        start = one.day - width if one.leftward else one.day
        lines.setdefault(one.level, []).append((start, start + width))

    assert more + len(labels) == len(names)
    for spans in lines.values():
        ordered = sorted(spans)
        assert all(a[1] < b[0] for a, b in pairwise(ordered))
        assert ordered[0][0] >= -5
        assert ordered[-1][1] <= 185


def test_letters_that_the_font_does_not_know_are_no_warning():
    """Whoever shows the drawing may have them."""
    assert "漢字 Ω" in texts(Curves(happened=((3, "漢字 Ω"),), last=30))


@pytest.mark.parametrize("highest", [1e3, 1e6, 1e30])
def test_the_words_beside_the_axes_stay_inside(highest: float):
    """Of the figure, and apart from the numbers of the axis."""
    curves = Curves(mrd=(point(8, 1.0),), copies=(point(8, highest, kind="CD19"),), last=30)
    root = ET.fromstring(draw_course(curves).data)  # noqa: S314  (our own figure)
    turned = [
        float(place[1])
        for one in root.iter("{http://www.w3.org/2000/svg}text")
        if (
            place := re.search(
                r"translate\(([0-9.]+) [0-9.]+\) rotate\(-90", one.get("transform", "")
            )
        )
    ]
    numbers = [one for one in texts(curves) if re.fullmatch(r"1e\+[0-9]+|1[0]+", one)]

    assert len(turned) >= 6
    assert min(turned) > 7
    assert len(numbers) < 16


def test_the_same_curves_give_the_same_bytes():
    """Without a date, and small."""
    first, second = draw_course(FULL), draw_course(FULL)

    assert first == second
    assert b"<dc:date" not in first.data
    assert len(first.data) < 200_000


def test_names_are_no_formulas():
    """A drug may be called anything."""
    hostile = Curves(happened=((3, "$\\frac{"), (5, "<script>alert(1)</script>")), last=30)

    assert "$\\frac{" in texts(hostile)
    assert b"<script" not in draw_course(hostile).data


def test_many_years_and_many_events_stay_inside():
    """Two hundred specimens over twelve years, and a drug every month."""
    curves = Curves(
        mrd=tuple(point(20 * n, 10.0 ** -(n % 6)) for n in range(200)),
        happened=tuple((30 * n, f"drug number {n}") for n in range(130)),
        last=4400,
    )
    drawn = draw_course(curves)
    places = re.findall(rb'<text [^>]*x="(-?[0-9.]+)" y="(-?[0-9.]+)"', drawn.data)

    assert len(places) > 30
    assert all(-5 <= float(x) <= drawn.width for x, _ in places)
    assert all(0 <= float(y) <= drawn.height for _, y in places)
