"""Every file that fuzzing has kept: a reading or a refusal, at once, in little memory."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from cytomon.errors import CytomonError, TemplateError
from cytomon.filing.measured_list import read_pieces
from cytomon.lists import read_rows
from cytomon.worklist import EventRow, PatientRow, WorklistRow
from tests.fuzz.corpus import keep, kept
from tests.fuzz.entry_points import ENTRY_POINTS, enter
from tests.fuzz.run import SLOWEST
from tests.fuzz.seeds import mistaken, seeds


def test_each_has_a_corpus():
    """It is empty where the seeds take every branch that was ever found."""
    made = {path.stem for path in (Path(__file__).parent / "corpus").glob("*.zip")}
    assert made == {*ENTRY_POINTS}, "python -m tests.fuzz.distil"


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_what_was_found(name: str):
    """Neither a crash nor a hang comes back."""
    for content in kept(name):
        began = time.process_time()
        enter(name, content)
        assert time.process_time() - began < SLOWEST, content[:80]


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_seeds_are_valid(name: str):
    """Fuzzing starts from files that are read: most of what it changes then gets far."""
    *others, last = seeds(name)
    for content in others:
        ENTRY_POINTS[name](content)
    with pytest.raises(CytomonError, match="FlowJo 9") if name == "flowjo" else nullcontext():
        ENTRY_POINTS[name](last)


@pytest.mark.parametrize(
    ("name", "row"),
    [("worklist", WorklistRow), ("patients", PatientRow), ("events", EventRow)],
)
def test_rows_of_the_seeds_are_taken(name: str, row: type[PatientRow], tmp_path: Path):
    """Else what comes after the checks of a row would hardly be reached."""
    for number, content in enumerate(seeds(name)):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(content)
        found = read_rows(path, row)
        assert found.rows
        assert not found.refused


def test_results_of_the_seeds_are_taken(tmp_path: Path):
    """The same."""
    for number, content in enumerate(seeds("measurements")):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(content)
        pieces = list(read_pieces(path))
        assert any(piece.results for piece in pieces)
        assert not any(piece.refused for piece in pieces)


@pytest.mark.parametrize("content", mistaken("measurements"))
def test_each_mistake_in_a_result_is_told(content: bytes, tmp_path: Path):
    """With its line."""
    (tmp_path / "m.csv").write_bytes(content)
    assert any(piece.refused for piece in read_pieces(tmp_path / "m.csv"))


@pytest.mark.parametrize("content", mistaken("template"))
def test_each_mistake_is_told(content: bytes):
    """With its line."""
    with pytest.raises(TemplateError, match="line "):
        ENTRY_POINTS["template"](content)


@pytest.mark.parametrize("content", mistaken("gatingml"))
def test_each_mistake_of_a_document_is_told(content: bytes):
    """Before anything is measured with it."""
    with pytest.raises(TemplateError):
        ENTRY_POINTS["gatingml"](content)


def test_the_same_corpus_is_the_same_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.fuzz.corpus._FOLDER", tmp_path)
    keep("fcs", [b"longer", b"short"])
    first = (tmp_path / "fcs.zip").read_bytes()
    keep("fcs", [b"short", b"longer", b"short"])
    assert (tmp_path / "fcs.zip").read_bytes() == first
    assert kept("fcs") == (b"short", b"longer")


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_a_minute_of_fuzzing_for_each(tmp_path: Path):
    """Led by coverage, from the corpus: nothing but readings and refusals."""
    pytest.importorskip("atheris", reason="fuzzing needs `pip install -e .[dev]` (Linux)")
    command = [sys.executable, "-m", "tests.fuzz.run", "--seconds", "60", "--work", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
