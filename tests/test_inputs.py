"""Worklist rows meet the files that are there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.inputs import Jobs, Lists, collect
from cytomon.matching import Names
from tests.data_sets import two_data_sets

HEADER = "file,patient_id,specimen_id,collected_on,specimen_type,template"


def lay(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"FCS3.1")


def rows(path: Path, *files: str, patient: str = "P1", template: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [HEADER, *(f"{file},{patient},S,2026-02-09,marrow,{template}" for file in files)]
    path.write_text("\n".join(lines) + "\n")
    return path


def matched(folder: Path, *files: str, worklist: str = "lists/w.csv") -> Jobs:
    """Rows with these names against a folder; the worklist lies elsewhere."""
    path = rows(folder.parent / worklist, *files)
    return collect([folder], Lists(worklist=path))


def test_without_a_worklist_tubes_come_by_path_and_nameless(tmp_path: Path):
    """Every tube of the input, and no specimen."""
    lay(tmp_path, "b.fcs", "a.fcs")
    jobs = collect([tmp_path], Lists()).jobs
    assert [(job.file, job.specimen) for job in jobs] == [("a.fcs", None), ("b.fcs", None)]


def test_a_tube_of_a_refused_row_is_not_measured_without_it(tmp_path: Path):
    """Whether it is marrow or blood stands in the row: without the row nobody may guess."""
    lay(tmp_path / "in", "a.fcs", "b.fcs")
    path = rows(tmp_path / "w.csv", "b.fcs")
    path.write_text(path.read_text() + "a.fcs,P1,S,9.2.2026,blood,\n")
    found = collect([tmp_path / "in"], Lists(worklist=path))

    assert [job.file for job in found.jobs] == ["b.fcs"]
    assert [refusal.file for refusal in found.refused] == ["a.fcs"]


def test_the_worklists_order_comes_first_then_the_rest_by_path(tmp_path: Path):
    """A tube in no row is measured all the same, and said to be in no row."""
    lay(tmp_path / "in", *(f"{name}.fcs" for name in "abcd"))
    jobs = matched(tmp_path / "in", "c.fcs", "b.fcs").jobs
    assert [job.file for job in jobs] == ["c.fcs", "b.fcs", "a.fcs", "d.fcs"]
    assert [[f.code for f in job.findings] for job in jobs] == [
        [], [], ["NOT_IN_WORKLIST"], ["NOT_IN_WORKLIST"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("deep/a.fcs", "deep/a.fcs"),
        ("deep\\a.fcs", "deep/a.fcs"),
        ("./deep//a.fcs", "deep/a.fcs"),
        ("a.fcs", "deep/a.fcs"),
        ("A.FCS", "deep/a.fcs"),
        ("mu\u0308ller.fcs", "m\u00fcller.fcs"),
    ],
)
def test_a_name_is_understood_as_people_write_it(tmp_path: Path, written: str, file: str):
    """Backslashes, other letter case of the suffix, composed or decomposed letters."""
    lay(tmp_path / "in", "deep/a.fcs", "m\u00fcller.fcs")
    jobs = matched(tmp_path / "in", written)
    assert jobs.refused == ()
    assert jobs.jobs[0].file == file
    assert jobs.jobs[0].specimen is not None


def test_the_exact_name_goes_before_the_similar_one(tmp_path: Path):
    """Letter case tells tubes apart where it can."""
    lay(tmp_path / "in", "a.fcs", "A.fcs", "deep/a.fcs")
    assert matched(tmp_path / "in", "A.fcs").jobs[0].file == "A.fcs"
    assert matched(tmp_path / "in", "a.fcs").jobs[0].file == "a.fcs"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none.fcs", "neither beside the worklist nor in an input"),
        ("x.fcs", "ambiguous: one/x.fcs, two/x.fcs"),
        ("/etc/hostname", "outside"),
        ("../secret.fcs", "outside"),
        ("y" * 300, "neither"),
    ],
)
def test_a_row_without_its_tube_is_refused(tmp_path: Path, name: str, says: str):
    """The row is named, the other tubes stand."""
    lay(tmp_path, "in/one/x.fcs", "in/two/x.fcs", "secret.fcs")
    jobs = matched(tmp_path / "in", name)
    (refusal,) = jobs.refused
    assert says in refusal.finding.what
    assert refusal.finding.where == "w.csv line 2"
    assert len(jobs.jobs) == 2


def test_another_tube_of_the_same_name_is_not_measured_in_its_place(tmp_path: Path):
    """Both would be kept in one place, and one would show what the other one gave."""
    lay(tmp_path, "lists/a.fcs", "in/a.fcs", "in/b.fcs")
    with pytest.raises(InputError, match="have the same name") as caught:
        matched(tmp_path / "in", "a.fcs")
    assert caught.value.where == "a.fcs"
    jobs = matched(tmp_path / "in", "b.fcs").jobs
    assert [job.file for job in jobs] == ["b.fcs", "a.fcs"]


def test_data_sets_of_two_files_of_one_name_are_not_mixed(tmp_path: Path):
    """Neither ``a.lmd#1`` beside the worklist and in an input, nor in two inputs."""
    for folder in ("lists", "in"):
        (tmp_path / folder).mkdir()
        two_data_sets(tmp_path / folder / "a.lmd")
    with pytest.raises(InputError, match="have the same name") as caught:
        matched(tmp_path / "in", "a.lmd#1", "a.lmd#2")
    assert caught.value.where == "a.lmd"
    with pytest.raises(InputError, match="have the same name"):
        collect([tmp_path / "lists" / "a.lmd#1", tmp_path / "in" / "a.lmd"], Lists())


