"""A PostgreSQL server of the tests' own: started for a session, gone with it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = "postgres"
"""Who runs the server where the tests run as root, which PostgreSQL refuses."""


def programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; None where PostgreSQL is not installed."""
    found = shutil.which("pg_ctl")
    if found and Path(found).with_name("initdb").exists():
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return installed[-1].parent if installed else (Path(found).resolve().parent if found else None)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start a server on a port of its own; gives the address of a database on it."""
    bin_ = programs()
    assert bin_ is not None
    data = folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    _own(folder)
    port = _free_port()
    _run(
        bin_ / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    _run(bin_ / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
    finally:
        stop(folder)


def stop(folder: Path) -> None:
    """Stop a server as a power cut would."""
    bin_ = programs()
    assert bin_ is not None
    _run(bin_ / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")


def restart(folder: Path, *, port: int) -> None:
    """Start a server again that was stopped."""
    bin_ = programs()
    assert bin_ is not None
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    _run(bin_ / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _own(folder: Path) -> None:
    """The server's account reads and writes in its folder, and passes through those above."""
    if os.geteuid() != 0:
        return
    account = pwd.getpwnam(NOBODY)
    os.chown(folder, account.pw_uid, account.pw_gid)
    for above in folder.parents:
        if above.stat().st_uid == 0 and above.stat().st_mode & 0o011 == 0:
            above.chmod(above.stat().st_mode | 0o011)


def _run(*words: Any) -> None:
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam(NOBODY)
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    subprocess.run(
        [str(word) for word in words],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        timeout=120,
        **who,
    )
