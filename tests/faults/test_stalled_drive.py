"""A drive that gives no answer: its tubes are refused, the others measured, and the batch ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cytomon.stalls import StalledError, watched
from tests.data_sets import two_data_sets
from tests.faults.commands import (
    DONE,
    NOTHING,
    SOME_REFUSED,
    USAGE,
    batch,
    faults,
    in_words,
    left_over,
    rows,
    run,
    tables,
)

OPENED, HASHED, MEASURED = 1, 2, 3
"""What a tube is opened for."""
COUNTED = 3
"""By a watcher: after it was seen that it can be read, and is whole."""


def test_a_tube_that_cannot_be_read(bloods: Path, tmp_path: Path):
    """One that waits when it is hashed, one that waits when it is measured; the third is right."""
    out = tmp_path / "out"
    env = faults(tmp_path / "seen", f"wait a.fcs {HASHED}", f"wait b.fcs {MEASURED}")
    done = run(batch(bloods, out, "--patience", "2"), env=env, timeout=100)
    assert done.returncode == SOME_REFUSED
    said = {row["file"]: row for row in rows(out, "findings.csv") if row["severity"] == "error"}
    assert {name: row["code"] for name, row in said.items()} == dict.fromkeys(
        ("a.fcs", "b.fcs"), "STALLED"
    )
    assert all(row["fix"] and row["where"] == name for name, row in said.items())
    assert {row["file"] for row in rows(out, "measurements.csv")} == {"c.fcs"}
    assert not left_over(out)


@pytest.mark.long
def test_when_it_answers_again(bloods: Path, whole: Path, tmp_path: Path):
    """The same command measures what was refused, and gives the undisturbed bytes."""
    out = tmp_path / "out"
    env = faults(tmp_path / "seen", f"wait a.fcs {MEASURED}")
    assert run(batch(bloods, out, "--patience", "2"), env=env).returncode == SOME_REFUSED
    assert run(batch(bloods, out)).returncode == DONE
    assert tables(out) == tables(whole)


@pytest.mark.long
def test_a_single_tube(bloods: Path, tmp_path: Path):
    """It has a process of its own, and does not take the command with it."""
    env = faults(tmp_path / "seen", f"wait a.fcs {HASHED}")
    done = run(batch(bloods / "a.fcs", tmp_path / "out", "--patience", "2"), env=env)
    assert done.returncode == NOTHING
    assert "refused: a.fcs: nothing moved any more on this tube" in done.stderr


@pytest.mark.long
def test_a_drive_that_is_gone(bloods: Path, tmp_path: Path):
    """After three tubes in a row for each process the batch ends, however many there are."""
    inputs = tmp_path / "in"
    inputs.mkdir()
    for n in range(40):
        (inputs / f"{n:02}.fcs").symlink_to(bloods / "a.fcs")
    env = faults(tmp_path / "seen", "wait-on .fcs 41")
    done = run(batch(inputs, tmp_path / "out", "--patience", "1"), env=env, timeout=200)
    assert done.returncode == USAGE
    assert in_words(done)
    assert "nothing moved on 6 tubes, one after the other" in done.stderr
    assert not left_over(tmp_path / "out")


def test_one_that_waits_before_anything_is_measured(bloods: Path, tmp_path: Path):
    """A file of two data sets, and nobody knows it: it is refused for the drive, and by name."""
    out = tmp_path / "out"
    (tmp_path / "in").mkdir()
    two_data_sets(tmp_path / "in" / "a.lmd")
    shutil.copy(bloods / "b.fcs", tmp_path / "in")
    env = faults(tmp_path / "seen", f"wait a.lmd {OPENED}")
    done = run(batch(tmp_path / "in", out, "--patience", "2"), env=env, timeout=100)
    assert done.returncode == SOME_REFUSED
    assert "refused: a.lmd: nothing moved any more on this tube" in done.stderr
    assert "1 measured, 1 refused" in done.stderr
    said = [row for row in rows(out, "findings.csv") if row["severity"] == "error"]
    assert [(row["file"], row["code"], row["where"]) for row in said] == [
        ("a.lmd", "STALLED", "a.lmd")
    ]
    assert {row["file"] for row in rows(out, "measurements.csv")} == {"b.fcs"}


def test_a_trial_says_what_gives_no_answer(bloods: Path, tmp_path: Path):
    """It does not open the file once more, which would wait for ever."""
    env = faults(tmp_path / "seen", "wait-on a.fcs 1")
    words = batch(bloods, tmp_path / "out", "--patience", "1", "--dry-run")
    done = run(words, env=env, timeout=60)
    assert done.returncode == SOME_REFUSED
    assert "2 would be measured, 1 refused" in done.stderr


def test_a_watcher_has_the_patience_that_it_is_given(bloods: Path, tmp_path: Path):
    """What waits when its data sets are counted is not moved, and is tried again."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.fcs", "b.fcs"):
        shutil.copy(bloods / name, folder)
    env = faults(tmp_path / "seen", f"wait a.fcs {COUNTED}")
    words = ["watch", folder, "--out", tmp_path / "out", "--user", "ada", "--figures", "none"]
    how = ["--template", "lymphocyte_subsets", "--once", "--every", "0.05", "--settle", "0"]
    done = run([*words, *how, "--jobs", "1", "--patience", "2"], env=env, timeout=100)
    assert done.returncode == SOME_REFUSED
    assert "a.fcs will be tried again: nothing moved any more on this tube" in done.stderr
    assert {path.name for path in folder.iterdir()} == {"a.fcs", "b.fcs"}
    assert {row["file"] for row in rows(tmp_path / "out", "measurements.csv")} == {"b.fcs"}


def compute(seconds: float) -> str:
    """Be at work."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
    return "done"


def test_work_that_computes_is_never_given_up():
    """However long it takes: what is watched is whether it moves."""
    assert watched(compute, 2.0, 0.5) == "done"


def test_work_that_waits_is_given_up():
    """In its time."""
    begun = time.monotonic()
    with pytest.raises(StalledError):
        watched(time.sleep, 60, 0.5)
    assert 0.4 < time.monotonic() - begun < 30


def test_what_work_raises_is_raised():
    """As if it were done here."""
    with pytest.raises(ZeroDivisionError):
        watched(lambda number: 1 // number, 0, 10)


def stop_for_a_moment(seconds: float) -> str:
    """Be stopped by a signal, with the whole process, as when a computer sleeps."""
    if os.fork() == 0:
        time.sleep(seconds)
        os.kill(os.getppid(), signal.SIGCONT)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGSTOP)
    os.wait()
    return compute(0.1)


@pytest.mark.long
def test_a_computer_that_slept_is_no_drive_that_stalls():
    """A queue may stop a job for as long as it likes."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(watched, stop_for_a_moment, 3.0, 1.0).result() == "done"


def test_a_process_that_lives_on_does_not_hold_the_command():
    """One that waits for a drive may not die when it is killed; Python alone would wait for it."""
    code = (
        "import multiprocessing, sys, time\n"
        "from cytomon.cli.main import run\n"
        "child = multiprocessing.get_context('spawn').Process(target=time.sleep, args=(600,))\n"
        "child.start()\n"
        "print(child.pid, flush=True)\n"
        "sys.argv = ['cytomon', '--version']\n"
        "run()\n"
    )
    # the child holds the other end of the pipe: what is waited for is the command
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run_:
        assert run_.stdout is not None
        pid = int(run_.stdout.readline())
        try:
            assert run_.wait(timeout=60) == 0
        finally:
            os.kill(pid, signal.SIGKILL)
