"""The page on FHIR names every element, status, component and system."""

from __future__ import annotations

import re

from cytomon.report.fhir import write_fhir
from cytomon.report.fhir_observations import COMPONENTS, INTERPRETATIONS
from tests.docs.pages import DOCS, first_column, read, rows, section
from tests.report.fhir_reading import (
    CODES,
    read_bundle,
)
from tests.report.fhir_sample import (
    drafted,
    rich,
)

PAGE = read(DOCS / "reference" / "fhir.md")


def _elements() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for document in (rich(), drafted()):
        for entry in read_bundle(document)["entry"]:
            resource = entry["resource"]
            names = {name.lstrip("_") for name in resource} - {"resourceType", "id", "meta"}
            found.setdefault(resource["resourceType"], set()).update(names)
    return found


def test_page_elements() -> None:
    """The page has a section for each resource, with its elements and no other."""
    elements = _elements()
    observation = section(PAGE, "Observation").partition("\n### ")[0]
    listed = {kind: set(first_column(section(PAGE, kind))) for kind in elements}

    assert {**listed, "Observation": set(first_column(observation))} == elements


def test_page_statuses() -> None:
    """The page maps each status as the code does."""
    text = section(PAGE, "Observation").partition("### Status")[2].partition("### Comp")[0]

    assert {cells[0].strip("`"): cells[1].strip("`") for cells in rows(text)} == {
        status: code for status, (code, _) in INTERPRETATIONS.items()
    }


def test_page_components() -> None:
    """The page lists each component."""
    text = section(PAGE, "Observation").partition("### Components")[2]

    assert first_column(text) == list(COMPONENTS)


def test_page_systems() -> None:
    """The page lists each system of cytomon's own, and no other."""
    content = write_fhir(rich(), CODES).decode()
    listed = {cells[0].strip("`") for cells in rows(section(PAGE, "Codes"))}

    assert listed == set(re.findall(r'"(urn:cytomon:[a-z0-9-]+)"', content))
