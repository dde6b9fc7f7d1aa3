"""A folder of results belongs to one run at a time, and nothing half written stays in it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cytomon.errors import InputError
from cytomon.permissions import file_mode
from cytomon.tables import PART, refuse_unwritable

LOCK = ".cytomon-lock"


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Hold a folder for this run.

    Parameters
    ----------
    out : Path
        Made where missing.

    Raises
    ------
    InputError
        If another run holds it, or it cannot be written to.

    Notes
    -----
    The operating system lets go of the folder when the process dies, however it dies. What a killed
    process was writing is removed by the next run, before and after its work: a worker may outlive
    its parent by a moment.
    """
    with held(
        out,
        LOCK,
        "another run of cytomon is writing into this folder",
        "wait until it has ended, or name another folder with --out",
    ):
        try:
            _sweep(out)
            yield
        finally:
            _sweep(out)


@contextmanager
def held(out: Path, name: str, what: str, fix: str) -> Iterator[None]:
    """Hold a lock in a folder; `what` and `fix` say that another process holds it.

    Raises
    ------
    InputError
        If another process holds it, or the folder cannot be written to or knows no locks.
    """
    from filelock import FileLock, Timeout

    refuse_unwritable(out)
    lock = FileLock(out / name, mode=file_mode())
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise InputError(what, where=out.name, fix=fix) from error
    except OSError as error:
        raise InputError(
            f"the folder cannot be held for one run: {error.strerror or type(error).__name__}",
            where=out.name,
            fix=_fix(error, name),
        ) from error
    try:
        yield
    finally:
        lock.release()


def _fix(error: OSError, name: str) -> str:
    if error.errno in {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:
        return "name a folder on a disk whose file system knows locks (flock) with --out"
    return f"remove {name} from it, or have it removed by whoever owns it, if no run is going on"


def _sweep(out: Path) -> None:
    """Remove what is not whole; where a picture was being drawn, one more dot stands before it."""
    unfinished = f".*{PART.removeprefix('.')}*"
    below = ((out / name).rglob(unfinished) for name in ("tubes", "figures", "plots"))
    for found in (out.glob(unfinished), *below):
        for path in found:
            with suppress(OSError):  # whoever was writing it may have removed it meanwhile
                path.unlink()
