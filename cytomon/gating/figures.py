"""The gating strategy of one tube as a picture: every gate on its parent's density.

The pictures use matplotlib's object interface only, so that drawing leaves no state behind and
works in any process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse as EllipsePatch
from matplotlib.patches import Patch
from matplotlib.patches import Polygon as PolygonPatch

from cytomon.gating.columns import Columns
from cytomon.gating.count import memberships
from cytomon.gating.paint import paint_density, paint_histogram, set_limits, view
from cytomon.model.gating import Axis, Boolean, Box, Ellipse, PlacedGate, Polygon, Ranges, Score
from cytomon.model.results import Population, TubeResult
from cytomon.model.tube import BoolArray, FloatArray, Tube

COLUMNS_OF_PANELS = 6
PANEL_INCHES = 2.7
ROW_INCHES = 2.35
GATE = "#c1121f"
BLAST = "#d1495b"
# every blast is drawn; the more there are, the finer, so that what lies below stays visible
BLAST_LOOKS = ((500, (6.0, 1.0)), (5000, (1.5, 0.8)), (float("inf"), (0.4, 0.25)))
KEY_PLOTS = (
    ("CD45", "SSC-A"),
    ("CD19", "CD10"),
    ("CD10", "CD38"),
    ("CD34", "CD45"),
    ("CD58", "CD66c+CD123"),
    ("CD19", "CD22"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Gates that share a parent and dimensions, and so one plot."""

    parent: str
    axes: tuple[Axis, ...]
    gates: tuple[PlacedGate, ...]


