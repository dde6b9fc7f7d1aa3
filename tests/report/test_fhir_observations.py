"""Each number of a measurement is told in full, and no answer is negative by mistake."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.model.results import (
    MRD_QUANTITIES,
    AntigenCall,
    BCellStatus,
    Estimate,
    Measurement,
    MrdStatus,
)
from cytomon.report.document import Document
from cytomon.report.fhir_observations import COMPONENTS, INTERPRETATIONS
from cytomon.report.fhir_parts import exact, in_percent, written
from tests.report.fhir_reading import (
    CODES,
    code_of,
    components,
    measurements,
    only,
    read_bundle,
    walk,
)
from tests.report.fhir_sample import (
    LONG,
    NOISY,
    SHA,
    measured,
    rich,
    silent,
    with_one,
)


@pytest.mark.parametrize("quantity", MRD_QUANTITIES)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("POSITIVE", "POS"),
        ("POSITIVE_BELOW_LOQ", "POS"),
        ("DETECTED_BELOW_THRESHOLD", "DET"),
        ("BELOW_LOD", "IND"),
        ("NOT_DETECTED", "ND"),  # codespell:ignore nd
        ("INSUFFICIENT_SENSITIVITY", "IND"),
    ],
)
def test_mrd_interpretation(quantity: str, status: str, code: str) -> None:
    """Domain 6.5: what an MRD means to other systems."""
    found = only(measured(quantity, status))
    (said,) = found["interpretation"]

    assert code_of(said) == (
        "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        code,
    )
    assert code_of(components(found)["status"]["valueCodeableConcept"]) == (
        "urn:cytomon:mrd-status",
        status,
    )
    assert found["valueQuantity"]["code"] == "%"


def test_every_mrd_status_is_mapped() -> None:
    """All but the one without an answer."""
    assert set(INTERPRETATIONS) == set(MrdStatus) - {MrdStatus.NOT_EVALUABLE}


@pytest.mark.parametrize("status", list(MrdStatus))
def test_never_negative(status: MrdStatus) -> None:
    """No status, of few cells and of few events least of all, becomes a negative code of HL7."""
    codes = {
        one["code"]
        for _, one in walk(only(measured(status=status)))
        if isinstance(one, dict) and "hl7.org" in str(one.get("system"))
    }

    assert codes & {"NEG", "N", "NR"} == set()


@pytest.mark.parametrize(
    ("quantity", "system", "status"),
    [
        *(("b_fraction", "b-cell-status", one) for one in BCellStatus if "NOT" not in one),
        *(("cd19_blasts", "antigen-call", one) for one in AntigenCall if "NOT" not in one),
        *(("cd22_blasts", "antigen-call", one) for one in AntigenCall if "NOT" not in one),
    ],
)
def test_other_answers_are_local(quantity: str, system: str, status: str) -> None:
    """A lost antigen is not taken for a negative MRD."""
    (said,) = only(measured(quantity, status))["interpretation"]

    assert [(one["system"], one["code"]) for one in said["coding"]] == [
        (f"urn:cytomon:{system}", status)
    ]


def test_plain_quantities_mean_nothing() -> None:
    """A viability has a value and no interpretation."""
    found = only(measured("viability", "MEASURED"))

    assert "interpretation" not in found
    assert found["valueQuantity"]["value"] == Decimal("0.012345678901234567")


@pytest.mark.parametrize(
    "measurement",
    [
        silent("mrd", "NOT_EVALUABLE"),
        silent("cd19_blasts", "NOT_ASSESSABLE"),
        silent("b_fraction", "NOT_EVALUABLE"),
        silent("viability", "NOT_EVALUABLE"),
        measured("b_fraction", "NOT_EVALUABLE"),
        measured("mrd", "NOT_EVALUABLE"),
    ],
    ids=lambda one: f"{one.quantity}-{'computed' if one.estimate else 'none'}",
)
def test_no_answer_has_no_value(measurement: Measurement) -> None:
    """The reason stands in place of the value, also where a number was computed (obs-6)."""
    found = only(measurement, says="why not")
    said = found["dataAbsentReason"]

    assert [name for name in found if name.startswith("value") or name == "interpretation"] == []
    assert code_of(said) == ("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")
    assert said["text"] == "why not"
    assert ("estimate" in components(found)) == (measurement.estimate is not None)


def test_one_value_each() -> None:
    """No observation and no component has two values, or a value and a reason for none."""
    for _, one in walk(read_bundle(rich())):
        if isinstance(one, dict) and "code" in one and "component" not in one:
            values = [key for key in one if key.startswith(("value", "dataAbsent"))]
            assert len(values) <= 1


def _numbers(document: Document) -> set[Decimal]:
    """Every number of a document's measurements, in the digits of its double, percent or not."""
    found: set[Decimal] = set()
    for one in (one.measurement for part in document.specimens for one in part.observed):
        counts = [one.numerator, one.denominator]
        shares = [one.lod, one.loq]
        if one.estimate:
            shares += [one.estimate.value, one.estimate.low, one.estimate.high, one.estimate.level]
        details = [detail for detail in one.details.values() if not isinstance(detail, str)]
        found |= {Decimal(count) for count in counts if count is not None}
        found |= {Decimal(repr(share)) * 100 for share in shares if share is not None}
        found |= {Decimal(repr(detail)) for detail in details}
    return found


