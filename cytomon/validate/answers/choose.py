"""Which tubes answer which question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cytomon.measure.intervals import binomial_interval
from cytomon.model.results import MrdStatus
from cytomon.validate.rows import TubeRow

THRESHOLD = 1e-4
USUAL_KINDS = (
    "typical", "CD19neg", "CD19dim", "CD22neg", "CD22dim", "dualneg", "typical+CD19neg",
    "typical+CD22neg",
)  # fmt: skip
"""Kinds of blasts that the bars are about; pro-B blasts are shown, and stand under the limits."""
STRATA: Sequence[tuple[str, float, float]] = (
    ("≥ 1 %", 1e-2, 1.1),
    ("0.1 to 1 %", 1e-3, 1e-2),
    ("0.01 to 0.1 %", 1e-4, 1e-3),
    ("< 0.01 %", 0.0, 1e-4),
)
CONDITIONS = {
    "plain": "plain",
    "realism": "realism",
    "own": "own tubes",
    "diluted": "real, diluted",
}
SIMULATED = ("plain", "realism")
QUICK = "quick"
"""Size of a study that is too small for any verdict."""
_POSITIVE = (MrdStatus.POSITIVE, MrdStatus.POSITIVE_BELOW_LOQ)
_DETECTED = (*_POSITIVE, MrdStatus.DETECTED_BELOW_THRESHOLD)
_NO_ANSWER = ("", MrdStatus.NOT_EVALUABLE, MrdStatus.INSUFFICIENT_SENSITIVITY)
_TRAP = 0.2
UNALTERED = ("", "hemodilute")
"""Words for tubes that are as a specimen may be."""


def conditions(rows: Iterable[TubeRow]) -> tuple[str, ...]:
    """Conditions that occur, in their order."""
    there = {row.condition for row in rows}
    return tuple(name for name in CONDITIONS if name in there)


def of(rows: Iterable[TubeRow], condition: str, *suites: str) -> list[TubeRow]:
    """Tubes of a condition that have a result; of some suites, or of all."""
    return [
        row
        for row in rows
        if row.condition == condition and not row.error and (not suites or row.suite in suites)
    ]


def blanks(rows: Iterable[TubeRow], condition: str) -> list[TubeRow]:
    """Tubes without leukaemia that were measured for MRD; a dilution's 0 % is its tube's blank."""
    found = of(rows, condition, "blank", "b_cells", "own", "diluted")
    return [row for row in found if row.true_fraction == 0 and row.fraction is not None]


def specimen(row: TubeRow) -> str:
    """What a blank is, in words."""
    usual = {"own": "own", "diluted": "0 % mixture"}.get(row.suite, "")
    return " ".join(word for word in (row.state or usual, row.altered) if word)


def false_rate(row: TubeRow) -> float:
    """False events of a blank for each nucleated cell."""
    return (row.blasts or 0) / (row.nucleated or 1)


def cells(rows: Iterable[TubeRow]) -> list[int]:
    """Denominators, at least 1."""
    return [row.nucleated or 1 for row in rows]


def by_eye_rate(row: TubeRow) -> float | None:
    """Events left to the eye for each nucleated cell; None where the template leaves none."""
    return None if row.by_eye is None or not row.nucleated else row.by_eye / row.nucleated


def series(rows: Iterable[TubeRow], condition: str) -> list[TubeRow]:
    """Tubes with blasts of the usual kinds, or of any kind where a laboratory brings them."""
    found = of(rows, condition, "dilution", "own", "diluted")
    return [
        row
        for row in found
        if row.true_fraction and row.fraction is not None
        if row.suite != "dilution" or row.kind in USUAL_KINDS
    ]


def from_threshold(rows: Iterable[TubeRow]) -> list[TubeRow]:
    """Tubes whose nominal level, or truth where there is none, reaches 0.01 %."""
    return [row for row in rows if (row.level or row.true_fraction or 0) >= THRESHOLD]


def is_detected(row: TubeRow) -> bool:
    """Whether leukaemia was reported at any level."""
    return row.status in _DETECTED


def side(status: str) -> str:
    """What a status says of 0.01 %: ``positive``, ``negative``, or ``no answer``."""
    if status in _NO_ANSWER:
        return "no answer"
    return "positive" if status in _POSITIVE else "negative"


def clear_of_threshold(row: TubeRow) -> bool:
    """Whether the truth's own 95 % interval leaves out 0.01 %."""
    if row.true_blasts is None or not row.true_nucleated:
        return False
    truth = binomial_interval(row.true_blasts, row.true_nucleated)
    return not truth.low <= THRESHOLD <= truth.high


def is_trap(row: TubeRow) -> bool:
    """Whether the batch's gains really are far off: an alarm is right there."""
    return (row.gain_sd or 0) >= _TRAP


def log_pairs(rows: Iterable[TubeRow]) -> tuple[list[float], list[float]]:
    """log10 of measured and true MRD of the tubes where both are above 0."""
    pairs = [(row.fraction, row.true_fraction) for row in rows if row.fraction]
    usable = [(measured, true) for measured, true in pairs if measured and true]
    return (
        [float(np.log10(measured)) for measured, _ in usable],
        [float(np.log10(true)) for _, true in usable],
    )
