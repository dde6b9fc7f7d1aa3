"""`cytomon watch` as a technologist and an administrator see it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer

from cytomon.claim import LOCK
from cytomon.cli.main import app, main

Captured = pytest.CaptureFixture[str]
QUICK = ("--every", "0.1", "--settle", "0.2", "--give-up", "0.5", "--figures", "none")
UNIT = Path(__file__).parents[2] / "docs" / "howto" / "cytomon-watch.service"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


class Running:
    """The command in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self._log = process, log

    def said(self) -> str:
        """All that it has said."""
        return self._log.read_text()

    def wait_for(self, words: str) -> None:
        """Until it has said something."""
        deadline = time.monotonic() + 120
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def end(self, number: signal.Signals) -> int:
        """Send a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def running(folder: Path, out: Path, **more: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "cytomon", "watch", folder, "--out", out, *QUICK]
    log = out.with_name("log")
    with (
        log.open("w") as stream,
        subprocess.Popen(  # noqa: S603
            [*command, "--jobs", "1"], stderr=stream, text=True, env={**os.environ, **more}
        ) as process,
    ):
        try:
            yield Running(process, log)
        finally:
            process.kill()


def test_a_single_pass(tubes: Path, folder: Path, tmp_path: Path, capsys: Captured):
    """Each event is a line with its time on stderr; the exit code says that something is left."""
    for name in ("blood_a.fcs", "broken.fcs"):
        shutil.copy(tubes / name, folder)
    command = ["watch", str(folder), "--out", str(tmp_path / "out"), *QUICK, "--jobs", "1"]
    assert main([*command, "--once"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    times, events = zip(*(line.split(" ", 2)[1:] for line in said.err.splitlines()), strict=True)
    assert all(re.fullmatch("[0-9]{2}:[0-9]{2}:[0-9]{2}", one) for one in times)
    assert events[1] == "blood_a.fcs: measured"
    assert events[-1].startswith("refused: broken.fcs: the file ends within its HEADER")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_system_stops_it(tubes: Path, folder: Path, tmp_path: Path):
    """With SIGTERM, in the midst of a tube: exit code 0, and nothing half written is left."""
    shutil.copy(tubes / "marrow.fcs", folder)
    out = tmp_path / "out"
    with running(folder, out, JOURNAL_STREAM="8:1") as service:
        service.wait_for("watching")
        while not (out / LOCK).exists():  # the run has begun
            time.sleep(0.02)
        assert service.end(signal.SIGTERM) == 0
        first, *_, last = service.said().splitlines()
        assert first.startswith("watching")
        assert last == "stopped; what was in work is measured when it is started again"
    assert not list(out.rglob("*cytomon-part*"))
    assert not (out / "measurements.csv").exists()


def test_a_person_stops_it(folder: Path, tmp_path: Path):
    """With Ctrl-C: exit code 130, as of every command."""
    with running(folder, tmp_path / "out") as service:
        service.wait_for("watching")
        assert service.end(signal.SIGINT) == 130
        assert "interrupted; run the same command again to go on" in service.said()


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: Captured):
    """A slip of the keyboard is said at once."""
    assert main(["watch", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert "there is no such folder to watch" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_unit_gives_options_that_there_are():
    """The example of the documentation would start."""
    command = typer.main.get_command(app).commands["watch"]  # type: ignore[attr-defined]
    known = {word for parameter in command.params for word in parameter.opts}
    text = UNIT.read_text().replace("\\\n", " ")
    (line,) = re.findall(r"^ExecStart=(.*)$", text, flags=re.MULTILINE)
    words = line.split()
    assert words[1] == "watch"
    assert {word for word in words if word.startswith("--")} <= known
    assert {"NoNewPrivileges=yes", "UMask=0077", "Restart=on-failure"} <= set(text.split())
