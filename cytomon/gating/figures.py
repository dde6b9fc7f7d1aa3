"""The gating strategy of one tube as a picture: every gate on its parent's density.

The pictures use matplotlib's object interface only, so that drawing leaves no state behind and
works in any process.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.figure import Figure

from cytomon.gating.columns import Columns
from cytomon.gating.count import memberships
from cytomon.gating.paint import LABEL_POINTS, paint_density, view
from cytomon.gating.panels import PLOT_INCHES, TITLE_INCHES, TITLE_POINTS, draw_panel, panels_of
from cytomon.gating.source import Source, Table
from cytomon.model.gating import Axis, Boolean, Envelope, PlacedGate, Score
from cytomon.model.results import Population, TubeResult
from cytomon.model.tube import BoolArray, Tube

COLUMNS_OF_PANELS = 6
PANEL_INCHES = 2.7
BELOW_PLOT_INCHES, TITLE_BLOCK_INCHES, LINE_INCHES = 0.42, 0.74, 0.13
WRAP = 118
EVENT, DOUBT = "#d1495b", "#e08e0b"
# every event of a story is drawn; the more there are, the finer, so that what lies below shows
EVENT_LOOKS = ((500, (6.0, 1.0)), (5000, (1.5, 0.8)), (float("inf"), (0.4, 0.25)))


LEGEND = (
    "Each outline is a gate, named above with its share of the population at the upper right; "
    "dashed: stopped at its leash, or at its start value. A gate on more than two dimensions has "
    "several views, each with its whole share.",
    "Events outside a plot lie on its border. Markers on the L scale (0 negative, 5 very bright). "
    "Red events are drawn one by one; amber ones are to be checked by eye. Research use, no "
    "diagnosis.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Key plots of one answer: a population, event by event, on what it is a fraction of.

    `doubt` is the role of events that may belong to it.
    """

    role: str
    background: str
    says: str
    pairs: tuple[tuple[str, str], ...]
    doubt: str = ""


STORIES = (
    Story(
        role="blasts",
        background="nucleated",
        says="blasts on nucleated cells",
        doubt="by_eye",
        pairs=(
            ("CD45", "SSC-A"),
            ("CD19", "CD10"),
            ("CD10", "CD38"),
            ("CD34", "CD45"),
            ("CD58", "CD66c+CD123"),
            ("CD19", "CD22"),
        ),
    ),
    Story(
        role="b_cells",
        background="lymphocytes",
        says="B cells on lymphocytes",
        pairs=(
            ("CD45", "SSC-A"),
            ("CD19", "CD3"),
            ("CD19", "CD20"),
            ("CD19", "CD10"),
            ("CD10", "CD45"),
        ),
    ),
)


