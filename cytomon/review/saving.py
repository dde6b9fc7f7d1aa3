"""The verdict of a review, kept: approved, changed with a result of its own, or rejected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cytomon.document import Document
from cytomon.filing.documents import new_pooled, new_result
from cytomon.model.adjustment import Adjustment, spell_adjustments
from cytomon.model.course import VERDICTS, KeptResult
from cytomon.model.findings import Finding
from cytomon.model.people import Act, Review
from cytomon.model.record import Kind, NewResult, Source
from cytomon.model.results import Measurement
from cytomon.neighbours import judge_again
from cytomon.pipeline import OpenedTube
from cytomon.review.case import Case
from cytomon.review.session import Settled, with_reason
from cytomon.specimens import pooled_rows
from cytomon.store.backing import read_backing
from cytomon.store.change import Change, changing
from cytomon.store.reviewing import save_outcome
from cytomon.store.said import save_review
from cytomon.store.session import Store
from cytomon.tables import Row, finding_row, measured_cells
from cytomon.task import analysis_of, document_of

CARRIED = "CARRY_OVER_POSSIBLE"
BY_NEIGHBOURS = ("GAIN_SHIFT", CARRIED)
"""What only the other tubes of a batch can say; a review hands it on."""


def approve(store: Store, who: str, case: Case, comment: str = "") -> None:
    """Keep that a result was looked at and found right.

    Raises
    ------
    InputError
        If the role does not allow it.
    """
    with changing(store, who, "review", act=Act.REVIEW) as change:
        for pooled in _pooled(case):
            save_review(change, pooled.number, Review.APPROVED, comment=_beside(case))
        save_review(change, case.result.number, Review.APPROVED, comment=comment)


def reject(store: Store, who: str, case: Case, comment: str) -> None:
    """Take a result out of what counts, and with it what stands for all tubes together.

    Raises
    ------
    InputError
        If the role does not allow it, or the result is signed.
    """
    with changing(store, who, "review", act=Act.REVIEW) as change:
        for pooled in _pooled(case):
            save_review(change, pooled.number, Review.REJECTED, comment=_beside(case))
        save_review(change, case.result.number, Review.REJECTED, comment=comment)


def change_result(
    store: Store, who: str, case: Case, opened: OpenedTube, settled: Settled, comment: str
) -> NewResult:
    """Keep the result of a tube with a reviewer's gates, beside the automatic one.

    Parameters
    ----------
    store, who : Store, str
        Where to, and under whose name.
    case : Case
        The tube.
    opened : OpenedTube
        Its file.
    settled : Settled
        What the pipeline measured with the reviewer's gates.
    comment : str
        The reason, which also stands for adjustments that were given none.

    Returns
    -------
    NewResult
        What was kept.

    Raises
    ------
    InputError
        If the role does not allow it, or the store does not take it.
    """
    adjustments = with_reason(settled.adjustments, comment)
    outcome = _outcome(case, opened, settled, adjustments)
    with changing(store, who, "review", act=Act.REVIEW) as change:
        number = save_outcome(change, case.result.tube, outcome)
        for pooled in _pooled(case):
            _change_pooled(change, case, pooled, settled)
        save_review(
            change,
            case.result.number,
            Review.CHANGED,
            outcome=number,
            adjustments=spell_adjustments(adjustments),
            comment=comment,
        )
        change.say(
            subject=f"result {case.result.number}: changed, see result {number}",
            before=_said(case.automatic.measurements),
            after=_said(settled.answers),
            why=comment,
        )
    return outcome


def _outcome(
    case: Case, opened: OpenedTube, settled: Settled, adjustments: Sequence[Adjustment]
) -> NewResult:
    analysis = analysis_of(
        opened,
        case.automatic.file,
        case.specimen,
        engine=settled.result.engine,
        adjustments=adjustments,
    )
    document = document_of(settled.result, opened, analysis)
    document = judge_again(document, next(_carried(case.backing.findings), None))
    of_day = [one for one in case.backing.findings if one.code == "GAIN_SHIFT"]
    others = [row for row in document.findings if row["code"] != "GAIN_SHIFT"]
    said = [finding_row(document.file, finding) for finding in of_day]
    document = replace(document, findings=(*others, *said))
    return new_result(case.specimen, document, source=Source.REVIEW)


def _carried(findings: Sequence[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.code == CARRIED)


def _pooled(case: Case) -> list[KeptResult]:
    """What stands for all tubes of the specimen together, where there is such a result."""
    return [one for one in case.others if one.kind is Kind.POOLED and not one.external]


def _change_pooled(change: Change, case: Case, pooled: KeptResult, settled: Settled) -> None:
    """Put the tubes of a specimen together again, one of them as it was reviewed."""
    mates = [one for one in case.others if one.kind is Kind.FILE and not one.external]
    names = pooled.template.split("+")
    tubes = [(case.automatic, settled.answers), *((one, one.measurements) for one in mates)]
    tubes.sort(key=lambda tube: names.index(tube[0].template) if tube[0].template in names else 9)
    backing = read_backing(change.connection, [one.number for one, _ in tubes])
    failures = [f for one, _ in tubes for f in _carried(backing[one.number].findings)]
    rows: Sequence[Row] = ()
    if len(tubes) == 2:
        documents = [
            _document(case, one, answers, backing[one.number].details.get("limits", {}))
            for one, answers in tubes
        ]
        rows = pooled_rows(documents[0], documents[1], failures)
    if not rows:
        save_review(change, pooled.number, Review.REJECTED, comment=_beside(case))
        return
    outcome = new_pooled(case.specimen, rows, source=Source.REVIEW)
    number = save_outcome(change, pooled.tube, outcome)
    save_review(change, pooled.number, Review.CHANGED, outcome=number, comment=_beside(case))


def _document(
    case: Case, one: KeptResult, answers: Mapping[str, Measurement], limits: Mapping[str, object]
) -> Document:
    """As much of a tube's document as putting two tubes together asks for."""
    whose = {
        "file": one.file,
        "sha256": one.sha256,
        "template": one.template,
        "specimen_type": case.kept.specimen_type,
    }
    rows = tuple({**whose, **measured_cells(answer)} for answer in answers.values())
    return Document(file=one.file, measurements=rows, limits=limits)


def _beside(case: Case) -> str:
    return f"follows the review of {case.automatic.file}"


def _said(answers: Mapping[str, Measurement]) -> dict[str, str]:
    """Counts and statuses of the verdicts, for the log."""
    return {
        quantity: f"{one.numerator} of {one.denominator} {one.status}"
        for quantity, one in answers.items()
        if quantity in VERDICTS
    }
