"""A followed patient in a few numbers: a line of the worklist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from cytomon.model.flags import Urgency
from cytomon.model.states import States
from cytomon.model.timeline import Answer
from cytomon.track.b_cells import LANDMARKS
from cytomon.track.follow import Followed
from cytomon.track.known import SILENT, Known
from cytomon.track.visits import closing_after, opening_after

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
    seen: bool


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
        Of the last aplasia: day on which B cells were gone, and on which they were back, the first
        time by the profile's definition.
    again : bool
        Whether it is not the first.
    ended : int or None
        Day on which the calendar of visits ended.
    why_ended : str
        By what.
    void : tuple of (int, str) or None
        Day and kind of the event after which B cells say nothing of the CAR T cells, if that is so
        today.
    due : tuple of str
        Visits whose window is open, and that still lack what they ask for.
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
    again: bool
    ended: int | None
    why_ended: str
    void: tuple[int, str] | None
    due: tuple[str, ...]

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
        """Of the most urgent flag that is open and that nobody has seen."""
        return max((mark.urgency for mark in self.waiting if not mark.seen), default=None)

    @property
    def place(self) -> tuple[object, ...]:
        """Where it stands in a worklist: who has the most urgent flags that nobody has seen first.

        Then by those that were seen and still hold, then the newest of the most urgent, and at last
        the pseudonym, so that the order is always the same.
        """
        new = [mark for mark in self.waiting if not mark.seen]
        old = [mark for mark in self.waiting if mark.seen]
        most = self.urgency
        newest = max((m.on.toordinal() for m in new if m.urgency is most), default=0)
        return (*_many(new), *_many(old), -newest, self.patient_id)


def _many(marks: Sequence[Mark]) -> tuple[int, ...]:
    return tuple(-sum(mark.urgency is urgency for mark in marks) for urgency in _FALLING)


_FALLING = tuple(sorted(Urgency, reverse=True))


def digest_of(followed: Followed) -> Digest:
    """What a worklist shows of a patient."""
    known, course = followed.known, followed.course
    aplasia = course.aplasia if course else None
    onset = recovered = None
    if known and aplasia and aplasia.episodes:
        confirmed = known.profile.recovery == "confirmed"
        onset, back = aplasia.episodes[-1]
        recovered = aplasia.confirmed if confirmed and len(aplasia.episodes) == 1 else back
    return Digest(
        patient_id=followed.timeline.patient_id,
        day0=followed.timeline.day0,
        good_until=_good_until(followed),
        marks=tuple(
            Mark(
                one.rule,
                one.seen.subject,
                one.urgency,
                one.seen.on,
                one.seen.day,
                one.is_open,
                bool(one.answers),
            )
            for one in followed.raised
        ),
        mrd=tuple(_mrd(known)) if known else (),
        b_cells=tuple(_b_cells(known)) if known else (),
        states=followed.states,
        onset=onset,
        recovered=recovered,
        again=bool(aplasia and len(aplasia.episodes) > 1),
        ended=course.ended if course else None,
        why_ended=course.why_ended if course else "",
        void=_void(known) if known else None,
        due=tuple(one.visit.name for one in followed.visits if one.status == "open"),
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
    coming += [closing_after(known.today), opening_after(known.today)]
    for void in known.voids:
        coming += [void.after + 1, *([] if void.until is None else [void.until + 1])]
    most = (date.max - known.day0).days
    days += [known.on(day) for day in coming if known.today < day <= most]
    return min(days, default=date.max)


def _mrd(known: Known) -> Iterator[Point]:
    """One for each day with a marrow: of several the highest, and no answer only where none has."""
    days: dict[int, Point] = {}
    for day, sample in known.marrows:
        if "mrd" in sample.answers:
            days.setdefault(day, _point(day, "marrow", sample.answers["mrd"]))
    for of_day in known.mrd:
        best = of_day.detected or of_day.marrows[0]
        days[of_day.day] = _point(of_day.day, "marrow", best.answer)
    yield from (days[day] for day in sorted(days))


def _void(known: Known) -> tuple[int, str] | None:
    holding = [void for void in known.voids if void.holds(known.today)]
    return (holding[0].after, holding[0].event) if holding else None


def _b_cells(known: Known) -> Iterator[Point]:
    for day, sample in known.samples:
        answer = sample.answers.get("b_fraction")
        if day < 1 or answer is None or sample.specimen_type == "csf":
            continue
        point = _point(day, sample.specimen_type, answer)
        silent = any(void.holds(day) for void in known.voids)
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
        [[m.rule, m.subject, int(m.urgency), _iso(m.on), *m[4:]] for m in digest.marks],
        [list(point) for point in digest.mrd],
        [list(point) for point in digest.b_cells],
        list(digest.states.row().values()),
        digest.onset,
        digest.recovered,
        digest.again,
        digest.ended,
        digest.why_ended,
        digest.void,
        list(digest.due),
    ]


def unpacked(cells: list[Any]) -> Digest:
    """See `packed`."""
    patient_id, day0, good_until, marks, mrd, b_cells, states, *rest = cells
    onset, recovered, again, ended, why_ended, void, due = rest
    return Digest(
        patient_id=patient_id,
        day0=date.fromisoformat(day0) if day0 else None,
        good_until=date.fromisoformat(good_until),
        marks=tuple(
            Mark(rule, subject, Urgency(urgency), date.fromisoformat(on), *more)
            for rule, subject, urgency, on, *more in marks
        ),
        mrd=tuple(map(Point._make, mrd)),
        b_cells=tuple(map(Point._make, b_cells)),
        states=States.of_row(states),
        onset=onset,
        recovered=recovered,
        again=again,
        ended=ended,
        why_ended=why_ended,
        void=tuple(void) if void else None,
        due=tuple(due),
    )


def _iso(on: date | None) -> str:
    return on.isoformat() if on else ""
