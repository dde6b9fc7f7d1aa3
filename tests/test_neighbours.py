"""Which tube came before which, and when its blasts may be in the next one."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cytomon.batch import plan, run
from cytomon.document import Document
from cytomon.fcs.write import write_fcs
from cytomon.inputs import Job, Lists
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.neighbours import carry_over
from cytomon.simulate.plan import Artefacts, TubePlan
from cytomon.simulate.tube import simulate_tube
from cytomon.task import Settings


def tube(
    name: str,
    blasts: int,
    total: int,
    *,
    at: str = "",
    instrument: str = "A",
    refused: bool = False,
) -> Document:
    row = {"quantity": "mrd", "numerator": str(blasts), "value": str(blasts / total)}
    return Document(
        file=name,
        sha256=f"hash of {name}",
        acquired=at,
        instrument=instrument,
        refused=refused,
        measurements=() if refused else (row,),
    )


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
    assert found[1]["code"] == "CARRY_OVER_POSSIBLE"
    assert found[1]["file"] == "few.fcs"
    assert "20.0%: much.fcs, sha256 hash of much.fcs" in found[1]["what"]
    assert "the order of the list" in found[1]["what"]


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
def test_not_carried_over(before: Document, after: Document):
    """What domain 6.3 leaves out."""
    assert carry_over(jobs("P1", "P2"), [before, after]) == {}


def test_own_blasts():
    """What a tube leaves in the next one of its patient is no carry-over; no name is no match."""
    assert carry_over(jobs("P1", "P1"), [MUCH, FEW]) == {}
    assert list(carry_over(jobs("", ""), [MUCH, FEW])) == [1]


def test_clock_before_list():
    """Where every file tells the time, the list's order does not matter."""
    few = tube("few.fcs", 12, 100_000, at="2026-03-03T09:10:00")
    much = tube("much.fcs", 20_000, 100_000, at="2026-03-03T09:00:00")
    between = tube("between.fcs", 0, 100_000, at="2026-03-03T09:05:00")

    assert "times of acquisition" in carry_over(jobs("P1", "P2"), [few, much])[0]["what"]
    assert carry_over(jobs("P1", "P2", "P3"), [few, much, between]) == {}


def test_one_clock_missing():
    """With one file that tells no time, the whole run is ordered by the list."""
    few = tube("few.fcs", 12, 100_000, at="2026-03-03T09:10:00")
    much = tube("much.fcs", 20_000, 100_000)

    assert carry_over(jobs("P1", "P2"), [few, much]) == {}
    assert "the order of the list" in carry_over(jobs("P1", "P2"), [much, few])[1]["what"]


def test_batch(tmp_path: Path):
    """In a batch: the clocks of the files put the relapse before the remission."""
    wanted = {
        "b_relapse": (TubePlan(state="BM_overt_relapse", n_events=12_000, seed=201), "09:00:00"),
        "a_remission": (
            TubePlan(
                state="BM_d28_BCA",
                n_events=12_000,
                seed=202,
                artefacts=Artefacts(carry_over=0.002),
            ),
            "09:10:00",
        ),
    }
    for name, (one, begin) in wanted.items():
        simulated = simulate_tube(one)
        write_fcs(
            tmp_path / f"{name}.fcs",
            simulated.events,
            simulated.channels,
            spillover=simulated.spillover,
            keywords={"$CYT": "sim", "$DATE": "03-MAR-2026", "$BTIM": begin},
        )
    run(plan([tmp_path], Lists(), Settings()), tmp_path / "out", Settings())
    with (tmp_path / "out" / "findings.csv").open(encoding="utf-8", newline="") as stream:
        found = [row for row in csv.DictReader(stream) if row["code"] == "CARRY_OVER_POSSIBLE"]

    assert [row["file"] for row in found] == ["a_remission.fcs"]
    assert "times of acquisition" in found[0]["what"]
    assert "b_relapse.fcs, sha256 " in found[0]["what"]
