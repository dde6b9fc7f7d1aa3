"""How many patients came how far."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cytomon.cohort.analysed import Analysed
from cytomon.cohort.cut import Cut
from cytomon.svg import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HIGH = 0.165
_ROWS = (0.90, 0.64, 0.38, 0.12)
"""Middles of the rows of boxes, as shares of the figure."""


def paint_flow(figure: Figure, found: Analysed, cut: Cut) -> None:
    """Draw boxes from the store to the endpoints.

    Parameters
    ----------
    figure : Figure
        Empty.
    found : Analysed
        The cohort.
    cut : Cut
        Who was left out of it.
    """
    figure.set_size_inches(7.2, 4.3)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    people = found.people
    known = len(people) + sum(cut.left_out.values())
    _box(axes, (0.29, 0), 0.44, (f"{known} patients in the store", ""))
    _row(axes, 1, 0.29, [(f"{len(people)} analysed", f"infused up to {cut.as_of}")], 0.44)
    if cut.left_out:
        why = "\n".join(f"{count} {name}" for name, count in cut.left_out.items())
        _box(axes, (0.77, 1), 0.38, ("left out", why), dashed=True)
        axes.plot([0.29, 0.58], [0.77, 0.77], color=INK, linewidth=0.8)
        _arrow(axes, 0.58, 0.77, 0.66, _ROWS[1] + _HIGH / 2)
    said = Counter(one.remission for one in people)
    _row(axes, 2, 0.29, [
        (f"{said['yes']} in remission", f"by day {cut.profile.cohort.remission_by_day}"),
        (f"{said['no']} not", "in remission"),
        (f"{said['died']} died", "before"),
        (f"{said['unknown']} unknown", "no word of remission"),
    ], 0.215)  # fmt: skip
    ended = Counter(one.failure for one in people)
    _row(axes, 3, 0.29, [
        (f"{ended['relapse']} relapsed", "as the first event"),
        (f"{ended['no_remission'] + ended['second_malignancy']} failed",
         "no remission,\nsecond malignancy"),
        (f"{ended['death']} died", "as the first event"),
        (f"{ended['']} event-free", "so far"),
    ], 0.215)  # fmt: skip


def _row(axes: Axes, row: int, above: float, boxes: list[tuple[str, str]], wide: float) -> None:
    """Boxes side by side, with arrows from the one in the middle of the row above."""
    middles = [0.29] if len(boxes) == 1 else [0.135 + 0.243 * one for one in range(len(boxes))]
    top = _ROWS[row] + _HIGH / 2
    between = (_ROWS[row - 1] - _HIGH / 2 + top) / 2
    if len(boxes) > 1:
        feet = [above] if row == 2 else middles
        for foot in feet:
            bottom = _ROWS[row - 1] - _HIGH / 2
            axes.plot([foot, foot], [bottom, between], color=INK, linewidth=0.8)
        axes.plot([middles[0], middles[-1]], [between, between], color=INK, linewidth=0.8)
    for middle, words in zip(middles, boxes, strict=True):
        _box(axes, (middle, row), wide, words)
        start = _ROWS[0] - _HIGH / 2 if row == 1 else between
        _arrow(axes, middle, start, middle, top)


def _box(
    axes: Axes,
    place: tuple[float, int],
    wide: float,
    words: tuple[str, str],
    *,
    dashed: bool = False,
) -> None:
    from matplotlib.patches import Rectangle

    (middle, row), (head, foot) = place, words
    centre = _ROWS[row]
    axes.add_patch(
        Rectangle((middle - wide / 2, centre - _HIGH / 2), wide, _HIGH, fill=False,
                  edgecolor=INK, linewidth=0.9, linestyle="--" if dashed else "-")
    )  # fmt: skip
    lines = foot.count("\n") + 1 if foot else 0
    axes.text(middle, centre + 0.022 * lines, head, ha="center", va="center", fontsize=10,
              fontweight="bold", color=INK)  # fmt: skip
    if foot:
        axes.text(middle, centre - 0.028 - 0.004 * lines, foot, ha="center", va="center",
                  fontsize=8.5, color=INK)  # fmt: skip


def _arrow(axes: Axes, x: float, y: float, to_x: float, to_y: float) -> None:
    axes.annotate(
        "", xy=(to_x, to_y), xytext=(x, y),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0,
                    "shrinkB": 0},
    )  # fmt: skip
