"""The small pieces that FHIR resources are made of, and how they are written as JSON.

Numbers are `decimal.Decimal` from here on: 100 times a fraction is its digits moved by two places,
and what is written is what was measured (FHIR R4, 2.24.0.1, decimal: precision is significant).
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from cytomon.report.codes import LOCAL, Coding
from cytomon.report.told import Checked
from cytomon.report.words import UNSEEN, spelled

Piece = Mapping[str, object]
"""An element or a resource; what is empty in it is not written."""

UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_NOT_FINITE = {"nan": "not-a-number", "inf": "positive-infinity", "-inf": "negative-infinity"}


@dataclass(frozen=True, slots=True)
class Link:
    """Points at a resource of the same bundle by the name that it has while one is made."""

    key: str


def refer(key: str) -> Piece:
    """A reference to a resource of the same bundle."""
    return {"reference": Link(key)}


def local(kind: str, code: str, display: str = "") -> Coding:
    """One of cytomon's own codes."""
    return Coding(f"{LOCAL}{kind}", code, display)


def named(system: str, value: str) -> Piece:
    """An identifier in one of cytomon's own systems."""
    return {"system": f"{LOCAL}{system}", "value": value}


def coding(one: Coding) -> Piece:
    """A code as FHIR writes it."""
    return {"system": one.system, "code": one.code, "display": one.display}


def concept(*codings: Coding, text: str = "") -> Piece:
    """One thing by its codes, and in words."""
    return {"coding": [coding(one) for one in codings], "text": text}


def exact(number: float) -> Decimal:
    """The digits of a number, without a binary remainder.

    Examples
    --------
    >>> exact(0.1), exact(300_000)
    (Decimal('0.1'), Decimal('300000'))
    """
    return Decimal(number if isinstance(number, int) else repr(float(number)))


def amount(value: Decimal, unit: str = "", code: str = "") -> Piece:
    """A number with its unit, and with the unit's UCUM code where that is known."""
    return {"value": value, "unit": unit, "system": UCUM if code else "", "code": code}


def in_percent(fraction: float) -> Piece:
    """A fraction in percent: the same digits, two places on.

    Examples
    --------
    >>> in_percent(0.00012)["value"]
    Decimal('0.012')
    """
    return amount(exact(fraction).scaleb(2), "%", "%")


def number(value: Piece, of: float) -> Piece:
    """A value, or, where the number is none that can be written, why it is missing."""
    if math.isfinite(of):
        return {"valueQuantity": value}
    reason = Coding(f"{TERMINOLOGY}data-absent-reason", _NOT_FINITE[str(float(of))])
    return {"dataAbsentReason": concept(reason)}


def instant(name: str, at: str) -> Piece:
    """A moment in UTC under its name; where no zone is recorded, that it is not known.

    Examples
    --------
    >>> instant("issued", "2026-02-09T10:00:00+01:00")
    {'issued': '2026-02-09T09:00:00+00:00'}
    """
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        return {f"_{name}": {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}}
    return {name: moment.astimezone(UTC).isoformat()}


def annotation(one: Checked) -> Piece:
    """What a reviewer has said, with who and when."""
    return {"authorString": one.by, **instant("time", one.at), "text": one.says}


def inert(text: str) -> str:
    r"""Text that FHIR takes: controls and marks of direction spelled out, no blanks around it.

    A document's texts are inert before; identifiers may come as their lists had them.

    Examples
    --------
    >>> inert(" P\u202e1\x07")
    'P⟨U+202E⟩1⟨U+0007⟩'
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(map(_shown, text)).strip()


def _shown(one: str) -> str:
    kind = unicodedata.category(one)
    if kind == "Zs":
        return " "  # some readers' patterns know no other blank (FHIR R4, string)
    return spelled(one) if kind in UNSEEN and one not in "\n\t" else one


def settled(value: object, names: Mapping[str, str]) -> object:
    """The value without what is empty, its texts inert, and every link under its final name."""
    if isinstance(value, Link):
        return names[value.key]
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, Mapping):
        parts = {key: settled(one, names) for key, one in value.items()}
        return {key: one for key, one in parts.items() if not _is_empty(one)}
    if isinstance(value, Sequence):
        found = [settled(one, names) for one in value]
        return [one for one in found if not _is_empty(one)]
    return value


def _is_empty(value: object) -> bool:
    """FHIR knows no empty text, list or object: what is not there is left out."""
    return value is None or (isinstance(value, str | Mapping | Sequence) and not value)


def written(value: object, indent: str = "\n") -> str:
    """JSON in which every decimal has the digits that it was given.

    The encoder of the standard library, and the serializer of fhir.resources, go through binary
    fractions.

    Examples
    --------
    >>> written({"value": Decimal("0.0120")}, "")
    '{"value": 0.0120}'
    """
    inner = indent + " " if indent else ""
    comma = f",{inner}" if indent else ", "
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(key)}: {written(one, inner)}" for key, one in value.items()]
        return f"{{{inner}{comma.join(parts)}{indent}}}"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return f"[{inner}{comma.join(written(one, inner) for one in value)}{indent}]"
    return json.dumps(value)
