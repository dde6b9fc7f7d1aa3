"""A report on paper: laid out by typst, a program in one wheel, which needs nothing of the system.

Typst writes tagged PDF with embedded fonts, takes SVG as it is, and gives the same bytes for the
same input; the comparison with others is told in ``docs/explanation/reports.md``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from cytomon.errors import InputError
from cytomon.report.document import Document, Picture, Section
from cytomon.report.drawn import Drawn

PAGE = "report.typ"
_ENDINGS = {"image/svg+xml": "svg", "image/png": "png"}


def write_pdf(document: Document, figures: Mapping[str, Drawn]) -> bytes:
    """Lay out a report as PDF/UA-1.

    Parameters
    ----------
    document : Document
        What is said.
    figures : mapping of str to Drawn
        By the names of the pictures; those that are for the screen only are left out.

    Returns
    -------
    bytes
        Equal documents and figures give equal bytes.

    Raises
    ------
    InputError
        If typst is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise InputError(
            "PDF needs typst, which is not installed",
            where="--format pdf",
            fix='pip install "cytomon[pdf]", or write html',
        ) from error
    source = resources.files("cytomon.report").joinpath("pages", PAGE).read_bytes()
    used = {name: figures[name] for name in _pictures(document) if name in figures}
    files: dict[str, bytes] = {
        "main.typ": source,
        "report.json": json.dumps(_data(document, used)).encode(),
        **{_file(name, drawn): drawn.data for name, drawn in used.items()},
    }
    # its own notes on types do not know that a whole set of files may be given
    compiled: Any = typst.compile
    made: bytes = compiled(
        files,
        format="pdf",
        font_paths=[_fonts()],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    return made


def _fonts() -> Path:
    """The fonts that come with the drawing library: figures and text look the same."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


def _pictures(document: Document) -> list[str]:
    return [
        picture.key
        for section in document.sections
        for picture in section.pictures
        if not picture.detail
    ]


def _file(name: str, drawn: Drawn) -> str:
    """A name of letters and digits, whatever a tube is called."""
    return f"{name.encode().hex()}.{_ENDINGS[drawn.media]}"


def _data(document: Document, figures: Mapping[str, Drawn]) -> dict[str, Any]:
    identity = document.identity
    return {
        "report": f"{identity.report_id} version {identity.version}",
        "as_of": str(identity.as_of),
        "patient": document.patient_id,
        "banner": document.banner,
        "standing": document.standing,
        "made_by": f"{identity.made_by}; {identity.definitions}; store entry {identity.entry}",
        "heading": [[one.label, one.value] for one in document.heading],
        "verdicts": [dataclasses.asdict(one) for one in document.verdicts],
        "summary": document.summary,
        "open": [dataclasses.asdict(one) for one in document.alerts if one.open],
        "answered": [dataclasses.asdict(one) for one in document.alerts if not one.open],
        "changes": document.changes,
        "sections": [_section(one, figures) for one in document.sections],
        "disclaimers": document.disclaimers,
    }


def _section(section: Section, figures: Mapping[str, Drawn]) -> dict[str, Any]:
    return {
        "title": section.title,
        "text": section.text,
        "fields": [[one.label, one.value] for one in section.fields],
        "tables": [dataclasses.asdict(one) for one in section.tables],
        "pictures": [
            _picture(one, figures[one.key])
            for one in section.pictures
            if one.key in figures and not one.detail
        ],
    }


def _picture(picture: Picture, drawn: Drawn) -> dict[str, Any]:
    return {
        "file": _file(picture.key, drawn),
        "title": picture.title,
        "says": picture.says,
        "whole": picture.whole,
    }
