"""The figure of a course: what was not found, what lies below a limit, and any extent of time."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from cytomon.report.course_figure import draw_course
from cytomon.report.document import Curves, Point


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