def draw_strategy(path: Path, tube: Tube, result: TubeResult, source: Source) -> None:
    """Draw the gating strategy of a measured tube.

    Parameters
    ----------
    path : Path
        PNG to write.
    tube : Tube
        For its channels.
    result : TubeResult
        Placed gates and counts.
    source : Source
        Every event of the tube; all are held in memory.

    Notes
    -----
    Densities show every event; blasts and B cells are drawn one by one on top of them. Nothing
    that is drawn touches a count.
    """
    gates, roles = result.placement.gates, result.placement.roles
    events = source.whole()
    columns = Columns(events, tube.channels, result.placement.matrices)
    table = Table(events=events, channels=tube.channels)
    members = memberships(table, result.placement, examinations=result.examinations)
    members[""] = columns.finite()
    counts = {population.path[-1]: population for population in result.populations}
    panels, keys = tuple(panels_of(gates)), [tuple(_pairs(s, gates, roles)) for s in STORIES]
    said = tuple(_sentences(gates, counts))
    rows = [len(panel.gates) for panel in panels]
    layout = _Layout([*_in_rows(rows), *(1 for pairs in keys if pairs)], len(said))
    _title(layout, result)
    for place, panel in enumerate(panels):
        draw_panel(layout.plot(*divmod(place, COLUMNS_OF_PANELS)), panel, columns, members, counts)
    row = -(-len(panels) // COLUMNS_OF_PANELS)
    for story, pairs in zip(STORIES, keys, strict=True):
        for column, pair in enumerate(pairs):
            _draw_key(layout.plot(row, column), pair, columns, _shown(story, members, roles))
        row += bool(pairs)
    layout.write_below(said)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    layout.figure.savefig(partial, format="png", dpi=100, metadata={"Software": None})
    partial.replace(path)


def _in_rows(title_lines: Sequence[int]) -> Iterator[int]:
    """Most title lines of each row of plots."""
    for start in range(0, len(title_lines), COLUMNS_OF_PANELS):
        yield max(title_lines[start : start + COLUMNS_OF_PANELS])


class _Layout:
    """Rows of plots, each as high as its titles need, above two columns of text."""

    def __init__(self, title_lines: Sequence[int], n_sentences: int) -> None:
        heights = [lines * TITLE_INCHES + PLOT_INCHES + BELOW_PLOT_INCHES for lines in title_lines]
        self._bottoms = TITLE_BLOCK_INCHES + np.cumsum(heights) - BELOW_PLOT_INCHES
        self._end = TITLE_BLOCK_INCHES + sum(heights)
        self.height = self._end + 0.25 + LINE_INCHES * -(-n_sentences // 2)
        self.width = PANEL_INCHES * COLUMNS_OF_PANELS
        self.figure = Figure(figsize=(self.width, self.height))

    def plot(self, row: int, column: int) -> Plot:
        """An empty plot."""
        left = (column + 0.2) * PANEL_INCHES / self.width
        bottom = 1 - self._bottoms[row] / self.height
        size = (0.76 * PANEL_INCHES / self.width, PLOT_INCHES / self.height)
        return self.figure.add_axes((left, bottom, *size))

    def write(self, inches: float, text: str, **look: Any) -> None:  # noqa: ANN401
        """Write a line so far below the upper edge."""
        self.figure.text(0.01, 1 - inches / self.height, text, va="center", **look)

    def write_below(self, lines: Sequence[str]) -> None:
        """Write below the plots, in two columns."""
        half = -(-len(lines) // 2)
        for column, part in enumerate((lines[:half], lines[half:])):
            for number, line in enumerate(part):
                y = 1 - (self._end + 0.1 + LINE_INCHES * number) / self.height
                self.figure.text(
                    0.01 + 0.5 * column, y, line, fontsize=6.6, va="center", family="monospace"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The events of a story: those in front, those in doubt, and those behind them."""

    front: BoolArray
    doubt: BoolArray
    behind: BoolArray
    says: str


def _shown(story: Story, members: Mapping[str, BoolArray], roles: Mapping[str, str]) -> _Shown:
    front = members[roles[story.role]]
    behind = members[roles.get(story.background, "")]
    doubt = members[roles[story.doubt]] if story.doubt in roles else np.zeros_like(front)
    says = f"{int(front.sum())} {story.says}"
    if doubt.any():
        says += f", {int(doubt.sum())} by eye"
    return _Shown(front=front, doubt=doubt, behind=behind, says=says)


def _pairs(
    story: Story, gates: Sequence[PlacedGate], roles: Mapping[str, str]
) -> Iterator[tuple[Axis, Axis]]:
    if story.role not in roles:
        return
    by_label = {axis.label: axis for gate in gates for axis in gate.axes}
    for x, y in story.pairs:
        if x in by_label and y in by_label:
            yield by_label[x], by_label[y]


def _draw_key(plot: Plot, pair: tuple[Axis, Axis], columns: Columns, shown: _Shown) -> None:
    x, y = (columns.column(axis) for axis in pair)
    behind = shown.behind
    paint_density(plot, x[behind], y[behind], view(pair[0]), view(pair[1]))
    limits = (plot.get_xlim(), plot.get_ylim())
    for events, colour in ((shown.doubt, DOUBT), (shown.front, EVENT)):
        if events.any():
            size, alpha = next(look for most, look in EVENT_LOOKS if events.sum() <= most)
            at_x, at_y = np.clip(x[events], *limits[0]), np.clip(y[events], *limits[1])
            plot.scatter(at_x, at_y, s=size, c=colour, alpha=alpha, linewidths=0, clip_on=False)
    plot.set(xlim=limits[0], ylim=limits[1])
    plot.set_title(shown.says, fontsize=TITLE_POINTS, color=EVENT, loc="left", pad=2)
    plot.set_xlabel(pair[0].label, fontsize=LABEL_POINTS, labelpad=1)
    plot.set_ylabel(pair[1].label, fontsize=LABEL_POINTS, labelpad=1)


def _title(layout: _Layout, result: TubeResult) -> None:
    said = [result.file, f"{result.placement.template} {result.placement.version}"]
    for measurement in result.measurements:
        called = {"mrd": "MRD", "b_fraction": "B cells of lymphocytes"}.get(measurement.quantity)
        if called:
            estimate = measurement.estimate
            value = f"{100 * estimate.value:.4g} %" if estimate else "no value"
            said.append(f"{called} {value}, {measurement.status}")
        elif measurement.quantity in ("cd19_blasts", "cd22_blasts"):
            said.append(f"{measurement.quantity[:4].upper()} {measurement.status}")
    layout.write(0.2, "    ".join(said), fontsize=11, weight="bold")
    for inches, line in zip((0.4, 0.53), LEGEND, strict=True):
        layout.write(inches, line, fontsize=7.5, color="#444444")


def _sentences(gates: Sequence[PlacedGate], counts: Mapping[str, Population]) -> Iterator[str]:
    """Gates that combine others, which no plot can show."""
    for gate in gates:
        if isinstance(gate.shape, Boolean | Score | Envelope):
            population = counts[gate.name]
            share = population.fraction_of_parent
            percent = "0 of 0" if share is None else f"{100 * share:.3g} %"
            of = gate.parent or "all events"
            start = f"{gate.name}: {population.count} ({percent} of {of}) = "
            yield from textwrap.wrap(start + _rule(gate), WRAP, subsequent_indent="    ")


def _rule(gate: PlacedGate) -> str:
    if isinstance(gate.shape, Score):
        names = ", ".join(f"{name}×{weight:g}" for name, weight in gate.shape.terms)
        return f"evidence ≥ {gate.shape.at_least:g} of {names}"
    if isinstance(gate.shape, Envelope):
        return f"{', '.join(gate.shape.holds)} by reference {gate.shape.reference.name}"
    if not isinstance(gate.shape, Boolean):
        return ""
    parts = [("not " if o.complement else "") + o.gate for o in gate.shape.every]
    if gate.shape.some:
        some = (("not " if o.complement else "") + o.gate for o in gate.shape.some)
        parts.append(f"any of ({', '.join(some)})")
    rule = " and ".join(parts) or f"all of {gate.parent or 'the events'}"
    return f"not ({rule})" if gate.complement else rule
