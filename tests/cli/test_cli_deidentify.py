"""`cytomon deidentify`: as somebody at the laboratory runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cytomon.cli.main import main
from tests.deidentify.planted import found, planted_tube, word
from tests.fcs.builders import make_fcs

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """A folder with one tube that can be copied, and its worklist."""
    folder = tmp_path / "ward"
    folder.mkdir()
    (folder / "one.fcs").write_bytes(planted_tube()[0])
    (folder / "worklist.csv").write_text(
        "file,patient_id,specimen_id,collected_on,specimen_type,cd19_clone\n"
        f"one.fcs,{word(900)},7,2026-03-01,marrow,{word(901)}\n"
    )
    return folder


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A new secret, made by the command."""
    path = tmp_path / "secret"
    assert main(["deidentify", "--new-secret", str(path)]) == 0
    return path


def copy(ward: Path, secret: Path, *more: str) -> int:
    out = str(ward.parent / "copies")
    return main(["deidentify", str(ward), "--out", out, "--secret", str(secret), *more])


def test_all_is_copied(ward: Path, secret: Path, tmp_path: Path, capsys: Captured):
    """Exit code 0; what is said on the way names nobody but the files of the owner."""
    capsys.readouterr()
    assert copy(ward, secret, "--worklist", str(ward / "worklist.csv")) == 0

    said = "".join(capsys.readouterr())
    _, words = planted_tube()
    assert found(said.encode(), (*words, word(900), word(901))) == []
    assert secret.read_text().strip() not in said
    assert "1 tube copied" in said
    why = "emptied, for a word or a number that is not known"
    assert f"worklist.csv: {why}: cd19_clone, cells: 1" in said
    assert "ids and names of files: 1" in said  # specimen 7
    assert (tmp_path / "copies" / "removed.csv").is_file()


def test_a_refused_tube(ward: Path, secret: Path, capsys: Captured):
    """Exit code 1 beside others, 3 alone; the owner may allow the word."""
    (ward / "two.fcs").write_bytes(make_fcs(keywords={"$P4S": word(950)}))
    assert copy(ward, secret) == 1
    said = capsys.readouterr().err
    assert "two.fcs: $P4S" in said
    assert word(950) not in said
    (ward / "one.fcs").unlink()
    other = str(ward.parent / "other")
    assert main(["deidentify", str(ward), "--out", other, "--secret", str(secret)]) == 3
    (ward.parent / "words").write_text(f"{word(950).upper()}\n")
    assert copy(ward, secret, "--allow", str(ward.parent / "words")) == 1  # one.fcs lies there yet
    assert "this run has not written" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--secret", "INPUT"])
def test_what_is_needed(option: str, ward: Path, secret: Path, capsys: Captured):
    """Exit code 2, and nothing is written."""
    given = {"INPUT": [str(ward)], "--out": ["--out", str(ward.parent / "copies")],
             "--secret": ["--secret", str(secret)]}  # fmt: skip
    words = [part for name, parts in given.items() if name != option for part in parts]
    assert main(["deidentify", *words]) == 2
    assert option in capsys.readouterr().err
    assert not (ward.parent / "copies").exists()


@pytest.mark.skipif(os.name != "posix", reason="rights are kept elsewhere")
def test_a_secret_that_others_can_read(ward: Path, secret: Path, capsys: Captured):
    """Exit code 2 with the reason."""
    secret.chmod(0o644)
    assert copy(ward, secret) == 2
    assert "others than its owner" in capsys.readouterr().err


def test_the_search_alone(ward: Path, secret: Path, capsys: Captured):
    """Exit code 1 as long as a word is found, or cannot be looked for; 0 then."""
    assert copy(ward, secret, "--worklist", str(ward / "worklist.csv")) == 0
    words = ward.parent / "words.txt"
    words.write_text(f"{word(3)}\n\n{word(900)}\n")
    scan = ["deidentify", "--scan", "--words", str(words)]
    capsys.readouterr()

    assert main([*scan, str(ward)]) == 1
    said = capsys.readouterr().err
    assert "the word of line 1 of words.txt: one.fcs, words" in said
    assert "the word of line 3 of words.txt: worklist.csv, words" in said
    assert word(3) not in said
    assert main([*scan, str(ward.parent / "copies")]) == 0
    assert "nothing was found" in capsys.readouterr().err
    words.write_text("ab\n")
    assert main([*scan, str(ward.parent / "copies")]) == 1
    assert "too short: the word of line 1" in capsys.readouterr().err
    words.write_text("\n")
    assert main([*scan, str(ward.parent / "copies")]) == 2
    assert main([*scan, str(ward.parent / "none")]) == 2
