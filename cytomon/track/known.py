"""What is known of a patient on a day, laid out so that each rule finds its samples at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from cytomon.model.course import meaning, side
from cytomon.model.drugs import depleting_drugs
from cytomon.model.record import ClinicalEvent
from cytomon.model.results import BCellStatus, MrdStatus
from cytomon.model.timeline import Answer, Sample, Timeline
from cytomon.track.clinical import copies
from cytomon.track.profile import Profile

NO_ANSWER, CLEAR, LOW, POSITIVE = -1, 0, 1, 2
"""How far an MRD goes: none, negative, detected below the threshold, at or above it."""

_LEVELS = {"no answer": NO_ANSWER, "negative": CLEAR, "detected low": LOW, "positive": POSITIVE}
_MRD: dict[str, int] = {status: _LEVELS[meaning("mrd", status)] for status in MrdStatus}
_BACK: dict[str, bool] = {
    status: side("b_fraction", status) == "positive"
    for status in BCellStatus
    if side("b_fraction", status) != "no answer"
}
SILENT = frozenset({*(s for s in MrdStatus if _MRD[s] == NO_ANSWER), BCellStatus.NOT_EVALUABLE})
"""Statuses of an MRD and of B cells that answer nothing."""


class Mrd(NamedTuple):
    """The MRD of one specimen."""

    day: int
    sample: Sample
    answer: Answer
    level: int


class MrdDay(NamedTuple):
    """The marrows of one day, which have no order among each other.

    Attributes
    ----------
    day : int
        After the infusion.
    level : int
        The highest of them.
    marrows : tuple of Mrd
        One, or several.
    detected : Mrd or None
        That of the highest detected value.
    """

    day: int
    level: int
    marrows: tuple[Mrd, ...]
    detected: Mrd | None


class BCells(NamedTuple):
    """What one specimen says of B cells: back, or not."""

    day: int
    sample: Sample
    answer: Answer
    back: bool


class Void(NamedTuple):
    """After something that removes B cells by itself, or brings others' B cells.

    Attributes
    ----------
    after, until : int
        Days after the first, up to the second; None where it does not end.
    event : str
        What it was.
    """

    after: int
    until: int | None
    event: str

    def holds(self, day: int) -> bool:
        """Whether it voids what B cells say on a day."""
        return day > self.after and (self.until is None or day <= self.until)


class Car(NamedTuple):
    """One sample of a CAR transgene."""

    day: int
    event: ClinicalEvent
    below: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A timeline as it stands on a day.

    Attributes
    ----------
    timeline : Timeline
        All of it.
    profile : Profile
        The definitions.
    as_of, day0 : date
        The day, and day 0.
    today : int
        Days from day 0 to `as_of`.
    samples : tuple of (int, Sample)
        Up to that day, with theirs.
    events : mapping of str to list of (int, ClinicalEvent)
        Likewise, by kind.
    marrows : tuple of (int, Sample)
        From day 1 on.
    mrd : tuple of MrdDay
        Of marrows from day 1 on, those without an answer left out.
    b_cells : tuple of BCells
        Of blood and marrow, from day 1 on, where nothing voids them.
    voids : tuple of Void
        What keeps B cells from saying anything of the CAR T cells.
    """

    timeline: Timeline
    profile: Profile
    as_of: date
    day0: date
    today: int
    samples: tuple[tuple[int, Sample], ...]
    events: Mapping[str, list[tuple[int, ClinicalEvent]]]
    marrows: tuple[tuple[int, Sample], ...]
    mrd: tuple[MrdDay, ...]
    b_cells: tuple[BCells, ...]
    voids: tuple[Void, ...]

    def on(self, day: int) -> date:
        """The date of a day."""
        return self.day0 + timedelta(days=day)

    def of_kind(self, *kinds: str) -> list[tuple[int, ClinicalEvent]]:
        """Events of some kinds, from day 0 on."""
        found = [one for kind in kinds for one in self.events.get(kind, ()) if one[0] >= 0]
        return found if len(kinds) == 1 else sorted(found, key=_day_and_kind)

    def first(self, *kinds: str) -> int | None:
        """Day of the first event of some kinds, from day 0 on."""
        days = [day for kind in kinds for day, _ in self.events.get(kind, ()) if day >= 0]
        return min(days, default=None)

    def baseline(self, quantity: str) -> list[tuple[int, Answer]]:
        """Marrows up to day 0 that have a quantity."""
        return [
            (day, sample.answers[quantity])
            for day, sample in self.samples
            if day <= 0 and sample.specimen_type == "marrow" and quantity in sample.answers
        ]

    def before(self, quantity: str) -> Answer | None:
        """The patient's own baseline: the last marrow up to day 0 with a value, the highest."""
        found = [(day, answer) for day, answer in self.baseline(quantity) if _value(answer) >= 0]
        return max(found, key=lambda one: (one[0], _value(one[1])), default=(0, None))[1]

    def car(self, antigen: str) -> list[Car]:
        """Samples of a CAR transgene, from day 1 on; of one day, one above the limit counts."""
        by_day: dict[int, Car] = {}
        for day, event in self.events.get(f"car{antigen.removeprefix('CD')}_copies", ()):
            if day < 1:
                continue
            amount = copies(event.value, event.unit)
            below = amount is None or amount < self.profile.car_limit_copies
            if day not in by_day or not below:
                by_day[day] = Car(day, event, below)
        return [by_day[day] for day in sorted(by_day)]


