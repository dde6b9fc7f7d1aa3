"""Versions of reports that were signed: who released which bytes, and what they said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from cytomon.errors import InputError
from cytomon.model.people import Act
from cytomon.store.chain import Digest, hash_entry, hash_text
from cytomon.store.change import Change
from cytomon.store.find import find_patient
from cytomon.store.people import require
from cytomon.store.tables import log, patients, reports

_DIGITS = 16
"""Of a report's name: among a million reports no two are called alike."""


class ContradictedError(InputError):
    """What the store says of a signed report is not what its log says."""


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
    ContradictedError
        If the log says something else of them.
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

    Raises
    ------
    ContradictedError
        If the log does not say so, or says so alone.
    """
    patient = connection.scalar(
        select(reports.c.patient).where(reports.c.sha256 == digest).limit(1)
    )
    if patient is not None:
        return _versions(connection, patient)
    logged = select(log.c.seq).where(log.c.action == "report", log.c.after.contains(digest))
    entry = connection.scalar(logged.limit(1))
    if entry is not None:
        raise _contradicted(entry)
    return ()


def _versions(connection: Connection, patient: int) -> tuple[Released, ...]:
    query = select(reports).where(reports.c.patient == patient).order_by(reports.c.id)
    by_entry: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        by_entry.setdefault(row.entry, []).append(row)
    return tuple(_version(rows, _entry(connection, rows)) for rows in by_entry.values())


def _entry(connection: Connection, rows: Sequence[Row[Any]]) -> Row[Any]:
    """The entry of the log that covers the rows of a version.

    Raises
    ------
    ContradictedError
        If it is not the one that follows its neighbour, or says something else of the rows.
    """
    number = rows[0].entry
    around = select(log).where(log.c.seq.in_((number - 1, number)))
    found = {row.seq: row for row in connection.execute(around)}
    entry, before = found.get(number), found.get(number - 1)
    if entry is None or before is None or entry.previous != before.hash:
        raise _contradicted(number)
    *fields, own = entry
    digest = Digest()
    digest.update([tuple(row) for row in rows])
    if hash_entry(fields) != own or _claim(entry) != (
        [digest.rows, digest.hexdigest()],
        {row.format: row.sha256 for row in rows},
    ):
        raise _contradicted(number)
    return entry


def _claim(entry: Row[Any]) -> tuple[object, object]:
    """What an entry says of its rows, and which files it names."""
    try:
        return json.loads(entry.rows).get("reports"), json.loads(entry.after).get("files")
    except (ValueError, AttributeError):
        return None, None


def _contradicted(entry: int) -> ContradictedError:
    return ContradictedError(
        "what the store says of a signed report is not what its log says: it was changed",
        where=f"entry {entry} of the log",
        fix="run `cytomon audit verify`; trust no report of this store before it is clear",
    )


def _version(rows: Sequence[Row[Any]], entry: Row[Any]) -> Released:
    first, told = rows[0], json.loads(entry.after)
    return Released(
        report_id=first.report_id,
        version=told["version"],
        status=first.status,
        as_of=date.fromisoformat(first.as_of),
        by=entry.who,
        role=entry.role,
        at=told["at"],
        why=entry.why,
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
        ``R`` and sixteen hexadecimal digits.
    """
    patient = find_patient(connection, patient_id)
    first = connection.scalar(select(log.c.after).order_by(log.c.seq).limit(1))
    return f"R{hash_text(f'report {first} {patient.thing}')[:_DIGITS]}"


def everybody(connection: Connection) -> list[str]:
    """Pseudonyms of all patients, in order."""
    from cytomon.store.current import is_current

    return sorted(connection.scalars(select(patients.c.patient_id).where(is_current(patients))))
