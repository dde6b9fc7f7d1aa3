"""The course as one figure: MRD, B cells, antigens and CAR transgene on one axis of time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cytomon.report.course_names import INK, LINE_POINTS, POINTS, SOFT, names_of, write_names
from cytomon.report.drawn import Drawn
from cytomon.report.told import Curves, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 7.3
_HEIGHTS = {"mrd": 1.05, "b_cells": 0.76, "antigens": 0.42, "intensities": 0.46, "copies": 0.55}
_BELOW, _GAP = 0.34, 0.18
"""Inches below the last plot, and between two, where the legends stand."""
_LINE, _BAND = "#b8333a", "#dfe8f0"
# after Okabe and Ito: told apart by whoever does not see red or green, and of unequal lightness
_LOOKS = {
    "marrow": ("#0b4f8a", "o", "marrow"),
    "blood": ("#d98200", "D", "blood"),
    "csf": ("#5f6b77", "s", "CSF"),
    "CD19": ("#0b4f8a", "o", "CD19"),
    "CD22": ("#d98200", "s", "CD22"),
}
_MRD_FLOOR, _B_FLOOR = 1e-6, 1e-4
_ROOM = 2.0
"""What the logarithmic axes of fractions have beyond their ends: no mark is cut in half."""
_LEFT, _WIDE = 0.105, POINTS / (72 * WIDTH)
"""Where the plots begin, and how wide they are, as shares of the figure."""
_THRESHOLD, _BACK, _DECREASE = 1e-4, 1e-2, -0.5
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # names of drugs are words, whatever they hold
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.linewidth": 0.6,
    "axes.edgecolor": SOFT,
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
    labels, more = names_of(curves.happened, *extent)
    above = (20 + LINE_POINTS * (1 + max((one.level for one in labels), default=0))) / 72
    height = sum(_HEIGHTS[row] + _GAP for row in rows) + above + _BELOW
    with mpl.rc_context({**settings("cytomon course"), **_STYLE}), warnings.catch_warnings():
        # names are text in the drawing: whoever shows it may have the letters that are missing here
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(WIDTH, height))
        top = height - above
        for row in rows:
            top -= _HEIGHTS[row]
            plot = figure.add_axes((_LEFT, top / height, _WIDE, _HEIGHTS[row] / height))
            _DRAW[row](plot, getattr(curves, row), curves)
            plot.yaxis.set_label_coords(-0.083, 0.5)
            _time(plot, curves, extent, labelled=row == rows[-1])
            top -= _GAP
        write_names(figure.axes[0], labels, more)
        data = written(figure).encode()
    return Drawn(media="image/svg+xml", data=data, width=72 * WIDTH, height=72 * height)


def _mrd(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    plot.set_yscale("log")
    plot.set_ylim(_MRD_FLOOR / _ROOM, _ROOM)
    _ticks(plot, [10.0**power for power in range(-6, 1)], 100.0)
    plot.set_ylabel("MRD, %\nof nucleated cells")
    _limit(plot, _THRESHOLD, "0.01 %")
    for point in points:
        if point.limit and point.kind == "marrow":
            plot.plot(point.day, point.limit, marker="_", color=SOFT, markersize=7, zorder=2)
    _series(plot, points, floor=_MRD_FLOOR)
    marks = {"limit": "limit of detection", "censored": "not detected (at the limit)"}
    _legend(plot, points, marks)


def _b_cells(plot: Axes, points: Sequence[Point], curves: Curves) -> None:
    plot.set_yscale("log")
    plot.set_ylim(_B_FLOOR / _ROOM, _ROOM)
    _ticks(plot, [10.0**power for power in range(-4, 1)], 100.0)
    plot.set_ylabel("B cells, %\nof lymphocytes")
    _limit(plot, _BACK, "1 %")
    if curves.recovery is not None:
        plot.axvspan(*curves.recovery, color=_BAND, linewidth=0, zorder=0)
    _series(plot, points, floor=_B_FLOOR)
    _legend(plot, points, {"censored": "none found (upper bound)"}, band=curves.recovery)


def _antigens(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    plot.set_ylim(-0.1, 1.1)
    plot.set_yticks([0, 0.5, 1], ["0", "50", "100"])
    plot.set_ylabel("positive\nblasts, %")
    _series(plot, points, floor=-1.0)
    _legend(plot, points, {})


def _intensities(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    values = [point.value or 0.0 for point in points]
    plot.set_ylim(min([-1.0, *values]) - 0.15, max([0.3, *values]) + 0.15)
    plot.set_ylabel("intensity,\nlog10 ratio")
    plot.axhline(0, color=SOFT, linewidth=0.6, zorder=1)
    _limit(plot, _DECREASE, "-0.5")
    _series(plot, points, floor=-9.0)
    _legend(plot, points, {})


def _copies(plot: Axes, points: Sequence[Point], _: Curves) -> None:
    limit = min(point.limit or 0.1 for point in points)
    highest = max([10.0, *(point.value or 0.0 for point in points)])
    plot.set_yscale("log")
    plot.set_ylim(limit / 2.5, highest * 3)
    least, most = math.floor(math.log10(limit)), math.ceil(math.log10(highest))
    powers = range(least, most + 1, math.ceil((most - least) / 6))
    _ticks(plot, [10.0**power for power in powers], 1.0)
    plot.set_ylabel("CAR, copies\nper ng DNA")
    _limit(plot, limit, f"{limit:g}")
    _series(plot, points, floor=limit / 2.5)
    _legend(plot, points, {"censored": "below the limit"})


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
    kind, (colour, marker) = _shows(point), look
    if kind == "unanswered":
        plot.plot(point.day, 0.08, marker="x", color=SOFT, markersize=5, zorder=3,
                  transform=plot.get_xaxis_transform())  # fmt: skip
        return
    at = _place(point, floor)
    if kind == "censored":
        plot.plot(point.day, at, marker="v", markersize=5, markerfacecolor="white",
                  markeredgecolor=colour, markeredgewidth=0.9, zorder=4)  # fmt: skip
        return
    colour = SOFT if kind == "open" else colour
    if point.low is not None and point.high is not None:
        low = max(point.low, bottom)
        plot.plot([point.day] * 2, [low, point.high], color=colour, linewidth=1.0, zorder=3)
    inside = colour if kind == "value" else "white"
    plot.plot(point.day, at, marker=marker, markersize=4.2, color=colour, markerfacecolor=inside,
              zorder=4)  # fmt: skip


def _shows(point: Point) -> str:
    """How a point is drawn: without an answer, events that were seen stay to be seen."""
    if point.shown == "silent":
        return "open" if point.value else "unanswered"
    return point.shown


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


def _legend(
    plot: Axes, points: Sequence[Point], says: Mapping[str, str], band: object = None
) -> None:
    """Names of the kinds and of the marks that are there."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    there = {*map(_shows, points), *("limit" for one in points if one.limit)}
    kinds = [_LOOKS[kind] for kind in dict.fromkeys(point.kind for point in points)]
    looks = [(marker, colour, colour, name) for colour, marker, name in kinds]
    for mark, (marker, colour, usual) in _MARKS.items():
        name = says.get(mark, usual)
        if mark in there and name:
            looks.append((marker, colour, "white", name))
    handles: list[Any] = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=inside, linewidth=0,
               markersize=4.2, label=name)
        for marker, colour, inside, name in looks
    ]  # fmt: skip
    if band is not None:
        handles.append(Patch(color=_BAND, label="recovery"))
    if handles:
        plot.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 0.98),
                    ncols=len(handles), fontsize=6, handlelength=1.2, handletextpad=0.2,
                    columnspacing=0.9, borderpad=0.2)  # fmt: skip


