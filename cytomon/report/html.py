"""The report as a page for the screen: one file that opens anywhere, and asks nobody for more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cytomon.report.document import Document, Field, Table
from cytomon.report.drawn import Drawn
from cytomon.report.web import Page, margins, render

_NUMBER = re.compile(r"[<>≤≥~≈]?\s?[−+-]?[\d.,]+(\s?×\s?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|[eE][−+-]?\d+)?\s?%?")
_BLANK = frozenset({"", "-", "–", "—"})
_TIGHT, _SHORT = 11, 18
"""Signs up to which the cells of a column are never broken, and not on a screen."""
_PIXELS_PER_POINT = 96 / 72


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A heading, and how its column is set: ``number``, ``tight``, ``short`` or ``text``."""

    name: str
    kind: str


def write_html(document: Document, figures: Mapping[str, Drawn]) -> bytes:
    """Lay a report out as HTML.

    Parameters
    ----------
    document : Document
        What it says.
    figures : mapping of str to Drawn
        `Picture.key` to the figure; of a picture without one it is said that it was not drawn.

    Returns
    -------
    bytes
        One HTML file; equal input gives equal bytes.
    """
    identity = document.identity
    left = f"{identity.report_id} · version {identity.version} · {identity.status.value}"
    page = Page(
        template="report.html.j2",
        sheets=("base.css", "report.css"),
        margins=margins(banner=document.banner, left=left),
    )
    return render(
        page,
        document=document,
        identity=identity,
        banner=document.banner,
        waiting=tuple(alert for alert in document.alerts if alert.open),
        answered=tuple(alert for alert in document.alerts if not alert.open),
        figures=figures,
        record=_record(document),
        columns=_columns,
        pixels=_pixels,
    )


def _record(document: Document) -> tuple[Field, ...]:
    """What tells this report from every other."""
    identity, signer = document.identity, document.signer
    facts = [
        ("Laboratory", document.laboratory),
        ("Report", identity.report_id),
        ("Version", f"{identity.version} ({identity.status.value})"),
        ("As of", identity.as_of.isoformat()),
        ("Store entry", str(identity.entry)),
        ("Made by", identity.made_by),
        ("Definitions", identity.definitions),
    ]
    if signer is not None:
        who = f"{signer.name} ({signer.role})" if signer.role else signer.name
        facts += [("Signed by", who), ("Signed at", signer.at), ("Reason", signer.why)]
    return tuple(Field(label=label, value=value) for label, value in facts if value)


def _columns(table: Table) -> tuple[_Column, ...]:
    """How each column is set: numbers stand under each other, long texts may break."""
    return tuple(
        _Column(name=name, kind=_kind(name, [row[n] for row in table.rows]))
        for n, name in enumerate(table.columns)
    )


def _kind(name: str, cells: list[str]) -> str:
    filled = [cell for cell in cells if cell not in _BLANK]
    if any(len(text) > _SHORT for text in (*name.split(), *filled)):
        return "text"
    if filled and all(map(_NUMBER.fullmatch, filled)):
        return "number"
    return "tight" if all(len(cell) <= _TIGHT for cell in filled) else "short"


def _pixels(points: float) -> int:
    return max(1, round(points * _PIXELS_PER_POINT))
