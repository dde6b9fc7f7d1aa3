"""The calendar of visits: when what is asked for (domain: 5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

MONTH = 365.25 / 12
"""Days of a month (domain: 5.1)."""


class Visit(NamedTuple):
    """One visit of the calendar.

    Attributes
    ----------
    name : str
        ``d28``, ``m3`` and so on.
    day, first, last : int
        Its day after the infusion, and the window in which it may be.
    marrow : bool
        Whether a marrow is asked for, beside B cells.
    decides : bool
        Whether a decision hangs on it.
    """

    name: str
    day: int
    first: int
    last: int
    marrow: bool = False
    decides: bool = False


FIRST_YEAR = (
    Visit("w1", 7, 4, 10),
    Visit("w2", 14, 11, 17),
    Visit("d28", 28, 25, 35, marrow=True, decides=True),
    Visit("m2", 61, 51, 71, marrow=True),
    Visit("m3", 91, 77, 105, marrow=True, decides=True),
    Visit("m4", 122, 108, 136),
    Visit("m5", 152, 138, 166),
    Visit("m6", 183, 162, 204, marrow=True, decides=True),
    Visit("m9", 274, 244, 304, marrow=True),
    Visit("m12", 365, 335, 395, marrow=True),
)
DECISIONS = tuple(visit for visit in FIRST_YEAR if visit.decides)
_LATE_WINDOW = 30


def visits_until(day: int) -> Iterator[Visit]:
    """Visits whose window has begun by a day.

    Parameters
    ----------
    day : int
        Days after the infusion.

    Yields
    ------
    Visit
        In order.

    Examples
    --------
    >>> [visit.name for visit in visits_until(60)]
    ['w1', 'w2', 'd28', 'm2']
    """
    for visit in _CALENDAR:
        if visit.first > day:
            return
        yield visit


def closing_after(day: int) -> int:
    """The day on which the next window has closed: the day after its last."""
    return min((visit.last + 1 for visit in _CALENDAR if visit.last >= day), default=day + 1)


def opening_after(day: int) -> int:
    """The day on which the next window opens."""
    return min((visit.first for visit in _CALENDAR if visit.first > day), default=day + 1)


def next_visit(day: int) -> Visit:
    """The first visit whose window has not opened yet.

    Examples
    --------
    >>> next_visit(61).name, next_visit(400).name
    ('m3', 'm15')
    """
    return next((visit for visit in _CALENDAR if visit.first > day), _CALENDAR[-1])


def _late() -> Iterator[Visit]:
    """Every 3 months to month 24, then every 6 as long as anybody lives."""
    for month in chain((15, 18, 21, 24), range(30, 12 * 100, 6)):
        on = round(month * MONTH)
        yield Visit(f"m{month}", on, on - _LATE_WINDOW, on + _LATE_WINDOW)


_CALENDAR = (*FIRST_YEAR, *_late())
