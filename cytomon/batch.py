"""The story of a folder: every tube measured, whatever happens to one of them.

A tube's document is kept in ``DIR/tubes`` with the hash of all that it depends on, so that an
interrupted batch goes on where it stopped, and a finished tube is not measured twice. The tables
are written from the documents, in the order of the worklist: the same inputs give the same bytes
on any number of workers. Patients and specimens are named in ``measurements.csv`` only.
"""

from __future__ import annotations

import dataclasses
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cytomon
from cytomon.day import judge_days
from cytomon.document import Document, to_json
from cytomon.errors import InputError
from cytomon.inputs import Job, Jobs, Lists, collect
from cytomon.model.findings import Severity
from cytomon.neighbours import carry_over, judge_again
from cytomon.pool import run_all
from cytomon.specimens import pooled_rows
from cytomon.tables import (
    FINDING_COLUMNS,
    MEASUREMENT_COLUMNS,
    POPULATION_COLUMNS,
    Row,
    finding_row,
    refuse_unwritable,
    write_table,
    write_whole,
)
from cytomon.task import IDENTIFIERS, Settings, Task

Report = Callable[[Document], None]
Pooled = Mapping[int, Sequence[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a batch ended.

    Attributes
    ----------
    documents : tuple of Document
        One for each tube, in the order of the tables.
    refused_rows : int
        Rows of the lists that could not be used.
    """

    documents: tuple[Document, ...]
    refused_rows: int

    @property
    def measured(self) -> int:
        """Tubes with measurements."""
        return sum(not d.refused for d in self.documents)

    @property
    def refused(self) -> int:
        """Tubes without."""
        return len(self.documents) - self.measured

    @property
    def exit_code(self) -> int:
        """Exit code: 0 done, 1 something was refused, 3 nothing could be done, 70 our defect."""
        if any(document.defect for document in self.documents):
            return 70
        if not self.measured:
            return 3
        return 1 if self.refused or self.refused_rows else 0


def plan(inputs: Sequence[Path], lists: Lists, settings: Settings) -> Jobs:
    """Find the tubes of a batch and match them with the worklist; nothing is measured.

    Raises
    ------
    InputError
        If there is no tube at all, or an input or a list cannot be used.
    """
    jobs = collect(inputs, lists, template=settings.template)
    if not jobs.jobs and not jobs.refused:
        raise InputError(
            "there is no FCS or LMD file in the inputs",
            where=", ".join(path.name for path in inputs),
            fix="name FCS files, or a folder that holds some",
        )
    return jobs


def run(
    jobs: Jobs, out: Path, settings: Settings, *, workers: int = 0, report: Report | None = None
) -> Outcome:
    """Measure every tube of a batch and write the tables.

    Parameters
    ----------
    jobs : Jobs
        From `plan`.
    out : Path
        Folder of the results; made where missing.
    settings : Settings
        What holds for every tube.
    workers : int, optional
        Processes beside this one; 0 measures in this one.
    report : callable, optional
        Told of each tube as it is done.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If the results cannot be written.
    """
    started = datetime.now(UTC)
    refuse_unwritable(out)
    tasks = [Task(job=job, out=str(out), settings=settings) for job in jobs.jobs]
    measured = run_all(tasks, workers=workers, report=report)
    carried = carry_over(jobs.jobs, measured)
    documents = judge_days(jobs.jobs, judge_again(measured, carried))
    outcome = Outcome(documents=documents, refused_rows=len(jobs.refused))
    pooled = pooled_rows(jobs.jobs, documents, carried)
    write_table(
        out / "measurements.csv", _measurements(jobs, documents, pooled), MEASUREMENT_COLUMNS
    )
    write_table(out / "populations.csv", _populations(documents), POPULATION_COLUMNS)
    write_table(out / "findings.csv", _findings(jobs, documents, pooled), FINDING_COLUMNS)
    record = _record(jobs.jobs, outcome, settings, workers=workers, started=started)
    write_whole(out / "run.json", to_json(record))
    return outcome


def _measurements(jobs: Jobs, documents: Sequence[Document], pooled: Pooled) -> Iterator[Row]:
    for position, (job, document) in enumerate(zip(jobs.jobs, documents, strict=True)):
        whose = {name: getattr(job.specimen, name, "") for name in IDENTIFIERS}
        for row in (*document.measurements, *pooled.get(position, ())):
            yield {**row, **whose}


def _populations(documents: Iterable[Document]) -> Iterator[Row]:
    return (row for document in documents for row in document.populations)


def _findings(jobs: Jobs, documents: Sequence[Document], pooled: Pooled) -> Iterable[Row]:
    for refusal in jobs.refused:
        yield finding_row(refusal.file, refusal.finding)
    copies = Counter(document.sha256 for document in documents if document.sha256)
    for job, document in zip(jobs.jobs, documents, strict=True):
        yield from (finding_row(job.file, finding) for finding in job.findings)
        if copies[document.sha256] > 1 and "#" not in document.file:
            yield _copied(document, documents)
        yield from document.findings
    for position, rows in pooled.items():
        if any("TUBE_DISCORDANCE" in row["qualifiers"] for row in rows):
            yield _discordant(documents[position].file)


def _discordant(file: str) -> Row:
    return {
        "file": file,
        "code": "TUBE_DISCORDANCE",
        "severity": Severity.WARNING.value,
        "what": "the two tubes of this specimen disagree on MRD; the higher one stands for it",
        "where": file,
        "fix": "look at both tubes; one of them may be of another specimen",
    }


def _copied(document: Document, documents: Sequence[Document]) -> Row:
    others = [d.file for d in documents if d.sha256 == document.sha256 and d is not document]
    return {
        "file": document.file,
        "code": "SAME_BYTES",
        "severity": Severity.WARNING.value,
        "what": f"the tube is byte for byte the same as {', '.join(others[:5])}",
        "where": document.file,
        "fix": "check that both belong to the same specimen",
    }


def _record(
    jobs: Sequence[Job],
    outcome: Outcome,
    settings: Settings,
    *,
    workers: int,
    started: datetime,
) -> Mapping[str, Any]:
    used = {d.template["name"]: dict(d.template) for d in outcome.documents if d.template}
    return {
        "cytomon": cytomon.__version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("flowkit", "flowutils", "numpy", "scipy")},
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": {**dataclasses.asdict(settings), "workers": workers},
        "templates": [used[name] for name in sorted(used)],
        "tubes": [
            {
                "file": job.file,
                "analysis": document.analysis,
                "engine": document.engine,
                "verified": dict(document.verified),
                "left_open": [list(one) for one in document.left_open],
                "seconds": document.seconds,
                "refused": document.refused,
                "from_before": document.from_before,
            }
            for job, document in zip(jobs, outcome.documents, strict=True)
        ],
        "refused_rows": outcome.refused_rows,
    }
