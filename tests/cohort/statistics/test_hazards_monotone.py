from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.hazards import Coefficient, Fit, cox
from cytomon.cohort.statistics.penalised import firth
from tests.cohort.statistics.hazards_data import persistent

BY_LIKELIHOOD = "hazard ratio not estimable by maximum likelihood"


def silent(one: Coefficient) -> bool:
    """Whether no number is said of a hazard ratio."""
    numbers = one.hazard_ratio, one.low, one.high, one.p, one.coefficient, one.se
    return all(number is None for number in numbers)


def test_a_group_without_events_has_no_hazard_ratio():
    """Twenty-five with persistent aplasia: no 1e-9, but the words (domain 9, oracle 19)."""
    aplasia, _ = persistent().fitted(cox).coefficients

    assert silent(aplasia)
    assert aplasia.why == f"no events in group; {BY_LIKELIHOOD}"
    assert (aplasia.n, aplasia.n_events) == (25, 0)


def test_the_other_coefficients_are_those_of_the_limit():
    """They are those of the 79 others alone; the tests of the whole model remain.

    R 4.2.2, survival 3.5-3::

        > coxph(Surv(stop, event) ~ mrd, subset = aplasia == 0)    # loglik -122.8111203814
                     coef        se(coef)         Pr(>|z|)
        mrd 0.0409960131601 0.350158847249 0.906797981575
        > coxph(Surv(stop, event) ~ aplasia + mrd)   # aplasia: -19.8, se 4457, "may be infinite"
        loglik -137.6666089246 -122.8111204317
        score 18.1670895231 on 2 df, p=0.000113518497407
        lr    29.7109769858 on 2 df, p=3.53462481045e-07
    """
    found = persistent().fitted(cox)
    mrd = found.coefficients[1]

    assert (mrd.coefficient, mrd.se, mrd.p) == pytest.approx(
        (0.0409960131601, 0.350158847249, 0.906797981575), abs=1e-9
    )
    assert found.log_likelihood == pytest.approx(-122.8111203814, abs=1e-9)
    assert found.wald_test is None
    assert (found.score_test.statistic, found.score_test.degrees) == (
        pytest.approx(18.1670895231, abs=1e-8),
        2,
    )
    # R stops at the 20th step, a ten-millionth below the limit
    assert found.likelihood_ratio.statistic == pytest.approx(29.7109769858, abs=2e-7)


def test_a_measure_that_foretells_the_order_has_no_hazard_ratio():
    """Who has most goes first: the likelihood rises to 1, however small the steps are."""
    measure = np.linspace(0, 1e-3, 30)[::-1, None]
    found = cox(np.arange(1, 31), np.ones(30), measure, ["measure"])

    (one,) = found.coefficients
    assert silent(one)
    assert one.why == f"the likelihood rises for ever with the coefficient; {BY_LIKELIHOOD}"
    assert found.log_likelihood == 0.0


def test_two_covariates_can_foretell_only_together():
    """Neither alone puts the events in order, their sum does."""
    first = np.array([9.0, 0.0, 7.0, 1.0, 5.0, 2.0])
    total = np.array([12.0, 10.0, 8.0, 6.0, 4.0, 2.0])
    stop = np.arange(1, 7)
    pair = np.column_stack([first, total - first])

    both = cox(stop, np.ones(6), pair, ["first", "second"]).coefficients
    alone = [cox(stop, np.ones(6), pair[:, [i]], ["x"]).coefficients[0] for i in (0, 1)]

    assert [one.why for one in alone] == ["", ""]
    assert all(silent(one) for one in both)
    assert {one.why for one in both} == {
        f"the likelihood rises for ever with the coefficient; {BY_LIKELIHOOD}"
    }


def test_the_limit_counts_an_event_once_though_its_row_is_cut():
    """Of the first event's equals one is outshone by the second and has the third.

    Far out only the first event is undecided, between three: the likelihood comes near 1/3.
    """
    entry, stop = [0, 1, 0, 0, 0], [1, 2, 3, 5, 1.5]
    found = cox(stop, [1, 1, 1, 0, 0], [[1], [2], [1], [0], [1]], ["x"], entry=entry)

    assert silent(found.coefficients[0])
    assert found.log_likelihood == pytest.approx(math.log(1 / 3), abs=1e-12)


def test_one_event_on_the_other_side_is_enough_for_an_estimate():
    """The same measure, two neighbours exchanged: large, but estimable."""
    measure = np.linspace(0, 1, 30)[::-1, None].copy()
    measure[[14, 15]] = measure[[15, 14]]
    (one,) = cox(np.arange(1, 31), np.ones(30), measure, ["measure"]).coefficients

    assert one.why == ""
    assert 1 < math.log(one.hazard_ratio) < 200


