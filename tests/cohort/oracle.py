"""An independent reading of ``docs/reference/cohort.md``: a patient's endpoints, slow and plain.

Written from the page (and ``course.md`` for relapse, aplasia, recovery and landmarks, whose oracle
is `tests.track`) without a look at `cytomon.cohort`, so that two readings of one page can be held
against each other on random courses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from cytomon.model.timeline import Timeline
from cytomon.track.profile import Profile
from tests.track.oracle_base import (
    EVALUABLE,
    View,
    deaths,
    drug_days,
    exact,
    happened,
    m_class,
    marrows,
    status,
    view,
)
from tests.track.oracle_relapse import mrd_relapse_confirmed, relapse_days
from tests.track.oracle_states import (
    LANDMARKS,
    landmark,
    recovery_confirmed,
    recovery_trial,
    words,
)

HIGH_RISK = {
    "KMT2A::AFF1": True, "kmt2a-r": True, "MLL-r": True, "t(4;11)(q21;q23)": True,
    "ZNF384::EP300": True, "BCR::ABL1": True, "t(9;22)": True, "TCF3::HLF": True,
    "TCF-HLF": True, "MEF2D::BCL9": True, "iAMP21": True,
    "ETV6::RUNX1": False, "B-other": False, "TCF3::PBX1": False, "BCR::ABL1-like": False,
    "PICALM::MLLT10": False, "hyperdiploid": False,
}  # fmt: skip
"""Genotypes by what a haematologist calls high risk (page: Baseline factors)."""


class Ended(NamedTuple):
    """Day on which an observation ended, and why."""

    day: int
    code: int


@dataclass(frozen=True)
class Facts:
    """What a course says whatever the definitions are (page of the course)."""

    seen: View
    relapse: list[int]
    relapse_by_mrd: list[int]
    recovery_trial: int | None
    recovery_confirmed: int | None
    told: list[int]
    landmarks: dict[str, str]


@dataclass(frozen=True)
class Person:
    """What the page says of one patient."""

    row: dict[str, str]
    last_contact: int
    remission: str
    landmarks: dict[str, str]
    factors: dict[str, str]


def facts(timeline: Timeline, as_of: date) -> Facts | None:
    """A course on the day of the cut; None without an infusion up to then (page: The cohort)."""
    seen = view(timeline, as_of)
    if seen is None or seen.day0 > as_of:
        return None
    # a death before the infusion is a slip of somebody's, and no event (page: Endpoints)
    events = (one for one in seen.events if one.event != "death" or one.on >= seen.day0)
    seen = replace(seen, events=tuple(events))
    return Facts(
        seen=seen,
        relapse=relapse_days(seen),
        relapse_by_mrd=mrd_relapse_confirmed(seen),
        recovery_trial=recovery_trial(seen),
        recovery_confirmed=recovery_confirmed(seen),
        told=[one.day for one in words(seen)],
        landmarks={name: landmark(seen, day) for name, day in LANDMARKS.items()},
    )


def person(of: Facts, profile: Profile) -> Person:
    """A patient by the definitions of a profile."""
    return Person(
        row=row(of, profile),
        last_contact=last_contact(of.seen),
        remission=remission(of.seen, profile.cohort.remission_by_day),
        landmarks={name: state_at(of, profile, name) for name in LANDMARKS},
        factors=dict(factors(of.seen, profile.cohort.age_from_years)),
    )


def row(of: Facts, profile: Profile) -> dict[str, str]:
    """The row of endpoints.csv."""
    ends = {
        "efs": efs(of, profile),
        "efs_hct": efs_hct(of, profile),
        "os": survival(of.seen),
        "relapse": relapse(of, profile),
        "bcr": recovery(of, profile),
    }
    cells = {"patient_id": of.seen.timeline.patient_id}
    for name, end in ends.items():
        cells |= {f"{name}_days": str(end.day), f"{name}_event": str(end.code)}
    moved = happened(of.seen, "transplant")
    return cells | {"hct_days": str(min(moved)) if moved else ""}


# What ends an observation


def first_of(*ways: tuple[list[int], int], last: int) -> Ended:
    """What comes first; of one day, what is named first; else nothing until the last day."""
    found = [(day, place) for place, (days, _) in enumerate(ways) for day in days]
    if not found:
        return Ended(last, 0)
    day, place = min(found)
    return Ended(day, ways[place][1])


def unless_before(end: Ended, days: list[int]) -> Ended:
    """The same, censored at the first of some days, where that is an earlier one."""
    return Ended(min(days), 0) if days and min(days) < end.day else end


def last_contact(seen: View) -> int:
    """The day of death, else the latest of any specimen or event, at least day 0."""
    if deaths(seen):
        return min(deaths(seen))
    dates = [one.on for one in seen.samples] + [one.on for one in seen.events]
    return max([0, *(seen.day(on) for on in dates)])


def relapses(of: Facts, profile: Profile) -> list[int]:
    """Days of relapse, by the definition of the profile."""
    return of.relapse + (of.relapse_by_mrd if profile.relapse_includes_mrd else [])


def failures(seen: View, profile: Profile) -> list[int]:
    """Days of what counts beside relapse: no remission, second malignancy."""
    asked = {
        "no_remission": profile.cohort.no_remission,
        "second_malignancy": profile.cohort.second_malignancy,
    }
    return happened(seen, *(kind for kind, rule in asked.items() if rule == "event"))


def infused_again(seen: View, profile: Profile) -> list[int]:
    """Days of a second infusion, where that ends the observation."""
    censors = profile.cohort.second_infusion == "censor"
    return happened(seen, "second_infusion") if censors else []


# The endpoints, in the order of the page


def efs(of: Facts, profile: Profile) -> Ended:
    """Event-free survival."""
    end = first_of(
        (relapses(of, profile), 1),
        (failures(of.seen, profile), 1),
        (deaths(of.seen), 1),
        last=last_contact(of.seen),
    )
    return unless_before(end, infused_again(of.seen, profile))


def efs_hct(of: Facts, profile: Profile) -> Ended:
    """The same, observed up to the first transplant."""
    return unless_before(efs(of, profile), happened(of.seen, "transplant"))


def survival(seen: View) -> Ended:
    """Overall survival."""
    return first_of((deaths(seen), 1), last=last_contact(seen))


def relapse(of: Facts, profile: Profile) -> Ended:
    """Relapse among competing events."""
    rule, moved = profile.cohort.relapse_transplant, happened(of.seen, "transplant")
    end = first_of(
        (relapses(of, profile), 1),
        (failures(of.seen, profile), 3),
        (deaths(of.seen), 2),
        (moved if rule == "competing" else [], 4),
        last=last_contact(of.seen),
    )
    end = unless_before(end, moved if rule == "censor" else [])
    return unless_before(end, infused_again(of.seen, profile))


def recovery(of: Facts, profile: Profile) -> Ended:
    """B-cell recovery among competing events; what is no event of efs is still one here."""
    confirmed, seen = profile.recovery == "confirmed", of.seen
    back = of.recovery_confirmed if confirmed else of.recovery_trial
    removed = [
        seen.day(one.on)
        for one in seen.events
        if one.event == "drug" and seen.day(one.on) >= 0 and any(drug_days(one.value))
    ]
    return first_of(
        ([] if back is None else [back], 1),
        (relapses(of, profile) + happened(seen, "no_remission"), 2),
        (deaths(seen) + happened(seen, "second_malignancy"), 3),
        (happened(seen, "transplant"), 4),
        (removed + happened(seen, "second_infusion"), 5),
        last=max(of.told, default=0),
    )


# Remission, landmarks, factors


def remission(seen: View, upto: int) -> str:
    """Whether there was a remission by the day of assessment; ``unknown`` is no answer."""
    said = (("no", "no_remission"), ("yes", "remission"), ("died", "death"))
    for word, kind in said:
        if any(day <= upto for day in happened(seen, kind)):
            return word
    return "unknown"


def state_at(of: Facts, profile: Profile, name: str) -> str:
    """State at a landmark; relapse by the definition of the profile comes before all else."""
    if any(0 <= one <= LANDMARKS[name] for one in relapses(of, profile)):
        return "NA"
    return of.landmarks[name]


def group_at(found: Person, name: str) -> str:
    """Where a patient stands in the comparison at a landmark: a group, ``NA`` or ``before``."""
    ended = int(found.row["efs_days"]) <= LANDMARKS[name]
    return "before" if ended else found.landmarks[name]


def factors(seen: View, age_from: int) -> Iterator[tuple[str, str]]:
    """Baseline factors; what is not recorded is left out."""
    patient = seen.timeline
    if patient.sex:
        yield "sex", patient.sex
    if patient.birth_year is not None:
        old = seen.day0.year - patient.birth_year >= age_from
        yield "age", f">={age_from}" if old else f"<{age_from}"
    if patient.genotype:
        yield "genotype", patient.genotype
        yield "cytogenetics", "high risk" if HIGH_RISK[patient.genotype] else "other"
    burden = burden_band(seen)
    if burden:
        yield "mrd", burden
    smear = last_smear(seen)
    if smear:
        yield "marrow", "M1" if smear == "M1" else "M2/M3"


def burden_band(seen: View) -> str:
    """Band of the last marrow up to day 0 with an evaluable MRD; the highest of one day."""
    found = [
        (one.on, part)
        for one in marrows(seen, first=-100_000)
        if seen.day(one.on) <= 0 and status(one, "mrd") in EVALUABLE
        if (part := exact(one.answers["mrd"])) is not None
    ]
    if not found:
        return ""
    _, part = max(found)
    if part * 100 < 1:
        return "<1"
    return "1-<15" if part * 100 < 15 else ">=15"


def last_smear(seen: View) -> str:
    """The last M-status up to day 0, the highest of one day; empty without."""
    found = [
        (one.on, m_class(one.value))
        for one in seen.events
        if one.event == "morphology" and seen.day(one.on) <= 0
    ]
    return max(found)[1] if found else ""
