from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from cytomon.measure.bimodality import Modes
from cytomon.measure.intervals import binomial_interval
from cytomon.measure.phenotype import Staining, antigen_call, measure_antigen
from cytomon.measure.relapse_type import relapse_phenotype, relapse_phenotype_by_subclone
from cytomon.model.findings import Finding
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, Evidence, Kept, Limits, Measurement
from cytomon.model.tube import FloatArray

Cloud = tuple[float, float, int]
"""Median and SD on L, and events."""

NEGATIVE: Cloud = (0.0, 0.23, 3000)
TWO_PARTS = Modes(
    low_fraction=0.4,
    high_fraction=0.6,
    low_median=0.1,
    high_median=3.3,
    delta_bic=500.0,
    separation=9.0,
)


def kept(*clouds: Cloud, seed: int = 7, markers: Iterable[str] = ("CD19", "CD22")) -> Kept:
    """Normal clouds on L, with the linear values that belong to them; one stain, all markers."""
    draw = np.random.default_rng(seed)
    scaled = np.concatenate([draw.normal(median, sd, n) for median, sd, n in clouds])
    return kept_values(scaled, markers=markers)


def kept_values(scaled: FloatArray, *, markers: Iterable[str] = ("CD19", "CD22")) -> Kept:
    return Kept(
        rows=np.arange(len(scaled)),
        linear=dict.fromkeys(markers, linear(scaled)),
        scaled=dict.fromkeys(markers, scaled),
    )


def linear(scaled: FloatArray) -> FloatArray:
    return 150 * np.sinh(1.3 * scaled)


@pytest.fixture
def call(make_evidence: Callable[..., Evidence]) -> Callable[..., Measurement]:
    """Call an antigen on blasts of the given clouds, with T cells unless others are given."""

    def measure(
        *blasts: Cloud,
        marker: str = "CD19",
        baseline: float | None = None,
        day: int | None = None,
        masked: tuple[str, ...] = (),
        references: dict[str, Kept] | None = None,
        **parts: object,
    ) -> Measurement:
        specimen = Specimen(specimen_type=SpecimenType.MARROW, day=day, masked=masked)
        others = {"t_cells": kept(NEGATIVE, seed=1)} if references is None else references
        evidence = make_evidence(
            kept={"blasts": kept(*blasts), **others}, specimen=specimen, **parts
        )
        return measure_antigen(evidence, marker, baseline=baseline)

    return measure


Call = Callable[..., Measurement]


@pytest.mark.parametrize(
    ("cloud", "status"),
    [
        pytest.param((3.3, 0.35, 300), "POSITIVE", id="typical"),
        pytest.param((1.6, 0.35, 300), "DIM", id="dim"),
        pytest.param((0.1, 0.23, 300), "NEGATIVE", id="lost"),
    ],
)
@pytest.mark.parametrize("marker", ["CD19", "CD22"])
def test_calls_on_one_cloud(call: Call, marker: str, cloud: Cloud, status: str):
    """Bright, dim and lost blasts, without any B cell in the tube."""
    found = call(cloud, marker=marker)

    assert found.status == status
    assert found.qualifiers == (Qualifier.NO_POSITIVE_REFERENCE,)
    assert found.quantity == f"{marker.lower()}_blasts"


def test_mixed_blasts(call: Call):
    """60 % CD19+ with 40 % CD19-: PARTIAL, trial category plus, by subclone minus."""
    cd19 = call((3.3, 0.35, 600), (0.1, 0.23, 400))
    cd22 = call((2.6, 0.4, 1000), marker="CD22")

    assert cd19.status == AntigenCall.PARTIAL
    assert float(cd19.details["low_fraction"]) == pytest.approx(0.4, abs=0.01)
    assert float(cd19.details["high_median"]) == pytest.approx(3.3, abs=0.05)
    assert relapse_phenotype(cd19, cd22) == "CD19+/CD22+"
    assert relapse_phenotype_by_subclone(cd19, cd22) == "CD19-/CD22+"


