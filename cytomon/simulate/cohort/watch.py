"""When a simulated patient of a cohort is seen, and when a relapse is found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from cytomon.simulate.cohort.fate import Fate, Relapse
from cytomon.simulate.cohort.law import Law
from cytomon.simulate.course.visits import CALENDAR, Visit
from cytomon.track.visits import MONTH, visits_until

_ALWAYS_KEPT_UNTIL = 35
_EXTRA_UNTIL = 183
_SYMPTOMS = (3, 22)
"""Days from 5 % blasts to a marrow for their symptoms, as in single courses."""


def draw_visits(law: Law, seen_until: int, rng: np.random.Generator) -> tuple[Visit, ...]:
    """Every visit up to the last contact, and blood counts between them, in order.

    Parameters
    ----------
    law : Law
        Says how many are missed and how many counts lie between.
    seen_until : int
        Day of the last contact.
    rng : Generator
        Of this patient.
    """
    names, windows, marrow = _calendar(seen_until)
    days = np.rint(rng.triangular(*windows)).astype(int)
    kept = (rng.random(len(names)) >= law.missed) | (days <= _ALWAYS_KEPT_UNTIL)
    visits = {
        day: Visit(name=name, day=day, marrow=takes)
        for name, day, takes, comes in zip(names, days.tolist(), marrow, kept, strict=True)
        if comes and day <= seen_until
    }
    span = _EXTRA_UNTIL - _ALWAYS_KEPT_UNTIL
    number = rng.poisson(law.extra_bloods * span / MONTH)
    extra = rng.integers(_ALWAYS_KEPT_UNTIL + 1, _EXTRA_UNTIL + 1, size=number).tolist()
    for day in extra:
        if day <= seen_until:
            visits.setdefault(day, Visit(name="blood", day=day, marrow=False))
    return tuple(visits[day] for day in sorted(visits))


@cache
def _calendar(until: int) -> tuple[tuple[str, ...], np.ndarray, tuple[bool, ...]]:
    """Names of visits; first, target and last days; and whether marrow is taken."""
    name = "baseline"
    first, target, last, marrow = CALENDAR[name]
    due = list(visits_until(until))
    windows = [(first, target, last), *((one.first, one.day, one.last) for one in due)]
    return (
        (name, *(one.name for one in due)),
        np.array(windows, dtype=float).T,
        (marrow, *(one.marrow for one in due)),
    )


def found_on(fate: Fate, visits: Sequence[Visit], rng: np.random.Generator) -> float:
    """Day on which a relapse is found: at the first marrow that shows it, or by its symptoms.

    Parameters
    ----------
    fate : Fate
        With the true day.
    visits : sequence of Visit
        In order.
    rng : Generator
        Of this patient.
    """
    waits = int(rng.integers(*_SYMPTOMS))
    if fate.relapse is Relapse.NONE:
        return math.inf
    shown = math.ceil(fate.relapse_day)
    if fate.relapse is Relapse.OUTSIDE:
        return shown
    marrows = (one.day for one in visits if one.marrow and shown <= one.day <= shown + waits)
    return next(marrows, shown + waits)


def until(visits: Sequence[Visit], last: int, found: float) -> tuple[Visit, ...]:
    """Visits up to the end, or to a relapse, for which marrow and blood are taken too."""
    kept = [one for one in visits if one.day <= last and one.day < found]
    if found > last:
        return tuple(kept)
    due = next((one.name for one in visits if one.day == found), "symptoms")
    return (*kept, Visit(name=due, day=int(found), marrow=True))
