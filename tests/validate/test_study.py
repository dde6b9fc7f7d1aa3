"""A study: rows kept, gone on with, and never stopped by one tube."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.validate.design import design_study
from cytomon.validate.rows import (
    TABLE,
    TubeRow,
    read_validation,
    unfinished,
    write_validation,
)
from cytomon.validate.study import Simulated, code_hash, plan_study, run_study
from cytomon.validate.suites import SIZES
from tests.validate.doubles import Scripted


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def asked(marks: Path, tube: str) -> int:
    path = marks / tube
    return path.read_text().count("asked") if path.is_file() else 0


def test_a_simulated_tube_from_plan_to_row(tmp_path: Path):
    """What the plan says, the truth and the measurement stand in one row."""
    small = replace(SIZES["quick"], events=12_000)
    case = next(c for c in design_study(small, start=220) if c.wish.suite == "dilution")
    (row,) = run_study(plan_study([Simulated(case=case)], tmp_path, command="cytomon validate"))
    assert (row.error, row.suite, row.condition, row.panel) == (
        "",
        "dilution",
        "plain",
        "b_all_mrd",
    )
    assert (row.seed, row.events, row.level) == (case.plan.seed, 12_000, 1e-2)
    assert row.true_nucleated == 12_000
    assert row.found is not None
    assert row.recall is not None
    assert row.recall > 0.8
    assert row.made_by.endswith(code_hash())
    assert row.command == "cytomon validate"


def test_what_is_done_is_not_done_again(tmp_path: Path, marks: Path):
    """A study that was interrupted goes on where it stopped."""
    tubes = [Scripted(tube=name, marks=str(marks)) for name in ("a", "b", "c")]
    run_study(plan_study(tubes[:2], tmp_path))
    told: list[str] = []
    rows = run_study(plan_study(tubes, tmp_path), report=lambda row: told.append(row.tube))
    assert told == ["c"]
    assert [row.tube for row in rows] == ["a", "b", "c"]
    assert [asked(marks, name) for name in "abc"] == [1, 1, 1]


def test_other_inputs_and_other_code_are_done_again(tmp_path: Path, marks: Path):
    """A row stands for this tube by this code, or for nothing."""
    tube = Scripted(tube="a", marks=str(marks))
    (row,) = run_study(plan_study([tube], tmp_path))
    run_study(plan_study([replace(tube, version="2")], tmp_path))
    assert asked(marks, "a") == 2
    write_validation(tmp_path, [row.model_copy(update={"made_by": "0.0.1 another"})])
    run_study(plan_study([tube], tmp_path))
    assert asked(marks, "a") == 3


def test_one_tube_that_breaks_costs_itself(tmp_path: Path, marks: Path):
    """It is a row with its reason, and is tried again the next time."""
    tubes = [
        Scripted(tube="a", marks=str(marks), says="break"),
        Scripted(tube="b", marks=str(marks)),
    ]
    first, second = run_study(plan_study(tubes, tmp_path))
    assert "ZeroDivisionError in doubles.py" in first.error
    assert first.status == ""
    assert second.status == "POSITIVE"
    run_study(plan_study(tubes, tmp_path))
    assert (asked(marks, "a"), asked(marks, "b")) == (2, 1)


def test_an_answer_that_is_none_is_a_reason(tmp_path: Path, marks: Path):
    """A row that does not hold is refused, not written."""

    class Odd(Scripted):
        def judged(self, folder: Path) -> dict[str, object]:
            return {"blasts": -1}

    (row,) = run_study(plan_study([Odd(tube="a", marks=str(marks))], tmp_path))
    assert "ValidationError" in row.error


def test_rows_of_other_conditions_stay(tmp_path: Path, marks: Path):
    """Dilutions of a real tube join the simulated ones; a new design replaces its own rows."""
    run_study(plan_study([Scripted(tube="real", marks=str(marks), condition="diluted")], tmp_path))
    run_study(plan_study([Scripted(tube="old", marks=str(marks))], tmp_path))
    rows = run_study(plan_study([Scripted(tube="new", marks=str(marks))], tmp_path))
    assert {row.tube for row in rows} == {"real", "new"}


def test_a_second_population_of_one_tube_joins_the_first(tmp_path: Path, marks: Path):
    """Dilutions of another population, and own tubes of another folder, delete nobody's rows."""
    for series in ("real CD10>3", "real CD34>2", "own a", "own b"):
        tube = Scripted(tube="same name", marks=str(marks), condition="diluted", series=series)
        rows = run_study(plan_study([tube], tmp_path))
    assert [row.group for row in rows] == ["real CD10>3", "real CD34>2", "own a", "own b"]
    assert asked(marks, "same name") == 4
    study = plan_study([tube], tmp_path)
    assert (study.kept, study.dropped, study.waiting) == (1, 0, ())


def test_what_was_planned_is_known_after_an_interruption(tmp_path: Path, marks: Path):
    """Of two series one has a row and the other none: the table knows how many there were to be."""
    tubes = [
        Scripted(tube=f"{condition}{n}", marks=str(marks), condition=condition)
        for condition in ("plain", "realism")
        for n in range(3)
    ]

    def stop(row: TubeRow) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(plan_study(tubes, tmp_path), report=stop)
    rows = read_validation(tmp_path)
    assert unfinished(rows) == {"plain": (1, 3), "realism": (0, 3)}
    study = plan_study(tubes[:2], tmp_path)
    assert (study.kept, len(study.waiting)) == (1, 1)
    assert unfinished(run_study(study)) == {}


def test_rows_of_another_design_are_counted(tmp_path: Path, marks: Path):
    """What a smaller design no longer names goes, and the study says how many."""
    tubes = [Scripted(tube=name, marks=str(marks)) for name in "abc"]
    run_study(plan_study(tubes, tmp_path))
    study = plan_study(tubes[:1], tmp_path)
    assert (study.kept, study.dropped) == (1, 2)
    assert [row.tube for row in run_study(study)] == ["a"]


def test_nothing_is_left_behind(tmp_path: Path, marks: Path):
    """Simulated files are large: only the table stays."""
    out = tmp_path / "out"
    run_study(plan_study([Scripted(tube=name, marks=str(marks)) for name in "ab"], out))
    assert [path.name for path in out.iterdir()] == [TABLE]


def test_a_table_that_cannot_be_read_stops_before_the_work(tmp_path: Path, marks: Path):
    """Hours of measuring must not end at a table that was there from the start."""
    (tmp_path / TABLE).write_text("tube,surprise\n")
    with pytest.raises(InputError):
        run_study(plan_study([Scripted(tube="a", marks=str(marks))], tmp_path))
    assert asked(marks, "a") == 0


def test_rows_are_the_same_on_two_processes(tmp_path: Path):
    """The number of processes changes no number."""
    small = replace(SIZES["quick"], events=3_000)
    items = [Simulated(case=case) for case in design_study(small, start=230)[:2]]
    one = run_study(plan_study(items, tmp_path / "one"))
    two = run_study(plan_study(items, tmp_path / "two"), workers=2)
    assert [row.model_copy(update={"seconds": None}) for row in one] == [
        row.model_copy(update={"seconds": None}) for row in two
    ]
    assert read_validation(tmp_path / "one") == one
