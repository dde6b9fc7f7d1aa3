"""A laboratory's own tubes: whatever is known of them, and nothing that is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.simulate.sidecar import read_labels
from cytomon.validate.own import LIST, find_own, read_truth
from cytomon.validate.rows import TubeRow
from cytomon.validate.study import run_study


@pytest.fixture
def folder(tubes: Path, tmp_path: Path) -> Path:
    """The marrow with 5 % blasts, without its truth."""
    there = tmp_path / "own"
    there.mkdir()
    shutil.copy(tubes / "marrow.fcs", there)
    return there


def judged(folder: Path, source: Path | None = None) -> dict[str, TubeRow]:
    rows = run_study(find_own(source or folder), folder / "out")
    return {row.tube: row for row in rows}


def test_a_list_of_counts(folder: Path):
    """Known blasts of known nucleated cells, and calls by somebody else."""
    (folder / LIST).write_text("file,blasts,nucleated,cd19\nmarrow.fcs,600,12000,POSITIVE\n")
    row = judged(folder)["own-marrow.fcs"]
    assert (row.condition, row.true_fraction, row.true_status) == ("own", 0.05, "POSITIVE")
    assert (row.true_cd19, row.true_cd22) == ("POSITIVE", "")
    assert row.fraction == pytest.approx(0.05, rel=0.1)
    assert row.recall is None


def test_a_list_of_fractions(folder: Path):
    """The list may lie where it wants, as long as files are relative to it."""
    (folder / "mine.csv").write_text("file,blasts,b_fraction\nmarrow.fcs,0.05,0.001\n")
    row = judged(folder, folder / "mine.csv")["own-marrow.fcs"]
    assert (row.true_fraction, row.true_blasts, row.true_b) == (0.05, None, 0.001)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("5,", "fraction below 1"),
        ("1,", "fraction below 1"),
        ("0.5,1000", "a count of at most"),
        ("1001,1000", "a count of at most"),
        ("-1,", "greater than or equal to 0"),
        ("many,", "valid number"),
    ],
)
def test_numbers_that_do_not_add_up(folder: Path, cells: str, reason: str):
    """Percent for a fraction would be a hundredfold error: refused, with its line."""
    (folder / LIST).write_text(f"file,blasts,nucleated\nmarrow.fcs,{cells}\n")
    (row,) = judged(folder).values()
    assert reason in row.error
    assert "line 2" in row.tube


def test_a_file_that_is_not_there(folder: Path):
    """Named as such; the others are measured."""
    (folder / LIST).write_text("file,blasts\nmarrow.fcs,0.05\ngone.fcs,0.1\n")
    rows = judged(folder)
    assert rows["own-gone.fcs (line 3)"].error == "no such tube"
    assert not rows["own-marrow.fcs"].error


def test_labels_of_each_event(tubes: Path, folder: Path):
    """One or nought for each event gives recall and precision; the list still gives the calls."""
    labels = read_labels(tubes / "marrow.fcs")
    blasts = labels.of("blast_typical")
    lines = "\n".join("1" if blast else "0" for blast in blasts)
    (folder / "marrow.truth.csv").write_text(f"label\n{lines}\n")
    (folder / LIST).write_text("file,cd22\nmarrow.fcs,DIM\n")
    row = judged(folder)["own-marrow.fcs"]
    assert row.true_blasts == blasts.sum()
    assert row.recall is not None
    assert row.recall > 0.8
    assert row.true_cd22 == "DIM"
    assert row.true_fraction == pytest.approx(int(blasts.sum()) / (row.nucleated or 0))


def test_names_of_populations_are_labels_too(folder: Path):
    """A name that begins as the simulator's blasts do is a blast."""
    (folder / "x.truth.csv").write_text("label\nblast_mine\n0\nT cells\nBLAST\n")
    truth = read_truth(folder / "x.fcs")
    assert truth is not None
    assert [truth.names[code] for code in truth.labels] == [
        "blast_mine", "other", "T cells", "blast_own",
    ]  # fmt: skip


def test_measurements_for_labels(folder: Path):
    """A column of numbers is no label."""
    lines = "\n".join(str(number / 7) for number in range(300))
    (folder / "marrow.truth.csv").write_text(f"label\n{lines}\n")
    assert "different labels" in judged(folder)["own-marrow.fcs"].error
    (folder / "marrow.truth.csv").write_text("kind\n1\n")
    assert "no column 'label'" in judged(folder)["own-marrow.fcs"].error


def test_labels_of_another_length(folder: Path):
    """The tube has no result; nothing is shifted."""
    (folder / "marrow.truth.csv").write_text("label\n1\n0\n")
    assert "2 labels for" in judged(folder)["own-marrow.fcs"].error


def test_a_changed_list_is_measured_again(folder: Path):
    """What was said of a tube is part of its inputs."""
    (folder / LIST).write_text("file,blasts\nmarrow.fcs,0.05\n")
    assert judged(folder)["own-marrow.fcs"].true_fraction == 0.05
    (folder / LIST).write_text("file,blasts\nmarrow.fcs,0.04\n")
    assert judged(folder)["own-marrow.fcs"].true_fraction == 0.04


def test_a_folder_without_any_truth(folder: Path):
    """Nothing to compare with is wrong usage, not an empty page."""
    with pytest.raises(InputError, match="no labelled tube"):
        find_own(folder)
