"""From what a user names to a list of tubes: files found, worklist rows matched, rows refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cytomon.errors import CytomonError, InputError
from cytomon.fcs.intake import numbers_to_name, split_dataset
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen
from cytomon.worklist import (
    EventRow,
    PatientRow,
    Refusal,
    Table,
    read_rows,
    read_worklist,
    row_refused,
    specimen_of,
)

SUFFIXES = (".fcs", ".lmd")


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
    findings : tuple of Finding
        What was noticed before opening it.
    """

    file: str
    path: str
    template: str = ""
    specimen: Specimen | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Tubes to measure, in the order of the results, and rows that were refused."""

    jobs: tuple[Job, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The lists that come with a batch; any may be None."""

    worklist: Path | None = None
    patients: Path | None = None
    events: Path | None = None


def collect(inputs: Sequence[Path], lists: Lists, *, template: str = "") -> Jobs:
    """List the tubes of a batch.

    Parameters
    ----------
    inputs : sequence of Path
        FCS or LMD files, or folders that are searched through, in any letter case.
    lists : Lists
        Worklist, patients and events.
    template : str, optional
        Template for tubes whose worklist row names none.

    Returns
    -------
    Jobs
        Tubes in the worklist's order, then the others by path.

    Raises
    ------
    InputError
        If an input does not exist, two inputs hold a file of the same relative path, or a list
        cannot be read at all.
    """
    found = dict(sorted(_found(inputs).items()))
    if lists.worklist is None:
        _without_worklist(lists)
        jobs = [Job(file=file, path=str(path), template=template) for file, path in found.items()]
        return Jobs(jobs=tuple(_by_dataset(jobs)), refused=())
    worklist = read_worklist(lists.worklist)
    patients, patients_refused = _patients(lists.patients)
    events: Table[EventRow] = (
        read_rows(lists.events, EventRow) if lists.events else Table(rows=(), refused=())
    )
    listed: list[Job] = []
    refused = [*worklist.refused, *patients_refused, *events.refused]
    taken: set[Path] = set()
    for line, row in worklist.rows:
        try:
            file, path = _match(row.file, found, lists.worklist, line)
        except InputError as error:
            refused.append(Refusal(file=row.file, finding=_as_finding(error)))
            continue
        taken.add(Path(split_dataset(path)[0]).resolve())
        specimen = specimen_of(row, patients, [event for _, event in events.rows])
        listed.append(
            Job(file=file, path=path, template=row.template or template, specimen=specimen)
        )
    others = [
        Job(file=file, path=str(path), template=template, findings=(_not_listed(file),))
        for file, path in found.items()
        if path.resolve() not in taken
    ]
    return Jobs(jobs=(*listed, *_by_dataset(others)), refused=tuple(refused))


def _found(inputs: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for given in inputs:
        for file, path in _tubes_of(given):
            if file in found and found[file].resolve() != path.resolve():
                raise InputError(
                    "two inputs hold a tube of the same relative path",
                    where=file,
                    fix="name the folder above both, or run them one after the other",
                )
            found[file] = path
    return found


def _tubes_of(given: Path) -> Iterator[tuple[str, Path]]:
    if given.is_file():
        yield given.name, given
    elif given.is_dir():
        for folder, _, names in os.walk(given):
            for name in names:
                path = Path(folder) / name
                if not name.startswith(".") and _is_tube(path):
                    yield path.relative_to(given).as_posix(), path
    else:
        name, dataset = split_dataset(str(given))
        if dataset is None or not Path(name).is_file():
            raise InputError(
                "there is no such file or folder", where=given.name, fix="check the path"
            )
        yield given.name, given


def _is_tube(path: Path) -> bool:
    """By its suffix, or by its first bytes: some cytometers number their files (``.001``)."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(3) == b"FCS"
    except OSError:
        return False


def _by_dataset(jobs: Iterable[Job]) -> Iterator[Job]:
    """Split a file of several independent data sets into one job for each."""
    for job in jobs:
        numbers = numbers_to_name(Path(job.path))
        for number in numbers:
            yield Job(
                file=f"{job.file}#{number}",
                path=f"{job.path}#{number}",
                template=job.template,
                findings=job.findings,
            )
        if not numbers:
            yield job


def _match(text: str, found: Mapping[str, Path], worklist: Path, line: int) -> tuple[str, str]:
    name, dataset = split_dataset(PurePosixPath(text.replace("\\", "/")).as_posix())
    suffix = "" if dataset is None else f"#{dataset}"
    beside = worklist.parent / name
    if beside.is_file():
        known = [file for file, path in found.items() if path.resolve() == beside.resolve()]
        return (known[0] if known else name) + suffix, str(beside) + suffix
    candidates = [file for file in found if file == name or file.endswith(f"/{name}")]
    exact = [file for file in candidates if file == name]
    candidates = exact or candidates
    where = f"{worklist.name} line {line}"
    if not candidates:
        raise InputError(
            f"the tube {name!r} is neither beside the worklist nor in an input",
            where=where,
            fix="check the file name; it is relative to the worklist's folder, else to an input",
        )
    if len(candidates) > 1:
        raise InputError(
            f"the tube {name!r} is ambiguous: {', '.join(candidates[:5])}",
            where=where,
            fix="write the path relative to the input",
        )
    return candidates[0] + suffix, str(found[candidates[0]]) + suffix


def _patients(path: Path | None) -> tuple[dict[str, PatientRow], tuple[Refusal, ...]]:
    if path is None:
        return {}, ()
    table = read_rows(path, PatientRow)
    refused = list(table.refused)
    patients: dict[str, PatientRow] = {}
    for line, row in table.rows:
        if row.patient_id in patients:
            reason = "the patient is listed already, and only one day 0 can hold"
            refused.append(Refusal(file="", finding=row_refused(path, line, reason)))
            continue
        patients[row.patient_id] = row
    return patients, tuple(refused)


def _without_worklist(lists: Lists) -> None:
    given = lists.patients or lists.events
    if given is not None:
        raise InputError(
            "patients and events say nothing without a worklist that names the tubes' patients",
            where=given.name,
            fix="give --worklist too",
        )


def _as_finding(error: CytomonError) -> Finding:
    return Finding(
        code="ROW_REFUSED",
        severity=Severity.ERROR,
        what=error.what,
        where=error.where,
        fix=error.fix,
    )


def _not_listed(file: str) -> Finding:
    return Finding(
        code="NOT_IN_WORKLIST",
        severity=Severity.WARNING,
        what="the tube is in no row of the worklist; it is measured without a patient",
        where=file,
        fix="add a row, or leave the file out of the inputs",
    )