_MARKS = {
    "limit": ("_", SOFT, ""),
    "weak": ("o", INK, "below the limit"),
    "censored": ("v", INK, ""),
    "open": ("o", SOFT, "no conclusion"),
    "unanswered": ("x", SOFT, "no answer"),
}
"""Beside the kinds: marker, colour, and the name unless a plot has its own; none without a name."""


_PAST_DAYS = 60
"""What happened longer before the first measurement is named at the edge, not drawn to scale."""


def _extent(curves: Curves) -> tuple[float, float]:
    """From where to where the axis of time goes: over every point, and what happened near them."""
    days = [point.day for row in _HEIGHTS for point in getattr(curves, row)]
    earliest = min([0, *days]) - _PAST_DAYS
    days += [day for day, _ in curves.happened if day >= earliest]
    first, last = min([0, *days]), max([curves.last, *days])
    margin = max(3.0, 0.025 * (last - first))
    return first - margin, last + margin


def _time(plot: Axes, curves: Curves, extent: tuple[float, float], *, labelled: bool) -> None:
    """The axis of time, and a line for each thing that happened on it."""
    from matplotlib.ticker import MaxNLocator

    plot.set_xlim(*extent)
    plot.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))
    plot.grid(axis="y", color="#e3e7ec", linewidth=0.5, zorder=0)
    for day, _ in curves.happened:
        if day >= extent[0]:
            plot.axvline(day, color=SOFT, linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
    if labelled:
        plot.set_xlabel("days after infusion")
    else:
        plot.tick_params(labelbottom=False)


_DRAW = {
    "mrd": _mrd,
    "b_cells": _b_cells,
    "antigens": _antigens,
    "intensities": _intensities,
    "copies": _copies,
}
