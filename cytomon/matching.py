"""Which tube a row of the worklist means: beside the list or in an input, however it is spelled."""

from __future__ import annotations

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cytomon.errors import InputError
from cytomon.fcs.intake import split_dataset
from cytomon.folders import identity, is_file, is_tube_name


class Names:
    """The tubes of the inputs, by what a row may call them.

    Parameters
    ----------
    found : mapping of str to Path
        From `cytomon.folders.find_tubes`.
    """

    def __init__(self, found: Mapping[str, Path]) -> None:
        self._found = found
        self._real = _real(found)
        self._alike = _alike(found)

    def match(self, text: str, folder: Path, where: str) -> tuple[str, str]:
        """Name in the tables and path of the tube that a row means.

        Parameters
        ----------
        text : str
            What stands in the row.
        folder : Path
            Of the list.
        where : str
            The list and its line.

        Raises
        ------
        InputError
            If there is no such tube, more than one, or it lies where nobody asked to look.
        """
        written, dataset = split_dataset(text.replace("\\", "/"))
        name = posixpath.normpath(written)
        suffix = "" if dataset is None else f"#{dataset}"
        beside = folder / name
        if is_file(beside):
            listed = self._real.get(identity(str(beside)))
            if listed is None and name.startswith(("/", "../")):
                raise InputError(
                    f"{_called(posixpath.basename(name))} lies outside the worklist's folder "
                    "and the inputs",
                    where=where,
                    fix="name its folder as an input too",
                )
            return (listed or name) + suffix, str(beside) + suffix
        candidates = next(filter(None, _candidates(name, self._alike)), [])
        if not candidates:
            raise InputError(
                f"{_called(name.removeprefix('/'))} is neither beside the worklist nor in an input",
                where=where,
                fix="check the file name; it is relative to the worklist's folder, else to an "
                "input",
            )
        if len(candidates) > 1:
            raise InputError(
                f"{_called(name)} is ambiguous: {', '.join(candidates[:5])}",
                where=where,
                fix="write the path relative to the input",
            )
        return candidates[0] + suffix, str(self._found[candidates[0]]) + suffix


def _real(found: Mapping[str, Path]) -> dict[tuple[str, int | None], str]:
    """What a file really is to its name."""
    names: dict[tuple[str, int | None], str] = {}
    for file, path in found.items():
        names.setdefault(identity(str(path)), file)
    return names


def _called(name: str) -> str:
    """The tube of a row, by the name that is there only where it can be a tube's."""
    return f"the tube {name!r}" if is_tube_name(name) else "the file that the row names"


def _alike(found: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Last part of a name, letter case forgiven, to the names that end so."""
    alike: dict[str, list[str]] = defaultdict(list)
    for file in found:
        alike[_folded(posixpath.basename(file))].append(file)
    return alike


def _candidates(name: str, alike: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """What a name may mean: the closest reading first, letter case forgiven last."""
    found = alike.get(_folded(posixpath.basename(name)), ())
    yield [file for file in found if file == name]
    yield [file for file in found if file.endswith(f"/{name}")]
    folded = _folded(name)
    yield [file for file in found if _folded(file) == folded]
    yield [file for file in found if _folded(file).endswith(f"/{folded}")]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
