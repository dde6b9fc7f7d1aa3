"""Values that the tests of this room are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Evidence, Kept, Limits


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., Evidence]:
    """A clean marrow tube stained for CD19 and CD22; every part can be replaced."""

    def make(
        counts: dict[str, int] | None = None,
        kept: dict[str, Kept] | None = None,
        specimen: Specimen | None = None,
        limits: Limits | None = None,
        failures: tuple[Finding, ...] = (),
        markers: tuple[str, ...] = ("CD19", "CD22"),
        gated_on: frozenset[str] = frozenset(),
    ) -> Evidence:
        return Evidence(
            counts=counts or {},
            kept=kept or {},
            markers=frozenset(markers),
            limits=limits or Limits(),
            specimen=specimen or Specimen(specimen_type=SpecimenType.MARROW),
            failures=failures,
            gated_on=gated_on,
        )

    return make


@pytest.fixture(scope="session")
def failure() -> Finding:
    """A hard quality failure."""
    return Finding(
        code="QC_VIABILITY",
        severity=Severity.ERROR,
        what="only 40.0% of the cells are viable",
        where="gate viable",
        fix="ask for a fresh specimen",
    )
