"""What a batch has measured becomes part of the store, in the order of its worklist."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import cytomon
from cytomon.card import Card
from cytomon.collate import Collation
from cytomon.document import Document
from cytomon.filing.listed import (
    SaveList,
    counts,
    refused_rows,
    save_event_list,
    save_patient_list,
)
from cytomon.inputs import Job, Jobs, Lists
from cytomon.lists import Refusal
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen
from cytomon.model.people import Act
from cytomon.model.record import How, MeasuredRow, NewResult, Source, Taken
from cytomon.store.change import changing
from cytomon.store.results import save_results, save_whose
from cytomon.store.session import Store
from cytomon.tables import Row, measurement_of

_AT_ONCE = 50
"""Results in one transaction."""
_BESIDE = ("acquired", "instrument", "panel", "limits", "details", "anchors", "left_open")
"""What is kept beside a result, and makes no other result of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of a batch in the store.

    Attributes
    ----------
    store : str
        Which one, as its user named it, without a password.
    new, same : int
        Results that were kept, and those that were there before.
    refused : tuple of Refusal
        Tubes and rows that the store did not take, with the reason.
    """

    store: str
    new: int
    same: int
    refused: tuple[Refusal, ...]


def file_batch(
    store: Store, who: str, out: Path, jobs: Jobs, cards: Sequence[Card], lists: Lists
) -> Filed:
    """Keep what a batch has measured.

    Parameters
    ----------
    store : Store
        The store.
    who : str
        Name of the person who acts.
    out : Path
        Folder of the results, which holds their documents.
    jobs : Jobs
        The tubes.
    cards : sequence of Card
        One for each, in the same order.
    lists : Lists
        Patients and events are kept, too.

    Returns
    -------
    Filed
        The same batch again keeps nothing new.

    Raises
    ------
    InputError
        If the store cannot be written to, or what was kept of a tube has gone.
    """
    refused = [*_file_list(save_patient_list, store, who, lists.patients)]
    counted: Counter[How] = Counter()
    whole = Jobs(jobs=_merged(jobs.jobs), refused=jobs.refused)
    results = _results(Collation(out, jobs, cards), whole, cards)
    while piece := list(islice(results, _AT_ONCE)):
        with changing(store, who, "batch", act=Act.ENTER) as change:
            save_whose(change, [job.specimen for job, result in piece if result is None])
            given = [(job, result) for job, result in piece if result is not None]
            taken = save_results(change, [result for _, result in given])
            change.say(subject=f"tubes: {piece[0][0].file} ff.", after=counts(taken))
        counted.update(one.how for one in taken)
        refused += _refusals([job for job, _ in given], taken)
    refused += _file_list(save_event_list, store, who, lists.events)
    return Filed(
        store=store.address.named,
        new=counted[How.NEW] + counted[How.CHANGED],
        same=counted[How.SAME],
        refused=tuple(refused),
    )


_OF_SPECIMEN = (
    "received_on", "pull", "cd19_clone", "cd22_clone", "instrument_qc", "viability",
)  # fmt: skip


def _merged(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Jobs whose rows say the same of one specimen: what the first row that knows it says."""
    known: dict[tuple[object, ...], dict[str, Any]] = {}
    for specimen in (job.specimen for job in jobs if job.specimen):
        said = known.setdefault(_which(specimen), {})
        for name in _OF_SPECIMEN:
            if said.get(name) in {None, ""}:
                said[name] = getattr(specimen, name)
    return tuple(
        replace(job, specimen=replace(job.specimen, **known[_which(job.specimen)]))
        if job.specimen
        else job
        for job in jobs
    )


def _which(specimen: Specimen) -> tuple[object, ...]:
    return (
        specimen.patient_id, specimen.specimen_id, specimen.collected_on, specimen.specimen_type,
    )  # fmt: skip


def _results(
    collation: Collation, jobs: Jobs, cards: Sequence[Card]
) -> Iterator[tuple[Job, NewResult | None]]:
    """Results in order, that of a specimen after its second tube; None for a tube without any."""
    seen: set[tuple[object, ...]] = set()
    for position, (job, card) in enumerate(zip(jobs.jobs, cards, strict=True)):
        document = collation.judged(position)
        whose = _which(job.specimen) if job.specimen else ()
        copy = (whose, card.sha256, job.file.partition("#")[2])
        if not document.measurements or copy in seen:
            yield job, None
            continue
        seen.add(copy)
        yield job, new_result(job.specimen, document)
        pooled = collation.pooled(position, document)
        if pooled:
            yield job, new_pooled(job.specimen, pooled)


def new_result(
    specimen: Specimen | None, document: Document, *, source: Source = Source.BATCH
) -> NewResult:
    """What a store keeps of a document."""
    beside = {name: getattr(document, name) for name in _BESIDE}
    return NewResult(
        specimen=specimen,
        file=_text(document.file),
        sha256=document.sha256,
        source=source,
        template=document.template["name"],
        template_version=document.template["version"],
        template_sha256=document.template["sha256"],
        engine=document.engine,
        cytomon=cytomon.__version__,
        analysis=document.analysis,
        measurements=tuple(measured_row(row) for row in document.measurements),
        populations=tuple(
            (row["path"], int(row["count"]), int(row["parent_count"]))
            for row in document.populations
        ),
        findings=tuple(
            (
                row["code"],
                row["severity"],
                _text(row["what"]),
                _text(row["where"]),
                _text(row["fix"]),
            )
            for row in document.findings
        ),
        gates=_spelled(document.placement) if document.placement else "",
        details=_spelled(beside),
    )


def new_pooled(
    specimen: Specimen | None, rows: Sequence[Row], *, source: Source = Source.BATCH
) -> NewResult:
    """What a store keeps of the rows of a specimen that was measured in two tubes."""
    return NewResult(
        specimen=specimen,
        file="",
        sha256="",
        source=source,
        template=rows[0]["template"],
        cytomon=cytomon.__version__,
        measurements=tuple(measured_row(row) for row in rows),
    )


def measured_row(row: Row) -> MeasuredRow:
    """The numbers of a row of ``measurements.csv``, as the store takes them."""
    one = measurement_of(row)
    found = one.estimate
    value, low, high = (found.value, found.low, found.high) if found else (None, None, None)
    return (
        one.quantity, one.numerator, one.denominator, value, low, high, one.lod, one.loq,
        one.status, row["qualifiers"],
    )  # fmt: skip


def _text(text: str) -> str:
    """A name of a file need not be text; what is none is spelled out, as in the tables."""
    return text.encode(errors="backslashreplace").decode()


def _spelled(content: object) -> str:
    return json.dumps(content, sort_keys=True, default=str)


def _file_list(save: SaveList, store: Store, who: str, path: Path | None) -> Iterator[Refusal]:
    """Rows that the store did not take; what is wrong with a row itself was said before."""
    if path is not None:
        listed = save(store, who, path, action="batch")
        yield from refused_rows(path, listed.lines, listed.taken)


def _refusals(jobs: Sequence[Job], taken: Sequence[Taken]) -> Iterator[Refusal]:
    for job, one in zip(jobs, taken, strict=True):
        if one.how is How.REFUSED:
            finding = Finding(
                code="NOT_KEPT",
                severity=Severity.ERROR,
                what=one.reason,
                where=job.file,
                fix=one.fix,
            )
            yield Refusal(file=job.file, finding=finding)
