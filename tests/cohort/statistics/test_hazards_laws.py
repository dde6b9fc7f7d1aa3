from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.cohort.statistics.hazards import Fit, cox
from cytomon.cohort.statistics.partial_likelihood import arrange, partial_likelihood
from cytomon.cohort.statistics.risk_sets import follow
from cytomon.cohort.statistics.rows import rows_of
from tests.cohort.statistics.hazards_data import Table


@st.composite
def cohorts(draw: st.DrawFn, *, ties: bool = True) -> Table:
    """Six to fifteen persons with two covariates, who enter when they like."""
    n = draw(st.integers(6, 15))
    if ties:
        stop = draw(st.lists(st.integers(2, 8), min_size=n, max_size=n))
    else:
        stop = draw(st.permutations(range(2, n + 2)))
    entry = [draw(st.integers(0, end - 1)) for end in stop]
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(any))
    grid = st.integers(-20, 20).map(lambda value: value / 10)
    pair = st.tuples(st.sampled_from([0.0, 1.0]), grid)
    covariates = draw(st.lists(pair, min_size=n, max_size=n))
    return Table(
        np.array(stop, float),
        np.array(event, float),
        np.array(covariates),
        ("a", "b"),
        np.array(entry, float),
        tuple(range(n)),
    )


def same(found: Fit, expected: Fit):
    """Two fits agree, also in what they cannot say."""
    assert [c.why for c in found.coefficients] == [c.why for c in expected.coefficients]
    for one, other in zip(found.coefficients, expected.coefficients, strict=True):
        if not one.why:
            assert one.coefficient == pytest.approx(other.coefficient, abs=1e-6, rel=1e-6)
            assert one.se == pytest.approx(other.se, rel=1e-5)
        assert (one.n, one.n_events) == (other.n, other.n_events)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-7)


@given(cohorts(), st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_does_not_matter(table: Table, random: Random):
    """Rows can come as they like."""
    rows = list(range(len(table.stop)))
    random.shuffle(rows)

    same(table.taken(rows).fitted(cox), table.fitted(cox))


@given(cohorts(), st.data())
@settings(deadline=None, max_examples=40)
def test_cutting_a_row_changes_nothing(table: Table, data: st.DataObject):
    """A person watched in two stretches is the person watched in one."""
    row = data.draw(st.integers(0, len(table.stop) - 1))
    cut = data.draw(st.sampled_from([0.25, 0.5, 1.0]))
    middle = table.entry[row] + cut * (table.stop[row] - table.entry[row])
    twice = table.taken([*range(len(table.stop)), row])
    stop, event, entry = twice.stop.copy(), twice.event.copy(), twice.entry.copy()
    if middle < stop[row]:
        stop[row], event[row], entry[-1] = middle, 0, middle
        twice = twice._replace(stop=stop, event=event, entry=entry)
    else:
        twice = table

    same(twice.fitted(cox), table.fitted(cox))


@given(cohorts(), st.sampled_from([1e-4, 0.5, 365.25, 1e5]), st.sampled_from([0.0, -48.0, 1e4]))
@settings(deadline=None, max_examples=40)
def test_units_of_a_covariate_only_change_its_coefficient(
    table: Table, factor: float, shift: float
):
    """Days or years, from birth or from forty-eight: the model is the same."""
    changed = table.covariates * [1, factor] + [0, shift]
    found, expected = table._replace(covariates=changed).fitted(cox), table.fitted(cox)

    assert [c.why for c in found.coefficients] == [c.why for c in expected.coefficients]
    for one, other, unit in zip(
        found.coefficients, expected.coefficients, (1, factor), strict=True
    ):
        if not one.why:
            assert one.coefficient * unit == pytest.approx(other.coefficient, abs=1e-5, rel=1e-5)
            assert one.p == pytest.approx(other.p, abs=1e-5)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-6)


@given(cohorts(ties=False), st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_without_ties_it_is_the_product_over_events(
    table: Table, coefficients: tuple[float, float]
):
    """Each event's share of all who are at risk, counted one by one (Cox 1972)."""
    rows = rows_of(follow(table.stop, table.event, table.entry), table.covariates, table.names)
    sets = arrange(rows)
    found = partial_likelihood(sets, np.array(coefficients) * sets.scale)

    hazard = np.exp(table.covariates @ coefficients)
    expected = sum(
        math.log(hazard[i] / hazard[(table.entry < day) & (day <= table.stop)].sum())
        for i, day in enumerate(table.stop)
        if table.event[i]
    )
    assert found.value == pytest.approx(expected, abs=1e-10)


@given(cohorts(), st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_score_and_information_are_derivatives(table: Table, coefficients: tuple[float, float]):
    """By differences of the likelihood, and of the score."""
    rows = rows_of(follow(table.stop, table.event, table.entry), table.covariates, table.names)
    sets = arrange(rows)
    at, step = np.array(coefficients), 1e-5 * np.eye(2)
    found = partial_likelihood(sets, at)

    ahead = [partial_likelihood(sets, at + one) for one in step]
    behind = [partial_likelihood(sets, at - one) for one in step]
    slopes = [(a.value - b.value) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    bends = [(b.gradient - a.gradient) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    assert found.gradient == pytest.approx(np.array(slopes), abs=1e-6)
    assert found.curvature == pytest.approx(np.array(bends), abs=1e-6)
