"""The gating strategy of one tube as a picture: every gate on its parent's density.

The pictures use matplotlib's object interface only, so that drawing leaves no state behind and
works in any process.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from cytomon.gating.named_pixels import Rectangle, say
from cytomon.gating.paint import LABEL_POINTS, paint_density
from cytomon.gating.panels import PLOT_INCHES, TITLE_INCHES, TITLE_POINTS, draw_panel, panels_of
from cytomon.gating.stories import STORIES, Seen, Shown, Story, pairs_of, shown
from cytomon.gating.views import view
from cytomon.model.gating import Axis, Boolean, Envelope, PlacedGate, Score
from cytomon.model.results import Population, TubeResult
from cytomon.permissions import file_mode, make_folder

DPI = 100
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


def draw_strategy(path: Path, seen: Seen) -> None:
    """Draw the gating strategy of a measured tube.

    Parameters
    ----------
    path : Path
        PNG to write.
    seen : Seen
        The tube (`cytomon.gating.stories.see`).

    Notes
    -----
    Densities show every event; blasts and B cells are drawn one by one on top of them. Nothing
    that is drawn touches a count. The picture says which of its pixels name the tube
    (`cytomon.gating.named_pixels`).
    """
    make_folder(path.parent)
    partial = path.with_name(f".{path.name}.partial")
    partial.touch(mode=file_mode())
    # names of files and markers are no formulas
    with mpl.rc_context({"text.parse_math": False}):
        figure, title = _strategy(seen)
        figure.savefig(partial, format="png", dpi=DPI, metadata={"Software": None})
        say(partial, _pixels_of_name(figure, title, seen.result.file))
    partial.replace(path)


def _strategy(seen: Seen) -> tuple[Figure, Text]:
    result, members = seen.result, seen.members
    gates = result.placement.gates
    counts = {population.path[-1]: population for population in result.populations}
    panels, keys = tuple(panels_of(gates)), [tuple(pairs_of(story, seen)) for story in STORIES]
    said = tuple(_sentences(gates, counts))
    rows = [len(panel.gates) for panel in panels]
    layout = _Layout([*_in_rows(rows), *(1 for pairs in keys if pairs)], len(said))
    title = _title(layout, result)
    for place, panel in enumerate(panels):
        at = layout.plot(*divmod(place, COLUMNS_OF_PANELS))
        draw_panel(at, panel, seen.columns, members, counts)
    row = -(-len(panels) // COLUMNS_OF_PANELS)
    for story, pairs in zip(STORIES, keys, strict=True):
        for column, pair in enumerate(pairs):
            _draw_key(layout.plot(row, column), pair, story, seen)
        row += bool(pairs)
    layout.write_below(said)
    return layout.figure, title


def _pixels_of_name(figure: Figure, title: Text, name: str) -> Rectangle:
    """Where the name stands at the beginning of the title."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    line = title.get_window_extent(renderer)
    if "\n" in name:
        right = line.x1
    else:
        font = title.get_fontproperties()
        right = line.x0 + renderer.get_text_width_height_descent(name, font, ismath=False)[0]
    across = (max(0, int(line.x0) - 2), min(int(figure.bbox.width), int(right) + 5))
    down = (figure.bbox.height - line.y1 - 2, figure.bbox.height - line.y0 + 3)
    return across[0], max(0, int(down[0])), across[1], int(down[1])


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
        self.figure = Figure(figsize=(self.width, self.height), dpi=DPI)

    def plot(self, row: int, column: int) -> Plot:
        """An empty plot."""
        left = (column + 0.2) * PANEL_INCHES / self.width
        bottom = 1 - self._bottoms[row] / self.height
        size = (0.76 * PANEL_INCHES / self.width, PLOT_INCHES / self.height)
        return self.figure.add_axes((left, bottom, *size))

    def write(self, inches: float, text: str, **look: Any) -> Text:  # noqa: ANN401
        """Write a line so far below the upper edge."""
        return self.figure.text(0.01, 1 - inches / self.height, text, va="center", **look)

    def write_below(self, lines: Sequence[str]) -> None:
        """Write below the plots, in two columns."""
        half = -(-len(lines) // 2)
        for column, part in enumerate((lines[:half], lines[half:])):
            for number, line in enumerate(part):
                y = 1 - (self._end + 0.1 + LINE_INCHES * number) / self.height
                self.figure.text(
                    0.01 + 0.5 * column, y, line, fontsize=6.6, va="center", family="monospace"
                )


def _draw_key(plot: Plot, pair: tuple[Axis, Axis], story: Story, seen: Seen) -> None:
    x, y = (seen.columns.column(axis) for axis in pair)
    events = shown(story, seen)
    paint_density(plot, x[events.behind], y[events.behind], view(pair[0]), view(pair[1]))
    limits = (plot.get_xlim(), plot.get_ylim())
    for chosen, colour in ((events.doubt, DOUBT), (events.front, EVENT)):
        if chosen.any():
            size, alpha = next(look for most, look in EVENT_LOOKS if chosen.sum() <= most)
            at_x, at_y = np.clip(x[chosen], *limits[0]), np.clip(y[chosen], *limits[1])
            plot.scatter(at_x, at_y, s=size, c=colour, alpha=alpha, linewidths=0, clip_on=False)
    plot.set(xlim=limits[0], ylim=limits[1])
    title: dict[str, Any] = {"fontsize": TITLE_POINTS, "color": EVENT, "loc": "left", "pad": 2}
    plot.set_title(_says(story, events), **title)
    plot.set_xlabel(pair[0].label, fontsize=LABEL_POINTS, labelpad=1)
    plot.set_ylabel(pair[1].label, fontsize=LABEL_POINTS, labelpad=1)


def _says(story: Story, events: Shown) -> str:
    by_eye = f", {int(events.doubt.sum())} by eye" if events.doubt.any() else ""
    return f"{int(events.front.sum())} {story.says}{by_eye}"


def _title(layout: _Layout, result: TubeResult) -> Text:
    said = [result.file, f"{result.placement.template} {result.placement.version}"]
    for measurement in result.measurements:
        called = {"mrd": "MRD", "b_fraction": "B cells of lymphocytes"}.get(measurement.quantity)
        if called:
            estimate = measurement.estimate
            value = f"{100 * estimate.value:.4g} %" if estimate else "no value"
            said.append(f"{called} {value}, {measurement.status}")
        elif measurement.quantity in ("cd19_blasts", "cd22_blasts"):
            said.append(f"{measurement.quantity[:4].upper()} {measurement.status}")
    title = layout.write(0.2, "    ".join(said), fontsize=11, weight="bold")
    for inches, line in zip((0.4, 0.53), LEGEND, strict=True):
        layout.write(inches, line, fontsize=7.5, color="#444444")
    return title


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
