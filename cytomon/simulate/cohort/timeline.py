"""A simulated patient as a store would give it back, without a store."""

from __future__ import annotations

from cytomon.model.record import ClinicalEvent
from cytomon.model.results import Measurement
from cytomon.model.timeline import FOLLOWED, Answer, Sample, Timeline
from cytomon.simulate.course.patient import SimulatedPatient, SimulatedSpecimen


def timeline_of(patient: SimulatedPatient) -> Timeline:
    """What counts of a patient; the same as writing the lists, importing them and reading.

    Parameters
    ----------
    patient : SimulatedPatient
        Of a cohort, or of a story.

    Returns
    -------
    Timeline
        To be followed by `cytomon.track.follow.follow`.
    """
    events = [
        ClinicalEvent(
            patient_id=patient.patient_id,
            on=patient.on(one.day),
            event=one.event,
            value=one.value,
            unit=one.unit,
        )
        for one in patient.events
    ]
    samples = [_sample(patient, one) for one in patient.specimens]
    return Timeline(
        patient_id=patient.patient_id,
        genotype=patient.genotype,
        product=patient.product,
        sex=patient.sex,
        birth_year=patient.birth_year,
        day0=patient.day0,
        samples=tuple(sorted(samples, key=lambda one: (one.on, one.specimen_type))),
        events=tuple(sorted(events, key=lambda one: (one.on, one.event, one.value, one.unit))),
    )


def _sample(patient: SimulatedPatient, specimen: SimulatedSpecimen) -> Sample:
    return Sample(
        specimen_id=specimen.specimen_id,
        specimen_type=str(specimen.specimen_type),
        on=patient.on(specimen.day),
        answers={
            name: _answer(found)
            for name, found in specimen.measurements.items()
            if name in FOLLOWED
        },
    )


def _answer(found: Measurement) -> Answer:
    estimate = found.estimate
    return Answer(
        quantity=found.quantity,
        numerator=found.numerator,
        denominator=found.denominator,
        value=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        lod=found.lod,
        status=str(found.status),
        qualifiers=";".join(found.qualifiers),
    )
