"""Events, procedures and flags as other systems take them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cytomon.report.fhir_course import SEVERITIES
from cytomon.report.told import Happened
from tests.report.fhir_reading import (
    code_of,
    of_kind,
    read_bundle,
)
from tests.report.fhir_sample import (
    HAPPENED,
    rich,
)


@pytest.mark.parametrize(
    ("happened", "name", "value"),
    [
        (HAPPENED[0], "valueQuantity", {"value": "251.60", "unit": "copies/ng"}),
        (HAPPENED[1], "valueQuantity", {"value": "0.1", "unit": "copies/ng", "comparator": "<"}),
        (HAPPENED[2], "valueString", "M1"),
        (HAPPENED[3], "valueQuantity", {"value": "7", "unit": "%", "code": "%"}),
        (HAPPENED[4], "valueQuantity", {"value": "2", "unit": "%", "code": "%"}),
        (HAPPENED[5], "valueQuantity", {"value": "0.02", "unit": "1", "code": "1"}),
        (HAPPENED[9], "valueBoolean", True),
        (replace(HAPPENED[0], value="1e999999999"), "valueString", "1e999999999 copies/ng"),
        (replace(HAPPENED[0], value="NaN"), "valueString", "NaN copies/ng"),
        (replace(HAPPENED[0], value="007.5"), "valueQuantity", {"value": "7.5"}),
    ],
    ids=lambda one: f"{one.event}-{one.value}" if isinstance(one, Happened) else "",
)
def test_events(happened: Happened, name: str, value: object) -> None:
    """A number where one is written, else the words, else that it happened."""
    (found,) = of_kind(read_bundle(rich(happened=(happened,), specimens=())), "Observation")
    said = found[name]
    if isinstance(value, dict):
        said = {key: str(said[key]) for key in value}

    assert said == value
    assert code_of(found["code"]) == ("urn:cytomon:event", happened.event)
    assert found["effectiveDateTime"] == happened.on.isoformat()


def test_procedures() -> None:
    """The infusion with its product, the transplant, the second infusion; a drug by itself."""
    bundle = read_bundle(rich())
    procedures = of_kind(bundle, "Procedure")
    (drug,) = of_kind(bundle, "MedicationAdministration")

    assert [(code_of(one["code"])[1], one["performedDateTime"]) for one in procedures] == [
        ("infusion", "2026-02-09"),
        ("transplant", "2026-03-07"),
        ("second_infusion", "2026-03-08"),
    ]
    assert procedures[0]["usedCode"] == [{"text": "CD19/CD22 CAR-T (simulated)"}]
    assert procedures[1]["note"] == [{"text": "sibling"}]
    assert drug["medicationCodeableConcept"] == {"text": "blinatumomab"}
    assert drug["effectiveDateTime"] == "2026-03-09"


def test_flags() -> None:
    """Rule, severity, day, sentence, evidence, answers; the finer urgency beside."""
    critical, info = of_kind(read_bundle(rich()), "DetectedIssue")
    texts = [(code_of(one["code"][0])[1], one["code"][0]["text"]) for one in critical["evidence"]]

    assert code_of(critical["code"]) == ("urn:cytomon:rule", "A2")
    assert "text" not in critical["code"]
    assert code_of(info["code"]) == ("urn:cytomon:rule", "A16")
    assert info["code"]["text"] == "A16 m6"
    assert (critical["severity"], info["severity"]) == ("high", "low")
    assert (critical["status"], info["status"]) == ("preliminary", "final")
    assert critical["identifiedDateTime"] == "2026-03-09"
    assert critical["detail"] == "MRD at or above 0.01 %"
    assert texts == [
        ("fact", "Marrow of 2026-03-09: 0.0123 %"),
        ("fact", "61 of 300,000"),
        ("confirms", "repeat within 4 weeks"),
    ]
    assert critical["mitigation"] == [{"action": {"text": "A. Reader, analyst: called the clinic"}}]
    assert critical["meta"]["tag"][0] == {"system": "urn:cytomon:urgency", "code": "critical"}
    assert info["evidence"][0]["code"][0]["text"] == "not recorded"


def test_severities() -> None:
    """Domain 5.8: critical and high are the highest that FHIR has."""
    assert SEVERITIES == {"critical": "high", "high": "high", "medium": "moderate", "info": "low"}
