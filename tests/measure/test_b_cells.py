from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.b_cells import b_cell_status, measure_b_fraction, say_boundary
from cytomon.measure.intervals import binomial_interval
from cytomon.model.findings import Finding
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import BCellStatus, Evidence, Limits

totals = st.integers(0, 20_000)
counts = totals.flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize(
    ("events", "total", "low", "high"),
    [
        (0, 1000, 0.0, 0.37),
        (10, 1000, 0.48, 1.83),
        (8, 1600, 0.22, 0.98),
        (30, 2000, 1.01, 2.13),
        (0, 300, 0.0, 1.22),
    ],
)
def test_precision_examples(events: int, total: int, low: float, high: float):
    """The precision examples of domain 2.6, in percent."""
    found = binomial_interval(events, total)

    assert (round(100 * found.low, 2), round(100 * found.high, 2)) == (low, high)


@pytest.mark.parametrize(
    ("events", "total", "status", "borderline"),
    [
        pytest.param(8, 1600, "PROVISIONAL_APLASIA", False, id="excludes-1-percent"),
        pytest.param(7, 1400, "PROVISIONAL_APLASIA", True, id="smaller-does-not"),
        pytest.param(30, 2000, "RECOVERED", False, id="firm-recovery"),
        pytest.param(20, 2000, "RECOVERED", True, id="one-percent-is-recovered"),
        pytest.param(19, 2000, "APLASIA", True, id="just-below"),
        pytest.param(0, 2000, "APLASIA", False, id="none"),
        pytest.param(20, 1999, "PROVISIONAL_RECOVERED", True, id="one-lymphocyte-short"),
        pytest.param(0, 500, "PROVISIONAL_APLASIA", False, id="least"),
        pytest.param(0, 499, "NOT_EVALUABLE", False, id="too-few"),
        pytest.param(100, 300, "NOT_EVALUABLE", False, id="too-few-to-recover"),
    ],
)
def test_status_and_border(
    make_evidence: Callable[..., Evidence],
    events: int,
    total: int,
    status: str,
    borderline: bool,
):
    """Status by lymphocytes and fraction; BORDERLINE when the interval holds 1 %."""
    found = measure_b_fraction(make_evidence(counts={"b_cells": events, "lymphocytes": total}))

    assert found.status == status
    assert (Qualifier.BORDERLINE_AT_THRESHOLD in found.qualifiers) is borderline
    assert (found.estimate is None) is (status == "NOT_EVALUABLE")


@given(counts)
def test_status_depends_on_size_and_fraction_alone(count: tuple[int, int]):
    """Firm from 2,000 lymphocytes, any call from 500, recovered from 1 %: nothing between."""
    events, total = count
    side = "RECOVERED" if 100 * events >= total else "APLASIA"
    expected = side if total >= 2000 else f"PROVISIONAL_{side}"

    assert b_cell_status(events, total, limits=Limits()) == (
        expected if total >= 500 else "NOT_EVALUABLE"
    )


def test_empty_tube_is_no_aplasia_whatever_the_limits():
    """0 of 0 is not evaluable, even for a template without a least number."""
    found = b_cell_status(0, 0, limits=Limits(lymphocytes_least=0))

    assert found is BCellStatus.NOT_EVALUABLE


@pytest.mark.parametrize("counts", [{}, {"b_cells": 0}, {"lymphocytes": 5000}])
def test_absent_gate_is_not_evaluable(
    make_evidence: Callable[..., Evidence], counts: dict[str, int]
):
    """A template without the gate does not report aplasia."""
    found = measure_b_fraction(make_evidence(counts=counts))

    assert (found.status, found.estimate) == (BCellStatus.NOT_EVALUABLE, None)
    assert "no gate" in str(found.details["reason"])


