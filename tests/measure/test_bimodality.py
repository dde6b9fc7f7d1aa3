from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture

from cytomon.measure.bimodality import find_modes, fit_two_gaussians
from cytomon.model.tube import FloatArray


def mixture(n_low: int, n_high: int, *, apart: float = 3.0, seed: int = 1) -> FloatArray:
    """Two normal clouds of SD 0.3 L."""
    draw = np.random.default_rng(seed)
    return np.concatenate([draw.normal(0.2, 0.3, n_low), draw.normal(0.2 + apart, 0.3, n_high)])


def test_finds_both_parts():
    """Shares and medians of the two clouds come back."""
    found = find_modes(mixture(400, 600))

    assert found is not None
    assert (found.low_fraction, found.high_fraction) == pytest.approx((0.4, 0.6), abs=0.005)
    assert (found.low_median, found.high_median) == pytest.approx((0.2, 3.2), abs=0.05)
    assert found.separation == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize(
    ("n_low", "n_high", "bimodal"),
    [(100, 900, True), (98, 902, False), (900, 100, True), (20, 60, True), (19, 60, False)],
)
def test_each_part_needs_a_tenth_and_twenty_events(n_low: int, n_high: int, bimodal: bool):
    """Smaller parts are tails, not subclones."""
    assert (find_modes(mixture(n_low, n_high)) is not None) is bimodal


@pytest.mark.parametrize("n_events", [0, 1, 39])
def test_too_few_for_two_parts(n_events: int):
    """Below 40 events there cannot be twenty in each part."""
    assert find_modes(mixture(n_events // 2, n_events - n_events // 2)) is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_events", [60, 5_000])
def test_one_cloud_is_one(seed: int, n_events: int):
    """Normal, heavy-tailed and constant values are one population."""
    draw = np.random.default_rng(seed)

    assert find_modes(draw.normal(2, 0.4, n_events)) is None
    assert find_modes(2 + 0.3 * draw.standard_t(5, n_events)) is None
    assert find_modes(np.full(n_events, 2.0)) is None


def test_overlapping_clouds_are_one():
    """Two clouds 1.5 SD apart are a broad one: Ashman's D is below 2."""
    assert find_modes(mixture(10_000, 10_000, apart=0.45)) is None


@settings(max_examples=20, deadline=None)
@given(st.integers(30, 300), st.integers(30, 300), st.integers(0, 2**32 - 1))
def test_order_of_events_does_not_matter(n_low: int, n_high: int, seed: int):
    """The same events in any order give the same bits."""
    values = mixture(n_low, n_high, seed=seed)
    shuffled = np.random.default_rng(seed).permutation(values)

    assert find_modes(values) == find_modes(shuffled)


def smooth(median: float, sd: float, n_events: int) -> FloatArray:
    """A cloud without chance: evenly spaced quantiles of a normal distribution."""
    cloud = NormalDist(median, sd)
    return np.array([cloud.inv_cdf((i + 0.5) / n_events) for i in range(n_events)])


def test_few_events_do_not_prove_two_parts():
    """30 and 30 events 2.6 SD apart look split but are no better described by two Gaussians."""
    values = np.sort(np.concatenate([smooth(0.0, 0.3, 30), smooth(0.78, 0.3, 30)]))

    assert fit_two_gaussians(values).separation > 2
    assert find_modes(values) is None


@pytest.mark.parametrize("seed", [1, 6, 18])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_small_narrow_part_beside_a_broad_one_is_found(seed: int, side: float):
    """12 % lost blasts below broad ones, or 12 % bright above: a middle start misses these."""
    draw = np.random.default_rng(seed)
    values = np.concatenate([draw.normal(0.0, 0.13, 24), draw.normal(1.87, 0.6, 176)])
    found = find_modes(side * values)

    assert found is not None
    assert min(found.low_fraction, found.high_fraction) == pytest.approx(0.12, abs=0.015)


def test_many_events_keep_their_shares():
    """Thinning for speed leaves shares and medians of 200,000 events."""
    found = find_modes(mixture(50_000, 150_000))

    assert found is not None
    assert found.low_fraction == pytest.approx(0.25, abs=1e-3)
    assert found.high_median == pytest.approx(3.2, abs=5e-3)


@pytest.mark.parametrize("apart", [0.8, 1.5, 3.0])
@pytest.mark.parametrize("n_low", [60, 300])
def test_fit_is_as_likely_as_an_independent_one(apart: float, n_low: int):
    """scikit-learn with many random starts finds no better mixture."""
    values = np.sort(mixture(n_low, 600 - n_low, apart=apart))
    other = GaussianMixture(2, n_init=10, random_state=0, tol=1e-7, max_iter=3_000)
    other.fit(values[:, None])
    found = fit_two_gaussians(values)

    assert found.log_likelihood >= len(values) * other.score(values[:, None]) - 0.5
    assert found.means == pytest.approx(np.sort(other.means_.ravel()), abs=0.1)


def test_delta_bic_is_that_of_scikit_learn():
    """The gain over one Gaussian, by an independent implementation."""
    values = mixture(200, 300)
    one, two = (
        GaussianMixture(n, random_state=0, tol=1e-7, max_iter=500).fit(values[:, None])
        for n in (1, 2)
    )
    found = find_modes(values)

    assert found is not None
    assert found.delta_bic == pytest.approx(
        one.bic(values[:, None]) - two.bic(values[:, None]), abs=0.1
    )
