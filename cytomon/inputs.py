"""From what a user names to a list of tubes: files found, worklist rows matched, rows refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cytomon.errors import InputError
from cytomon.fcs.intake import numbers_to_name, split_dataset
from cytomon.folders import find_tubes, identity
from cytomon.lists import Refusal, Table, read_rows, row_refused
from cytomon.matching import Names
from cytomon.model.findings import Finding, Severity, finding_of
from cytomon.model.patient import Specimen
from cytomon.stalls import PATIENCE, StalledError, no_answer, stalled, watched
from cytomon.worklist import EventRow, PatientRow, WorklistRow, specimen_of

if TYPE_CHECKING:
    from cytomon.card import Card


_IN_A_ROW = 3
"""Stalls in a row after which the drive is taken to be gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One tube to be measured.

    Attributes
    ----------
    file : str
        POSIX path relative to its INPUT, with ``#n`` for one of several data sets.
    path : str
        Where to open it, with the same ``#n``.
    template : str
        Template that the worklist or the user names; empty to pick by panel.
    specimen : Specimen or None
        None without a worklist row.
    washed : bool
        Whether the worklist says that the instrument was washed, or a blank run, before this tube.
    findings : tuple of Finding
        What was noticed before opening it.
    refused : Finding or None
        Why it cannot be measured, where that was seen before: nothing moved on the file.
    """

    file: str
    path: str
    template: str = ""
    specimen: Specimen | None = None
    washed: bool = False
    findings: tuple[Finding, ...] = ()
    refused: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Tubes to measure, in the order of the results, and rows that were refused.

    Attributes
    ----------
    jobs : tuple of Job
        The tubes.
    refused : tuple of Refusal
        Rows of the lists that cannot be used.
    done : mapping of Job to Card
        Tubes that this process has measured itself, with these settings, and whose files are the
        same since: they are not even read again (`cytomon.watch`).
    """

    jobs: tuple[Job, ...]
    refused: tuple[Refusal, ...]
    done: Mapping[Job, Card] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The lists that come with a batch; any may be None."""

    worklist: Path | None = None
    patients: Path | None = None
    events: Path | None = None


def collect(
    inputs: Sequence[Path], lists: Lists, *, template: str = "", patience: float = PATIENCE
) -> Jobs:
    """List the tubes of a batch.

    Parameters
    ----------
    inputs : sequence of Path
        FCS or LMD files, or folders that are searched through, in any letter case. What begins
        with a dot is hidden and left out.
    lists : Lists
        Worklist, patients and events.
    template : str, optional
        Template for tubes whose worklist row names none.
    patience : float, optional
        Seconds without movement, > 0, after which a file that is looked at for its data sets is
        given up.

    Returns
    -------
    Jobs
        Tubes in the worklist's order, then the others by path.

    Raises
    ------
    InputError
        If an input does not exist, two inputs, or an input and the folder of the worklist, hold
        other files of the same relative path, a list cannot be read at all, or nothing moves on
        one file after the other.
    """
    found = find_tubes(inputs)
    if lists.worklist is None:
        _without_worklist(lists)
        jobs = [Job(file=file, path=str(path), template=template) for file, path in found.items()]
        return Jobs(jobs=_distinct(_by_dataset(jobs, patience)), refused=())
    table = read_rows(lists.worklist, WorklistRow)
    patients, patients_refused = _patients(lists.patients)
    events: Table[EventRow] = (
        read_rows(lists.events, EventRow) if lists.events else Table(rows=(), refused=())
    )
    known = _Known(names=Names(found), patients=patients, events=[row for _, row in events.rows])
    listed = list(_listed(table, known, lists, template))
    jobs = [job for job in listed if isinstance(job, Job)]
    refused = [item for item in listed if isinstance(item, Refusal)]
    # a tube whose row was refused must not come back as one without a row: whose it is, and
    # whether it is marrow, is what the row was to say
    taken = {identity(job.path) for job in jobs}
    taken |= set(_named(table.refused, known.names, lists.worklist.parent))
    others = [
        Job(file=file, path=str(path), template=template, findings=(_not_listed(file),))
        for file, path in found.items()
        if identity(str(path)) not in taken
    ]
    rest = (job for job in _by_dataset(others, patience) if identity(job.path) not in taken)
    return Jobs(
        jobs=_distinct((*jobs, *rest)),
        refused=(*table.refused, *refused, *patients_refused, *events.refused),
    )


def _distinct(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Each tube once; two files of one name would share a place in the results."""
    once: dict[str, Job] = {}
    paths: dict[str, set[str]] = defaultdict(set)
    for job in jobs:
        once.setdefault(job.file, job)
        paths[split_dataset(job.file)[0]].add(split_dataset(job.path)[0])
    twice = [name for name, all_of in paths.items() if len(set(map(identity, all_of))) > 1]
    if twice:
        raise InputError(
            "two files, in two folders, have the same name in the results",
            where=", ".join(sorted(twice)[:5]),
            fix="put the worklist into the folder of its tubes, or measure the two apart",
        )
    return tuple(once.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a row of the worklist is held against."""

    names: Names
    patients: Mapping[str, PatientRow]
    events: Sequence[EventRow]


def _listed(
    table: Table[WorklistRow], known: _Known, lists: Lists, template: str
) -> Iterator[Job | Refusal]:
    """A job for each row that names a tube of its own; the others with their reasons."""
    worklist = lists.worklist or Path()
    lines: dict[tuple[str, int | None], int] = {}
    for line, row in table.rows:
        where = f"{worklist.name} line {line}"
        try:
            file, path = known.names.match(row.file, worklist.parent, where)
        except InputError as error:
            yield Refusal(file=row.file, finding=finding_of(error, code="ROW_REFUSED"))
            continue
        first = lines.setdefault(identity(path), line)
        if first != line:
            reason = f"the tube is listed in line {first} already"
            yield Refusal(file=row.file, finding=row_refused(worklist, line, reason))
            continue
        orphan = lists.patients is not None and row.patient_id not in known.patients
        yield Job(
            file=file,
            path=path,
            template=row.template or template,
            specimen=specimen_of(row, known.patients, known.events),
            washed=row.washed == "yes",
            findings=(_no_day(where),) if orphan else (),
        )


def _named(
    refused: Iterable[Refusal], names: Names, folder: Path
) -> Iterator[tuple[str, int | None]]:
    for refusal in refused:
        try:
            yield identity(names.match(refusal.file, folder, "")[1])
        except InputError:
            continue


def _by_dataset(jobs: Iterable[Job], patience: float) -> Iterator[Job]:
    """Split a file of several independent data sets into one job for each."""
    stalls = 0
    for job in jobs:
        try:
            numbers = watched(numbers_to_name, Path(job.path), patience)
        except StalledError:  # how many tubes it is nobody knows: it must not be measured as one
            stalls += 1
            if stalls == _IN_A_ROW:
                raise no_answer(stalls) from None
            yield replace(job, refused=stalled(job.file))
            continue
        stalls = 0
        for number in numbers:
            yield replace(job, file=f"{job.file}#{number}", path=f"{job.path}#{number}")
        if not numbers:
            yield job


def _patients(path: Path | None) -> tuple[dict[str, PatientRow], tuple[Refusal, ...]]:
    if path is None:
        return {}, ()
    rows, refused = read_patients(path)
    return {row.patient_id: row for _, row in rows}, tuple(refused)


def read_patients(path: Path) -> tuple[list[tuple[int, PatientRow]], list[Refusal]]:
    """Rows of a list of patients with their lines, each patient once, and those refused.

    Raises
    ------
    InputError
        If the list cannot be read at all.
    """
    table = read_rows(path, PatientRow)
    refused = list(table.refused)
    patients: dict[str, tuple[int, PatientRow]] = {}
    for line, row in table.rows:
        if row.patient_id in patients:
            reason = "the patient is listed already, and only one day 0 can hold"
            refused.append(Refusal(file="", finding=row_refused(path, line, reason)))
            continue
        patients[row.patient_id] = line, row
    return list(patients.values()), refused


def _without_worklist(lists: Lists) -> None:
    given = lists.patients or lists.events
    if given is not None:
        raise InputError(
            "patients and events say nothing without a worklist that names the tubes' patients",
            where=given.name,
            fix="give --worklist too",
        )


def _not_listed(file: str) -> Finding:
    return Finding(
        code="NOT_IN_WORKLIST",
        severity=Severity.WARNING,
        what="the tube is in no row of the worklist; it is measured without a patient",
        where=file,
        fix="add a row, or leave the file out of the inputs",
    )


def _no_day(where: str) -> Finding:
    return Finding(
        code="PATIENT_UNKNOWN",
        severity=Severity.WARNING,
        what="the patient is not in the list of patients: the day after infusion is not known, "
        "and nothing is marked as provisional for being early",
        where=where,
        fix="add the patient with the day of infusion, and run again",
    )