@pytest.mark.parametrize("model", [cox, firth])
def test_constant_and_collinear_covariates_say_so(model: Callable[..., Fit]):
    """Each of those that stand in for one another is silent; the rest is as without them."""
    random = np.random.default_rng(5)
    age, sex = random.normal(50, 9, 60), random.integers(0, 2, 60).astype(float)
    stop, event = random.exponential(9, 60), random.random(60) < 0.6
    table = np.column_stack([np.ones(60), age, sex, 1 - sex])
    found = model(stop, event, table, ["all", "age", "female", "male"])
    (alone,) = model(stop, event, table[:, [1]], ["age"]).coefficients
    (among, beside) = model(stop, event, table[:, [1, 2]], ["age", "female"]).coefficients

    everyone, years, female, male = found.coefficients
    assert silent(everyone)
    assert everyone.why == (
        "the same for all who are at risk when events happen; hazard ratio not estimable"
    )
    assert silent(female)
    assert silent(male)
    assert female.why == "collinear with male; hazard ratio not estimable"
    assert years.coefficient == pytest.approx(among.coefficient, abs=1e-9)
    assert years.coefficient != pytest.approx(alone.coefficient, abs=1e-9)
    assert beside.why == ""


@pytest.mark.parametrize("model", [cox, firth])
def test_a_covariate_of_those_who_left_before_the_first_event_is_constant(
    model: Callable[..., Fit],
):
    """They are in no risk set, so nothing is known of it."""
    stop = np.array([1, 2, 5, 6, 7, 8])
    table = np.array([[1, 0.3], [1, 2], [0, 1], [0, 3], [0, 2], [0, 4]])
    early, other = model(stop, [0, 0, 1, 1, 0, 1], table, ["early", "other"]).coefficients

    assert silent(early)
    assert early.why.startswith("the same for all who are at risk when events happen")
    assert (early.n, early.n_events) == (2, 0)
    assert other.why == ""


@pytest.mark.parametrize("model", [cox, firth])
def test_without_events_nothing_is_estimable(model: Callable[..., Fit]):
    """Neither the ratios nor the tests; the persons are counted all the same."""
    found = model([1, 2, 3], [0, 0, 0], [[1], [0], [1]], ["x"], persons="aab")

    (one,) = found.coefficients
    assert silent(one)
    assert one.why == "no events; hazard ratio not estimable"
    assert (found.n, found.n_events, one.n) == (2, 0, 2)
    assert (found.score_test, found.likelihood_ratio) == (None, None)
    assert math.isnan(found.log_likelihood)


@pytest.mark.parametrize("model", [cox, firth])
def test_a_single_person_is_no_comparison(model: Callable[..., Fit]):
    """An event with nobody beside: no crash, no number."""
    (one,) = model([5], [1], [[1.0]], ["x"]).coefficients

    assert silent(one)
    assert one.why


small = st.integers(4, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.booleans(), min_size=n, max_size=n).filter(any),
        st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3)), min_size=n, max_size=n).map(
            lambda pairs: np.array(pairs, float)
        ),
        st.lists(st.integers(0, 9), min_size=n, max_size=n),
    )
)


def brute_force(event: FloatArray, table: FloatArray, entry: FloatArray, at: FloatArray) -> float:
    """Log partial likelihood of persons who leave on days 1, 2, 3, ... event by event."""
    score = table @ at
    day = np.arange(1, len(event) + 1)
    return sum(
        score[i] - logsumexp(score[(entry < day[i]) & (day >= day[i])])
        for i in np.flatnonzero(event)
    )


@given(small)
@settings(deadline=None, max_examples=15)
def test_the_limit_is_what_the_likelihood_comes_near(
    cohort: tuple[list[bool], FloatArray, list[int]],
):
    """A search from outside finds no higher point, and comes as near as one likes.

    Where all hazard ratios are said to be estimable it finds them, too.
    """
    event, table, late = cohort
    day = np.arange(1, len(event) + 1)
    entry = np.minimum(np.array(late), day - 1)
    found = cox(day, event, table, ["a", "b"], entry=entry)

    # one search alone may lose its way on the ridge along which the likelihood rises for ever
    searches = [
        minimize(
            lambda at: -brute_force(np.array(event), table, entry, at),
            np.array(start),
            method="Powell",
            bounds=[(-60, 60)] * 2,
            options={"xtol": 1e-4, "ftol": 1e-9},
        )
        for start in product((-9.0, 0.0, 9.0), repeat=2)
    ]
    search = min(searches, key=lambda one: one.fun)
    highest = -search.fun

    assert highest <= found.log_likelihood + 1e-9
    assert highest == pytest.approx(found.log_likelihood, abs=1e-4)
    if not any(c.why for c in found.coefficients):
        estimates = [c.coefficient for c in found.coefficients]
        assert brute_force(np.array(event), table, entry, np.array(estimates)) == pytest.approx(
            found.log_likelihood, abs=1e-9
        )
    if any(BY_LIKELIHOOD in c.why for c in found.coefficients):
        assert np.abs(search.x).max() > 5