def test_numbers() -> None:
    """All numbers of the measurements, in full, and no other; those of events besides."""
    bundle = read_bundle(rich())
    numbers = {Decimal(one) for _, one in walk(bundle) if type(one) in (int, Decimal)}
    of_events = {Decimal(one) for one in ("251.60", "0.1", "7", "2", "0.02")}

    # of the automatic result beside a reviewed one its counts and its share, and nothing more
    beside = {Decimal(73)}
    assert numbers == _numbers(rich()) | of_events | beside


def test_who_has_reviewed() -> None:
    """A note for each word of a reviewer; of what was rejected, with the specimen."""
    bundle = read_bundle(rich())
    first, other = measurements(bundle)[:2]
    specimens = [
        e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Specimen"
    ]
    changed, undated = first["note"][1:]

    assert (changed["authorString"], changed["text"]) == ("A. Reader", "changed in review: debris")
    assert changed["time"] == "2026-03-11T08:00:00+00:00"
    assert "time" not in undated
    assert undated["_time"]["extension"][0]["valueCode"] == "unknown"
    assert len(other["note"]) == 1
    assert [len(one.get("note", [])) for one in specimens] == [1, 0]


def test_the_automatic_result_is_a_component() -> None:
    """Never the value, and of a result that no review has made there is none."""
    first, other = measurements(read_bundle(rich()))[:2]
    named = {name: one for name, one in components(first).items() if "automatic" in name}

    assert set(named) == {name for name in COMPONENTS if name.startswith("automatic")}
    assert named["automatic_numerator"]["valueQuantity"]["value"] == 73
    assert named["automatic_estimate"]["valueQuantity"]["code"] == "%"
    assert not [name for name in components(other) if "automatic" in name]


def test_numbers_of_a_measurement() -> None:
    """Each number stands under its own name."""
    found = only(measured())
    values = {
        name: one["valueQuantity"]["value"]
        for name, one in components(found).items()
        if "valueQuantity" in one
    }

    assert found["valueQuantity"]["value"] == Decimal(repr(LONG)) * 100
    assert values == {
        "numerator": 61,
        "denominator": 300_000,
        "ci_low": Decimal("0.01012"),
        "ci_high": Decimal("0.028"),
        "ci_level": 95,
        "lod": Decimal(repr(20 / 300_000)) * 100,
        "loq": Decimal(repr(50 / 300_000)) * 100,
        "sensitivity": Decimal(repr(20 / 300_000)),
        "k_low": Decimal("57.0"),
    }
    assert components(found)["template_used"]["valueString"] == "b-all-mrd"
    assert components(found)["denominator_of"]["valueCodeableConcept"]["coding"] == [
        {"system": "urn:cytomon:population", "code": "nucleated"}
    ]
    assert [
        one["valueCodeableConcept"]["coding"][0]["code"]
        for one in found["component"]
        if code_of(one["code"])[1] == "qualifier"
    ] == ["BORDERLINE_AT_THRESHOLD", "CHECK_BY_EYE"]


@given(st.floats(min_value=0, max_value=1))
def test_no_noise(fraction: float) -> None:
    """Reading the percentage back gives the same double, and the digits are its own."""
    share = Decimal(written(in_percent(fraction)["value"]))

    assert float(share.scaleb(-2)) == fraction
    assert share.scaleb(-2) == exact(fraction)
    assert re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]+)?", written(share))


def test_digits_of_a_double_are_lost_elsewhere() -> None:
    """What multiplying doubles gives is not what is written."""
    estimate = Estimate(value=NOISY, low=0.0, high=1.0)
    found = only(measured(estimate=estimate))

    assert str(100 * NOISY) == "0.027999999999999997"
    assert str(found["valueQuantity"]["value"]) == "0.028"


def test_not_finite() -> None:
    """What is no number has a reason in its place; JSON knows no NaN."""
    details = {"a": float("nan"), "b": float("inf"), "c": -float("inf")}
    found = components(only(measured(details=details)))

    assert [code_of(found[name]["dataAbsentReason"])[1] for name in "abc"] == [
        "not-a-number",
        "positive-infinity",
        "negative-infinity",
    ]


def test_observation_stands_on() -> None:
    """Specimen, day, file, program, method and whether it was released."""
    bundle = read_bundle(rich())
    urls = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    first, elsewhere, waiting = (measurements(bundle)[place] for place in (0, 3, 4))

    assert urls[first["derivedFrom"][0]["reference"]]["masterIdentifier"]["value"] == SHA
    assert urls[first["specimen"]["reference"]]["identifier"][0]["value"] == "S-77"
    assert urls[waiting["specimen"]["reference"]]["identifier"][0]["value"] == "S-78"
    assert urls[first["device"]["reference"]]["deviceName"][0]["name"] == "cytomon"
    assert first["method"] == {"text": "b-all-mrd 2.1.0"}
    assert first["note"][0] == {"text": "MRD detected, 0.0123 %"}
    assert (first["effectiveDateTime"], waiting["effectiveDateTime"]) == (
        "2026-03-09",
        "2026-03-11",
    )
    assert (first["status"], waiting["status"]) == ("final", "preliminary")
    assert {"device", "derivedFrom"} & set(elsewhere) == set()


def test_own_codes() -> None:
    """A laboratory's code stands before ours."""
    own = {("mrd", "marrow"): CODES.of("report")[0]}
    codes = replace(CODES, own=own)
    (found,) = measurements(read_bundle(with_one(measured()), codes))

    assert [one["code"] for one in found["code"]["coding"]] == ["101119-6", "mrd"]
