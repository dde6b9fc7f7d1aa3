"""The files of a report: their names, how they come to lie there, and whose bytes they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

from cytomon.errors import InputError
from cytomon.tables import whole

ENDINGS = {"html": ".html", "pdf": ".pdf", "fhir": ".fhir.json"}
"""Format to the ending of its file."""
_PACKAGES = {"pdf": "typst", "fhir": "fhir"}


def paths_of(out: Path, stem: str, formats: Sequence[str]) -> dict[str, Path]:
    """Where the files of a report lie, by format."""
    return {kind: out / f"{stem}{ENDINGS[kind]}" for kind in formats}


def stage(parts: ExitStack, paths: Mapping[str, Path], laid: Mapping[str, bytes]) -> None:
    """Write files in full; they get their names when the stack is closed, or go if it fails."""
    for kind, data in laid.items():
        parts.enter_context(whole(paths[kind])).write_bytes(data)


def refuse_taken(paths: Mapping[str, Path], laid: Mapping[str, bytes]) -> None:
    """Refuse to write over anything else under the name of a signed file.

    Raises
    ------
    InputError
        If there is such a thing.
    """
    for kind, path in paths.items():
        if path.exists() and not holds(path, sha256_of(laid[kind])):
            raise InputError(
                "something else lies under the name of the file that would be signed",
                where=path.name,
                fix="keep it, it may have been signed: move it away, or name another --out",
            )


def releasable(formats: Sequence[str]) -> tuple[str, ...]:
    """What is asked for, and whatever else this installation can write."""
    return tuple(
        kind
        for kind in ENDINGS
        if kind in formats or kind not in _PACKAGES or find_spec(_PACKAGES[kind])
    )


def sha256_of(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def holds(path: Path, digest: str) -> bool:
    """Whether a file of these bytes lies there."""
    return path.is_file() and sha256_of(path.read_bytes()) == digest
