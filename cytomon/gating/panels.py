"""One plot of a gating strategy: gates of one parent and pair of dimensions, on its events."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patches import Patch
from matplotlib.patches import Polygon as PolygonPatch

from cytomon.gating.columns import Columns
from cytomon.gating.paint import LABEL_POINTS, paint_density, paint_histogram
from cytomon.gating.views import view
from cytomon.model.gating import Axis, Box, Ellipse, Envelope, PlacedGate, Polygon, Ranges
from cytomon.model.results import Population
from cytomon.model.tube import BoolArray

MOST_GATES = 3
COLOURS = ("#c1121f", "#0a7d43", "#7b2cbf")
TITLE_POINTS = 7.0
TITLE_INCHES = 0.125
PLOT_INCHES = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Gates that share a parent and dimensions, and so one plot.

    Attributes
    ----------
    parent : str
        Their parent; empty for all events.
    axes : tuple of Axis
        One or two dimensions.
    gates : tuple of PlacedGate
        At most `MOST_GATES`, as they look on these dimensions.
    views : tuple of str
        For each gate which of its views this is, empty where there is only one.
    """

    parent: str
    axes: tuple[Axis, ...]
    gates: tuple[PlacedGate, ...]
    views: tuple[str, ...]


def panels_of(gates: Sequence[PlacedGate]) -> Iterator[Panel]:
    """Plots that show every gate that has dimensions, in the order of the gates."""
    groups: dict[tuple[str, tuple[Axis, ...]], list[tuple[PlacedGate, str]]] = {}
    for gate in gates:
        if isinstance(gate.shape, Envelope):
            continue  # on all axes at once: no outline on any two of them
        pairs = tuple(_pairs(gate.axes))
        for number, pair in enumerate(pairs, start=1):
            name = f"view {number} of {len(pairs)}" if len(pairs) > 1 else ""
            groups.setdefault((gate.parent, pair), []).append((_seen_on(gate, pair), name))
    for (parent, axes), members in groups.items():
        for start in range(0, len(members), MOST_GATES):
            shown, views = zip(*members[start : start + MOST_GATES], strict=True)
            yield Panel(parent=parent, axes=axes, gates=shown, views=views)


def _pairs(axes: tuple[Axis, ...]) -> Iterator[tuple[Axis, ...]]:
    """Neighbouring pairs that show each of many dimensions at least once."""
    if 0 < len(axes) <= 2:
        yield axes
        return
    for first in range(0, len(axes), 2):
        begin = min(first, len(axes) - 2)
        yield axes[begin : begin + 2]


def _seen_on(gate: PlacedGate, pair: tuple[Axis, ...]) -> PlacedGate:
    """A gate of many dimensions as its shadow on two of them."""
    if gate.axes == pair:
        return gate
    at = [gate.axes.index(axis) for axis in pair]
    shape = gate.shape
    if isinstance(shape, Box):
        shape = Box(bounds=tuple(shape.bounds[i] for i in at))
    elif isinstance(shape, Ellipse):
        shape = Ellipse(
            mean=tuple(shape.mean[i] for i in at),
            covariance=tuple(tuple(shape.covariance[i][j] for j in at) for i in at),
            distance_square=shape.distance_square,
        )
    return dataclasses.replace(gate, axes=pair, shape=shape)


def draw_panel(
    plot: Plot,
    panel: Panel,
    columns: Columns,
    members: Mapping[str, BoolArray],
    counts: Mapping[str, Population],
) -> None:
    """Draw the parent's events, the outline of each gate, and what it holds.

    Parameters
    ----------
    plot : Plot
        Where to draw.
    panel : Panel
        What to draw.
    columns : Columns
        The tube's events.
    members : mapping of str to ndarray of bool
        Members of each gate; the empty name stands for all events.
    counts : mapping of str to Population
        Gate name to its count.
    """
    rows = np.flatnonzero(members[panel.parent])
    values = [columns.column(axis)[rows] for axis in panel.axes]
    if len(panel.axes) == 1:
        paint_histogram(plot, values[0], view(panel.axes[0]))
    else:
        paint_density(plot, values[0], values[1], view(panel.axes[0]), view(panel.axes[1]))
        plot.set_ylabel(panel.axes[1].label, fontsize=LABEL_POINTS, labelpad=1)
    plot.set_xlabel(panel.axes[0].label, fontsize=LABEL_POINTS, labelpad=1)
    for gate, colour in zip(panel.gates, COLOURS, strict=False):
        _outline(plot, gate, colour)
    _caption(plot, panel, counts)


