"""`cytomon validate`: words in, table and page out, exit codes as the files page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.validate.page import PAGE
from cytomon.validate.rows import TABLE, read_validation, write_validation
from tests.validate.rows import blank, row


def test_own_tubes_and_a_broken_one(
    tubes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """What cannot be judged costs itself: exit code 1, table and page are there."""
    listing = tubes / "mine.csv"
    listing.write_text("file,blasts\nmarrow.fcs,0.05\nbroken.fcs,0.01\n")
    code = main(["validate", f"--labelled={listing}", f"--out={tmp_path}", "--jobs=1"])
    talk = capsys.readouterr().err
    rows = {r.tube: r for r in read_validation(tmp_path)}
    assert code == 1
    assert rows["own-marrow.fcs"].found is not None
    assert rows["own-broken.fcs"].error
    assert "[1/" in talk
    assert "without a result" in talk
    assert "own-broken.fcs" in (tmp_path / PAGE).read_text()


def test_the_page_again_from_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Nothing is measured; the bars are on standard output, and how few blanks there are."""
    write_validation(tmp_path, [row("a"), blank("b")])
    before = (tmp_path / TABLE).read_bytes()
    assert main(["validate", f"--out={tmp_path}", "--page-only"]) == 0
    said = capsys.readouterr().out
    assert "recall of hard cases" in said
    assert "of 1 blank; EP17 asks for at least 60" in said
    assert (tmp_path / PAGE).is_file()
    assert (tmp_path / TABLE).read_bytes() == before


def test_nothing_but_failures_is_nothing_done(tmp_path: Path):
    """Exit code 3, and the reasons are on the page."""
    write_validation(tmp_path, [row("a", error="broken")])
    assert main(["validate", f"--out={tmp_path}", "--page-only"]) == 3


@pytest.mark.parametrize(
    "words",
    [
        ["--page-only"],
        ["--panel=b_all"],
        ["--labelled=nowhere"],
        ["--size=huge"],
        ["--dilute=nowhere.fcs"],
        ["--page-only", "--labelled=."],
        ["--page-only", "--dilute=nowhere.fcs"],
        ["--mapping=mine.csv"],
    ],
)
def test_wrong_usage(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit code 2 or, for a file that cannot be read, 3; never a page."""
    code = main(["validate", f"--out={tmp_path}", *words])
    assert code == (3 if words == ["--dilute=nowhere.fcs"] else 2)
    assert capsys.readouterr().err
    assert not (tmp_path / PAGE).exists()


def test_a_file_for_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Said before any tube is made, and not as a full disk."""
    out = tmp_path / "file"
    out.write_text("mine")
    assert main(["validate", f"--out={out}"]) == 2
    said = capsys.readouterr().err
    assert "a file stands where a folder is expected" in said
    assert "free space" not in said
    assert out.read_text() == "mine"


def test_what_is_kept_is_said(tubes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Nothing is measured twice, and one tube is no tubes."""
    listing = tubes / "one.csv"
    listing.write_text("file,blasts\nmarrow.fcs,0.05\n")
    words = ["validate", f"--labelled={listing}", f"--out={tmp_path}", "--jobs=1"]
    assert main(words) == 0
    assert "1 tube, 0 without a result" in capsys.readouterr().err
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "1 tube kept from before, 0 to be measured" in said
    assert "[1/" not in said
