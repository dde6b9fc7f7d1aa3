"""Which tube came before which, and when its blasts may be in the next one."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest

from cytomon.batch import Outcome, plan, run
from cytomon.card import Card, card_of
from cytomon.document import Document
from cytomon.fcs.write import write_fcs
from cytomon.inputs import Job, Lists
from cytomon.measure.mrd import mrd_from_counts
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import MRD_QUANTITIES, Limits
from cytomon.neighbours import carry_over, judge_again
from cytomon.simulate.plan import Artefacts, TubePlan
from cytomon.simulate.tube import simulate_tube
from cytomon.specimens import pooled_rows
from cytomon.tables import measured_cells
from cytomon.task import Settings


def tube(
    name: str,
    blasts: int,
    total: int,
    *,
    at: str = "",
    instrument: str = "A",
    refused: bool = False,
) -> Card:
    row = {"quantity": "mrd", "numerator": str(blasts), "value": str(blasts / total)}
    document = Document(
        file=name,
        sha256=f"hash of {name}",
        acquired=at,
        instrument=instrument,
        measurements=() if refused else (row,),
    )
    return replace(card_of(document), refused=refused)


def jobs(*patients: str) -> list[Job]:
    return [
        Job(
            file=f"{number}",
            path=f"{number}",
            specimen=Specimen(specimen_type=SpecimenType.MARROW, patient_id=patient)
            if patient
            else None,
        )
        for number, patient in enumerate(patients)
    ]


MUCH = tube("much.fcs", 20_000, 100_000)
FEW = tube("few.fcs", 12, 100_000)


def test_few_blasts_after_many():
    """The tube before is named with its hash; without clocks the list is the order."""
    found = carry_over(jobs("P1", "P2"), [MUCH, FEW])

    assert list(found) == [1]
    assert (found[1].code, found[1].severity) == ("CARRY_OVER_POSSIBLE", Severity.ERROR)
    assert found[1].where == "few.fcs"
    assert "held 20.0%, with no wash or blank" in found[1].what
    assert "much.fcs, sha256 hash of much.fcs" in found[1].what
    assert "the order of the list" in found[1].what


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(tube("b", 1000, 100_000), FEW, id="one-per-cent-is-not-above"),
        pytest.param(MUCH, tube("a", 50, 100_000), id="fifty-are-the-tubes-own"),
        pytest.param(MUCH, tube("a", 0, 100_000), id="none"),
        pytest.param(MUCH, tube("a", 12, 100_000, instrument="B"), id="another-cytometer"),
        pytest.param(MUCH, tube("a", 0, 1, refused=True), id="refused"),
        pytest.param(FEW, MUCH, id="the-other-way-round"),
    ],
)
def test_not_carried_over(before: Card, after: Card):
    """What domain 6.3 leaves out."""
    assert carry_over(jobs("P1", "P2"), [before, after]) == {}


def test_own_blasts():
    """What a tube leaves in the next one of its patient is no carry-over; no name is no match."""
    assert carry_over(jobs("P1", "P1"), [MUCH, FEW]) == {}
    assert list(carry_over(jobs("", ""), [MUCH, FEW])) == [1]


@pytest.mark.parametrize(("before", "after"), [(False, True), (True, True), (True, False)])
def test_a_wash_before_the_tube(before: bool, after: bool):
    """Only the wash between the two tubes counts, not one before the first."""
    first, second = jobs("P1", "P2")
    washed = [replace(first, washed=before), replace(second, washed=after)]

    assert (carry_over(washed, [MUCH, FEW]) == {}) is after


def test_clock_before_list():
    """Where every file tells the time, the list's order does not matter."""
    few = tube("few.fcs", 12, 100_000, at="2026-03-03T09:10:00")
    much = tube("much.fcs", 20_000, 100_000, at="2026-03-03T09:00:00")
    between = tube("between.fcs", 0, 100_000, at="2026-03-03T09:05:00")

    assert "times of acquisition" in carry_over(jobs("P1", "P2"), [few, much])[0].what
    assert carry_over(jobs("P1", "P2", "P3"), [few, much, between]) == {}


