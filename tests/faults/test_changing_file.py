"""A file that changes while it is measured: what is recorded as its hash is what was measured."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cytomon.errors import FcsError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import event_blocks, read_events
from tests.faults.commands import DONE, SOME_REFUSED, batch, faults, left_over, rows, run, tables

CHANGES = ("grow", "cut", "remove", "replace", "overwrite")
BETWEEN = 3
"""A tube is opened to see its data sets, to be checked and hashed, and to be measured."""


def test_between_hash_and_measuring(bloods: Path, tmp_path: Path):
    """Each is refused by name, in words; the others are measured, and it is when it is whole."""
    inputs, out = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    for name in (*CHANGES, "steady"):
        shutil.copy(bloods / "a.fcs", inputs / f"{name}.fcs")
    shutil.copy(bloods / "b.fcs", tmp_path / "other")
    planned = [f"{what} {what}.fcs {BETWEEN}" for what in CHANGES]
    done = run(batch(inputs, out), env=faults(tmp_path / "seen", *planned))
    assert done.returncode == SOME_REFUSED

    said = {row["file"]: row for row in rows(out, "findings.csv") if row["severity"] == "error"}
    assert sorted(said) == sorted(f"{what}.fcs" for what in CHANGES)
    assert {row["code"] for row in said.values()} == {"FCS_REFUSED"}
    reasons = {name.partition(".")[0]: row["what"] for name, row in said.items()}
    assert reasons["overwrite"] == "the file was written to while it was read"
    assert reasons["remove"] == "the file can no longer be read"
    assert "bytes when opened and has" in reasons["grow"]
    assert "bytes when opened and has" in reasons["cut"]
    assert {row["file"] for row in rows(out, "measurements.csv")} == {"steady.fcs"}
    assert not left_over(out)


@pytest.mark.long
def test_once_it_is_whole_it_is_measured(bloods: Path, whole: Path, tmp_path: Path):
    """A transfer that was not at its end: the same command again gives the undisturbed bytes."""
    inputs, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(bloods, inputs)
    planned = [f"cut a.fcs {BETWEEN}", f"remove b.fcs {BETWEEN}", f"grow c.fcs {BETWEEN - 1}"]
    run(batch(inputs, out), env=faults(tmp_path / "seen", *planned))
    for path in bloods.glob("*.fcs"):
        shutil.copy(path, inputs)
    assert run(batch(inputs, out)).returncode == DONE
    assert tables(out) == tables(whole)


def overwrite(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(-4, os.SEEK_END)
        stream.write(b"\0\0\0\0")


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"x")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


@pytest.mark.parametrize("change", [overwrite, grow, cut])
def test_between_two_blocks(bloods: Path, tmp_path: Path, change: Callable[[Path], object]):
    """No block is given that may be of another file than the first."""
    path = shutil.copy(bloods / "a.fcs", tmp_path / "tube.fcs")
    blocks = event_blocks(open_tube(path), size=1000)
    next(blocks)
    change(path)
    with pytest.raises(FcsError, match=r"bytes when opened|written to while it was read"):
        next(blocks)


def test_one_that_was_removed_while_it_is_open_is_still_the_same(bloods: Path, tmp_path: Path):
    """The rest of a pass is read from what was opened; nothing more can be opened."""
    path = shutil.copy(bloods / "a.fcs", tmp_path / "tube.fcs")
    tube = open_tube(path)
    blocks = event_blocks(tube, size=1000)
    next(blocks)
    path.unlink()
    assert sum(map(len, blocks)) == tube.n_events - 1000
    with pytest.raises(FcsError, match="can no longer be read"):
        read_events(tube)
