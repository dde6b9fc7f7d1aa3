"""One panel of curves, with the numbers at risk below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytomon.cohort.estimates import Line
from cytomon.cohort.statistics.curve import Curve
from cytomon.svg import INK
from cytomon.track.visits import MONTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, each with a dash of its own: neither is needed to read the other
LOOKS = (("#0072B2", "-"), ("#D55E00", (0, (5, 2))), ("#009E73", (0, (2, 1.5))), ("#CC79A7", "-."))
_MOST_TICKS = 400
"""Marks of censoring, beyond which they would be a second curve."""
_WIDTH, _HEIGHT, _ROW = 7.2, 3.6, 0.19
"""Inches of a panel, and of each row of numbers below it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A curve on a panel.

    Attributes
    ----------
    line : Line
        The curve.
    name : str
        What it is called in the figure.
    limits : str
        ``band``, ``dashed`` or empty, for its 95 % limits.
    """

    line: Line
    name: str
    limits: str = "band"


def paint_panel(
    figure: Figure, shown: Sequence[Shown], *, label: str, last: int, foot: str
) -> None:
    """Draw curves up to a day.

    Parameters
    ----------
    figure : Figure
        Empty.
    shown : sequence of Shown
        One to four.
    label : str
        Of the vertical axis.
    last : int
        Last day.
    foot : str
        What a reader of the figure alone has to know.
    """
    rows = len(shown)
    below = _ROW * (rows + 2) + 0.62
    figure.set_size_inches(_WIDTH, _HEIGHT + below)
    high = _HEIGHT + below
    axes = figure.add_axes((0.20, below / high, 0.78, (_HEIGHT - 0.15) / high))
    ticks = _months(last)
    for (colour, dash), one in zip(LOOKS, shown, strict=False):
        _curve(axes, one, colour, dash, last)
    axes.set(xlim=(0, last), ylim=(-2, 103), ylabel=label)
    axes.set_xticks([month * MONTH for month in ticks], [str(month) for month in ticks])
    axes.set_xlabel("months after the infusion", labelpad=3)
    axes.set_yticks(range(0, 101, 20))
    if rows > 1:
        axes.legend(loc="best", fontsize=9, handlelength=2.6)
    _numbers(axes, shown, ticks, high - below)
    figure.text(0.98, 0.03 / high, foot, ha="right", va="bottom", fontsize=7.5, color=INK)


def _months(last: int) -> list[int]:
    """Months of the axis, few enough to read the numbers below them."""
    months = int(last / MONTH + 1e-6)
    step = next((one for one in (1, 2, 3, 6, 12, 24) if months / one <= 9), 60)
    return list(range(0, months + 1, step))


def _curve(axes: Axes, one: Shown, colour: str, dash: object, last: int) -> None:
    curve = one.line.curve
    known = (curve.times <= last) & (curve.times >= one.line.begins)
    days = np.concatenate([[float(one.line.begins)], curve.times[known]])
    end = min(last, float(curve.times[-1])) if len(curve.times) else 0.0

    def steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        heights = np.concatenate([[curve.start], values[known]])
        return np.append(days, end), 100 * np.append(heights, heights[-1])

    axes.step(
        *steps(curve.estimate), where="post", color=colour, linestyle=dash, linewidth=1.6,
        label=one.name,
    )  # fmt: skip
    low, high = steps(curve.low), steps(curve.high)
    if one.limits == "band":
        axes.fill_between(
            low[0], low[1], high[1], step="post", color=colour, alpha=0.13, linewidth=0
        )
    elif one.limits == "dashed":
        for limit in (low, high):
            axes.step(*limit, where="post", color=colour, linewidth=0.8, linestyle=(0, (4, 3)))
    _censored(axes, curve, colour, last)


def _censored(axes: Axes, curve: Curve, colour: str, last: int) -> None:
    left = np.flatnonzero((curve.censored > 0) & (curve.times <= last))
    if 0 < len(left) <= _MOST_TICKS:
        axes.plot(
            curve.times[left], 100 * curve.estimate[left], linestyle="none", marker="|",
            color=colour, markersize=5, markeredgewidth=0.8,
        )  # fmt: skip


def _numbers(axes: Axes, shown: Sequence[Shown], ticks: Sequence[int], height: float) -> None:
    """How many are at risk at each tick of the axis, in rows below it."""
    days = [month * MONTH for month in ticks]
    first = -(0.52 + _ROW / 2) / (height - 0.15)
    step = _ROW / (height - 0.15)
    blend = axes.get_xaxis_transform()
    axes.text(-0.25, first, "at risk", transform=axes.transAxes, fontsize=8.5, va="center",
              color=INK, fontweight="bold")  # fmt: skip
    for row, ((colour, _), one) in enumerate(zip(LOOKS, shown, strict=False), start=1):
        place = first - row * step
        axes.text(-0.25, place, one.name, transform=axes.transAxes, fontsize=8.5, va="center",
                  color=colour)  # fmt: skip
        for day, count in zip(days, one.line.curve.at_risk_at(days), strict=True):
            if day < one.line.begins:
                continue  # who is in the group is decided later
            axes.text(day, place, str(count), transform=blend, fontsize=8.5, ha="center",
                      va="center", color=INK)  # fmt: skip
