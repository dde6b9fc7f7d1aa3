"""How the tests read a bundle: by themselves, with every digit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cytomon.model.results import (
    Measurement,
)
from cytomon.report.codes import Codes, read_codes
from cytomon.report.document import Document
from cytomon.report.fhir import write_fhir
from tests.report.fhir_sample import (
    with_one,
)

CODES = read_codes(None)


def read_bundle(document: Document, codes: Codes = CODES) -> dict[str, Any]:
    """The bundle with its numbers as they are written."""
    read: dict[str, Any] = json.loads(write_fhir(document, codes), parse_float=Decimal)
    return read


def of_kind(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if one["resourceType"] == kind]


def measurements(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in of_kind(bundle, "Observation") if "specimen" in one]


def only(measurement: Measurement, **changes: object) -> dict[str, Any]:
    (found,) = measurements(read_bundle(with_one(measurement, **changes)))
    return found


def walk(value: object, name: str = "") -> Iterator[tuple[str, Any]]:
    yield name, value
    if isinstance(value, dict):
        for key, one in value.items():
            yield from walk(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one, name)


def code_of(concept: dict[str, Any]) -> tuple[str, str]:
    return concept["coding"][0]["system"], concept["coding"][0]["code"]


def components(observation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {code_of(one["code"])[1]: one for one in observation["component"]}
