"""When a simulated patient is seen: the calendar of visits, and what the course adds to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cytomon.simulate.course.body import Body
from cytomon.simulate.course.stories import Disease, Story
from cytomon.track.visits import FIRST_YEAR

RELAPSE_FROM = 0.05
"""Blasts as a fraction of the nucleated cells of a marrow."""
_REPEAT_FROM = 2e-4
"""MRD that nobody misses and everybody looks at again."""
_SHORTEST_GAP = 5
_SYMPTOMS = (3, 22)
_GOES_ON = (14, 43)
_ENDS_AFTER_MRD = (3, 8)
_STAYS_AWAY = ("m2", "m4", "m5", "m6", "m9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One day on which blood is taken, and perhaps marrow.

    Attributes
    ----------
    name : str
        As in the calendar; ``repeat`` and ``symptoms`` are not in it.
    day : int
        After the infusion.
    marrow : bool
        Whether marrow is taken too.
    """

    name: str
    day: int
    marrow: bool


CALENDAR: Mapping[str, tuple[int, int, int, bool]] = {
    "baseline": (-14, -7, -1, True),
    **{one.name: (one.first, one.day, one.last, one.marrow) for one in FIRST_YEAR},
}
"""Visit to first, target and last day, and whether marrow is taken (domain: 5.2)."""


def draw_visits(rng: np.random.Generator) -> tuple[Visit, ...]:
    """Every visit of the first year, each within its window, in order."""
    visits: list[Visit] = []
    earliest = -math.inf
    for name, (first, target, last, marrow) in CALENDAR.items():
        # a draw from a triangle: most patients come near the day they are asked for
        drawn = round(rng.triangular(first, target, last))
        day = int(max(drawn, earliest))
        visits.append(Visit(name=name, day=day, marrow=marrow))
        earliest = day + _SHORTEST_GAP
    return tuple(visits)


def follow(
    story: Story, calendar: Sequence[Visit], body: Body, rng: np.random.Generator
) -> tuple[tuple[Visit, ...], int]:
    """The visits of a course, and the day of the last contact.

    Parameters
    ----------
    story : Story
        Says which visits are missed, and where a course ends early.
    calendar : sequence of Visit
        Of `draw_visits`.
    body : Body
        A new MRD brings a marrow 10 to 20 days later (domain: 1.6), a relapse between two visits
        one for its symptoms within three weeks.
    rng : Generator
        Of this course.
    """
    missed = _missed(story, rng)
    visits = [visit for visit in calendar if visit.name not in missed]
    last = calendar[-1].day + int(rng.integers(1, 15))
    if body.growth is None:
        return tuple(visits), last
    if story.disease is Disease.MRD:
        watched, last = _with_repeat(visits, body, rng, days=(7, 11))
        return _until(watched, last), last
    watched, _ = _with_repeat(visits, body, rng, days=(10, 21))
    return _until_relapse(watched, body.growth.reaches(RELAPSE_FROM), rng)


def _missed(story: Story, rng: np.random.Generator) -> frozenset[str]:
    """Month 3, and two to four other visits after remission."""
    if not story.misses_visits:
        return frozenset()
    others = rng.choice(_STAYS_AWAY, size=int(rng.integers(2, 5)), replace=False)
    return frozenset({"m3", *others.tolist()})


def _with_repeat(
    visits: Sequence[Visit], body: Body, rng: np.random.Generator, *, days: tuple[int, int]
) -> tuple[tuple[Visit, ...], int]:
    """Visits with a second marrow after the first MRD, and the end of a course that stops there."""
    found = next((visit for visit in visits if _shows_mrd(visit, body)), None)
    if found is None:
        return tuple(visits), visits[-1].day
    repeat = Visit(name="repeat", day=found.day + int(rng.integers(*days)), marrow=True)
    end = repeat.day + int(rng.integers(*_ENDS_AFTER_MRD))
    # another marrow that is due anyway takes its place
    if any(visit.marrow and found.day < visit.day <= repeat.day for visit in visits):
        return tuple(visits), end
    return _with(visits, repeat), end


def _shows_mrd(visit: Visit, body: Body) -> bool:
    growth = body.growth
    grown = growth.at(visit.day) if growth and visit.day > 0 else 0.0
    return visit.marrow and _REPEAT_FROM <= grown < RELAPSE_FROM


def _until_relapse(
    visits: Sequence[Visit], relapse: float, rng: np.random.Generator
) -> tuple[tuple[Visit, ...], int]:
    """Up to some weeks after the marrow that shows the relapse."""
    day = math.ceil(relapse) + int(rng.integers(*_SYMPTOMS))
    known = [visit.day for visit in visits if visit.marrow and relapse <= visit.day <= day]
    if not known:
        visits = _with(visits, Visit(name="symptoms", day=day, marrow=True))
    last = (known[0] if known else day) + int(rng.integers(*_GOES_ON))
    return _until(visits, last), last


def _until(visits: Sequence[Visit], last: int) -> tuple[Visit, ...]:
    return tuple(visit for visit in visits if visit.day <= last)


def _with(visits: Sequence[Visit], extra: Visit) -> tuple[Visit, ...]:
    """Visits in order with one more, which stands in for a visit of the same week."""
    kept = [visit for visit in visits if not _stands_in(extra, visit)]
    return tuple(sorted([*kept, extra], key=lambda visit: visit.day))


def _stands_in(extra: Visit, visit: Visit) -> bool:
    if visit.name not in CALENDAR:
        return False
    first, _, last, _ = CALENDAR[visit.name]
    return first <= extra.day <= last and abs(visit.day - extra.day) < _SHORTEST_GAP
