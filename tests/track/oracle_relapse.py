"""How far leukaemia has come back (page: Relapse; domain: 1.6, 5.4, 5.9)."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from cytomon.model.timeline import Sample
from tests.track.oracle_base import (
    CLEARED,
    DETECTED,
    EVALUABLE,
    LOW,
    NEGATIVE,
    POSITIVE,
    View,
    blasts,
    evaluable_marrows,
    events_on,
    happened,
    last_day_before,
    marrows,
    on_day,
    share,
    status,
    value,
)

LEVELS = (
    "LINEAGE_SWITCH",
    "MARROW_RELAPSE",
    "EXTRAMEDULLARY_RELAPSE",
    "MRD_RELAPSE_CONFIRMED",
    "MRD_REAPPEARANCE",
    "MRD_DETECTED_LOW",
)
RELAPSES = LEVELS[:3]
ONE_PERCENT = Fraction(1, 100)
TESTS = ("morphology", "fish", "fusion_pcr", "ngs")


class Fulfilled(NamedTuple):
    """A marrow that fulfils the table: the day of relapse, and of the marrow it began with."""

    on: int
    marrow_1: int


def after_a_negative(seen: View, day: int) -> bool:
    """Whether some marrow of an earlier day, from day 1 on, is negative."""
    return any(status(one, "mrd") in NEGATIVE and seen.day(one.on) < day for one in marrows(seen))


# The table of marrow relapse


def marrow_days(seen: View) -> list[int]:
    """Days from day 1 on with a marrow specimen or a test of a marrow."""
    return sorted({seen.day(one.on) for one in marrows(seen)} | {*happened(seen, *TESTS, first=1)})


def flow(seen: View, day: int) -> Fraction | None:
    """Highest MRD of a day that reaches the limit of detection."""
    found = [
        value(one, "mrd")
        for one in on_day(seen, marrows(seen), day)
        if status(one, "mrd") in DETECTED
    ]
    return max((one for one in found if one is not None), default=None)


def flow_clears(seen: View, day: int) -> bool:
    """Whether flow answers and detects nothing, so that it clears what morphology saw."""
    found = {status(one, "mrd") for one in on_day(seen, marrows(seen), day)}
    return bool(found & CLEARED) and not found & DETECTED


def morphology(seen: View, day: int) -> Fraction | None:
    """Highest share of blasts of a day, where flow does not clear it."""
    if flow_clears(seen, day):
        return None
    return max((blasts(one.value) for one in events_on(seen, day, "morphology")), default=None)


def highest(seen: View, day: int, *kinds: str) -> Fraction | None:
    """Highest number of the events of a day; None where none says a number."""
    found = [share(one.value) for one in events_on(seen, day, *kinds)]
    return max((one for one in found if one is not None), default=None)


def from_one_percent_on(seen: View, day: int) -> list[str]:
    """Names of the tests of a marrow that are at least 1 %."""
    found = {
        "flow": flow(seen, day),
        "morphology": morphology(seen, day),
        "fish": highest(seen, day, "fish"),
        "molecular": highest(seen, day, "fusion_pcr", "ngs"),
    }
    return [name for name, one in found.items() if one is not None and one >= ONE_PERCENT]


def level_of(seen: View, day: int) -> tuple[Fraction, str]:
    """The higher of flow and morphology, and which of the two it is."""
    by_flow, by_eye = flow(seen, day), morphology(seen, day)
    zero = Fraction(0)
    if by_flow is not None and by_flow >= (by_eye or zero):
        return by_flow, "flow"
    return (by_eye, "morphology") if by_eye is not None else (zero, "")


def counts_as_marrow_2(seen: View, day: int) -> bool:
    """Whether a marrow has an evaluable MRD or any of the other tests."""
    evaluable = any(status(one, "mrd") in EVALUABLE for one in on_day(seen, marrows(seen), day))
    return evaluable or bool(events_on(seen, day, *TESTS))


def marrow_2(seen: View, day: int) -> int | None:
    """The next marrow within 60 days that can confirm."""
    for later in marrow_days(seen):
        if day < later <= day + 60 and counts_as_marrow_2(seen, later):
            return later
    return None


def by_table(seen: View, day: int) -> Fulfilled | None:
    """What the table says of a marrow 1."""
    level, giver = level_of(seen, day)
    others = len([one for one in from_one_percent_on(seen, day) if one != giver])
    if level < ONE_PERCENT or not after_a_negative(seen, day):
        return None
    if level >= Fraction(25, 100):
        return Fulfilled(day, day)
    needed = 1 if level >= Fraction(5, 100) else 2
    if others >= needed:
        return Fulfilled(day, day)
    second = marrow_2(seen, day)
    if second is not None and len(from_one_percent_on(seen, second)) >= 2:
        return Fulfilled(second, day)
    return None


def fulfilled(seen: View) -> list[Fulfilled]:
    """Every marrow that fulfils the table."""
    found = (by_table(seen, day) for day in marrow_days(seen))
    return [one for one in found if one is not None]


# The days on which each level was reached


def lineage_switch(seen: View) -> list[int]:
    """Days of a lineage switch."""
    return happened(seen, "lineage_switch")


def marrow_relapse(seen: View) -> list[int]:
    """Days of a marrow relapse: the event, and the table."""
    return happened(seen, "relapse") + [one.on for one in fulfilled(seen)]


def extramedullary_relapse(seen: View) -> list[int]:
    """Days of an extramedullary relapse: the event, and the second of two CSF in a row."""
    csf = [
        one
        for one in seen.samples
        if one.specimen_type == "csf" and seen.day(one.on) >= 1 and status(one, "mrd") in EVALUABLE
    ]
    found = happened(seen, "relapse_extramedullary")
    for one in csf:
        before = last_day_before(seen, csf, seen.day(one.on))
        if is_positive(one) and any(is_positive(other) for other in before):
            found.append(seen.day(one.on))
    return found


def is_positive(sample: Sample) -> bool:
    """Whether its MRD is positive."""
    return status(sample, "mrd") in POSITIVE


def ten_times_the_last(seen: View, sample: Sample) -> bool:
    """Whether its MRD is at least ten times the last detected one of an earlier day."""
    detected = [one for one in evaluable_marrows(seen) if status(one, "mrd") in DETECTED]
    before = last_day_before(seen, detected, seen.day(sample.on))
    values = [one for one in (value(other, "mrd") for other in before) if one is not None]
    now = value(sample, "mrd")
    return bool(values) and now is not None and now >= 10 * max(values)


def reappearing(seen: View) -> list[Sample]:
    """Positive marrows after a negative one."""
    return [
        one
        for one in evaluable_marrows(seen)
        if is_positive(one) and after_a_negative(seen, seen.day(one.on))
    ]


def mrd_relapse_confirmed(seen: View) -> list[int]:
    """Days on which an MRD that came back was confirmed, or high at once."""
    found = []
    for one in reappearing(seen):
        before = last_day_before(seen, evaluable_marrows(seen), seen.day(one.on))
        twice = any(
            is_positive(other) and after_a_negative(seen, seen.day(other.on)) for other in before
        )
        now = value(one, "mrd")
        high = now is not None and now >= Fraction(1, 1000)
        if twice or high or ten_times_the_last(seen, one):
            found.append(seen.day(one.on))
    return found


def mrd_reappearance(seen: View) -> list[int]:
    """Days of a positive marrow after a negative one."""
    return [seen.day(one.on) for one in reappearing(seen)]


def mrd_detected_low(seen: View) -> list[int]:
    """Days of a marrow with an MRD that is detected below the threshold."""
    return [seen.day(one.on) for one in marrows(seen) if status(one, "mrd") == LOW]


def reached(seen: View) -> dict[str, list[int]]:
    """Days on which each level was reached, highest level first."""
    ways = (
        lineage_switch,
        marrow_relapse,
        extramedullary_relapse,
        mrd_relapse_confirmed,
        mrd_reappearance,
        mrd_detected_low,
    )
    return {level: sorted(set(way(seen))) for level, way in zip(LEVELS, ways, strict=True)}


def relapse_days(seen: View) -> list[int]:
    """Days on which an extramedullary relapse or more was reached."""
    found = reached(seen)
    return sorted({day for level in RELAPSES for day in found[level]})


def relapse_level(seen: View) -> tuple[str, int | None]:
    """The highest level ever reached, and the day on which it first was."""
    for level, days in reached(seen).items():
        if days:
            return level, days[0]
    return "", None


# Phenotype


def phenotype_on(seen: View, day: int) -> str:
    """Calls of a specimen of a day, a marrow first; empty where no specimen has any call."""
    taken = on_day(seen, list(seen.samples), day)
    for one in sorted(taken, key=lambda one: one.specimen_type != "marrow"):
        signs = [sign(one, antigen) for antigen in ("cd19", "cd22")]
        if any(signs):
            return f"CD19{signs[0]}/CD22{signs[1]}" if all(signs) else "unknown"
    return ""


def sign(sample: Sample, antigen: str) -> str:
    """Plus from 20 % of the blasts on; empty where the antigen is not assessable."""
    quantity = f"{antigen}_blasts"
    part = value(sample, quantity)
    if part is None or status(sample, quantity) == "NOT_ASSESSABLE":
        return ""
    return "+" if part >= Fraction(20, 100) else "-"


def relapse_phenotype(seen: View) -> str:
    """Antigens of the relapse; empty below an extramedullary one."""
    level, day = relapse_level(seen)
    if level not in RELAPSES or day is None:
        return ""
    found = phenotype_on(seen, day)
    firsts = [one.marrow_1 for one in fulfilled(seen) if one.on == day != one.marrow_1]
    if not found and level == "MARROW_RELAPSE" and firsts:
        found = phenotype_on(seen, firsts[0])
    return found or "unknown"
