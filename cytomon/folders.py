"""From what a user names to the tubes that are there: files, folders, links, all letter cases."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cytomon.errors import InputError
from cytomon.fcs.intake import split_dataset

SUFFIXES = (".fcs", ".lmd")
QUARANTINE = "cytomon-quarantine"
"""Folders of this name hold what `cytomon watch` has put by; no search goes into them."""
_NUMBERED = re.compile(r"\.[0-9]{3}")


def find_tubes(inputs: Sequence[Path]) -> dict[str, Path]:
    """Find the tubes of files and folders.

    Parameters
    ----------
    inputs : sequence of Path
        As a user names them; a file may carry the ``#n`` of one of its data sets.

    Returns
    -------
    dict of str to Path
        Name in the tables to path, sorted by name. A file that several inputs hold is taken once.

    Raises
    ------
    InputError
        If an input does not exist or a folder cannot be searched, or two inputs hold different
        files of the same relative path.
    """
    found: dict[str, Path] = {}
    homes: dict[tuple[str, int | None], int] = {}
    for position, given in enumerate(inputs):
        for file, path in _tubes_of(given):
            real = identity(str(path))
            if homes.setdefault(real, position) != position:
                continue
            if file in found:
                raise InputError(
                    "two inputs hold a tube of the same relative path",
                    where=file,
                    fix="name the folder above both, or run them one after the other",
                )
            found[file] = path
    return dict(sorted(found.items()))


def identity(path: str) -> tuple[str, int | None]:
    """What a path with its ``#n`` really is, whatever it is called; loops of links do no harm."""
    name, dataset = split_dataset(path)
    return os.path.realpath(name), dataset


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name too long for the file system is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _tubes_of(given: Path) -> Iterator[tuple[str, Path]]:
    name, dataset = split_dataset(str(given))
    if is_file(given) or (dataset is not None and is_file(Path(name))):
        yield _spelled(Path(given.name)), given
    elif _is_folder(given):
        for path in _walk(given):
            if is_tube(path):
                yield _spelled(path.relative_to(given)), path
    else:
        raise InputError("there is no such file or folder", where=given.name, fix="check the path")


def _walk(folder: Path) -> Iterator[Path]:
    """Every file that is not hidden; links are followed, each folder is entered once."""
    entered: set[str] = set()
    for here, folders, names in os.walk(folder, followlinks=True, onerror=_unreadable):
        real = os.path.realpath(here)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != QUARANTINE
        )
        yield from (Path(here) / name for name in sorted(names) if not name.startswith("."))


def _unreadable(error: OSError) -> None:
    raise InputError(
        f"a folder cannot be searched: {error.strerror}",
        where=Path(str(error.filename)).name,
        fix="check that you may read it; no tube may be left out unsaid",
    ) from error


def _spelled(path: Path) -> str:
    """The path as text for tables; a name that is no UTF-8 has its bytes spelled out."""
    return path.as_posix().encode(errors="surrogateescape").decode(errors="backslashreplace")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def is_tube_name(text: str) -> bool:
    """Whether a text can be printed as the name of a tube, and is not what belongs elsewhere.

    Examples
    --------
    >>> is_tube_name("day 28/a.LMD#2"), is_tube_name("run.001"), is_tube_name("Doe, Jane")
    (True, True, False)
    """
    suffix = Path(split_dataset(text)[0]).suffix.lower()
    return suffix in SUFFIXES or bool(_NUMBERED.fullmatch(suffix))


def is_tube(path: Path) -> bool:
    """By its suffix, or by its first bytes: some cytometers number their files (``.001``)."""
    if path.suffix.lower() in SUFFIXES:
        return True
    if not is_file(path):  # reading a pipe would wait for ever
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(3) == b"FCS"
    except OSError:
        return False
