"""Copies of the CAR transgenes over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cytomon.cohort.analyses.kinetics import ANTIGENS, BINS
from cytomon.cohort.estimates import Estimate
from cytomon.cohort.figures.panel import LOOKS
from cytomon.svg import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_APART = 0.13
_MARKS = ("o", "s")


def paint_copies(figure: Figure, rows: Sequence[Estimate], *, foot: str) -> None:
    """Draw medians with their intervals for each span of days.

    Parameters
    ----------
    figure : Figure
        Empty.
    rows : sequence of Estimate
        Of the analysis ``car_kinetics``.
    foot : str
        What a reader of the figure alone has to know.
    """
    figure.set_size_inches(7.2, 4.3)
    axes = figure.add_axes((0.12, 0.30, 0.86, 0.67))
    figure.text(0.98, 0.01, foot, ha="right", va="bottom", fontsize=7.5, color=INK)
    found = {one.group: one for one in rows}
    seen = [one.estimate for one in rows if one.estimate]
    floor = min(seen, default=1.0) / 4
    for (colour, _), mark, antigen, side in zip(LOOKS, _MARKS, ANTIGENS, (-1, 1), strict=False):
        axes.plot([], [], marker=mark, color=colour, linestyle="none", label=f"{antigen} CAR")
        for place, (first, last) in enumerate(BINS):
            one = found.get(f"{antigen}:{first}-{last}")
            if one is None or one.estimate is None:
                continue
            x = place + side * _APART
            axes.plot(
                [x], [one.estimate or floor], marker=mark, color=colour, markersize=6,
                markerfacecolor=colour if one.estimate else "none", linestyle="none",
            )  # fmt: skip
            if one.ci_low is not None and one.ci_high is not None:
                axes.plot([x, x], [max(one.ci_low, floor), max(one.ci_high, floor)],
                          color=colour, linewidth=1.4)  # fmt: skip
    axes.set_yscale("log")
    axes.set(ylabel="copies/ng DNA", xlim=(-0.6, len(BINS) - 0.4), ylim=(floor * 0.8, None))
    axes.set_xticks(range(len(BINS)), [f"{first}-{last}" for first, last in BINS], fontsize=9)
    axes.set_xlabel("days after the infusion", labelpad=2)
    axes.legend(loc="upper right", fontsize=9)
    blend = axes.get_xaxis_transform()
    for line, (antigen, (colour, _)) in enumerate(zip(ANTIGENS, LOOKS, strict=False)):
        height = -0.245 - 0.075 * line
        axes.text(-0.75, height, f"n {antigen}", transform=blend, fontsize=8.5, ha="right",
                  color=colour)  # fmt: skip
        for place, (first, last) in enumerate(BINS):
            one = found.get(f"{antigen}:{first}-{last}")
            axes.text(place, height, str(one.n if one else 0), transform=blend, fontsize=8.5,
                      ha="center", color=INK)  # fmt: skip
