"""The log, to be read by people: who did what, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select, union

from cytomon.store.find import find_patient
from cytomon.store.tables import (
    acknowledgements,
    events,
    infusions,
    log,
    patients,
    proposals,
    reports,
    results,
    reviews,
    signatures,
    specimens,
    tubes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log.

    Attributes
    ----------
    seq : int
        Its number.
    at, who, role : str
        When (UTC), and who in which role.
    action, subject : str
        What was done, and to what.
    before, after, why : str
        What was there, what is there now, and the reason.
    """

    seq: int
    at: str
    who: str
    role: str
    action: str
    subject: str
    before: str
    after: str
    why: str


def read_log(connection: Connection, *, patient_id: str = "") -> Iterator[Entry]:
    """Entries in order; only those that concern a patient, where one is named.

    Raises
    ------
    InputError
        If the store knows no such patient.
    """
    query = select(log).order_by(log.c.seq)
    if patient_id:
        query = query.where(log.c.seq.in_(_entries_of(find_patient(connection, patient_id).thing)))
    names = tuple(Entry.__dataclass_fields__)
    for row in connection.execution_options(yield_per=1000).execute(query):
        yield Entry(**{name: getattr(row, name) for name in names})


def _entries_of(patient: int) -> Any:  # noqa: ANN401  (a query)
    """Entries that wrote a row about a patient, or about what once was this patient's."""
    mine = select(specimens.c.thing).where(specimens.c.patient == patient)
    held = select(tubes.c.thing).where(tubes.c.specimen.in_(mine))
    said = select(results.c.id).where(results.c.tube.in_(held))
    of_patient: list[Select[tuple[int]]] = [
        select(table.c.entry).where(table.c.patient == patient)
        for table in (infusions, events, acknowledgements, reports)
    ]
    return union(
        select(patients.c.entry).where(patients.c.thing == patient),
        *of_patient,
        select(specimens.c.entry).where(specimens.c.thing.in_(mine)),
        select(tubes.c.entry).where(tubes.c.thing.in_(held)),
        select(results.c.entry).where(results.c.tube.in_(held)),
        select(reviews.c.entry).where(reviews.c.result.in_(said)),
        select(signatures.c.entry).where(signatures.c.specimen.in_(mine)),
        select(proposals.c.entry).where(proposals.c.what == "tube", proposals.c.thing.in_(held)),
        select(proposals.c.entry).where(
            proposals.c.what == "specimen", proposals.c.thing.in_(mine)
        ),
        select(proposals.c.entry).where(proposals.c.what == "gate", proposals.c.thing.in_(said)),
    )