def test_value_is_the_share_above_the_threshold(call: Call):
    """Counts, fraction and exact interval belong together."""
    found = call((1.0, 0.5, 400))
    above = np.count_nonzero(kept((1.0, 0.5, 400)).scaled["CD19"] > found.details["threshold"])

    assert (found.numerator, found.denominator) == (above, 400)
    assert found.estimate == binomial_interval(int(above), 400)


def test_threshold_is_three_robust_sd_above_the_median(call: Call):
    """Median + 3 x 1.4826 MAD, by hand on values whose median is 2 and MAD is 1."""
    reference = kept_values(np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], 200))
    found = call((3.3, 0.35, 100), references={"t_cells": reference})

    assert found.details["threshold"] == pytest.approx(2 + 3 * 1.4826)


def test_antigen_taken_by_t_cells_does_not_raise_the_threshold(call: Call):
    """1 % of T cells with CD19 from blasts would hide dim blasts behind a percentile."""
    clean, trogocytic = (kept((0.0, 0.23, 3000), (1.8, 0.3, n), seed=3) for n in (0, 30))
    found = [
        call((1.6, 0.35, 300), references={"t_cells": reference})
        for reference in (clean, trogocytic)
    ]

    assert np.percentile(trogocytic.scaled["CD19"], 99.5) > 1.3
    assert float(found[1].details["threshold"]) == pytest.approx(
        float(found[0].details["threshold"]), abs=0.02
    )
    assert found[1].status == AntigenCall.DIM


@pytest.mark.parametrize(
    ("n", "raised"), [pytest.param(50, True, id="enough"), pytest.param(49, False, id="few")]
)
def test_second_negative_reference_raises_the_threshold(call: Call, n: int, raised: bool):
    """Blast-sized progenitors glow more than T cells; the higher edge counts, from 50 events."""
    references = {
        "t_cells": kept(NEGATIVE, seed=1),
        "second_negative": kept((0.4, 0.23, n), seed=2),
    }
    alone = call((3.3, 0.35, 100))
    found = call((3.3, 0.35, 100), references=references)

    assert (found.details["threshold"] > alone.details["threshold"]) is raised  # type: ignore[operator]
    assert ("second_negative_events" in found.details) is raised


def test_second_negative_reference_never_lowers_the_threshold(call: Call):
    """A tighter second reference is reported and not used."""
    references = {
        "t_cells": kept(NEGATIVE, seed=1),
        "second_negative": kept((-0.3, 0.1, 500), seed=2),
    }
    found = call((3.3, 0.35, 100), references=references)

    assert found.details["threshold"] == found.details["negative_reference_threshold"]


@pytest.mark.parametrize(
    ("marker", "present", "used"),
    [
        ("CD19", {"t_cells": 500, "nk": 900, "granulocytes": 900}, "t_cells"),
        ("CD19", {"t_cells": 499, "nk": 500, "granulocytes": 900}, "nk"),
        ("CD19", {"nk": 499, "granulocytes": 500}, "granulocytes"),
        ("CD22", {"t_cells": 499, "nk": 500, "granulocytes": 900}, "nk"),
        ("CD22", {"nk": 499, "granulocytes": 900}, None),
        ("CD19", {"t_cells": 499}, None),
    ],
)
def test_order_of_negative_references(
    call: Call, marker: str, present: dict[str, int], used: str | None
):
    """T cells, then NK cells, then for CD19 alone granulocytes; 500 events each."""
    references = {role: kept((0.0, 0.23, n)) for role, n in present.items()}
    found = call((3.3, 0.35, 100), marker=marker, references=references)

    assert found.details.get("negative_reference") == used
    assert (Qualifier.NO_NEGATIVE_REFERENCE in found.qualifiers) is (used is None)
    assert (found.status == AntigenCall.NOT_ASSESSABLE) is (used is None)


