"""What Windows lacks is asked for before it is used. Nothing here replaces a run on Windows."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pytest

from cytomon.folders import _spelled
from tests.packaging.needed import ROOT

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NAMES = {
    "os": {
        "WNOHANG", "chown", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid",
        "getgroups", "getloadavg", "getpgid", "getuid", "killpg", "lchown", "mkfifo", "nice",
        "posix_fadvise", "posix_fallocate", "posix_spawn", "register_at_fork", "sched_getaffinity",
        "sched_setaffinity", "sendfile", "setsid", "setuid", "statvfs", "sync", "sysconf", "uname",
        "wait", "waitpid",
    },
    "signal": {
        "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1",
        "SIGUSR2", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigpending",
        "sigtimedwait", "sigwait",
    },
}  # fmt: skip
"""Of Python's own library, "Availability: Unix"; see docs.python.org."""


def asked_for(path: Path) -> Iterator[str]:
    """What a module uses that Windows lacks, where it does not ask first."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asking = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _asks(node))
    asked = {id(node) for function in asking for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            yield from (
                names if node.module in MODULES else names & NAMES.get(str(node.module), set())
            )
        elif isinstance(node, ast.Attribute) and id(node) not in asked:
            yield from {node.attr} & NAMES.get(ast.unparse(node.value), set())


def _asks(function: ast.FunctionDef) -> bool:
    said = ast.unparse(function)
    return "hasattr(" in said or "sys.platform" in said


def test_nothing_that_windows_lacks_is_used_unasked():
    """In any module."""
    found = {
        path.relative_to(ROOT).as_posix(): sorted(set(asked_for(path)))
        for path in (ROOT / "cytomon").rglob("*.py")
    }

    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "line",
    ["import fcntl", "from pwd import getpwuid", "from os import fork", "x = os.getuid()",
     "def f():\n    signal.pthread_sigmask(0, {1})"],
)  # fmt: skip
def test_what_is_used_unasked_is_found(line: str, tmp_path: Path):
    """At the top and in functions; behind a question it may stand."""
    module = tmp_path / "module.py"
    module.write_text(line)
    assert list(asked_for(module))
    module.write_text("def f():\n    if hasattr(os, 'getuid'):\n        return os.getuid()")
    assert not list(asked_for(module))


LACKING = """
import os, pkgutil, signal, sys
import multiprocessing.util, subprocess, tempfile, ctypes.util, uuid, platform, asyncio, webbrowser
import numpy, pandas, pyarrow, scipy, sklearn, matplotlib.pyplot, PIL.Image, sqlalchemy, alembic
import flowkit, filelock, rich.console, typer, jinja2, threadpoolctl, distributed, psutil
lacking = {lacking!r}
for module, names in lacking.items():
    for name in names:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
import cytomon
for found in pkgutil.walk_packages(cytomon.__path__, "cytomon."):
    if not any(part in found.name for part in ("review.screen", "migrations", "__")):
        __import__(found.name)
from cytomon.cli.main import main
sys.exit(main(["template", "list"]))
"""


@pytest.mark.long
def test_every_module_is_imported_where_they_are_missing(tmp_path: Path):
    """The libraries that others wrote are imported before: those ask for themselves."""
    lacking = {module: sorted(names) for module, names in NAMES.items()}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LACKING.format(lacking=lacking)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    assert "b_all_mrd" in done.stdout


def _double(number: int) -> int:
    return 2 * number


def _lost(number: int) -> int:
    return -number


def test_processes_start_where_signals_cannot_be_held(monkeypatch: pytest.MonkeyPatch):
    """As they do on Windows: by spawning, and without `pthread_sigmask`."""
    from cytomon.pool import run_each

    monkeypatch.delattr(signal, "pthread_sigmask")
    assert run_each([1, 2, 3], _double, _lost, workers=2) == (2, 4, 6)


def test_names_in_tables_have_slashes():
    """Whichever way the system writes them: a table is read on another system, too."""
    assert _spelled(PureWindowsPath(r"day28\bm_0042.fcs")) == "day28/bm_0042.fcs"  # type: ignore[arg-type]


def test_the_processors_are_counted_where_nobody_can_say_which_are_ours(
    monkeypatch: pytest.MonkeyPatch,
):
    """Windows does not tell; then all are."""
    from cytomon.cli.batch import processes

    monkeypatch.delattr(os, "sched_getaffinity")
    assert processes() == os.cpu_count()
