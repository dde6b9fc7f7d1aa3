"""A laboratory's own tubes: whatever is known of them, and nothing that is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.panel import read_mapping
from cytomon.simulate.sidecar import read_labels
from cytomon.validate.own import LIST, find_own
from cytomon.validate.rows import TubeRow
from cytomon.validate.study import plan_study, run_study
from cytomon.validate.words import BLAST_WORDS, OTHER_WORDS, meaning, read_truth


@pytest.fixture
def folder(tubes: Path, tmp_path: Path) -> Path:
    """The marrow with 5 % blasts, without its truth."""
    there = tmp_path / "own"
    there.mkdir()
    shutil.copy(tubes / "marrow.fcs", there)
    return there


def judged(folder: Path, source: Path | None = None) -> dict[str, TubeRow]:
    rows = run_study(plan_study(find_own(source or folder), folder / "out"))
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
        ("5 %,", "'5 %' is no number that is understood: the decimal sign is the point"),
        ("0.05%,", "'0.05%' is no number"),
        ('"0,05",', "'0,05' is no number"),
        ('5,"12,000"', "'12,000' is no number"),
        ("0,05,", "a decimal comma makes two cells of one"),
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
    assert rows["own-gone.fcs (line 3)"].error.startswith("no such tube")
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
    """A name that begins as the simulator's blasts do is a blast, however it is written."""
    (folder / "x.truth.csv").write_text(
        "label\nblast_mine\n0\nT cells\nBLAST\nt_cd4\nblast_CD19neg\n"
    )
    truth = read_truth(folder / "x.fcs")
    assert truth is not None
    assert [truth.names[code] for code in truth.labels] == [
        "blast_own", "other", "t cell", "blast_own", "T_CD4", "blast_CD19neg",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words", [("blasts", "normal"), ("Leukaemic", "non-blast"), ("LEUKEMIA", "rest")]
)
def test_the_words_of_the_field(tubes: Path, folder: Path, words: tuple[str, str]):
    """Blasts written as laboratories write them are blasts, and the tube is no blank."""
    blasts = read_labels(tubes / "marrow.fcs").of("blast_typical")
    lines = "\n".join(words[0] if blast else words[1] for blast in blasts)
    (folder / "marrow.truth.csv").write_text(f"label\n{lines}\n")
    row = judged(folder)["own-marrow.fcs"]
    assert (row.error, row.true_blasts) == ("", blasts.sum())


def test_words_have_one_meaning():
    """No word stands for both; in every case, in one and many, with blanks, dashes or none."""
    assert BLAST_WORDS.isdisjoint(OTHER_WORDS)
    assert {meaning(form(word)) for word in BLAST_WORDS for form in (str, str.upper)} == {
        "blast_own"
    }
    assert {meaning(form(word)) for word in OTHER_WORDS for form in (str, str.upper)} == {"other"}
    assert meaning("Non_Blasts") == "other"
    assert meaning("haematogones") == "haematogone"


@pytest.mark.parametrize(
    "word", ["", "CD19+", "B cells", "progenitors", "ungated", "2", "suspicious"]
)
def test_a_word_that_nobody_can_tell(tubes: Path, folder: Path, word: str):
    """It is never taken for normal: the tube has no result, and the words say why."""
    n_events = len(read_labels(tubes / "marrow.fcs").labels)
    lines = "\n".join([*["0"] * (n_events - 1), f'"{word}"'])
    (folder / "marrow.truth.csv").write_text(f"label\n{lines}\n")
    row = judged(folder)["own-marrow.fcs"]
    assert row.true_blasts is None
    assert f"1 of {n_events} labels are empty or not understood" in row.error
    assert (repr(word) if word else "(empty)") in row.error
    assert f"marrow.truth.csv, event {n_events}" in row.error
    assert "leukaemic" in row.error
    assert "non blast" in row.error


def test_measurements_for_labels(folder: Path):
    """A column of numbers is no label; of many words six are shown."""
    lines = "\n".join(str(number / 7 + 2) for number in range(300))
    (folder / "marrow.truth.csv").write_text(f"label\n{lines}\n")
    error = judged(folder)["own-marrow.fcs"].error
    assert "and 294 more" in error
    assert error[: error.index("and 294 more")].count("'") == 2 * 6
    (folder / "marrow.truth.csv").write_text("kind\n1\n")
    assert "no column 'label'" in judged(folder)["own-marrow.fcs"].error


def test_names_of_the_simulator_alone_give_the_denominator(tubes: Path, folder: Path):
    """A list of nothing but its names knows what is nucleated, as its own file of labels does."""
    labels = read_labels(tubes / "marrow.fcs")
    lines = "\n".join(labels.names[code] for code in labels.labels)
    (folder / "marrow.truth.csv").write_text(f"label\n{lines}\n")
    assert judged(folder)["own-marrow.fcs"].true_nucleated == 12_000


def test_labels_of_another_length(folder: Path):
    """The tube has no result, in a user's words; nothing is shifted."""
    (folder / "marrow.truth.csv").write_text("label\n1\n0\n")
    error = judged(folder)["own-marrow.fcs"].error
    assert error.startswith("2 labels for")
    assert "fix: give one label for each event" in error


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


def test_a_list_without_a_row(folder: Path):
    """A head alone names no tube: said so, not as a folder without labels."""
    (folder / LIST).write_text("file,blasts\n")
    with pytest.raises(InputError, match="no row below its head"):
        find_own(folder)


def test_a_tube_for_a_list(folder: Path):
    """It is no text: its own words, not those of a broken list."""
    with pytest.raises(InputError, match="this is a tube, and no list"):
        find_own(folder / "marrow.fcs")


def test_a_mapping_reaches_every_tube(folder: Path):
    """A detector's name that is overridden with a marker that does not help costs the tube."""
    (folder / LIST).write_text("file,blasts\nmarrow.fcs,0.05\n")
    plain = find_own(folder)
    detector = next(c.pnn for c in open_tube(folder / "marrow.fcs").channels if "CD19" in c.pns)
    (folder / "mine.csv").write_text(f"detector,marker\n{detector},CD99\n")
    mapped = find_own(folder, mapping=read_mapping(folder / "mine.csv"))
    assert [one.inputs() for one in plain] != [one.inputs() for one in mapped]
    (row,) = run_study(plan_study(mapped, folder / "out"))
    assert "CD19" in row.error
