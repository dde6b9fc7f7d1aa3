"""Patients of a simulated cohort: who they are, what was seen of them, and what was true."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.phenotype import UNKNOWN
from cytomon.simulate.cohort.body import Bodies, draw_bodies
from cytomon.simulate.cohort.counts import measure
from cytomon.simulate.cohort.fate import Fate, Relapse, draw_fate
from cytomon.simulate.cohort.happenings import before, events_of
from cytomon.simulate.cohort.law import LAW, Law
from cytomon.simulate.cohort.person import Person, draw_person
from cytomon.simulate.cohort.watch import draw_visits, found_on, until
from cytomon.simulate.course.body import Body, BodyState
from cytomon.simulate.course.patient import SimulatedPatient, SimulatedSpecimen
from cytomon.simulate.course.truth import PatientTruth
from cytomon.simulate.course.visits import Visit

PRODUCT = "CD19/CD22 (simulated cohort)"
STORY = "cohort"
_PHENOTYPES = (Relapse.KEEPS, Relapse.LOSES_CD19, Relapse.LOSES_BOTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortPatient(SimulatedPatient):
    """One patient of a cohort: what single courses have, and the fate behind it.

    All have the story ``cohort``. The truth ends with the follow-up, the fate does not.

    Attributes
    ----------
    person : Person
        What was known before the infusion.
    fate : Fate
        What happens, whether or not the follow-up reaches it.
    found_day : int or None
        On which a relapse was found within the follow-up.
    last_day : int
        Of death or of the last contact.
    """

    person: Person
    fate: Fate
    found_day: int | None
    last_day: int


def simulate_cohort(
    patients: int, *, seed: int, opened: date, law: Law = LAW
) -> Iterator[CohortPatient]:
    """Draw the patients of a cohort.

    Parameters
    ----------
    patients : int
        How many.
    seed : int
        Of the cohort, at least 0. Each patient has random numbers of its own, by seed and number:
        the first hundred of a larger cohort are a cohort of a hundred.
    opened : date
        First day of accrual.
    law : Law, optional
        What happens how often.

    Yields
    ------
    CohortPatient
        In the order of their numbers, not of their infusions.

    Examples
    --------
    >>> from datetime import date
    >>> first, second = simulate_cohort(2, seed=1, opened=date(2023, 1, 2))
    >>> first.patient_id, second.product
    ('SIM0001', 'CD19/CD22 (simulated cohort)')
    """
    for number in range(1, patients + 1):
        yield simulate_one(number, seed=seed, opened=opened, law=law)


def simulate_one(number: int, *, seed: int, opened: date, law: Law = LAW) -> CohortPatient:
    """Draw one patient of a cohort by its number, from 1; see `simulate_cohort`."""
    own = np.random.SeedSequence(seed, spawn_key=(number,))
    # streams of their own: another way of counting leaves who, what and when as they were
    who, what, when, counts = map(np.random.default_rng, own.spawn(4))
    person = draw_person(law, who)
    fate = draw_fate(law, person, what)
    bodies = draw_bodies(person, fate, what)
    due = draw_visits(law, person.seen_until, when)
    found = found_on(fate, due, when)
    last = int(min(person.seen_until, math.ceil(min(fate.death_day, 1e6))))
    visits = until(due, last, found)
    day0 = opened + timedelta(days=person.infused_after)
    whose = Specimen(
        specimen_type=SpecimenType.BLOOD, patient_id=f"SIM{number:04d}", genotype=person.genotype
    )
    states = {visit.day: bodies.on(visit.day) for visit in visits}
    specimens = tuple(_specimens(visits, states, bodies.own, fate, whose, counts))
    seen = int(found) if found <= last else None
    return CohortPatient(
        patient_id=whose.patient_id,
        story=STORY,
        seed=int(own.generate_state(1)[0]),
        day0=day0,
        birth_year=(day0 - timedelta(days=365.25 * person.age)).year,
        sex=person.sex,
        genotype=person.genotype,
        product=PRODUCT,
        events=(
            *before(person),
            *events_of(visits, bodies, fate, found=seen, last=last, rng=when),
        ),
        specimens=specimens,
        before=bodies.own.before,
        after=bodies.own.after,
        truth=_truth(bodies, fate, last, {one.specimen_id: states[one.day] for one in specimens}),
        person=person,
        fate=fate,
        found_day=seen,
        last_day=last,
    )


def _specimens(
    visits: Sequence[Visit],
    states: Mapping[int, BodyState],
    body: Body,
    fate: Fate,
    whose: Specimen,
    rng: np.random.Generator,
) -> Iterator[SimulatedSpecimen]:
    marrow = replace(whose, specimen_type=SpecimenType.MARROW)
    for visit in visits:
        stained = visit.day <= 0 or fate.relapse not in (Relapse.UNSTAINED, Relapse.SWITCH)
        clone = body.clone(visit.day) if stained else None
        for specimen in (marrow, whose) if visit.marrow else (whose,):
            kind = specimen.specimen_type
            yield SimulatedSpecimen(
                specimen_id=f"{whose.patient_id}_d{visit.day:03d}_{kind}",
                specimen_type=kind,
                visit=visit.name,
                day=visit.day,
                measurements=measure(specimen, states[visit.day], clone, rng),
            )


def _truth(bodies: Bodies, fate: Fate, last: int, states: Mapping[str, BodyState]) -> PatientTruth:
    own, donor = bodies.own, bodies.donors.b_blood
    transplanted = fate.transplant_day <= last
    ends = min(float(last), fate.transplant_day)
    blood = own.b_blood.day if own.b_blood else math.inf
    comes_back = fate.relapse is not Relapse.NONE
    typed = fate.relapse in _PHENOTYPES
    return PatientTruth(
        blood_recovery_day=_by(blood, ends),
        marrow_recovery_day=_by(fate.recovery_day, ends),
        donor_recovery_day=_by(donor.day, last) if transplanted and donor else None,
        hematogones_day=_by(own.hematogones.day, ends) if own.hematogones else None,
        relapse_day=_by(fate.relapse_day, last),
        doubling_days=fate.doubling_days if comes_back else None,
        phenotype=(str(fate.relapse) if typed else UNKNOWN) if comes_back else "",
        kinds=_kinds(own, fate),
        car19_lost_day=_by(own.cars["CD19"].lost_on, last),
        car22_lost_day=_by(own.cars["CD22"].lost_on, last),
        states=states,
    )


def _kinds(body: Body, fate: Fate) -> Mapping[str, float]:
    if fate.relapse in (Relapse.NONE, Relapse.OUTSIDE):
        return {}
    return {"lineage_switch_mono": 1.0} if body.switches else body.after.parts


def _by(day: float | None, last: float) -> int | None:
    """The day, where it comes up to the last one."""
    if day is None or day > last:
        return None
    return math.ceil(day)
