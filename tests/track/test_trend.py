"""The Poisson trend of A12, against others' answers and by its own laws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from cytomon.track.known import LOW, Mrd, MrdDay
from cytomon.track.rules.blasts import trend_p
from tests.track.builders import marrow

Counts = Sequence[tuple[int, int, int]]
"""Day, events and cells of each marrow."""


def p_of(counts: Counts) -> float:
    """The p of a run with these counts."""
    run = []
    for day, k, n in counts:
        sample = marrow(day, k, n)
        one = Mrd(day, sample, sample.answers["mrd"], LOW)
        run.append(MrdDay(day, LOW, (one,), one))
    return trend_p(run)


def score_test(counts: Counts) -> tuple[float, float]:
    """Slope's sign and p of the score test of a Poisson regression, by statsmodels."""
    days, events, cells = (np.array(column, dtype=float) for column in zip(*counts, strict=True))
    ones = np.ones((len(days), 1))
    null = sm.GLM(events, ones, family=sm.families.Poisson(), exposure=cells).fit()
    _, p, _ = null.model.score_test(null.params, exog_extra=days[:, None] / 100)
    return float((events - null.fittedvalues) @ days), float(np.squeeze(p))


runs = st.lists(
    st.tuples(
        st.integers(1, 700), st.integers(0, 60), st.sampled_from((200_000, 500_000, 2_000_000))
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda one: one[0],
).map(sorted)
rising = runs.filter(lambda run: p_of(run) < 1)


@settings(max_examples=40, deadline=None)
@given(rising)
def test_agrees_with_statsmodels(counts: Counts):
    """Where counts rise, the score test of a Poisson regression gives the same p."""
    slope, p = score_test(counts)

    assert slope > 0
    assert p_of(counts) == pytest.approx(p, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("hits", "of", "statistic", "finite"),
    [
        pytest.param((83, 90, 129, 70), (86, 93, 136, 82), 8.2249, False, id="R-smokers"),
        pytest.param((5, 14, 18), (30, 30, 30), 11.51, True, id="influentialpoints"),
    ],
)
def test_published(hits: tuple[int, ...], of: tuple[int, ...], statistic: float, finite: bool):
    """Armitage's statistic has the binomial variance: ours by (1 - share), and by (N - 1) / N.

    R's example of `prop.trend.test` falls and is mirrored here; the other is of
    influentialpoints.com, "Chi square test for trend".
    """
    scores = range(1, len(hits) + 1)
    rises = hits[-1] / of[-1] > hits[0] / of[0]
    counts = list(zip(scores if rises else scores[::-1], hits, of, strict=True))
    found = float(chi2.isf(p_of(counts), 1)) / (1 - sum(hits) / sum(of))

    assert found * (1 - 1 / sum(of) if finite else 1) == pytest.approx(statistic, abs=5e-3)


@pytest.mark.parametrize(
    ("early", "late", "p"),
    [
        pytest.param(20, 34, 0.05676, id="not-yet"),
        pytest.param(20, 35, 0.04311, id="rises"),
    ],
)
def test_two_counts(early: int, late: int, p: float):
    """Of two equal tubes it is (b - a)^2 / (a + b), and near the exact conditional test."""
    found = p_of([(28, early, 10**6), (61, late, 10**6)])
    exact = binomtest(late, early + late, 0.5).pvalue

    assert found == pytest.approx(float(chi2.sf((late - early) ** 2 / (late + early), 1)))
    assert found == pytest.approx(p, abs=1e-5)
    assert found == pytest.approx(exact, abs=0.025)


def test_near_the_conditional_distribution():
    """Events thrown on the tubes by their cells: how often the trend is at least as strong."""
    days, cells = np.array([28, 61, 91, 122]), np.array([5, 2, 5, 10]) * 100_000
    events = np.array([14, 9, 20, 52])
    thrown = np.random.default_rng(71).multinomial(events.sum(), cells / cells.sum(), size=200_000)
    centred = days - cells @ days / cells.sum()
    often = np.mean(np.abs(thrown @ centred) >= abs(events @ centred))

    found = p_of(list(zip(days.tolist(), events.tolist(), cells.tolist(), strict=True)))

    assert found == pytest.approx(often, abs=0.01)
    assert 0.01 < found < 0.2


@settings(deadline=None)
@given(runs)
def test_mirrors(counts: Counts):
    """What rises one way falls the other way, and falling is no rise."""
    mirrored = [(1000 - day, k, n) for day, k, n in counts]

    assert max(p_of(counts), p_of(mirrored)) == pytest.approx(1.0, abs=1e-9)


@settings(deadline=None)
@given(rising, st.integers(2, 9), st.integers(0, 500))
def test_scale_and_origin_are_nothing(counts: Counts, times: int, later: int):
    """More cells in all tubes, longer days and another day 0 leave p as it is."""
    changed = [(times * day + later, k, times * n) for day, k, n in counts]

    assert p_of(changed) == pytest.approx(p_of(counts), rel=1e-6)


@settings(deadline=None)
@given(runs)
def test_a_tube_may_be_split(counts: Counts):
    """Two halves of a tube say what the whole tube says."""
    (day, k, n), *rest = counts
    halves = [(day, k // 2, n // 2), (day, k - k // 2, n // 2), *rest]

    assert p_of(halves) == pytest.approx(p_of(counts), rel=1e-6)


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([], id="no-tubes"),
        pytest.param([(28, 0, 500_000), (61, 0, 500_000)], id="no-events"),
        pytest.param([(28, 20, 500_000), (28, 60, 500_000)], id="one-day"),
        pytest.param([(28, 20, 500_000), (61, 20, 500_000)], id="level"),
    ],
)
def test_no_trend(counts: Counts):
    """Where nothing can rise, p is 1."""
    assert p_of(counts) == 1.0
