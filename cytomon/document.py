"""What is kept of one tube, and how it is known to be whole when it is read again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cytomon.tables import Row


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
    """

    file: str
    sha256: str = ""
    analysis: str = ""
    template: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    acquired: str = ""
    instrument: str = ""
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


def to_json(content: object) -> bytes:
    """Bytes that depend on the content alone."""
    return (json.dumps(content, indent=1, sort_keys=True, default=str) + "\n").encode()


def seal(document: Document) -> bytes:
    """The document as bytes, with a hash that tells whether they were changed since."""
    content = dataclasses.asdict(document)
    del content["seconds"], content["from_before"]
    return to_json({**content, "seal": hashlib.sha256(to_json(content)).hexdigest()})


def unseal(path: Path, analysis: str) -> Document | None:
    """Read the document of an earlier run; None if it is damaged or of other inputs."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        expected = content.pop("seal")
        if expected != hashlib.sha256(to_json(content)).hexdigest():
            return None
        for name in ("measurements", "populations", "findings", "placement", "left_open"):
            content[name] = tuple(content[name])
        document = Document(**content, from_before=True)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return document if document.analysis == analysis else None
