"""Who may read what cytomon writes: its owner alone, unless the laboratory says otherwise."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cytomon.errors import InputError

VARIABLE = "CYTOMON_UMASK"
"""Takes rights away, as ``umask`` does: 077 leaves the owner's, 027 lets the group read too."""

_OWNER_ALONE = 0o077
_ANYBODY, _OWNER = 0o007, 0o700


def umask() -> int:
    """The rights that files and folders do not get.

    Raises
    ------
    InputError
        If ``CYTOMON_UMASK`` is no such number, gives rights to anybody, or takes the owner's.
    """
    said = os.environ.get(VARIABLE, "").strip()
    if not said:
        return _OWNER_ALONE
    mask = int(said, 8) if re.fullmatch(r"0?[0-7]{3}", said) else 0
    if mask & (_ANYBODY | _OWNER) != _ANYBODY:
        raise InputError(
            f"${VARIABLE} does not say who may read the results",
            where=f"${VARIABLE}",
            fix="077 for their owner alone, 027 to let the group read them, 007 to let it write "
            "into the store too; results are never for everybody",
        )
    return mask


def file_mode() -> int:
    """Rights of a new file."""
    return 0o666 & ~umask()


def make_folder(path: Path) -> None:
    """Make a folder and whatever above it is missing; one that is there keeps its rights.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o777 & ~umask(), exist_ok=True)
    path.mkdir(exist_ok=True)  # says so where a file stands in its place


@contextmanager
def held_to() -> Iterator[None]:
    """Hold the whole process to these rights, and with it what a library writes for us."""
    before = os.umask(umask())
    try:
        yield
    finally:
        os.umask(before)
