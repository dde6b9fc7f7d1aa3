"""The FCS file behind a kept result: looked for by name, known by its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from cytomon.errors import InputError
from cytomon.fcs.intake import split_dataset
from cytomon.folders import find_tubes, is_file
from cytomon.model.course import KeptResult

_PIECE = 1 << 20


def find_file(result: KeptResult, named: Sequence[Path], known: Sequence[Path]) -> str:
    """Where the tube of a result lies.

    Parameters
    ----------
    result : KeptResult
        Its name and the hash of its bytes.
    named : sequence of Path
        Files and folders that the user names; folders are searched through.
    known : sequence of Path
        Folders in which batches found their tubes (`cytomon.whereabouts`).

    Returns
    -------
    str
        Path, with ``#n`` for one of several data sets.

    Raises
    ------
    InputError
        If no file with these bytes is found.
    """
    name, dataset = split_dataset(result.file)
    suffix = "" if dataset is None else f"#{dataset}"
    hashes = set()
    for path in dict.fromkeys(_candidates(name, named, known)):
        found = _hash(path)
        if found == result.sha256:
            return f"{path}{suffix}"
        hashes.add(found)
    if _UNREADABLE in hashes:
        raise InputError(
            "a file of this name is there and cannot be read", where=name, fix="check your rights"
        )
    if hashes:
        raise InputError(
            "a file of this name is there, and its bytes are not those that were measured",
            where=name,
            fix="name the folder of the file that was measured: --files DIR",
        )
    raise InputError(
        "the file of this tube is not found",
        where=name,
        fix="name the folder that it lies in: --files DIR",
    )


def _candidates(name: str, named: Sequence[Path], known: Sequence[Path]) -> Iterator[Path]:
    """The likeliest place first; a file that the user names may be called anything."""
    last = PurePosixPath(name).name
    # a file that is named may carry the number of one of its data sets
    files = [path if is_file(path) else Path(split_dataset(str(path))[0]) for path in named]
    yield from (path for path in files if is_file(path))
    folders = [path for path in files if not is_file(path)]
    for folder in (*folders, *known):
        yield from (path for path in (folder / name, folder / last) if is_file(path))
    for folder in folders:
        # one by one: two folders may hold other tubes of one name, and the bytes decide
        for file, path in find_tubes([folder]).items():
            if PurePosixPath(file).name == last:
                yield path


_UNREADABLE = ""


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                found.update(piece)
    except OSError:
        return _UNREADABLE
    return found.hexdigest()