def _caption(plot: Plot, panel: Panel, counts: Mapping[str, Population]) -> None:
    height = TITLE_INCHES / PLOT_INCHES
    lines = list(zip(panel.gates, panel.views, COLOURS, strict=False))
    for position, (gate, seen, colour) in enumerate(reversed(lines)):
        population = counts[gate.name]
        share = population.fraction_of_parent
        percent = "0 of 0" if share is None else f"{100 * share:.3g} %"
        outside = "outside" if gate.complement else ""
        notes = ", ".join(note for note in (seen, outside, _doubt(gate)) if note)
        plot.text(
            0,
            1 + height * (position + 0.25),
            f"{gate.name}  {percent}" + (f"  ({notes})" if notes else ""),
            transform=plot.transAxes,
            fontsize=TITLE_POINTS,
            color=colour,
        )
    parent = f"of {panel.parent or 'all events'}"
    look: dict[str, Any] = {"fontsize": 5.8, "ha": "right", "va": "top", "color": "#333333"}
    plot.text(0.985, 0.975, parent, transform=plot.transAxes, **look)


def _doubt(gate: PlacedGate) -> str:
    if any(bound.fallback for bound in gate.bounds):
        return "fallback"
    return "at leash" if any(bound.at_leash for bound in gate.bounds) else ""


def _outline(plot: Plot, gate: PlacedGate, colour: str) -> None:
    look = {"color": colour, "linewidth": 1.1, "linestyle": (0, (3, 1.5)) if _doubt(gate) else "-"}
    match gate.shape:
        case Box(bounds=((low, high),)):
            _mark_range(plot, low, high, look)
        case Box(bounds=(x_side, y_side)):
            left, right = _closed(x_side, plot.get_xlim())
            below, above = _closed(y_side, plot.get_ylim())
            corners = [(left, below), (right, below), (right, above), (left, above)]
            _mark_patch(plot, PolygonPatch(corners, closed=True), look)
        case Polygon(vertices=vertices):
            _mark_patch(plot, PolygonPatch(list(vertices), closed=True), look)
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            lengths, directions = np.linalg.eigh(np.array(covariance))
            width, height = (float(v) for v in 2 * np.sqrt(lengths * square))
            angle = float(np.degrees(np.arctan2(directions[1, 0], directions[0, 0])))
            _mark_patch(plot, EllipsePatch((mean[0], mean[1]), width, height, angle=angle), look)
        case Ranges(kept=kept):
            for low, high in kept:
                _mark_range(plot, low, high, look)


def _mark_range(plot: Plot, low: float | None, high: float | None, look: Mapping[str, Any]) -> None:
    x0, x1 = plot.get_xlim()
    left = x0 if low is None else min(max(low, x0), x1)
    right = x1 if high is None else max(min(high, x1), x0)
    for end in (left, right):
        if x0 < end < x1:
            plot.axvline(end, **look)
    plot.axvspan(left, right, color=look["color"], alpha=0.07, linewidth=0)


def _mark_patch(plot: Plot, patch: Patch, look: Mapping[str, Any]) -> None:
    patch.set(**look)
    patch.set_facecolor("none")
    # add_patch would search the outline for new limits, which are fixed
    plot.add_artist(patch)


def _closed(
    side: tuple[float | None, float | None], limits: tuple[float, float]
) -> tuple[float, float]:
    """A side with its open ends drawn just inside the frame, so that they show as a line."""
    margin = 0.012 * (limits[1] - limits[0])
    low = limits[0] + margin if side[0] is None else side[0]
    return low, limits[1] - margin if side[1] is None else side[1]
