"""Densities and histograms of gate dimensions, on axes that a cytometrist expects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.axis import XAxis, YAxis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import StepPatch
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator

from cytomon.gating.views import L_VIEW, SCATTER_VIEW, View, bins, extent
from cytomon.model.tube import FloatArray

BINS = 110
LABEL_POINTS, TICK_POINTS = 7.0, 6.0
# from light to dark by way of blue: readable in grey, and red gates stand out
DENSITY = LinearSegmentedColormap.from_list(
    "density", ["#93bde0", "#6fa5d6", "#3f7fb8", "#1d4e7e", "#0b2239"]
)


def paint_density(
    plot: Plot, x: FloatArray, y: FloatArray, x_view: View | None, y_view: View | None
) -> None:
    """Every event as a density on a logarithmic colour scale; events outside sit on the border.

    Events without a place on the scale are left out.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    x_view, y_view = x_view or extent(x), y_view or extent(y)
    columns = bins(x, x_view, BINS)
    rows = bins(y, y_view, BINS)
    counts = np.bincount(rows * BINS + columns, minlength=BINS * BINS).reshape(BINS, BINS)
    plot.imshow(
        np.log1p(np.ma.masked_equal(counts, 0)),
        cmap=DENSITY,
        extent=(*x_view, *y_view),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    _set_view(plot, plot.xaxis, x_view)
    _set_view(plot, plot.yaxis, y_view)


def paint_histogram(plot: Plot, values: FloatArray, limits: View | None) -> None:
    """Every event as a histogram; its height is the number of events."""
    values = values[np.isfinite(values)]
    limits = limits or extent(values)
    counts, edges = np.histogram(np.clip(values, *limits), bins=2 * BINS, range=limits)
    # the square root keeps a rare population visible beside a common one
    heights = np.sqrt(counts)
    shape = StepPatch(heights, edges, facecolor="#8fb7dc", edgecolor="#1d4e7e", linewidth=0.6)
    # add_patch would search the whole outline for new limits, which are fixed
    plot.add_artist(shape)
    highest = max(1, int(counts.max(initial=0)))
    plot.set_ylim(0, 1.12 * np.sqrt(highest))
    plot.set_ylabel("events (√ scale)", fontsize=LABEL_POINTS, labelpad=1)
    _set_view(plot, plot.xaxis, limits)
    marks = [0, *(mark for mark in _round_numbers(highest) if 30 * mark >= highest)]
    _set_ticks(plot.yaxis, [float(np.sqrt(mark)) for mark in marks], [str(m) for m in marks])


def _round_numbers(highest: int) -> tuple[int, ...]:
    """A round number near the highest bin and a tenth of it."""
    power = 10 ** (len(str(highest)) - 1)
    top = next(step * power for step in (5, 2, 1) if step * power <= highest)
    return (top // 10, top) if top >= 10 else (top,)


def _set_view(plot: Plot, axis: XAxis | YAxis, limits: View) -> None:
    """Show just this range, with few and fixed ticks: they are most of the drawing time."""
    (plot.set_xlim if axis is plot.xaxis else plot.set_ylim)(*limits)
    if limits == SCATTER_VIEW:
        _set_ticks(axis, [0.0, 100_000.0, 200_000.0], ["0", "100k", "200k"])
    elif limits == L_VIEW:
        _set_ticks(axis, [0.0, 2.0, 4.0, 6.0], ["0", "2", "4", "6"])
    else:
        axis.set_major_locator(MaxNLocator(4))
        axis.set_tick_params(labelsize=TICK_POINTS, length=2, pad=1.5)


def _set_ticks(axis: XAxis | YAxis, places: Sequence[float], labels: Sequence[str]) -> None:
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FixedFormatter(labels))
    axis.set_tick_params(labelsize=TICK_POINTS, length=2, pad=1.5)
