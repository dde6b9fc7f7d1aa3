"""In words: why a covariate has no hazard ratio."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.monotone import unseen
from cytomon.cohort.statistics.partial_likelihood import AtRisk
from cytomon.cohort.statistics.rows import Rows

NOT = "hazard ratio not estimable"
NO_EVENTS = f"no events; {NOT}"
BY_LIKELIHOOD = f"{NOT} by maximum likelihood"


def overlapping(rows: Rows, given: AtRisk) -> dict[int, str]:
    """Covariates that do not vary where it matters, or not apart from each other."""
    blind = unseen(given)
    return {
        column: (
            f"collinear with {_named(rows, others)}; {NOT}"
            if (others := _linked(blind, column)).size
            else f"the same for all who are at risk when events happen; {NOT}"
        )
        for column in np.flatnonzero(np.diag(blind)).tolist()
    }


def runaway(rows: Rows, limit: AtRisk) -> dict[int, str]:
    """Covariates whose coefficient runs off while the likelihood rises towards its limit."""
    lost = unseen(limit)
    found = {}
    for column in np.flatnonzero(np.diag(lost)).tolist():
        having = rows.having(column)
        if having.binary and having.n_events == 0:
            cause = "no events in group"
        elif having.binary and having.n_events == rows.event.sum():
            cause = "no events outside the group"
        else:
            cause = "the likelihood rises for ever with the coefficient"
        found[column] = f"{cause}; {BY_LIKELIHOOD}"
    return found


def unended(rows: Rows, *, reached: bool) -> dict[int, str]:
    """All covariates, if the search for the highest likelihood did not come to an end."""
    reason = f"the search for the highest likelihood did not end; {NOT}"
    return {} if reached else dict.fromkeys(range(len(rows.names)), reason)


def _linked(projection: FloatArray, column: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    others = np.flatnonzero(projection[column])
    return np.asarray(others[others != column])


def _named(rows: Rows, columns: Iterable[int]) -> str:
    return ", ".join(rows.names[column] for column in columns)
