"""Rules by which a boundary finds its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.covariance import MinCovDet

from cytomon.gating.bounds import place_bound
from cytomon.gating.methods import (
    NoPlace,
    above_negative,
    below_positive,
    robust_cloud,
    robust_spread,
    valley,
)
from cytomon.gating.numbers_spec import Bound

WINDOW = (-1.0, 5.0)


def two_modes(
    seed: int, *, low: float, high: float, share: float, n: int = 40_000, sd: float = 0.35
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    upper = rng.random(n) < share
    return np.where(upper, rng.normal(high, sd, n), rng.normal(low, sd, n))


@pytest.mark.parametrize("share", [0.5, 0.1, 0.03])
@pytest.mark.parametrize("high", [1.8, 2.2])
def test_valley_is_the_minimum_of_the_density(share: float, high: float):
    """Between two normal modes the valley lies where their summed density is lowest."""
    found = [
        valley(two_modes(seed, low=0.0, high=high, share=share), WINDOW, WINDOW)
        for seed in range(5)
    ]
    density = minimize_scalar(
        lambda x: (1 - share) * norm.pdf(x, 0, 0.35) + share * norm.pdf(x, high, 0.35),
        bounds=(0.2, high - 0.2),
        method="bounded",
    )

    assert np.median(found) == pytest.approx(density.x, abs=0.12)
    assert np.ptp(found) < 0.4


@given(seed=st.integers(0, 999), gap=st.floats(1.0, 3.0))
def test_valley_of_an_empty_stretch_is_its_middle(seed: int, gap: float):
    """Where nothing lies between two modes, the boundary stands in the middle of the gap."""
    rng = np.random.default_rng(seed)
    values = np.concatenate([rng.uniform(-0.5, 0.5, 5000), rng.uniform(0.5 + gap, 1.5 + gap, 300)])

    found = valley(values, WINDOW, WINDOW)

    assert found == pytest.approx(0.5 + gap / 2, abs=0.1)


@given(shift=st.floats(-0.3, 0.3), stretch=st.floats(0.8, 1.25))
def test_valley_moves_with_the_tube(shift: float, stretch: float):
    """Shifted and stretched values give the boundary shifted and stretched."""
    values = two_modes(1, low=0.0, high=3.0, share=0.2)
    window = (-1.0, 4.0)
    moved = tuple(shift + stretch * end for end in window)

    still = valley(values, window, window)

    assert valley(shift + stretch * values, moved, moved) == pytest.approx(
        shift + stretch * still, abs=0.05
    )


@given(seed=st.integers(0, 200))
def test_one_mode_has_no_valley(seed: int):
    """A single normal mode never yields a boundary, wherever noise makes a dent."""
    values = np.random.default_rng(seed).normal(2.0, 0.4, 5000)

    with pytest.raises(NoPlace, match=r"one mode only|of the two modes holds"):
        valley(values, WINDOW, (1.2, 2.8))


def test_shallow_valley_is_refused():
    """Two modes that hardly part (valley above 80 % of the smaller one) give no boundary."""
    values = two_modes(3, low=1.0, high=1.9, share=0.5, n=200_000)

    with pytest.raises(NoPlace, match=r"is 8.%|is 9.%"):
        valley(values, WINDOW, (1.2, 1.8))


def test_deep_enough_valley_is_taken():
    """A valley at two thirds of the smaller mode is a boundary."""
    values = two_modes(3, low=1.0, high=2.05, share=0.5, n=200_000)

    assert valley(values, WINDOW, (1.2, 1.8)) == pytest.approx(1.525, abs=0.08)


def test_deepest_valley_is_taken_relative_to_its_smaller_mode():
    """Of two valleys inside the leash the one that parts better wins."""
    rng = np.random.default_rng(4)
    modes = [(0.0, 0.3, 20_000), (1.2, 0.3, 20_000), (3.2, 0.3, 20_000)]
    values = np.concatenate([rng.normal(m, sd, n) for m, sd, n in modes])

    assert 1.9 < valley(values, WINDOW, WINDOW) < 2.5


@pytest.mark.parametrize(("leash", "inside"), [((1.5, 2.0), True), ((0.9, 1.2), True)])
def test_valley_stays_in_its_leash(leash: tuple[float, float], inside: bool):
    """The boundary never leaves the leash, even when the true valley lies outside."""
    values = two_modes(5, low=0.0, high=3.4, share=0.4, sd=0.5)

    assert (leash[0] <= valley(values, WINDOW, leash) <= leash[1]) is inside


def test_valley_needs_events_on_both_sides():
    """A handful of stray events is no second mode."""
    values = np.concatenate([np.random.default_rng(6).normal(0, 0.3, 5000), np.full(19, 3.0)])

    with pytest.raises(NoPlace, match="one of the two modes holds 19 events"):
        valley(values, WINDOW, WINDOW)


def test_valley_of_nothing():
    """No event inside the window is no place."""
    with pytest.raises(NoPlace, match="no events around"):
        valley(np.full(100, 40.0), WINDOW, WINDOW)


def test_upper_edge_of_a_normal_reference():
    """For a normal reference the percentile lies below 3 rSD, which then decides."""
    values = np.random.default_rng(7).normal(0.2, 0.3, 400_000)

    assert above_negative(values) == pytest.approx(0.2 + 3 * 0.3, abs=0.01)


def test_upper_edge_follows_a_real_tail():
    """A tail between 3 and 4 rSD moves the edge to the 99.5th percentile."""
    values = np.random.default_rng(8).standard_t(5, 400_000)
    median, spread = robust_spread(values)

    found = above_negative(values)

    assert found == pytest.approx(4.032, abs=0.06)
    assert median + 3 * spread < found < median + 4 * spread


def test_upper_edge_is_not_moved_by_transferred_antigen():
    """Two per cent of bright events leave the edge at 4 rSD."""
    rng = np.random.default_rng(9)
    values = np.concatenate([rng.normal(0, 0.3, 98_000), rng.normal(2.0, 0.2, 2_000)])

    assert above_negative(values) == pytest.approx(1.2, abs=0.06)


@given(
    values=st.lists(st.floats(-50, 50), min_size=50, max_size=80),
    scale=st.floats(0.1, 10),
    shift=st.floats(-10, 10),
)
def test_upper_edge_by_its_formula(values: list[float], scale: float, shift: float):
    """The edge is the published formula, and keeps to changes of origin and unit."""
    array = np.array(values)
    median = np.median(array)
    spread = 1.4826 * np.median(np.abs(array - median))
    expected = max(median + 3 * spread, min(np.quantile(array, 0.995), median + 4 * spread))

    assert above_negative(array) == pytest.approx(expected, abs=1e-9)
    assert above_negative(shift + scale * array) == pytest.approx(
        shift + scale * expected, abs=1e-6
    )


def test_upper_edge_by_a_number_of_sd():
    """With `sd` the edge is median plus so many robust SD, whatever the tail."""
    values = np.random.default_rng(10).normal(1.0, 0.5, 100_000)

    assert above_negative(values, sd=2.0) == pytest.approx(2.0, abs=0.02)


def test_lower_edge_of_a_positive_reference():
    """The lower edge is a low percentile, or median minus a number of robust SD."""
    values = np.random.default_rng(11).normal(3.0, 0.4, 400_000)

    assert below_positive(values) == pytest.approx(norm.ppf(0.025, 3.0, 0.4), abs=0.01)
    assert below_positive(values, percentile=10) == pytest.approx(norm.ppf(0.1, 3.0, 0.4), abs=0.01)
    assert below_positive(values, sd=3.5) == pytest.approx(1.6, abs=0.02)


COVARIANCE = np.array([[0.09, 0.03], [0.03, 0.16]])


def test_cloud_finds_a_known_normal_population():
    """Centre and covariance of a normal population are found within sampling error."""
    values = np.random.default_rng(12).multivariate_normal([4.0, 1.0], COVARIANCE, 20_000)

    cloud = robust_cloud(values)

    assert cloud.mean == pytest.approx((4.0, 1.0), abs=0.03)
    assert np.array(cloud.covariance) == pytest.approx(COVARIANCE, abs=0.03)


def test_cloud_is_not_moved_by_a_fifth_of_strangers():
    """Contamination by 20 % leaves the centre, which drags the plain mean away."""
    rng = np.random.default_rng(13)
    own = rng.multivariate_normal([4.0, 1.0], COVARIANCE, 8_000)
    strangers = rng.multivariate_normal([1.0, 4.0], COVARIANCE, 2_000)
    values = rng.permutation(np.concatenate([own, strangers]))

    cloud = robust_cloud(values)

    assert abs(values.mean(axis=0)[0] - 4.0) > 0.5
    assert cloud.mean == pytest.approx((4.0, 1.0), abs=0.06)
    assert np.array(cloud.covariance) == pytest.approx(COVARIANCE, abs=0.05)


def test_cloud_is_scikit_learns():
    """On comparable dimensions the answer is that of the minimum covariance determinant."""
    values = np.random.default_rng(14).normal(0, 1, (1500, 3)) @ np.diag([1.0, 1.1, 0.9])
    units = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    reference = MinCovDet(random_state=0).fit(values / units)

    cloud = robust_cloud(values)

    assert cloud.mean == pytest.approx(tuple(reference.location_ * units))
    assert np.array(cloud.covariance) == pytest.approx(
        reference.covariance_ * np.outer(units, units)
    )


def test_cloud_joins_scatter_and_a_marker():
    """Dimensions whose units differ a hundred thousand times are both found."""
    rng = np.random.default_rng(15)
    values = np.column_stack([rng.normal(20_000, 3_000, 5000), rng.normal(4.2, 0.2, 5000)])

    cloud = robust_cloud(values)

    assert cloud.mean == pytest.approx((20_000, 4.2), rel=0.02)
    assert np.sqrt(np.diag(cloud.covariance)) == pytest.approx((3_000, 0.2), rel=0.08)


def test_flat_cloud_is_refused():
    """A reference without spread on one dimension has no covariance."""
    values = np.column_stack([np.random.default_rng(16).normal(0, 1, 200), np.full(200, 3.0)])

    with pytest.raises(NoPlace, match="no spread"):
        robust_cloud(values)


def test_collinear_cloud_is_refused():
    """Two dimensions that say the same have no covariance either."""
    one = np.random.default_rng(17).normal(0, 1, 300)

    with pytest.raises(NoPlace, match="no spread"):
        robust_cloud(np.column_stack([one, 2 * one]))


@pytest.mark.parametrize("by", ["ref_neg", "ref_pos", "valley"])
def test_the_jitter_of_a_demanding_bound(by: str):
    """More cells are asked for than a bootstrap sample holds: the reference has them."""
    rng = np.random.default_rng(130)
    values = np.concatenate([rng.normal(0, 0.3, 3000), rng.normal(3, 0.3, 3000)])
    bounds = [
        Bound(start=1.5, by=by, of="" if by == "valley" else "x", leash=(0.2, 2.8), least=least)
        for least in (50, 2500)
    ]

    few, many = (place_bound(bound, values, where="x low", of="x") for bound in bounds)

    assert few == many
    assert few.jitter > 0


def test_a_valley_that_samples_do_not_show_is_unsure():
    """Nineteen cells more or less decide whether there is one: its place is that of the leash."""
    rng = np.random.default_rng(131)
    values = np.concatenate([rng.normal(0, 0.2, 40_000), rng.normal(3, 0.2, 60)])

    placed = place_bound(
        Bound(start=1.5, by="valley", leash=(0.9, 2.1)), values, where="x low", of="x"
    )

    assert not placed.fallback
    assert placed.jitter == pytest.approx(1.2 / np.sqrt(12))
