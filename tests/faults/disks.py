"""Small disks and read-only folders that are real, for root and for everybody else.

A command runs in a mount namespace of its own, where its user may mount what he likes
(``unshare`` and ``nsenter`` of util-linux). From outside, what it sees is read through ``/proc``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_HOLD = 'mount -t tmpfs -o size=32m tmpfs "$0" && echo ready && exec cat'


@dataclass(frozen=True)
class Disk:
    """A disk of 32 MB on a folder that only some processes see.

    Attributes
    ----------
    mount : Path
        Where they see it.
    seen : Path
        The same, from outside.
    within : sequence of str
        What a command begins with to be one of them.
    """

    mount: Path
    seen: Path
    within: Sequence[str]

    def leave(self, n_bytes: int) -> None:
        """Fill it up, but for so many bytes."""
        self.make_room()
        with (self.seen / "filler").open("wb", buffering=0) as stream:
            try:
                while stream.write(bytes(4096)):
                    pass
            except OSError:
                size = stream.tell()
            stream.truncate(max(0, size - n_bytes))

    def make_room(self) -> None:
        """Take away what fills it."""
        (self.seen / "filler").unlink(missing_ok=True)

    def write_protect(self) -> None:
        """Nothing can be written any more, not by root either."""
        self._again("ro")

    def open_again(self) -> None:
        """It can."""
        self._again("rw")

    def _again(self, how: str) -> None:
        command = [*self.within, "mount", "-o", f"remount,bind,{how}", str(self.mount)]
        subprocess.run(command, check=True, timeout=60)


@contextmanager
def small_disk(mount: Path) -> Iterator[Disk]:
    """Mount a disk on a new folder; it is gone with the block."""
    if not possible():
        pytest.skip("no mount namespaces here: allow unprivileged user namespaces, or be root")
    mount.mkdir()
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _HOLD, str(mount)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "ready\n"
        pid = str(holder.pid)
        yield Disk(
            mount=mount,
            seen=Path(f"/proc/{pid}/root{mount}"),
            within=("nsenter", "-t", pid, "--user", "--mount", "--preserve-credentials", "--"),
        )
    finally:
        holder.stdin.close()
        holder.wait(timeout=60)
        holder.stdout.close()


@cache
def possible() -> bool:
    """Whether this user may mount in a namespace of his own."""
    command = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "mount",
        "-t",
        "tmpfs",
        "x",
        "/mnt",
    ]
    try:
        return not subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
    except OSError:
        return False
