"""Lists and tubes of simulated patients.

Seeds up to 9,999 are for tuning the simulation, those from 10,000 on for judging it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from cytomon.model.patient import SpecimenType
from cytomon.simulate.course.files import FILES, MEASUREMENT_COLUMNS, write_patients
from cytomon.simulate.course.patient import SimulatedPatient, SimulatedSpecimen, simulate_patient
from cytomon.simulate.course.stories import STORIES
from cytomon.simulate.course.tubes import tube_plan
from cytomon.simulate.populations import states
from cytomon.simulate.tube import simulate_tube
from cytomon.tables import MEASUREMENT_COLUMNS as OF_TABLES
from cytomon.tables import measured_cells


@cache
def people() -> tuple[SimulatedPatient, ...]:
    """One patient of each story."""
    return tuple(
        simulate_patient(
            story, seed=10_000 + number, patient_id=f"S{number:03d}", day0=date(2026, 1, 12)
        )
        for number, story in enumerate(STORIES)
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def told(story: str) -> SimulatedPatient:
    return next(patient for patient in people() if patient.story == story)


def last_marrow(patient: SimulatedPatient) -> SimulatedSpecimen:
    marrow = SpecimenType.MARROW
    return [one for one in patient.specimens if one.specimen_type is marrow][-1]


def test_import_refuses_nothing(tmp_path: Path) -> None:
    """All three lists come into a new store without a refusal."""
    write_patients(tmp_path, people())
    lists = [
        word
        for name in ("patients", "measurements", "events")
        for word in (f"--{name}", str(tmp_path / f"{name}.csv"))
    ]
    store = f"sqlite:///{tmp_path / 'x.db'}"
    command = [sys.executable, "-m", "cytomon", "import", *lists, "--store", store]
    done = subprocess.run(  # noqa: S603
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CYTOMON_USER": "tester"},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "refused" not in done.stdout + done.stderr
    assert f"{len(STORIES)} new (patients)" in done.stdout


def test_same_seeds_same_bytes(tmp_path: Path) -> None:
    """Written twice, from courses drawn twice, every file has the same bytes."""
    people.cache_clear()
    write_patients(tmp_path / "one", people())
    people.cache_clear()
    write_patients(tmp_path / "other", people())

    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_measurements_are_written_as_the_projects_own(tmp_path: Path) -> None:
    """The same columns, line ends and numbers; no file, hash or template."""
    write_patients(tmp_path, people())
    found = rows(tmp_path / "measurements.csv")
    expected = [
        measured_cells(measurement)
        for patient in people()
        for specimen in patient.specimens
        for measurement in specimen.measurements.values()
    ]

    assert MEASUREMENT_COLUMNS == OF_TABLES
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    assert {(row["file"], row["sha256"], row["template"]) for row in found} == {("", "", "")}
    for name in FILES[:3]:
        content = (tmp_path / name).read_bytes()
        assert content.count(b"\r\n") == content.count(b"\n")


def test_truth_can_be_read_back(tmp_path: Path) -> None:
    """By patient and specimen, fractions unrounded; days count from the infusion."""
    write_patients(tmp_path, people())
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    patient = told("early_recovery")
    found = truth[patient.patient_id]
    specimen = patient.specimens[-1]

    assert list(truth) == [one.patient_id for one in people()]
    assert (found["story"], found["seed"]) == ("early_recovery", patient.seed)
    assert found["blood_recovery_day"] == patient.truth.blood_recovery_day
    state = found["states"][specimen.specimen_id]
    assert state["b_blood"] == patient.truth.states[specimen.specimen_id].b_blood
    assert state["day"] == specimen.day


def test_one_pseudonym_for_two_is_refused(tmp_path: Path) -> None:
    """Two patients under one name would become one course."""
    with pytest.raises(ValueError, match="S000"):
        write_patients(tmp_path, [people()[0], people()[0]])


def test_tube_plans_follow_the_truth() -> None:
    """Compartment, panel, state by B cells, blasts of the true fraction, one patient number."""
    for patient in people():
        plans = [tube_plan(patient, one, 1000) for one in patient.specimens]

        assert {plan.patient for plan in plans} == {patient.seed}
        assert len({plan.seed for plan in plans}) == len(plans)
        for one, plan in zip(patient.specimens, plans, strict=True):
            state = patient.truth.states[one.specimen_id]
            marrow = one.specimen_type is SpecimenType.MARROW
            back = (state.b_marrow if marrow else state.b_blood) >= 0.01
            aplastic = plan.state.endswith("BCA") or plan.state == "BM_overt_relapse"
            assert plan.state in states()
            assert plan.state.startswith("BM_" if marrow else "PB_")
            assert plan.panel == ("b_all_mrd" if marrow else "lymphocyte_subsets")
            assert aplastic != back
            if marrow:
                assert sum((plan.blasts or {}).values()) == pytest.approx(state.blasts)


@pytest.mark.parametrize(
    ("story", "kinds"),
    [
        ("cd19_positive_relapse", {"blast_typical"}),
        ("cd19_negative_relapse", {"blast_CD19neg"}),
        ("cd22_downregulation", {"blast_CD22dim"}),
        ("mixed_relapse", {"blast_typical", "blast_CD19neg"}),
        ("lineage_switch", {"lineage_switch_mono"}),
        ("persistent_aplasia", set()),
    ],
)
def test_tubes_hold_the_blasts_of_the_story(story: str, kinds: set[str]) -> None:
    """The last marrow has the kinds that the story names; before the infusion none has escaped."""
    patient = told(story)
    plan = tube_plan(patient, last_marrow(patient), 1000)
    baseline = tube_plan(patient, patient.specimens[0], 1000)
    own = "blast_proB_KMT2A" if story == "lineage_switch" else "blast_typical"

    assert set(plan.blasts or {}) == kinds
    assert set(baseline.blasts or {}) == {own}


def test_tube_of_a_mixed_relapse_is_partial() -> None:
    """The plan can be carried out: a tube with the true fraction of blasts, mixed as told."""
    patient = told("mixed_relapse")
    specimen = last_marrow(patient)
    tube = simulate_tube(tube_plan(patient, specimen, 4000))
    expected = patient.truth.states[specimen.specimen_id].mrd

    assert tube.truth.antigens == {"CD19": "PARTIAL", "CD22": "POSITIVE"}
    assert tube.truth.mrd_fraction == pytest.approx(expected, abs=0.03)


def test_tube_of_somebody_else_is_refused() -> None:
    """A specimen of another patient has no truth here."""
    with pytest.raises(ValueError, match="is none of patient"):
        tube_plan(people()[0], people()[1].specimens[0], 1000)
