"""Entries of the log that touched patients: which, and whose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select, union

from cytomon.errors import InputError
from cytomon.model.people import Review
from cytomon.store.current import is_current
from cytomon.store.tables import (
    acknowledgements,
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
    corrects : bool
        Whether it put something in place of what was there, or said something of a result.
    """

    number: int
    at: str
    by: str
    what: str
    why: str
    corrects: bool


def entries_of(connection: Connection, patient: int) -> list[Entry]:
    """Entries that wrote anything of a patient's.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    patient : int
        Number of the patient.

    Returns
    -------
    list of Entry
        In order.
    """
    mine = select(specimens.c.thing).where(specimens.c.patient == patient)
    held = select(tubes.c.thing).where(tubes.c.specimen.in_(mine))
    bytes_ = select(tubes.c.sha256).where(tubes.c.specimen.in_(mine), tubes.c.sha256 != "")
    ours = select(results.c.id).where(results.c.tube.in_(held))
    is_verdict = reviews.c.verdict != Review.EDITED.value  # an edit changes nothing that counts
    of_these = (
        (specimens, specimens.c.thing.in_(mine)),
        (tubes, tubes.c.thing.in_(held)),
        (tubes, tubes.c.sha256.in_(bytes_)),  # copies in others' specimens
        (events, events.c.patient == patient),
        (infusions, infusions.c.patient == patient),
        (patients, patients.c.thing == patient),
    )
    corrections = (
        *(
            select(table.c.entry).where(whose, table.c.replaces.is_not(None))
            for table, whose in of_these
        ),
        _again(held),
        select(reviews.c.entry).where(reviews.c.result.in_(ours), is_verdict),
        select(signatures.c.entry).where(signatures.c.result.in_(ours)),
    )
    numbers = union(
        *corrections,
        *(select(table.c.entry).where(whose) for table, whose in of_these),
        select(results.c.entry).where(results.c.tube.in_(held)),
        select(acknowledgements.c.entry).where(acknowledgements.c.patient == patient),
    )
    correcting = set(connection.scalars(union(*corrections)))
    rows = connection.execute(select(log).where(log.c.seq.in_(numbers)).order_by(log.c.seq))
    return [
        Entry(
            number=row.seq,
            at=row.at,
            by=row.who,
            what=row.action,
            why=row.why,
            corrects=row.seq in correcting,
        )
        for row in rows
    ]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far the log has come: number and hash of its newest entry."""

    number: int
    hash: str


def head(connection: Connection) -> Head:
    """The newest entry of the log."""
    row = connection.execute(select(log).order_by(log.c.seq.desc()).limit(1)).one()
    return Head(number=row.seq, hash=row.hash)


def head_at(connection: Connection, number: int) -> Head:
    """An entry of the log as if it were the newest.

    Raises
    ------
    InputError
        If the log has not come so far.
    """
    found = connection.scalar(select(log.c.hash).where(log.c.seq == number))
    if found is None:
        raise InputError(
            f"the log of this store has no entry {number}",
            where="entry",
            fix="name the store that is meant; cytomon audit verify shows how far its log goes",
        )
    return Head(number=number, hash=found)


def goes_on_from(connection: Connection, past: Head) -> bool:
    """Whether the log still holds an entry as it was."""
    found = connection.scalar(select(log.c.hash).where(log.c.seq == past.number))
    return found is not None and found == past.hash


def patients_since(connection: Connection, past: Head) -> dict[str, tuple[int, bool]]:
    """All patients, and whether anything of theirs was written since an entry of the log.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    past : Head
        The entry; number 0 for the beginning.

    Returns
    -------
    dict of str to (int, bool)
        Pseudonym to the number of the patient, and whether it was touched: also by a tube that
        went to somebody else, or that somebody else has a copy of.
    """
    known = select(patients.c.patient_id, patients.c.thing).where(is_current(patients))
    things = set(connection.scalars(_touched(past.number))) if past.number else None
    return {
        row.patient_id: (row.thing, things is None or row.thing in things)
        for row in connection.execute(known)
    }


def _touched(since: int) -> Any:  # noqa: ANN401  (a union of selects)
    def new(table: Any) -> Any:  # noqa: ANN401
        return table.c.entry > since

    def of_results(table: Any) -> Select[Any]:  # noqa: ANN401
        on = results.c.id == table.c.result
        return select(results.c.tube).join(table, on).where(new(table))

    # a tube or specimen that went from one patient to another touches both
    moved = select(specimens.c.thing).where(new(specimens), specimens.c.replaces.is_not(None))
    of_tubes = select(specimens.c.patient).join(tubes, tubes.c.specimen == specimens.c.thing)
    copies = select(tubes.c.sha256).where(new(tubes), tubes.c.sha256 != "")
    return union(
        select(patients.c.thing).where(new(patients)),
        *(
            select(table.c.patient).where(new(table))
            for table in (infusions, specimens, events, acknowledgements)
        ),
        select(specimens.c.patient).where(specimens.c.thing.in_(moved)),
        of_tubes.where(tubes.c.sha256.in_(copies)),
        *(
            of_tubes.where(tubes.c.thing.in_(these))
            for these in (
                select(tubes.c.thing).where(new(tubes)),
                select(results.c.tube).where(new(results)),
                of_results(reviews).where(reviews.c.verdict != Review.EDITED.value),
                of_results(signatures),
            )
        ),
    )
