from __future__ import annotations

import math
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.cohort.statistics.limits import Scale
from cytomon.cohort.statistics.survival import kaplan_meier
from tests.cohort.statistics.published import SIX_MP_EVENT, SIX_MP_WEEKS, numbers, read

days = st.lists(st.integers(0, 60), min_size=1, max_size=40)
persons = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


@pytest.mark.parametrize("scale", ["log", "log-log", "plain"])
@pytest.mark.parametrize("name", ["aml", "veteran", "heart", "simulated"])
def test_agrees_with_survfit(name: str, scale: Scale):
    """Every row and all limits are those of R 4.2.2, survival 3.5-3 (`data/reference.R`).

    `heart` (Stanford transplants) and `simulated` have delayed entries, `veteran` (lung cancer)
    and `simulated` come to zero, `aml` (leukaemia) does not, and all have ties::

        f <- survfit(Surv(entry, stop, event) ~ 1, conf.type = scale)
        data.frame(f$time, f$n.risk, f$n.event, f$n.censor, f$surv, f$lower, f$upper)
        quantile(f, 0.5)
    """
    d = read(name)
    expected = read("survival", only={"name": name, "scale": scale})
    event = numbers(d["event"]) if "event" in d else numbers(d["cause"]) > 0
    entry = numbers(d["entry"]) if "entry" in d else None

    found = kaplan_meier(numbers(d["stop"]), event, entry=entry, scale=scale)

    rows = np.isin(found.times, np.unique(numbers(d["stop"])))
    assert found.times[rows] == pytest.approx(numbers(expected["time"]))
    for column in ("at_risk", "events", "censored", "estimate", "low", "high"):
        assert getattr(found, column)[rows] == pytest.approx(
            numbers(expected[column]), abs=1e-8, nan_ok=True
        ), column
    median = [expected[key][0] for key in ("median", "median_low", "median_high")]
    assert found.median() == tuple(None if text == "NA" else float(text) for text in median)


def test_six_mp_remissions():
    """The textbook curve, as R 4.2.2 (survival 3.5-3) prints it.

    ::

        > print(summary(survfit(Surv(t, e) ~ 1)), digits = 10)
         time n.risk n.event     survival       std.err lower 95% CI upper 95% CI
            6     21       3 0.8571428571 0.07636035483 0.7198170839 1.0000000000
            7     17       1 0.8067226891 0.08693528518 0.6531242185 0.9964436759
           10     15       1 0.7529411765 0.09634965299 0.5859189820 0.9675747546
           13     12       1 0.6901960784 0.10681470778 0.5096130991 0.9347691955
           16     11       1 0.6274509804 0.11405386526 0.4393939250 0.8959949385
           22      7       1 0.5378151261 0.12823375169 0.3370366162 0.8582008480
           23      6       1 0.4481792717 0.13459145676 0.2487882268 0.8073720455
        > unlist(quantile(survfit(Surv(t, e) ~ 1), 0.5))
        quantile.50    lower.50    upper.50
                 23          16          NA
    """
    found = kaplan_meier(SIX_MP_WEEKS, SIX_MP_EVENT)

    year = found.at(23)
    assert (year.estimate, year.low, year.high) == pytest.approx(
        (0.4481792717, 0.2487882268, 0.8073720455), abs=1e-9
    )
    assert (year.at_risk, year.events) == (6, 9)
    assert found.median() == (23.0, 16.0, None)
    assert found.at_risk_at([0, 6, 7, 10, 35, 36]) == [21, 21, 17, 15, 1, 0]


@pytest.mark.parametrize(
    ("at_risk", "estimate", "low", "high"),
    [
        pytest.param((20,), 0.95, 0.8591, 1, id="testis"),
        pytest.param((10, 9, 7), 0.6857, 0.4447, 1, id="CNS"),
        pytest.param((4,), 0.75, 0.4259, 1, id="primary refractory"),
        pytest.param((3, 2), 0.3333, 0.0673, 1, id="prior transplant"),
        pytest.param((39,), 0.9744, 0.9260, 1, id="landmark at 4 months"),
        pytest.param((14, 8), 0.8125, 0.6022, 1, id="prior transplant, all"),
    ],
)
def test_rebuilds_the_published_intervals(
    at_risk: tuple[int, ...], estimate: float, low: float, high: float
):
    """Small strata of the trial, from their sizes at each event (domain 7.2)."""
    stop, event = [], []
    for step, (size, then) in enumerate(zip(at_risk, (*at_risk[1:], 0), strict=True)):
        stop += [10 * step + 5] + [10 * step + 7] * (size - 1 - then)
        event += [1] + [0] * (size - 1 - then)

    found = kaplan_meier(stop, event).at(10 * len(at_risk) - 5)

    assert (found.estimate, found.low, found.high) == pytest.approx((estimate, low, high), abs=6e-5)


def test_rebuilds_the_transplant_column():
    """At risk 13, 12, 11, 8 and 7 at five events: 57.7 % (35.0-95.0) (domain 7.2).

    One person leaves and another comes between the first two events.
    """
    stop = [1.0, 2, 3, 4, 5, 1.5, 3.5, 3.5] + [9.0] * 6
    entry = [0.0] * 13 + [1.5]

    found = kaplan_meier(stop, [1] * 5 + [0] * 9, entry=entry).at(5)

    assert (found.estimate, found.low, found.high) == pytest.approx(
        (0.5769, 0.3504, 0.9500), abs=6e-5
    )


