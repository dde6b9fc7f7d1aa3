"""A patient followed to a day: states, visits and flags, from a timeline and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cytomon.model.flags import Flag
from cytomon.model.states import States
from cytomon.model.timeline import Timeline
from cytomon.track.attendance import Attended
from cytomon.track.episodes import Raised, raise_flags
from cytomon.track.known import Known, known
from cytomon.track.profile import Profile
from cytomon.track.rules.catalogue import RULES
from cytomon.track.rules.records import recorded
from cytomon.track.states import Course, course_of, states_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One patient on one day.

    Attributes
    ----------
    timeline : Timeline
        What it rests on.
    as_of : date
        The day.
    known : Known or None
        The same, up to the day; None without a day 0.
    course : Course or None
        What the rules have in common.
    states : States
        Where the patient stands.
    raised : tuple of Raised
        Every flag ever, by day, the more urgent first; not yet in words.
    visits : tuple of Attended
        Visits whose window has begun.
    """

    timeline: Timeline
    as_of: date
    known: Known | None
    course: Course | None
    states: States
    raised: tuple[Raised, ...]
    visits: tuple[Attended, ...]

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The flags in words, in the same order."""
        return tuple(one.flag(_CONFIRMS[one.rule]) for one in self.raised)


_CONFIRMS = {rule.code: rule.confirms for rule in RULES}


def follow(timeline: Timeline, profile: Profile, as_of: date) -> Followed:
    """Follow a patient to a day.

    Parameters
    ----------
    timeline : Timeline
        What counts of the patient.
    profile : Profile
        The definitions.
    as_of : date
        The day.

    Returns
    -------
    Followed
        The same whatever the order in which anything arrived.
    """
    at = known(timeline, profile, as_of)
    if at is None:
        return Followed(
            timeline=timeline,
            as_of=as_of,
            known=None,
            course=None,
            states=States(patient_id=timeline.patient_id),
            raised=_in_order(_without_day0(timeline, profile, as_of)),
            visits=(),
        )
    course = course_of(at)
    return Followed(
        timeline=timeline,
        as_of=as_of,
        known=at,
        course=course,
        states=states_of(at, course),
        raised=_in_order(_all_flags(at, course)),
        visits=course.visits,
    )


def _all_flags(at: Known, course: Course) -> Iterator[Raised]:
    given = at.timeline.acknowledgements
    for rule in RULES:
        yield from raise_flags(rule.code, rule.observe(at, course), given)


def _without_day0(timeline: Timeline, profile: Profile, as_of: date) -> Iterator[Raised]:
    return raise_flags("A18", recorded(timeline, profile, as_of), timeline.acknowledgements)


def _in_order(raised: Iterator[Raised]) -> tuple[Raised, ...]:
    return tuple(
        sorted(
            raised,
            key=lambda one: (one.seen.on, -one.urgency, int(one.rule[1:]), one.seen.subject),
        )
    )
