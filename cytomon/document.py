"""What is kept of one tube, and how it is known to be whole when it is read again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cytomon.errors import InputError
from cytomon.tables import Row, whole, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is kept of one tube: its rows in the tables, and the places of its gates.

    The columns that name a patient or a specimen are empty here: they are filled in from the
    worklist when the tables are written, so that ``DIR/tubes`` names nobody.

    Attributes
    ----------
    file, sha256 : str
        Name in the tables, and hash of the file; empty hash for a file that could not be read.
    analysis : str
        Hash of everything the result depends on; empty for a refused tube.
    template : mapping of str to str
        Name, version and hash; empty for a refused tube.
    engine : str
        Who decided membership.
    acquired, instrument : str
        Begin of acquisition and cytometer, as far as the file tells; see `cytomon.fcs.acquisition`.
    panel : mapping of str to str
        Canonical marker to its fluorochrome, which is empty where nobody names it.
    refused, defect : bool
        Whether the tube could not be measured, and whether that was our fault.
    measurements, populations, findings : tuple of dict
        Rows of the tables.
    placement : tuple of dict
        Each number of each gate: value, start, method, reference.
    limits : mapping
        Limits of the template (`cytomon.model.results.Limits`).
    details : mapping
        Quantity to the numbers behind its status.
    anchors : mapping
        ``drift`` and ``places``: where populations were found that detectors are judged by
        (`cytomon.model.anchor.Anchor`); empty where the template names none.
    left_open : tuple
        Gate and event, counted from 0, where FlowKit's own answer depends on the file's length.
    verified : mapping
        ``decisions``, ``differences`` and ``listed`` where both engines were asked; else empty.
    seconds : float
        Time of this run; not kept.
    from_before : bool
        Whether it was taken up from an earlier run; not kept.
    kept : str
        Hash of the bytes that lie in ``DIR/tubes``; empty where none do; not kept.
    """

    file: str
    sha256: str = ""
    analysis: str = ""
    template: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    acquired: str = ""
    instrument: str = ""
    panel: Mapping[str, str] = field(default_factory=dict)
    refused: bool = False
    defect: bool = False
    measurements: tuple[Row, ...] = ()
    populations: tuple[Row, ...] = ()
    findings: tuple[Row, ...] = ()
    placement: tuple[Mapping[str, Any], ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    anchors: Mapping[str, Any] = field(default_factory=dict)
    left_open: tuple[Sequence[str | int], ...] = ()
    verified: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    from_before: bool = False
    kept: str = ""


_LAYOUT: dict[str, Any] = {"indent": 1, "sort_keys": True, "default": str}
_NOT_KEPT = ("seconds", "from_before", "kept")


def kept_path(out: Path, file: str) -> Path:
    """Where the document of a tube lies."""
    return out / "tubes" / f"{file}.json"


def to_json(content: object) -> bytes:
    """Bytes that depend on the content alone."""
    return (json.dumps(content, **_LAYOUT) + "\n").encode()


def write_json(path: Path, content: object) -> None:
    """Write the bytes of `to_json` piece by piece: what all tubes say together may be long."""
    with whole(path) as part, part.open("w", encoding="ascii") as stream:
        stream.writelines(json.JSONEncoder(**_LAYOUT).iterencode(content))
        stream.write("\n")


def keep(path: Path, document: Document) -> Document:
    """Write a document, and say by which bytes it is known.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    content = seal(document)
    write_whole(path, content)
    return replace(document, kept=_hash(content))


def seal(document: Document) -> bytes:
    """The document as bytes, with a hash that tells whether they were changed since."""
    content = dataclasses.asdict(document)
    for name in _NOT_KEPT:
        del content[name]
    return to_json({**content, "seal": _hash(to_json(content))})


def unseal(path: Path) -> Document | None:
    """Read the document of an earlier run, of whatever inputs; None if it is damaged."""
    try:
        read = path.read_bytes()
        content: dict[str, Any] = json.loads(read)
        expected = content.pop("seal")
        if expected != _hash(to_json(content)):
            return None
        document = _document(content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return replace(document, from_before=True, kept=_hash(read))


def read_kept(path: Path, kept: str) -> Document:
    """Read a document that this run has kept.

    Parameters
    ----------
    path : Path
        Where it lies.
    kept : str
        Hash of its bytes.

    Raises
    ------
    InputError
        If other bytes lie there, or none.
    """
    try:
        read = path.read_bytes()
    except OSError:
        read = b""
    if _hash(read) != kept:
        raise InputError(
            "what was kept of a tube has gone, or was changed, while the batch ran",
            where=f"tubes/{path.name}",
            fix="leave the folder of --out alone while a batch runs; run the same command again",
        )
    content: dict[str, Any] = json.loads(read)
    del content["seal"]
    return replace(_document(content), kept=kept)


def _document(content: dict[str, Any]) -> Document:
    for name in ("measurements", "populations", "findings", "placement", "left_open"):
        content[name] = tuple(content[name])
    return Document(**content)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
