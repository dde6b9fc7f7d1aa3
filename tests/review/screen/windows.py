"""What windows need: Qt with the libraries it is linked to, and an X server of the tests' own."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import cache
from pathlib import Path

SIZE = "1600x1000x24"
"""Of the screen: pixels across and down, bits of a pixel."""
_SERVER = 'Xvfb -displayfd 1 "$@" & exec >&-; read -r _; kill "$!"'
"""Says the number of the first free display, and ends when nobody holds its input any more.

Not the end of a fixture stops it: Qt keeps its connection for as long as the process lives, and
ends the process when the server is gone. In this way it is gone after a crash, too.
"""
_running: list[subprocess.Popen[str]] = []


@cache
def lacking() -> str | None:
    """Why Qt cannot show a window of this system; None where it can.

    Qt itself ends the process where a library of its X11 plugin is missing.
    """
    try:
        from PyQt6.QtCore import QLibraryInfo
        from PyQt6.QtOpenGLWidgets import QOpenGLWidget
        from PyQt6.QtTest import QTest

        del QOpenGLWidget, QTest
        plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
        for plugin in sorted(plugins.glob("*/libqxcb*.so")):
            ctypes.CDLL(str(plugin))
    except (ImportError, OSError) as error:
        return f"Qt cannot be loaded: {error}"
    return None


def program() -> str | None:
    """The X server that shows nobody what it draws; None where it is not installed."""
    return shutil.which("Xvfb")


def start() -> str:
    """Start a server on a display of its own, until this process ends; gives the display."""
    options = ("-screen", "0", SIZE, "-nolisten", "tcp", "-noreset")
    server = subprocess.Popen(
        ["/bin/sh", "-c", _SERVER, "sh", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests; a server that is gone would crash them
    )
    _running.append(server)
    assert server.stdout is not None
    with server.stdout as told:
        number = told.readline().strip()
    assert number, "Xvfb did not start"
    return f":{number}"
