"""Kill -9 at any moment and start again: the same bytes, and no file of the laboratory is lost."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.folders import QUARANTINE

ROOT = Path(__file__).parents[1]
TABLES = ("measurements.csv", "populations.csv", "findings.csv")
TUBES = ("blood_a.fcs", "blood_b.fcs", "broken.fcs")
REFUSED_ONE, KILLED = 1, -9
SEEDS = range(12)


@dataclass(frozen=True)
class Whole:
    """A pass that nobody disturbed, and how many file operations it took."""

    home: Path
    operations: int


def prepare(home: Path, tubes: Path) -> Path:
    (home / "in" / "day").mkdir(parents=True)
    for name in TUBES:
        shutil.copy(tubes / name, home / "in" / "day")
    return home


def watch(home: Path, *, moment: int | str = 0, victim: str = "self") -> tuple[int, int]:
    """Start the command; its exit code, and how many file operations were begun."""
    record = home / "record"
    for path in (record, home / "record.met"):
        path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "cytomon", "watch", home / "in", "--out", home / "out"]
    quick = ("--once", "--every", "0.1", "--settle", "0.1", "--give-up", "0.2", "--jobs", "2")
    done = subprocess.run(  # noqa: S603
        [*command, *quick, "--figures", "none"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "killer"),
            "CYTOMON_TEST_KILL": f"{home}/|{record}|{moment}|{victim}",
        },
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert b"Traceback" not in done.stderr
    pids = [int(line) for line in record.read_text().splitlines()]
    deadline = time.monotonic() + 60
    while any(alive(pid) for pid in set(pids)):
        assert time.monotonic() < deadline, "a process has outlived its parent"
        time.sleep(0.01)
    return done.returncode, len(pids)


def alive(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def tubes_in(folder: Path) -> Counter[str]:
    """Hashes of all FCS files, wherever they lie."""
    return Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.fcs"))


def check_the_end(home: Path, whole: Whole) -> None:
    for name in TABLES:
        assert (home / "out" / name).read_bytes() == (whole.home / "out" / name).read_bytes()
    put = home / "in" / QUARANTINE / "day"
    assert {path.name for path in put.iterdir()} == {"broken.fcs", "broken.fcs.reason.txt"}
    assert tubes_in(home / "in") == tubes_in(whole.home / "in")
    assert not list(home.rglob("*cytomon-part*"))
    with closing(sqlite3.connect(home / "out" / "cytomon.db")) as store:
        assert store.execute("SELECT count(*) FROM results").fetchone() == (2,)


@pytest.fixture(scope="module")
def whole(tubes: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """It leaves the tables of a batch over what stayed in the folder."""
    home = prepare(tmp_path_factory.mktemp("whole"), tubes)
    code, operations = watch(home)
    assert code == REFUSED_ONE
    found = Whole(home=home, operations=operations)
    check_the_end(home, found)
    arguments = ["batch", str(home / "in"), "--out", str(home / "batch"), "--figures", "none"]
    assert main([*arguments, "--jobs", "1"]) == 0
    for name in TABLES:
        assert (home / "out" / name).read_bytes() == (home / "batch" / name).read_bytes()
    return found


MOMENTS = (
    ("tubes/day/blood_a.fcs.json", REFUSED_ONE),
    ("measurements.csv", KILLED),
    (f"{QUARANTINE}/day/broken.fcs.reason.txt", KILLED),
    (f"{QUARANTINE}/day/broken.fcs", KILLED),
    ("run.json", KILLED),
)


@pytest.mark.long
@pytest.mark.parametrize(("moment", "how"), MOMENTS)
def test_kill_at_a_moment(whole: Whole, tubes: Path, tmp_path: Path, moment: str, how: int):
    """As a tube is done, as tables change, before and after the reason of a refusal is written."""
    home = prepare(tmp_path, tubes)
    assert watch(home, moment=moment)[0] == how
    assert tubes_in(home / "in") == tubes_in(whole.home / "in")
    watch(home)
    check_the_end(home, whole)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_kill_at_any_moment(whole: Whole, tubes: Path, tmp_path: Path, seed: int):
    """The service or one of its processes, at a file operation drawn by seed; then once more."""
    rng = random.Random(seed)  # noqa: S311
    home = prepare(tmp_path, tubes)
    victim, number = rng.choice(["self", "parent"]), rng.randint(1, whole.operations)
    assert watch(home, moment=number, victim=victim)[0] in {REFUSED_ONE, KILLED}
    assert tubes_in(home / "in") == tubes_in(whole.home / "in")
    watch(home)
    check_the_end(home, whole)
