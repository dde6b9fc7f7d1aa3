from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.limits import lod_events, loq_events
from cytomon.model.results import Limits


@pytest.mark.parametrize(
    ("rate", "total", "expected"),
    [
        # Cumulative Poisson tables: mean 10 gives P(X <= 14) = 0.9165 and P(X <= 15) = 0.9513,
        # mean 15 gives P(X <= 21) = 0.9469 and P(X <= 22) = 0.9673.
        pytest.param(1e-5, 1_000_000, 16, id="mean 10"),
        pytest.param(5e-6, 3_000_000, 23, id="mean 15"),
    ],
)
def test_detection_lies_above_the_background(rate: float, total: int, expected: int):
    """The smallest count above the 95 % Poisson limit of the background."""
    assert lod_events(Limits(lod_events=1, lob_rate=rate), total) == expected


@given(st.floats(1e-9, 1e-4), st.integers(0, 3_000_000))
def test_a_blank_rarely_reaches_detection(rate: float, total: int):
    """A disease-free tube reaches the limit with at most 5 %, one event less with more."""
    limit = lod_events(Limits(lod_events=1, lob_rate=rate), total)
    reached, missed = _at_least(limit, rate * total), _at_least(limit - 1, rate * total)

    assert reached <= 0.05 + 1e-9
    assert missed > 0.05 - 1e-9


def _at_least(events: int, mean: float) -> float:
    """P(X >= events), summed by hand."""
    term, below = exp(-mean), 0.0
    for i in range(events):
        below += term
        term *= mean / (i + 1)
    return 1 - below


@given(st.integers(0, 50_000_000))
def test_without_validation_the_minimum_cluster_stands(total: int):
    """No background rate, no effect of the tube's size."""
    limits = Limits()

    assert (lod_events(limits, total), loq_events(limits, total)) == (20, 50)


@given(st.floats(0, 1e-4), st.integers(0, 20_000_000))
def test_quantification_is_never_below_detection(rate: float, total: int):
    """What is not detected is not quantified."""
    limits = Limits(lob_rate=rate)

    assert loq_events(limits, total) >= lod_events(limits, total) >= limits.lod_events
