"""Two tubes of one specimen."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cytomon.batch import plan, run
from cytomon.inputs import Lists
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.task import Settings

HEADER = "file,patient_id,specimen_id,collected_on,specimen_type"


def batch(folder: Path, worklist: str) -> list[dict[str, str]]:
    """Rows of measurements.csv of a small batch."""
    (folder / "worklist.csv").write_text(f"{HEADER}\n{worklist}", encoding="utf-8")
    jobs = plan([folder], Lists(worklist=folder / "worklist.csv"), Settings())
    run(jobs, folder / "out", Settings())
    with (folder / "out" / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def tubes(tmp_path: Path) -> Path:
    """Two tubes at 1 %, and one at 10 %."""
    for name, fraction, seed in (("a", 0.01, 1), ("b", 0.01, 2), ("c", 0.1, 3)):
        wanted = TubePlan(
            state="BM_d28_BCA", n_events=8000, seed=seed, blasts={"blast_typical": fraction}
        )
        write_tube(simulate_tube(wanted), tmp_path, name)
    return tmp_path


def pooled(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Rows that stand for a specimen, by quantity."""
    return {row["quantity"]: row for row in rows if not row["file"]}


def test_tubes_that_agree_are_summed(tubes: Path):
    """The specimen's row holds the sums, no file, and both templates."""
    rows = batch(tubes, "a.fcs,P1,S1,2026-01-05,marrow\nb.fcs,P1,S1,2026-01-05,marrow\n")
    single = {row["file"]: row for row in rows if row["quantity"] == "mrd"}
    found = pooled(rows)["mrd"]

    assert int(found["numerator"]) == sum(int(single[f]["numerator"]) for f in ("a.fcs", "b.fcs"))
    assert int(found["denominator"]) == sum(
        int(single[f]["denominator"]) for f in ("a.fcs", "b.fcs")
    )
    assert found["template"] == "b_all_mrd+b_all_mrd"
    assert (found["patient_id"], found["specimen_id"], found["sha256"]) == ("P1", "S1", "")
    assert set(pooled(rows)) == {"mrd", "mrd_wbc", "mrd_mnc"}


def test_both_tubes_of_euroflow_become_one_result(tmp_path: Path):
    """CD66c+CD123 in one tube, CD73+CD304 in the other: each has its row, the specimen one."""
    for number, panel in enumerate(("euroflow_1", "euroflow_2"), start=1):
        wanted = TubePlan(
            state="BM_m3_BCA",
            n_events=30_000,
            seed=240 + number,
            patient=240,
            blasts={"blast_CD19neg": 0.01},
            panel=panel,
        )
        write_tube(simulate_tube(wanted), tmp_path, f"t{number}")
    rows = batch(tmp_path, "t1.fcs,P1,S1,2026-01-05,marrow\nt2.fcs,P1,S1,2026-01-05,marrow\n")
    single = {row["file"]: row for row in rows if row["file"] and row["quantity"] == "mrd"}
    found = pooled(rows)["mrd"]

    assert {row["template"] for row in single.values()} == {"b_all_mrd_euroflow"}
    assert [int(row["numerator"]) > 200 for row in single.values()] == [True, True]
    assert int(found["numerator"]) == sum(int(row["numerator"]) for row in single.values())
    assert float(found["value"]) == pytest.approx(0.01, rel=0.15)
    assert "TUBE_DISCORDANCE" not in found["qualifiers"]


def test_tubes_that_disagree_report_the_higher(tubes: Path):
    """1 % and 10 % of one specimen cannot both be right: the higher stands, and says so."""
    rows = batch(tubes, "a.fcs,P1,S1,2026-01-05,marrow\nc.fcs,P1,S1,2026-01-05,marrow\n")
    higher = next(r for r in rows if r["file"] == "c.fcs" and r["quantity"] == "mrd")
    found = pooled(rows)["mrd"]

    assert found["numerator"] == higher["numerator"]
    assert "TUBE_DISCORDANCE" in found["qualifiers"].split(";")
    assert "TUBE_DISCORDANCE" in (tubes / "out" / "findings.csv").read_text(encoding="utf-8")


def test_other_specimens_are_not_pooled(tubes: Path):
    """Two specimens of one patient stay apart, and so does a tube without a specimen."""
    rows = batch(tubes, "a.fcs,P1,S1,2026-01-05,marrow\nb.fcs,P1,S2,2026-01-12,marrow\n")

    assert not pooled(rows)


def test_two_days_are_two_specimens(tubes: Path):
    """A specimen is collected once: of two dates one is wrong, and nothing is summed."""
    rows = batch(tubes, "a.fcs,P1,S1,2026-01-05,marrow\nb.fcs,P1,S1,2026-01-06,marrow\n")

    assert not pooled(rows)


def test_the_same_bytes_twice_are_one_tube(tubes: Path):
    """A copy adds no events."""
    (tubes / "copy.fcs").write_bytes((tubes / "a.fcs").read_bytes())
    rows = batch(tubes, "a.fcs,P1,S1,2026-01-05,marrow\ncopy.fcs,P1,S1,2026-01-05,marrow\n")

    assert not pooled(rows)
