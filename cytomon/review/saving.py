"""The verdict of a review, kept: approved, changed with a result of its own, or rejected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from cytomon.document import Document
from cytomon.errors import InputError
from cytomon.filing.documents import new_pooled, new_result
from cytomon.model.adjustment import Adjustment, spell_adjustments
from cytomon.model.course import VERDICTS, KeptResult, State
from cytomon.model.findings import Finding
from cytomon.model.people import Act, Review
from cytomon.model.record import Kind, NewResult, Source
from cytomon.model.results import Measurement
from cytomon.neighbours import judge_again
from cytomon.pipeline import OpenedTube, place_on
from cytomon.review.case import Case, read_cases
from cytomon.review.locks import locked
from cytomon.review.moved import population_of
from cytomon.review.session import Settled, with_reason
from cytomon.specimens import pooled_rows
from cytomon.store.backing import read_backing
from cytomon.store.change import Change, changing
from cytomon.store.reviewing import read_openings, save_outcome
from cytomon.store.said import save_review
from cytomon.store.session import Store
from cytomon.tables import Row, finding_row, measured_cells, measurement_of
from cytomon.task import analysis_of, document_of

CARRIED = "CARRY_OVER_POSSIBLE"
_OF_DAY = ("GAIN_SHIFT", "PLACES_UNUSUAL")
BY_NEIGHBOURS = (*_OF_DAY, CARRIED)
"""What only the other tubes of a batch can say; a review hands it on."""


def approve(store: Store, who: str, case: Case, comment: str = "") -> None:
    """Keep that a result was looked at and found right.

    Raises
    ------
    InputError
        If the role does not allow it, somebody else has judged or measured the tube meanwhile, or
        it was measured for another specimen and no reason is given.
    """
    with changing(store, who, "review", act=Act.REVIEW) as change:
        now = _as_it_is(change, case)
        if now.result.measured_elsewhere and not comment.strip():
            raise InputError(
                "the tube was moved here after it was measured: what depends on the patient's days "
                "and drugs may be wrong",
                where=case.automatic.file,
                fix="measure it again with the corrected worklist, or say why it may stand",
            )
        for pooled in _pooled(now):
            save_review(change, pooled.number, Review.APPROVED, comment=_beside(now))
        save_review(change, now.result.number, Review.APPROVED, comment=comment)


def reject(store: Store, who: str, case: Case, comment: str) -> None:
    """Take a tube out of what counts, and with it what stands for all tubes together.

    With a result that a reviewer made goes the automatic one beside it, which would count again;
    what was signed before the tube was measured again stands.

    Raises
    ------
    InputError
        If the role does not allow it, the result is signed, or somebody else has judged or measured
        the tube meanwhile.
    """
    with changing(store, who, "review", act=Act.REVIEW) as change:
        now = _as_it_is(change, case)
        for one in (*_pooled(now), now.result):
            _reject_all(change, now, one)
        save_review(change, now.result.number, Review.REJECTED, comment=comment)


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
        If the role does not allow it, a locked gate was changed that two persons have not opened,
        somebody else has judged or measured the tube meanwhile, or the store does not take it.
    """
    adjustments = with_reason(settled.adjustments, comment)
    document = _document_of(case, opened, settled, adjustments)
    outcome = new_result(case.specimen, document, source=Source.REVIEW)
    locks = _locked_of(case, opened, adjustments)
    with changing(store, who, "review", act=Act.REVIEW) as change:
        now = _as_it_is(change, case)
        _refuse_locked(change, {case.result.number, now.result.number}, locks)
        number = save_outcome(change, case.result.tube, outcome)
        for pooled in _pooled(now):
            _change_pooled(change, now, pooled, document)
        _keep_verdict(change, now.result.number, number, spell_adjustments(adjustments), comment)
        change.say(
            subject=f"result {now.result.number}: changed, see result {number}",
            before=_said(case.automatic.measurements.values()),
            after=_said(map(measurement_of, document.measurements)),
            why=comment,
        )
    return outcome


def _as_it_is(change: Change, case: Case) -> Case:
    """The tube as it stands in the store now.

    A person who has given a verdict may give another one; what others did meanwhile must be seen
    before it is judged.
    """
    cases = read_cases(change.connection, case.patient_id, case.kept.number)
    now = next((one for one in cases if one.automatic.tube == case.automatic.tube), None)
    mine = now is not None and now.result.saved_by == change.who
    if (
        now is None
        or now.automatic.number != case.automatic.number
        or now.specimen != case.specimen
        or not (mine or now.result.number == case.result.number)
    ):
        raise InputError(
            "somebody else has judged, measured or moved the tube meanwhile",
            where=case.automatic.file,
            fix="open the tube again",
        )
    return now


