"""Versions of reports that were signed: who released which bytes, and what they said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from cytomon.model.people import Act
from cytomon.store.change import Change
from cytomon.store.find import find_patient
from cytomon.store.people import require
from cytomon.store.tables import log, patients, reports


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A version of a report that somebody has signed.

    Attributes
    ----------
    report_id : str
        Of all versions of a patient's report.
    version : int
        From 1.
    status : str
        ``signed`` or ``amended``.
    as_of : date
        The day of what it says.
    by, role, at, why : str
        Who signed it, in which role, when (UTC), and the reason of an amendment.
    entry : int
        Of the log.
    content : str
        Hash of what it says, whatever its version.
    said : mapping of str to str
        What it says of each thing.
    files : mapping of str to str
        Format to the SHA-256 of the file.
    """

    report_id: str
    version: int
    status: str
    as_of: date
    by: str
    role: str
    at: str
    why: str
    entry: int
    content: str
    said: Mapping[str, str]
    files: Mapping[str, str]


def release(change: Change, patient_id: str, version: Released) -> None:
    """Keep a signed version, in one entry of the log with the hashes of its files.

    Parameters
    ----------
    change : Change
        To write into.
    patient_id : str
        Whose report it is.
    version : Released
        The next version; `entry` and `by` are those of the change.

    Raises
    ------
    InputError
        If the role does not allow it, or the patient is not known.
    ValueError
        If it is not the next version.
    """
    require(change.role, Act.SIGN, change.who)
    patient = find_patient(change.connection, patient_id)
    before = released(change.connection, patient_id)
    if version.version != len(before) + 1 or version.entry != change.seq:
        msg = f"version {version.version} after {len(before)}"
        raise ValueError(msg)
    for kind, digest in sorted(version.files.items()):
        row = (
            patient.thing, version.report_id, version.status, version.as_of.isoformat(), kind,
            digest,
        )  # fmt: skip
        earlier = change.connection.execute(
            select(reports)
            .where(reports.c.patient == patient.thing, reports.c.format == kind)
            .order_by(reports.c.id.desc())
            .limit(1)
        ).one_or_none()
        if earlier is None:
            change.add_things(reports, [row])
        else:
            change.add_version(reports, thing=earlier.thing, replaces=earlier.id, row=row)
    change.say(
        subject=f"report {version.report_id} version {version.version}",
        before=dict(before[-1].files) if before else "",
        after={
            "version": version.version,
            "at": version.at,
            "content": version.content,
            "files": dict(version.files),
            "said": dict(version.said),
        },
        why=version.why,
    )


def released(connection: Connection, patient_id: str) -> tuple[Released, ...]:
    """Signed versions of a patient's report, oldest first.

    Raises
    ------
    InputError
        If the store knows none of this name.
    """
    patient = find_patient(connection, patient_id)
    return _versions(connection, patient.thing)


def find_release(connection: Connection, digest: str) -> tuple[Released, ...]:
    """All versions of the report of which one has a file of these bytes; empty where none has.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    digest : str
        SHA-256 of the file, in hexadecimal digits.
    """
    patient = connection.scalar(
        select(reports.c.patient).where(reports.c.sha256 == digest).limit(1)
    )
    return () if patient is None else _versions(connection, patient)


def _versions(connection: Connection, patient: int) -> tuple[Released, ...]:
    query = (
        select(reports, log.c.at, log.c.who, log.c.role, log.c.why, log.c.after)
        .join(log, log.c.seq == reports.c.entry)
        .where(reports.c.patient == patient)
        .order_by(reports.c.id)
    )
    by_entry: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        by_entry.setdefault(row.entry, []).append(row)
    return tuple(_version(rows) for rows in by_entry.values())


def _version(rows: Sequence[Row[Any]]) -> Released:
    first, told = rows[0], json.loads(rows[0].after)
    return Released(
        report_id=first.report_id,
        version=told["version"],
        status=first.status,
        as_of=date.fromisoformat(first.as_of),
        by=first.who,
        role=first.role,
        at=told["at"],
        why=first.why,
        entry=first.entry,
        content=told["content"],
        said=told["said"],
        files={row.format: row.sha256 for row in rows},
    )


def report_id(connection: Connection, patient_id: str) -> str:
    """The name of a patient's report: made of the store's own name, and nothing that names anybody.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    patient_id : str
        The patient.

    Returns
    -------
    str
        ``R`` and ten hexadecimal digits.
    """
    from cytomon.store.chain import hash_text

    patient = find_patient(connection, patient_id)
    first = connection.scalar(select(log.c.after).order_by(log.c.seq).limit(1))
    return f"R{hash_text(f'report {first} {patient.thing}')[:10]}"


def everybody(connection: Connection) -> list[str]:
    """Pseudonyms of all patients, in order."""
    from cytomon.store.current import is_current

    return sorted(connection.scalars(select(patients.c.patient_id).where(is_current(patients))))
