"""The command as a user starts it, and what it leaves behind."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cytomon.claim import LOCK

TABLES = ("measurements.csv", "populations.csv", "findings.csv")
HERE = Path(__file__).parent
DONE, SOME_REFUSED, USAGE, NOTHING, INTERRUPTED = 0, 1, 2, 3, 130

Words = Sequence[str | Path]


def batch(inputs: Path, out: Path, *more: str | Path) -> list[str]:
    """The command for a batch: no pictures, two processes, unless it says otherwise."""
    words = ["batch", inputs, "--out", out, "--user", "ada", "--template", "lymphocyte_subsets"]
    return [str(word) for word in (*words, "--figures", "none", "--jobs", "2", *more)]


def faults(folder: Path, *planned: str) -> dict[str, str]:
    """The environment in which something happens to files; see `stopper/sitecustomize.py`."""
    folder.mkdir(exist_ok=True)
    return {
        "PYTHONPATH": str(HERE / "stopper"),
        "CYTOMON_TEST_FAULT": "|".join([str(folder), *planned]),
    }


def rows(out: Path, table: str) -> list[dict[str, str]]:
    with (out / table).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def lists(folder: Path, *tubes: str) -> list[str]:
    """A worklist of tubes, each of another patient, and the patients: what to add to a batch."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{tube},P-{tube[0]},S-{tube[0]},2026-03-20,blood" for tube in tubes]
    head = "file,patient_id,specimen_id,collected_on,specimen_type"
    (folder / "worklist.csv").write_text("\n".join([head, *lines, ""]))
    people = [f"P-{tube[0]},2026-02-20,CD19/CD22" for tube in tubes]
    (folder / "patients.csv").write_text(
        "\n".join(["patient_id,infusion_date,product", *people, ""])
    )
    names = ("worklist", "patients")
    return [word for name in names for word in (f"--{name}", str(folder / f"{name}.csv"))]


def run(
    words: Words,
    *,
    within: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    timeout: float = 120,
    stdout: Any = None,
    **how: Any,
) -> subprocess.CompletedProcess[str]:
    """Run `cytomon` and wait for its end: within a time, in words, and never with a traceback."""
    done = subprocess.run(
        [*within, sys.executable, "-m", "cytomon", *map(str, words)],
        env={**os.environ, **(env or {})},
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=timeout,
        **how,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@contextmanager
def running(
    words: Words, *, env: Mapping[str, str] | None = None, **how: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run `cytomon` in a process group of its own, which is gone with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cytomon", *map(str, words)],
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **how,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.communicate(timeout=60)


def wait_until(there: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, "it has not come to it"
        time.sleep(0.01)


def group_of(leader: int) -> set[int]:
    """Processes of a group that live."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == leader and state not in "ZX":
            found.add(int(path.parent.name))
    return found


def tables(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in TABLES}


def kept(out: Path, *folders: str) -> dict[str, bytes]:
    """What stands under its own name in the folders of tubes and pictures."""
    paths = [
        p for name in folders or ("tubes", "figures", "plots") for p in (out / name).rglob("[!.]*")
    ]
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def left_over(out: Path) -> set[str]:
    """Hidden files but the lock."""
    return {path.name for path in out.rglob(".*")} - {LOCK}


def in_words(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether an error says what, where and how to mend it."""
    return all(word in done.stderr for word in ("error: ", "where: ", "fix: "))