def _day_and_kind(one: tuple[int, ClinicalEvent]) -> tuple[int, str]:
    return one[0], one[1].event


def _value(answer: Answer) -> float:
    return -1.0 if answer.value is None else answer.value


def at_least(times: float, answer: Answer, before: Answer) -> bool:
    """Whether a fraction is so many times another one; by the counts, which are exact.

    Parameters
    ----------
    times : float
        How many times.
    answer, before : Answer
        The later and the earlier; one that is 0 or not evaluable is no measure of a rise.
    """
    if not before.value or answer.value is None:
        return False
    counts = (answer.numerator, answer.denominator, before.numerator, before.denominator)
    if None in counts:
        return answer.value >= times * before.value
    events, cells, events_before, cells_before = (count or 0 for count in counts)
    return events * cells_before >= times * (events_before * cells)


def known(timeline: Timeline, profile: Profile, as_of: date) -> Known | None:
    """Lay out a timeline; None without a day 0: then nothing can be said.

    Parameters
    ----------
    timeline : Timeline
        Of one patient.
    profile : Profile
        The definitions.
    as_of : date
        What is dated later is left out.
    """
    day0 = timeline.day0
    if day0 is None:
        return None
    samples = tuple(((s.on - day0).days, s) for s in timeline.samples if s.on <= as_of)
    events: dict[str, list[tuple[int, ClinicalEvent]]] = {}
    for event in timeline.events:
        if event.on <= as_of:
            events.setdefault(event.event, []).append(((event.on - day0).days, event))
    marrows = tuple(one for one in samples if one[0] > 0 and one[1].specimen_type == "marrow")
    voids = tuple(_voids(events, profile))
    return Known(
        timeline=timeline,
        profile=profile,
        as_of=as_of,
        day0=day0,
        today=(as_of - day0).days,
        samples=samples,
        events=events,
        marrows=marrows,
        mrd=mrd_days(marrows),
        b_cells=tuple(_b_cells(samples, voids)),
        voids=voids,
    )


def mrd_days(samples: Sequence[tuple[int, Sample]]) -> tuple[MrdDay, ...]:
    """MRD of specimens that have an evaluable one, day by day."""
    days: dict[int, list[Mrd]] = {}
    for one in _mrd_of(samples):
        days.setdefault(one.day, []).append(one)
    return tuple(_mrd_day(day, marrows) for day, marrows in sorted(days.items()))


def _mrd_day(day: int, marrows: Sequence[Mrd]) -> MrdDay:
    detected = [one for one in marrows if one.level >= LOW]
    highest = max(detected, key=lambda one: one.answer.value or 0.0, default=None)
    return MrdDay(day, max(one.level for one in marrows), tuple(marrows), highest)


def _mrd_of(samples: Sequence[tuple[int, Sample]]) -> Iterator[Mrd]:
    for day, sample in samples:
        answer = sample.answers.get("mrd")
        if answer is not None:
            level = _MRD.get(answer.status, NO_ANSWER)
            if level != NO_ANSWER:
                yield Mrd(day, sample, answer, level)


def _b_cells(samples: Sequence[tuple[int, Sample]], voids: Sequence[Void]) -> Iterator[BCells]:
    for day, sample in samples:
        if day < 1 or sample.specimen_type == "csf":
            continue
        answer = sample.answers.get("b_fraction")
        if answer is None or any(void.holds(day) for void in voids):
            continue
        back = _BACK.get(answer.status)
        if back is not None:
            yield BCells(day, sample, answer, back)


def _voids(
    events: Mapping[str, list[tuple[int, ClinicalEvent]]], profile: Profile
) -> Iterator[Void]:
    for day, event in events.get("drug", ()):
        for drug in depleting_drugs(event.value):
            if drug in profile.drug_days:
                yield Void(day, day + profile.drug_days[drug], "drug")
    for kind in ("transplant", "second_infusion"):
        yield from (Void(day, None, kind) for day, _ in events.get(kind, ()) if day >= 0)
