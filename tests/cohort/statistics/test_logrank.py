from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.cohort.statistics.logrank import logrank
from tests.cohort.statistics.published import (
    PLACEBO_WEEKS,
    SIX_MP_EVENT,
    SIX_MP_WEEKS,
    numbers,
    read,
)


def test_six_mp_against_placebo():
    """R 4.2.2, survival 3.5-3: the textbook's 16.8.

    ::

        > f <- survdiff(Surv(t, e) ~ g); print(f$chisq, digits = 12); print(f$exp, digits = 12)
        [1] 16.7929409892
        [1] 19.250500948 10.749499052
    """
    found = logrank(
        SIX_MP_WEEKS + PLACEBO_WEEKS, SIX_MP_EVENT + [1] * 21, ["6-MP"] * 21 + ["placebo"] * 21
    )

    assert found.statistic == pytest.approx(16.7929409892, abs=1e-9)
    assert [g.name for g in found.groups] == ["6-MP", "placebo"]
    assert [(g.n, g.observed) for g in found.groups] == [(21, 9), (21, 21)]
    assert [g.expected for g in found.groups] == pytest.approx(
        [19.250500948, 10.749499052], abs=1e-8
    )


@pytest.mark.parametrize(
    ("name", "statistic", "degrees", "expected"),
    [
        ("aml", 3.3963886989776, 1, [10.6893359923, 7.3106640077]),
        (
            "veteran",
            25.4037003457854,
            3,
            [15.693764614, 34.549478386, 30.102079327, 47.654677672],
        ),
    ],
)
def test_agrees_with_survdiff(name: str, statistic: float, degrees: int, expected: list[float]):
    """R 4.2.2, survival 3.5-3: survdiff(Surv(stop, event) ~ group) (`data/reference.R`)."""
    d = read(name)

    found = logrank(numbers(d["stop"]), numbers(d["event"]), d["group"])

    assert (found.statistic, found.degrees) == (pytest.approx(statistic, abs=1e-9), degrees)
    assert [g.expected for g in found.groups] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("name", "statistic", "degrees"),
    [("heart", 0.175085839672177, 1), ("simulated", 8.16538323798525, 2)],
)
def test_agrees_with_the_exact_score_test_when_persons_enter_late(
    name: str, statistic: float, degrees: int
):
    """R's survdiff knows no entries, but the score test of the exact likelihood is the same.

    R 4.2.2, survival 3.5-3 (`data/reference.R`)::

        coxph(Surv(entry, stop, event) ~ factor(group), ties = "exact")$score
    """
    d = read(name)
    event = numbers(d["event"]) if "event" in d else numbers(d["cause"]) > 0

    found = logrank(numbers(d["stop"]), event, d["group"], entry=numbers(d["entry"]))

    assert (found.statistic, found.degrees) == (pytest.approx(statistic, abs=1e-8), degrees)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.booleans(), st.sampled_from("abc")),
        min_size=2,
        max_size=50,
    )
)
def test_expected_events_are_all_events(persons: list[tuple[int, bool, str]]):
    """What one group has too many the others have too few; row order does not matter."""
    found = logrank(*zip(*persons, strict=True))
    other = logrank(*zip(*persons[::-1], strict=True))

    assert sum(g.expected for g in found.groups) == pytest.approx(
        sum(g.observed for g in found.groups)
    )
    assert math.isnan(found.p) or 0 <= found.p <= 1
    assert other.statistic == pytest.approx(found.statistic, nan_ok=True)


@pytest.mark.parametrize(
    ("event", "group"),
    [
        pytest.param([0, 0, 0, 0], "aabb", id="no event"),
        pytest.param([1, 1, 0, 1], "aaaa", id="one group"),
        pytest.param([0, 0, 0, 1], "aaab", id="one group left"),
    ],
)
def test_says_nothing_where_nothing_can_be_said(event: list[int], group: str):
    """An honest NaN, not a p-value of 1."""
    found = logrank([1, 2, 3, 4], event, list(group))

    assert math.isnan(found.statistic)
    assert math.isnan(found.p)
    assert found.degrees == 0


def test_groups_that_never_meet_are_not_compared():
    """With late entries one group can end before the other begins."""
    found = logrank([2, 3, 8, 9], [1, 1, 1, 1], [0, 0, 1, 1], entry=[0, 0, 5, 5])

    assert np.isnan(found.p)


@pytest.mark.parametrize("missing", [None, math.nan, ""])
def test_refuses_persons_without_group(missing: object):
    """A missing label is not a group of its own."""
    with pytest.raises(ValueError, match="1 of 2 persons have no group, first 1"):
        logrank([1, 2], [1, 1], ["a", missing])


def test_refuses_other_lengths():
    """As many labels as persons."""
    with pytest.raises(ValueError, match="group has 1 values for 2 persons"):
        logrank([1, 2], [1, 1], ["a"])
