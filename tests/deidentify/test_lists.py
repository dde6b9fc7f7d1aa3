"""Lists of the copies: intervals stay, free text does not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cytomon.deidentify import lists
from cytomon.deidentify.lists import Named
from cytomon.deidentify.secret import Secret
from cytomon.deidentify.vocabulary import is_harmless
from cytomon.inputs import Job, read_patients
from cytomon.lists import read_rows
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.worklist import EventRow, PatientRow, WorklistRow

SECRET = Secret(b"0123456789abcdef0123456789abcdef")
SAMPLE = Path(__file__).parents[2] / "sample_fcs"


def job(**given: object) -> Job:
    about = {"specimen_type": SpecimenType.MARROW, "collected_on": date(2026, 3, 1), **given}
    return Job(file="a.fcs", path="/a.fcs", template="b_all_mrd", specimen=Specimen(**about))


def test_intervals_of_a_patient_stay():
    """From infusion to each specimen and each event of the sample tubes."""
    rows = [row for _, row in read_patients(SAMPLE / "patients.csv")[0]]
    happened = [row for _, row in read_rows(SAMPLE / "events.csv", EventRow).rows]
    of = {row.patient_id for row in rows}
    moved = lists.patients(rows, of, SECRET)
    events = lists.events(happened, of, SECRET)

    infused = {row.patient_id: row.infusion_date for row in rows}
    copied = {row["patient_id"]: date.fromisoformat(row["infusion_date"]) for row in moved.rows}
    after = sorted(
        (lists.patient_of(row.patient_id, SECRET), (row.date - infused[row.patient_id]).days)
        for row in happened
    )
    assert len(events.rows) == len(happened) > 10
    assert after == sorted(
        (row["patient_id"], (date.fromisoformat(row["date"]) - copied[row["patient_id"]]).days)
        for row in events.rows
    )
    assert not set(copied.values()) & set(infused.values())
    assert moved.emptied.total() == events.emptied.total() == 0


def test_age_in_calendar_years_stays():
    """The year of birth moves with the year of infusion."""
    for n in range(40):
        row = PatientRow(
            patient_id=f"P{n}", infusion_date="2026-02-09", product="", birth_year="2017"
        )
        (moved,) = lists.patients([row], {f"P{n}"}, SECRET).rows
        assert int(moved["infusion_date"][:4]) - int(moved["birth_year"]) == 9


def test_every_row_can_be_read_again():
    """The lists of the copies are lists: their own models take them."""
    specimen = {
        "patient_id": "P1", "specimen_id": "S1", "received_on": date(2026, 3, 3), "pull": 2,
        "cd19_clone": "SJ25C1", "cd22_clone": "S-HCL-1", "instrument_qc": "pass",
        "viability": 0.85,
    }  # fmt: skip
    tube = Named(name="tube-b.fcs", job=job(**specimen), days=-10)

    (row,) = lists.worklist([tube], SECRET, {"b_all_mrd"}).rows

    read = WorklistRow.model_validate(row)
    assert read.collected_on == date(2026, 2, 19)
    assert (read.received_on - read.collected_on).days == 2
    assert (read.viability, read.pull, read.cd22_clone) == (0.85, 2, "S-HCL-1")
    assert read.template == "b_all_mrd"
    assert "P1" not in str(row)
    assert "S1" not in str(row)


def test_free_text_does_not_stay():
    """Names in every column that may hold text."""
    tube = Named(
        name="t.fcs",
        job=Job(file="a", path="/a", template="/home/doe/gates.yaml",
                specimen=job(cd19_clone="Doe", cd22_clone="HIB22 Doe").specimen),
        days=-1,
    )  # fmt: skip
    worklist = lists.worklist([tube], SECRET, {"b_all_mrd"})
    patient = PatientRow(patient_id="P1", infusion_date="2026-02-09", product="CD19 for Doe",
                         sex="Doe", genotype="KMT2A::AFF1, see Doe")  # fmt: skip
    patients = lists.patients([patient], {"P1"}, SECRET)
    events = lists.events(
        [
            EventRow(patient_id="P1", date="2026-02-09", event=kind, value=value, unit="Doe",
                     comment="seen by Doe")
            for kind, value in (("drug", "Blincyto for Doe"), ("drug", "Doe's tea"),
                                ("relapse", "Doe CD19-"), ("ngs", "0.01"))
        ],
        {"P1"}, SECRET,
    )  # fmt: skip

    said = str([worklist.rows, patients.rows, events.rows]).casefold()
    assert "doe" not in said
    assert "p1'" not in said
    assert worklist.emptied == {"cd19_clone": 1, "cd22_clone": 1, "template": 1}
    assert patients.emptied == {"product": 1, "sex": 1, "genotype": 1}
    assert [row["value"] for row in events.rows] == ["blinatumomab", "0.01", ""]
    assert events.left_out == 1
    assert events.emptied["comment"] == 3


@pytest.mark.parametrize(
    "genotype",
    ["ETV6::RUNX1", "KMT2A-r", "t(4;11)(q21;q23)", "BCR::ABL1-like", "B-other", "hyperdiploid",
     "iAMP21", "no KMT2A", "TCF3::HLF", "Ph+", "", "-", "t(9;22)(q34;q11.2)", "trisomy 4 and 10",
     "der(19)t(1;19)", "t(X;14)"],
)  # fmt: skip
def test_usual_genotypes_stay(genotype: str):
    """Alarms rest on them."""
    assert is_harmless(genotype, "genotype")


def test_whose_days_move_together():
    """A patient's; without one a specimen's; without either, each tube's own."""
    one, other = job(patient_id="P1"), job(patient_id="P1", specimen_id="S2")
    assert lists.whose(one, "a") == lists.whose(other, "b") == "P1"
    one, other = job(specimen_id="S1"), job(specimen_id="S1")
    assert lists.whose(one, "a") == lists.whose(other, "b") != lists.whose(job(), "a")
    assert lists.whose(job(), "a") != lists.whose(job(), "b")
    # a specimen that is called like a patient is not moved like the patient
    assert lists.whose(job(specimen_id="P1"), "a") != "P1"


