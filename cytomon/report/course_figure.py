"""The course as one figure: MRD, B cells, antigens and CAR transgene on one axis of time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cytomon.report.document import Curves, Point
from cytomon.report.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 7.3
_HEIGHTS = {"mrd": 1.1, "b_cells": 0.8, "antigens": 0.45, "intensities": 0.5, "copies": 0.58}
_BELOW, _GAP = 0.34, 0.18
"""Inches below the last plot, and between two, where the legends stand."""
_INK, _SOFT, _LINE = "#1b2733", "#6b7785", "#b8333a"
# after Okabe and Ito: told apart by whoever does not see red or green, and of unequal lightness
_LOOKS = {
    "marrow": ("#0b4f8a", "o", "marrow"),
    "blood": ("#d98200", "D", "blood"),
    "csf": ("#5f6b77", "s", "CSF"),
    "CD19": ("#0b4f8a", "o", "CD19"),
    "CD22": ("#d98200", "s", "CD22"),
}
_MRD_FLOOR, _B_FLOOR, _B_TOP = 1e-6, 1e-4, 1.0
_THRESHOLD, _BACK, _DECREASE = 1e-4, 1e-2, -0.5
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # names of drugs are words, whatever they hold
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.linewidth": 0.6,
    "axes.edgecolor": _SOFT,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
}


def draw_course(curves: Curves) -> Drawn:
    """Draw the course of a patient.

    Parameters
    ----------
    curves : Curves
        What was measured and what happened.

    Returns
    -------
    Drawn
        SVG; equal curves give equal bytes.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from cytomon.svg import settings, written

    rows = [name for name in _HEIGHTS if getattr(curves, name) or name in {"mrd", "b_cells"}]
    extent = _extent(curves)
    labels = list(_labels(curves, *extent))
    above = (20 + _LINE_POINTS * (1 + max((level for *_, level in labels), default=0))) / 72
    height = sum(_HEIGHTS[row] + _GAP for row in rows) + above + _BELOW
    with mpl.rc_context({**settings("cytomon course"), **_STYLE}):
        figure = Figure(figsize=(WIDTH, height))
        top = height - above
        for row in rows:
            top -= _HEIGHTS[row]
            box = (0.095, top / height, 0.80, _HEIGHTS[row] / height)
            plot = figure.add_axes(box)
            _DRAW[row](plot, getattr(curves, row), curves)
            _time(plot, curves, extent, labelled=row == rows[-1])
            if row == rows[0]:
                _name(plot, labels)
            top -= _GAP
        data = written(figure).encode()
    return Drawn(media="image/svg+xml", data=data, width=72 * WIDTH, height=72 * height)


