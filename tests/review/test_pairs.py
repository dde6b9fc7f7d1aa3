"""A specimen that was measured in two tubes: its own result follows the review of either."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cytomon.document import Document
from cytomon.filing.documents import measured_row, new_result
from cytomon.model.adjustment import Adjustment
from cytomon.model.course import KeptResult, State
from cytomon.model.findings import Finding, Severity
from cytomon.model.record import MeasuredRow, Source
from cytomon.neighbours import judge_again
from cytomon.pipeline import OpenedTube
from cytomon.review.saving import approve, change_result, reject
from cytomon.review.session import Settled
from cytomon.specimens import pooled_rows
from cytomon.store.session import Store
from cytomon.store.verify import verify
from cytomon.task import document_of
from tests.review.laboratory import (
    ONE,
    PAIRED,
    TWO,
    Laboratory,
    box_around,
    case_of,
    region,
    settled_with,
)
from tests.review.test_saving import rows_of
from tests.store import builders
from tests.store.builders import save
from tests.store.conftest import FIRST, SECOND

FEWER = region("blasts", box_around(-1.0, 4.3), "CD10", "CD45")
"""About half of them."""
WHY = "a doublet cluster"


def mrd(store: Store) -> KeptResult:
    """The result whose MRD counts for the specimen."""
    (specimen,) = builders.course(store, PAIRED[0]).specimens
    return specimen.standing["mrd"][0]


def together(store: Store) -> list[KeptResult]:
    """All results of both tubes together that count or might."""
    (specimen,) = builders.course(store, PAIRED[0]).specimens
    return [one for one in specimen.results if one.kind == "pooled"]


def change(store: Store, lab: Laboratory, file: str = ONE, *edits: Adjustment) -> Settled:
    case = case_of(store, file)
    opened, settled = settled_with(lab, case, *(edits or (FEWER,)))
    change_result(store, FIRST, case, opened, settled, WHY)
    return settled


def wanted(first: Document, second: Document, *failures: Finding) -> list[MeasuredRow]:
    """What a batch would have made of two documents."""
    rows = pooled_rows(first, second, failures)
    assert rows
    return sorted(measured_row(row) for row in rows)


def as_document(lab: Laboratory, store: Store, file: str, settled: Settled) -> Document:
    opened: OpenedTube = settled_with(lab, case_of(store, file), FEWER)[0]
    return document_of(settled.result, opened, "")


def test_both_tubes_together_are_approved_with_either(kept: Store):
    """Else the one tube would count before the sum of both."""
    assert (mrd(kept).kind, mrd(kept).state) == ("pooled", State.AUTOMATIC)
    before = mrd(kept).number
    approve(kept, FIRST, case_of(kept, ONE), WHY)
    assert (mrd(kept).number, mrd(kept).state) == (before, State.REVIEWED)
    said = builders.course(kept, PAIRED[0]).reviews
    assert [(one.file, one.comment) for one in said] == [
        ("", f"follows the review of {ONE}"),
        (ONE, WHY),
    ]
    assert case_of(kept, TWO).result.state is State.AUTOMATIC
    assert verify(kept).problems == ()


@pytest.mark.parametrize("file", [ONE, TWO])
def test_a_change_of_either_changes_the_sum(file: str, kept: Store, lab: Laboratory):
    """As a batch would have put them together, row for row."""
    before = mrd(kept).measurements["mrd"].numerator
    settled = change(kept, lab, file)
    found = mrd(kept)
    assert (found.kind, found.state, found.source) == ("pooled", State.REVIEWED, Source.REVIEW)
    changed = as_document(lab, kept, file, settled)
    other = lab.document(TWO if file == ONE else ONE)
    pair = (changed, other) if file == ONE else (other, changed)
    assert rows_of(kept, found.number) == wanted(*pair)
    assert before is not None
    assert 0 < (found.measurements["mrd"].numerator or 0) < before
    assert found.template == "b_all_mrd_euroflow+b_all_mrd_euroflow"
    assert verify(kept).problems == ()


def test_both_are_changed_one_after_the_other(kept: Store, lab: Laboratory):
    """The second review finds the first tube as it was reviewed."""
    first = change(kept, lab, ONE)
    second = change(kept, lab, TWO)
    counts = [one.answers["mrd"].numerator or 0 for one in (first, second)]
    assert mrd(kept).measurements["mrd"].numerator == sum(counts)
    approve(kept, SECOND, case_of(kept, ONE))
    assert mrd(kept).measurements["mrd"].numerator == sum(counts)
    assert mrd(kept).state is State.REVIEWED


def test_rejecting_one_leaves_the_other_alone(kept: Store, lab: Laboratory):
    """What is not evaluable adds nothing to a sum; nor does what was reviewed before it."""
    change(kept, lab, ONE)
    reject(kept, SECOND, case_of(kept, ONE), "another patient's")
    assert (mrd(kept).file, mrd(kept).state) == (TWO, State.AUTOMATIC)
    assert together(kept) == []
    settled = change(kept, lab, TWO)
    assert mrd(kept).measurements["mrd"].numerator == settled.answers["mrd"].numerator
    assert together(kept) == []
    assert verify(kept).problems == ()


def test_a_third_tube_without_blasts_has_no_part_in_it(kept: Store, lab: Laboratory):
    """A tube for lymphocytes beside the two is no reason to take their sum away."""
    rows = [row for row in lab.result(ONE).measurements if row[0] == "b_fraction"]
    third = lab.result(ONE, measurements=tuple(rows))
    save(kept, replace(third, file="pair/lymphocytes.fcs", sha256="d" * 64))
    change(kept, lab, ONE)
    assert mrd(kept).kind == "pooled"
    assert mrd(kept).state is State.REVIEWED


def test_tubes_of_other_limits_are_not_summed(kept: Store, lab: Laboratory):
    """A batch would not have; each tube stands for itself then."""
    other = lab.document(TWO)
    other = replace(other, limits={**other.limits, "lod_events": 30})
    save(kept, lab.result(TWO, other, cytomon="0.0.9"))
    assert mrd(kept).kind == "pooled"
    change(kept, lab, ONE)
    assert (mrd(kept).file, mrd(kept).state) == (ONE, State.REVIEWED)
    assert together(kept) == []


def test_a_sum_that_is_signed_stands_until_it_is_signed_anew(kept: Store, lab: Laboratory):
    """The change is kept beside it."""
    builders.approve(kept, FIRST, PAIRED[1])
    signed = mrd(kept)
    change(kept, lab, ONE)
    assert mrd(kept).number == signed.number
    assert len(together(kept)) == 2
    builders.approve(kept, FIRST, PAIRED[1], why=WHY)
    assert mrd(kept).number > signed.number
    assert mrd(kept).amended
    assert verify(kept).problems == ()


def test_a_sum_that_is_signed_is_not_taken_away_with_its_change(kept: Store, lab: Laboratory):
    """Where the two cannot be put together any more, what was signed stands."""
    other = lab.document(TWO)
    other = replace(other, limits={**other.limits, "lod_events": 30})
    save(kept, lab.result(TWO, other, cytomon="0.0.9"))
    builders.approve(kept, FIRST, PAIRED[1])
    signed = mrd(kept).number
    change(kept, lab, ONE)
    assert mrd(kept).number == signed
    assert len(together(kept)) == 1


@pytest.mark.parametrize("file", [ONE, TWO])
def test_carried_over_blasts_are_left_out_as_by_the_batch(file: str, kept: Store, lab: Laboratory):
    """Judged as its neighbours leave it, the tube adds nothing and reassures nobody."""
    failure = Finding(
        code="CARRY_OVER_POSSIBLE", severity=Severity.ERROR, what="few", where=file, fix="again"
    )
    judged = judge_again(lab.document(file), failure)
    save(kept, lab.result(file, judged))
    settled = change(kept, lab, ONE)

    changed = as_document(lab, kept, ONE, settled)
    one = judge_again(changed, failure) if file == ONE else changed
    two = judged if file == TWO else lab.document(TWO)
    found = mrd(kept)
    assert found.kind == "pooled"
    assert rows_of(kept, found.number) == wanted(one, two, failure)
    assert "QUALITY_FAILED" in found.measurements["mrd"].qualifiers


def test_few_carried_blasts_are_not_summed(lite: Store, lab: Laboratory):
    """Too few to be sure of: not evaluable alone, and no part of the sum."""
    failure = Finding(
        code="CARRY_OVER_POSSIBLE", severity=Severity.ERROR, what="few", where=ONE, fix="again"
    )
    document = judge_again(lab.document(ONE), failure)
    save(lite, lab.result(ONE, document))
    case = case_of(lite, ONE)
    opened, settled = settled_with(lab, case, FEWER)
    few = {
        quantity: replace(one, numerator=7, status="POSITIVE_BELOW_LOQ")
        for quantity, one in settled.answers.items()
        if quantity.startswith("mrd")
    }
    measurements = tuple(few.get(m.quantity, m) for m in settled.result.measurements)
    result = replace(settled.result, measurements=measurements)
    settled = replace(settled, result=result)
    change_result(lite, FIRST, case, opened, settled, WHY)

    one = judge_again(document_of(result, opened, ""), failure)
    assert next(r for r in one.measurements if r["quantity"] == "mrd")["status"] == "NOT_EVALUABLE"
    found = mrd(lite)
    assert rows_of(lite, found.number) == wanted(one, lab.document(TWO), failure)
    two = next(r for r in lab.document(TWO).measurements if r["quantity"] == "mrd")
    assert str(found.measurements["mrd"].denominator) == two["denominator"]


def test_the_batch_goes_on_with_its_own_results(kept: Store, lab: Laboratory):
    """Measured again without a change nothing is new, and the review stands."""
    change(kept, lab, ONE)
    before = mrd(kept).number
    lab.file_into(kept)
    assert mrd(kept).number == before
    save(kept, lab.result(ONE, cytomon="0.0.9"), new_result(None, lab.document(TWO)))
    assert mrd(kept).number == before
