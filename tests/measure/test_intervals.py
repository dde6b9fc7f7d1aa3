from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from cytomon.measure.intervals import binomial_interval, poisson_upper

totals = st.integers(1, 10_000_000)
counts = totals.flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [
        (0, 0.0, 3.69),
        (5, 1.62, 11.7),
        (10, 4.80, 18.4),
        (20, 12.2, 30.9),
        (30, 20.2, 42.8),
        (40, 28.6, 54.5),
        (50, 37.1, 65.9),
        (100, 81.4, 121.6),
    ],
)
def test_rare_events_follow_the_poisson_table(events: int, low: float, high: float):
    """In a large tube the interval is that of the published Poisson table (domain 1.2)."""
    found = binomial_interval(events, 10_000_000)

    assert (found.low * 1e7, found.high * 1e7) == pytest.approx((low, high), rel=5e-3)


@pytest.mark.parametrize(
    ("events", "total", "low", "high"),
    [
        pytest.param(24, 43, 39.9, 70.9, id="CD19+/CD22+"),
        pytest.param(16, 43, 23.0, 53.3, id="CD19-/CD22+"),
        pytest.param(1, 43, 0.1, 12.3, id="CD19-/CD22-"),
        pytest.param(0, 43, 0.0, 8.2, id="CD19+/CD22-"),
        pytest.param(2, 43, 0.6, 15.8, id="unknown"),
        pytest.param(17, 41, 26.3, 57.9, id="CD19 lost"),
        pytest.param(1, 41, 0.1, 12.9, id="CD22 lost"),
    ],
)
def test_reproduces_the_relapse_table(events: int, total: int, low: float, high: float):
    """The intervals of the trial's relapse types (domain 4.3), in percent."""
    found = binomial_interval(events, total)

    assert (found.low * 100, found.high * 100) == pytest.approx((low, high), abs=0.05)


@given(counts)
def test_agrees_with_statsmodels(count: tuple[int, int]):
    """An independent implementation gives the same ends."""
    found = binomial_interval(*count)

    assert (found.low, found.high) == pytest.approx(
        proportion_confint(*count, method="beta"), rel=1e-7, abs=1e-12
    )


@given(counts)
def test_mirrors(count: tuple[int, int]):
    """Counting the other events turns the interval over."""
    events, total = count
    found, mirrored = binomial_interval(events, total), binomial_interval(total - events, total)

    assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)


@given(counts)
def test_one_event_more_moves_both_ends_up(count: tuple[int, int]):
    """The interval is monotone in the events."""
    events, total = count
    more = binomial_interval(min(events + 1, total), total)
    found = binomial_interval(events, total)

    assert more.low >= found.low
    assert more.high >= found.high


@pytest.mark.parametrize(("events", "total"), [(-1, 10), (11, 10), (0, 0)])
def test_refuses_what_is_no_fraction(events: int, total: int):
    """0 of 0 is no fraction, nor is more than all; the message prints both counts."""
    with pytest.raises(ValueError, match=f"events={events}, total={total}"):
        binomial_interval(events, total)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_refuses_a_level_in_percent(level: float):
    """A confidence level is a fraction."""
    with pytest.raises(ValueError, match=f"level={level}"):
        binomial_interval(1, 10, level=level)


def test_nothing_seen_bounds_at_three_events():
    """The rule of three: zero events exclude more than 3.00 at 95 % one-sided (domain 1.2)."""
    assert poisson_upper(0) == pytest.approx(3.00, abs=0.005)


@pytest.mark.parametrize(("events", "upper"), [(0, 3.69), (5, 11.7), (20, 30.9), (100, 121.6)])
def test_upper_bound_follows_the_poisson_table(events: int, upper: float):
    """At 97.5 % the bound is the upper end of the two-sided table (domain 1.2)."""
    assert poisson_upper(events, level=0.975) == pytest.approx(upper, rel=5e-3)


def test_refuses_a_negative_count():
    """A count is not negative."""
    with pytest.raises(ValueError, match="events=-1"):
        poisson_upper(-1)
