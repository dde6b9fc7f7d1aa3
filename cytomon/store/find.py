"""From the words of a user to the patient, specimen or tube that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, or_, select

from cytomon.errors import InputError
from cytomon.store.current import current, is_current
from cytomon.store.patients import known_patients
from cytomon.store.tables import patients, specimens, tubes

_SHORTEST_HASH = 8
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """What tells specimens of one name apart; empty where it was not given."""

    patient_id: str = ""
    collected_on: str = ""
    specimen_type: str = ""


def find_patient(connection: Connection, patient_id: str) -> Row[Any]:
    """The current row of a patient.

    Raises
    ------
    InputError
        If the store knows none of this name.
    """
    found = known_patients(connection, [patient_id]).get(patient_id)
    if found is None:
        raise InputError(
            "the store knows no patient of this name",
            where="PATIENT",
            fix="check the spelling, or import the patient first: cytomon import --patients CSV",
        )
    return found


def find_specimen(connection: Connection, specimen_id: str, which: Which) -> Row[Any]:
    """The current row of a specimen, and ``patient_id``.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    found = specimens_named(connection, specimen_id, which)
    if not found:
        raise InputError(
            "the store knows no such specimen",
            where="SPECIMEN",
            fix="check the spelling, and --patient, --collected-on and --specimen-type if given",
        )
    if len(found) > 1:
        some = "; ".join(f"{row.specimen_type} of {row.collected_on}" for row in found[:_SHOWN])
        raise InputError(
            f"{len(found)} specimens are called so: {some}",
            where="SPECIMEN",
            fix="say which is meant: whose it is, its day or its type (see --help)",
        )
    return found[0]


def named_specimens() -> Select[Any]:
    """Current rows of specimens, and the pseudonyms of their patients."""
    return (
        select(specimens, patients.c.patient_id)
        .select_from(specimens)
        .join(patients, patients.c.thing == specimens.c.patient)
        .where(is_current(specimens), is_current(patients))
    )


def specimens_named(connection: Connection, specimen_id: str, which: Which) -> list[Row[Any]]:
    """Current rows of the specimens of one name."""
    query = named_specimens().where(specimens.c.specimen_id == specimen_id).order_by(specimens.c.id)
    for column, wanted in (
        (patients.c.patient_id, which.patient_id),
        (specimens.c.collected_on, which.collected_on),
        (specimens.c.specimen_type, which.specimen_type),
    ):
        if wanted:
            query = query.where(column == wanted)
    return list(connection.execute(query))


def find_tube(
    connection: Connection, text: str, *, patient_id: str = "", specimen_id: str = ""
) -> Row[Any]:
    """The current row of a tube, by its file name or the beginning of its hash.

    Parameters
    ----------
    connection : Connection
        To the store.
    text : str
        A file name, the end of a path, eight digits or more of a sha256, or ``pooled`` or
        ``unnamed`` for what has no file.
    patient_id, specimen_id : str, optional
        Where the tube is now, if that is not clear.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    query = current(tubes).order_by(tubes.c.id)
    if patient_id or specimen_id:
        query = query.join(specimens, specimens.c.thing == tubes.c.specimen)
        query = query.join(patients, patients.c.thing == specimens.c.patient)
        query = query.where(is_current(specimens), is_current(patients))
        if patient_id:
            query = query.where(patients.c.patient_id == patient_id)
        if specimen_id:
            query = query.where(specimens.c.specimen_id == specimen_id)
    found = _tubes_called(connection, query, text) if text.strip() else []
    # one that was withdrawn is meant only where no other is
    found = [row for row in found if not row.withdrawn] or found
    if not found:
        raise InputError(
            "the store knows no such tube",
            where="TUBE",
            fix="give its name as in measurements.csv, or eight digits or more of its sha256",
        )
    if len(found) > 1:
        raise InputError(
            f"{len(found)} tubes are called so: {_names(found)}",
            where="TUBE",
            fix="give eight digits of its sha256, or say where it is now with --of and --from",
        )
    return found[0]


def _tubes_called(connection: Connection, query: Select[Any], text: str) -> list[Row[Any]]:
    exact = list(connection.execute(query.where(tubes.c.file == text)))
    if exact:
        return exact
    conditions = [
        tubes.c.file.endswith(f"/{text}", autoescape=True),
        (tubes.c.kind == text) & (tubes.c.file == ""),
    ]
    if len(text) >= _SHORTEST_HASH:
        conditions.append(tubes.c.sha256.startswith(text.lower(), autoescape=True))
    return list(connection.execute(query.where(or_(*conditions))))


def _names(rows: Sequence[Row[Any]]) -> str:
    return "; ".join(f"{row.file or row.kind} ({row.sha256[:12]})" for row in rows[:_SHOWN])
