"""Tubes that nobody has judged since a batch measured them, with what makes them doubtful."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, exists, select

from cytomon.model.course import State
from cytomon.model.findings import Severity
from cytomon.model.people import Review
from cytomon.model.qualifiers import Qualifier
from cytomon.model.record import Kind, Source
from cytomon.model.timeline import Answer
from cytomon.store.current import among, is_current
from cytomon.store.earlier import Earlier, Held, day_of
from cytomon.store.kept import LightResult
from cytomon.store.tables import findings, results, reviews, specimens, tubes
from cytomon.store.timelines import Span

SAID = (
    "GATE_FALLBACK", "GATE_AT_LEASH", "CARRY_OVER_POSSIBLE", "CLUSTER_BY_EYE", "EVENTS_BY_EYE",
    "BLASTS_AMONG_HEMATOGONES", "PRECURSORS_ARRESTED", "B_CELLS_AMONG_PRECURSORS",
)  # fmt: skip
"""Findings that are read, beside all hard failures."""


class Said(NamedTuple):
    """A finding."""

    code: str
    severity: str
    what: str


class Waiting(NamedTuple):
    """A tube whose newest result of a batch has no verdict.

    A tuple and not a dataclass: where nobody has judged anything, hundreds of thousands wait.

    Attributes
    ----------
    patient_id, specimen_id, specimen_type : str
        Whose, which and what.
    collected_on : date or None
        Day of collection.
    specimen, result : int
        Numbers in the store.
    file : str
        Name of the tube.
    moved : bool
        Whether it was measured for another specimen, before its tube came here.
    answers : mapping of str to Answer
        What the result says, of `cytomon.store.earlier.READ`.
    judged : mapping of str to Answer
        Of `VERDICTS`, what counts of the tube and was reviewed or signed before it was measured
        again.
    pooled : Answer or None
        The MRD of all tubes of the specimen together.
    before : mapping of str to Earlier
        Of `VERDICTS`, the last answer on either side of its question that counts for an earlier
        day.
    findings : tuple of Said
        Of `SAID`, and hard failures, in order.
    stable : float or None
        In which share of jittered gates the status of the MRD is the same; read where it is unsure.
    """

    patient_id: str
    specimen_id: str
    specimen_type: str
    collected_on: date | None
    specimen: int
    result: int
    file: str
    moved: bool
    answers: Mapping[str, Answer]
    judged: Mapping[str, Answer]
    pooled: Answer | None
    before: Mapping[str, Earlier]
    findings: tuple[Said, ...]
    stable: float | None


def read_waiting(connection: Connection, span: Span) -> Iterator[Waiting]:
    """Tubes of some patients that wait for a person.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    span : Span
        Which patients.

    Yields
    ------
    Waiting
        One for each file of which the newest result of a batch is not signed, and no reviewer has
        given a verdict on the tube since. An edit that was begun is no verdict.
    """
    rows = _unjudged(connection, span)
    if not rows:
        return
    held = Held(connection, sorted({row.patient for row in rows}))
    open_ = [row for row in rows if held.state(row.id) is State.AUTOMATIC]
    said = _findings(connection, [row.id for row in open_])
    unsure = [row.id for row in open_ if _is_unsure(held.results[row.id])]
    stable = read_number(connection, unsure, "details", "mrd", "status_stable")
    before = held.before({row.specimen for row in open_})
    for row in open_:
        mine = held.results[row.id]
        specimen = held.specimens[row.specimen]
        yield Waiting(
            patient_id=held.patients[row.patient],
            specimen_id=specimen.specimen_id,
            specimen_type=specimen.specimen_type,
            collected_on=day_of(specimen),
            specimen=row.specimen,
            result=row.id,
            file=row.file,
            moved=mine.moved,
            answers=mine.measurements,
            judged=held.judged(row.specimen, row.tube),
            pooled=held.pooled(row.specimen),
            before=before[row.specimen],
            findings=tuple(said[row.id]),
            stable=stable.get(row.id),
        )


def _unjudged(connection: Connection, span: Span) -> Sequence[Row[Any]]:
    """Newest results of a batch, of tubes on which nothing was said since."""
    later, other = results.alias(), results.alias()
    measured_again = exists().where(
        later.c.tube == results.c.tube,
        later.c.id > results.c.id,
        later.c.source == Source.BATCH.value,
        later.c.external == 0,
    )
    verdict = (
        exists()
        .where(
            other.c.tube == results.c.tube,
            reviews.c.result == other.c.id,
            reviews.c.entry > results.c.entry,
            reviews.c.verdict != Review.EDITED.value,
        )
        .correlate(results)
    )
    query = (
        select(
            results.c.id, results.c.tube, tubes.c.file, tubes.c.specimen, specimens.c.patient
        )
        .select_from(specimens)
        .join(tubes, tubes.c.specimen == specimens.c.thing)
        .join(results, results.c.tube == tubes.c.thing)
        .where(
            specimens.c.patient.between(span.first, span.last),
            is_current(specimens),
            tubes.c.kind == Kind.FILE.value,
            tubes.c.withdrawn == 0,
            is_current(tubes),
            results.c.source == Source.BATCH.value,
            results.c.external == 0,
            ~measured_again,
            ~verdict,
        )
    )  # fmt: skip
    return sorted(connection.execute(query))


def _is_unsure(result: LightResult) -> bool:
    """Whether the status of an MRD turns under jittered gates."""
    mrd = result.measurements.get("mrd")
    return mrd is not None and mrd.says(Qualifier.STATUS_UNSTABLE)


def _findings(connection: Connection, numbers: Sequence[int]) -> Mapping[int, list[Said]]:
    said: dict[int, list[Said]] = defaultdict(list)
    query = select(
        findings.c.result, findings.c.position, findings.c.code, findings.c.severity,
        findings.c.what,
    ).where(findings.c.code.in_(SAID) | (findings.c.severity == Severity.ERROR.value))  # fmt: skip
    for row in sorted(among(connection, query, findings.c.result, numbers)):
        said[row.result].append(Said(row.code, row.severity, row.what))
    return said


def read_number(connection: Connection, numbers: Sequence[int], *names: str) -> Mapping[int, float]:
    """A number that lies behind results.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    numbers : sequence of int
        Of the results.
    *names : str
        Where it stands in their details.

    Returns
    -------
    mapping of int to float
        Results whose details do not have it are left out.
    """
    found: dict[int, float] = {}
    query = select(results.c.id, results.c.details)
    for row in among(connection, query, results.c.id, numbers):
        behind = json.loads(row.details) if row.details else None
        for name in names:
            behind = behind.get(name) if isinstance(behind, dict) else None
        if isinstance(behind, int | float):
            found[row.id] = float(behind)
    return found
