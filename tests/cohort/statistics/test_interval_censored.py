from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.cohort.statistics.interval_censored import turnbull
from cytomon.cohort.statistics.survival import kaplan_meier
from tests.cohort.statistics.published import numbers, read

spans = st.lists(
    st.tuples(st.integers(0, 12), st.one_of(st.integers(0, 8), st.just(np.inf))),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize(
    ("name", "intervals"),
    [
        (
            "radiation",
            [
                (4, 5, 0.0463),
                (6, 7, 0.0334),
                (7, 8, 0.0887),
                (11, 12, 0.0708),
                (24, 25, 0.0926),
                (33, 34, 0.0818),
                (38, 40, 0.1209),
                (46, 48, 0.4656),
            ],
        ),
        (
            "chemotherapy",
            [
                (4, 5, 0.0433),
                (5, 8, 0.0433),
                (11, 12, 0.0692),
                (16, 17, 0.1454),
                (18, 19, 0.1411),
                (19, 20, 0.1157),
                (24, 25, 0.0999),
                (30, 31, 0.0709),
                (35, 36, 0.1608),
                (44, 48, 0.0552),
                (48, 60, 0.0552),
            ],
        ),
    ],
)
def test_breast_cosmesis(name: str, intervals: list[tuple[float, float, float]]):
    """Months to deterioration (Finkelstein & Wolfe 1985), as printed by R's ``interval::icfit``.

    M. P. Fay, P. A. Shaw, J. Stat. Softw. 36(2), 2010, doi:10.18637/jss.v036.i02.
    """
    d = read(name)

    found = turnbull(numbers(d["left"]), numbers(d["right"]))

    assert list(zip(found.left, found.right, strict=True)) == [row[:2] for row in intervals]
    assert found.mass == pytest.approx([row[2] for row in intervals], abs=5e-5)


@pytest.mark.parametrize(
    ("name", "log_likelihood"),
    [
        ("radiation", -58.060021953991),
        ("chemotherapy", -65.6369649076862),
        ("visits", -144.561937993035),
    ],
)
def test_agrees_with_r(name: str, log_likelihood: float):
    """The survival after each right end is that of 40,000 plain self-consistent steps in R 4.2.2.

    `self_consistent` of `data/reference.R` checks by itself that no cell asks for more. R's
    ``survfit`` (survival 3.5-3, type "interval2") stops earlier, hence the second tolerance.
    """
    d, expected = read(name), read("intervals", only={"name": name})

    found = turnbull(numbers(d["left"]), numbers(d["right"]))

    survival = [found.at(day) for day in numbers(expected["time"])]
    assert [least for least, _ in survival] == pytest.approx(
        numbers(expected["survival"]), abs=1e-8
    )
    assert [least for least, _ in survival] == pytest.approx(numbers(expected["survfit"]), abs=5e-3)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-8)


@given(spans)
def test_no_interval_asks_for_more(given_spans: list[tuple[int, float]]):
    """The conditions of Kuhn and Tucker, worked out by hand from the definition."""
    left = np.array([float(start) for start, _ in given_spans])
    right = left + [length for _, length in given_spans]
    found = turnbull(left, right)

    point = found.left == found.right
    inside = (left[:, None] <= found.left) & (found.right <= right[:, None])
    # a known day is not in an interval that opens on it
    inside &= ~((left[:, None] == found.left) & point & (right[:, None] > left[:, None]))
    asked = (inside / (inside @ found.mass)[:, None]).mean(axis=0)
    assert found.mass.sum() == pytest.approx(1)
    assert asked == pytest.approx(np.ones(found.mass.size), abs=1e-4)
    assert found.gap <= 1e-10


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=30))
def test_known_days_give_kaplan_meier(persons: list[tuple[int, bool]]):
    """Events on known days and right censoring are the older problem."""
    stop = np.array([day for day, _ in persons])
    event = np.array([event for _, event in persons])

    found = turnbull(stop, np.where(event, stop, np.inf))

    curve = kaplan_meier(stop, event)
    assert [found.at(day)[1] for day in curve.times] == pytest.approx(curve.estimate, abs=1e-5)


@given(spans, st.integers(2, 9))
def test_order_and_unit_do_not_matter(given_spans: list[tuple[int, float]], factor: int):
    """Rows turned over and days stretched give the same likelihood and limits."""
    left = np.array([float(start) for start, _ in given_spans])
    right = left + [length for _, length in given_spans]

    one, other = turnbull(left, right), turnbull(left[::-1] * factor, right[::-1] * factor)

    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)


def test_says_where_it_cannot_say():
    """Within an interval survival lies between what it was before and what it is after."""
    found = turnbull([0, 30], [30, 90])

    assert found.at(0) == (1.0, 1.0)
    assert found.at(10) == (0.5, 1.0)
    assert found.at(30) == (0.5, 0.5)
    assert found.at(60) == (0.0, 0.5)


def test_nobody_had_the_event():
    """All the mass lies after the last visit."""
    found = turnbull([10, 20], [np.inf, np.inf])

    assert (found.left.tolist(), found.right.tolist()) == ([20.0], [np.inf])
    assert found.at(20) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ([], [], "there is nobody to follow: left is empty"),
        ([1, 2], [3], "left and right must be one number for each person: 2 and 1"),
        ([-1], [3], "left must be a number of days, 0 or more"),
        ([np.inf], [np.inf], "left must be a number of days, 0 or more"),
        ([4], [3], "right must not come before left: person 0 has 4 and 3"),
        ([4], [np.nan], "right must not come before left: person 0 has 4 and nan"),
    ],
)
def test_refuses_what_cannot_be(left: list[float], right: list[float], said: str):
    """One clear sentence for each."""
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        turnbull(left, right)
