"""A disk that is full: an error in words, no half file, and after making room the same bytes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.faults.commands import (
    DONE,
    NOTHING,
    TABLES,
    USAGE,
    batch,
    in_words,
    kept,
    left_over,
    lists,
    run,
    tables,
)
from tests.faults.disks import small_disk

LOG = Path("/dev/full")
"""Every write says that there is no space left."""


def test_a_batch_that_no_table_has_room_for(bloods: Path, tmp_path: Path):
    """One error in words; no table, no record, and nothing half written."""
    with small_disk(tmp_path / "disk") as disk:
        disk.leave(800_000)
        done = run(batch(bloods / "a.fcs", disk.mount / "out"), within=disk.within)
        check_refused(done, disk.seen / "out")


@pytest.mark.long
def test_a_batch_with_pictures_and_its_store(bloods: Path, tmp_path: Path):
    """Full at the store, at its log, at the documents, at the pictures; then there is room."""
    with small_disk(tmp_path / "disk") as disk:
        out, seen = disk.mount / "out", disk.seen / "out"
        command = batch(bloods, out, "--figures", "all")
        for left in (0, 40_000, 520_000, 800_000, 1_100_000):
            disk.leave(left)
            check_refused(run(command, within=disk.within), seen)
        disk.make_room()
        assert run(command, within=disk.within).returncode == DONE

        undisturbed = tmp_path / "undisturbed"
        assert run([*command[:3], undisturbed, *command[4:]]).returncode == DONE
        assert tables(seen) == tables(undisturbed)
        assert kept(seen) == kept(undisturbed)
        verified = run(
            ["audit", "verify", "--store", f"sqlite:///{out}/cytomon.db"], within=disk.within
        )
        assert verified.returncode == DONE, verified.stderr


def check_refused(done: subprocess.CompletedProcess[str], out: Path) -> None:
    """Said in words, and what is there is whole."""
    assert done.returncode == USAGE, done.stderr
    assert in_words(done)
    assert "space" in done.stderr or "full" in done.stderr
    assert not left_over(out)
    assert not any((out / name).exists() for name in (*TABLES, "run.json"))
    for name, content in kept(out, "tubes").items():
        assert json.loads(content)["file"], name


@pytest.mark.long
def test_tables_of_before_stay_whole(bloods: Path, whole: Path, tmp_path: Path):
    """Where results lie already, they are those of before, and the record still says so."""
    with small_disk(tmp_path / "disk") as disk:
        out, seen = disk.mount / "out", disk.seen / "out"
        assert run(batch(bloods, out), within=disk.within).returncode == DONE
        disk.leave(0)
        done = run(batch(bloods, out, "--force"), within=disk.within)
        assert done.returncode == USAGE
        assert in_words(done)
        assert tables(seen) == tables(whole)
        assert (seen / "run.json").exists()
        assert not left_over(seen)
        disk.make_room()
        assert run(batch(bloods, out, "--force"), within=disk.within).returncode == DONE
        assert kept(seen) == kept(whole)


@pytest.fixture(scope="module")
def store(bloods: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store of three patients."""
    folder = tmp_path_factory.mktemp("store")
    url = f"sqlite:///{folder}/s.db"
    rows = lists(folder, "a.fcs", "b.fcs", "c.fcs")
    assert run(batch(bloods, folder / "out", "--store", url, *rows)).returncode == DONE
    return url


@pytest.mark.long
@pytest.mark.parametrize(("what", "code"), [("report", NOTHING), ("cohort", USAGE)])
def test_what_is_made_from_a_store(store: str, tmp_path: Path, what: str, code: int):
    """What has its name is whole, and the same command makes the rest."""
    with small_disk(tmp_path / "disk") as disk:
        command = [what, "--store", store, "--user", "ada", "--as-of", "2026-04-01"]
        command += ["--out", str(disk.mount / "made"), *(["P-a"] if what == "report" else [])]
        disk.leave(8_000)
        done = run(command, within=disk.within)
        assert done.returncode == code
        assert "No space left on device" in done.stderr
        made = kept(disk.seen, "made")
        disk.make_room()
        assert run(command, within=disk.within).returncode == DONE
        assert made.items() < kept(disk.seen, "made").items()


@pytest.mark.long
def test_a_log_that_is_full(store: str, bloods: Path, tmp_path: Path):
    """What is printed is lost, and the exit code says so; what was measured is there."""
    with LOG.open("w") as log:
        assert run(batch(bloods, tmp_path / "out"), stdout=log).returncode == USAGE
        done = run(["track", "--store", store, "--user", "ada"], stdout=log)
    assert done.returncode == USAGE
    assert in_words(done)
    assert (tmp_path / "out" / "run.json").exists()
