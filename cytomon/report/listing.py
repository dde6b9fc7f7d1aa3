"""A report as a line of the list of reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cytomon.model.flags import Urgency
from cytomon.report.document import Document
from cytomon.report.index import IndexLine

_LABELS = {"html": "page", "pdf": "PDF", "fhir": "FHIR"}


def index_line(document: Document, files: Mapping[str, str]) -> IndexLine:
    """The line of a report.

    Parameters
    ----------
    document : Document
        The report.
    files : mapping of str to str
        Format to the name of its file.

    Returns
    -------
    IndexLine
        Its `rank` is 0, until all are known.
    """
    mrd, escape, b_cells = document.verdicts
    day0, as_of = document.infused_on, document.identity.as_of
    return IndexLine(
        patient_id=document.patient_id,
        day="" if day0 is None else str((as_of - day0).days),
        mrd=mrd.answer,
        mrd_tone=mrd.tone,
        antigens=escape.answer,
        b_cells=b_cells.answer,
        flags=tuple(_flags(document)),
        standing=document.identity.status.value,
        files=tuple((_LABELS[kind], name) for kind, name in files.items()),
        rank=0,
    )


def _flags(document: Document) -> Iterator[tuple[str, str]]:
    for urgency in sorted(Urgency, reverse=True):
        rules = [one.rule for one in document.alerts if one.open and one.urgency == urgency.word]
        if rules:
            yield urgency.word, " ".join(sorted(dict.fromkeys(rules), key=_number))


def _number(rule: str) -> tuple[int, str]:
    """A2 before A11; the subject of a rule after its number."""
    name, _, subject = rule.partition(" ")
    return int(name[1:]), subject
