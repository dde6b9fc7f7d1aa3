"""A folder that cannot be written to: said before anything is measured, and nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.commands import DONE, USAGE, batch, in_words, kept, run, tables
from tests.faults.disks import small_disk


def test_results(bloods: Path, tmp_path: Path):
    """Also for root, whom rights do not stop."""
    with small_disk(tmp_path / "disk") as disk:
        disk.write_protect()
        done = run(batch(bloods, disk.mount / "out"), within=disk.within, timeout=60)
        assert done.returncode == USAGE
        assert in_words(done)
        assert "Read-only file system" in done.stderr
        assert "measured" not in done.stderr
        assert not list(disk.seen.iterdir())


@pytest.mark.long
def test_results_of_before_and_the_store(bloods: Path, whole: Path, tmp_path: Path):
    """They are not touched; once the disk is writable again, the same command goes on."""
    with small_disk(tmp_path / "disk") as disk:
        out, seen = disk.mount / "out", disk.seen / "out"
        command = batch(bloods, out)
        assert run(command, within=disk.within).returncode == DONE
        before = kept(disk.seen, "out")
        disk.write_protect()
        done = run(command, within=disk.within)
        assert done.returncode == USAGE
        assert in_words(done)
        store = f"sqlite:///{out}/cytomon.db"
        elsewhere = run(batch(bloods, tmp_path / "elsewhere", "--store", store), within=disk.within)
        assert elsewhere.returncode == USAGE
        assert "the store cannot be written to" in elsewhere.stderr
        assert "measured" not in elsewhere.stderr
        assert kept(disk.seen, "out") == before
        verified = run(["audit", "verify", "--store", store], within=disk.within)
        assert verified.returncode == DONE, verified.stderr
        disk.open_again()
        assert run(command, within=disk.within).returncode == DONE
        assert tables(seen) == tables(whole)


@pytest.mark.long
def test_inputs(bloods: Path, whole: Path, tmp_path: Path):
    """Tubes on a disk that cannot be written to are measured as any: nothing is put beside them."""
    with small_disk(tmp_path / "disk") as disk:
        inputs = disk.seen / "in"
        inputs.mkdir()
        for path in bloods.glob("*.fcs"):
            (inputs / path.name).write_bytes(path.read_bytes())
        disk.write_protect()
        assert (
            run(batch(disk.mount / "in", tmp_path / "out"), within=disk.within).returncode == DONE
        )
        assert tables(tmp_path / "out") == tables(whole)
