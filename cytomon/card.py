"""What a batch remembers of a tube while the tube's document lies on the disk.

A document takes 150 kB of memory, a card about 2: only cards are held for all tubes at once, and
documents are read again, one by one, when the tables are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cytomon.document import Document, kept_path, read_kept
from cytomon.model.findings import Severity

SHOWN = ("mrd", "cd19_blasts", "cd22_blasts", "b_fraction")
_CELLS = ("numerator", "value", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One tube of a batch, in short.

    Attributes
    ----------
    file, sha256, analysis, template, engine, acquired, instrument, refused, defect
        As in `cytomon.document.Document`, and so are `left_open`, `verified`, `seconds`,
        `from_before` and `kept`.
    loose : Document or None
        The document itself where it does not lie on the disk: of a tube that ended its process, or
        whose name is too long for the file system.
    anchored : bool
        Whether the tube says where populations lie that detectors are judged by.
    answers : mapping of str to tuple of str
        Quantity to numerator, value and status as they stand in its row; of `SHOWN`.
    unmeasured : bool
        Whether a finding says that MRD was not measured.
    warned : bool
        Whether a finding asks for somebody to look.
    reason, fix : str
        Why it was refused, and what to do about it; else empty.
    """

    file: str
    sha256: str
    analysis: str
    template: Mapping[str, str]
    engine: str
    acquired: str
    instrument: str
    refused: bool
    defect: bool
    left_open: Sequence[Sequence[str | int]]
    verified: Mapping[str, int]
    seconds: float
    from_before: bool
    kept: str
    loose: Document | None
    anchored: bool
    answers: Mapping[str, tuple[str, str, str]]
    unmeasured: bool
    warned: bool
    reason: str
    fix: str

    def status(self, quantity: str) -> str:
        """What a quantity means; empty where the tube does not give it."""
        return self.answers[quantity][-1] if quantity in self.answers else ""


def card_of(document: Document) -> Card:
    """The card of a tube, as its document says it."""
    last = document.findings[-1] if document.refused else {"what": "", "fix": ""}
    return Card(
        file=document.file,
        sha256=document.sha256,
        analysis=document.analysis,
        template=document.template,
        engine=document.engine,
        acquired=document.acquired,
        instrument=document.instrument,
        refused=document.refused,
        defect=document.defect,
        left_open=document.left_open,
        verified=document.verified,
        seconds=document.seconds,
        from_before=document.from_before,
        kept=document.kept,
        loose=None if document.kept else document,
        anchored=bool(document.anchors),
        answers=_answers(document),
        unmeasured=any(row["code"] == "MRD_NOT_MEASURED" for row in document.findings),
        warned=any(row["severity"] != Severity.INFO for row in document.findings),
        reason=last["what"],
        fix=last["fix"],
    )


def judged(card: Card, document: Document) -> Card:
    """The card of a tube after the other tubes have had their say."""
    now = card_of(document)
    return replace(card, answers=now.answers, unmeasured=now.unmeasured, warned=now.warned)


def read_document(out: Path, card: Card) -> Document:
    """The document of a card.

    Raises
    ------
    InputError
        If it is no longer there.
    """
    return card.loose or read_kept(kept_path(out, card.file), card.kept)


def _answers(document: Document) -> Mapping[str, tuple[str, str, str]]:
    found = {}
    for row in document.measurements:
        if row["quantity"] in SHOWN:
            numerator, value, status = (row.get(name, "") for name in _CELLS)
            found[row["quantity"]] = numerator, value, status
    return found
