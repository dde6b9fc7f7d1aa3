"""Data sets with R's answers, as `data/reference.R` wrote them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray

_DATA = Path(__file__).parent / "data"

# Remission of 42 children with leukaemia in weeks, 6-MP and placebo (Freireich 1963, as printed
# by Gehan 1965); 0 marks who was still in remission.
SIX_MP_WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SIX_MP_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO_WEEKS = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def read(name: str, *, only: dict[str, str] | None = None) -> dict[str, list[str]]:
    """Columns of a file, of the rows in which the columns of `only` have these values."""
    with (_DATA / f"{name}.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    wanted = [row for row in rows if all(row[key] == text for key, text in (only or {}).items())]
    return {key: [row[key] for row in wanted] for key in rows[0]}


def numbers(column: list[str]) -> FloatArray:
    """R's numbers; its NA is NaN."""
    return np.array([float("nan") if text == "NA" else float(text) for text in column])
