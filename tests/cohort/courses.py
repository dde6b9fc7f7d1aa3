"""Random courses for endpoints: those of `tests.track`, and more of what ends an observation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from cytomon.model.record import ClinicalEvent
from cytomon.model.timeline import Sample, Timeline
from tests.cohort.oracle import HIGH_RISK
from tests.track.course_answers import SHARES, fraction, mrd_status
from tests.track.courses import DRUGS, random_course

ENDS = (
    "transplant", "transplant", "relapse", "relapse", "relapse_extramedullary", "lineage_switch",
    "second_malignancy", "no_remission", "second_infusion", "drug", "drug", "death",
    "last_contact", "remission",
)  # fmt: skip
RIVALS = (
    "transplant", "relapse", "no_remission", "second_malignancy", "death", "drug",
    "second_infusion",
)  # fmt: skip
"""Of two of these on one day the page says which comes first."""
EDGES = (-30, -1, 0, 1, 27, 28, 34, 35, 36, 60, 61, 62, 91, 92, 121, 122, 182, 183, 184, 300)
SMEARS = ("M1", "M2", "M3", "4.9 %", "5", "25", "26")


def cohort_course(seed: int) -> tuple[Timeline, date]:
    """A course and the day of the cut, the same for the same seed."""
    rng = Random(f"cohort {seed}")  # noqa: S311
    course, cut = random_course(seed)
    start = course.day0 or cut
    samples = () if rng.random() < 0.06 else course.samples + _before(rng, start)
    events = () if rng.random() < 0.1 else course.events
    dates = [one.on for one in samples] + [one.on for one in events]
    days = [(on - start).days for on in dates] or [0]
    events += tuple(_ends(rng, course.patient_id, start, days))
    if rng.random() < 0.2:
        cut = start + timedelta(days=rng.choice((-1, 0, *EDGES, *days)))
    return _patient(rng, course, start, samples, events), cut


def _patient(
    rng: Random,
    course: Timeline,
    start: date,
    samples: tuple[Sample, ...],
    events: tuple[ClinicalEvent, ...],
) -> Timeline:
    born = rng.choice((None, start.year - rng.choice((0, 6, 7, 8, 9, 10, 11, 17))))
    return replace(
        course,
        day0=None if rng.random() < 0.02 else course.day0,
        genotype=rng.choice(("", "", *HIGH_RISK)),
        sex=rng.choice(("", "female", "male", "m")),
        birth_year=born,
        samples=tuple(sorted(samples, key=lambda s: (s.on, s.specimen_type, s.specimen_id))),
        events=tuple(sorted(events, key=lambda e: (e.on, e.event, e.value))),
        acknowledgements=(),
    )


def _before(rng: Random, start: date) -> tuple[Sample, ...]:
    """Marrows up to the day of the infusion, now and then two of one day."""
    found = []
    for number in range(rng.choice((0, 0, 1, 2, 3))):
        of, part = rng.choice((2_000, 200_000, 500_000)), rng.choice(SHARES)
        count = rng.choice((int(part * of), of // 100, of // 100 - 1, 15 * of // 100, 0))
        answer = fraction("mrd", count, of, mrd_status(count, of, 20), lod=20 / of)
        on = start + timedelta(days=rng.choice((-30, -5, -5, -1, 0)))
        name = f"B{number}"
        found.append(
            Sample(specimen_id=name, specimen_type="marrow", on=on, answers={"mrd": answer})
        )
    return tuple(found)


def _ends(rng: Random, name: str, start: date, days: list[int]) -> list[ClinicalEvent]:
    """What ends an observation, often on the day of a specimen or of another end."""
    found: list[tuple[int, str, str]] = []
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 5))):
        kind = rng.choice(ENDS)
        near = rng.choice(days) + rng.choice((0, 0, 0, 0, -1, 1))
        tied = rng.choice(found)[0] if found else near
        day = rng.choice((near, near, tied, tied, rng.choice(EDGES), rng.randrange(-40, 420)))
        if kind == "death" and rng.random() < 0.5:
            day = max(days)
        found.append((day, kind, rng.choice(DRUGS) if kind == "drug" else ""))
    if rng.random() < 0.5:
        found.append((rng.choice((0, 27, 28, 28, 34, 35, 36)), _assessed(rng), ""))
    if rng.random() < 0.15:
        day = rng.choice((*EDGES[3:], *days))
        found += [(day, kind, "ATG") for kind in rng.sample(RIVALS, 2)]
    if rng.random() < 0.08:
        found.append((rng.choice((0, 3, 20, 27, 28, 35, 36)), "death", ""))
    found += [
        (rng.choice((-20, -6, -1, 0, 0)), "morphology", rng.choice(SMEARS))
        for _ in range(rng.choice((0, 0, 1, 2)))
    ]
    return [
        ClinicalEvent(patient_id=name, on=start + timedelta(days=day), event=kind, value=value)
        for day, kind, value in found
    ]


def _assessed(rng: Random) -> str:
    return rng.choice(("remission", "remission", "remission", "no_remission"))
