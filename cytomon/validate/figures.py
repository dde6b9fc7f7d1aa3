"""Plots of a validation, as SVG that takes the colour of its page and needs no other file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytomon.validate.agreement import bland_altman
from cytomon.validate.answers.calls import b_rows
from cytomon.validate.answers.choose import (
    CONDITIONS,
    STRATA,
    THRESHOLD,
    blanks,
    by_eye_rate,
    conditions,
    false_rate,
    is_detected,
    log_pairs,
    series,
    specimen,
)
from cytomon.validate.answers.positives import by_level, curve
from cytomon.validate.detection import variation
from cytomon.validate.rows import TubeRow
from cytomon.validate.svg import INK, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, each with a shape of its own: neither is needed to read the other
LOOKS = {
    "plain": ("#0072B2", "o"),
    "realism": ("#D55E00", "^"),
    "own": ("#009E73", "s"),
    "diluted": ("#CC79A7", "D"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing with its words.

    Attributes
    ----------
    title, says : str
        What it is, and how to read it; `says` also stands for the picture where none is seen.
    svg : str
        The drawing.
    """

    title: str
    says: str
    svg: str


def draw(rows: Sequence[TubeRow]) -> tuple[Plot, ...]:
    """All plots for which there are tubes."""
    return tuple(
        Plot(title=plan.title, says=plan.says, svg=drawing(plan.paint, rows, number))
        for number, plan in enumerate(_PLANS)
        if any(plan.tubes(rows, name) for name in conditions(rows))
    )


def _quantity(figure: Figure, rows: Sequence[TubeRow]) -> None:
    left, right = figure.subplots(1, 2)
    ends = [1e-6, 1.0]
    left.plot(ends, ends, color=INK, linewidth=0.8)
    for line in (left.axvline, left.axhline):
        line(THRESHOLD, color=INK, linewidth=0.6, linestyle=":")
    for name in conditions(rows):
        chosen = [row for row in series(rows, name) if row.fraction]
        true = np.array([row.true_fraction or 0.0 for row in chosen])
        measured = np.array([row.fraction or 0.0 for row in chosen])
        _dots(left, true, measured, name)
        _dots(right, true, np.log10(measured / true), name)
        _limits_of_agreement(right, chosen, name)
    right.axhline(0, color=INK, linewidth=0.8)
    left.set(xscale="log", yscale="log", xlabel="true MRD (fraction)")
    left.set(xlim=ends, ylim=ends, ylabel="measured MRD (fraction)")
    right.set(xscale="log", xlim=ends, xlabel="true MRD (fraction)")
    low, high = right.get_ylim()  # differences of nothing would fill the drawing
    right.set(ylim=(min(low, -0.1), max(high, 0.1)), ylabel="log10 measured - log10 true")
    _legend(figure, left)


def _legend(figure: Figure, axes: Axes) -> None:
    """Above the drawing: within it, it would hide a tube."""
    marks, words = axes.get_legend_handles_labels()
    figure.legend(marks, words, loc="outside upper center", ncols=len(LOOKS), fontsize=9)


def _limits_of_agreement(axes: Axes, rows: Sequence[TubeRow], name: str) -> None:
    from_threshold = [row for row in rows if (row.true_fraction or 0) >= THRESHOLD]
    found = bland_altman(*log_pairs(from_threshold))
    if found is not None:
        for limit in (found.lower, found.upper):
            axes.axhline(limit.value, color=LOOKS[name][0], linewidth=0.9, linestyle="--")


def _dots(axes: Axes, x: Sequence[float] | np.ndarray, y: object, name: str) -> None:
    colour, shape = LOOKS[name]
    face = colour if name == "plain" else "none"
    axes.plot(x, y, shape, color=colour, markerfacecolor=face, markersize=5, label=CONDITIONS[name])  # type: ignore[arg-type]


def _recall(figure: Figure, rows: Sequence[TubeRow]) -> None:
    for axes, what in zip(figure.subplots(1, 2, sharey=True), ("recall", "precision"), strict=True):
        for name in conditions(rows):
            chosen = [row for row in series(rows, name) if getattr(row, what) is not None]
            places = [_stratum(row) + aside for row, aside in _beside(name, chosen)]
            _dots(axes, places, [getattr(row, what) for row in chosen], name)
        axes.set(xticks=range(len(STRATA)), xlabel="true MRD", ylabel=what, ylim=(-0.05, 1.05))
        axes.set_xticklabels([words for words, _, _ in STRATA])
        axes.set_xlim(len(STRATA) - 0.5, -0.5)
    _legend(figure, axes)


def _stratum(row: TubeRow) -> int:
    true = row.true_fraction or 0.0
    return next(n for n, (_, low, high) in enumerate(STRATA) if low <= true < high)


def _beside(name: str, rows: Sequence[TubeRow]) -> list[tuple[TubeRow, float]]:
    """Conditions side by side, tubes spread in turn, so that equal ones are seen."""
    lane = list(CONDITIONS).index(name) * 0.22 - 0.33
    return [(row, lane + (turn % 7 - 3) * 0.028) for turn, row in enumerate(rows)]


