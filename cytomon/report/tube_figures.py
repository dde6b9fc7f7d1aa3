"""The figures of one tube in a report: key plots and antigen histograms, each a small SVG.

They are drawn from what the batch has kept (`cytomon.gating.key_plots`), so that a report needs no
events.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, StepPatch
from matplotlib.patches import Polygon as PolygonPatch
from matplotlib.patheffects import AbstractPathEffect, Normal, Stroke
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from cytomon.gating.key_plots import (
    DOUBT,
    EVENT,
    LEVELS,
    SIDE,
    AntigenHistogram,
    DensityPlot,
    Histogram,
    KeyPlots,
)
from cytomon.gating.stories import Outline
from cytomon.gating.views import L_VIEW, SCATTER_VIEW, View
from cytomon.model.tube import FloatArray
from cytomon.report.drawn import Drawn
from cytomon.svg import settings, written
from cytomon.track.words import percent

_Corner = tuple[float, float, int, int]
_Place = tuple[float, float, float, float]
_Pixels = NDArray[np.int64]

WIDTH, HEIGHT = 1.9, 1.8
"""Inches of each figure."""
EVENT_COLOUR, DOUBT_COLOUR = "#8f0014", "#cf6f00"
"""Darker than any density, and one far darker than the other: apart in grey and for every eye."""
FEW = 200
"""Events below which two bins of a histogram are shown as one."""

_DENSITY = LinearSegmentedColormap.from_list("density", ["#dbe8f4", "#8db0d4"])
_INK = "#1a1a1a"
_TITLE, _LABEL, _TICK = 6.6, 7.0, 6.0
_PLACE = (0.19, 0.19, 0.77, 0.57)
_BLASTS: Mapping[str, Any] = {
    "facecolor": EVENT_COLOUR,
    "edgecolor": EVENT_COLOUR,
    "alpha": 0.55,
    "linewidth": 0.5,
}
_LOW: Mapping[str, Any] = {"facecolor": "none", "edgecolor": "#555555", "linewidth": 0.9}
_HIGH: Mapping[str, Any] = {"facecolor": "none", "edgecolor": "#1f5fa8", "linewidth": 1.2}
_GATE, _NAME = "#2b2b2b", 5.0
_HALO: list[AbstractPathEffect] = [Stroke(linewidth=2.0, foreground="white"), Normal()]
_NAMED = re.compile(rf"(<text [^>]*fill: {_GATE})")
_ON_WHITE = r"\1; stroke: #ffffff; stroke-width: 1.3; stroke-linejoin: round; paint-order: stroke"
_LINE, _GAP, _WIDEST = 0.085, 0.015, 0.96
"""Of the frame: height of a name, room around it, and most width."""
_TEXT = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "text.parse_math": False,  # names of markers are no formulas
}
_CELLS = {
    "blasts": "blasts",
    "t_cells": "T cells",
    "nk": "NK cells",
    "granulocytes": "granulocytes",
    "mature_b": "mature B cells",
}
_PICTURE = re.compile(r"(data:image/png;base64,)\s*([A-Za-z0-9+/=\s]+)")


def draw_tube(plots: KeyPlots, name: str) -> dict[str, Drawn]:
    """Draw the key plots and antigen histograms of a tube.

    Parameters
    ----------
    plots : KeyPlots
        What was kept of the tube.
    name : str
        How its figures begin: the tube's own name within the report.

    Returns
    -------
    dict of str to Drawn
        ``NAME-1`` and so on for the key plots in their order, ``NAME-cd19`` and ``NAME-cd22``. The
        same plots and name give the same bytes.
    """
    painters: dict[str, Callable[[Figure], None]] = {
        f"{name}-{number}": partial(_paint_density, shown=one)
        for number, one in enumerate(plots.densities, start=1)
    }
    for antigen in plots.histograms:
        painters[f"{name}-{antigen.marker.lower()}"] = partial(_paint_antigen, shown=antigen)
    return {key: _drawn(paint, key) for key, paint in painters.items()}


def _drawn(paint: Callable[[Figure], None], key: str) -> Drawn:
    with mpl.rc_context(settings(f"cytomon {key}") | _TEXT):
        figure = Figure(figsize=(WIDTH, HEIGHT))
        paint(figure)
        text = _alone(_PICTURE.sub(_indexed, _NAMED.sub(_ON_WHITE, written(figure))))
    return Drawn(media="image/svg+xml", data=text.encode(), width=72 * WIDTH, height=72 * HEIGHT)


def _alone(text: str) -> str:
    """Without a style sheet, which would reach beyond the figure where it stands in a page."""
    said = 'stroke-linejoin="round" stroke-linecap="butt"'
    return re.sub(
        r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL
    ).replace("<svg ", f"<svg {said} ", 1)


def _indexed(found: re.Match[str]) -> str:
    """An embedded picture in as many bits as its colours need."""
    with Image.open(io.BytesIO(b64decode(found[2]))) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    colours, codes = np.unique(pixels.reshape(-1, 3), axis=0, return_inverse=True)
    small = Image.fromarray(codes.reshape(pixels.shape[:2]).astype(np.uint8), mode="P")
    small.putpalette(colours.astype(np.uint8).tobytes())
    stream = io.BytesIO()
    small.save(stream, format="PNG", optimize=True)
    return found[1] + b64encode(stream.getvalue()).decode("ascii")


def _paint_density(figure: Figure, *, shown: DensityPlot) -> None:
    plot = figure.add_axes(_PLACE)
    plot.spines[["top", "right"]].set_visible(True)
    plot.imshow(
        _coloured(shown),
        extent=(*shown.x_view, *shown.y_view),
        origin="lower",
        aspect="auto",
        interpolation="none",
    )
    plot.set_xlabel(_scale(plot, "x", shown.x, shown.x_view), fontsize=_LABEL, labelpad=1.5)
    plot.set_ylabel(_scale(plot, "y", shown.y, shown.y_view), fontsize=_LABEL, labelpad=1.5)
    _gates(plot, shown)
    _title(figure, shown.says.replace(str(shown.n_events), f"{shown.n_events:,}", 1))
    if shown.n_doubt:
        events = shown.says.removeprefix(f"{shown.n_events} ").partition(" on ")[0]
        keys = [
            Patch(color=EVENT_COLOUR, label=f"{events} ({shown.n_events:,})"),
            Patch(color=DOUBT_COLOUR, label=f"to be checked by eye ({shown.n_doubt:,})"),
        ]
        _legend(figure, keys)


def _gates(plot: Plot, shown: DensityPlot) -> None:
    """Draw each gate on white, which parts it from the densities, and its name where room is."""
    for one in shown.outlines:
        shape = PolygonPatch(one.points, closed=True, fill=False, edgecolor=_GATE, linewidth=0.7)
        shape.set_path_effects(_HALO)
        plot.add_artist(shape)  # add_patch would search it for new limits, which are fixed
    for end in shown.thresholds:
        draw = plot.axvline if end.axis == "x" else plot.axhline
        line = draw(end.at, color=_GATE, linewidth=0.7, linestyle=(0, (3, 1.5)))
        line.set_path_effects(_HALO)
    taken: list[_Place] = []
    busy = np.isin(shown.raster, (EVENT, DOUBT)).astype(np.float64)
    for rows, columns in _lines(shown):
        busy[rows, columns] += 1
    for gate, corners in _corners(shown).items():
        name, width = _within(gate)
        places = (_place(corner, width) for corner in corners)
        best = min(places, key=lambda place: _cost(place, taken, busy))
        taken.append(best)
        plot.text(
            best[0], best[1] + 0.2 * _LINE, name,
            fontsize=_NAME, color=_GATE, transform=plot.transAxes, va="baseline",
        )  # fmt: skip


def _corners(shown: DensityPlot) -> dict[str, list[_Corner]]:
    """Where the name of each gate may stand, the best first: points of the frame, and what side.

    A small outline comes first: a large one that holds it has more places of its own.
    """
    found: dict[str, list[_Corner]] = {}
    ends = {one.name: _ends(one, shown) for one in shown.outlines}
    for name, (x0, y0, x1, y1) in sorted(ends.items(), key=lambda one: one[1][2] - one[1][0]):
        found[name] = [
            *((x, y1, side, 1) for x, side in ((x0, 1), (x1, -1))),
            *((x, y0, side, -1) for x, side in ((x0, 1), (x1, -1))),
            *((x, y, side, -1) for x, side in ((x0, -1), (x1, 1)) for y in (y1, y0 + _LINE)),
            *((x, y1, side, -1) for x, side in ((x0, 1), (x1, -1))),
        ]
    for end in shown.thresholds:
        at = float(_share((end.at, end.at), shown)["xy".index(end.axis)])
        if end.axis == "x":
            corners = [(at, y, side, 1) for y in (1.0, 0.0, 0.8, 0.5) for side in (1, -1)]
        else:
            corners = [(x, at, 1, side) for x in (1.0, 0.0, 0.5) for side in (1, -1)]
        found.setdefault(end.name, []).extend(corners)
    return found


def _share(points: ArrayLike, shown: DensityPlot) -> FloatArray:
    """Points of a plot as shares of its frame, no further than its edge."""
    low, high = np.array([shown.x_view, shown.y_view]).T
    shares: FloatArray = np.clip((np.asarray(points) - low) / (high - low), 0, 1)
    return shares


def _ends(outline: Outline, shown: DensityPlot) -> _Place:
    shares = _share(outline.points, shown)
    (x0, y0), (x1, y1) = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
    return x0, y0, x1, y1


def _lines(shown: DensityPlot) -> Iterator[tuple[_Pixels, _Pixels]]:
    """Row and column of the pixels along each gate."""
    every = np.arange(SIDE)
    for outline in shown.outlines:
        points = _share(outline.points, shown)
        along = np.linspace(points, np.roll(points, -1, axis=0), SIDE).reshape(-1, 2)
        columns, rows = (along * (SIDE - 1)).astype(np.int64).T
        yield rows, columns
    for end in shown.thresholds:
        at = _share((end.at, end.at), shown)["xy".index(end.axis)]
        same = np.full(SIDE, int(at * (SIDE - 1)))
        yield (every, same) if end.axis == "x" else (same, every)


def _within(name: str) -> tuple[str, float]:
    """A name, cut where it is wider than the frame, and its width as a share of it."""
    frame = 72 * WIDTH * _PLACE[2]
    whole = name
    while True:
        # with a dot, for a name of blanks alone has no width at all
        width = TextPath((0, 0), f"{name}.", size=_NAME).get_extents().width / frame
        if width <= _WIDEST:
            return name, width
        whole = whole[:-1]
        name = f"{whole}…"


def _place(corner: _Corner, width: float) -> _Place:
    """Left, lower, right and upper end of a name beside a point, moved to lie in the frame."""
    x, y, right, up = corner
    x = x + _GAP if right > 0 else x - _GAP - width
    y = y + _GAP if up > 0 else y - _GAP - _LINE
    x, y = min(max(x, _GAP), 1 - _GAP - width), min(max(y, _GAP), 1 - _GAP - _LINE)
    return x, y, x + width, y + _LINE


def _cost(place: _Place, taken: list[_Place], busy: FloatArray) -> float:
    """Names must not meet; of the other places the one that hides least of events and gates."""
    x0, y0, x1, y1 = place
    meets = any(x0 < b[2] and b[0] < x1 and y0 < b[3] and b[1] < y1 for b in taken)
    rows, columns = slice(int(y0 * SIDE), int(y1 * SIDE) + 1), slice(int(x0 * SIDE), int(x1 * SIDE))
    return 1e6 * meets + float(busy[rows, columns].sum())


def _coloured(shown: DensityPlot) -> FloatArray:
    """The colour of each pixel, from its code."""
    colours = np.ones((256, 3))
    colours[1 : LEVELS + 1] = _DENSITY(np.linspace(0, 1, LEVELS))[:, :3]
    colours[DOUBT], colours[EVENT] = to_rgb(DOUBT_COLOUR), to_rgb(EVENT_COLOUR)
    chosen: FloatArray = colours[shown.raster]
    return chosen


def _paint_antigen(figure: Figure, *, shown: AntigenHistogram) -> None:
    plot = figure.add_axes(_PLACE)
    keys: list[Patch] = []
    for drawn, look in ((shown.blasts, _BLASTS), (shown.negative, _LOW), (shown.positive, _HIGH)):
        if drawn is not None:
            curve = StepPatch(*_heights(drawn, shown.view), label=_label(drawn))
            curve.set(**look)
            # add_patch would search the whole outline for new limits, which are fixed
            plot.add_artist(curve)
            keys.append(curve)
    plot.set_ylim(0, 1.08)
    if shown.threshold is not None:
        plot.axvline(shown.threshold, color=_INK, linewidth=0.8, linestyle=(0, (4, 2)))
    plot.set_xlabel(_scale(plot, "x", shown.marker, shown.view), fontsize=_LABEL, labelpad=1.5)
    plot.set_ylabel("events (peak = 1)", fontsize=_LABEL, labelpad=1.5)
    plot.set_yticks([0, 1])
    _ticks(plot)
    _title(figure, _says(shown))
    _legend(figure, keys)


def _says(shown: AntigenHistogram) -> str:
    above = "" if shown.fraction is None else f", {percent(shown.fraction)} above"
    return f"{shown.marker} {shown.call.replace('_', ' ')}{above}"


def _heights(shown: Histogram, view: View) -> tuple[FloatArray, FloatArray]:
    """Counts over the highest one, and the edges of their bins; broader ones for few events."""
    counts = shown.counts.astype(np.float64)
    if shown.n < FEW:
        counts = counts.reshape(-1, 2).sum(axis=1)
    heights: FloatArray = counts / max(1.0, float(counts.max()))
    return heights, np.linspace(*view, len(counts) + 1)


def _label(shown: Histogram) -> str:
    return f"{_CELLS.get(shown.role, shown.role.replace('_', ' '))} ({shown.n:,})"


def _scale(plot: Plot, side: str, label: str, view: View) -> str:
    """Show a range with few ticks; the label says what they are."""
    axis = plot.xaxis if side == "x" else plot.yaxis
    (plot.set_xlim if side == "x" else plot.set_ylim)(*view)
    if view == L_VIEW:
        axis.set_ticks([0.0, 2.0, 4.0, 6.0], ["0", "2", "4", "6"])
        label = f"{label} (L)"
    elif view == SCATTER_VIEW:
        axis.set_ticks([0.0, 100_000.0, 200_000.0], ["0", "100", "200"])
        label = f"{label} (thousands)"
    _ticks(plot)
    return label


def _ticks(plot: Plot) -> None:
    plot.tick_params(labelsize=_TICK, length=2, pad=1.5)


def _title(figure: Figure, text: str) -> None:
    figure.text(0.02, 0.955, text, fontsize=_TITLE, weight="bold", va="center")


def _legend(figure: Figure, keys: list[Patch]) -> None:
    figure.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(0.0, 0.935),
        ncols=2,  # a third stands below: beside them it would leave the figure
        fontsize=5.2,
        handlelength=0.9,
        handleheight=0.7,
        handletextpad=0.3,
        columnspacing=0.7,
        borderpad=0.2,
    )
