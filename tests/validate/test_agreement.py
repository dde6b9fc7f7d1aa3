"""Agreement statistics against published figures and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cytomon.validate.agreement import (
    Fourfold,
    bland_altman,
    fourfold,
    median_interval,
    r_squared,
    share,
)

# Peak expiratory flow of 17 people by two meters: Bland and Altman, Lancet 1986, table 1.
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
RNG = np.random.default_rng(201)


def test_the_papers_own_example():
    """Mean -2.1, SD 38.8, bias from -22.0 to 17.8; the limits' intervals are 34.6 wide each way."""
    found = bland_altman(WRIGHT, MINI)
    assert found is not None
    assert round(found.bias.value, 1) == -2.1
    assert round(found.sd, 1) == 38.8
    assert (round(found.bias.low, 1), round(found.bias.high, 1)) == (-22.0, 17.8)
    assert found.lower.value - found.lower.low == pytest.approx(34.6, abs=0.1)
    assert found.upper.high - found.upper.value == pytest.approx(34.6, abs=0.1)
    assert found.upper.value - found.lower.value == pytest.approx(2 * 1.96 * found.sd)


def test_two_pairs_are_no_study():
    """Below three pairs nothing is said."""
    assert bland_altman([1, 2], [1, 2]) is None
    assert r_squared([1, 2], [1, 2]) is None


def test_r_squared_against_scipy():
    """Squared correlation; a constant side has none."""
    x = RNG.normal(size=30)
    y = x + 0.3 * RNG.normal(size=30)
    assert r_squared(y, x) == pytest.approx(stats.linregress(x, y).rvalue ** 2)
    assert r_squared([1.0, 1.0, 1.0], [1, 2, 3]) is None


@pytest.mark.parametrize("table", [(20, 5, 10, 15), (50, 1, 0, 49), (3, 9, 2, 1)])
def test_kappa_against_two_libraries(table: tuple[int, int, int, int]):
    """Value by scikit-learn, interval by statsmodels."""
    metrics = pytest.importorskip("sklearn.metrics")
    raters = pytest.importorskip("statsmodels.stats.inter_rater")
    both, measured, true, neither = table
    calls = [(1, 1)] * both + [(1, 0)] * measured + [(0, 1)] * true + [(0, 0)] * neither
    found = fourfold([bool(m) for m, _ in calls], [bool(t) for _, t in calls])
    kappa = found.kappa
    assert kappa is not None
    first, second = zip(*calls, strict=True)
    assert kappa.value == pytest.approx(metrics.cohen_kappa_score(first, second))
    theirs = raters.cohens_kappa(np.array([[both, measured], [true, neither]]))
    assert kappa.low == pytest.approx(theirs.kappa_low, abs=1e-4)
    assert kappa.high == pytest.approx(min(1.0, theirs.kappa_upp), abs=1e-4)


def test_kappa_needs_two_kinds():
    """Where one side is the same in every tube, kappa is none or 0 whatever the other says."""
    assert fourfold([True, True], [True, True]).kappa is None
    assert fourfold([], []).kappa is None
    found = fourfold([True] * 26, [True] * 25 + [False])
    assert found.kappa is None
    assert found.constant == "no tube is negative by the measurement"
    assert fourfold([True, False], [False, False]).constant == "no tube is positive by truth"
    assert fourfold([True, False], [True, False]).constant == ""


@pytest.mark.parametrize("table", [(33, 0, 1, 30), (1, 30, 33, 0), (1, 5, 5, 1)])
def test_kappas_interval_stays_where_kappa_can_be(table: tuple[int, int, int, int]):
    """A normal interval would go beyond 1 or -1."""
    both, measured, true, neither = table
    found = Fourfold(both=both, only_measured=measured, only_true=true, neither=neither).kappa
    assert found is not None
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_agreements_are_exact():
    """Clopper-Pearson by scipy; 0 of 0 is nothing."""
    found = fourfold([True] * 18 + [False] * 2 + [False] * 5, [True] * 20 + [False] * 5)
    exact = stats.binomtest(18, 20).proportion_ci(method="exact")
    ppa = found.positive_agreement
    assert ppa is not None
    assert (ppa.low, ppa.high) == pytest.approx((exact.low, exact.high))
    assert found.negative_agreement is not None
    assert found.negative_agreement.value == 1
    assert share(0, 0) is None


@pytest.mark.parametrize("n", [6, 9, 25, 80])
def test_median_interval_covers(n: int):
    """The interval's ranks hold the median with at least 95 %, and one rank less would not."""
    found = median_interval(list(range(n)))
    assert found is not None
    outside = int(found.low)
    assert stats.binom.cdf(outside, n, 0.5) <= 0.025
    assert stats.binom.cdf(outside + 1, n, 0.5) > 0.025
    assert found.high == n - 1 - outside


def test_median_of_few():
    """Of five values not even the least and the greatest hold the median with 95 %."""
    assert 2 * 0.5**5 > 0.05
    assert median_interval([5, 1, 2, 4, 3]) is None
