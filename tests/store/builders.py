"""Patients, results and people for tests of the store."""

from __future__ import annotations

from datetime import date
from hashlib import sha256 as sha256_of
from typing import Any

from sqlalchemy import select

from cytomon.measure.intervals import binomial_interval
from cytomon.model.course import Course, KeptSpecimen
from cytomon.model.patient import Specimen
from cytomon.model.people import Act, Meaning, Role
from cytomon.model.record import Infusion, MeasuredRow, NewResult, Patient, Source, Taken
from cytomon.store.change import Change, changing
from cytomon.store.course import read_course
from cytomon.store.find import Which, find_specimen, find_tube
from cytomon.store.patients import save_patients
from cytomon.store.people import appoint
from cytomon.store.reports import Released
from cytomon.store.results import save_results
from cytomon.store.session import Store
from cytomon.store.signing import Signing, sign
from cytomon.store.tables import log, metadata
from tests.store.conftest import ADMIN, FIRST, SECOND

DAY0 = date(2026, 1, 12)
D28 = date(2026, 2, 9)


def marrow(patient_id: str = "P1", specimen_id: str = "S1", **changes: Any) -> Specimen:
    """A marrow of day 28."""
    values: dict[str, Any] = {
        "patient_id": patient_id,
        "specimen_id": specimen_id,
        "specimen_type": "marrow",
        "collected_on": D28,
    }
    return Specimen(**(values | changes))


def mrd(events: int = 60, total: int = 500_000, status: str = "POSITIVE") -> MeasuredRow:
    """An MRD with its interval."""
    found = binomial_interval(events, total)
    numbers = (events, total, found.value, found.low, found.high, 20 / total, 50 / total)
    return ("mrd", *numbers, status, "")


NEGATIVE = mrd(0, 500_000, "NOT_DETECTED")
POSITIVE = mrd()


def result(
    specimen: Specimen | None = None,
    *rows: MeasuredRow,
    file: str = "a.fcs",
    sha256: str = "",
    **changes: Any,
) -> NewResult:
    """A result of a batch, of a file of its own unless told otherwise."""
    values: dict[str, Any] = {
        "specimen": specimen or marrow(),
        "file": file,
        "sha256": sha256 or (sha256_of(file.encode()).hexdigest() if file else ""),
        "source": Source.BATCH,
        "template": "b_all_mrd",
        "template_version": "1.0.0",
        "cytomon": "0.1.0",
        "measurements": rows or (POSITIVE,),
        "populations": (("cells", 500_000, 510_000),),
        "findings": (("CODE", "info", "what", "where", "fix"),),
        "gates": '[{"gate": "cells"}]',
    }
    return NewResult(**(values | changes))


def save(store: Store, *results: NewResult, who: str = ADMIN) -> list[Taken]:
    """Keep results in one change."""
    with changing(store, who, "batch", act=Act.ENTER) as change:
        return save_results(change, list(results))


def enrol(store: Store, *ids: str) -> None:
    """Keep patients, all infused on one day."""
    with changing(store, ADMIN, "import", act=Act.ENTER) as change:
        rows = [(Patient(patient_id=key), Infusion(infused_on=DAY0, product="CD19")) for key in ids]
        save_patients(change, rows)


def staff(store: Store) -> None:
    """Give two pathologists their role."""
    for name in (FIRST, SECOND):
        with changing(store, ADMIN, "appoint", act=Act.APPOINT) as change:
            appoint(change, name, Role.PATHOLOGIST)


def approve(store: Store, who: str, specimen_id: str = "S1", *, why: str = "") -> Signing:
    """Sign a specimen."""
    with changing(store, who, "sign", act=Act.SIGN) as change:
        row = find_specimen(change.connection, specimen_id, Which())
        return sign(change, row, Meaning.APPROVED, why=why)


def version(change: Change, files: dict[str, str], *, number: int = 1, **changes: Any) -> Released:
    """A version of a report, signed in a change."""
    values: dict[str, Any] = {
        "report_id": "R1",
        "version": number,
        "status": "signed" if number == 1 else "amended",
        "as_of": D28,
        "by": change.who,
        "role": change.role.value,
        "at": "2026-03-01T08:00:00+00:00",
        "why": "" if number == 1 else "an amended marrow",
        "entry": change.seq,
        "content": "c" * 64,
        "said": {"MRD": "0 %"},
        "files": files,
    }
    return Released(**(values | changes))


def tube_row(store: Store, text: str) -> Any:
    """The current row of a tube."""
    with store.reading() as connection:
        return find_tube(connection, text)


def course(store: Store, patient_id: str = "P1") -> Course:
    """What is known of a patient."""
    with store.reading() as connection:
        return read_course(connection, patient_id)


def specimen(store: Store, patient_id: str = "P1") -> KeptSpecimen:
    """The only specimen of a patient."""
    (only,) = course(store, patient_id).specimens
    return only


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows but the log, without the entries that wrote them: what two stores have in common."""
    with store.reading() as connection:
        return {
            table.name: sorted(
                (
                    tuple(row[column.name] for column in table.columns if column.name != "entry")
                    for row in connection.execute(select(table)).mappings()
                ),
                key=repr,
            )
            for table in metadata.sorted_tables
            if table is not log
        }