@pytest.mark.parametrize("events", [0, 900])
def test_bad_tube_is_neither_aplasia_nor_recovery(
    make_evidence: Callable[..., Evidence], failure: Finding, events: int
):
    """A hard quality failure takes the call away on both sides, and keeps the counts."""
    evidence = make_evidence(counts={"b_cells": events, "lymphocytes": 5000}, failures=(failure,))
    found = measure_b_fraction(evidence)

    assert (found.status, found.qualifiers) == (
        BCellStatus.NOT_EVALUABLE,
        (Qualifier.QUALITY_FAILED,),
    )
    assert (found.numerator, found.denominator) == (events, 5000)
    assert found.details["reason"] == "quality: QC_VIABILITY"


@pytest.mark.parametrize(
    ("by_cd20", "by_cd19", "low"),
    [(40, 20, True), (39, 20, False), (20, 0, True), (19, 0, False)],
)
def test_b_cells_seen_only_by_cd20(
    make_evidence: Callable[..., Evidence], by_cd20: int, by_cd19: int, low: bool
):
    """Twice as many B cells by CD20 as by CD19, and at least 20 of them."""
    evidence = make_evidence(
        counts={
            "b_cells": 0,
            "lymphocytes": 5000,
            "b_by_cd20": by_cd20,
            "b_all_cd19": by_cd19,
        }
    )

    assert (Qualifier.CD19_LOW_B_CELLS in measure_b_fraction(evidence).qualifiers) is low


def test_circulating_blasts_are_no_recovery(make_evidence: Callable[..., Evidence]):
    """30 % CD19+ lymphocytes, all leukaemic and taken off both counts, are aplasia."""
    lymphocytes, leukaemic = 10_000, 3_000
    counts = {"b_cells": 3_000 - leukaemic, "lymphocytes": lymphocytes - leukaemic}

    assert measure_b_fraction(make_evidence(counts=counts)).status == BCellStatus.APLASIA


def test_doublets_of_t_and_b_cells_do_not_count(make_evidence: Callable[..., Evidence]):
    """2 % CD3+CD19+ events leave the fraction as it is."""
    counts = {"b_cells": 10, "lymphocytes": 10_000}
    without = measure_b_fraction(make_evidence(counts=counts))

    assert measure_b_fraction(make_evidence(counts={**counts, "cd3_cd19": 200})) == without


def test_more_b_cells_than_lymphocytes_is_a_defect(make_evidence: Callable[..., Evidence]):
    """A numerator outside its denominator is refused, not clipped."""
    with pytest.raises(ValueError, match="events=3000, total=2500"):
        measure_b_fraction(make_evidence(counts={"b_cells": 3000, "lymphocytes": 2500}))


@pytest.mark.parametrize(
    ("fewest", "most", "said"),
    [
        pytest.param(300, 300, False, id="no-doubt"),
        pytest.param(270, 330, False, id="within-the-interval"),
        pytest.param(250, 300, True, id="below-it"),
        pytest.param(300, 350, True, id="above-it"),
    ],
)
def test_the_border_to_precursors_is_said_where_it_matters(
    make_evidence: Callable[..., Evidence], fewest: int, most: int, said: bool
):
    """The second error speaks where it is larger than that of counting."""
    evidence = make_evidence(counts={"b_cells": 300, "lymphocytes": 10_000})
    found = measure_b_fraction(replace(evidence, b_boundary=(fewest, most)))

    assert found.details["boundary_low"] == fewest / 10_000
    assert found.details["boundary_high"] == most / 10_000
    findings = list(say_boundary([found]))
    assert [finding.code for finding in findings] == ["B_CELLS_AMONG_PRECURSORS"] * said
    if said:
        assert f"from {fewest / 100:.2f}% to {most / 100:.2f}%" in findings[0].what


def test_without_a_known_border_nothing_is_said(make_evidence: Callable[..., Evidence]):
    """A template that does not ask a reference has no second error."""
    evidence = make_evidence(counts={"b_cells": 300, "lymphocytes": 10_000})

    assert list(say_boundary([measure_b_fraction(evidence)])) == []