def test_one_clock_missing():
    """With one file that tells no time, the whole run is ordered by the list."""
    few = tube("few.fcs", 12, 100_000, at="2026-03-03T09:10:00")
    much = tube("much.fcs", 20_000, 100_000)

    assert carry_over(jobs("P1", "P2"), [few, much]) == {}
    assert "the order of the list" in carry_over(jobs("P1", "P2"), [much, few])[1].what


STATUSES = {
    # blasts, cells: with the failure
    (12, 400_000): "NOT_EVALUABLE",
    (30, 400_000): "NOT_EVALUABLE",
    (12, 100_000): "NOT_EVALUABLE",
    (30, 200_000): "POSITIVE_BELOW_LOQ",
}


def whole(blasts: int, cells: int, *others: str) -> Document:
    """A tube with its MRD as it is kept, and with whatever else may stand beside it."""
    found = mrd_from_counts(
        blasts, cells, quantity="mrd", limits=Limits(), specimen_type=SpecimenType.MARROW
    )
    named = replace(found, qualifiers=in_order((*found.qualifiers, *others)))
    antigen = replace(found, quantity="cd19_blasts", status="POSITIVE", qualifiers=())
    b_cells = replace(found, quantity="b_fraction", status="APLASIA", qualifiers=())
    return Document(
        file="t.fcs",
        sha256=f"hash {blasts} {cells}",
        measurements=tuple(
            {**measured_cells(one), "specimen_type": "marrow", "template": "t"}
            for one in (named, antigen, b_cells)
        ),
        limits=dataclasses.asdict(Limits()),
        findings=({"code": "STATUS_STABILITY"}, {"code": "FEW_EVENTS"}),
    )


@pytest.mark.parametrize(("counts", "status"), STATUSES.items())
def test_a_hard_failure_takes_away_what_would_reassure(counts: tuple[int, int], status: str):
    """What would reassure is no answer any more; a positive result stays, marked."""
    said = (Qualifier.LINEAGE_SWITCH_SUSPECTED, Qualifier.STATUS_UNSTABLE)
    found = judge_again(whole(*counts, *said), carry_over_of("t.fcs"))
    mrd, cd19, b_cells = found.measurements
    open_ = status == "NOT_EVALUABLE"

    assert mrd["status"] == status
    assert (mrd["numerator"], mrd["denominator"]) == tuple(map(str, counts))
    assert (mrd["value"] == "") is open_
    assert {"QUALITY_FAILED", "LINEAGE_SWITCH_SUSPECTED"} <= set(mrd["qualifiers"].split(";"))
    assert "TRIAL_MRD_NEGATIVE" not in mrd["qualifiers"]
    assert ("STATUS_UNSTABLE" in mrd["qualifiers"]) is not open_
    assert (cd19["status"], cd19["qualifiers"]) == ("POSITIVE", "QUALITY_FAILED")
    assert (b_cells["status"], b_cells["qualifiers"]) == ("APLASIA", "")
    codes = [row["code"] for row in found.findings]
    assert codes[:1] == ["CARRY_OVER_POSSIBLE"]
    assert ("STATUS_STABILITY" in codes) is not open_
    reasons = [row["what"] for row in found.findings if row["code"] == "NOT_EVALUABLE"]
    assert reasons == ["mrd has no value: quality: CARRY_OVER_POSSIBLE"] * open_


def carry_over_of(file: str) -> Finding:
    return carry_over(jobs("P1", "P2"), [MUCH, replace(FEW, file=file)])[1]


def test_other_tubes_are_left_alone():
    """A document without a failure is the same one."""
    document = whole(0, 400_000)

    assert judge_again(document, None) is document


@pytest.mark.parametrize(
    ("other", "status"),
    [((0, 400_000), "NOT_EVALUABLE"), ((300, 400_000), "POSITIVE")],
)
def test_a_specimen_with_such_a_tube(other: tuple[int, int], status: str):
    """It cannot reassure, for the doubtful blasts may be real; the other tube's blasts stand."""
    failure = carry_over_of("t.fcs")
    first, second = judge_again(whole(12, 400_000), failure), whole(*other)

    assert pooled_rows(first, second, ())[0]["status"] != "NOT_EVALUABLE"
    (found,) = pooled_rows(first, second, [failure])
    assert found["status"] == status
    assert "QUALITY_FAILED" in found["qualifiers"].split(";")
    assert "TRIAL_MRD_NEGATIVE" not in found["qualifiers"]


