"""Measurements as FHIR observations: never a number without what it stands on (domain: 6.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.results import (
    AntigenCall,
    BCellStatus,
    Measurement,
    MrdStatus,
    PlainStatus,
)
from cytomon.report.codes import Codes, Coding
from cytomon.report.fhir_parts import (
    TERMINOLOGY,
    Piece,
    amount,
    annotation,
    concept,
    exact,
    in_percent,
    local,
    number,
    refer,
)
from cytomon.report.told import Collected, Observed

COMPONENTS: Mapping[str, str] = {
    "status": "Status of the answer",
    "numerator": "Events counted",
    "denominator": "Events they were counted among",
    "denominator_of": "Population of the denominator",
    "estimate": "Point estimate where there is no answer",
    "ci_low": "Lower end of the confidence interval",
    "ci_high": "Upper end of the confidence interval",
    "ci_level": "Level of the confidence interval",
    "ci_method": "Name of the confidence interval",
    "lod": "Limit of detection that the tube reached",
    "loq": "Limit of quantification that the tube reached",
    "qualifier": "What narrows the answer",
    "automatic_status": "Status of the automatic answer beside a reviewed one",
    "automatic_numerator": "Events counted with the automatic gates",
    "automatic_denominator": "Events they were counted among, with the automatic gates",
    "automatic_estimate": "Point estimate with the automatic gates",
}
"""Codes of the components in ``urn:cytomon:component``; details have a system of their own."""

INTERPRETATIONS: Mapping[str, tuple[str, str]] = {
    MrdStatus.POSITIVE: ("POS", "Positive"),
    MrdStatus.POSITIVE_BELOW_LOQ: ("POS", "Positive"),
    MrdStatus.DETECTED_BELOW_THRESHOLD: ("DET", "Detected"),
    MrdStatus.BELOW_LOD: ("IND", "Indeterminate"),
    MrdStatus.NOT_DETECTED: ("ND", "Not detected"),  # codespell:ignore nd
    MrdStatus.INSUFFICIENT_SENSITIVITY: ("IND", "Indeterminate"),
}
"""Status of an MRD to v3-ObservationInterpretation; ``NEG`` is none of them (domain: 6.5)."""

SILENT = frozenset(
    {
        MrdStatus.NOT_EVALUABLE.value,
        BCellStatus.NOT_EVALUABLE.value,
        PlainStatus.NOT_EVALUABLE.value,
        AntigenCall.NOT_ASSESSABLE.value,
    }
)
"""Statuses that are no answer: such an observation has no value."""

STATUS_SYSTEMS: Mapping[type[StrEnum], str] = {
    MrdStatus: "mrd-status",
    BCellStatus: "b-cell-status",
    AntigenCall: "antigen-call",
    PlainStatus: "plain-status",
}
"""Answers to the system of their local codes."""

_ROWS = {row.code: row for row in CATALOGUE}


def observation(observed: Observed, collected: Collected, place: int, codes: Codes) -> Piece:
    """One measurement.

    Parameters
    ----------
    observed : Observed
        With its numbers.
    collected : Collected
        Its specimen.
    place : int
        Number of the specimen in the document.
    codes : Codes
        What quantities are called.

    Returns
    -------
    Piece
    """
    found = observed.measurement
    here = bool(observed.file_sha256)
    return {
        "resourceType": "Observation",
        "status": "final" if observed.signed else "preliminary",
        "category": [
            concept(Coding(f"{TERMINOLOGY}observation-category", "laboratory", "Laboratory"))
        ],
        "code": concept(*codes.of(found.quantity, collected.specimen_type), text=observed.title),
        "subject": refer("patient"),
        "effectiveDateTime": collected.collected_on.isoformat(),
        **_answer(found, observed.says),
        "note": [{"text": observed.says}, *map(annotation, observed.checked)],
        "method": concept(text=observed.method),
        "specimen": refer(f"specimen/{place}"),
        # measured elsewhere: not with this program, and not from a file that we have
        "device": refer("device") if here else None,
        "derivedFrom": [refer(f"file/{observed.file_sha256}")] if here else [],
        "component": [*_components(found), *_automatic(observed.automatic)],
    }


def _answer(found: Measurement, says: str) -> Piece:
    """The value with what it means, or why there is none; never both (FHIR R4: obs-6)."""
    if found.estimate is None or found.status in SILENT:
        unknown = Coding(f"{TERMINOLOGY}data-absent-reason", "unknown", "Unknown")
        return {"dataAbsentReason": concept(unknown, text=says)}
    return {
        "valueQuantity": in_percent(found.estimate.value),
        "interpretation": [concept(one, text=says) for one in _meaning(found)],
    }


def _meaning(found: Measurement) -> Iterator[Coding]:
    answers = _answers(found)
    if answers is MrdStatus:
        code, display = INTERPRETATIONS[found.status]
        yield Coding(f"{TERMINOLOGY}v3-ObservationInterpretation", code, display)
    elif answers is not PlainStatus:
        yield _status(found)


def _answers(found: Measurement) -> type[StrEnum]:
    row = _ROWS.get(found.quantity)
    return row.statuses if row else PlainStatus


def _status(found: Measurement) -> Coding:
    return local(STATUS_SYSTEMS[_answers(found)], found.status)


def _components(found: Measurement) -> Iterator[Piece]:
    yield _component("status", {"valueCodeableConcept": concept(_status(found))})
    yield from _counts(found)
    yield from _interval(found)
    limits = (("lod", found.lod), ("loq", found.loq))
    yield from (
        _component(name, number(in_percent(limit), limit))
        for name, limit in limits
        if limit is not None
    )
    for qualifier in found.qualifiers:
        said = concept(local("qualifier", qualifier))
        yield _component("qualifier", {"valueCodeableConcept": said})
    yield from _details(found)


def _counts(found: Measurement) -> Iterator[Piece]:
    for name, events in (("numerator", found.numerator), ("denominator", found.denominator)):
        if events is not None:
            yield _component(name, number(amount(exact(events), "events", "{events}"), events))
    row = _ROWS.get(found.quantity)
    if row:
        population = concept(local("population", row.denominator))
        yield _component("denominator_of", {"valueCodeableConcept": population})


def _interval(found: Measurement) -> Iterator[Piece]:
    if found.estimate is None:
        return
    if found.status in SILENT:
        yield _component("estimate", {"valueQuantity": in_percent(found.estimate.value)})
    yield _component("ci_low", {"valueQuantity": in_percent(found.estimate.low)})
    yield _component("ci_high", {"valueQuantity": in_percent(found.estimate.high)})
    yield _component("ci_level", {"valueQuantity": in_percent(found.estimate.level)})
    yield _component("ci_method", {"valueString": found.estimate.method})


def _automatic(found: Measurement | None) -> Iterator[Piece]:
    """The automatic result beside a reviewed one: never in its place."""
    if found is None:
        return
    yield _component("automatic_status", {"valueCodeableConcept": concept(_status(found))})
    for name in ("numerator", "denominator"):
        events = getattr(found, name)
        if events is not None:
            value = number(amount(exact(events), "events", "{events}"), events)
            yield _component(f"automatic_{name}", value)
    if found.estimate is not None:
        percent = {"valueQuantity": in_percent(found.estimate.value)}
        yield _component("automatic_estimate", percent)


def _component(name: str, value: Piece) -> Piece:
    return {"code": concept(local("component", name, COMPONENTS[name])), **value}


def _details(found: Measurement) -> Iterator[Piece]:
    for name, detail in sorted(found.details.items()):
        value: Piece = {"valueString": detail}
        if not isinstance(detail, str):
            value = number(amount(exact(detail)), detail)
        yield {"code": concept(local("detail", name)), **value}
