"""What one tube may have left in the next: order of acquisition, and carry-over (domain: 6.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from cytomon.card import Card
from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.measure.afterwards import fail_mrd
from cytomon.measure.catalogue import say_missing
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import MRD_QUANTITIES, Limits, Measurement
from cytomon.tables import Row, finding_row, measured_cells, measurement_of

_MUCH = 0.01
MOST_CARRIED = 49
"""Blasts of a tube that the tube before may have left in it; more are its own."""
_OF_BLASTS = ("cd19_blasts", "cd22_blasts", "mrd_a_only", "mrd_b_only", "mrd_both")


def carry_over(jobs: Sequence[Job], cards: Sequence[Card]) -> dict[int, Finding]:
    """Tubes whose few blasts may be those of the tube before: a hard failure of their MRD.

    Parameters
    ----------
    jobs, cards : sequence
        The tubes of a batch and the card of each, in the same order.

    Returns
    -------
    dict of int to Finding
        Position of a tube to its failure.

    Notes
    -----
    The tube before had more than 1 % MRD, this one has 1 to 49 blasts, and no wash or blank is
    recorded between them. Tubes of one patient are passed over: what one leaves in the next is the
    patient's own.
    """
    found = {}
    for before, position, by_time in _in_order(cards):
        source, tube = cards[before], cards[position]
        if jobs[position].washed or _same_patient(jobs[before], jobs[position]):
            continue
        blasts, fraction = _mrd(tube)[0], _mrd(source)[1]
        if (
            blasts is not None
            and fraction is not None
            and 0 < blasts <= MOST_CARRIED
            and fraction > _MUCH
        ):
            found[position] = _say(tube, source, blasts, fraction, by_time=by_time)
    return found


def judge_again(document: Document, failure: Finding | None) -> Document:
    """The document of a tube, with what its neighbours say of it.

    Parameters
    ----------
    document : Document
        What was kept of the tube.
    failure : Finding or None
        Its hard failure, if it has one.

    Returns
    -------
    Document
        Each MRD of a failed tube is judged again; what else rests on its blasts stands, marked.
        What is kept on disk stays the word of the tube alone: another batch may have other
        neighbours.
    """
    if failure is None:
        return document
    limits = Limits(**document.limits)
    again = {
        row["quantity"]: _judged(row, failure, limits)
        for row in document.measurements
        if row["quantity"] in (*MRD_QUANTITIES, *_OF_BLASTS)
    }
    missing = tuple(say_missing([again[name] for name in MRD_QUANTITIES if name in again]))
    stale = {"STATUS_STABILITY"} if missing else set()
    return replace(
        document,
        measurements=tuple(
            {**row, **measured_cells(again[row["quantity"]])} if row["quantity"] in again else row
            for row in document.measurements
        ),
        findings=(
            finding_row(document.file, failure),
            *(row for row in document.findings if row["code"] not in stale),
            *(finding_row(document.file, finding) for finding in missing),
        ),
    )


def _judged(row: Row, failure: Finding, limits: Limits) -> Measurement:
    found = measurement_of(row)
    if found.quantity in MRD_QUANTITIES:
        kind = SpecimenType(row["specimen_type"])
        return fail_mrd(found, (failure,), limits=limits, specimen_type=kind)
    marked = in_order((*found.qualifiers, Qualifier.QUALITY_FAILED))
    return replace(found, qualifiers=marked)


def _in_order(cards: Sequence[Card]) -> Iterator[tuple[int, int, bool]]:
    """Each tube with the one acquired before it, by the clock where every file tells the time."""
    runs: dict[str, list[int]] = defaultdict(list)
    for position, card in enumerate(cards):
        if not card.refused:
            runs[card.instrument].append(position)
    for run in runs.values():
        by_time = all(cards[position].acquired for position in run)
        if by_time:
            run.sort(key=lambda position: cards[position].acquired)
        for before, position in pairwise(run):
            yield before, position, by_time


def _same_patient(first: Job, second: Job) -> bool:
    if first.specimen is None or second.specimen is None:
        return False
    return bool(first.specimen.patient_id) and (
        first.specimen.patient_id == second.specimen.patient_id
    )


def _mrd(card: Card) -> tuple[int | None, float | None]:
    numerator, value, _ = card.answers.get("mrd", ("", "", ""))
    return int(numerator) if numerator else None, float(value) if value else None


def _say(tube: Card, source: Card, blasts: int, fraction: float, *, by_time: bool) -> Finding:
    order = (
        "by the files' times of acquisition"
        if by_time
        else "by the order of the list, for not every file tells when it was acquired"
    )
    return Finding(
        code="CARRY_OVER_POSSIBLE",
        severity=Severity.ERROR,
        what=f"{blasts} blasts, and the tube before ({order}) held {fraction:.1%}, with no wash or "
        f"blank recorded between them: {source.file}, sha256 {source.sha256}",
        where=tube.file,
        fix="if the instrument's log shows a wash or a blank before this tube, say so in the "
        "worklist (washed) and run again; else look whether the blasts come early in the run and "
        "look like those of the other patient, and acquire again",
    )
