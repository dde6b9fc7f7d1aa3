"""A report on paper: laid out by typst, a program in one wheel, which needs nothing of the system.

Typst writes tagged PDF with embedded fonts, takes SVG as it is, and gives the same bytes for the
same input; the comparison with others is told in ``docs/explanation/reports.md``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from cytomon.errors import InputError
from cytomon.report.document import Document, Picture, Section
from cytomon.report.drawn import Drawn
from cytomon.report.words import spelled

PAGE = "report.typ"
_ENDINGS = {"image/svg+xml": "svg", "image/png": "png"}


def write_pdf(document: Document, figures: Mapping[str, Drawn]) -> bytes:
    """Lay out a report as PDF/UA-1.

    Characters that the embedded font cannot draw are spelled out, such as ``⟨U+6F22⟩``; what is
    against PDF/UA nevertheless gives a tagged PDF without the promise of that standard.

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
        If typst is not installed, or cannot lay it out.
    """
    source = resources.files("cytomon.report").joinpath("pages", PAGE).read_bytes()
    used = {name: figures[name] for name in _pictures(document) if name in figures}
    said = json.dumps(_data(document, used), ensure_ascii=False)
    files: dict[str, bytes] = {
        "main.typ": source,
        "report.json": _printable(said).encode(),
        **{_file(name, drawn): _figure(drawn) for name, drawn in used.items()},
    }
    return _laid_out(files, where=document.identity.stem)


def _laid_out(files: Mapping[str, bytes], *, where: str) -> bytes:
    """As PDF/UA-1, or without its promise where a text is against it; tagged in either way."""
    try:
        import typst
    except ImportError as error:
        raise InputError(
            "PDF needs typst, which is not installed",
            where="--format pdf",
            fix='pip install "cytomon[pdf]", or write html',
        ) from error
    # its own notes on types do not know that a whole set of files may be given
    compiled: Any = partial(
        typst.compile, files, format="pdf", font_paths=[_fonts()], ignore_system_fonts=True
    )
    try:
        try:
            made: bytes = compiled(pdf_standards=["ua-1"])
        except typst.TypstError:
            made = compiled()
    except typst.TypstError as error:
        raise InputError(
            "the report cannot be laid out as PDF",
            where=where,
            fix="write html, which says the same, and tell the makers of cytomon",
        ) from error
    return made


def _fonts() -> Path:
    """The fonts that come with the drawing library: figures and text look the same."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@cache
def _drawable() -> frozenset[int]:
    """The characters that the font has a shape for, plain and bold."""
    from matplotlib.ft2font import FT2Font

    plain, bold = (
        FT2Font(_fonts() / name).get_charmap() for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    )
    return frozenset(plain.keys() & bold.keys())


def _printable(text: str) -> str:
    """A text with each character spelled out that the font cannot draw: PDF/UA takes no gaps."""
    if text.isascii():
        return text
    known = _drawable()
    return "".join(one if one < "\x7f" or ord(one) in known else spelled(one) for one in text)


def _figure(drawn: Drawn) -> bytes:
    """A figure whose names the font can draw."""
    if drawn.media != "image/svg+xml":
        return drawn.data
    return _printable(drawn.data.decode()).encode()


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
        "caveat": picture.caveat,
    }