def test_template_sets_the_events_of_the_reference(call: Call):
    """The least number of reference events is the template's."""
    references = {"t_cells": kept((0.0, 0.23, 200))}
    limits = Limits(reference_events=200)

    assert call((3.3, 0.35, 100), references=references).status == AntigenCall.NOT_ASSESSABLE
    assert call((3.3, 0.35, 100), references=references, limits=limits).status == (
        AntigenCall.POSITIVE
    )


@pytest.mark.parametrize(
    ("marker", "blasts", "mature_b", "r"),
    [("CD19", 1.6, 3.5, 0.085), ("CD22", 1.4, 3.7, 0.045)],
)
def test_relative_intensity(call: Call, marker: str, blasts: float, mature_b: float, r: float):
    """Dim blasts lie at the published share of the B cells' intensity (domain 3.5)."""
    references = {"t_cells": kept(NEGATIVE, seed=1), "mature_b": kept((mature_b, 0.22, 2000))}
    found = call((blasts, 0.01, 500), marker=marker, references=references)

    assert float(found.details["r"]) == pytest.approx(r, abs=0.006)
    assert found.status == AntigenCall.DIM
    assert found.qualifiers == ()


@pytest.mark.parametrize(
    "mature_b",
    [pytest.param((3.5, 0.2, 49), id="few"), pytest.param((-0.2, 0.1, 500), id="unstained")],
)
def test_without_usable_b_cells_there_is_no_relative_intensity(call: Call, mature_b: Cloud):
    """Fewer than 50 B cells, or B cells no brighter than T cells, are no positive reference."""
    references = {"t_cells": kept(NEGATIVE, seed=1), "mature_b": kept(mature_b)}
    found = call((3.3, 0.35, 100), references=references)

    assert "r" not in found.details
    assert Qualifier.NO_POSITIVE_REFERENCE in found.qualifiers
    assert found.status == AntigenCall.POSITIVE


def test_a_template_that_enters_by_the_antigen_cannot_see_its_loss(call: Call):
    """Blasts gated on CD19 say so beside the CD19 call, and beside no other."""
    gated = frozenset({"CD19"})

    cd19 = call((3.3, 0.35, 300), gated_on=gated)
    cd22 = call((3.3, 0.35, 300), marker="CD22", gated_on=gated)

    assert Qualifier.GATED_ON_ANTIGEN in cd19.qualifiers
    assert Qualifier.GATED_ON_ANTIGEN not in cd22.qualifiers


def test_b_cells_change_no_call_and_no_threshold(call: Call):
    """Aplasia takes r away and nothing else."""
    t_cells = {"t_cells": kept(NEGATIVE, seed=1)}
    without = call((1.9, 0.4, 200), references=t_cells)
    with_b = call((1.9, 0.4, 200), references={**t_cells, "mature_b": kept((3.5, 0.22, 500))})

    assert (with_b.status, with_b.estimate) == (without.status, without.estimate)
    assert with_b.details["threshold"] == without.details["threshold"]


@pytest.mark.parametrize(
    ("parts", "qualifier"),
    [
        ({"markers": ("CD22",)}, Qualifier.ANTIBODY_MISSING),
        ({"masked": ("CD19",)}, Qualifier.DRUG_EXPOSURE),
        ({"references": {}}, Qualifier.NO_NEGATIVE_REFERENCE),
    ],
)
def test_not_assessable(call: Call, parts: dict[str, object], qualifier: Qualifier):
    """Each obstacle takes the call away and is named; the blasts stay counted."""
    found = call((3.3, 0.35, 100), **parts)

    assert (found.status, found.estimate, found.numerator) == (
        AntigenCall.NOT_ASSESSABLE,
        None,
        None,
    )
    assert found.qualifiers == (qualifier,)
    assert found.denominator == 100


@pytest.mark.parametrize(("n", "assessable"), [(19, False), (20, True)])
def test_twenty_blasts_are_needed(call: Call, n: int, assessable: bool):
    """Fewer than 20 blasts carry no phenotype."""
    found = call((3.3, 0.35, n))

    assert (found.status != AntigenCall.NOT_ASSESSABLE) is assessable
    assert (Qualifier.TOO_FEW_BLASTS in found.qualifiers) is not assessable


