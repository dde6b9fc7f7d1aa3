"""The real commands on a real X screen: nothing but what is drawn tells whether they work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cytomon.review.plot import BLASTS, CHOSEN
from cytomon.review.raster import DENSITY
from tests.review.screen.clinic import ANNA, BLOOD, TUBES, Clinic
from tests.review.screen.person import PATIENCE, is_colour
from tests.review.screen.person import screen as grab

NAPARI, CYTOMON = ([sys.executable, "-m", name] for name in ("napari", "cytomon"))
_SIZE = (1600, 1000)
TUBE = TUBES / BLOOD


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that is ended with the test, if it has not ended by then."""
    log = folder / "told.txt"
    with log.open("w") as told:
        process = subprocess.Popen(command, cwd=folder, stdout=told, stderr=told, text=True)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def until(qtbot: QtBot, process: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    """Look at the screen until something is there; a program that ends has failed."""

    def there() -> bool:
        assert process.poll() is None
        return is_so()

    qtbot.waitUntil(there, timeout=PATIENCE)


@pytest.mark.usefixtures("qapp")
def test_napari_opens_a_tube_with_the_review(tmp_path: Path, qtbot: QtBot):
    """`napari tube.fcs -w cytomon "gate review"`: events are drawn, in a frame, and many gates."""
    command = [*NAPARI, str(TUBE), "-w", "cytomon", "gate review"]
    with running(command, tmp_path) as process:
        until(qtbot, process, lambda: is_colour(grab(0, 0, *_SIZE), CHOSEN, 12).sum() > 300)
        until(qtbot, process, lambda: is_colour(grab(0, 0, *_SIZE), DENSITY[2], 20).sum() > 300)
        rows = is_colour(grab(0, 0, *_SIZE), (0x64, 0x74, 0x8B), 12).sum(axis=1)
        assert (rows > 300).sum() >= 2  # its lower and its upper side


@pytest.mark.usefixtures("qapp")
def test_cytomon_review_opens_the_worklist(clinic: Clinic, tmp_path: Path, qtbot: QtBot):
    """Blasts of the first tube are drawn, and its gates below."""
    command = [*CYTOMON, "review", "--store", clinic.url, "--user", ANNA, "--files"]
    with running([*command, str(clinic.tubes)], tmp_path) as process:
        until(qtbot, process, lambda: is_colour(grab(0, 0, *_SIZE), BLASTS, 12).sum() > 300)
    assert (tmp_path / "told.txt").read_text() == "4 tubes wait; the window is being opened\n"


CLOSING = """
import sys, napari
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
from cytomon.cli.main import run as command
from cytomon.model.gating import Box
from cytomon.review.screen.widget import ReviewWidget

def run_until_it_is_closed():
    def look():
        (widget,) = [one for one in QApplication.allWidgets() if isinstance(one, ReviewWidget)]
        if widget.session is not None:
            timer.stop()
            widget.choose_gate("cd20_clear")
            widget.dropped(Box(bounds=((2.0, None),)))
            widget.window().close()
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(50)
    run()

run, napari.run = napari.run, run_until_it_is_closed
command()
"""


@pytest.mark.usefixtures("screen")
def test_cytomon_review_ends_with_its_window(clinic: Clinic):
    """Closed right after an edit, the command ends well, says nothing, and has kept the edit."""
    words = ["review", "--store", clinic.url, "--user", ANNA, "--files", str(clinic.tubes)]
    done = subprocess.run(
        [sys.executable, "-c", CLOSING, *words],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("", "4 tubes wait; the window is being opened\n")
    assert done.returncode == 0
    assert clinic.said() == ["edit"]
