"""Lists of patients and of events become part of the store, for a batch and for an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cytomon.inputs import read_patients
from cytomon.lists import Refusal, read_rows, row_refused
from cytomon.model.people import Act
from cytomon.model.record import ClinicalEvent, How, Infusion, Patient, Taken
from cytomon.store.change import Change, changing
from cytomon.store.patients import save_events, save_patients
from cytomon.store.session import Store
from cytomon.worklist import EventRow, PatientRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What became of a list.

    Attributes
    ----------
    name : str
        ``patients`` or ``events``.
    lines : sequence of int
        Lines of the rows that could be read.
    taken : sequence of Taken
        What became of each of them.
    refused : sequence of Refusal
        Rows that could not be read.
    """

    name: str
    lines: Sequence[int]
    taken: Sequence[Taken]
    refused: Sequence[Refusal]


class SaveList(Protocol):
    """Keeps a list."""

    def __call__(self, store: Store, who: str, path: Path, *, action: str) -> Listed:
        """Keep the rows of a list, with one entry in the log."""


def save_patient_list(store: Store, who: str, path: Path, *, action: str) -> Listed:
    """Keep a list of patients.

    Parameters
    ----------
    store, who : Store, str
        The store, and who acts.
    path : Path
        The list.
    action : str
        One word for the log.

    Raises
    ------
    InputError
        If the list cannot be read at all, or the store cannot be written to.
    """
    rows, refused = read_patients(path)
    lines = [line for line, _ in rows]
    with changing(store, who, action, act=Act.ENTER) as change:
        taken = save_patients(change, [patient_of(row) for _, row in rows])
        say_list(change, "patients", path, lines, taken)
    return Listed(name="patients", lines=lines, taken=taken, refused=refused)


def save_event_list(store: Store, who: str, path: Path, *, action: str) -> Listed:
    """Keep a list of events; see `save_patient_list`."""
    table = read_rows(path, EventRow)
    lines = [line for line, _ in table.rows]
    with changing(store, who, action, act=Act.ENTER) as change:
        taken = save_events(change, [event_of(row) for _, row in table.rows])
        say_list(change, "events", path, lines, taken)
    return Listed(name="events", lines=lines, taken=taken, refused=table.refused)


def say_list(
    change: Change, name: str, path: Path, lines: Sequence[int], taken: Sequence[Taken]
) -> None:
    """Say in the log which rows of which list were taken how."""
    if lines:
        change.say(subject=f"{name}: {path.name}, lines {lines[0]} ff.", after=counts(taken))


def counts(taken: Iterable[Taken]) -> dict[str, int]:
    """How many were taken how."""
    return {how.value: number for how, number in Counter(one.how for one in taken).items()}


def refused_rows(path: Path, lines: Iterable[int], taken: Iterable[Taken]) -> Iterator[Refusal]:
    """Rows that the store did not take, each by its line."""
    for line, one in zip(lines, taken, strict=True):
        if one.how is How.REFUSED:
            yield Refusal(file="", finding=row_refused(path, line, one.reason, fix=one.fix))


def patient_of(row: PatientRow) -> tuple[Patient, Infusion]:
    """A row of the list of patients, as the store takes it."""
    patient = Patient(
        patient_id=row.patient_id, birth_year=row.birth_year, sex=row.sex, genotype=row.genotype
    )
    return patient, Infusion(infused_on=row.infusion_date, product=row.product)


def event_of(row: EventRow) -> ClinicalEvent:
    """A row of the list of events, as the store takes it."""
    return ClinicalEvent(
        patient_id=row.patient_id,
        on=row.date,
        event=row.event,
        value=row.value,
        unit=row.unit,
        comment=row.comment,
    )
