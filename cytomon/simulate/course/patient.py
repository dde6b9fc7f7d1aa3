"""Courses of simulated patients: what happened, what was measured, and what was true.

Nothing here is a patient. Times and heights are calibrated to published aggregates (domain: 3.4)
and are plausible, not evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches
from zlib import crc32

import numpy as np

from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Measurement
from cytomon.simulate.course.body import Body
from cytomon.simulate.course.clones import Clone
from cytomon.simulate.course.counting import measure_blood, measure_marrow
from cytomon.simulate.course.fates import draw_body
from cytomon.simulate.course.happenings import SimulatedEvent, draw_events
from cytomon.simulate.course.stories import STORIES, Disease, Story
from cytomon.simulate.course.truth import PatientTruth, truth_of
from cytomon.simulate.course.visits import Visit, draw_visits, follow

PRODUCT = "CD19/CD22 (simulated)"
_GENOTYPES = ("ETV6::RUNX1", "hyperdiploid", "B-other", "BCR::ABL1", "TCF3::PBX1")
_KMT2A = "KMT2A::AFF1"
_AGE_MEDIAN, _AGE_SD, _AGES = 7.6, 0.6, (0.8, 19.6)
"""The trial's median and range in years, with a log-normal spread between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSpecimen:
    """One specimen and what was counted in it.

    Attributes
    ----------
    specimen_id : str
        Pseudonym.
    specimen_type : SpecimenType
        Marrow or blood.
    visit : str
        Name in `cytomon.simulate.course.visits.CALENDAR`, ``repeat`` or ``symptoms``.
    day : int
        Of collection, after the infusion.
    measurements : mapping of str to Measurement
        By quantity, with the statuses that `cytomon.measure` gives these counts.
    """

    specimen_id: str
    specimen_type: SpecimenType
    visit: str
    day: int
    measurements: Mapping[str, Measurement]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPatient:
    """One patient from two weeks before the infusion to the last contact.

    Attributes
    ----------
    patient_id, story : str
        Pseudonym, and name in `STORIES`.
    seed : int
        Of all that was drawn.
    day0 : date
        Of the infusion.
    birth_year : int
        Of birth.
    sex, genotype, product : str
        As in a list of patients.
    events : tuple of SimulatedEvent
        By day.
    specimens : tuple of SimulatedSpecimen
        By day, marrow before blood.
    before, after : Clone
        Blasts up to the infusion, and those that come back.
    truth : PatientTruth
        What nobody measures.
    """

    patient_id: str
    story: str
    seed: int
    day0: date
    birth_year: int
    sex: str
    genotype: str
    product: str
    events: tuple[SimulatedEvent, ...]
    specimens: tuple[SimulatedSpecimen, ...]
    before: Clone
    after: Clone
    truth: PatientTruth

    def on(self, day: int) -> date:
        """Date of a day after the infusion."""
        return self.day0 + timedelta(days=day)


def simulate_patient(story: str, *, seed: int, patient_id: str, day0: date) -> SimulatedPatient:
    """Draw a course that keeps what its story promises.

    Parameters
    ----------
    story : str
        Name in `STORIES`.
    seed : int
        The same seed and story give the same course; at least 0.
    patient_id : str
        Pseudonym; specimens are named after it.
    day0 : date
        Of the infusion.

    Raises
    ------
    ValueError
        If there is no such story; the nearest ones are named.

    Examples
    --------
    >>> found = simulate_patient("transplant", seed=1, patient_id="S001", day0=date(2026, 1, 12))
    >>> found.specimens[0].specimen_id, found.truth.blood_recovery_day
    ('S001_d-12_marrow', None)
    """
    plan = _plan(story)
    # streams of their own: a change in the counting leaves every course as it was
    person, fate, calendar, counts, happens = _streams(story, seed)
    due = draw_visits(calendar)
    body = draw_body(plan, {visit.name: visit.day for visit in due}, fate)
    visits, last = follow(plan, due, body, calendar)
    genotype = _KMT2A if plan.disease is Disease.SWITCH else str(person.choice(_GENOTYPES))
    whose = Specimen(specimen_type=SpecimenType.BLOOD, patient_id=patient_id, genotype=genotype)
    taken = [specimen for visit in visits for specimen in _taken(visit, whose, day0)]
    return SimulatedPatient(
        patient_id=patient_id,
        story=story,
        seed=seed,
        day0=day0,
        birth_year=day0.year - _age(person),
        sex=str(person.choice(["F", "M"])),
        genotype=genotype,
        product=PRODUCT,
        events=draw_events(plan, visits, body, last, happens),
        specimens=_measured(taken, visits, body, counts),
        before=body.before,
        after=body.after,
        truth=truth_of(body, taken, last),
    )


def _plan(story: str) -> Story:
    if story not in STORIES:
        near = get_close_matches(story, STORIES) or list(STORIES)
        msg = f"no story {story!r}; did you mean {', '.join(near)}?"
        raise ValueError(msg)
    return STORIES[story]


def _streams(story: str, seed: int) -> list[np.random.Generator]:
    """Two stories of one seed have nothing in common, and a new story changes no other one."""
    return np.random.default_rng([seed, crc32(story.encode())]).spawn(5)


def _taken(visit: Visit, whose: Specimen, day0: date) -> Iterator[Specimen]:
    """Marrow, where it is asked for, and blood."""
    for kind in (SpecimenType.MARROW,) * visit.marrow + (SpecimenType.BLOOD,):
        yield replace(
            whose,
            specimen_type=kind,
            specimen_id=f"{whose.patient_id}_d{visit.day:03d}_{kind}",
            collected_on=day0 + timedelta(days=visit.day),
            day=visit.day,
        )


def _age(rng: np.random.Generator) -> int:
    years = _AGE_MEDIAN * float(rng.lognormal(0.0, _AGE_SD))
    return int(min(max(years, _AGES[0]), _AGES[1]))


def _measured(
    taken: Sequence[Specimen], visits: Sequence[Visit], body: Body, rng: np.random.Generator
) -> tuple[SimulatedSpecimen, ...]:
    names = {visit.day: visit.name for visit in visits}
    found = []
    for specimen, own in zip(taken, rng.spawn(len(taken)), strict=True):
        day = specimen.day or 0
        state = body.on(day)
        marrow = specimen.specimen_type is SpecimenType.MARROW
        found.append(
            SimulatedSpecimen(
                specimen_id=specimen.specimen_id,
                specimen_type=specimen.specimen_type,
                visit=names[day],
                day=day,
                measurements=measure_marrow(specimen, state, body.clone(day), own)
                if marrow
                else measure_blood(specimen, state, own),
            )
        )
    return tuple(found)