def test_obstacles_are_all_named(call: Call):
    """A drug, too few blasts and no T cells at once."""
    found = call((3.3, 0.35, 5), masked=("CD19",), references={})

    assert found.qualifiers == (
        Qualifier.TOO_FEW_BLASTS,
        Qualifier.NO_NEGATIVE_REFERENCE,
        Qualifier.DRUG_EXPOSURE,
    )


def test_drug_against_one_antigen_leaves_the_other(call: Call):
    """Inotuzumab hides CD22, not CD19."""
    assert call((3.3, 0.35, 100), masked=("CD22",)).status == AntigenCall.POSITIVE


def test_template_without_blasts(make_evidence: Callable[..., Evidence]):
    """A subset tube has nothing to call and says so."""
    found = measure_antigen(make_evidence(kept={"t_cells": kept(NEGATIVE)}), "CD19")

    assert (found.status, found.denominator) == (AntigenCall.NOT_ASSESSABLE, None)
    assert "no blast gate" in str(found.details["reason"])


def test_marker_that_was_not_kept_is_a_missing_antibody(make_evidence: Callable[..., Evidence]):
    """Kept events without the marker cannot be called, and are no crash."""
    blasts = kept((3.3, 0.35, 100), markers=("CD22",))
    evidence = make_evidence(kept={"blasts": blasts, "t_cells": kept(NEGATIVE)})

    assert measure_antigen(evidence, "CD19").qualifiers == (Qualifier.ANTIBODY_MISSING,)


def staining(
    above: int,
    total: int,
    *,
    median: float = 3.0,
    delta: float | None = None,
    modes: Modes | None = None,
) -> Staining:
    """Blasts over a threshold of 0.7 L."""
    return Staining(
        estimate=binomial_interval(above, total),
        threshold=0.7,
        median=median,
        delta=delta,
        modes=modes,
    )


@pytest.mark.parametrize(
    ("marker", "found", "expected"),
    [
        ("CD19", staining(99, 1000), "NEGATIVE"),
        ("CD19", staining(99, 1000, modes=TWO_PARTS), "NEGATIVE"),
        ("CD19", staining(100, 1000, median=0.3), "PARTIAL"),
        ("CD19", staining(199, 1000, median=0.3), "PARTIAL"),
        ("CD19", staining(200, 1000, median=0.3), "DIM"),
        ("CD19", staining(1000, 1000, median=1.99), "DIM"),
        ("CD19", staining(1000, 1000, median=2.0), "POSITIVE"),
        ("CD19", staining(1000, 1000, median=1.5, modes=TWO_PARTS), "PARTIAL"),
        ("CD19", staining(799, 1000), "PARTIAL"),
        ("CD19", staining(800, 1000), "POSITIVE"),
        ("CD22", staining(990, 1000, delta=-0.51), "DIM"),
        ("CD22", staining(990, 1000, delta=-0.5), "POSITIVE"),
        ("CD19", staining(990, 1000, delta=-0.9), "POSITIVE"),
        ("CD22", staining(150, 1000, median=0.3, delta=-0.9), "PARTIAL"),
    ],
)
def test_first_rule_that_fits(marker: str, found: Staining, expected: str):
    """The decision table of domain 4.2 in its order, at its edges."""
    assert antigen_call(marker, found) == expected


def test_two_negative_parts_are_negative(call: Call):
    """Blasts of two modes that both lie below the threshold have lost the antigen."""
    found = call((-0.4, 0.1, 500), (0.3, 0.1, 500))

    assert "low_fraction" in found.details
    assert found.status == AntigenCall.NEGATIVE


def test_a_gap_too_small_to_be_a_subclone_is_still_partial(call: Call):
    """30 bright and 15 lost blasts: too few for two parts, but not POSITIVE."""
    found = call((3.3, 0.3, 30), (0.0, 0.15, 15))

    assert "low_fraction" not in found.details
    assert (found.status, found.qualifiers[0]) == (AntigenCall.PARTIAL, Qualifier.PROVISIONAL)


