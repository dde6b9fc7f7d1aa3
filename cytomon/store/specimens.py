"""Specimens: found by patient, name, day and type, and completed by what a list says later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from cytomon.model.patient import Specimen
from cytomon.store.change import Change
from cytomon.store.current import among, by_entry
from cytomon.store.tables import specimens

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a specimen of a list stands in the store.

    Attributes
    ----------
    thing : int
        Number of the specimen.
    was_there : bool
        Whether it stood there before this change.
    corrected : bool
        Whether it has been given another patient, name, day or type since; the list names the old.
    since : int
        Entry that gave it those that it has; 0 where it always had them.
    """

    thing: int
    was_there: bool = True
    corrected: bool = False
    since: int = 0


def save_specimens(change: Change, given: Sequence[tuple[int, Specimen]]) -> list[Place]:
    """Keep specimens, each with the number of its patient; returns the place of each."""
    patients = sorted({patient for patient, _ in given})
    now: dict[Key, Row[Any]] = {}
    once: dict[Key, int] = {}
    rows = sorted(among(change.connection, select(specimens), specimens.c.patient, patients))
    replaced = {row.replaces for row in rows} | _replaced_elsewhere(change, rows)
    for row in rows:
        key = _key_of_row(row)
        if row.id in replaced:
            once[key] = row.thing
        else:
            now[key] = row
    return _place(change, given, now, once)


def _place(
    change: Change,
    given: Sequence[tuple[int, Specimen]],
    now: dict[Key, Row[Any]],
    once: dict[Key, int],
) -> list[Place]:
    fresh: dict[Key, Specimen] = {}
    latest: dict[Key, Specimen] = {}
    keys = [_key(patient, specimen) for patient, specimen in given]
    for key, (_, specimen) in zip(keys, given, strict=True):
        if key in now:
            latest[key] = specimen
        elif key not in once:
            fresh[key] = specimen
    for key, specimen in latest.items():
        _complete(change, now[key], specimen)
    made = [(*key, *_attributes(specimen)) for key, specimen in fresh.items()]
    numbers = dict(zip(fresh, change.add_things(specimens, made), strict=True))
    since = moved_since(change.connection, sorted({row.thing for row in now.values()}))
    places = []
    for key in keys:
        if key in now:
            thing = now[key].thing
            places.append(Place(thing=thing, since=since[thing]))
        elif key in numbers:
            places.append(Place(thing=numbers[key], was_there=False))
        else:
            places.append(Place(thing=once[key], corrected=True))
    return places


def moved_since(
    connection: Connection, things: Sequence[int], *, until: int | None = None
) -> dict[int, int]:
    """Of specimens the entry that last gave them another patient, name, day or type; else 0."""
    since = dict.fromkeys(things, 0)
    keys: dict[int, Key] = {}
    query = by_entry(select(specimens), specimens, until)
    for row in sorted(among(connection, query, specimens.c.thing, list(things))):
        if keys.get(row.thing, _key_of_row(row)) != _key_of_row(row):
            since[row.thing] = row.entry
        keys[row.thing] = _key_of_row(row)
    return since


def _replaced_elsewhere(change: Change, rows: Sequence[Row[Any]]) -> set[int]:
    """Versions whose replacement belongs to another patient."""
    ids = [row.id for row in rows]
    query = select(specimens.c.replaces)
    return {row.replaces for row in among(change.connection, query, specimens.c.replaces, ids)}


def _key(patient: int, specimen: Specimen) -> Key:
    collected = specimen.collected_on.isoformat() if specimen.collected_on else ""
    return (patient, specimen.specimen_id, collected, specimen.specimen_type.value)


def _key_of_row(row: Row[Any]) -> Key:
    return (row.patient, row.specimen_id, row.collected_on, row.specimen_type)


def _attributes(specimen: Specimen) -> tuple[object, ...]:
    received = specimen.received_on.isoformat() if specimen.received_on else ""
    return (
        received, specimen.pull, specimen.cd19_clone, specimen.cd22_clone, specimen.instrument_qc,
        None if specimen.viability is None else specimen.viability + 0.0,
    )  # fmt: skip


def _complete(change: Change, row: Row[Any], specimen: Specimen) -> None:
    """A new version where a list says more of a specimen, or something else, than is known."""
    known: tuple[object, ...] = tuple(row[8:])
    given = _attributes(specimen)
    now = tuple(old if new in {"", None} else new for new, old in zip(given, known, strict=True))
    if now != known:
        cells = (*_key_of_row(row), *now)
        change.add_version(specimens, thing=row.thing, replaces=row.id, row=cells)
        change.differs(f"specimen {row.specimen_id}", known, now)
