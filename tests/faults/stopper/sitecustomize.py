"""Something happens to files, in any process that starts with this folder on its path.

``CYTOMON_TEST_FAULT`` holds ``FOLDER|WHAT END N|WHAT END N...``: when a file whose path ends with
``END`` is opened for the n-th time, over all processes, ``WHAT`` happens right before. ``wait``
waits as for a drive that gives no answer, and ``wait-on`` does so from then on. ``SIGINT`` and
``SIGTERM`` go to the process group, with ``-leader`` to the command alone; ``quit-PID`` ends
another process and waits for its end. The others are done to the file. The folder remembers how
often it was opened.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path


def _times(folder: str, number: int) -> int:
    """How often this has been asked, over all processes."""
    handle = os.open(f"{folder}/{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, b".")
        return os.lseek(handle, 0, os.SEEK_CUR)
    finally:
        os.close(handle)


def _do(what: str, path: Path) -> None:
    if what in {"wait", "wait-on"}:
        threading.Event().wait()
    elif what.startswith("SIG"):
        name, _, leader = what.partition("-")
        (os.kill if leader else os.killpg)(os.getpgrp(), getattr(signal, name))
    elif what.startswith("quit-"):
        _quit(int(what.removeprefix("quit-")))
    else:
        _TO_FILES[what](path)


def _grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(bytes(64))


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _overwrite(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(-400, os.SEEK_END)
        stream.write(bytes(400))


_TO_FILES = {
    "grow": _grow,
    "cut": _cut,
    "overwrite": _overwrite,
    "remove": Path.unlink,
    "replace": lambda path: (path.parents[1] / "other").replace(path),
}


def _quit(pid: int) -> None:
    os.kill(pid, signal.SIGQUIT)  # of PostgreSQL: an immediate shutdown
    with suppress(OSError):
        while Path(f"/proc/{pid}/cmdline").read_bytes():  # empty of one that nobody has buried
            time.sleep(0.01)


def _watch(folder: str, *faults: str) -> None:
    planned = [(*fault.split(" "), number) for number, fault in enumerate(faults)]
    busy = threading.local()

    def see(event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" or getattr(busy, "now", False):
            return
        for what, end, wanted, number in planned:
            if str(arguments[0]).endswith(end):
                busy.now = True
                try:
                    times = _times(folder, number)
                    if times == int(wanted) or (what == "wait-on" and times > int(wanted)):
                        _do(what, Path(str(arguments[0])))
                finally:
                    busy.now = False

    sys.addaudithook(see)


if "CYTOMON_TEST_FAULT" in os.environ:
    _watch(*os.environ["CYTOMON_TEST_FAULT"].split("|"))