def _locked_of(case: Case, opened: OpenedTube, adjustments: Sequence[Adjustment]) -> set[str]:
    """Locked gates that were changed in this review."""
    known = {one.geometry for one in case.start}
    changed = {population_of(one.gate) for one in adjustments if one.geometry not in known}
    return changed & set(locked(place_on(opened))) if changed else set()


def _refuse_locked(change: Change, numbers: Set[int], locks: Set[str]) -> None:
    """The store has the last word on who has opened what: roles may have been taken away since."""
    asked = [read_openings(change.connection, number) for number in sorted(numbers)]
    is_open = {gate for some in asked for gate, opening in some.items() if opening.is_open}
    closed = sorted(locks - is_open)
    if closed:
        raise InputError(
            f"locked gates were changed that two persons have not opened: {', '.join(closed)}",
            where="the gates",
            fix="take the changes back, or have a second person agree",
        )


def _keep_verdict(change: Change, result: int, outcome: int, adjustments: str, why: str) -> None:
    if outcome == result:
        # the same gates give the same result once more
        save_review(change, result, Review.APPROVED, comment=why)
    else:
        save_review(
            change,
            result,
            Review.CHANGED,
            outcome=outcome,
            adjustments=adjustments,
            comment=why,
        )


def _document_of(
    case: Case, opened: OpenedTube, settled: Settled, adjustments: Sequence[Adjustment]
) -> Document:
    """What is kept of the tube: what the other tubes of its batch said of it is said again."""
    analysis = analysis_of(
        opened,
        case.automatic.file,
        case.specimen,
        engine=settled.result.engine,
        adjustments=adjustments,
    )
    document = document_of(settled.result, opened, analysis)
    document = judge_again(document, next(_carried(case.backing.findings), None))
    of_day = [one for one in case.backing.findings if one.code in _OF_DAY]
    others = [row for row in document.findings if row["code"] not in _OF_DAY]
    said = [finding_row(document.file, finding) for finding in of_day]
    return replace(document, findings=(*others, *said))


def _carried(findings: Sequence[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.code == CARRIED)


def _pooled(case: Case) -> list[KeptResult]:
    """What stands for all tubes of the specimen together, where there is such a result."""
    return [one for one in case.others if one.kind is Kind.POOLED and not one.external]


def _reject_all(change: Change, case: Case, result: KeptResult) -> None:
    """Reject what would count in place of a result, too; what is signed stands."""
    for one in case.kept.results:
        is_beside = one.tube == result.tube and not one.external and one.state is not State.SIGNED
        if is_beside and one.number != case.result.number:
            save_review(change, one.number, Review.REJECTED, comment=_beside(case))


def _change_pooled(change: Change, case: Case, pooled: KeptResult, document: Document) -> None:
    """Put the tubes of a specimen together again, one of them as it was reviewed."""
    mates = [
        one
        for one in case.others
        if one.kind is Kind.FILE and not one.external and "mrd" in one.measurements
    ]
    backing = read_backing(change.connection, [case.automatic.number, *(m.number for m in mates)])
    failures = [f for behind in backing.values() for f in _carried(behind.findings)]
    rows: Sequence[Row] = ()
    if len(mates) == 1:
        mate = _mate(case, mates[0], backing[mates[0].number].details.get("limits", {}))
        tubes = [(case.automatic, document), (mates[0], mate)]
        names = pooled.template.split("+")
        tubes.sort(key=lambda tube: (_index(names, tube[0].template), tube[0].tube))
        rows = pooled_rows(tubes[0][1], tubes[1][1], failures)
    if rows:
        outcome = new_pooled(case.specimen, rows, source=Source.REVIEW)
        number = save_outcome(change, pooled.tube, outcome)
        _keep_verdict(change, pooled.number, number, "", _beside(case))
    else:
        _reject_all(change, case, pooled)


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _mate(case: Case, one: KeptResult, limits: Mapping[str, object]) -> Document:
    """As much of a tube's document as putting two tubes together asks for."""
    whose = {
        "file": one.file,
        "sha256": one.sha256,
        "template": one.template,
        "specimen_type": case.kept.specimen_type,
    }
    rows = tuple({**whose, **measured_cells(answer)} for answer in one.measurements.values())
    return Document(file=one.file, measurements=rows, limits=limits)


def _beside(case: Case) -> str:
    return f"follows the review of {case.automatic.file}"


def _said(answers: Iterable[Measurement]) -> dict[str, str]:
    """Counts and statuses of the verdicts, for the log."""
    return {
        one.quantity: f"{one.numerator} of {one.denominator} {one.status}"
        for one in answers
        if one.quantity in VERDICTS
    }
