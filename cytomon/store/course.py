"""One patient's course, read from the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, union

from cytomon.model.course import Acknowledgement, Correction, Course
from cytomon.model.record import ClinicalEvent, Infusion, Patient
from cytomon.store.current import current
from cytomon.store.find import find_patient
from cytomon.store.kept import read_specimens
from cytomon.store.reviewed import reviews_of
from cytomon.store.tables import (
    acknowledgements,
    events,
    infusions,
    log,
    specimens,
    tubes,
)


def read_course(connection: Connection, patient_id: str) -> Course:
    """Everything that is known of a patient.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    patient_id : str
        The patient.

    Raises
    ------
    InputError
        If the store knows none of this name.
    """
    row = find_patient(connection, patient_id)
    infusion = connection.execute(
        current(infusions).where(infusions.c.patient == row.thing)
    ).one_or_none()
    now = current(specimens).where(specimens.c.patient == row.thing)
    rows = connection.execute(
        now.order_by(specimens.c.collected_on, specimens.c.specimen_id, specimens.c.id)
    ).all()
    return Course(
        patient=Patient(
            patient_id=row.patient_id,
            birth_year=row.birth_year,
            sex=row.sex,
            genotype=row.genotype,
        ),
        infusion=_infusion(infusion) if infusion else None,
        events=tuple(_events(connection, row)),
        specimens=tuple(read_specimens(connection, rows)),
        corrections=tuple(_corrections(connection, row.thing, row.patient_id)),
        acknowledgements=tuple(_acknowledgements(connection, row.thing)),
        reviews=reviews_of(connection, row.thing),
    )


def _infusion(row: Row[Any]) -> Infusion:
    return Infusion(infused_on=date.fromisoformat(row.infused_on), product=row.product)


def _events(connection: Connection, patient: Row[Any]) -> Iterator[ClinicalEvent]:
    query = current(events).where(events.c.patient == patient.thing, events.c.withdrawn == 0)
    for row in connection.execute(query.order_by(events.c.date, events.c.id)):
        yield ClinicalEvent(
            patient_id=patient.patient_id,
            on=date.fromisoformat(row.date),
            event=row.event,
            value=row.value,
            unit=row.unit,
            comment=row.comment,
        )


def _acknowledgements(connection: Connection, thing: int) -> Iterator[Acknowledgement]:
    query = select(acknowledgements, log.c.at, log.c.who, log.c.why).join(
        log, log.c.seq == acknowledgements.c.entry
    )
    of_this = query.where(acknowledgements.c.patient == thing).order_by(acknowledgements.c.id)
    for row in connection.execute(of_this):
        yield Acknowledgement(
            rule=row.rule, flagged_on=row.flagged_on, at=row.at, by=row.who, why=row.why
        )


def _corrections(connection: Connection, patient: int, patient_id: str) -> Iterator[Correction]:
    """Tubes and specimens that came to a patient, went from them, or were withdrawn."""
    mine = select(specimens.c.thing).where(specimens.c.patient == patient)
    held = select(tubes.c.thing).where(tubes.c.specimen.in_(mine))
    entries = union(
        select(specimens.c.entry).where(
            specimens.c.thing.in_(mine), specimens.c.replaces.is_not(None)
        ),
        select(tubes.c.entry).where(tubes.c.thing.in_(held), tubes.c.replaces.is_not(None)),
    )
    query = select(log).where(log.c.seq.in_(entries), log.c.action == "correct")
    for row in connection.execute(query.order_by(log.c.seq)):
        # a tube may have gone on to others since
        if not any(_names(said, patient_id) for said in (row.before, row.after)):
            continue
        yield Correction(
            at=row.at,
            by=row.who,
            why=row.why,
            what=row.subject,
            came_from=_place(row.before),
            went_to=_place(row.after),
        )


def _names(said: str, patient_id: str) -> bool:
    """Whether what an entry says of a place is a place of a patient's."""
    return bool(json.loads(said).get("patient") == patient_id)


def _place(said: str) -> str:
    """``patient/specimen`` of what an entry says of a place; empty where it is withdrawn."""
    place = json.loads(said)
    if "withdrawn" in place:
        return ""
    return f"{place['patient']}/{place['specimen']}".strip("/")
