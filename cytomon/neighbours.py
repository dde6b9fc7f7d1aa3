"""What one tube may have left in the next: order of acquisition, and carry-over (domain: 6.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.model.findings import Finding, Severity
from cytomon.tables import Row, finding_row

_MUCH = 0.01
_FEW = 50


def carry_over(jobs: Sequence[Job], documents: Sequence[Document]) -> dict[int, Row]:
    """Tubes whose few blasts may be those of the tube before.

    Parameters
    ----------
    jobs, documents : sequence
        The tubes of a batch and what was kept of each, in the same order.

    Returns
    -------
    dict of int to dict
        Position of a tube to its row of ``findings.csv``.

    Notes
    -----
    The tube before had more than 1 % MRD, and this one has 1 to 49 blasts. Tubes of one patient
    are passed over: what one leaves in the next is the patient's own.
    """
    found = {}
    for before, position, by_time in _in_order(documents):
        source, tube = documents[before], documents[position]
        if _same_patient(jobs[before], jobs[position]):
            continue
        blasts, fraction = _mrd(tube)[0], _mrd(source)[1]
        if blasts is not None and fraction is not None and 0 < blasts < _FEW and fraction > _MUCH:
            found[position] = finding_row(
                tube.file, _say(tube, source, blasts, fraction, by_time=by_time)
            )
    return found


def _in_order(documents: Sequence[Document]) -> Iterator[tuple[int, int, bool]]:
    """Each tube with the one acquired before it, by the clock where every file tells the time."""
    runs: dict[str, list[int]] = defaultdict(list)
    for position, document in enumerate(documents):
        if not document.refused:
            runs[document.instrument].append(position)
    for run in runs.values():
        by_time = all(documents[position].acquired for position in run)
        if by_time:
            run.sort(key=lambda position: documents[position].acquired)
        for before, position in pairwise(run):
            yield before, position, by_time


def _same_patient(first: Job, second: Job) -> bool:
    if first.specimen is None or second.specimen is None:
        return False
    return bool(first.specimen.patient_id) and (
        first.specimen.patient_id == second.specimen.patient_id
    )


def _mrd(document: Document) -> tuple[int | None, float | None]:
    for row in document.measurements:
        if row["quantity"] == "mrd":
            return (
                int(row["numerator"]) if row["numerator"] else None,
                float(row["value"]) if row["value"] else None,
            )
    return None, None


def _say(
    tube: Document, source: Document, blasts: int, fraction: float, *, by_time: bool
) -> Finding:
    order = (
        "by the files' times of acquisition"
        if by_time
        else "by the order of the list, for not every file tells when it was acquired"
    )
    return Finding(
        code="CARRY_OVER_POSSIBLE",
        severity=Severity.WARNING,
        what=f"{blasts} blasts, and the tube before ({order}) held {fraction:.1%}: "
        f"{source.file}, sha256 {source.sha256}",
        where=tube.file,
        fix="ask whether the instrument was washed between the two; look whether the blasts come "
        "early in the run and look like those of the other patient; acquire again",
    )
