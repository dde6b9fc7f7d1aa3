"""The report, its patient and specimens, and who has signed it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from cytomon.report.document import Status
from cytomon.report.fhir import write_fhir
from cytomon.report.fhir_parts import instant
from tests.report.fhir_reading import (
    CODES,
    code_of,
    measurements,
    of_kind,
    read_bundle,
)
from tests.report.fhir_sample import (
    OTHER_SHA,
    SHA,
    drafted,
    rich,
)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.DRAFT, "preliminary"), (Status.SIGNED, "final"), (Status.AMENDED, "amended")],
)
def test_report(status: Status, expected: str) -> None:
    """Status, code, identifiers, time, interpretation, results."""
    identity = replace(rich().identity, status=status)
    bundle = read_bundle(rich(identity=identity))
    (report,) = of_kind(bundle, "DiagnosticReport")
    urls = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}

    assert bundle["entry"][0]["resource"] == report
    assert report["status"] == expected
    assert code_of(report["code"]) == ("http://loinc.org", "101119-6")
    assert code_of(report["category"][0]) == (
        "http://terminology.hl7.org/CodeSystem/v2-0074",
        "LAB",
    )
    assert [one["value"] for one in report["identifier"]] == ["R-4711", "R-4711-v2"]
    assert report["effectiveDateTime"] == "2026-03-15"
    assert report["issued"] == "2026-03-15T12:30:00.250000+00:00"
    assert report["conclusion"] == "SIMULATED DATA\nMRD is back.\nCD19 is lost on the blasts."
    assert [urls[one["reference"]] for one in report["result"]] == measurements(bundle)


def test_narrative() -> None:
    """A reader of the report alone sees what it is, and what it is not."""
    (report,) = of_kind(
        read_bundle(rich(summary=("<script>alert(1)</script> & more",))), "DiagnosticReport"
    )
    shown = [one.text for one in ElementTree.fromstring(report["text"]["div"])]  # noqa: S314

    assert shown == [
        "SIMULATED DATA",
        "signed",
        "Product: CD19/CD22 CAR-T",
        "Is leukaemia left? MRD detected",
        "61 of 300,000 nucleated cells",
        "Marrow of 2026-03-09 (S-77)",
        "<script>alert(1)</script> & more",
        "The MRD was 0.",
        "Computed with research software.",
    ]


def test_patient() -> None:
    """Pseudonym, sex, year, day of death; of little that is recorded little is said."""
    (patient,) = of_kind(read_bundle(rich()), "Patient")
    (unknown,) = of_kind(read_bundle(drafted()), "Patient")

    assert set(patient) - {"resourceType", "id", "meta"} == {
        "identifier", "gender", "birthDate", "deceasedDateTime",
    }  # fmt: skip
    assert patient["identifier"] == [{"system": "urn:cytomon:patient", "value": "P-001"}]
    assert (patient["gender"], patient["birthDate"]) == ("female", "2015")
    assert patient["deceasedDateTime"] == "2026-03-12"
    assert set(unknown) == {"resourceType", "id", "identifier"}


@pytest.mark.parametrize(
    ("sex", "gender"),
    [("m", "male"), ("Female", "female"), (" F ", "female"), ("other", "other"), ("w", "unknown")],
)
def test_gender(sex: str, gender: str) -> None:
    """As laboratories write it; a word that is not known is not guessed at."""
    assert of_kind(read_bundle(rich(sex=sex)), "Patient")[0]["gender"] == gender


def test_specimens_and_files() -> None:
    """Collection, receipt where known, type; a file by its hash, once."""
    bundle = read_bundle(rich())
    marrow, blood = of_kind(bundle, "Specimen")
    files = [one["masterIdentifier"] for one in of_kind(bundle, "DocumentReference")]

    assert (marrow["collection"], marrow["receivedTime"]) == (
        {"collectedDateTime": "2026-03-09"},
        "2026-03-10",
    )
    assert "receivedTime" not in blood
    assert code_of(blood["type"]) == ("urn:cytomon:specimen-type", "blood")
    assert files == [{"system": "urn:cytomon:sha256", "value": one} for one in (SHA, OTHER_SHA)]


def test_signed() -> None:
    """Who, in which role, when, why, and what the signature means; nothing cryptographic."""
    (found,) = of_kind(read_bundle(rich()), "Provenance")
    person, program = found["agent"]
    (signature,) = found["signature"]

    assert found["recorded"] == signature["when"] == "2026-03-15T12:30:00.250000+00:00"
    assert (person["who"], person["role"]) == (
        {"display": "P. Athologist"},
        [{"text": "pathologist"}],
    )
    assert "reference" in program["who"]
    assert signature["who"] == {"display": "P. Athologist"}
    assert signature["type"] == [
        {
            "system": "urn:iso-astm:E1762-95:2013",
            "code": "1.2.840.10065.1.12.1.5",
            "display": "Verification Signature",
        }
    ]
    assert "data" not in signature
    assert found["reason"] == [{"text": "the MRD was read again"}]
    assert found["entity"][0]["what"]["identifier"]["value"] == "1234"


def test_draft() -> None:
    """Nobody has signed: no signature, no time but those of the document."""
    bundle = read_bundle(drafted())
    (found,) = of_kind(bundle, "Provenance")

    assert "issued" not in of_kind(bundle, "DiagnosticReport")[0]
    assert [one["who"].keys() for one in found["agent"]] == [{"reference"}]
    assert "signature" not in found
    assert found["_recorded"]["extension"][0]["valueCode"] == "unknown"
    assert "timestamp" not in bundle


def test_moment_in_another_zone() -> None:
    """A moment is told in UTC: the same moment, whatever zone it was written in."""
    assert instant("when", "2026-03-15T12:30:00+05:30") == {"when": "2026-03-15T07:00:00+00:00"}


@pytest.mark.parametrize("at", ["", "yesterday", "2026-03-15", "2026-03-15T12:30:00"])
def test_moment_without_zone(at: str) -> None:
    """A moment that is none is not made one."""
    assert list(instant("when", at)) == ["_when"]


def test_simulated() -> None:
    """Everything simulated says so; nothing else does."""
    bundle = read_bundle(rich())
    resources = [bundle, *(entry["resource"] for entry in bundle["entry"])]
    labels = [
        {one["code"] for one in resource["meta"][part]}
        for resource in resources
        for part in ("security", "tag")
    ]

    assert all("HTEST" in one for one in labels)
    assert b"HTEST" not in write_fhir(drafted(), CODES)