def test_equivocal_is_ten_to_twenty_percent_of_one_mode(call: Call):
    """A shoulder above the threshold, neither lost nor dim."""
    found = call((0.4, 0.3, 1000))

    assert found.estimate is not None
    assert 0.1 <= found.estimate.value < 0.2
    assert found.status == AntigenCall.PARTIAL
    assert Qualifier.EQUIVOCAL in found.qualifiers


def test_a_clear_subclone_is_not_equivocal(call: Call):
    """15 % bright blasts beside lost ones are two populations, whatever the share."""
    found = call((3.3, 0.3, 150), (0.0, 0.2, 850))

    assert found.status == AntigenCall.PARTIAL
    assert Qualifier.EQUIVOCAL not in found.qualifiers


@pytest.mark.parametrize(
    ("n", "day", "provisional"),
    [(49, None, True), (50, None, False), (500, 27, True), (500, 28, False)],
)
def test_provisional_by_size_and_day(call: Call, n: int, day: int | None, provisional: bool):
    """Under 50 blasts, or before day 28, when CARs strip CD19 from blasts."""
    found = call((3.3, 0.35, n), day=day)

    assert (Qualifier.PROVISIONAL in found.qualifiers) is provisional


@pytest.mark.parametrize(
    ("above", "total", "provisional"), [(4, 50, False), (5, 51, True), (9, 100, False)]
)
def test_negative_with_a_wide_interval_is_provisional(
    call: Call, above: int, total: int, provisional: bool
):
    """NEGATIVE whose interval reaches 20 % is not yet sure (4/50: 19.2 %, 5/51: 21.4 %)."""
    found = call((2.5, 0.01, above), (-0.2, 0.05, total - above))

    assert found.status == AntigenCall.NEGATIVE
    assert (Qualifier.PROVISIONAL in found.qualifiers) is provisional


@pytest.mark.parametrize(
    ("marker", "status"), [("CD19", AntigenCall.POSITIVE), ("CD22", AntigenCall.DIM)]
)
def test_decreased_against_the_own_baseline(call: Call, marker: str, status: AntigenCall):
    """A loss of more than half a log is named for both, and makes CD22 dim."""
    baseline = float(linear(np.array([2.8]))[0]) * 10**0.6
    found = call((2.8, 0.2, 500), marker=marker, baseline=baseline)

    assert float(found.details["delta"]) == pytest.approx(-0.6, abs=0.02)
    assert found.status == status
    assert Qualifier.DECREASED in found.qualifiers


def test_lost_antigen_is_decreased(call: Call):
    """A median below zero, as compensation leaves it, has a logarithm all the same."""
    found = call((-0.3, 0.1, 500), marker="CD22", baseline=2000.0)

    assert found.details["delta"] == pytest.approx(np.log10(1 / 2000))
    assert (found.status, Qualifier.DECREASED in found.qualifiers) == (AntigenCall.NEGATIVE, True)


@pytest.mark.parametrize("baseline", [None, 0.0, -12.0])
def test_without_antigen_at_baseline_nothing_decreases(call: Call, baseline: float | None):
    """No baseline, or one at background, gives no delta."""
    found = call((2.8, 0.2, 500), marker="CD22", baseline=baseline)

    assert "delta" not in found.details
    assert found.status == AntigenCall.POSITIVE


def test_quality_failure_is_marked(call: Call, failure: Finding):
    """The call stands, marked; escape must not hide behind a bad tube."""
    found = call((0.0, 0.2, 300), failures=(failure,))

    assert found.status == AntigenCall.NEGATIVE
    assert found.qualifiers[-1] == Qualifier.QUALITY_FAILED


def test_other_antigens_are_refused(make_evidence: Callable[..., Evidence]):
    """Rules exist for CD19 and CD22 only."""
    with pytest.raises(ValueError, match="marker='CD20': expected one of CD19, CD22"):
        measure_antigen(make_evidence(), "CD20")
