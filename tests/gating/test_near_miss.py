"""A tube that looks like an MRD tube and has no MRD says so; lymphocyte tubes do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import cytomon
from cytomon.fcs.write import write_fcs
from cytomon.gating.near_miss import NearMiss, near_misses, say_unmeasured
from cytomon.gating.template import list_templates
from cytomon.model.findings import Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube

LYMPHOCYTES = {"CD45", "CD3", "CD19"}
MISSED = (NearMiss(template="b_all_mrd", missing=("CD34",)),)


@pytest.mark.parametrize(
    ("others", "found"),
    [
        pytest.param({"CD22", "CD10", "CD20", "CD38"}, {"b_all_mrd": ("CD34",)}, id="no-CD34"),
        pytest.param(
            {"CD10", "CD20", "CD34", "CD38"},
            {
                "b_all_mrd": ("CD22",),
                "b_all_mrd_aieop_bfm": ("Nuclear",),
                "b_all_mrd_euroflow": ("CD81",),
            },
            id="one-short-of-each",
        ),
        pytest.param(
            {"CD20"}, {"b_all_mrd": ("CD10", "CD22", "CD34", "CD38")}, id="half-of-one-is-enough"
        ),
        pytest.param({"CD16+CD56"}, {}, id="a-lymphocyte-tube"),
        pytest.param(set(), {}, id="no-more-than-lymphocytes"),
    ],
)
def test_the_nearest_templates(others: set[str], found: dict[str, tuple[str, ...]]):
    """Those that lack the fewest markers, each with what it lacks."""
    templates = list_templates()
    (picked,) = (t for t in templates if t.name == "lymphocyte_subsets")

    missed = near_misses(LYMPHOCYTES | others, picked, templates)

    assert {one.template: one.missing for one in missed} == found


def test_a_tube_with_mrd_misses_nothing():
    """Whatever other MRD templates would also need."""
    templates = list_templates()
    (picked,) = (t for t in templates if t.name == "b_all_mrd")

    assert near_misses(set(picked.spec.markers.required), picked, templates) == ()


@pytest.mark.parametrize(
    ("kind", "said"), [("marrow", True), ("", True), ("blood", False), ("csf", False)]
)
def test_who_is_told(kind: str, said: bool):
    """Marrow, and tubes of which nobody said what they are."""
    specimen = Specimen(specimen_type=SpecimenType(kind)) if kind else None
    found = list(say_unmeasured(MISSED, specimen, where="t.fcs"))

    assert [(one.code, one.severity) for one in found] == [
        ("MRD_NOT_MEASURED", Severity.WARNING)
    ] * said
    assert all("b_all_mrd also needs CD34" in one.what for one in found)
    assert list(say_unmeasured((), specimen, where="t.fcs")) == []


def test_a_marrow_without_cd34(tmp_path: Path):
    """Half a per cent of blasts in a marrow that only fits the lymphocyte template."""
    tube = simulate_tube(
        TubePlan(state="BM_m3_BCA", n_events=12_000, seed=305, blasts={"blast_typical": 0.005})
    )
    channels = [replace(c, pns="") if c.pns.startswith("CD34") else c for c in tube.channels]
    path = tmp_path / "t.fcs"
    write_fcs(path, tube.events, channels, spillover=tube.spillover, keywords={})
    marrow, blood = (Specimen(specimen_type=SpecimenType(kind)) for kind in ("marrow", "blood"))

    codes = {}
    for name, specimen in (("marrow", marrow), ("unknown", None), ("blood", blood)):
        result = cytomon.measure_tube(path, specimen=specimen)
        assert result.placement.template == "lymphocyte_subsets"
        codes[name] = [f.what for f in result.findings if f.code == "MRD_NOT_MEASURED"]
    named = cytomon.measure_tube(path, specimen=marrow, template="lymphocyte_subsets")

    assert "It came closest to: b_all_mrd also needs CD34" in codes["marrow"][0]
    assert codes["unknown"] == codes["marrow"]
    assert codes["blood"] == []
    # who names the template knows what it measures
    assert "MRD_NOT_MEASURED" not in {f.code for f in named.findings}
