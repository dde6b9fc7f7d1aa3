from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.cohort.statistics.competing import aalen_johansen, gray
from cytomon.cohort.statistics.survival import kaplan_meier
from tests.cohort.statistics.published import numbers, read

Z = 1.959963984540054
persons = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        *(("pbc", cause) for cause in (1, 2)),
        *(("transplant", cause) for cause in (1, 2, 3)),
        *(("simulated", cause) for cause in (1, 2, 3)),
    ],
)
def test_agrees_with_cuminc(name: str, cause: int):
    """Estimates, variances and both intervals are those of R 4.2.2 (`data/reference.R`).

    Primary biliary cirrhosis, liver transplant list, and simulated days with many ties; cmprsk
    2.2-11, the log-log limits made from its numbers by survival 3.5-3::

        p <- timepoints(cuminc(stop, cause), days)
        survfit_confint(p$est, sqrt(p$var), logse = FALSE, conf.type = "log-log", conf.int = 0.95)
    """
    d = read(name)
    expected = read("incidence", only={"name": name, "cause": str(cause)})
    stop, causes = numbers(d["stop"]), numbers(d["cause"])

    linear = aalen_johansen(stop, causes, of=cause)
    log_log = aalen_johansen(stop, causes, of=cause, scale="log-log")

    rows = np.searchsorted(linear.times, numbers(expected["time"]), side="right") - 1
    estimate, error = numbers(expected["estimate"]), np.sqrt(numbers(expected["variance"]))
    assert linear.estimate[rows] == pytest.approx(estimate, abs=1e-9)
    assert linear.low[rows] == pytest.approx(np.maximum(estimate - Z * error, 0), abs=1e-8)
    assert linear.high[rows] == pytest.approx(np.minimum(estimate + Z * error, 1), abs=1e-8)
    assert log_log.low[rows] == pytest.approx(numbers(expected["low"]), abs=1e-8, nan_ok=True)
    assert log_log.high[rows] == pytest.approx(numbers(expected["high"]), abs=1e-8, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "cause", "statistic", "p", "degrees"),
    [
        ("pbc", 1, 0.0818510441996628, 0.959900618668050, 2),
        ("pbc", 2, 0.1158134215705697, 0.943737983905723, 2),
        ("transplant", 1, 1.49994321942347, 6.82283435325997e-01, 3),
        ("transplant", 2, 38.14056568020303, 2.63927302233545e-08, 3),
        ("transplant", 3, 5.87323167554188, 1.17943330005853e-01, 3),
        ("simulated", 1, 0.648512501563574, 0.7230649326836961, 2),
        ("simulated", 2, 5.314723433874010, 0.0701330086062097, 2),
        ("simulated", 3, 1.980414886239763, 0.3714996179883966, 2),
    ],
)
def test_agrees_with_the_tests_of_cuminc(
    name: str, cause: int, statistic: float, p: float, degrees: int
):
    """R 4.2.2, cmprsk 2.2-11: cuminc(stop, cause, group)$Tests (`data/reference.R`)."""
    d = read(name)

    found = gray(numbers(d["stop"]), numbers(d["cause"]), d["group"], of=cause)

    assert (found.statistic, found.p) == pytest.approx((statistic, p), rel=1e-9)
    assert found.degrees == degrees


@given(persons)
def test_the_causes_share_what_survival_lost(given_persons: list[tuple[int, int]]):
    """Incidences of all causes add up to one minus Kaplan-Meier of any event."""
    stop, cause = zip(*given_persons, strict=True)
    curves = [aalen_johansen(stop, cause, of=k) for k in (1, 2, 3)]

    survival = kaplan_meier(stop, np.array(cause) > 0)

    assert sum(curve.estimate for curve in curves) == pytest.approx(
        1 - survival.estimate, abs=1e-12
    )


@given(persons)
def test_one_cause_is_one_minus_kaplan_meier(given_persons: list[tuple[int, int]]):
    """Without competitors there is nothing but the survival turned over."""
    stop, cause = zip(*given_persons, strict=True)
    event = np.array(cause) > 0

    found = aalen_johansen(stop, event)

    assert found.estimate == pytest.approx(1 - kaplan_meier(stop, event).estimate, abs=1e-12)


@given(persons, st.integers(1, 20))
def test_order_and_unit_of_time_do_not_matter(given_persons: list[tuple[int, int]], factor: int):
    """Rows turned over and days stretched give the same incidence."""
    stop, cause = zip(*given_persons, strict=True)

    one = aalen_johansen(stop, cause)
    other = aalen_johansen([day * factor for day in stop[::-1]], cause[::-1])

    assert other.times == pytest.approx(one.times * factor)
    assert other.estimate == pytest.approx(one.estimate)
    assert other.high == pytest.approx(one.high)


def test_late_entries_leave_the_earlier_risk_sets_smaller():
    """Entered after day 5: at risk 1 on day 4, then 2 of the remaining three."""
    found = aalen_johansen([4, 6, 8, 9], [0, 1, 2, 1], entry=[0, 0, 5, 5])

    assert found.times.tolist() == [4, 5, 6, 8, 9]
    assert found.at_risk.tolist() == [2, 1, 3, 2, 1]
    assert found.estimate == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3])


def test_no_event_of_interest_is_a_flat_curve():
    """Zero, known as long as somebody is watched; the others count neither here nor there."""
    found = aalen_johansen([10, 20, 30], [2, 0, 0])

    point = found.at(25)
    assert (point.estimate, point.low, point.high, point.events) == (0.0, 0.0, 0.0, 0)
    assert found.censored.tolist() == [0, 1, 1]
    assert found.at(31).estimate is None


def test_an_incidence_has_no_median():
    """Half may never have the event."""
    with pytest.raises(ValueError, match="only a survival curve has a median here"):
        aalen_johansen([1], [1]).median()


def test_nothing_is_compared_without_events_or_groups():
    """NaN, not a p-value of 1."""
    assert math.isnan(gray([1, 2, 3], [2, 0, 2], ["a", "b", "a"]).p)
    assert math.isnan(gray([1, 2, 3], [1, 0, 2], ["a", "a", "a"]).p)


def test_a_group_that_was_gone_before_any_event_is_not_compared():
    """The answer is that of the others alone (R's cuminc gives a statistic of -1 until then)."""
    stop, cause = [2, 3, 5, 7, 8, 9], [1, 2, 1, 1, 0, 1]
    alone = gray(stop, cause, list("aababb"))

    found = gray([1, *stop], [0, *cause], list("caababb"))

    assert found.statistic == pytest.approx(alone.statistic, rel=1e-9)
    assert (found.degrees, len(found.groups)) == (1, 3)


def test_observed_and_expected_of_gray_add_up():
    """As in the log-rank test."""
    d = read("transplant")

    groups = gray(numbers(d["stop"]), numbers(d["cause"]), d["group"], of=2).groups

    assert [g.name for g in groups] == ["A", "AB", "B", "O"]
    assert sum(g.expected for g in groups) == pytest.approx(sum(g.observed for g in groups))
    assert sum(g.n for g in groups) == len(d["stop"])


@pytest.mark.parametrize("of", [0, -1, 1.5])
def test_refuses_what_is_no_cause(of: float):
    """Censoring is no event."""
    with pytest.raises(ValueError, match=f"of={of}: expected the number of a kind of event"):
        aalen_johansen([1], [1], of=of)  # type: ignore[arg-type]