@given(days)
def test_is_the_share_still_free_when_nobody_is_censored(stop: list[int]):
    """Without censoring the curve is the empirical survival."""
    found = kaplan_meier(stop, [1] * len(stop))

    assert [found.at(day).estimate for day in range(61)] == pytest.approx(
        [np.mean(np.array(stop) > day) for day in range(61)], abs=1e-12
    )


@given(persons, st.randoms(use_true_random=False))
def test_order_and_unit_do_not_matter(given_persons: list[tuple[int, bool]], chance: random.Random):
    """Shuffled rows and months for days give the same curve."""
    shuffled = list(given_persons)
    chance.shuffle(shuffled)

    one = kaplan_meier(*zip(*given_persons, strict=True))
    other = kaplan_meier([day / 32 for day, _ in shuffled], [event for _, event in shuffled])

    assert other.times * 32 == pytest.approx(one.times)
    assert other.estimate == pytest.approx(one.estimate)
    assert other.low == pytest.approx(one.low, nan_ok=True)


@given(persons)
def test_entry_at_the_start_changes_nothing(given_persons: list[tuple[int, bool]]):
    """Who enters on day 0 was always there."""
    stop = [day + 1 for day, _ in given_persons]
    event = [event for _, event in given_persons]

    one = kaplan_meier(stop, event)
    other = kaplan_meier(stop, event, entry=[0] * len(stop))

    assert other.estimate.tolist() == one.estimate.tolist()
    assert other.at_risk.tolist() == one.at_risk.tolist()
    assert other.at_risk_at([0])[0] == len(stop)


@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.booleans()), min_size=1, max_size=30
    )
)
def test_counts_who_is_there(spans: list[tuple[int, int, bool]]):
    """At risk just before a day is whoever came before it and did not leave before it."""
    entry = np.array([start for start, _, _ in spans])
    stop = np.array([start + length for start, length, _ in spans])

    found = kaplan_meier(stop, [event for _, _, event in spans], entry=entry)

    wanted = np.arange(0, 42, 0.5)
    assert found.at_risk_at(wanted) == [int(((entry < t) & (t <= stop)).sum()) for t in wanted]


def test_no_event_is_a_flat_curve():
    """Nobody failed: survival is 1 while somebody is watched, and unknown afterwards."""
    found = kaplan_meier([10, 20], [0, 0])

    point = found.at(15)
    assert (point.estimate, point.low, point.high, point.at_risk) == (1.0, 1.0, 1.0, 1)
    assert found.at(20).estimate == 1.0
    assert found.at(20.5).estimate is None
    assert found.median() == (None, None, None)


def test_after_the_last_event_of_all_the_curve_is_known():
    """When the last person fails, survival stays at zero, without limits."""
    found = kaplan_meier([10, 20], [1, 1])

    point = found.at(400)
    assert (point.estimate, point.low, point.high, point.events) == (0.0, None, None, 2)
    assert found.at(3).estimate == 1.0


def test_the_median_of_a_curve_that_rests_at_one_half():
    """The middle of the rest, as R 4.2.2 (survival 3.5-3) has it.

    ::

        > unlist(quantile(survfit(Surv(c(1, 2, 3, 4), c(1, 1, 1, 1)) ~ 1), 0.5))
        quantile.50    lower.50    upper.50
                2.5         1.0          NA
        > unlist(quantile(survfit(Surv(c(1, 2, 3, 9), c(1, 1, 0, 0)) ~ 1), 0.5))
        quantile.50    lower.50    upper.50
                5.5         1.0          NA
    """
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median() == (2.5, 1.0, None)
    assert kaplan_meier([1, 2, 3, 9], [1, 1, 0, 0]).median() == (5.5, 1.0, None)


def test_the_median_of_an_upper_limit_that_rises_again():
    """It is 0.486 on day 11, 0.490 on day 12, and unknown on day 13, when nobody is left.

    R 4.2.2 (survival 3.5-3) takes the wider interval::

        > unlist(quantile(survfit(Surv(t, e) ~ 1), 0.5))
        quantile.50    lower.50    upper.50
                  8           5          12
    """
    stop = [1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 7, 8, 8, 9, 10, 10, 11, 11, 12, 13]
    censored = {5, 8, 16}

    found = kaplan_meier(stop, [i not in censored for i in range(20)])

    assert found.median() == (8.0, 5.0, 12.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (([], []), "there is nobody to follow: stop is empty"),
        (([1, 2], [1]), "event or cause has 1 values for 2 persons"),
        (([-1], [1]), "stop must be a number of days, 0 or more: found -1"),
        (([math.nan], [1]), "stop must be a number of days, 0 or more: found nan"),
        (([1], [2]), "event must be 0 or 1; for several kinds of event see aalen_johansen"),
        (([1], [0.5]), "event or cause must be a whole number, 0 or more: found 0.5"),
        (([1], ["yes"]), "event or cause must be one number for each person: 0 for censored"),
        (([1, 2], [1, 1], [0]), "entry has 1 values for 2 persons"),
        (([5], [1], [5]), "entry must come before stop: person 0 has 5 and 5"),
    ],
)
def test_refuses_what_cannot_be(values: tuple[list[float], ...], said: str):
    """One clear sentence for each."""
    stop, event, *entry = values
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        kaplan_meier(stop, event, entry=entry[0] if entry else None)


def test_refuses_scale_and_level():
    """As the other arguments."""
    with pytest.raises(ValueError, match=r"level=95: expected a number in \(0, 1\)"):
        kaplan_meier([1], [1], level=95)
    with pytest.raises(ValueError, match="scale='logit': expected plain, log or log-log"):
        kaplan_meier([1], [1], scale="logit")  # type: ignore[arg-type]
