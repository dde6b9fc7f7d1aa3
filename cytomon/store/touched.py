"""Entries of the log that took something back from a patient's course, or put it otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select, union

from cytomon.store.tables import (
    events,
    infusions,
    log,
    patients,
    results,
    reviews,
    signatures,
    specimens,
    tubes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One of them.

    Attributes
    ----------
    number : int
        In the log.
    at, by, what, why : str
        When, who, which kind of act, and the reason given.
    """

    number: int
    at: str
    by: str
    what: str
    why: str


def entries_that_changed(connection: Connection, patient: int) -> list[Entry]:
    """Entries with a later version of something of a patient's, or a later word on a result.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    patient : int
        Number of the patient.

    Returns
    -------
    list of Entry
        In order. What they changed may be nothing that a flag rests on.
    """
    mine = select(specimens.c.thing).where(specimens.c.patient == patient)
    held = select(tubes.c.thing).where(tubes.c.specimen.in_(mine))
    ours = select(results.c.id).where(results.c.tube.in_(held))
    numbers = union(
        _later(specimens).where(specimens.c.thing.in_(mine)),
        _later(tubes).where(tubes.c.thing.in_(held)),
        _later(events).where(events.c.patient == patient),
        _later(infusions).where(infusions.c.patient == patient),
        _later(patients).where(patients.c.thing == patient),
        _again(held),
        select(reviews.c.entry).where(reviews.c.result.in_(ours)),
        select(signatures.c.entry).where(signatures.c.result.in_(ours)),
    )
    rows = connection.execute(select(log).where(log.c.seq.in_(numbers)).order_by(log.c.seq))
    return [
        Entry(number=row.seq, at=row.at, by=row.who, what=row.action, why=row.why) for row in rows
    ]


def _later(table: Any) -> Select[Any]:  # noqa: ANN401
    """Entries that wrote a version in place of an earlier one."""
    return select(table.c.entry).where(table.c.replaces.is_not(None))


def _again(held: Select[Any]) -> Select[Any]:
    """Entries with a result of a specimen that had one before."""
    first = (
        select(tubes.c.specimen, func.min(results.c.entry).label("first"))
        .join(results, results.c.tube == tubes.c.thing)
        .where(tubes.c.thing.in_(held))
        .group_by(tubes.c.specimen)
        .subquery()
    )
    return (
        select(results.c.entry)
        .join(tubes, tubes.c.thing == results.c.tube)
        .join(first, first.c.specimen == tubes.c.specimen)
        .where(results.c.entry > first.c.first)
    )
