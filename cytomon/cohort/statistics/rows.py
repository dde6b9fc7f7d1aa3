"""What a model of the hazard is made from: rows of persons with their covariates."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytomon.cohort.statistics.answers import FloatArray, IntArray
from cytomon.cohort.statistics.risk_sets import FollowUp

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What was observed, one row for each stretch in which a person's covariates stay the same.

    Attributes
    ----------
    entry, stop : ndarray, shape (n_rows,)
        The row is at risk in (entry, stop].
    event : ndarray of bool, shape (n_rows,)
        Whether it ends with an event.
    covariates : ndarray, shape (n_rows, n_covariates)
        One column for each name.
    names : tuple of str
        Of the covariates.
    persons : ndarray, shape (n_rows,)
        Whose row it is.
    """

    entry: FloatArray
    stop: FloatArray
    event: BoolArray
    covariates: FloatArray
    names: tuple[str, ...]
    persons: IntArray

    def having(self, column: int) -> Having:
        """Persons and events of a covariate that is 0 or 1: those with 1; of another: all."""
        values = self.covariates[:, column]
        binary = bool(np.isin(values, (0, 1)).all())
        rows = values == 1 if binary else np.ones(len(values), bool)
        n_persons = len(np.unique(self.persons[rows]))
        return Having(binary, n_persons, int(self.event[rows].sum()))


class Having(NamedTuple):
    """Whether a covariate is 0 or 1, and persons and events that have it."""

    binary: bool
    n: int
    n_events: int


def rows_of(
    follow_up: FollowUp,
    covariates: ArrayLike,
    names: Sequence[str],
    persons: Sequence[Hashable] | None = None,
) -> Rows:
    """Put covariates and persons beside what was watched.

    Raises
    ------
    ValueError
        If lengths differ or a covariate is not a finite number.
    """
    table = np.asarray(covariates, dtype=np.float64)
    n_rows = follow_up.stop.size
    if table.shape != (n_rows, len(names)):
        msg = f"covariates have shape {table.shape} for {n_rows} rows and {len(names)} names"
        raise ValueError(msg)
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        msg = f"{names[column]} is {table[row, column]:g} in row {row}: leave rows out that lack it"
        raise ValueError(msg)
    whose = np.arange(n_rows) if persons is None else _numbered(persons)
    if whose.size != n_rows:
        msg = f"persons has {whose.size} values for {n_rows} rows"
        raise ValueError(msg)
    return Rows(follow_up.entry, follow_up.stop, follow_up.code > 0, table, tuple(names), whose)


def _numbered(persons: Sequence[Hashable]) -> IntArray:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in persons], np.int64)
