"""Where a store is: from the words of a user to an address that can be opened, or a refusal."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from cytomon.errors import InputError

VARIABLE = "CYTOMON_STORE"
NAME = "cytomon.db"
_FORMS = "sqlite:///FOLDER/cytomon.db or postgresql+psycopg://USER@HOST/DATABASE"
_POSTGRES = {"postgresql", "postgres", "postgresql+psycopg"}

# File systems that other machines serve: SQLite's write-ahead log needs memory that all writers
# share, and locks that hold (sqlite.org/wal.html, "Overview", and /lockingv3.html, section 6).
_SERVED = {
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "fuse.vmhgfs-fuse", "glusterfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "webdav",
}  # fmt: skip
_ESCAPED = re.compile(r"\\([0-7]{3})")
_MOUNTS = Path("/proc/mounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A store that may be opened.

    Attributes
    ----------
    url : URL
        With its password, if it has one; never to be shown.
    path : Path or None
        The file of a SQLite store; None for PostgreSQL.
    """

    url: URL
    path: Path | None

    def __str__(self) -> str:
        """How the store is called where it may be kept: without a password, and without folders.

        A folder may bear the name of a person.
        """
        return self.path.name if self.path is not None else self.named

    @property
    def named(self) -> str:
        """How the store is called to who has just named it: with its folder, no password."""
        if self.path is not None:
            return f"sqlite:///{self.path.as_posix()}"
        # what follows a question mark may hold a password, too
        return self.url.set(query={}).render_as_string(hide_password=True)


def choose(given: str | None, *, folder: Path | None = None) -> Address:
    """The store that a user means.

    Parameters
    ----------
    given : str or None
        Word of ``--store``.
    folder : Path or None, optional
        Where the store lies when nobody names one: of commands that write results into a folder.

    Returns
    -------
    Address

    Raises
    ------
    InputError
        If none is named, the address has another form, or the file lies on a network share.
    """
    text = given if given is not None else os.environ.get(VARIABLE, "")
    if text:
        return parse(text)
    if given is not None or folder is None:
        raise InputError(
            "no store is named",
            where=f"--store, ${VARIABLE}",
            fix=f"name it with --store or in ${VARIABLE}: {_FORMS}",
        )
    return at_path(folder / NAME)


def parse(text: str) -> Address:
    """An address from its text; see `choose`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _unknown() from None
    if url.drivername in _POSTGRES and url.database and not _is_unsafe(url):
        return Address(url=url.set(drivername="postgresql+psycopg"), path=None)
    if url.drivername == "sqlite" and url.database not in {None, "", ":memory:"} and not url.query:
        return at_path(Path(str(url.database)))
    raise _unknown()


def _is_unsafe(url: URL) -> bool:
    """Whether it would load a plugin, or show a part of a password.

    An @ in a password is written %40: else what follows it stands where a host does.
    """
    shown = (url.username or "", url.host or "", url.database or "")
    return "plugin" in url.query or ":" in shown[0] or any("@" in part for part in shown)


def _unknown() -> InputError:
    # the text is not repeated: it may hold a password
    return InputError(
        "the address of the store has a form that is not known",
        where=f"--store, ${VARIABLE}",
        fix=f"write {_FORMS} (three slashes, and four before a full path); a password belongs "
        "into ~/.pgpass",
    )


def at_path(path: Path) -> Address:
    """The address of a SQLite store in a file; see `choose` for what is refused."""
    refuse_served(path, _read_mounts())
    return Address(url=URL.create("sqlite", database=os.path.abspath(path)), path=path)  # noqa: PTH100


def refuse_served(path: Path, mounts: str) -> None:
    """Refuse a file that lies on a network share.

    Parameters
    ----------
    path : Path
        Of the file; it need not exist.
    mounts : str
        What is mounted, a line each as in ``/proc/mounts``; empty where nobody can tell.

    Raises
    ------
    InputError
        If it does.
    """
    kind = _file_system(os.path.realpath(path), mounts)
    if kind in _SERVED or str(path).startswith(("\\\\", "//")):
        raise InputError(
            "a SQLite store cannot lie on a network share"
            + (f" ({kind})" if kind else "")
            + ": its locks do not hold there, and two writers would damage it",
            where=path.name,
            fix="name a folder on a disk of this machine with --store, or use PostgreSQL",
        )


def _file_system(path: str, mounts: str) -> str:
    """Kind of the file system that holds a path: the longest mount point above it."""
    longest, kind = "", ""
    for line in mounts.splitlines():
        _, point, name, *_ = [*line.split(" "), "", "", ""]
        point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), point)  # a blank is \040 there
        above = point.rstrip("/") + "/"
        if (path + "/").startswith(above) and len(above) >= len(longest):
            longest, kind = above, name
    return kind


def _read_mounts() -> str:
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
