"""Patients, their index infusion, and what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from cytomon.model.record import (
    CHANGED,
    NEW,
    SAME,
    ClinicalEvent,
    Infusion,
    Patient,
    Taken,
    refused,
)
from cytomon.store.change import Change
from cytomon.store.current import among, current
from cytomon.store.tables import events, infusions, patients


def known_patients(connection: Connection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Current rows of patients, by their pseudonym."""
    rows = among(connection, current(patients), patients.c.patient_id, sorted(set(ids)))
    return {row.patient_id: row for row in rows}


def ensure_patients(change: Change, ids: Iterable[str]) -> dict[str, int]:
    """Numbers of patients; those who are new get a row with nothing but their pseudonym."""
    wanted = sorted(set(ids))
    things = {key: row.thing for key, row in known_patients(change.connection, wanted).items()}
    missing = [key for key in wanted if key not in things]
    numbers = change.add_things(patients, [(key, None, "", "") for key in missing])
    return things | dict(zip(missing, numbers, strict=True))


def save_patients(change: Change, rows: Sequence[tuple[Patient, Infusion]]) -> list[Taken]:
    """Keep patients and their index infusion.

    Parameters
    ----------
    change : Change
        To write into.
    rows : sequence of (Patient, Infusion)
        Each patient once.

    Returns
    -------
    list of Taken
        One for each row. What a row leaves empty stays as it was. Another day of infusion is
        refused: day 0 is moved by a correction, never by a list.
    """
    known = known_patients(change.connection, (patient.patient_id for patient, _ in rows))
    infused = _infusions(change.connection, [row.thing for row in known.values()])
    fresh = [patient for patient, _ in rows if patient.patient_id not in known]
    numbers = iter(change.add_things(patients, [_cells(patient) for patient in fresh]))
    to_infuse: list[tuple[int, str, str]] = []
    taken = []
    for patient, infusion in rows:
        cells = (infusion.infused_on.isoformat(), infusion.product)
        before = known.get(patient.patient_id)
        if before is None:
            to_infuse.append((next(numbers), *cells))
            taken.append(NEW)
            continue
        there = infused.get(before.thing)
        if there is not None and cells[0] != there.infused_on:
            taken.append(_other_day())
            continue
        how = _complete(change, before, patient)
        if there is None:
            to_infuse.append((before.thing, *cells))
            how = CHANGED
        elif cells[1] not in {"", there.product}:
            how = _another_product(change, there, cells[1])
        taken.append(how)
    change.add_things(infusions, to_infuse)
    return taken


def save_events(change: Change, rows: Sequence[ClinicalEvent]) -> list[Taken]:
    """Keep events.

    Returns
    -------
    list of Taken
        One for each row. An event that is there already changes nothing. One that was withdrawn,
        or of a patient whom the store does not know, is refused, and so is a second day of death.
    """
    found = known_patients(change.connection, (row.patient_id for row in rows))
    things = {key: row.thing for key, row in found.items()}
    known: set[tuple[object, ...]] = set()
    gone: set[tuple[object, ...]] = set()
    died: dict[int, str] = {}
    of_these = sorted(set(things.values()))
    for there in among(change.connection, current(events), events.c.patient, of_these):
        (gone if there.withdrawn else known).add(tuple(there[4:10]))
        if there.event == "death" and not there.withdrawn:
            died[there.patient] = there.date
    new: list[tuple[object, ...]] = []
    taken = []
    for row in rows:
        patient, on = things.get(row.patient_id, 0), row.on.isoformat()
        cells = (patient, on, row.event, row.value, row.unit, row.comment)
        if not patient:
            taken.append(_unknown())
        elif cells in known:
            taken.append(SAME)
        elif cells in gone:
            taken.append(_withdrawn())
        elif row.event == "death" and died.setdefault(patient, on) != on:
            taken.append(_second_death())
        else:
            known.add(cells)
            new.append((*cells, 0))
            taken.append(NEW)
    change.add_things(events, new)
    return taken


def _infusions(connection: Connection, things: Sequence[int]) -> dict[int, Row[Any]]:
    rows = among(connection, current(infusions), infusions.c.patient, things)
    return {row.patient: row for row in rows}


def _cells(patient: Patient) -> tuple[object, ...]:
    return (patient.patient_id, patient.birth_year, patient.sex, patient.genotype)


def _complete(change: Change, before: Row[Any], patient: Patient) -> Taken:
    """A new version where the row says more, or something else, than is known."""
    known: tuple[object, ...] = tuple(before[4:])
    now = tuple(new or old for new, old in zip(_cells(patient), known, strict=True))
    if now == known:
        return SAME
    change.add_version(patients, thing=before.thing, replaces=before.id, row=now)
    change.differs(f"patient {before.patient_id}", known[1:], now[1:])
    return CHANGED


def _another_product(change: Change, there: Row[Any], product: str) -> Taken:
    row = (there.patient, there.infused_on, product)
    change.add_version(infusions, thing=there.thing, replaces=there.id, row=row)
    change.differs(f"product of infusion {there.thing}", there.product, product)
    return CHANGED


def _other_day() -> Taken:
    return refused(
        "the store holds another day of infusion for this patient",
        "a second infusion is an event (second_infusion); correct a wrong day with "
        "`cytomon correct infusion`",
    )


def _unknown() -> Taken:
    return refused(
        "the store knows no patient of this name",
        "check the spelling, or import the patient first (--patients)",
    )


def _withdrawn() -> Taken:
    return refused(
        "the event was withdrawn",
        "take it out of the list, or bring it back: `cytomon correct event ... --restore`",
    )


def _second_death() -> Taken:
    return refused(
        "the store holds another day of death for this patient",
        "withdraw the wrong one first: `cytomon correct event`",
    )
