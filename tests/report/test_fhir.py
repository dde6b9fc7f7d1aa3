"""A bundle is valid, closed in itself, and harmless whatever stands in it."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import date

import pytest
from fhir.resources.R4B.bundle import Bundle

from cytomon.errors import InputError
from cytomon.report.document import Document
from cytomon.report.fhir import write_fhir
from cytomon.report.fhir_parts import inert
from cytomon.report.told import Happened
from tests.report.fhir_reading import (
    CODES,
    of_kind,
    read_bundle,
    walk,
)
from tests.report.fhir_sample import (
    drafted,
    rich,
)


@pytest.mark.parametrize("document", [rich(), drafted()], ids=["rich", "draft"])
def test_valid(document: Document) -> None:
    """The models of fhir.resources read the bundle again."""
    content = write_fhir(document, CODES)
    bundle = Bundle.model_validate_json(content)

    assert len(bundle.entry or ()) == len(json.loads(content)["entry"])


@pytest.mark.parametrize("document", [rich(), drafted()], ids=["rich", "draft"])
def test_references(document: Document) -> None:
    """Every reference leads to a resource of the kind that may stand there; ids are unique."""
    bundle = read_bundle(document)
    kinds = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    ids = [entry["resource"]["id"] for entry in bundle["entry"]]
    may = {
        "subject": {"Patient"},
        "patient": {"Patient"},
        "specimen": {"Specimen"},
        "result": {"Observation"},
        "performer": {"Organization"},
        "device": {"Device"},
        "author": {"Device"},
        "who": {"Device"},
        "derivedFrom": {"DocumentReference"},
        "target": {"DiagnosticReport"},
    }
    pairs = [
        (name, kinds[one["reference"]])
        for name, one in walk(bundle)
        if isinstance(one, dict) and "reference" in one
    ]

    assert {name for name, kind in pairs if kind not in may[name]} == set()
    assert len(kinds) == len(set(ids)) == len(bundle["entry"])
    assert [f"urn:uuid:{one}" for one in ids] == list(kinds)


def test_required_value_sets() -> None:
    """The models look into no value set; what stands in a required one is in it."""
    required = {
        ("DiagnosticReport", "status"): "preliminary final amended",
        ("Observation", "status"): "preliminary final unknown",
        ("DocumentReference", "status"): "current",
        ("Procedure", "status"): "completed",
        ("MedicationAdministration", "status"): "unknown",
        ("DetectedIssue", "status"): "preliminary final",
        ("DetectedIssue", "severity"): "high moderate low",
        ("Patient", "gender"): "male female other unknown",
    }
    found = [
        ((entry["resource"]["resourceType"], name), entry["resource"][name])
        for document in (rich(), drafted())
        for entry in read_bundle(document)["entry"]
        for name in ("status", "severity", "gender")
        if name in entry["resource"]
    ]

    assert {key for key, _ in found} == set(required)
    assert [one for one in found if one[1] not in required[one[0]].split()] == []


HOSTILE = (
    "<script>alert('x')</script>",
    "A\u202eB\u2066C\u200fD",
    "bell\x07 null\x00 escape\x1b[31m",
    "\ud800 lone",
    "\u2028\u2029",
    "a\u00a0b\u3000c",
    '"}],"resourceType":"Patient"',
    "  ",
    "long " * 2048,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile(text: str) -> None:
    """Whatever stands in a text or an identifier, it is shown and does nothing."""
    whole = rich()
    specimens = tuple(
        replace(
            one,
            specimen_id=text,
            observed=tuple(
                replace(part, says=text, title=text, method=text) for part in one.observed
            ),
        )
        for one in whole.specimens
    )
    document = replace(
        whole,
        patient_id=text,
        product=text,
        summary=(text,),
        banner=text,
        laboratory=f"L{text}",
        specimens=specimens,
        happened=(Happened(on=date(2026, 3, 1), event="drug", value=f"d{text}", unit=text),),
        alerts=tuple(replace(one, says=text, facts=(text,)) for one in whole.alerts),
    )
    content = write_fhir(document, CODES)
    strings = [one for _, one in walk(json.loads(content)) if isinstance(one, str)]
    shown = re.sub(r"[\s\u3000]", " ", inert(text))

    Bundle.model_validate_json(content)
    assert all(re.fullmatch(r"[ \r\n\t\S]+", one) for one in strings)
    assert not any(
        mark in one for one in strings for mark in "\x00\x07\x1b\u202e\u2066\u200f\u2028"
    )
    assert [
        one["identifier"][0].get("value", "") for one in of_kind(json.loads(content), "Patient")
    ] == [shown]


def test_identifiers_stay_apart() -> None:
    """Marks that nobody sees are spelled out, not dropped: two patients stay two."""
    assert inert("P1\u202e") == "P1⟨U+202E⟩" != inert("P1")


def test_same_bytes() -> None:
    """The same report gives the same bytes."""
    assert write_fhir(rich(), CODES) == write_fhir(rich(), CODES)


def test_other_content_has_other_ids() -> None:
    """Two versions, or two contents, share no id: none is taken for the other."""
    one, other = rich(), rich(summary=("MRD is gone.",))
    later = rich(identity=replace(rich().identity, version=3))
    ids = [
        {entry["fullUrl"] for entry in read_bundle(each)["entry"]} for each in (one, other, later)
    ]

    assert len(ids[0] | ids[1] | ids[2]) == 3 * len(ids[0])


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to install it."""
    monkeypatch.setitem(sys.modules, "fhir.resources.R4B.bundle", None)

    with pytest.raises(InputError) as refused:
        write_fhir(rich(), CODES)
    assert refused.value.fix == 'pip install "cytomon[fhir]"'


def test_defect_names_no_patient() -> None:
    """A bundle that is none says where, and nothing of what stands there."""
    broken = replace(rich(), signer=replace(rich().signer, name=""))  # type: ignore[type-var]

    with pytest.raises(ValueError, match="no FHIR") as raised:
        write_fhir(broken, CODES)
    assert "P-001" not in str(raised.value)
    assert "signature.0.who" in str(raised.value)
