"""Kill -9 at any moment and run again: the bytes of an undisturbed run, and nothing left over."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from cytomon.claim import LOCK

HERE = Path(__file__).parent
TABLES = ("measurements.csv", "populations.csv", "findings.csv")
SEEDS = range(40)
REFUSED_ONE, KILLED = 1, -9


@dataclass(frozen=True)
class Runs:
    """The same batch again and again, some of them killed.

    Attributes
    ----------
    tubes, whole : Path
        The inputs, and the results of an undisturbed run.
    operations : int
        File operations of that run.
    """

    tubes: Path
    whole: Path
    operations: int


def run(tubes: Path, out: Path, *, moment: int | str = 0, victim: str = "self") -> tuple[int, int]:
    """Run the command; its exit code, and how many file operations were begun."""
    record = out.parent / f"{out.name}.record"
    for path in (record, Path(f"{record}.met")):
        path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "cytomon", "batch", tubes, "--out", out, "--jobs", "2"]
    done = subprocess.run(  # noqa: S603
        [*command, "--template", "lymphocyte_subsets"],
        env={
            **os.environ,
            "PYTHONPATH": str(HERE / "killer"),
            "CYTOMON_TEST_KILL": f"{out}/|{record}|{moment}|{victim}",
        },
        capture_output=True,
        check=False,
        timeout=300,
    )
    pids = [int(line) for line in record.read_text().splitlines()]
    wait_for_the_end(set(pids))
    assert b"Traceback" not in done.stderr
    return done.returncode, len(pids)


def wait_for_the_end(pids: set[int]) -> None:
    """Orphans end by themselves; a dead process that nobody has buried has no command line."""
    deadline = time.monotonic() + 60
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a worker has outlived its parent"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def files(out: Path, *folders: str) -> dict[str, bytes]:
    """What stands under its own name in folders."""
    paths = [path for name in folders for path in (out / name).rglob("[!.]*") if path.is_file()]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def tables(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in TABLES}


def check_what_is_there(out: Path, whole: Path) -> None:
    """After a kill: what is there is whole, and the tables belong together if they say so."""
    complete = files(whole, "tubes", "figures", "plots")
    assert all(
        complete[name] == content
        for name, content in files(out, "tubes", "figures", "plots").items()
    )
    if (out / "run.json").exists():
        json.loads((out / "run.json").read_text())
        assert tables(out) == tables(whole)


def check_the_end(out: Path, whole: Path) -> None:
    """After a run that nobody killed."""
    assert tables(out) == tables(whole)
    assert files(out, "tubes", "figures", "plots") == files(whole, "tubes", "figures", "plots")
    hidden = {path.name for path in out.rglob(".*")}
    assert hidden == {LOCK}
    assert len(json.loads((out / "run.json").read_text())["tubes"]) == 3


@pytest.fixture(scope="module")
def runs(tubes: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """An undisturbed run, its operations counted."""
    home = tmp_path_factory.mktemp("kill")
    few = home / "in"
    few.mkdir()
    for name in ("blood_a.fcs", "blood_b.fcs", "broken.fcs"):
        (few / name).symlink_to(tubes / name)
    code, operations = run(few, home / "whole")
    assert code == REFUSED_ONE
    check_the_end(home / "whole", home / "whole")
    return Runs(tubes=few, whole=home / "whole", operations=operations)


MOMENTS = (
    (LOCK, "self", KILLED),
    ("figures/blood_a.fcs.png", "parent", KILLED),
    ("tubes/blood_a.fcs.json", "self", REFUSED_ONE),
    ("measurements.csv", "self", KILLED),
)
"""Files that are about to take their place, whose process is killed, and how the batch ends."""


def test_kill_at_one_moment_after_the_other(runs: Runs, tmp_path: Path):
    """One folder, killed as tubes are measured and drawn, then as tables take their places."""
    out = tmp_path / "out"
    for moment, victim, how in MOMENTS:
        assert run(runs.tubes, out, moment=moment, victim=victim)[0] == how, moment
        check_what_is_there(out, runs.whole)
    assert run(runs.tubes, out)[0] == REFUSED_ONE
    check_the_end(out, runs.whole)


@pytest.mark.long
@pytest.mark.parametrize("table", ["run.json", *TABLES])
def test_kill_between_two_tables(runs: Runs, tmp_path: Path, table: str):
    """Over complete results: while tables change, no record says that they belong together."""
    out = tmp_path / "out"
    shutil.copytree(runs.whole, out)
    assert run(runs.tubes, out, moment=table)[0] == KILLED
    check_what_is_there(out, runs.whole)
    assert (out / "run.json").exists() == (table == "run.json")
    run(runs.tubes, out)
    check_the_end(out, runs.whole)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_kill_at_any_moment(runs: Runs, tmp_path: Path, seed: int):
    """A worker or the process that waits, at a file operation drawn by seed; then once more."""
    rng = random.Random(seed)  # noqa: S311
    out = tmp_path / "out"
    victim, number = rng.choice(["self", "parent"]), rng.randint(1, runs.operations)
    assert run(runs.tubes, out, moment=number, victim=victim)[0] in (REFUSED_ONE, KILLED)
    check_what_is_there(out, runs.whole)
    assert run(runs.tubes, out)[0] == REFUSED_ONE
    check_the_end(out, runs.whole)
