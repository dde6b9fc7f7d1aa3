"""Stores to report from: simulated patients, imported as another program's results are."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from cytomon.drawings import Drawings
from cytomon.editions import Wanted
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.model.people import Act, Meaning, Role
from cytomon.report.codes import read_codes
from cytomon.report.laboratory import Laboratory
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import SimulatedPatient, simulate_patient
from cytomon.store.address import parse
from cytomon.store.change import changing
from cytomon.store.find import Which, find_specimen
from cytomon.store.open import opened
from cytomon.store.people import appoint
from cytomon.store.session import Store
from cytomon.store.signing import sign
from cytomon.track.profile import read_profile

ADMIN, SIGNER, SECOND = "ada", "pat", "pia"
DAY0, AS_OF = date(2026, 1, 12), date(2026, 7, 1)
EVENT_COLUMNS = ("patient_id", "date", "event", "value", "unit", "comment")


def patient(story: str, patient_id: str = "", seed: int = 20_000) -> SimulatedPatient:
    """A patient of a story, named after it unless told otherwise."""
    return simulate_patient(story, seed=seed, patient_id=patient_id or story, day0=DAY0)


@contextmanager
def store_of(folder: Path, patients: Sequence[SimulatedPatient]) -> Iterator[Store]:
    """A store of some patients, and of two persons who may sign."""
    write_patients(folder, patients)
    lists = {name: folder / f"{name}.csv" for name in ("patients", "events", "measurements")}
    with opened(parse(f"sqlite:///{folder / 's.db'}"), who=ADMIN, create=True) as store:
        assert import_lists(store, ADMIN, ImportLists(**lists)).refused == []
        for name in (SIGNER, SECOND):
            with changing(store, ADMIN, "appoint", act=Act.APPOINT) as change:
                appoint(change, name, Role.PATHOLOGIST)
        yield store


def wanted(out: Path, **changes: object) -> Wanted:
    """HTML, PDF and FHIR of one day, without plots of tubes."""
    values: dict[str, Any] = {
        "out": out,
        "formats": ("html", "pdf", "fhir"),
        "as_of": AS_OF,
        "profile": read_profile("trial"),
        "laboratory": Laboratory(),
        "codes": read_codes(None),
        "drawings": Drawings(),
    }
    return Wanted(**(values | changes))


def sign_all(store: Store, one: SimulatedPatient, who: str = SIGNER) -> None:
    """Sign every specimen of a patient."""
    for specimen in one.specimens:
        which = Which(patient_id=one.patient_id, specimen_type=specimen.specimen_type.value)
        with changing(store, who, "sign", act=Act.SIGN) as change:
            row = find_specimen(change.connection, specimen.specimen_id, which)
            sign(change, row, Meaning.APPROVED)


def add_event(store: Store, folder: Path, *cells: str) -> None:
    """Import one more event."""
    path = folder / "more.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([EVENT_COLUMNS, cells])
    assert import_lists(store, ADMIN, ImportLists(events=path)).refused == []
