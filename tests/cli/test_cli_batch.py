"""`cytomon batch` and `cytomon demo` as a person sees them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cytomon.batch import Outcome
from cytomon.card import card_of
from cytomon.cli import batch as command
from cytomon.cli.main import main
from cytomon.cli.talk import Talk
from cytomon.document import Document
from cytomon.inputs import Job, Jobs

Captured = pytest.CaptureFixture[str]


def arguments(tubes: Path, out: Path, *more: str) -> list[str]:
    return ["batch", str(tubes), "--out", str(out), "--jobs", "1", "--figures", "none", *more]


def test_answers_go_to_stdout_and_talk_to_stderr(tubes: Path, tmp_path: Path, capsys: Captured):
    """Each measured tube has one line of answers; progress and refusals are talk."""
    assert main(arguments(tubes, tmp_path / "o")) == 1
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split() == ["tube", "MRD", "status", "CD19", "CD22", "B", "cells", "status"]
    assert [line.split()[0] for line in lines[1:]] == ["blood_a.fcs", "blood_b.fcs", "marrow.fcs"]
    assert "POSITIVE" in lines[3]
    assert "[4/4]" in said.err
    assert "refused: broken.fcs" in said.err
    assert "3 measured, 1 refused" in said.err
    assert "the warnings about 3 tubes in" in said.err


def test_what_is_piped_is_plain_text(tubes: Path, tmp_path: Path, capsys: Captured):
    """No colours and no bars where nobody sees them."""
    main(arguments(tubes, tmp_path / "o"))
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err


def test_a_long_name_is_not_cut(tubes: Path, tmp_path: Path, capsys: Captured):
    """A name is what one finds the tube by."""
    name = f"{'long' * 40}.fcs"
    (tmp_path / "in").mkdir()
    shutil.copy(tubes / "blood_a.fcs", tmp_path / "in" / name)
    assert main(arguments(tmp_path / "in", tmp_path / "o")) == 0
    assert name in capsys.readouterr().out


def test_brackets_in_a_name_are_no_markup(tubes: Path, tmp_path: Path, capsys: Captured):
    """A name is shown as it is."""
    (tmp_path / "in").mkdir()
    shutil.copy(tubes / "blood_a.fcs", tmp_path / "in" / "[red]a :smile:.fcs")
    assert main(arguments(tmp_path / "in", tmp_path / "o")) == 0
    assert "[red]a :smile:.fcs" in capsys.readouterr().out


def test_a_second_run_says_that_it_was_done_before(tubes: Path, tmp_path: Path, capsys: Captured):
    """Nobody should wonder why it was so quick."""
    main(arguments(tubes / "blood_a.fcs", tmp_path / "o"))
    capsys.readouterr()
    assert main(arguments(tubes / "blood_a.fcs", tmp_path / "o")) == 0
    assert "1 measured (1 of them before), 0 refused" in capsys.readouterr().err


def test_force_measures_again(tubes: Path, tmp_path: Path, capsys: Captured):
    """Whatever is there."""
    main(arguments(tubes / "blood_a.fcs", tmp_path / "o"))
    capsys.readouterr()
    assert main(arguments(tubes / "blood_a.fcs", tmp_path / "o", "--force")) == 0
    assert "1 measured, 0 refused" in capsys.readouterr().err


def test_a_dry_run_writes_nothing(tubes: Path, tmp_path: Path, capsys: Captured):
    """It says which template each tube would get, and which would be refused."""
    out = tmp_path / "o"
    assert main(arguments(tubes, out, "--dry-run")) == 1
    said = capsys.readouterr()
    shown = {line.split()[0]: line for line in said.out.splitlines()[1:]}
    assert "b_all_mrd" in shown["marrow.fcs"]
    assert "lymphocyte_subsets" in shown["blood_a.fcs"]
    assert "refused" in shown["broken.fcs"]
    assert "3 would be measured, 1 refused; nothing was written" in said.err
    assert not out.exists()


def test_a_dry_run_of_nothing_usable_ends_with_3(tubes: Path, tmp_path: Path, capsys: Captured):
    """As the real run would."""
    assert main(arguments(tubes / "broken.fcs", tmp_path / "o", "--dry-run")) == 3
    assert "0 would be measured" in capsys.readouterr().err


def test_refused_rows_are_named_without_the_patient(tubes: Path, tmp_path: Path, capsys: Captured):
    """By list and line; the tube of a refused row is not measured without its row."""
    worklist = tmp_path / "w.csv"
    worklist.write_text(
        "file,patient_id,specimen_id,collected_on,specimen_type\n"
        "none.fcs,Jane Doe,S-1,2026-02-09,blood\n"
        "blood_a.fcs,Jane Doe,S-2,someday,blood\n"
    )
    blood = tubes / "blood_a.fcs"
    assert main(arguments(blood, tmp_path / "o", "--worklist", str(worklist))) == 3
    said = capsys.readouterr()
    assert "refused: w.csv line 2" in said.err
    assert "refused: w.csv line 3" in said.err
    assert "and 2 rows of the lists" in said.err
    assert "Jane" not in said.out + said.err


def row(quantity: str, value: str, status: str) -> dict[str, str]:
    return {"quantity": quantity, "value": value, "status": status}


RELAPSE = Document(
    file="patient_with_a_name_of_usual_length_marrow_tube_1.fcs",
    measurements=(
        row("mrd", "0.00123456", "POSITIVE"),
        row("cd19_blasts", "0.5", "PARTIAL"),
        row("cd22_blasts", "", "NOT_ASSESSABLE"),
        row("b_fraction", "0.0", "PROVISIONAL_APLASIA"),
    ),
)


@pytest.mark.parametrize("columns", ["40", "80", "300"])
def test_answers_fit_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
):
    """A row for each tube where it fits, a few short lines where it does not; nothing is cut."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    outcome = Outcome(cards=(card_of(RELAPSE),), refused_rows=0)
    jobs = Jobs(jobs=(Job(file=RELAPSE.file, path=""),), refused=())
    Talk().summary(jobs, outcome, tmp_path)
    lines = capsys.readouterr().out.splitlines()
    text = "\n".join(lines)
    for word in (RELAPSE.file, "0.1235 %", "POSITIVE", "PARTIAL", "0 %", "PROVISIONAL_APLASIA"):
        assert word in text
    assert len(lines) == (2 if columns == "300" else 4)
    assert all(len(line) <= 80 for line in lines) or columns == "300"


