"""A verdict is kept: what counts afterwards, what stands beside it, and what the log says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from sqlalchemy import select

from cytomon.day import with_day
from cytomon.errors import InputError
from cytomon.filing.documents import measured_row
from cytomon.model.adjustment import Adjustment, Change
from cytomon.model.course import KeptResult, State
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Box
from cytomon.model.people import Act, Review, Role
from cytomon.model.record import MeasuredRow, Source
from cytomon.neighbours import judge_again
from cytomon.review.case import Case, Places, open_case
from cytomon.review.saving import approve, change_result, reject
from cytomon.review.session import Session, Settled
from cytomon.store.backing import read_backing
from cytomon.store.change import changing
from cytomon.store.corrections import move_tube, withdraw_tube
from cytomon.store.find import Which, find_tube
from cytomon.store.people import appoint
from cytomon.store.reviewing import open_gate
from cytomon.store.session import Store
from cytomon.store.tables import log, measurements
from cytomon.store.verify import verify
from cytomon.tables import measurement_rows
from tests.review.laboratory import (
    BLOOD,
    LATER,
    Laboratory,
    box_around,
    case_of,
    cases_of,
    region,
    settled_with,
)
from tests.review_stores import say
from tests.store import builders
from tests.store.builders import save
from tests.store.conftest import ADMIN, FIRST, SECOND

LOST = region("b_cells", box_around(-1.0, 9.0), "CD19", "CD20")
"""All B cells are taken out: recovery becomes aplasia."""
FEWER = region("b_cells", box_around(-1.0, 3.4), "CD19", "CD20")
WHY = "doublets of T and B cells"
SPECIMEN = "P007_d092_blood"


def standing(store: Store, quantity: str = "b_fraction", file: str = BLOOD) -> KeptResult:
    """The result whose answer counts."""
    kept = builders.course(store, file.partition("_")[0]).specimens
    whose = next(one for one in kept if any(result.file == file for result in one.results))
    return whose.standing[quantity][0]


def change(
    store: Store, lab: Laboratory, *edits: Adjustment, who: str = FIRST, why: str = WHY
) -> tuple[Case, Settled]:
    """Keep a tube with other gates, as it stands in the store now."""
    case = case_of(store)
    opened, settled = settled_with(lab, case, *edits)
    change_result(store, who, case, opened, settled, why)
    return case, settled


def entries(store: Store) -> list[Mapping[str, str]]:
    """The log from the last batch on."""
    with store.reading() as connection:
        rows = connection.execute(select(log).order_by(log.c.seq)).mappings().all()
    last = max(n for n, row in enumerate(rows) if row["action"] == "batch")
    return [dict(row) for row in rows[last + 1 :]]


def test_an_approved_result_counts_as_reviewed(kept: Store):
    """Nothing else is written, and nothing is measured again."""
    case = case_of(kept)
    approve(kept, FIRST, case, "looks right")

    now = case_of(kept)
    assert now.result.number == case.result.number
    assert standing(kept).state is State.REVIEWED
    (entry,) = entries(kept)
    assert (entry["who"], entry["action"], entry["after"]) == (FIRST, "review", "approved")
    assert entry["why"] == "looks right"
    assert verify(kept).problems == ()


def test_a_changed_result_counts_and_the_automatic_one_stands_beside_it(
    kept: Store, lab: Laboratory
):
    """Its numbers are those that the pipeline had settled on, digit for digit."""
    case, settled = change(kept, lab, LOST)

    now = case_of(kept)
    assert (now.result.source, now.result.state) == (Source.REVIEW, State.REVIEWED)
    assert (now.automatic.number, now.automatic.state) == (case.automatic.number, State.AUTOMATIC)
    assert now.automatic.measurements == case.automatic.measurements
    assert standing(kept).number == now.result.number
    assert rows_of(kept, now.result.number) == sorted(
        measured_row(row) for row in measurement_rows(settled.result)
    )
    assert now.result.measurements["b_fraction"].status == "APLASIA"
    with kept.reading() as connection:
        behind = read_backing(connection, [now.result.number])[now.result.number]
    counted = {"/".join(one.path): one.count for one in settled.result.populations}
    assert behind.populations == counted
    assert "GATES_ADJUSTED" in {one.code for one in behind.findings}
    assert behind.beside == case.automatic.number
    assert now.result.analysis != case.automatic.analysis
    assert verify(kept).problems == ()


def rows_of(store: Store, number: int) -> list[MeasuredRow]:
    with store.reading() as connection:
        rows = connection.execute(select(measurements).where(measurements.c.result == number))
        return sorted(tuple(row[1:]) for row in rows)


def test_the_log_says_what_the_verdict_was_before_and_after(kept: Store, lab: Laboratory):
    """Counts and status of each answer, who and why; the gates lie in the row that it covers."""
    change(kept, lab, LOST)
    (entry,) = entries(kept)
    assert json.loads(entry["before"])["b_fraction"].endswith(" RECOVERED")
    assert json.loads(entry["after"])["b_fraction"].endswith(" APLASIA")
    assert json.loads(entry["after"])["b_fraction"].startswith("0 of ")
    assert (entry["who"], entry["role"], entry["why"]) == (FIRST, "pathologist", WHY)
    (edit,) = case_of(kept).start
    assert (edit.geometry, edit.why) == (LOST.geometry, WHY)


def test_a_review_of_a_review_begins_with_the_last_one(kept: Store, lab: Laboratory):
    """Each has its own result; the newest counts, and all go back to the automatic one."""
    first, _ = change(kept, lab, LOST)
    again = case_of(kept)
    assert [one.geometry for one in again.start] == [LOST.geometry]
    opened = open_case(again, Places(known=(lab.tubes,)))
    session = Session(opened, specimen=again.specimen, file=BLOOD, who=SECOND, start=again.start)
    assert not session.is_changed
    assert session.after["b_fraction"].status == "APLASIA"

    change(kept, lab, FEWER, who=SECOND, why="only the dim ones")
    third = case_of(kept)
    assert third.result.number > again.result.number
    assert [one.why for one in third.start] == ["only the dim ones"]
    said = builders.course(kept, "P007").reviews
    with kept.reading() as connection:
        behind = read_backing(connection, [third.result.number])[third.result.number]
    assert behind.beside == first.automatic.number
    assert [(one.by, one.verdict) for one in said] == [(FIRST, "changed"), (SECOND, "changed")]
    assert said[1].found.number == again.result.number
    assert verify(kept).problems == ()


def test_the_same_gates_once_more_approve(kept: Store, lab: Laboratory):
    """No second result that says the same."""
    change(kept, lab, LOST)
    before = case_of(kept).result.number
    change(kept, lab, LOST, who=SECOND)
    now = case_of(kept)
    assert now.result.number == before
    said = builders.course(kept, "P007").reviews
    assert [(one.by, one.verdict) for one in said] == [(FIRST, "changed"), (SECOND, "approved")]
    assert [one.geometry for one in now.start] == [LOST.geometry]


def test_a_rejected_result_leaves_what_counts(kept: Store, lab: Laboratory):
    """And a batch that says the same again does not bring it back."""
    case = case_of(kept)
    reject(kept, FIRST, case, "the tube was mixed up")
    course = builders.course(kept, "P007")
    (there,) = [one for one in course.specimens if one.specimen_id == SPECIMEN]
    assert there.results == ()
    assert there.standing == {}
    assert [one.verdict for one in course.reviews] == ["rejected"]
    lab.file_into(kept)
    with pytest.raises(StopIteration):
        case_of(kept)
    assert verify(kept).problems == ()


def test_rejecting_a_review_does_not_bring_the_automatic_result_back(kept: Store, lab: Laboratory):
    """Two persons have found that the tube does not say what it said."""
    change(kept, lab, LOST)
    reject(kept, SECOND, case_of(kept), "no lymphocytes at all")
    kinds = builders.course(kept, "P007").specimens
    assert not any(one.results for one in kinds if one.specimen_id == SPECIMEN)


def test_gates_that_were_rejected_may_be_kept_after_all(kept: Store, lab: Laboratory):
    """The newest word counts, also where the same gates give the very same result."""
    case, _ = change(kept, lab, LOST)
    made = case_of(kept)
    say(kept, made.result.number, Review.REJECTED, who=SECOND)
    assert case_of(kept).result.number == case.automatic.number

    change(kept, lab, LOST)
    assert standing(kept).number == made.result.number
    assert standing(kept).state is State.REVIEWED


Verdict = Callable[[Store, Laboratory, Case], object]


def _change(store: Store, lab: Laboratory, case: Case) -> None:
    opened, settled = settled_with(lab, case, LOST)
    change_result(store, FIRST, case, opened, settled, WHY)


VERDICTS: dict[str, Verdict] = {
    "approve": lambda store, _, case: approve(store, FIRST, case, WHY),
    "change": _change,
    "reject": lambda store, _, case: reject(store, FIRST, case, WHY),
}
each_verdict = pytest.mark.parametrize("give", VERDICTS.values(), ids=VERDICTS.keys())


@each_verdict
@pytest.mark.parametrize(
    "meanwhile",
    ["changed by another", "approved gates changed", "measured again", "moved", "withdrawn", "day"],
)
def test_what_others_did_meanwhile_is_seen_first(
    meanwhile: str, give: Verdict, lite: Store, lab: Laboratory
):
    """A verdict on what is not there any more would say something of what nobody has looked at."""
    case = case_of(lite)
    match meanwhile:
        case "changed by another" | "approved gates changed":
            change(lite, lab, FEWER, who=SECOND)
        case "measured again":
            save(lite, lab.result(BLOOD, cytomon="0.0.9"))
        case "moved" | "withdrawn":
            with changing(lite, ADMIN, "correct", act=Act.CORRECT) as one:
                row = find_tube(one.connection, BLOOD)
                to = Which(patient_id="P002", collected_on="2026-05-10", specimen_type="blood")
                if meanwhile == "moved":
                    move_tube(one, row, "S_other", to, why="swapped")
                else:
                    withdraw_tube(one, row, why="no tube")
        case "day":
            whose = replace(case.specimen, cd19_clone="another")
            save(lite, lab.result(BLOOD, specimen=whose, cytomon=case.automatic.cytomon))
    before = builders.contents(lite)
    with pytest.raises(InputError, match="meanwhile") as said:
        give(lite, lab, case)
    assert said.value.fix == "open the tube again"
    assert builders.contents(lite) == before


@each_verdict
def test_a_batch_that_came_meanwhile_is_seen_beside_a_review(
    give: Verdict, lite: Store, lab: Laboratory
):
    """The review still counts, and what it stands beside is another result."""
    change(lite, lab, FEWER, who=SECOND)
    case = case_of(lite)
    save(lite, lab.result(BLOOD, cytomon="0.0.9"))
    with pytest.raises(InputError, match="meanwhile"):
        give(lite, lab, case)


@each_verdict
def test_a_person_may_think_again(give: Verdict, lite: Store, lab: Laboratory):
    """After the own verdict the tube need not be opened anew."""
    case = case_of(lite)
    _change(lite, lab, case)
    give(lite, lab, case)
    assert verify(lite).problems == ()
    said = builders.course(lite, "P007").reviews
    assert said[-1].verdict in {"approved", "rejected"}
    made = said[0].made
    assert made is not None
    assert said[-1].found.number == made.number


@each_verdict
@pytest.mark.parametrize("role", [Role.TECHNOLOGIST, Role.CLINICIAN, Role.ADMIN, Role.NONE])
def test_who_may_not_review_keeps_nothing(role: Role, give: Verdict, lite: Store, lab: Laboratory):
    """Also one whose role was taken away while the tube was open."""
    case = case_of(lite)
    with changing(lite, ADMIN, "appoint", act=Act.APPOINT) as one:
        appoint(one, FIRST, role)
    before = builders.contents(lite)
    with pytest.raises(InputError, match="role"):
        give(lite, lab, case)
    assert builders.contents(lite) == before


def test_a_result_measured_for_somebody_else_is_not_approved_without_a_reason(
    kept: Store, lab: Laboratory
):
    """What depends on days and drugs may be wrong; measured with a review it is right."""
    with changing(kept, ADMIN, "correct", act=Act.CORRECT) as one:
        to = Which(patient_id="P002", collected_on="2026-05-10", specimen_type="blood")
        move_tube(one, find_tube(one.connection, BLOOD), "S_other", to, why="swapped")
    (case,) = cases_of(kept, "P002", "S_other")
    with pytest.raises(InputError, match="moved here after it was measured"):
        approve(kept, FIRST, case, " ")
    opened, settled = settled_with(lab, case)
    change_result(kept, FIRST, case, opened, settled, "measured for P002")
    (now,) = cases_of(kept, "P002", "S_other")
    assert not now.result.measured_elsewhere
    assert now.result.state is State.REVIEWED
    approve(kept, FIRST, now)
    assert verify(kept).problems == ()


def open_by(store: Store, gate: str, *persons: str) -> None:
    for who in persons:
        with changing(store, who, "open gate", act=Act.REVIEW) as one:
            open_gate(one, case_of(store).result.number, gate, "dim CD19")


def test_a_locked_gate_is_kept_only_where_two_persons_have_opened_it(kept: Store, lab: Laboratory):
    """The store has the last word, whatever a session thought."""
    case = case_of(kept)
    edit = Adjustment(
        gate="cd19_clear",
        change=Change.MOVED,
        before=None,
        after=Box(bounds=((2.4, None),)),
        on=("CD19",),
        who=FIRST,
    )
    opened, settled = settled_with(lab, case, edit)
    for persons in ((), (FIRST,)):
        open_by(kept, "cd19_clear", *persons)
        with pytest.raises(InputError, match="cd19_clear") as said:
            change_result(kept, FIRST, case, opened, settled, WHY)
        assert "second person" in said.value.fix
    open_by(kept, "cd19_clear", SECOND)
    with changing(kept, ADMIN, "appoint", act=Act.APPOINT) as one:
        appoint(one, SECOND, Role.CLINICIAN)
    with pytest.raises(InputError, match="cd19_clear"):
        change_result(kept, FIRST, case, opened, settled, WHY)
    with changing(kept, ADMIN, "appoint", act=Act.APPOINT) as one:
        appoint(one, SECOND, Role.ANALYST)
    change_result(kept, FIRST, case, opened, settled, WHY)

    # what the review before had opened stands in the next one
    now = case_of(kept)
    opened, settled = settled_with(lab, now, *now.start, FEWER)
    change_result(kept, FIRST, now, opened, settled, WHY)
    assert [one.gate for one in case_of(kept).start] == ["cd19_clear", "b_cells"]


def carried() -> Finding:
    return Finding(
        code="CARRY_OVER_POSSIBLE",
        severity=Severity.ERROR,
        what="26 blasts, and the tube before held 12 %",
        where=LATER,
        fix="acquire again",
    )


def test_what_the_neighbours_said_is_said_of_the_review_too(kept: Store, lab: Laboratory):
    """The few blasts may be those of the tube before, wherever a gate stands now."""
    document = judge_again(lab.document(LATER), carried())
    said_of_day = Finding(
        code="PLACES_UNUSUAL", severity=Severity.INFO, what="CD45", where=LATER, fix="nothing"
    )
    document = with_day(document, [said_of_day])
    save(kept, lab.result(LATER, document))
    case = case_of(kept, LATER)
    assert case.automatic.measurements["mrd"].qualifiers[-1] == "QUALITY_FAILED"
    edit = region("blasts", box_around(3.2, 9.0), "CD19", "CD10")
    opened, settled = settled_with(lab, case, edit)
    assert settled.answers["mrd"].status in {"POSITIVE", "POSITIVE_BELOW_LOQ"}
    change_result(kept, FIRST, case, opened, settled, WHY)

    now = case_of(kept, LATER)
    with kept.reading() as connection:
        behind = read_backing(connection, [now.result.number])[now.result.number]
    codes = [one.code for one in behind.findings]
    assert codes.count("CARRY_OVER_POSSIBLE") == codes.count("PLACES_UNUSUAL") == 1
    mrd = now.result.measurements["mrd"]
    assert mrd.numerator == settled.answers["mrd"].numerator
    assert "QUALITY_FAILED" in mrd.qualifiers
    assert "QUALITY_FAILED" in now.result.measurements["cd19_blasts"].qualifiers
    entry = entries(kept)[-1]
    assert json.loads(entry["after"])["mrd"] == f"{mrd.numerator} of {mrd.denominator} {mrd.status}"


@pytest.mark.parametrize("code", ["GAIN_SHIFT", "PLACES_UNUSUAL"])
def test_what_a_day_said_stands_instead_of_the_tubes_own_word(
    code: str, lite: Store, lab: Laboratory
):
    """Alone the tube may say something else of its gains."""
    case = case_of(lite)
    own = Finding(code="GAIN_SHIFT", severity=Severity.WARNING, what="alone", where="", fix="")
    of_day = replace(own, code=code, what="with its day")
    case = replace(case, backing=replace(case.backing, findings=(of_day,)))
    opened, settled = settled_with(lab, case, FEWER)
    result = replace(settled.result, findings=(*settled.result.findings, own))
    outcome = change_result(lite, FIRST, case, opened, replace(settled, result=result), WHY)
    said = [(row[0], row[2]) for row in outcome.findings if row[0] in {"GAIN_SHIFT", code}]
    assert said == [(code, "with its day")]


def test_a_signed_result_is_changed_beside_it_and_never_rejected(kept: Store, lab: Laboratory):
    """What was signed counts until somebody signs in its place."""
    builders.approve(kept, FIRST, SPECIMEN)
    with pytest.raises(InputError, match="signed"):
        reject(kept, FIRST, case_of(kept), WHY)
    change(kept, lab, LOST)
    assert standing(kept).state is State.SIGNED
    assert standing(kept).source is Source.BATCH
    # the next review begins with what was changed, though the signed one counts
    assert [one.geometry for one in case_of(kept).start] == [LOST.geometry]
    with pytest.raises(InputError, match="signed"):
        say(kept, standing(kept).number, Review.REJECTED)

    for who in (FIRST, SECOND):
        builders.approve(kept, who, SPECIMEN, why="all B cells were doublets")
    assert standing(kept).source is Source.REVIEW
    assert standing(kept).amended
    assert verify(kept).problems == ()


def test_what_is_measured_again_after_a_signature_is_rejected_alone(kept: Store, lab: Laboratory):
    """The signed one stands."""
    builders.approve(kept, FIRST, SPECIMEN)
    signed = standing(kept).number
    save(kept, lab.result(BLOOD, cytomon="0.0.9"))
    reject(kept, FIRST, case_of(kept), WHY)
    assert standing(kept).number == signed
    assert standing(kept).state is State.SIGNED


def test_a_tube_measured_again_since_its_review_is_known(kept: Store, lab: Laboratory):
    """The review counts, and begins with its gates; the new automatic result lies beside it."""
    change(kept, lab, LOST)
    reviewed = case_of(kept)
    assert not reviewed.is_measured_again
    save(kept, lab.result(BLOOD, cytomon="0.0.9"))
    case = case_of(kept)
    assert case.is_measured_again
    assert case.result.number == reviewed.result.number
    assert case.automatic.number > reviewed.automatic.number
    assert [one.geometry for one in case.start] == [LOST.geometry]
    assert standing(kept).number == reviewed.result.number


def test_signing_releases_what_was_reviewed(kept: Store, lab: Laboratory):
    """And not the automatic result of the same gates measured again, which nobody has seen."""
    change(kept, lab, LOST)
    reviewed = standing(kept).number
    save(kept, lab.result(BLOOD, cytomon="0.0.9"))
    builders.approve(kept, FIRST, SPECIMEN)
    assert standing(kept).number == reviewed
    assert standing(kept).measurements["b_fraction"].status == "APLASIA"
