"""What happened to a patient, and what of it a person should look at, as FHIR resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cytomon.report.codes import INFUSION, Codes
from cytomon.report.document import Alert, Document
from cytomon.report.fhir_parts import Piece, amount, coding, concept, local, refer
from cytomon.report.told import Happened

PROCEDURES = ("transplant", "second_infusion")
"""Events that somebody has done to the patient."""
DRUG = "drug"
DEATH = "death"
SEVERITIES: Mapping[str, str] = {
    "critical": "high",
    "high": "high",
    "medium": "moderate",
    "info": "low",
}
"""Urgency of a flag to the three severities of FHIR."""

_NUMBER = re.compile(r"(<?) ?([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?) ?(%?)")
_SHARES = ("fish", "fusion_pcr", "ngs")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def infusion(document: Document, codes: Codes) -> Piece:
    """The index infusion, on day 0."""
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept(*codes.of(INFUSION)),
        "subject": refer("patient"),
        "performedDateTime": document.infused_on and document.infused_on.isoformat(),
        "usedCode": [concept(text=document.product)],
    }


def event(happened: Happened, codes: Codes) -> Piece:
    """An event of the course.

    Parameters
    ----------
    happened : Happened
        As its list says it.
    codes : Codes
        What events are called.

    Returns
    -------
    Piece
        A `Procedure` of a transplant or a second infusion, a `MedicationAdministration` of a drug,
        an `Observation` of anything else.
    """
    code, on = concept(*codes.of(happened.event)), happened.on.isoformat()
    said = " ".join(filter(None, (happened.value, happened.unit)))
    if happened.event in PROCEDURES:
        return {
            "resourceType": "Procedure",
            "status": "completed",
            "code": code,
            "subject": refer("patient"),
            "performedDateTime": on,
            "note": [{"text": said}],
        }
    if happened.event == DRUG:
        return {
            "resourceType": "MedicationAdministration",
            "status": "unknown",
            "category": code,
            "medicationCodeableConcept": concept(text=said),
            "subject": refer("patient"),
            "effectiveDateTime": on,
        }
    return {
        "resourceType": "Observation",
        "status": "unknown",
        "code": code,
        "subject": refer("patient"),
        "effectiveDateTime": on,
        **event_value(happened),
    }


def event_value(happened: Happened) -> Piece:
    """What was found: a number where one is written, else the words; that it was, without any.

    Examples
    --------
    >>> from datetime import date
    >>> found = Happened(on=date(2026, 2, 9), event="car19_copies", value="<0.10", unit="copies/ng")
    >>> event_value(found)["valueQuantity"]["value"], event_value(found)["valueQuantity"]["unit"]
    (Decimal('0.10'), 'copies/ng')
    """
    if not happened.value:
        return {"valueBoolean": True}
    found = _NUMBER.fullmatch(happened.value)
    if not found:
        return {"valueString": " ".join(filter(None, (happened.value, happened.unit)))}
    below, digits, percent = found.groups()
    unit, code = _unit(happened, is_percent=bool(percent))
    return {"valueQuantity": {**amount(Decimal(digits), unit, code), "comparator": below}}


def _unit(happened: Happened, *, is_percent: bool) -> tuple[str, str]:
    """Unit and its UCUM code: shares and morphology bring their own (the list of events)."""
    if is_percent or happened.event == "morphology":
        return "%", "%"
    return ("1", "1") if happened.event in _SHARES else (happened.unit, "")


def died_on(document: Document) -> str | None:
    """Day of death, where it is among the events."""
    return next((one.on.isoformat() for one in document.happened if one.event == DEATH), None)


def issue(alert: Alert) -> Piece:
    """A flag: its rule as a code, with its subject in words; its finer urgency as a tag."""
    day = _DAY.match(alert.when)
    rule, _, subject = alert.rule.partition(" ")
    return {
        "resourceType": "DetectedIssue",
        "meta": {"tag": [coding(local("urgency", alert.urgency))]},
        "status": "preliminary" if alert.open else "final",
        "code": concept(local("rule", rule), text=alert.rule if subject else ""),
        "severity": SEVERITIES.get(alert.urgency),
        "patient": refer("patient"),
        "identifiedDateTime": day.group() if day else None,
        "author": refer("device"),
        "evidence": list(_evidence(alert)),
        "detail": alert.says,
        "mitigation": [{"action": concept(text=one)} for one in alert.seen],
    }


def _evidence(alert: Alert) -> Iterator[Piece]:
    for fact in alert.facts:
        yield {"code": [concept(local("evidence", "fact"), text=fact)]}
    if alert.confirms:
        yield {"code": [concept(local("evidence", "confirms"), text=alert.confirms)]}
    if alert.when and not _DAY.match(alert.when):
        yield {"code": [concept(local("evidence", "when"), text=alert.when)]}