def _mrd(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    plot.set_yscale("log")
    plot.set_ylim(_MRD_FLOOR, 1.2)
    _ticks(plot, [10.0**power for power in range(-6, 1)], 100.0)
    plot.set_ylabel("MRD, %\nof nucleated cells")
    _limit(plot, _THRESHOLD, "0.01 %")
    for point in points:
        if point.limit and point.kind == "marrow":
            plot.plot(point.day, point.limit, marker="_", color=_SOFT, markersize=7, zorder=2)
    _series(plot, points, floor=_MRD_FLOOR)
    marks = [
        ("_", _SOFT, "limit of detection"),
        ("o", _INK, "below the limit"),
        ("v", _INK, "not detected (at the limit)"),
    ]
    _legend(plot, points, marks)


def _b_cells(plot: Axes, points: Sequence[Point], curves: Curves) -> None:
    plot.set_yscale("log")
    plot.set_ylim(_B_FLOOR, _B_TOP)
    _ticks(plot, [10.0**power for power in range(-4, 1)], 100.0)
    plot.set_ylabel("B cells, %\nof lymphocytes")
    _limit(plot, _BACK, "1 %")
    if curves.recovery is not None:
        left, right = curves.recovery
        plot.axvspan(left, right, color="#0b4f8a", alpha=0.13, linewidth=0, zorder=0)
        plot.text(
            (left + right) / 2, _B_FLOOR * 1.4, "recovery", ha="center", fontsize=6, color=_INK
        )
    _series(plot, points, floor=_B_FLOOR)
    _legend(plot, points, [("v", _INK, "none found (upper bound)")])


def _antigens(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    plot.set_ylim(-0.06, 1.06)
    plot.set_yticks([0, 0.5, 1], ["0", "50", "100"])
    plot.set_ylabel("positive\nblasts, %")
    _series(plot, points, floor=-1.0)
    _legend(plot, points, [])


def _intensities(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    values = [point.value or 0.0 for point in points]
    plot.set_ylim(min([-1.0, *values]) - 0.15, max([0.3, *values]) + 0.15)
    plot.set_ylabel("intensity,\nlog10 ratio")
    plot.axhline(0, color=_SOFT, linewidth=0.6, zorder=1)
    _limit(plot, _DECREASE, "-0.5")
    _series(plot, points, floor=-9.0)
    _legend(plot, points, [])


def _copies(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    limit = min(point.limit or 0.1 for point in points)
    highest = max([10.0, *(point.value or 0.0 for point in points)])
    plot.set_yscale("log")
    plot.set_ylim(limit / 2.5, highest * 3)
    powers = range(math.floor(math.log10(limit)), math.ceil(math.log10(highest)) + 1)
    _ticks(plot, [10.0**power for power in powers], 1.0)
    plot.set_ylabel("CAR, copies\nper ng DNA")
    _limit(plot, limit, f"{limit:g}")
    _series(plot, points, floor=limit / 2.5)
    _legend(plot, points, [("v", _INK, "below the limit")])


def _series(plot: Axes, points: Sequence[Point], *, floor: float) -> None:
    """Each kind with its intervals, its censored marks and a thin line through them."""
    bottom = plot.get_ylim()[0]
    for kind in dict.fromkeys(point.kind for point in points):
        colour, marker, _ = _LOOKS[kind]
        mine = [point for point in points if point.kind == kind]
        placed = [(point.day, _place(point, floor)) for point in mine if point.shown != "silent"]
        if len(placed) > 1:
            plot.plot(*zip(*placed, strict=True), color=colour, linewidth=0.7, alpha=0.55, zorder=2)
        for point in mine:
            _mark(plot, point, (colour, marker), floor, bottom)


def _mark(plot: Axes, point: Point, look: tuple[str, str], floor: float, bottom: float) -> None:
    colour, marker = look
    if point.shown == "silent":
        plot.plot(point.day, 0.06, marker="x", color=_SOFT, markersize=5, zorder=3,
                  transform=plot.get_xaxis_transform())  # fmt: skip
        return
    at = _place(point, floor)
    if point.shown == "censored":
        plot.plot(point.day, at, marker="v", markersize=5, markerfacecolor="white",
                  markeredgecolor=colour, markeredgewidth=0.9, zorder=4)  # fmt: skip
        return
    if point.low is not None and point.high is not None:
        low = max(point.low, bottom)
        plot.plot([point.day] * 2, [low, point.high], color=colour, linewidth=1.0, zorder=3)
    inside = "white" if point.shown == "weak" else colour
    plot.plot(
        point.day,
        at,
        marker=marker,
        markersize=4.2,
        color=colour,
        markerfacecolor=inside,
        zorder=4,
    )


def _place(point: Point, floor: float) -> float:
    """Where a point is drawn: what was not found lies at its limit, or at its upper bound."""
    if point.shown == "censored":
        return max(point.limit or point.high or floor, floor)
    return max(point.value or 0.0, floor) if floor > 0 else (point.value or 0.0)


def _limit(plot: Axes, at: float, name: str) -> None:
    plot.axhline(at, color=_LINE, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1.8)
    plot.text(1.006, at, name, transform=plot.get_yaxis_transform(), color=_LINE, va="center",
              fontsize=6.5)  # fmt: skip


def _ticks(plot: Axes, places: Sequence[float], unit: float) -> None:
    """Marks at powers of ten, in plain numbers."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    plot.yaxis.set_major_locator(FixedLocator(list(places)))
    plot.yaxis.set_major_formatter(FixedFormatter([f"{unit * one:g}" for one in places]))
    plot.yaxis.set_minor_locator(NullLocator())


def _legend(plot: Axes, points: Sequence[Point], marks: Sequence[tuple[str, str, str]]) -> None:
    from matplotlib.lines import Line2D

    kinds = [_LOOKS[kind] for kind in dict.fromkeys(point.kind for point in points)]
    lines = [
        Line2D([], [], color=colour, marker=marker, linewidth=0, markersize=4, label=name)
        for colour, marker, name in kinds
    ]
    shown = {point.shown for point in points}
    for marker, colour, name in marks:
        if marker == "v" and "censored" not in shown:
            continue
        if marker == "o" and "weak" not in shown:
            continue
        if marker == "_" and not any(point.limit for point in points):
            continue
        lines.append(
            Line2D([], [], color=colour, marker=marker, linewidth=0, markersize=4.5,
                   markerfacecolor="white", label=name)
        )  # fmt: skip
    if lines:
        plot.legend(handles=lines, loc="lower left", bbox_to_anchor=(0.0, 0.98), ncols=len(lines),
                    fontsize=6, frameon=True, framealpha=0.85, edgecolor="none",
                    handletextpad=0.1, columnspacing=1.0, borderpad=0.2)  # fmt: skip


def _extent(curves: Curves) -> tuple[float, float]:
    """From where to where the axis of time goes."""
    measured = (*curves.mrd, *curves.b_cells, *curves.copies)
    first = min([0, *(point.day for point in measured)])
    margin = max(3.0, 0.025 * (curves.last - first))
    return first - margin, curves.last + margin


def _time(plot: Axes, curves: Curves, extent: tuple[float, float], *, labelled: bool) -> None:
    """The axis of time, and a line for each thing that happened on it."""
    plot.set_xlim(*extent)
    plot.grid(axis="y", color="#e3e7ec", linewidth=0.5, zorder=0)
    for day, _ in curves.happened:
        plot.axvline(day, color=_SOFT, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
    if labelled:
        plot.set_xlabel("days after infusion")
    else:
        plot.tick_params(labelbottom=False)


def _name(plot: Axes, labels: Sequence[tuple[int, str, bool, int]]) -> None:
    """Names of what happened, above the first plot and its legend."""
    for day, text, leftward, level in labels:
        plot.annotate(
            text,
            (day, 1.0),
            xycoords=plot.get_xaxis_transform(),
            xytext=(0, 13 + _LINE_POINTS * level),
            textcoords="offset points",
            fontsize=6.2,
            ha="right" if leftward else "left",
            color=_INK,
        )


_LINE_POINTS = 8
_CHARACTER = 0.0062
"""Width of a character as a share of the axis."""
_LEVELS = 4


def _labels(curves: Curves, left: float, right: float) -> Iterator[tuple[int, str, bool, int]]:
    """Names of what happened, each on the lowest line where it meets no other.

    Where no line is free a name is left out: the table of the course has them all.
    """
    ends = [left] * _LEVELS
    for day, name in sorted(curves.happened):
        text = name if len(name) <= 40 else f"{name[:39]}…"
        width = len(text) * _CHARACTER * (right - left)
        leftward = day + width > right
        start = day - width if leftward else day
        free = [level for level in range(_LEVELS) if ends[level] <= start]
        if free:
            ends[free[0]] = start + width
            yield day, text, leftward, free[0]


_DRAW = {
    "mrd": _mrd,
    "b_cells": _b_cells,
    "antigens": _antigens,
    "intensities": _intensities,
    "copies": _copies,
}
