"""Limits of blank, detection and quantification, against somebody else's arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cytomon.measure.limits import lod_events
from cytomon.model.results import Limits
from cytomon.validate.detection import (
    blank_limit,
    blank_limit_normal,
    blank_rate,
    counting_limit,
    detection_limit,
    quantification_bracket,
    variation,
)

RNG = np.random.default_rng(200)


@pytest.mark.parametrize("n", [1, 7, 60, 119])
def test_rank_of_the_blank_limit_is_numpys_hazen(n: int):
    """Rank 0.5 + 0.95 n is Hazen's plotting position, which numpy knows by name."""
    blanks = RNG.exponential(size=n)
    assert blank_limit(blanks) == pytest.approx(np.quantile(blanks, 0.95, method="hazen"))


def test_sixty_blanks_stop_between_the_57th_and_58th():
    """EP17's own rank: 0.5 + 60 x 0.95 = 57.5."""
    assert blank_limit(list(range(1, 61))) == 57.5


def test_no_blanks_have_no_limit():
    """A limit of nothing would be a number without anything behind it."""
    with pytest.raises(ValueError, match="no blanks"):
        blank_limit([])


def test_normal_blanks_by_hand():
    """Mean 2, SD 1, five results of one sample: 2 + 1.645 / (1 - 1/16)."""
    blanks = [2 - np.sqrt(2), 2.0, 2.0, 2.0, 2 + np.sqrt(2)]
    assert np.std(blanks, ddof=1) == pytest.approx(1.0)
    expected = 2 + stats.norm.ppf(0.95) * 16 / 15
    assert blank_limit_normal(blanks) == pytest.approx(expected)


def test_one_blank_has_no_spread():
    """One result says nothing about how results differ."""
    with pytest.raises(ValueError, match="more results than samples"):
        blank_limit_normal([1.0])


def test_pooled_spread_of_low_positives():
    """Pooled variance as scipy's t-test computes it; levels may lie apart."""
    first, second = RNG.normal(10, 2, 12), RNG.normal(50, 3, 8)
    t = stats.ttest_ind(first, second)
    gap = (first.mean() - second.mean()) / t.statistic
    pooled = gap / np.sqrt(1 / 12 + 1 / 8)
    expected = 4 + stats.norm.ppf(0.95) / (1 - 1 / (4 * 18)) * pooled
    assert detection_limit(4.0, [first, second, [7.0]]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("events", "cells"), [(10, 157_000), (20, 279_000), (40, 509_000), (50, 622_000)]
)
def test_cells_needed_for_one_in_ten_thousand(events: int, cells: int):
    """The clinical specification's table of cells for a 95 % chance at a true 0.01 %."""
    assert counting_limit(events, cells) == pytest.approx(1e-4, rel=4e-3)
    assert counting_limit(events, cells, recall=0.5) == pytest.approx(2e-4, rel=4e-3)


def test_variation_against_scipy():
    """Sample SD over mean."""
    values = RNG.normal(10, 1, 20)
    assert variation(values) == pytest.approx(stats.variation(values, ddof=1))
    assert variation([1.0]) is None
    assert variation([0.0, 0.0]) is None


def test_quantification_stops_at_the_first_level_that_varies():
    """A lucky level below an unlucky one does not count; both sides of the bracket are named."""
    results = {1e-5: [1.0, 1.01], 1e-4: [1.0, 3.0], 1e-3: [1.0, 1.25], 1e-2: [1.0, 1.0]}
    assert quantification_bracket(results) == (1e-4, 1e-3)
    assert quantification_bracket(results, most=0.1) == (1e-3, 1e-2)
    assert quantification_bracket(results, most=2) == (None, 1e-5)
    assert quantification_bracket({1e-2: [1.0]}) == (None, None)
    assert quantification_bracket({1e-2: [1.0, 3.0]}) == (1e-2, None)


def test_a_level_with_one_tube_says_nothing():
    """It neither stops the way down nor counts as reached."""
    assert quantification_bracket({1e-2: [1.0, 1.0], 1e-3: [1.0]}) == (None, 1e-2)
    assert quantification_bracket({1e-2: [1.0, 1.0], 1e-3: [1.0], 1e-4: [1, 3]}) == (1e-4, 1e-2)


def test_blank_rate_keeps_the_blanks_within_the_templates_limit():
    """With the rate in the template, at most about one blank in twenty is called detected."""
    cells = np.full(400, 1_000_000)
    counts = RNG.poisson(30 * RNG.gamma(3, 1 / 3, 400))
    rate = blank_rate(counts, cells)
    limits = Limits(lod_events=1, lob_rate=rate)
    called = np.mean(
        [count >= lod_events(limits, int(n)) for count, n in zip(counts, cells, strict=True)]
    )
    assert rate > counts.sum() / cells.sum()
    assert 0.03 < called <= 0.05


def test_clean_blanks_have_no_rate():
    """0 stands for: the template's smallest cluster decides alone."""
    assert blank_rate([0, 0, 0], [100, 200, 300]) == 0