def _blanks(figure: Figure, rows: Sequence[TubeRow]) -> None:
    found = {name: blanks(rows, name) for name in conditions(rows)}
    every = [row for tubes in found.values() for row in tubes]
    specimens = list(dict.fromkeys(map(specimen, every)))
    panels: dict[str, Callable[[TubeRow], float | None]] = {"false events": false_rate}
    if any(by_eye_rate(row) is not None for row in every):
        panels["events left to the eye"] = by_eye_rate
    drawn = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (words, rate) in zip(drawn, panels.items(), strict=True):
        rates = {row.key: 1e6 * (rate(row) or 0.0) for row in every if rate(row) is not None}
        for name, tubes in found.items():
            placed = [(row, aside) for row, aside in _beside(name, tubes) if row.key in rates]
            places = [specimens.index(specimen(row)) + aside for row, aside in placed]
            _dots(axes, [rates[row.key] for row, _ in placed], places, name)
        axes.set_xscale("symlog", linthresh=1)
        # beyond the farthest by a whole mark
        axes.set_xlim(-0.3, max(10.0, 1.6 * max(rates.values(), default=0.0)))
        axes.set(xlabel=f"{words} per million cells", yticks=range(len(specimens)))
        axes.set_ylim(len(specimens) - 0.4, -0.6)
        axes.set_yticklabels(specimens if axes is drawn[0] else [])
    _legend(figure, drawn[0])


def _hits(figure: Figure, rows: Sequence[TubeRow]) -> None:
    found = {name: _at_levels(rows, name) for name in conditions(rows)}
    spread = {name: _spreads(chosen) for name, chosen in found.items()}
    left, *right = figure.subplots(1, 2 if any(spread.values()) else 1, squeeze=False)[0]
    grid = np.logspace(-6, -1, 200)
    for name, chosen in found.items():
        hits = [is_detected(row) for row in chosen]
        level = np.array([row.level or row.true_fraction or 0.0 for row in chosen])
        shown = np.unique(level)
        _dots(left, shown, [float(np.mean(np.array(hits)[level == one])) for one in shown], name)
        fitted, _ = curve(chosen) if chosen else (None, "")
        if fitted is not None:
            rates = [fitted.rate_at(float(value)) for value in grid]
            left.plot(grid, rates, color=LOOKS[name][0], linewidth=1)
    left.axhline(0.95, color=INK, linewidth=0.6, linestyle=":")
    left.set(xscale="log", xlim=(1e-6, 1), xlabel="nominal MRD (fraction)")
    left.set(ylabel="share of tubes called detected", ylim=(-0.05, 1.05))
    _legend(figure, left)
    for axes in right:
        for name, known in spread.items():
            _dots(axes, list(known), list(known.values()), name)
        for most in (20, 30):
            axes.axhline(most, color=INK, linewidth=0.6, linestyle=":")
        highest = max(value for known in spread.values() for value in known.values())
        axes.set(xscale="log", xlim=(1e-6, 1), xlabel="nominal MRD (fraction)")
        axes.set(ylabel="CV between tubes (%)", ylim=(0, max(40.0, 1.1 * highest)))


def _spreads(rows: Sequence[TubeRow]) -> dict[float, float]:
    """Level to the coefficient of variation between its tubes, in percent."""
    found = {level: variation(measured) for level, measured in by_level(rows).items()}
    return {level: 100 * spread for level, spread in found.items() if spread is not None}


def _b_cells(figure: Figure, rows: Sequence[TubeRow]) -> None:
    axes = figure.subplots()
    axes.plot([1e-6, 1], [1e-6, 1], color=INK, linewidth=0.8)
    for line in (axes.axvline, axes.axhline):
        line(0.01, color=INK, linewidth=0.6, linestyle=":")
    for name in conditions(rows):
        chosen = [row for row in b_rows(rows, name) if row.b_fraction and row.true_b]
        for row in chosen:
            ends = [max(row.b_low or 0.0, 1e-6), row.b_high or 0.0]
            axes.plot([row.true_b or 0.0] * 2, ends, color=LOOKS[name][0], linewidth=0.8)
        _dots(axes, [row.true_b or 0 for row in chosen], [row.b_fraction for row in chosen], name)
    axes.set(xscale="log", yscale="log", xlim=(2e-5, 1), ylim=(2e-5, 1))
    axes.set(xlabel="true B cells (fraction of lymphocytes)", ylabel="measured (fraction)")
    _legend(figure, axes)


def _at_levels(rows: Sequence[TubeRow], condition: str) -> list[TubeRow]:
    """Tubes of a series; those of a laboratory are each a level of their own."""
    return [row for row in series(rows, condition) if row.level]


def _with_recall(rows: Sequence[TubeRow], condition: str) -> list[TubeRow]:
    return [row for row in series(rows, condition) if row.recall is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is drawn, and which tubes of a condition it needs."""

    title: str
    says: str
    paint: Callable[[Figure, Sequence[TubeRow]], None]
    tubes: Callable[[Sequence[TubeRow], str], list[TubeRow]]


_PLANS = (
    _Plan(
        title="Measured and true MRD",
        says="Left: each tube of the dilution series; the line is where both are equal, dotted is "
        "0.01 %. Right: the differences of their logarithms with the limits of agreement (dashed, "
        "from 0.01 %).",
        paint=_quantity,
        tubes=series,
    ),
    _Plan(
        title="Recall and precision, tube by tube",
        says="Share of the true blasts that were found, and share of true blasts among what was "
        "found, by stratum of the true fraction.",
        paint=_recall,
        tubes=_with_recall,
    ),
    _Plan(
        title="Tubes without leukaemia, one by one",
        says="Left: events called blasts. Right, where a template leaves any: events left to the "
        "eye. Each mark is a tube; the scale is linear up to 1.",
        paint=_blanks,
        tubes=blanks,
    ),
    _Plan(
        title="Detection and spread by level",
        says="Left: share of tubes called detected at each level, with the probit curve where one "
        "can be fitted; dotted is 95 %. Right, where levels have several tubes: coefficient of "
        "variation; dotted are 20 and 30 %.",
        paint=_hits,
        tubes=_at_levels,
    ),
    _Plan(
        title="B cells of lymphocytes, tube by tube",
        says="Measured fraction with its 95 % interval against the truth; dotted is 1 %.",
        paint=_b_cells,
        tubes=b_rows,
    ),
)