@pytest.mark.parametrize("columns", ["40", "300"])
def test_mrd_that_was_not_measured_is_said(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
):
    """An empty cell beside APLASIA would read as if all were well."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    aplasia = Document(file="t.fcs", measurements=(row("b_fraction", "0.0", "APLASIA"),))
    warned = {"code": "MRD_NOT_MEASURED", "severity": "warning"}
    for findings in ((), (warned,)):
        card = card_of(replace(aplasia, findings=findings))
        outcome = Outcome(cards=(card,), refused_rows=0)
        Talk().summary(Jobs(jobs=(Job(file="t.fcs", path=""),), refused=()), outcome, tmp_path)
        assert ("NOT_MEASURED" in capsys.readouterr().out) is bool(findings)


def test_as_many_processes_as_wanted_or_as_there_are_processors():
    """0 stands for all that this process may use."""
    import os

    assert command.processes(3) == 3
    assert command.processes() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(("jobs", "said"), [("-1", "equal to 0"), ("100000", "memory")])
def test_absurd_numbers_of_processes_are_refused(
    tubes: Path, tmp_path: Path, capsys: Captured, jobs: str, said: str
):
    """Before any is started."""
    assert main(["batch", str(tubes), "--out", str(tmp_path / "o"), "--jobs", jobs]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "o").exists()
