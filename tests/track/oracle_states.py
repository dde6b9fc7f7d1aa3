"""The states of a course: B cells, landmarks and CAR transgene (page; domain: 5.3, 5.5, 5.9)."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from cytomon.model.timeline import Sample
from tests.track.oracle_base import (
    APLASIA,
    RECOVERED,
    View,
    below_limit,
    deaths,
    drug_days,
    happened,
    status,
    value,
)
from tests.track.oracle_relapse import relapse_days, relapse_level, relapse_phenotype

LANDMARKS = {"bca_2m": 61, "bca_3m": 91, "bca_4m": 122, "bca_6m": 183}


class Word(NamedTuple):
    """What a specimen says of B cells."""

    day: int
    where: str
    recovered: bool
    part: Fraction


# B cells


def void(seen: View, day: int) -> bool:
    """Whether a specimen of a day says nothing of B cells (page: B cells)."""
    if day <= 0:
        return True
    if any(before < day for before in happened(seen, "transplant", "second_infusion")):
        return True
    return any(
        0 < day - seen.day(one.on) <= days
        for one in seen.events
        if one.event == "drug"
        for days in drug_days(one.value)
    )


def word(seen: View, sample: Sample) -> Word | None:
    """What a specimen says of B cells, if it says anything."""
    said, day = status(sample, "b_fraction"), seen.day(sample.on)
    if sample.specimen_type not in {"blood", "marrow"} or said not in APLASIA | RECOVERED:
        return None
    if void(seen, day):
        return None
    part = value(sample, "b_fraction") or Fraction(0)
    return Word(day, sample.specimen_type, said in RECOVERED, part)


def words(seen: View) -> list[Word]:
    """All that is said of B cells, in order."""
    found = (word(seen, sample) for sample in seen.samples)
    return [one for one in found if one is not None]


def aplasias(seen: View) -> list[Word]:
    """Specimens in aplasia."""
    return [one for one in words(seen) if not one.recovered]


def bca_onset(seen: View) -> int | None:
    """Day of the first aplasia."""
    return min((one.day for one in aplasias(seen)), default=None)


def recoveries(seen: View) -> list[Word]:
    """Specimens that recovered on a day later than the onset of aplasia."""
    onset = bca_onset(seen)
    return [one for one in words(seen) if one.recovered and onset is not None and one.day > onset]


def recovery_trial(seen: View) -> int | None:
    """Day of the first recovered specimen after onset."""
    return min((one.day for one in recoveries(seen)), default=None)


def recovery_confirmed(seen: View) -> int | None:
    """First day of the earliest set that confirms a recovery."""
    back, gone = recoveries(seen), [one.day for one in aplasias(seen)]
    first_days = [one.day for one in back if one.part >= Fraction(3, 100)]
    for one in back:
        for other in back:
            between = other.day - one.day
            if between < 0 or any(one.day < day < other.day for day in gone):
                continue
            if between >= 7 or (between <= 14 and one.where != other.where):
                first_days.append(one.day)
    return min(first_days, default=None)


def recovery_interval(seen: View) -> tuple[int | None, int | None]:
    """B cells came back after the left day and not later than the right one."""
    right = recovery_trial(seen)
    days = [one.day for one in aplasias(seen) if right is None or one.day < right]
    return max(days, default=None), right


def landmark(seen: View, day: int) -> str:
    """State at a landmark: the first that fits (page: At a landmark L)."""
    ends = happened(seen, "transplant", "second_infusion") + relapse_days(seen)
    if any(0 <= one <= day for one in ends):
        return "NA"
    contacts = [seen.day(one.on) for one in seen.events if one.event == "last_contact"]
    contacts = [day for day in contacts if day >= 0]
    out_of_sight = bool(contacts) and max(contacts) < day
    if day > seen.today or any(one < day for one in deaths(seen)) or out_of_sight:
        return "UNKNOWN"
    if any(one.day <= day for one in recoveries(seen)):
        return "RECOVERED"
    if any(day - 30 <= one.day <= day + 7 for one in aplasias(seen)):
        return "PERSISTENT"
    return "UNKNOWN"


def bca_ge_6m(seen: View) -> bool:
    """Whether aplasia is documented at day 183 or later, before any recovery."""
    if any(day < 183 for day in happened(seen, "transplant") + relapse_days(seen)):
        return False
    back = recovery_trial(seen)
    late = [one.day for one in aplasias(seen) if one.day >= 183]
    return any(back is None or back >= day for day in late)


# CAR transgene


def transgene(seen: View, antigen: str) -> dict[int, bool]:
    """Days from day 1 on with a sample of a transgene, and whether it is below the limit."""
    found: dict[int, bool] = {}
    for event in seen.events:
        day = seen.day(event.on)
        if event.event == f"{antigen}_copies" and day >= 1:
            found[day] = found.get(day, True) and below_limit(event)
    return dict(sorted(found.items()))


def car_lost(seen: View, antigen: str) -> int | None:
    """Day on which a transgene had gone (page: CAR transgene)."""
    found = transgene(seen, antigen)
    days, recovery = list(found), recovery_trial(seen)
    for before, day in zip([None, *days], days, strict=False):
        if not found[day]:
            continue
        if before is not None and found[before] and day - before >= 14:
            return day
        if recovery is not None and day >= recovery:
            return day
    return None


# The row


def state_row(seen: View) -> dict[str, str]:
    """All states, as cells of a file."""
    left, right = recovery_interval(seen)
    level, since = relapse_level(seen)
    return {
        "patient_id": seen.timeline.patient_id,
        "bca_onset": iso(seen, bca_onset(seen)),
        "recovery_trial": iso(seen, recovery_trial(seen)),
        "recovery_confirmed": iso(seen, recovery_confirmed(seen)),
        "recovery_left": iso(seen, left),
        "recovery_right": iso(seen, right),
        **{name: landmark(seen, day) for name, day in LANDMARKS.items()},
        "bca_ge_6m": "YES" if bca_ge_6m(seen) else "NO",
        "relapse_level": level,
        "relapse_date": iso(seen, since),
        "relapse_phenotype": relapse_phenotype(seen),
        "car19_lost": iso(seen, car_lost(seen, "car19")),
        "car22_lost": iso(seen, car_lost(seen, "car22")),
    }


def empty_row(patient_id: str) -> dict[str, str]:
    """The row of a patient without a day 0."""
    dates = ("bca_onset", "recovery_trial", "recovery_confirmed", "recovery_left", "recovery_right")
    rest = ("relapse_level", "relapse_date", "relapse_phenotype", "car19_lost", "car22_lost")
    return {
        "patient_id": patient_id,
        **dict.fromkeys(dates, ""),
        **dict.fromkeys(LANDMARKS, "UNKNOWN"),
        "bca_ge_6m": "NO",
        **dict.fromkeys(rest, ""),
    }


def iso(seen: View, day: int | None) -> str:
    """A day as a date; empty where there is none."""
    return "" if day is None else seen.dated(day).isoformat()
