"""A followed patient in a few numbers: a line of the worklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from cytomon.model.flags import Urgency
from cytomon.model.results import MrdStatus
from cytomon.model.states import States
from cytomon.model.timeline import Answer
from cytomon.track.b_cells import LANDMARKS
from cytomon.track.follow import Followed
from cytomon.track.known import Known
from cytomon.track.visits import closing_after

SILENT = frozenset({MrdStatus.NOT_EVALUABLE, MrdStatus.INSUFFICIENT_SENSITIVITY})
"""Statuses that answer nothing; the first also of B cells."""
VOID = "VOID"
"""Instead of a status: B cells that say nothing of the CAR T cells."""


class Mark(NamedTuple):
    """A flag without its words."""

    rule: str
    subject: str
    urgency: Urgency
    on: date
    day: int | None
    open: bool


class Point(NamedTuple):
    """One measurement of a curve; without a value where it gives no answer."""

    day: int
    kind: str
    value: float | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One line of the worklist.

    Attributes
    ----------
    patient_id : str
        Pseudonym.
    day0 : date or None
        Day of the infusion.
    good_until : date
        First day on which something else may be said, though nothing new arrives.
    marks : tuple of Mark
        Every flag ever.
    mrd, b_cells : tuple of Point
        Of marrows, and of blood and marrow, from day 1 on.
    states : States
        Where the patient stands.
    onset, recovered : int or None
        Day on which B cells were gone, and on which they were back by the profile's definition.
    ended : int or None
        Day on which the calendar of visits ended.
    void : tuple of (int, str) or None
        Day and kind of the event after which B cells say nothing of the CAR T cells, if that is so
        today.
    overdue : tuple of str
        Visits whose window has closed without what they ask for.
    """

    patient_id: str
    day0: date | None
    good_until: date
    marks: tuple[Mark, ...]
    mrd: tuple[Point, ...]
    b_cells: tuple[Point, ...]
    states: States
    onset: int | None
    recovered: int | None
    ended: int | None
    void: tuple[int, str] | None
    overdue: tuple[str, ...]

    @property
    def waiting(self) -> tuple[Mark, ...]:
        """Flags that are open; of one that was raised again only the most urgent."""
        most: dict[tuple[str, str], Mark] = {}
        for mark in self.marks:
            place = mark.rule, mark.subject
            if mark.open and (place not in most or mark.urgency > most[place].urgency):
                most[place] = mark
        return tuple(most.values())

    @property
    def urgency(self) -> Urgency | None:
        """Of the most urgent flag that is open."""
        return max((mark.urgency for mark in self.waiting), default=None)

    @property
    def place(self) -> tuple[object, ...]:
        """Where it stands in a worklist: the most urgent first, then who has most that is urgent.

        Within that the newest, and at last the pseudonym, so that the order is always the same.
        """
        waiting = self.waiting
        many = tuple(-sum(mark.urgency == urgency for mark in waiting) for urgency in _FALLING)
        first = next((-1 if count else 0 for count in many), 0)
        newest = max((mark.on.toordinal() for mark in waiting), default=0)
        return (*(first,), *many, -newest, self.patient_id)


_FALLING = tuple(sorted(Urgency, reverse=True))


def digest_of(followed: Followed) -> Digest:
    """What a worklist shows of a patient."""
    known, course = followed.known, followed.course
    aplasia = course.aplasia if course else None
    recovered = None
    if known and aplasia:
        confirmed = known.profile.recovery == "confirmed"
        recovered = aplasia.confirmed if confirmed else aplasia.trial
    return Digest(
        patient_id=followed.timeline.patient_id,
        day0=followed.timeline.day0,
        good_until=_good_until(followed),
        marks=tuple(
            Mark(one.rule, one.seen.subject, one.urgency, one.seen.on, one.seen.day, one.is_open)
            for one in followed.raised
        ),
        mrd=_points(known, "mrd", ("marrow",)) if known else (),
        b_cells=tuple(_b_cells(known)) if known else (),
        states=followed.states,
        onset=aplasia.onset if aplasia else None,
        recovered=recovered,
        ended=course.ended if course else None,
        void=_void(known) if known else None,
        overdue=tuple(one.visit.name for one in followed.visits if one.status == "overdue"),
    )


def _good_until(followed: Followed) -> date:
    """First day on which something else may be said, though nothing new arrives.

    A window of a visit has closed, a landmark is reached, aplasia has gone unwatched for too long,
    or a day comes that something is dated with.
    """
    known, timeline, as_of = followed.known, followed.timeline, followed.as_of
    dated = [one.on for one in timeline.samples] + [one.on for one in timeline.events]
    days = [on for on in dated if on > as_of]
    if known is None:
        return min(days, default=date.max)
    asked = known.profile.aplasia_asked_from_day
    last = known.mrd[-1].day if known.mrd else 0
    coming = [asked, last + known.profile.unwatched_days + 1, *LANDMARKS.values()]
    coming.append(closing_after(known.today))
    for void in known.voids:
        coming += [void.after + 1, *([] if void.until is None else [void.until + 1])]
    most = (date.max - known.day0).days
    days += [known.on(day) for day in coming if known.today < day <= most]
    return min(days, default=date.max)


def _points(known: Known, quantity: str, kinds: tuple[str, ...]) -> tuple[Point, ...]:
    return tuple(
        _point(day, sample.specimen_type, sample.answers[quantity])
        for day, sample in known.samples
        if day > 0 and sample.specimen_type in kinds and quantity in sample.answers
    )


def _void(known: Known) -> tuple[int, str] | None:
    holding = [void for void in known.voids if void.holds(known.today)]
    return (holding[0].after, holding[0].event) if holding else None


def _b_cells(known: Known) -> Iterator[Point]:
    for point in _points(known, "b_fraction", ("blood", "marrow")):
        silent = any(void.holds(point.day) for void in known.voids)
        yield point._replace(value=None, status=VOID) if silent else point


def _point(day: int, kind: str, answer: Answer) -> Point:
    value = None if answer.status in SILENT else answer.value
    return Point(day, kind, value, answer.status)


def packed(digest: Digest) -> list[object]:
    """A digest in lists, numbers and text, as JSON takes it; `unpacked` turns it back."""
    return [
        digest.patient_id,
        _iso(digest.day0),
        _iso(digest.good_until),
        [[m.rule, m.subject, int(m.urgency), _iso(m.on), m.day, m.open] for m in digest.marks],
        [list(point) for point in digest.mrd],
        [list(point) for point in digest.b_cells],
        list(digest.states.row().values()),
        digest.onset,
        digest.recovered,
        digest.ended,
        digest.void,
        list(digest.overdue),
    ]


def unpacked(cells: list[Any]) -> Digest:
    """See `packed`."""
    patient_id, day0, good_until, marks, mrd, b_cells, states, *rest = cells
    onset, recovered, ended, void, overdue = rest
    return Digest(
        patient_id=patient_id,
        day0=date.fromisoformat(day0) if day0 else None,
        good_until=date.fromisoformat(good_until),
        marks=tuple(
            Mark(rule, subject, Urgency(urgency), date.fromisoformat(on), day, is_open)
            for rule, subject, urgency, on, day, is_open in marks
        ),
        mrd=tuple(map(Point._make, mrd)),
        b_cells=tuple(map(Point._make, b_cells)),
        states=States.of_row(states),
        onset=onset,
        recovered=recovered,
        ended=ended,
        void=tuple(void) if void else None,
        overdue=tuple(overdue),
    )


def _iso(on: date | None) -> str:
    return on.isoformat() if on else ""
