"""Firth's model against R, in which the penalised likelihood is made of coxph's own pieces.

The session (R 4.2.2, survival 3.5-3) sees nothing but the likelihood and the variance that coxph
has at given coefficients; slopes are differences, and `x` and `y` are those of each test::

    firth <- function(y, x, ties = "efron", wide = c(4, 4)) {
      x <- data.matrix(x); storage.mode(x) <- "double"; k <- ncol(x)
      fit <- if (ncol(y) == 3) agreg.fit else coxph.fit
      at <- function(b) fit(x, y, NULL, NULL, b, coxph.control(iter.max = 0), NULL, ties, 1:nrow(x))
      pl <- function(b) { m <- at(b); m$loglik[1] - as.numeric(determinant(m$var)$modulus) / 2 }
      slope <- function(b, j) {
        d <- function(z) { b[j] <- b[j] + z * 1e-3; pl(b) }
        (8 * (d(1) - d(-1)) - d(2) + d(-2)) / 12e-3 }
      climb <- function(b, free) {
        for (i in 1:60) if (length(free)) {
          g <- sapply(free, function(j) slope(b, j))
          b[free] <- b[free] + solve(solve(at(b)$var)[free, free], g) }
        b }
      top <- climb(numeric(k), 1:k); se <- sqrt(diag(at(top)$var))
      t(sapply(1:k, function(j) {
        fall <- function(v) { b <- top; b[j] <- v; pl(top) - pl(climb(b, setdiff(1:k, j))) }
        end <- function(w) uniroot(function(v) fall(v) - qchisq(.95, 1) / 2,
                                   sort(c(top[j], top[j] + w * se[j])), tol = 1e-11)$root
        c(coef = top[j], se = se[j], low = end(-wide[1]), high = end(wide[2]),
          p = pchisq(2 * fall(0), 1, lower = FALSE), pll = pl(top)) })) }
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.ascent import climb
from cytomon.cohort.statistics.hazards import Fit
from cytomon.cohort.statistics.partial_likelihood import arrange
from cytomon.cohort.statistics.penalised import firth, penalised_likelihood, profiled
from cytomon.cohort.statistics.risk_sets import follow
from cytomon.cohort.statistics.rows import rows_of
from tests.cohort.statistics.hazards_data import (
    Table,
    heart,
    leukemia,
    ovarian,
    persistent,
    read,
    tied,
)


def told(fit: Fit) -> FloatArray:
    """Coefficient, standard error, logarithms of the limits and p, as in the session above."""
    return np.array(
        [[c.coefficient, c.se, math.log(c.low), math.log(c.high), c.p] for c in fit.coefficients]
    )


def test_two_persons():
    """Of two persons the one with the covariate dies: the ratio is 3 (Heinze & Schemper, 2)."""
    (one,) = firth([1, 2], [1, 0], [[1], [0]], ["x"]).coefficients

    assert one.hazard_ratio == pytest.approx(3, rel=1e-9)


def test_agrees_with_coxphf():
    """Values of R's coxphf itself, on data with a group without events.

    Data and values stand in the tests of firthmodels (github.com/jzluo/firthmodels, MIT);
    coxphf stops when a step is below 1e-6.
    """
    found = read("hazards_monotone", ("separator", "x1", "x2", "x3")).fitted(firth)

    assert told(found) == pytest.approx(
        np.array(
            [
                [3.8815800583, 1.4430190269, 1.9343469272, 8.7215676015, 7.318984974e-09],
                [0.6042066427, 0.1599607483, 0.2921186188, 0.9164270978, 1.686334002e-04],
                [-0.4202139208, 0.2541800107, -0.9217200647, 0.0699415336, 9.295083722e-02],
                [1.0415063080, 0.3128784410, 0.4348431279, 1.6550461482, 8.463066114e-04],
            ]
        ),
        rel=1e-6,
    )
    assert found.likelihood_ratio.statistic == pytest.approx(57.6071, abs=5e-5)


def test_a_group_without_events_has_an_interval_that_goes_far_to_one_side():
    """Twenty-five without an event: far below 1, how far nobody can say, but not above 0.18."""
    found = persistent().fitted(firth)

    assert told(found) == pytest.approx(
        np.array(
            [
                [-3.72411994928, 1.4681871805, -8.5743134288, -1.7342930192, 3.539517302e-07],
                [0.05529820788, 0.3486550413, -0.6455875256, 0.7177151987, 8.727583550e-01],
            ]
        ),
        abs=2e-9,
    )
    aplasia = found.coefficients[0]
    down, up = (abs(math.log(end / aplasia.hazard_ratio)) for end in (aplasia.low, aplasia.high))
    assert down > 2 * up
    assert aplasia.high < 0.18
    assert (aplasia.n, aplasia.n_events, aplasia.why) == (25, 0, "")


def test_stanford_heart_transplants():
    """Rows that enter late and leave early."""
    found = heart().fitted(firth)

    assert told(found) == pytest.approx(
        np.array(
            [
                [0.02609463992, 0.01365130814, 0.000498733333, 0.054102741356, 0.04550590023],
                [-0.14533610903, 0.07049806551, -0.284762998839, -0.009295395785, 0.03620880088],
                [-0.60416698159, 0.36286725037, -1.369146507545, 0.052776298449, 0.07293697223],
                [-0.01907443330, 0.31323803910, -0.622971754857, 0.603869846181, 0.95131893766],
            ]
        ),
        abs=2e-8,
    )
    assert found.log_likelihood == pytest.approx(-281.398180695, abs=1e-8)
    assert (found.n, found.n_events) == (103, 75)


def test_ovarian_cancer():
    """Twelve deaths and four covariates: the penalty is felt."""
    assert told(ovarian().fitted(firth)) == pytest.approx(
        np.array(
            [
                [0.1101621688, 0.0433809318, 0.03764199757, 0.2120239697, 0.001602868636],
                [0.8031296671, 0.7618708815, -0.64856956554, 2.3598304181, 0.276752444697],
                [-0.9195217052, 0.6369708353, -2.17664779302, 0.3039634394, 0.137329597373],
                [0.3245293574, 0.6337167897, -0.87346750635, 1.5772345791, 0.594171923298],
            ]
        ),
        abs=2e-8,
    )


def test_tied_remissions():
    """Efron's ties, as in the model without penalty."""
    found = leukemia().fitted(firth)

    assert told(found)[0] == pytest.approx(
        [-1.54173939, 0.4101188284, -2.381048016, -0.7784835955, 5.522057758e-05], abs=1e-8
    )
    assert found.log_likelihood == pytest.approx(-84.1198408018, abs=1e-9)


