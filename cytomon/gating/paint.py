"""Densities and histograms of gate dimensions, on axes that a cytometrist expects."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from cytomon.model.gating import Axis
from cytomon.model.tube import FloatArray

BINS = 110
# from light to dark by way of blue: readable in grey, and red gates stand out
DENSITY = LinearSegmentedColormap.from_list(
    "density", ["#a9c9e6", "#7fb0dc", "#3f7fb8", "#1d4e7e", "#0b2239"]
)

View = tuple[float, float]

L_VIEW: View = (-1.6, 6.6)
SCATTER_VIEW: View = (0.0, 262_144.0)


def view(axis: Axis) -> View | None:
    """Fixed limits for what has a scale of its own; None lets the events decide."""
    if axis.ratio is not None:
        return (0.2, 1.3)
    if axis.scale is not None and axis.scale.kind == "asinh":
        return L_VIEW
    if axis.label[:3] in {"FSC", "SSC"}:
        return SCATTER_VIEW
    return None


def paint_density(
    plot: Plot, x: FloatArray, y: FloatArray, x_view: View | None, y_view: View | None
) -> None:
    """Every event as a density on a logarithmic colour scale; events outside sit on the border."""
    x_view, y_view = x_view or _extent(x), y_view or _extent(y)
    columns = _bins(x, x_view)
    rows = _bins(y, y_view)
    counts = np.bincount(rows * BINS + columns, minlength=BINS * BINS).reshape(BINS, BINS)
    plot.imshow(
        np.log1p(np.ma.masked_equal(counts, 0)),
        cmap=DENSITY,
        extent=(*x_view, *y_view),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    set_limits(plot, x_view, y_view)


def paint_histogram(plot: Plot, values: FloatArray, limits: View | None) -> None:
    """Every event as a histogram; its height is the number of events."""
    limits = limits or _extent(values)
    counts, edges = np.histogram(np.clip(values, *limits), bins=2 * BINS, range=limits)
    # the square root keeps a rare population visible beside a common one
    plot.stairs(np.sqrt(counts), edges, fill=True, color="#8fb7dc")
    plot.stairs(np.sqrt(counts), edges, color="#1d4e7e", linewidth=0.6)
    plot.set_xlim(*limits)
    plot.set_ylim(0, max(1.0, 1.12 * float(np.sqrt(counts.max(initial=0)))))
    plot.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v * v:.0f}"))
    plot.set_ylabel("events (√ scale)", fontsize=6, labelpad=1)
    _ticks(plot, limits, None)


def set_limits(plot: Plot, x_view: View | None, y_view: View | None) -> None:
    """Show just these ranges."""
    if x_view:
        plot.set_xlim(*x_view)
    if y_view:
        plot.set_ylim(*y_view)
    _ticks(plot, x_view, y_view)


def _ticks(plot: Plot, x_view: View | None, y_view: View | None) -> None:
    plot.tick_params(labelsize=5.5, length=2, pad=1.5)
    for axis, limits in ((plot.xaxis, x_view), (plot.yaxis, y_view)):
        if limits == SCATTER_VIEW:
            axis.set_ticks([0, 50_000, 100_000, 150_000, 200_000, 250_000])
            axis.set_ticklabels(["0", "50k", "100k", "150k", "200k", "250k"])
        elif limits == L_VIEW:
            axis.set_ticks(range(-1, 7))


def _bins(values: FloatArray, limits: View) -> NDArray[np.int64]:
    share = (values - limits[0]) / (limits[1] - limits[0])
    return np.clip(share * BINS, 0, BINS - 1).astype(np.int64)


def _extent(values: FloatArray) -> View:
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)
