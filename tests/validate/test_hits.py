"""Hit rates by level: the curve and its interval against another library."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cytomon.validate.hits import bracket, fit_probit, profile_interval

RNG = np.random.default_rng(200)


def test_probit_is_that_of_statsmodels():
    """Coefficients and the 95 % level, fitted by another library."""
    api = pytest.importorskip("statsmodels.api")
    levels = np.repeat([1e-6, 3e-6, 1e-5, 3e-5, 1e-4], 30)
    hits = RNG.random(len(levels)) < stats.norm.cdf(6 + 1.2 * np.log10(levels))
    theirs = api.Probit(hits.astype(float), api.add_constant(np.log10(levels))).fit(disp=0).params
    ours = fit_probit(levels, hits)
    assert ours is not None
    assert [ours.intercept, ours.slope] == pytest.approx(theirs, rel=1e-3)
    assert ours.rate_at(ours.level_at(0.95)) == pytest.approx(0.95)


@pytest.mark.parametrize(
    "hits", [(True,) * 4, (False,) * 4, (False, False, True, True), (True, True, False, False)]
)
def test_tubes_that_determine_no_curve(hits: tuple[bool, ...]):
    """A curve through a clean step, or downhill, would be an invention."""
    assert fit_probit((1e-6, 1e-5, 1e-4, 1e-3), hits) is None


def test_bracket_of_a_clean_step():
    """Where no curve can be fitted, the two levels it lies between are known."""
    assert bracket((1e-6, 1e-5, 1e-4), (False, False, True)) == (1e-5, 1e-4)
    assert bracket((1e-6,), (True,)) == (None, 1e-6)


def test_interval_is_where_the_constrained_fit_is_3_84_worse():
    """With the 95 % level held at either end, another library's best fit loses just that much."""
    api = pytest.importorskip("statsmodels.api")
    levels = np.repeat([1e-6, 3e-6, 1e-5, 3e-5, 1e-4], 12)
    hits = RNG.random(len(levels)) < stats.norm.cdf(9 + 1.8 * np.log10(levels))
    fitted = fit_probit(levels, hits)
    assert fitted is not None
    interval = profile_interval(fitted, levels, hits)
    assert interval is not None
    assert interval[0] < fitted.level_at(0.95) < interval[1]
    law = api.families.Binomial(link=api.families.links.Probit())
    x, hit = np.log10(levels), hits.astype(float)
    best = api.GLM(hit, api.add_constant(x), family=law).fit().llf
    for end in interval:
        offset = np.full(len(x), stats.norm.ppf(0.95))
        held = api.GLM(hit, x - np.log10(end), family=law, offset=offset).fit().llf
        assert 2 * (best - held) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=2e-3)


def test_interval_holds_the_truth_as_often_as_it_says():
    """Of 200 series, about 95 in a hundred intervals hold the level of the law they come from."""
    law = (9.0, 1.8)
    truth = 10 ** ((stats.norm.ppf(0.95) - law[0]) / law[1])
    levels = np.repeat([3e-6, 1e-5, 3e-5, 1e-4, 3e-4], 16)
    rates = stats.norm.cdf(law[0] + law[1] * np.log10(levels))
    held = []
    for _ in range(200):
        hits = RNG.random(len(levels)) < rates
        fitted = fit_probit(levels, hits)
        interval = profile_interval(fitted, levels, hits) if fitted else None
        if interval is not None:
            held.append(interval[0] <= truth <= interval[1])
    assert len(held) > 180
    assert 0.90 <= np.mean(held) <= 0.99


def test_an_open_end_is_no_interval():
    """Three tubes with one hit leave the level open above, and no number is made up."""
    levels, hits = (1e-5, 1e-4, 2e-4), (False, True, False)
    fitted = fit_probit(levels, hits)
    assert fitted is not None
    assert profile_interval(fitted, levels, hits) is None
