"""A thousand tubes, a hundred of them broken in twenty ways, and kill -9 all the while."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.broken import WAYS, write_tubes
from tests.faults.commands import (
    DONE,
    SOME_REFUSED,
    batch,
    group_of,
    kept,
    left_over,
    rows,
    run,
    running,
    tables,
    wait_until,
)

EVERY = 20.0
"""Seconds between two kills, where the computer takes up a finished batch in half of that."""
MOST_KILLS = 200


def check_right(out: Path, alone: Path) -> None:
    """Good tubes give what they give without the others, byte for byte."""
    for table in ("measurements.csv", "populations.csv"):
        assert good_lines(out / table) == good_lines(alone / table)
    good = [row for row in rows(out, "findings.csv") if row["file"].startswith("good/")]
    assert good == rows(alone, "findings.csv")


def good_lines(table: Path) -> list[bytes]:
    """The bytes of their rows; a tube without a matrix has rows too, that nothing is evaluable."""
    lines = table.read_bytes().splitlines(keepends=True)
    found = [line for line in lines if line.startswith(b"good/")]
    assert found
    return found


def check_named(out: Path, each: int) -> None:
    """Broken tubes are named, each with the code that fits; each way says something else."""
    errors = [row for row in rows(out, "findings.csv") if row["severity"] == "error"]
    refusals = {row["file"]: row for row in errors}
    assert len(refusals) == each * len(WAYS)
    said = set()
    for name, (code, _) in WAYS.items():
        for n in range(each):
            row = refusals[f"broken/{name}_{n}.fcs"]
            assert row["code"] == code, row
            assert row["what"]
            assert row["where"]
            assert row["fix"]
        said.add(refusals[f"broken/{name}_0.fcs"]["what"])
    assert len(said) >= len(WAYS) - 1  # a compressed file and a text begin like no FCS file


def only_good(folder: Path) -> Path:
    """The same tubes under the same names, without the broken ones."""
    (folder / "only").mkdir()
    (folder / "only" / "good").symlink_to(folder / "in" / "good", target_is_directory=True)
    return folder / "only"


def test_some_tubes_and_a_kill(tmp_path: Path):
    """The same with ten good ones: killed once as it measures, and run again."""
    (tmp_path / "in").mkdir()
    write_tubes(tmp_path / "in", good=10, broken=1)
    assert run(batch(only_good(tmp_path), tmp_path / "alone")).returncode == DONE
    command = batch(tmp_path / "in", tmp_path / "out")
    with running(command) as process:
        wait_until(lambda: len(list((tmp_path / "out" / "tubes").rglob("*.json"))) >= 8)
        os.killpg(process.pid, signal.SIGKILL)
    assert run(command).returncode == SOME_REFUSED
    check_right(tmp_path / "out", tmp_path / "alone")
    check_named(tmp_path / "out", 1)
    assert not left_over(tmp_path / "out")


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_thousand_tubes(tmp_path: Path):
    """900 right, 100 named, exit code 1; and the same bytes though it is killed every 20 s."""
    (tmp_path / "in").mkdir()
    write_tubes(tmp_path / "in", good=900, broken=100 // len(WAYS))
    assert run(batch(only_good(tmp_path), tmp_path / "alone"), timeout=3600).returncode == DONE
    begun = time.monotonic()
    done = run(batch(tmp_path / "in", tmp_path / "out"), timeout=3600)
    seconds = time.monotonic() - begun
    assert done.returncode == SOME_REFUSED
    assert "900 measured, 100 refused" in done.stderr
    check_right(tmp_path / "out", tmp_path / "alone")
    check_named(tmp_path / "out", 100 // len(WAYS))

    begun = time.monotonic()
    assert run(batch(tmp_path / "in", tmp_path / "out"), timeout=3600).returncode == SOME_REFUSED
    every = max(EVERY, 2 * (time.monotonic() - begun))  # what is taken up is not kept in pieces
    kills = kill_until_done(batch(tmp_path / "in", tmp_path / "killed"), every)
    print(f"measured in {seconds:.0f} s; killed {kills} times, every {every:.0f} s")  # noqa: T201
    assert tables(tmp_path / "killed") == tables(tmp_path / "out")
    assert kept(tmp_path / "killed") == kept(tmp_path / "out")
    assert not left_over(tmp_path / "killed")


def kill_until_done(command: list[str], every: float) -> int:
    """Run a command again and again, killed with all its processes each time; how often it was."""
    for kills in range(MOST_KILLS):
        with running(command) as process:
            try:
                _, err = process.communicate(timeout=every)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                continue
            assert process.returncode == SOME_REFUSED, err
            assert "Traceback" not in err
            wait_until(lambda: not group_of(process.pid))
            return kills
    pytest.fail("it has not come to its end")
