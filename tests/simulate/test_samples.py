"""The collection in ``sample_fcs`` agrees with its table and can be made again."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date
from pathlib import Path

import flowio
import numpy as np
import pytest

from cytomon.simulate.samples import Sample, samples, write_samples
from cytomon.simulate.tube import simulate_tube, write_tube

FOLDER = Path(__file__).parents[2] / "sample_fcs"
LIMIT_BYTES = 30_000_000


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def readme_table() -> dict[str, list[str]]:
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if ".fcs" in line
    ]
    return {name: rest for name, *rest in cells}


def test_readme_agrees_with_the_files():
    """Each file has its row with its sha256, and each row its file."""
    found = {
        path.name: f"`{hashlib.sha256(path.read_bytes()).hexdigest()}`"
        for path in FOLDER.glob("*.fcs")
    }

    assert found == {name: row[-1] for name, row in readme_table().items()}
    assert len(found) == len(samples()) == 12


def test_collection_is_small():
    """All files together stay within 30 MB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= LIMIT_BYTES


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.stem)
def test_summary_is_of_this_plan(sample: Sample):
    """The committed truth was made by the plan in the code, with a seed from 1000 to 1999."""
    summary = json.loads((FOLDER / f"{sample.stem}.truth.json").read_text(encoding="utf-8"))

    assert summary["plan"]["seed"] == sample.plan.seed
    assert summary["plan"]["state"] == sample.plan.state
    assert summary["plan"]["blasts"] == sample.plan.blasts
    assert 1000 <= sample.plan.seed <= 1999
    assert summary["truth"]["n_events"] == int(readme_table()[f"{sample.stem}.fcs"][1])


def test_counts_can_be_drawn_again():
    """Made anew, a tube has the labels of the committed one: the code still is its source."""
    sample = samples()[4]
    summary = json.loads((FOLDER / f"{sample.stem}.truth.json").read_text(encoding="utf-8"))

    assert simulate_tube(sample.plan).truth.counts == summary["truth"]["counts"]


@pytest.mark.parametrize("number", [1, 4, 5])
def test_committed_events_can_be_drawn_again(number: int):
    """A marker that the tables learn later changes no event of a tube without it."""
    sample = samples()[number]
    committed = flowio.FlowData(FOLDER / f"{sample.stem}.fcs").as_array(preprocess=False)

    assert np.allclose(simulate_tube(sample.plan).events, committed, rtol=1e-3, atol=0.5)


def test_tubes_are_made_alike_twice(tmp_path: Path):
    """On one machine a tube of the collection comes out with the same bytes."""
    digests = [
        hashlib.sha256(
            write_tube(simulate_tube(samples()[3].plan), tmp_path, stem).read_bytes()
        ).hexdigest()
        for stem in ("one", "other")
    ]

    assert digests[0] == digests[1]


def test_whole_collection_from_a_call(tmp_path: Path):
    """One call writes every kind of file that the folder holds."""
    write_samples(tmp_path / "new")

    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(
        path.name for path in FOLDER.iterdir()
    )
    for name in ("worklist.csv", "patients.csv", "events.csv"):
        assert (tmp_path / "new" / name).read_bytes() == (FOLDER / name).read_bytes()


def test_worklist_names_every_tube():
    """Every tube is listed once, with its patient, an ISO date and where it comes from."""
    worklist = rows("worklist.csv")
    infused = {
        row["patient_id"]: date.fromisoformat(row["infusion_date"]) for row in rows("patients.csv")
    }

    assert [row["file"] for row in worklist] == [f"{sample.stem}.fcs" for sample in samples()]
    for row in worklist:
        assert date.fromisoformat(row["collected_on"]) > infused[row["patient_id"]]
        assert row["specimen_type"] == ("blood" if "blood" in row["file"] else "marrow")


def test_events_follow_the_infusion():
    """Clinical events belong to known patients and lie after their infusion."""
    infused = {row["patient_id"]: row["infusion_date"] for row in rows("patients.csv")}

    assert all(row["date"] > infused[row["patient_id"]] for row in rows("events.csv"))
    assert {row["event"] for row in rows("events.csv")} <= {
        "remission",
        "morphology",
        "car19_copies",
        "car22_copies",
        "relapse",
    }