def test_tied_remissions_as_coxphf_has_them():
    """Breslow's ties, which are coxphf's and SAS's: ``firth(y, x, "breslow")`` of the session."""
    table = leukemia()
    rows = rows_of(follow(table.stop, table.event), table.covariates, table.names)
    sets = arrange(rows, ties="breslow")
    top = climb(partial(penalised_likelihood, sets), np.zeros(1))

    assert profiled(sets, top, 0) == pytest.approx(
        (-1.479338284, 0.407349633, -2.312288093, -0.7209099898, 0.0001011415295), abs=1e-8
    )


def test_ties_and_late_entry_together():
    """Sixty persons on 23 days."""
    assert told(tied().fitted(firth)) == pytest.approx(
        np.array(
            [
                [-0.003408575675, 0.01992908545, -0.04250884824, 0.03534105247, 0.8628604663],
                [-0.050059949263, 0.47454530248, -0.97749454887, 0.87214342448, 0.9147333365],
            ]
        ),
        abs=2e-9,
    )


@given(st.integers(0, 10**6), st.sampled_from([0.1, 30.4]))
@settings(deadline=None, max_examples=10)
def test_order_units_and_cuts_change_nothing(seed: int, factor: float):
    """The laws of the model without penalty hold for this one too."""
    random = np.random.default_rng(seed)
    n = 12
    stop, event = random.integers(2, 9, n).astype(float), random.random(n) < 0.7
    event[0] = True
    table = np.column_stack([random.integers(0, 2, n), random.normal(size=n)])
    expected = firth(stop, event, table, ["a", "b"])

    order = random.permutation(n)
    middle = stop / 2
    found = firth(
        np.concatenate([middle, stop])[np.concatenate([order, order + n])],
        np.concatenate([np.zeros(n), event])[np.concatenate([order, order + n])],
        (np.vstack([table, table]) * [1, factor])[np.concatenate([order, order + n])],
        ["a", "b"],
        entry=np.concatenate([np.zeros(n), middle])[np.concatenate([order, order + n])],
        persons=[*order, *order],
    )

    assert (found.n, found.n_events) == (expected.n, expected.n_events)
    for one, other, unit in zip(
        found.coefficients, expected.coefficients, (1, factor), strict=True
    ):
        assert one.why == other.why
        if not one.why:
            assert math.log(one.hazard_ratio) * unit == pytest.approx(other.coefficient, abs=1e-6)
            assert math.log(one.low) * unit == pytest.approx(math.log(other.low), abs=1e-5)
            assert math.log(one.high) * unit == pytest.approx(math.log(other.high), abs=1e-5)
            assert one.p == pytest.approx(other.p, abs=1e-6)


@pytest.mark.parametrize("table", [heart(), leukemia(), tied()], ids=["heart", "leukemia", "tied"])
def test_the_gradient_is_that_of_the_penalised_likelihood(table: Table):
    """By differences, with ties and late entry, away from the top."""
    rows = rows_of(follow(table.stop, table.event, table.entry), table.covariates, table.names)
    sets = arrange(rows)
    at = np.linspace(-0.7, 0.5, len(table.names))

    found = penalised_likelihood(sets, at).gradient

    steps = 1e-5 * np.eye(len(at))
    expected = [
        (penalised_likelihood(sets, at + s).value - penalised_likelihood(sets, at - s).value) / 2e-5
        for s in steps
    ]
    assert found == pytest.approx(np.array(expected), abs=1e-6)