def draw_strategy(path: Path, tube: Tube, result: TubeResult, events: FloatArray) -> None:
    """Draw the gating strategy of a measured tube.

    Parameters
    ----------
    path : Path
        PNG to write.
    tube : Tube
        For its channels.
    result : TubeResult
        Placed gates and counts.
    events : ndarray of float64, shape (n_events, n_channels)
        Every event of the tube.

    Notes
    -----
    Densities show every event, and blasts are drawn one by one on top of them; nothing that is
    drawn touches a count.
    """
    columns = Columns(events, tube.channels, result.placement.matrices)
    members = memberships(events, tube.channels, result.placement)
    members[""] = columns.finite()
    counts = {population.path[-1]: population for population in result.populations}
    drawable = tuple(_panels(result.placement.gates))
    keys = tuple(_key_plots(result.placement.gates, result.placement.roles))
    n_rows = -(-len(drawable) // COLUMNS_OF_PANELS) + -(-len(keys) // COLUMNS_OF_PANELS)
    listed = [gate for gate in result.placement.gates if isinstance(gate.shape, Boolean | Score)]
    table_inches = 0.5 + 0.155 * -(-len(listed) // 2)
    height = 0.9 + ROW_INCHES * n_rows + table_inches
    figure = Figure(figsize=(PANEL_INCHES * COLUMNS_OF_PANELS, height))
    _title(figure, result, height)
    grid = _Grid(figure, height)
    for panel in drawable:
        _draw_panel(grid.next(), panel, columns, members, counts)
    grid.new_row()
    blasts = members.get(result.placement.roles.get("blasts", ""))
    nucleated = members[result.placement.roles.get("nucleated", "")]
    for pair in keys:
        _draw_key(grid.next(), pair, columns, nucleated, blasts)
    _list_combinations(figure, listed, counts, table_inches / height)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    figure.savefig(partial, format="png", dpi=100, metadata={"Software": None})
    partial.replace(path)


class _Grid:
    """Hands out plots from left to right, row after row, below the title."""

    def __init__(self, figure: Figure, height: float) -> None:
        self._figure, self._height = figure, height
        self._taken = 0

    def next(self) -> Plot:
        """The next free plot."""
        row, column = divmod(self._taken, COLUMNS_OF_PANELS)
        self._taken += 1
        width = 1 / COLUMNS_OF_PANELS
        panel = ROW_INCHES / self._height
        top = 1 - 0.7 / self._height - row * panel
        left = column * width + 0.21 * width
        return self._figure.add_axes((left, top - 0.84 * panel, 0.74 * width, 0.66 * panel))

    def new_row(self) -> None:
        """Leave the rest of the row empty."""
        self._taken = -(-self._taken // COLUMNS_OF_PANELS) * COLUMNS_OF_PANELS


def _panels(gates: Sequence[PlacedGate]) -> Iterator[Panel]:
    groups: dict[tuple[str, tuple[Axis, ...]], list[PlacedGate]] = {}
    for gate in gates:
        if not gate.axes:
            continue
        if len(gate.axes) <= 2:
            groups.setdefault((gate.parent, gate.axes), []).append(gate)
        else:
            # a box in many dimensions is shown on neighbouring pairs of them
            for pair in zip(gate.axes[::2], gate.axes[1::2] or gate.axes[:1], strict=False):
                groups.setdefault((gate.parent, pair), []).append(_seen_on(gate, pair))
            if len(gate.axes) % 2:
                pair = (gate.axes[-2], gate.axes[-1])
                groups.setdefault((gate.parent, pair), []).append(_seen_on(gate, pair))
    for (parent, axes), members in groups.items():
        yield Panel(parent=parent, axes=axes, gates=tuple(members))


def _seen_on(gate: PlacedGate, pair: tuple[Axis, ...]) -> PlacedGate:
    """A box as it looks on two of its dimensions."""
    if not isinstance(gate.shape, Box):
        return gate
    positions = [gate.axes.index(axis) for axis in pair]
    return dataclasses.replace(
        gate, axes=pair, shape=Box(bounds=tuple(gate.shape.bounds[i] for i in positions))
    )


def _draw_panel(
    plot: Plot,
    panel: Panel,
    columns: Columns,
    members: Mapping[str, BoolArray],
    counts: Mapping[str, Population],
) -> None:
    rows = np.flatnonzero(members[panel.parent])
    values = [columns.column(axis)[rows] for axis in panel.axes]
    if len(panel.axes) == 1:
        paint_histogram(plot, values[0], view(panel.axes[0]))
    else:
        paint_density(plot, values[0], values[1], view(panel.axes[0]), view(panel.axes[1]))
    for gate in panel.gates:
        _outline(plot, gate)
        if len(panel.gates) > 1:
            _name_inside(plot, gate)
    _label(plot, panel, counts)


def _outline(plot: Plot, gate: PlacedGate) -> None:
    match gate.shape:
        case Box(bounds=((low, high),)):
            _mark_range(plot, low, high)
        case Box(bounds=(x_side, y_side)):
            left, right = _closed(x_side, plot.get_xlim())
            below, above = _closed(y_side, plot.get_ylim())
            corners = [(left, below), (right, below), (right, above), (left, above)]
            _mark_patch(plot, PolygonPatch(corners, closed=True))
        case Polygon(vertices=vertices):
            _mark_patch(plot, PolygonPatch(list(vertices), closed=True))
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            lengths, directions = np.linalg.eigh(np.array(covariance)[:2, :2])
            width, height = (float(v) for v in 2 * np.sqrt(lengths * square))
            angle = float(np.degrees(np.arctan2(directions[1, 0], directions[0, 0])))
            centre = (mean[0], mean[1])
            _mark_patch(plot, EllipsePatch(centre, width, height, angle=angle))
        case Ranges(kept=kept):
            for low, high in kept:
                _mark_range(plot, low, high)


def _mark_range(plot: Plot, low: float | None, high: float | None) -> None:
    x0, x1 = plot.get_xlim()
    left = x0 if low is None else max(low, x0)
    right = x1 if high is None else min(high, x1)
    for end in (left, right):
        if x0 < end < x1:
            plot.axvline(end, color=GATE, linewidth=1.1)
    plot.axvspan(left, right, color=GATE, alpha=0.08, linewidth=0)


def _mark_patch(plot: Plot, patch: Patch) -> None:
    patch.set(edgecolor=GATE, facecolor="none", linewidth=1.1)
    plot.add_patch(patch)


def _closed(
    side: tuple[float | None, float | None], limits: tuple[float, float]
) -> tuple[float, float]:
    """A side with its open ends drawn just inside the frame."""
    first, last = _inset(limits)
    return first if side[0] is None else side[0], last if side[1] is None else side[1]


def _name_inside(plot: Plot, gate: PlacedGate) -> None:
    """Where gates share a plot, each carries its name."""
    match gate.shape:
        case Box(bounds=((x_low, _), (_, y_high))):
            x = _inset(plot.get_xlim())[0] if x_low is None else x_low
            y = _inset(plot.get_ylim())[1] if y_high is None else y_high
        case Box(bounds=((x_low, _),)):
            x, y = plot.get_xlim()[0] if x_low is None else x_low, plot.get_ylim()[1]
        case _:
            return
    plot.text(x, y, f" {gate.name}", fontsize=4.6, color=GATE, va="top", clip_on=True)


def _inset(limits: tuple[float, float]) -> tuple[float, float]:
    """Just inside the frame, so that an open side can be seen as a line."""
    margin = 0.012 * (limits[1] - limits[0])
    return limits[0] + margin, limits[1] - margin


def _label(plot: Plot, panel: Panel, counts: Mapping[str, Population]) -> None:
    said = []
    for gate in panel.gates[:3]:
        population = counts[gate.name]
        share = population.fraction_of_parent
        percent = "0 of 0" if share is None else f"{100 * share:.3g} %"
        said.append(f"{gate.name}  {percent}")
    if len(panel.gates) > 3:
        said.append(f"and {len(panel.gates) - 3} more")
    plot.set_title("\n".join(said), fontsize=6.2, color=GATE, loc="left", pad=2)
    plot.set_xlabel(panel.axes[0].label, fontsize=6.5, labelpad=1)
    if len(panel.axes) > 1:
        plot.set_ylabel(panel.axes[1].label, fontsize=6.5, labelpad=1)
    parent = panel.parent or "all events"
    plot.text(
        0.985, 0.975, f"of {parent}", transform=plot.transAxes, fontsize=5.2, ha="right", va="top",
        color="#444444",
    )  # fmt: skip


def _key_plots(
    gates: Sequence[PlacedGate], roles: Mapping[str, str]
) -> Iterator[tuple[Axis, Axis]]:
    if "blasts" not in roles:
        return
    by_label = {axis.label: axis for gate in gates for axis in gate.axes}
    for x, y in KEY_PLOTS:
        if x in by_label and y in by_label:
            yield by_label[x], by_label[y]


def _draw_key(
    plot: Plot,
    pair: tuple[Axis, Axis],
    columns: Columns,
    nucleated: BoolArray,
    blasts: BoolArray | None,
) -> None:
    x, y = (columns.column(axis) for axis in pair)
    paint_density(plot, x[nucleated], y[nucleated], view(pair[0]), view(pair[1]))
    if blasts is not None and blasts.any():
        size, alpha = next(look for most, look in BLAST_LOOKS if blasts.sum() <= most)
        plot.scatter(x[blasts], y[blasts], s=size, c=BLAST, alpha=alpha, linewidths=0)
    set_limits(plot, view(pair[0]), view(pair[1]))
    n = 0 if blasts is None else int(blasts.sum())
    plot.set_title(f"{n} blasts on nucleated cells", fontsize=6.2, color=BLAST, loc="left", pad=2)
    plot.set_xlabel(pair[0].label, fontsize=6.5, labelpad=1)
    plot.set_ylabel(pair[1].label, fontsize=6.5, labelpad=1)


def _title(figure: Figure, result: TubeResult, height: float) -> None:
    mrd = next((m for m in result.measurements if m.quantity == "mrd"), None)
    answer = ""
    if mrd is not None:
        value = f"{100 * mrd.estimate.value:.4f} %" if mrd.estimate else "no value"
        answer = f"    MRD {value}, {mrd.status}"
    figure.text(
        0.01,
        1 - 0.22 / height,
        f"{result.file}    {result.placement.template} {result.placement.version}{answer}",
        fontsize=11,
        va="center",
        weight="bold",
    )
    figure.text(
        0.01,
        1 - 0.45 / height,
        "Red: the gate, with its share of the population named at the upper right of each plot. "
        "Markers on the L scale (0 negative, 5 very bright). Research use; not a diagnosis.",
        fontsize=7.5,
        va="center",
        color="#444444",
    )


def _list_combinations(
    figure: Figure, gates: Sequence[PlacedGate], counts: Mapping[str, Population], share: float
) -> None:
    lines = [_sentence(gate, counts[gate.name]) for gate in gates]
    half = -(-len(lines) // 2)
    for column, part in enumerate((lines[:half], lines[half:])):
        figure.text(
            0.01 + 0.5 * column,
            share - 0.02 * share,
            "\n".join(part),
            fontsize=5.8,
            va="top",
            family="monospace",
            linespacing=1.35,
        )


def _sentence(gate: PlacedGate, population: Population) -> str:
    share = population.fraction_of_parent
    percent = "0 of 0" if share is None else f"{100 * share:.3g} %"
    start = f"{gate.name}: {population.count} ({percent} of {gate.parent or 'all events'}) = "
    match gate.shape:
        case Score(terms=terms, at_least=at_least):
            names = ", ".join(f"{name}×{weight:g}" for name, weight in terms)
            rule = f"evidence ≥ {at_least:g} of {names}"
        case Boolean(every=every, some=some):
            parts = [("not " if o.complement else "") + o.gate for o in every]
            if some:
                parts.append("any of (" + ", ".join(o.gate for o in some) + ")")
            rule = " and ".join(parts)
        case _:
            rule = ""
    text = start + rule
    return text if len(text) <= 150 else f"{text[:147]}..."
