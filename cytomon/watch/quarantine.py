"""What is refused is put by, beside the reason: renamed on its disk, never copied or deleted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import cytomon
from cytomon.folders import QUARANTINE
from cytomon.model.findings import Finding
from cytomon.tables import PART, whole

REASON = ".reason.txt"


def put_by(folder: Path, file: str, finding: Finding, sha256: str) -> str:
    """Move a refused file into the quarantine of its folder.

    Parameters
    ----------
    folder : Path
        The watched folder.
    file : str
        POSIX path of the file relative to it.
    finding : Finding
        Why it was refused.
    sha256 : str
        Of the refused bytes.

    Returns
    -------
    str
        Where it lies now, relative to the folder; empty where it is only a link, which would lead
        nowhere from another place.

    Raises
    ------
    OSError
        If it cannot be moved there: the folder is read-only, say, or on another disk.
    CytomonError
        If the reason cannot be written.

    Notes
    -----
    The reason is written first. Where the process dies before the file is moved, the file is still
    in its place; it is tried and refused again, and finds its reason.
    """
    path = folder / file
    if path.is_symlink() or not _is_below(path, folder):
        return ""
    there = _free(folder / QUARANTINE / file)
    _make(there.parent, folder)
    # whoever may read the file may read why it was refused
    mode = stat.S_IMODE(path.stat().st_mode) & 0o666
    with whole(reason_of(there), mode=mode) as part:
        part.write_bytes(_reason(file, finding, sha256).encode(errors="backslashreplace"))
    try:
        path.rename(there)
    except OSError:
        reason_of(there).unlink(missing_ok=True)
        raise
    return there.relative_to(folder).as_posix()


def reason_of(there: Path) -> Path:
    """Where the reason lies of a file that was put by."""
    return there.with_name(there.name + REASON)


def tidy(folder: Path) -> None:
    """Remove reasons whose file was taken back, or was never moved, and what is half written."""
    home = folder / QUARANTINE
    for part in sorted(home.rglob(f"{PART}*")):
        part.unlink(missing_ok=True)
    for reason in sorted(home.rglob(f"*{REASON}")):
        if not reason.with_name(reason.name.removesuffix(REASON)).exists():
            reason.unlink(missing_ok=True)


def count_put_by(folder: Path) -> int:
    """How many files are in the quarantine of a folder."""
    return sum(1 for _ in (folder / QUARANTINE).rglob(f"*{REASON}"))


def _is_below(path: Path, folder: Path) -> bool:
    """Whether it really lies in the folder, and is not only reached through a link in it."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _free(wanted: Path) -> Path:
    return next(path for path in _names(wanted) if not path.exists() and not path.is_symlink())


def _names(wanted: Path) -> Iterator[Path]:
    """The name itself, then with a number: nothing that lies there is written over."""
    yield wanted
    number = 2
    while True:
        yield wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
        number += 1


def _make(home: Path, folder: Path) -> None:
    """Make the folder; whoever may use the watched one may use it too."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    for one in reversed([home, *home.parents]):
        if one.is_relative_to(folder) and one != folder and not one.exists():
            one.mkdir()
            one.chmod(mode)


def _reason(file: str, finding: Finding, sha256: str) -> str:
    return (
        f"cytomon {cytomon.__version__} refused this file.\n\n"
        f"file:   {file}\n"
        f"sha256: {sha256}\n"
        f"code:   {finding.code}\n"
        f"what:   {finding.what}\n"
        f"where:  {finding.where}\n"
        f"fix:    {finding.fix}\n\n"
        "The file is as it was. To have it tried again, move it back to where it lay.\n"
    )
