"""The corpus that is kept: for each entry point a zip of files that reach other branches."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path(__file__).parent / "corpus"
_DAY = (1980, 1, 1, 0, 0, 0)
"""The same files make the same zip."""


def kept(name: str) -> tuple[bytes, ...]:
    """What is kept for an entry point."""
    path = _FOLDER / f"{name}.zip"
    if not path.exists():
        return ()
    with zipfile.ZipFile(path) as archive:
        return tuple(archive.read(member) for member in archive.namelist())


def keep(name: str, contents: Iterable[bytes]) -> None:
    """Write the corpus of an entry point anew, shortest first."""
    _FOLDER.mkdir(exist_ok=True)
    with zipfile.ZipFile(_FOLDER / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(sorted(set(contents), key=lambda one: (len(one), one))):
            member = zipfile.ZipInfo(f"{number:04}", _DAY)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
