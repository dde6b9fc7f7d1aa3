"""What a result says about leukaemia that gets out of sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cytomon.measure.catalogue import measure_all
from cytomon.measure.escape import PRO_B_MARKERS, is_kmt2a
from cytomon.measure.pooling import pool_mrd
from cytomon.model.normal import Cluster
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Estimate, Evidence, Kept, Limits, Measurement

MRD = ("mrd", "mrd_wbc", "mrd_mnc")
BASE = {"nucleated": 900_000, "wbc": 800_000, "mnc": 400_000}
DUAL, KMT2A = Qualifier.LIMITED_FOR_DUAL_ESCAPE, Qualifier.LIMITED_FOR_KMT2A_ESCAPE
ESCAPE = Qualifier.ANTIGEN_ESCAPE_SUSPECTED


def marrow(genotype: str) -> Specimen:
    return Specimen(specimen_type=SpecimenType.MARROW, genotype=genotype)


@pytest.mark.parametrize("quantity", MRD)
@pytest.mark.parametrize(("b_only", "suspected"), [(0, False), (19, False), (20, True)])
def test_escape_from_twenty_events_of_tree_b_alone(
    make_evidence: Callable[..., Evidence], quantity: str, b_only: int, suspected: bool
):
    """Every MRD says so, and 19 are not yet a cluster."""
    evidence = make_evidence(counts={**BASE, "blasts": 300, "blasts_b_only": b_only})
    (found,) = measure_all(evidence, [quantity])

    assert (ESCAPE in found.qualifiers) is suspected


def cluster(events: int, cd19: float) -> Cluster:
    return Cluster(
        events=events, centre={"CD19": cd19}, nearest="hematogone_I", distance=8.0, aberrant={}
    )


@pytest.mark.parametrize(
    ("clusters", "suspected"),
    [
        ((cluster(97_000, 3.3),), False),
        ((cluster(97_000, 3.3), cluster(25, 0.1)), True),
        ((cluster(97_000, 3.3), cluster(19, 0.1)), False),
    ],
)
def test_the_dim_end_of_many_blasts_is_no_escape(
    make_evidence: Callable[..., Evidence], clusters: tuple[Cluster, ...], suspected: bool
):
    """Some hundred of a hundred thousand lie below the limit by chance; a cluster does not."""
    counts = {**BASE, "blasts": 97_100, "blasts_b_only": 400}
    kept = {"t_cells": kept_at({"CD19": np.full(600, 0.1)})}
    evidence = replace(make_evidence(counts=counts), kept=kept, leukaemic=clusters)
    (found,) = measure_all(evidence, ["mrd"])

    assert (ESCAPE in found.qualifiers) is suspected


def kept_at(scaled: dict[str, np.ndarray]) -> Kept:
    n = len(next(iter(scaled.values())))
    return Kept(rows=np.arange(n), linear=scaled, scaled=scaled)


def test_no_tree_b_suspects_nothing(make_evidence: Callable[..., Evidence]):
    """A template without tree B cannot suspect an escape; absent is not zero, nor is it many."""
    (found,) = measure_all(make_evidence(counts={**BASE, "blasts": 300}), ["mrd"])

    assert not {ESCAPE, DUAL} & set(found.qualifiers)


@pytest.mark.parametrize(
    ("used", "limited"),
    [
        ({"CD19", "CD22", "CD24", "CD10"}, True),
        ({"CD19", "CD10"}, True),
        ({"CD19", "CD22", "CD24", "CD10", "cyCD79a"}, False),
    ],
)
def test_surface_markers_alone_are_limited(
    make_evidence: Callable[..., Evidence], used: set[str], limited: bool
):
    """CD22 and CD24, or fewer: what lost them both is out of sight. cyCD79a stays."""
    counts = {**BASE, "blasts": 0, "blasts_b_only": 0}
    evidence = replace(make_evidence(counts=counts), used=frozenset(used))
    (found,) = measure_all(evidence, ["mrd"])

    assert (DUAL in found.qualifiers) is limited


@pytest.mark.parametrize("genotype", ["KMT2A-r", "KMT2A::AFF1", "MLL-AF4", "t(4;11)(q21;q23)"])
def test_kmt2a_is_limited_without_its_markers(
    make_evidence: Callable[..., Evidence], genotype: str
):
    """However the laboratory writes it; one marker that tells these blasts lifts the limit."""
    evidence = make_evidence(counts={**BASE, "blasts": 0}, specimen=marrow(genotype))
    (without,) = measure_all(evidence, ["mrd"])

    assert KMT2A in without.qualifiers
    for marker in PRO_B_MARKERS:
        (found,) = measure_all(replace(evidence, used=frozenset({marker})), ["mrd"])
        assert KMT2A not in found.qualifiers


@pytest.mark.parametrize("genotype", ["", "ETV6::RUNX1", "B-other", "PICALM::MLLT10", "ZNF384-r"])
def test_other_genotypes_are_not_limited(make_evidence: Callable[..., Evidence], genotype: str):
    """A word on every row would be read on none."""
    evidence = make_evidence(counts={**BASE, "blasts": 0}, specimen=marrow(genotype))
    (found,) = measure_all(evidence, ["mrd"])

    assert not is_kmt2a(genotype)
    assert KMT2A not in found.qualifiers


def test_no_limit_beside_no_result(make_evidence: Callable[..., Evidence]):
    """What was not evaluable has no limit worth saying."""
    evidence = make_evidence(
        counts={"nucleated": 900_000, "blasts_b_only": 0}, specimen=marrow("KMT2A-r")
    )
    (found,) = measure_all(evidence, ["mrd"])

    assert not {DUAL, KMT2A} & set(found.qualifiers)


def measurement(k: int, *qualifiers: Qualifier) -> Measurement:
    value = k / 900_000
    return Measurement(
        quantity="mrd",
        numerator=k,
        denominator=900_000,
        estimate=Estimate(value=value, low=value, high=value),
        status="POSITIVE",
        qualifiers=qualifiers,
    )


@pytest.mark.parametrize("others", [(100, 110), (100, 900)], ids=["summed", "discordant"])
@pytest.mark.parametrize(
    "name", [ESCAPE, DUAL, KMT2A, Qualifier.GATED_ON_ANTIGEN, Qualifier.LINEAGE_SWITCH_SUSPECTED]
)
def test_specimen_says_what_one_tube_says(others: tuple[int, int], name: Qualifier):
    """Neither a sum nor the higher tube hides what a tube suspects or cannot see."""
    first, second = measurement(others[0], name), measurement(others[1])
    pooled = pool_mrd(first, second, limits=Limits(), specimen_type=SpecimenType.MARROW)

    assert name in pooled.qualifiers


def test_a_tube_without_result_limits_nothing():
    """The specimen's number comes from the other tube alone."""
    silent = replace(
        measurement(0, Qualifier.GATED_ON_ANTIGEN), estimate=None, status="NOT_EVALUABLE"
    )
    pooled = pool_mrd(measurement(100), silent, limits=Limits(), specimen_type=SpecimenType.MARROW)

    assert pooled.qualifiers == ()
