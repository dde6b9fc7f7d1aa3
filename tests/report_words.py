"""The words of a report: as its document has them, and as they can be read in its files."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from pypdf import PdfReader

from cytomon.report.document import Document


def words_of(document: Document) -> list[str]:
    """Every text that a reader is shown: of the answers, flags, sections and disclaimers."""
    said = [document.standing, *document.summary, *document.changes, *document.disclaimers]
    said += [text for one in document.heading for text in (one.label, one.value)]
    for verdict in document.verdicts:
        said += [verdict.question, verdict.answer, *verdict.lines, verdict.source]
    for flag in document.alerts:
        said += [flag.rule, flag.urgency, flag.when, flag.says, *flag.facts, flag.confirms]
    for section in document.sections:
        said += [section.title, *section.text]
        said += [text for one in section.fields for text in (one.label, one.value)]
        for table in section.tables:
            said += [table.title, table.note, *table.columns]
            said += [cell for row in table.rows for cell in row]
        said += [one.caveat for one in section.pictures]
    return said


def squashed(text: str) -> str:
    """Without whatever a line break may add."""
    return re.sub(r"[\s\u00ad]+", "", text)


def pdf_text(path: Path) -> str:
    """What can be read in a PDF."""
    return "".join(page.extract_text() for page in PdfReader(path).pages)


def html_text(path: Path) -> str:
    """What can be read on a page."""
    text = re.sub(r"<(style|script)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.S)
    return unescape(re.sub(r"<[^>]*>", "", text))
