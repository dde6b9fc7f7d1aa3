"""What a row of ``measurements.csv`` may hold, and why another cannot be used."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.record import MeasuredRow
from cytomon.model.results import AntigenCall, BCellStatus, MrdStatus, PlainStatus
from cytomon.tables import meant
from cytomon.worklist import ISO_DAY

SOURCE = (
    "file", "sha256", "patient_id", "specimen_id", "collected_on", "specimen_type", "template",
)  # fmt: skip
MEASURED = (
    "quantity", "numerator", "denominator", "value", "ci_low", "ci_high", "lod", "loq", "status",
    "qualifiers",
)  # fmt: skip

COLUMNS: Mapping[str, bool] = {
    name: name not in {"file", "sha256", "template", "lod", "loq", "qualifiers"}
    for name in (*SOURCE, *MEASURED)
}
"""Columns, and whether each must be there."""

NUMBERS = re.compile(r"[0-9.eE+-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_QUALIFIERS = re.compile(r"([A-Z0-9_]+(;[A-Z0-9_]+)*)?")
_LONGEST = {"file": 1000}
MOST_EVENTS = 2**53 - 1
"""Beyond that a double does not hold every integer."""
ROUNDED = 0.01
"""Relative difference that rounding may leave between a value and its counts."""

_STATUSES = {row.code: frozenset(row.statuses) for row in CATALOGUE}
WITHOUT_VALUE = {
    MrdStatus.NOT_EVALUABLE, BCellStatus.NOT_EVALUABLE, AntigenCall.NOT_ASSESSABLE,
    PlainStatus.NOT_EVALUABLE,
}  # fmt: skip
FOUND = {MrdStatus.POSITIVE, MrdStatus.POSITIVE_BELOW_LOQ, MrdStatus.DETECTED_BELOW_THRESHOLD}


class RowError(ValueError):
    """Why a row cannot be used; never what a cell holds, which may name a person."""


def read_measured(cells: Sequence[str]) -> MeasuredRow:
    """Numbers of one row.

    Parameters
    ----------
    cells : sequence of str
        Of the columns `MEASURED`.

    Raises
    ------
    RowError
        If one of them is wrong, or they contradict each other.
    """
    quantity, k, n, value, low, high, lod, loq, status, qualifiers = cells
    check_words(quantity, status, qualifiers)
    if not NUMBERS.fullmatch(k + n + value + low + high + lod + loq):
        raise RowError(_not_a_number(cells))
    try:
        row = (  # plus 0.0: no database gives -0.0 back
            quantity,
            int(k) if k else None,
            int(n) if n else None,
            float(value) + 0.0 if value else None,
            float(low) + 0.0 if low else None,
            float(high) + 0.0 if high else None,
            float(lod) + 0.0 if lod else None,
            float(loq) + 0.0 if loq else None,
            status,
            qualifiers,
        )
    except ValueError:
        raise RowError(_not_a_number(cells)) from None
    _check_numbers(row)
    return row


def check_words(quantity: str, status: str, qualifiers: str) -> None:
    """Refuse words that no row may hold.

    Raises
    ------
    RowError
        If one is not known, or they do not go together.
    """
    if quantity not in _STATUSES:
        near = get_close_matches(quantity, _STATUSES, n=1)
        raise RowError(
            "quantity: not in the catalogue" + "".join(f" (did you mean {x}?)" for x in near)
        )
    if status not in _STATUSES[quantity]:
        raise RowError(f"status: {quantity} has {', '.join(sorted(_STATUSES[quantity]))}")
    if not _QUALIFIERS.fullmatch(qualifiers):
        raise RowError("qualifiers: codes in capitals, joined by ';', are needed")


def _not_a_number(cells: Sequence[str]) -> str:
    for name, cell in zip(MEASURED[1:8], cells[1:8], strict=True):
        whole = name in {"numerator", "denominator"}
        try:
            if cell and (not NUMBERS.fullmatch(cell) or (int(cell) if whole else float(cell)) < 0):
                raise ValueError
        except ValueError:
            return f"{name}: {'a whole number' if whole else 'a fraction'} is needed"
    return "a number is not one"


def _check_numbers(row: MeasuredRow) -> None:
    _, k, n, value, low, high, lod, loq, status, _ = row
    if value is None:
        if low is not None or high is not None:
            raise RowError("value: missing, though there is an interval")
        if status not in WITHOUT_VALUE:
            raise RowError(f"value: missing, though the status is {status}")
    elif low is None or high is None:
        raise RowError("ci_low, ci_high: a value without its interval")
    elif not 0.0 <= low <= value <= high <= 1.0:
        raise RowError("value: fractions with 0 <= ci_low <= value <= ci_high <= 1 are needed")
    # a cluster of events may be larger than the denominator: then the limit is above 1
    if not (0.0 <= (lod or 0.0) < math.inf and 0.0 <= (loq or 0.0) < math.inf):
        raise RowError("lod, loq: fractions are needed")
    _check_counts(k, n, value, status)


def _check_counts(k: int | None, n: int | None, value: float | None, status: str) -> None:
    if k is not None:
        _check_numerator(k, n, value, status)
    elif n is not None and not 0 <= n <= MOST_EVENTS:
        raise RowError("denominator: a count is needed")


def _check_numerator(k: int, n: int | None, value: float | None, status: str) -> None:
    if n is None:
        raise RowError("denominator: missing, though there is a numerator")
    if not 0 <= k <= n <= MOST_EVENTS:
        raise RowError("numerator, denominator: counts with 0 <= numerator <= denominator needed")
    if value is not None and (n == 0 or abs(value - k / n) > ROUNDED * value):
        raise RowError("value: not numerator / denominator (fractions, never percent)")
    if k == 0 and status in FOUND:
        raise RowError(f"status: {status} with no event")
    if k and status == MrdStatus.NOT_DETECTED:
        raise RowError("status: NOT_DETECTED, though there are events")


def read_source(cells: Sequence[str]) -> tuple[Specimen, str, str, str]:
    """Specimen, file, hash and template of a row.

    Parameters
    ----------
    cells : sequence of str
        Of the columns `SOURCE`, without blanks around them.

    Raises
    ------
    RowError
        If one of them is wrong.
    """
    file, sha256, *whose, template = cells
    specimen = _specimen(*whose)
    if sha256 and not _SHA256.fullmatch(sha256):
        raise RowError("sha256: 64 hexadecimal digits are needed, or nothing")
    return specimen, _clean("file", file), sha256, _clean("template", template)


@lru_cache(maxsize=64)
def _specimen(patient_id: str, specimen_id: str, collected_on: str, kind: str) -> Specimen:
    """The specimen of a row: the same value for the rows of all its tubes."""
    patient_id = _clean("patient_id", patient_id)
    if not patient_id:
        raise RowError("patient_id: missing; a result of nobody is in no course")
    try:
        specimen_type = SpecimenType(kind.lower())
    except ValueError:
        raise RowError(f"specimen_type: one of {', '.join(SpecimenType)} is needed") from None
    return Specimen(
        patient_id=patient_id,
        specimen_id=_clean("specimen_id", specimen_id),
        collected_on=_day(collected_on),
        specimen_type=specimen_type,
    )


def _clean(name: str, cell: str) -> str:
    text = meant(cell)
    if len(text) > _LONGEST.get(name, 200):
        raise RowError(f"{name}: longer than {_LONGEST.get(name, 200)} characters")
    if not text.isprintable():
        raise RowError(f"{name}: a character that cannot be printed, or is no UTF-8")
    return text


def _day(text: str) -> date:
    try:
        if ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise RowError("collected_on: a date as 2026-02-09 (year-month-day) is needed")
