"""Ctrl-C, and SIGTERM as of a queue or a shutdown: an end in words, and nobody left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.faults.commands import (
    DONE,
    INTERRUPTED,
    batch,
    faults,
    group_of,
    left_over,
    run,
    running,
    tables,
    wait_until,
)

CODE = sys.implementation.cache_tag
MOMENTS = (
    ("SIGINT", f"numpy/__pycache__/__init__.{CODE}.pyc", 1, "as the command starts"),
    ("SIGINT", "a.fcs", 1, "as the tubes are looked at"),
    ("SIGINT", f"threadpoolctl.{CODE}.pyc", 1, "as processes start"),
    ("SIGINT", "a.fcs", 3, "as a tube is measured"),
    ("SIGTERM", "b.fcs", 3, "by a queue that ends all processes"),
    ("SIGTERM-leader", "c.fcs", 3, "by a service that ends the first one"),
    ("SIGINT-leader", "tubes/a.fcs.json", 2, "as a document is read for the tables"),
)
"""What happens, before which file is opened for which time, and when that is."""


def interrupted(command: list[str], env: dict[str, str], when: str) -> None:
    with running(command, env=env) as process:
        out, err = process.communicate(timeout=100)
        assert process.returncode == INTERRUPTED, (when, err)
        assert out == ""
        assert "Traceback" not in err, (when, err)
        assert err.endswith("interrupted; run the same command again to go on\n")
        wait_until(lambda: not group_of(process.pid), seconds=20)


def test_as_a_tube_is_measured(bloods: Path, tmp_path: Path):
    """By a queue, which tells all processes at once."""
    out = tmp_path / "out"
    interrupted(batch(bloods, out), faults(tmp_path / "seen", "SIGTERM a.fcs 3"), "measuring")
    assert not left_over(out)
    assert not (out / "run.json").exists()


@pytest.mark.long
def test_at_one_moment_after_the_other(bloods: Path, whole: Path, tmp_path: Path):
    """One folder, interrupted again and again; then the bytes of an undisturbed run."""
    out = tmp_path / "out"
    command = batch(bloods, out, "--store", f"sqlite:///{tmp_path}/s.db")
    for number, (what, end, times, when) in enumerate(MOMENTS):
        env = faults(tmp_path / f"seen{number}", f"{what} {end} {times}")
        interrupted([*command, "--force"], env, when)
        assert not left_over(out), when
        assert not (out / "run.json").exists(), when
    assert run(command).returncode == DONE
    assert tables(out) == tables(whole)
    verified = run(["audit", "verify", "--store", f"sqlite:///{tmp_path}/s.db"])
    assert verified.returncode == DONE, verified.stderr


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("tenths", range(2, 42, 8))
def test_at_any_time(bloods: Path, whole: Path, tmp_path: Path, number: int, tenths: int):
    """Whatever it was doing: interrupted, or done; and done when run again."""
    out = tmp_path / "out"
    with running(batch(bloods, out)) as process:
        time.sleep(tenths / 10)
        if process.poll() is None:
            os.killpg(process.pid, number)
        _, err = process.communicate(timeout=60)
        early = -number  # Python itself had not begun, and ends as it does
        assert process.returncode in {DONE, INTERRUPTED, early}
        assert process.returncode == early or "Traceback" not in err, err
        wait_until(lambda: not group_of(process.pid), seconds=20)
    assert run(batch(bloods, out)).returncode == DONE
    assert tables(out) == tables(whole)
    assert not left_over(out)