def test_only_patients_who_have_a_copy():
    """The others are counted."""
    rows = [
        PatientRow(patient_id=f"P{n}", infusion_date="2026-02-09", product="") for n in range(3)
    ]

    moved = lists.patients(rows, {"P1"}, SECRET)

    assert len(moved.rows) == 1
    assert moved.left_out == 2


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ("KMT2A 14.03.12", "genotype"), ("01.01.80", "genotype"), ("14(03;12)", "genotype"),
        ("14 (3;12)", "genotype"), ("14-3-12", "genotype"), ("KMT2A 07", "genotype"),
        ("04 91 51 23 45", "value"), ("CD19 14 AML 3", "value"), ("cd19 1 2", "product"),
        ("01", "unit"), ("per 10 x 80", "unit"),
    ],
)  # fmt: skip
def test_days_and_telephones_in_two_digits_do_not_stay(cell: str, column: str):
    """Known words and small numbers, which together say who it is."""
    assert not is_harmless(cell, column)


def test_amounts_longer_than_amounts_are():
    """A number of a person has more digits than a measured one; the rest stays as it stood."""
    given = [
        ("car19_copies", "4915112345678"), ("alc", "0.9876543210987"), ("alc", "1e4915112345678"),
        ("ngs", "0.19800101"), ("transplant", "04 91 51 23 45"),
    ]  # fmt: skip
    fine = [
        ("car19_copies", "12000000"), ("alc", "<0.05"), ("ngs", "1.25e-6"), ("fish", "2.5 %"),
        ("morphology", "M1"), ("fusion_pcr", "positive"), ("car22_copies", "104523"),
    ]  # fmt: skip
    rows = [
        EventRow(patient_id="P1", date="2026-02-09", event=kind, value=value)
        for kind, value in (*given, *fine)
    ]

    moved = lists.events(rows, {"P1"}, SECRET)

    assert sorted(row["value"] for row in moved.rows) == sorted(["", *(value for _, value in fine)])
    assert moved.left_out == 4  # without its number such a row says nothing
    assert moved.emptied["value"] == 1
    assert all(EventRow.model_validate(row) for row in moved.rows)
