"""Rules about B cells, transgene, visits and data: the rest of A1 to A21 (page: Flags)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from cytomon.model.timeline import Sample, Timeline
from tests.track.oracle_base import (
    APLASIA,
    RECOVERED,
    View,
    deaths,
    evaluable_marrows,
    happened,
    marrows,
    status,
    value,
)
from tests.track.oracle_episodes import CRITICAL, HIGH, MEDIUM, Look
from tests.track.oracle_relapse import relapse_days
from tests.track.oracle_states import (
    bca_onset,
    car_lost,
    recoveries,
    recovery_trial,
    transgene,
    words,
)

# B cells and transgene


def a4(seen: View) -> Iterator[Look]:
    """B cells are back."""
    back = recoveries(seen)
    for one in words(seen):
        severity = CRITICAL if one.day < 91 else HIGH if one.day < 183 else MEDIUM
        if not one.recovered or one in back:
            yield Look(seen.dated(one.day), one.recovered, severity)


def a5(seen: View) -> Iterator[Look]:
    """Hematogones while the blood is in aplasia."""
    blood = [one for one in words(seen) if one.where == "blood"]
    for one in marrows(seen):
        part = value(one, "hematogones")
        near = [other for other in blood if abs(other.day - seen.day(one.on)) <= 14]
        if part is not None and near:
            aplastic = any(not other.recovered for other in near)
            yield Look(one.on, part >= Fraction(1, 1000) and aplastic, HIGH)


def a11(seen: View) -> Iterator[Look]:
    """CAR transgene lost."""
    recovery = recovery_trial(seen)
    for antigen in ("car19", "car22"):
        subject, lost = f"CD{antigen[3:]}", car_lost(seen, antigen)
        found = transgene(seen, antigen)
        for day, below in found.items():
            severity = HIGH if recovery is not None and day >= recovery else MEDIUM
            holds = below and lost is not None and day >= lost
            yield Look(seen.dated(day), holds, severity, subject)
        if lost is None or recovery is None or recovery <= lost:
            continue
        if found[max(day for day in found if day <= recovery)]:
            yield Look(seen.dated(recovery), True, HIGH, subject)


def a14(seen: View) -> Iterator[Look]:
    """Blood and marrow disagree about B cells."""
    onset = bca_onset(seen)
    said = [one for one in words(seen) if onset is not None and one.day >= onset]
    for blood in said:
        for marrow in said:
            pair = blood.where == "blood" and marrow.where == "marrow"
            if pair and abs(blood.day - marrow.day) <= 14:
                later = max(blood.day, marrow.day)
                yield Look(seen.dated(later), blood.recovered != marrow.recovered, MEDIUM)


def a17(seen: View) -> Iterator[Look]:
    """Aplasia without a look at the marrow for more than 100 days."""
    days = [seen.day(one.on) for one in evaluable_marrows(seen)]
    yield from (Look(seen.dated(day), False, MEDIUM) for day in days)
    ends = happened(seen, "transplant", "second_infusion") + relapse_days(seen) + deaths(seen)
    said = words(seen)
    gone = {one.day for one in said if not one.recovered}
    for last in {0, *days}:
        due = last + 101
        for asked in {due, *(day for day in gone if day > due)}:
            if asked > seen.today or any(last < day <= asked for day in days):
                continue
            newest = max((one.day for one in said if one.day <= asked), default=None)
            aplastic = newest is not None and not any(
                one.day == newest and one.recovered for one in said
            )
            holds = aplastic and not any(day <= asked for day in ends)
            yield Look(seen.dated(asked), holds, MEDIUM)


def a21(seen: View) -> Iterator[Look]:
    """No aplasia by day 28."""
    if seen.today < 28:
        return
    early = [one for one in words(seen) if one.day <= 35]
    if early and all(one.recovered for one in early):
        yield Look(seen.dated(max(one.day for one in early)), True, HIGH)
    for one in words(seen):
        if one.day > 35 and not one.recovered:
            yield Look(seen.dated(one.day), False, HIGH)


# Visits


class Visit(NamedTuple):
    """A visit of the calendar: its window, and whether it asks for a marrow."""

    name: str
    first: int
    last: int
    marrow: bool


FIRST_VISITS = (
    Visit("w1", 4, 10, marrow=False),
    Visit("w2", 11, 17, marrow=False),
    Visit("d28", 25, 35, marrow=True),
    Visit("m2", 51, 71, marrow=True),
    Visit("m3", 77, 105, marrow=True),
    Visit("m4", 108, 136, marrow=False),
    Visit("m5", 138, 166, marrow=False),
    Visit("m6", 162, 204, marrow=True),
    Visit("m9", 244, 304, marrow=True),
    Visit("m12", 335, 395, marrow=True),
)


def visits(upto: int) -> Iterator[Visit]:
    """The calendar: all visits whose window has closed before a day."""
    yield from (visit for visit in FIRST_VISITS if visit.last < upto)
    month = 15
    while round(month * 30.4375) + 30 < upto:
        day = round(month * 30.4375)
        yield Visit(f"m{month}", day - 30, day + 30, marrow=False)
        month += 3 if month < 24 else 6


def answered(seen: View, visit: Visit) -> list[list[int]]:
    """For each thing that a visit asks for, the days on which it was evaluable."""
    b_cells = [
        seen.day(one.on)
        for one in seen.samples
        if one.specimen_type in {"blood", "marrow"}
        and status(one, "b_fraction") in APLASIA | RECOVERED
    ]
    mrd = [seen.day(one.on) for one in evaluable_marrows(seen)]
    return [b_cells, mrd] if visit.marrow else [b_cells]


def a16(seen: View) -> Iterator[Look]:
    """A visit is overdue."""
    ends = happened(seen, "transplant", "second_infusion") + relapse_days(seen) + deaths(seen)
    for visit in visits(seen.today):
        if any(day <= visit.last for day in ends):
            continue
        missing = [
            days
            for days in answered(seen, visit)
            if not any(visit.first <= day <= visit.last for day in days)
        ]
        yield Look(seen.dated(visit.last), bool(missing), MEDIUM, visit.name)
        later = [min((day for day in days if day > visit.last), default=None) for days in missing]
        made_up = [day for day in later if day is not None]
        if missing and len(made_up) == len(missing):
            yield Look(seen.dated(max(made_up)), False, MEDIUM, visit.name)


# Data integrity


def a18(timeline: Timeline, as_of: date) -> Iterator[Look]:
    """Data integrity, of everything that is known, whenever it is dated."""
    yield from a18_no_day_0(timeline)
    yield from (Look(one.on, True, HIGH, "future") for one in timeline.events if one.on > as_of)
    for one in timeline.events:
        old = timeline.day0 is not None and one.on < timeline.day0 - timedelta(days=60)
        if old and one.event not in {"transplant", "drug"}:
            yield Look(one.on, True, HIGH, "early")
    death = min((one.on for one in timeline.events if one.event == "death"), default=None)
    for number, sample in enumerate(timeline.samples):
        before = timeline.samples[:number]
        early = timeline.day0 is not None and sample.on < timeline.day0 - timedelta(days=60)
        held = {
            "future": sample.on > as_of,
            "early": early,
            "after death": death is not None and sample.on > death,
            "clone": other_clone(sample, before),
            "panel": other_panel(sample, before),
            "duplicate": sample.duplicate,
            "moved": sample.moved,
        }
        if not sample.cd19_clone and not sample.cd22_clone:
            del held["clone"]
        if not sample.templates:
            del held["panel"]
        yield from (Look(sample.on, holds, HIGH, kind) for kind, holds in held.items())


def a18_no_day_0(timeline: Timeline) -> Iterator[Look]:
    """Nobody said when the infusion was."""
    days = [one.on for one in timeline.samples] + [one.on for one in timeline.events]
    if timeline.day0 is None and days:
        yield Look(min(days), True, HIGH, "no day 0")


def other_clone(sample: Sample, before: tuple[Sample, ...]) -> bool:
    """Whether a clone differs from that of the last specimen which names one."""
    clone_of: tuple[Callable[[Sample], str], ...] = (
        lambda one: one.cd19_clone,
        lambda one: one.cd22_clone,
    )
    for clone in clone_of:
        named = [clone(one) for one in before if clone(one)]
        if clone(sample) and named and named[-1] != clone(sample):
            return True
    return False


def other_panel(sample: Sample, before: tuple[Sample, ...]) -> bool:
    """Whether no template is one of the last specimen of the same type which names any."""
    named = [
        one.templates
        for one in before
        if one.specimen_type == sample.specimen_type and one.templates
    ]
    return bool(sample.templates and named and not sample.templates & named[-1])
