"""The FCS file behind a kept result: looked for by name, known by its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from cytomon.errors import InputError
from cytomon.fcs.intake import split_dataset
from cytomon.folders import find_tubes
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
    others = 0
    for path in dict.fromkeys(_candidates(name, named, known)):
        if _hash(path) == result.sha256:
            return f"{path}{suffix}"
        others += 1
    if others:
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
    """The likeliest place first."""
    for folder in (*named, *known):
        path = folder / name
        if path.is_file():
            yield path
    last = Path(name).name
    for file, path in (find_tubes(named) if named else {}).items():
        if Path(file).name == last:
            yield Path(path)


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                found.update(piece)
    except OSError:
        return ""
    return found.hexdigest()