HEADER = "file,patient_id,specimen_id,collected_on,specimen_type,washed\n"
ROWS = (
    "b_relapse.fcs,P1,S1,2026-03-03,marrow,\n"
    "a_remission.fcs,P2,S2,2026-03-03,marrow,{}\n"
    "a_second.fcs,P2,S2,2026-03-03,marrow,\n"
)


@pytest.fixture(scope="module")
def tubes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A relapse, and after it by the clock a remission with cells of it, in two tubes."""
    folder = tmp_path_factory.mktemp("tubes")
    after = TubePlan(
        state="BM_d28_BCA", n_events=12_000, seed=202, artefacts=Artefacts(carry_over=0.001)
    )
    wanted = {
        "b_relapse": (TubePlan(state="BM_overt_relapse", n_events=12_000, seed=201), "09:00:00"),
        "a_remission": (after, "09:10:00"),
        "a_second": (replace(after, seed=203, artefacts=Artefacts()), "09:20:00"),
    }
    for name, (one, begin) in wanted.items():
        simulated = simulate_tube(one)
        write_fcs(
            folder / f"{name}.fcs",
            simulated.events,
            simulated.channels,
            spillover=simulated.spillover,
            keywords={"$CYT": "sim", "$DATE": "03-MAR-2026", "$BTIM": begin},
        )
    return folder


def batch(tubes: Path, out: Path, washed: str) -> Outcome:
    worklist = out.parent / "worklist.csv"
    worklist.write_text(HEADER + ROWS.format(washed), encoding="utf-8")
    return run(plan([tubes], Lists(worklist=worklist), Settings()), out, Settings())


def table(out: Path, name: str) -> list[dict[str, str]]:
    with (out / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_batch(tubes: Path, tmp_path: Path):
    """The clocks of the files put the relapse before the remission, whose MRD is then no answer."""
    out = tmp_path / "out"
    batch(tubes, out, "")
    found = [row for row in table(out, "findings") if row["code"] == "CARRY_OVER_POSSIBLE"]
    rows = [row for row in table(out, "measurements") if row["quantity"] in MRD_QUANTITIES]
    failed = [row for row in rows if row["file"] in ("a_remission.fcs", "")]

    assert [(row["file"], row["severity"]) for row in found] == [("a_remission.fcs", "error")]
    assert "times of acquisition" in found[0]["what"]
    assert "b_relapse.fcs, sha256 " in found[0]["what"]
    assert len(failed) == 6
    assert {row["status"] for row in failed} == {"NOT_EVALUABLE"}
    assert {row["value"] for row in failed} == {""}
    assert all(row["numerator"] and row["denominator"] for row in failed)
    assert all("QUALITY_FAILED" in row["qualifiers"] for row in failed)
    assert all("QUALITY_FAILED" not in row["qualifiers"] for row in rows if row not in failed)


def test_washed_and_resumed(tubes: Path, tmp_path: Path):
    """A wash lifts the failure; no tube is measured for it again, and both ways repeat exactly."""
    out = tmp_path / "out"
    kept = {}
    for washed, before in (("", 0), ("yes", 3), ("no", 3), ("", 3)):
        outcome = batch(tubes, out, washed)
        said = b"".join((out / f"{n}.csv").read_bytes() for n in ("measurements", "findings"))
        assert sum(card.from_before for card in outcome.cards) == before
        assert (b"CARRY_OVER_POSSIBLE" in said) is (washed != "yes")
        kept.setdefault(washed == "yes", set()).add(said)
    fresh = tmp_path / "fresh"
    batch(tubes, fresh, "yes")
    said = b"".join((fresh / f"{n}.csv").read_bytes() for n in ("measurements", "findings"))

    assert kept[True] == {said}
    assert len(kept[False]) == 1