def test_a_data_set_that_is_named_beside_its_file_is_one_tube(tmp_path: Path):
    """The file as one input, one of its data sets as another."""
    two_data_sets(tmp_path / "a.lmd")
    jobs = collect([tmp_path / "a.lmd", tmp_path / "a.lmd#1"], Lists()).jobs
    assert sorted(job.file for job in jobs) == ["a.lmd#1", "a.lmd#2"]


def test_a_tube_above_the_worklist_is_found_when_it_is_in_an_input(tmp_path: Path):
    """``../tubes/a.fcs`` is called as the input calls it."""
    lay(tmp_path, "tubes/a.fcs")
    lists = Lists(worklist=rows(tmp_path / "lists" / "w.csv", "../tubes/a.fcs"))
    assert [job.file for job in collect([tmp_path / "tubes"], lists).jobs] == ["a.fcs"]


@pytest.mark.parametrize("again", ["a.fcs", "./a.fcs", "A.fcs"])
def test_a_tube_in_two_rows_is_refused_the_second_time(tmp_path: Path, again: str):
    """It cannot belong to two specimens, whatever way it is written."""
    lay(tmp_path / "in", "a.fcs")
    jobs = matched(tmp_path / "in", "a.fcs", again)
    assert [job.file for job in jobs.jobs] == ["a.fcs"]
    assert "listed in line 2 already" in jobs.refused[0].finding.what
    assert jobs.refused[0].finding.where == "w.csv line 3"


def test_each_data_set_of_a_file_is_a_tube(tmp_path: Path):
    """A row may name one of them; the other is then measured without a patient."""
    (tmp_path / "in").mkdir()
    two_data_sets(tmp_path / "in" / "a.lmd")
    assert [job.file for job in collect([tmp_path / "in"], Lists()).jobs] == ["a.lmd#1", "a.lmd#2"]
    jobs = matched(tmp_path / "in", "a.lmd#2").jobs
    assert [(job.file, job.specimen is not None) for job in jobs] == [
        ("a.lmd#2", True), ("a.lmd#1", False),
    ]  # fmt: skip


def spent(many: int, folder: Path) -> float:
    """Processor time of as many rows as files, each row in capitals; the least of three."""
    names = [f"deep/{n:04}.fcs" for n in range(many)]
    found = {name: folder / name for name in names}
    turns = []
    for _ in range(3):
        begun = time.process_time()
        matched_by = Names(found)
        for name in names:
            written = name.upper().removeprefix("DEEP/")
            assert matched_by.match(written, folder, "")[0] == name
        turns.append(time.process_time() - begun)
    return min(turns)


def test_many_rows_that_are_spelled_otherwise_are_matched_soon(tmp_path: Path):
    """Not each against every file: ten times as many take ten times as long, not a hundred."""
    assert spent(3000, tmp_path) < 40 * spent(300, tmp_path)


def test_the_worklists_template_goes_before_the_commands(tmp_path: Path):
    """A row's own word is closer to the tube."""
    lay(tmp_path / "in", "a.fcs", "b.fcs")
    worklist = rows(tmp_path / "w.csv", "a.fcs", template="one")
    jobs = collect([tmp_path / "in"], Lists(worklist=worklist), template="two").jobs
    assert [job.template for job in jobs] == ["one", "two"]


def test_a_patient_who_is_not_listed_is_said(tmp_path: Path):
    """Without a day of infusion nothing can be marked provisional; the patient is not named."""
    lay(tmp_path / "in", "a.fcs")
    patients = tmp_path / "p.csv"
    patients.write_text("patient_id,infusion_date,product\nP2,2026-01-01,CD19\n")
    worklist = rows(tmp_path / "w.csv", "a.fcs", patient="Jane")
    (job,) = collect([tmp_path / "in"], Lists(worklist=worklist, patients=patients)).jobs
    assert [(f.code, f.where) for f in job.findings] == [("PATIENT_UNKNOWN", "w.csv line 2")]
    assert "Jane" not in repr(job.findings)


def test_a_patient_who_is_listed_twice_is_refused_the_second_time(tmp_path: Path):
    """Only one day 0 can hold; the first row stands."""
    lay(tmp_path / "in", "a.fcs")
    patients = tmp_path / "p.csv"
    patients.write_text(
        "patient_id,infusion_date,product\nP1,2026-01-10,CD19\nP1,2026-01-20,CD19\n"
    )
    lists = Lists(worklist=rows(tmp_path / "w.csv", "a.fcs"), patients=patients)
    jobs = collect([tmp_path / "in"], lists)
    assert jobs.jobs[0].specimen is not None
    assert jobs.jobs[0].specimen.day == 30
    assert jobs.refused[0].finding.where == "p.csv line 3"


def test_bad_rows_of_all_lists_are_gathered(tmp_path: Path):
    """Worklist, patients and events each name their own lines."""
    lay(tmp_path / "in", "a.fcs")
    patients, events = tmp_path / "p.csv", tmp_path / "e.csv"
    patients.write_text("patient_id,infusion_date,product\nP1,soon,CD19\n")
    events.write_text("patient_id,date,event,value,unit,comment\nP1,2026-01-01,cold,,,\n")
    lists = Lists(worklist=rows(tmp_path / "w.csv", "b.fcs"), patients=patients, events=events)
    where = [refusal.finding.where for refusal in collect([tmp_path / "in"], lists).refused]
    assert where == ["w.csv line 2", "p.csv line 2", "e.csv line 2"]


def test_patients_without_a_worklist_are_refused(tmp_path: Path):
    """They say nothing about nameless tubes; leaving the worklist out is a slip."""
    lay(tmp_path, "a.fcs")
    for lists in (Lists(patients=Path("p.csv")), Lists(events=Path("e.csv"))):
        with pytest.raises(InputError, match="without a worklist"):
            collect([tmp_path], lists)
