from __future__ import annotations

import math
import time
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.hazards import Fit, cox
from cytomon.cohort.statistics.partial_likelihood import arrange, partial_likelihood, rows_of
from cytomon.cohort.statistics.risk_sets import follow
from tests.cohort.statistics.hazards_data import Table, breast, heart, leukemia, ovarian, tied


def told(fit: Fit) -> FloatArray:
    """Coefficient, standard error, p and the logarithms of the limits, as R's summary has them."""
    return np.array(
        [[c.coefficient, c.se, c.p, math.log(c.low), math.log(c.high)] for c in fit.coefficients]
    )


def test_stanford_heart_transplants():
    """With rows that enter late and leave early, and ties.

    R 4.2.2, survival 3.5-3::

        > summary(coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, heart))
                           coef      se(coef)       Pr(>|z|)
        age          0.0271666409577 0.0137141152103 0.0475996254316
        year        -0.1463463456742 0.0704679795189 0.0378220587327
        surgery     -0.6372098899670 0.3672259961803 0.0827057040629
        transplant1 -0.0102507724091 0.3137547983375 0.9739367229822
                       log(lower .95)      log(upper .95)
        age          0.000287469065619  0.05404581284973
        year        -0.284461047594460 -0.00823164375393
        surgery     -1.356959616667246  0.08253983673331
        transplant1 -0.625198877127193  0.60469733230903
        loglik -298.1213556730 -290.5656162185
        score 15.03419791304130  lr 15.11147890898974  wald 14.4930452068
    """
    found = heart().fitted(cox)

    assert told(found) == pytest.approx(
        np.array(
            [
                [
                    0.0271666409577,
                    0.0137141152103,
                    0.0475996254316,
                    0.000287469065619,
                    0.05404581284973,
                ],
                [
                    -0.1463463456742,
                    0.0704679795189,
                    0.0378220587327,
                    -0.28446104759446,
                    -0.00823164375393,
                ],
                [
                    -0.637209889967,
                    0.3672259961803,
                    0.0827057040629,
                    -1.356959616667246,
                    0.08253983673331,
                ],
                [
                    -0.0102507724091,
                    0.3137547983375,
                    0.9739367229822,
                    -0.625198877127193,
                    0.60469733230903,
                ],
            ]
        ),
        abs=1e-9,
    )
    assert found.log_likelihood == pytest.approx(-290.5656162185, abs=1e-9)
    tests = found.score_test, found.likelihood_ratio, found.wald_test
    assert [one.statistic for one in tests] == pytest.approx(
        [15.0341979130413, 15.11147890898974, 14.4930452068], abs=1e-9
    )
    assert [one.degrees for one in tests] == [4, 4, 4]
    assert found.score_test.p == pytest.approx(0.00463081142841, abs=1e-12)


def test_persons_are_counted_once():
    """103 persons in 172 rows: 69 were transplanted, 45 of whom died; 75 died in all."""
    found = heart().fitted(cox)

    assert (found.n, found.n_events) == (103, 75)
    assert [(c.n, c.n_events) for c in found.coefficients[2:]] == [(16, 9), (69, 45)]
    assert (found.coefficients[0].n, found.coefficients[0].n_events) == (103, 75)


def test_tied_remissions():
    """Efron's ties, where 21 of 42 weeks are shared.

    R 4.2.2, survival 3.5-3: ``summary(coxph(Surv(t, e) ~ mp))``, loglik, sctest, logtest, wald.test
    """
    found = leukemia().fitted(cox)

    assert told(found)[0] == pytest.approx(
        [-1.57212514883, 0.412396717709, 0.000137753761987, -2.380407862882, -0.763842434776],
        abs=1e-9,
    )
    assert found.log_likelihood == pytest.approx(-85.00842457737, abs=1e-9)
    tests = found.score_test, found.likelihood_ratio, found.wald_test
    assert [one.statistic for one in tests] == pytest.approx(
        [17.2465367957, 16.351690839, 14.5326170634], abs=1e-8
    )


def test_ovarian_cancer():
    """R 4.2.2, survival 3.5-3: ``coxph(Surv(futime, fustat) ~ age + resid.ds + rx + ecog.ps)``."""
    found = ovarian().fitted(cox)

    assert told(found)[:, :3] == pytest.approx(
        np.array(
            [
                [0.124813078795, 0.0468903630079, 0.00777225158811],
                [0.826186440824, 0.7896110608452, 0.29541296634328],
                [-0.914499919555, 0.6533156306656, 0.16157839895519],
                [0.336211686226, 0.6439230627313, 0.60157967132090],
            ]
        ),
        abs=1e-8,
    )
    assert found.log_likelihood == pytest.approx(-26.46329351671, abs=1e-8)


def test_ties_and_late_entry_together():
    """R 4.2.2, survival 3.5-3: ``coxph(Surv(entry, stop, event) ~ age + transplant)``."""
    found = tied().fitted(cox)

    assert told(found) == pytest.approx(
        np.array(
            [
                [
                    -0.0036279630501,
                    0.0199320911208,
                    0.855570029581,
                    -0.0426941437834,
                    0.0354382176833,
                ],
                [
                    -0.0468546038855,
                    0.474561703483,
                    0.921350763217,
                    -0.9769784511541,
                    0.8832692433832,
                ],
            ]
        ),
        abs=2e-9,
    )
    assert found.log_likelihood == pytest.approx(-105.0402991197, abs=1e-9)
    assert found.score_test.statistic == pytest.approx(0.0461789941096, abs=1e-10)


def test_breast_cancer_without_grade():
    """R 4.2.2, survival 3.5-3: ``coxph(Surv(stop, event) ~ T + N + CD)``."""
    table = breast()
    found = table._replace(
        covariates=table.covariates[:, [0, 1, 3]], names=("T", "N", "CD")
    ).fitted(cox)

    assert told(found)[:, :3] == pytest.approx(
        np.array(
            [
                [1.560381291028, 0.501248043432, 0.00185200860307],
                [1.134192280668, 0.432320519818, 0.00870318014712],
                [0.520679284497, 0.449573561278, 0.24679768772498],
            ]
        ),
        abs=1e-9,
    )


@st.composite
def cohorts(draw: st.DrawFn, *, ties: bool = True) -> Table:
    """Six to fifteen persons with two covariates, who enter when they like."""
    n = draw(st.integers(6, 15))
    if ties:
        stop = draw(st.lists(st.integers(2, 8), min_size=n, max_size=n))
    else:
        stop = draw(st.permutations(range(2, n + 2)))
    entry = [draw(st.integers(0, end - 1)) for end in stop]
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(any))
    grid = st.integers(-20, 20).map(lambda value: value / 10)
    pair = st.tuples(st.sampled_from([0.0, 1.0]), grid)
    covariates = draw(st.lists(pair, min_size=n, max_size=n))
    return Table(
        np.array(stop, float),
        np.array(event, float),
        np.array(covariates),
        ("a", "b"),
        np.array(entry, float),
        tuple(range(n)),
    )


def same(found: Fit, expected: Fit):
    """Two fits agree, also in what they cannot say."""
    assert [c.why for c in found.coefficients] == [c.why for c in expected.coefficients]
    for one, other in zip(found.coefficients, expected.coefficients, strict=True):
        if not one.why:
            assert one.coefficient == pytest.approx(other.coefficient, abs=1e-6, rel=1e-6)
            assert one.se == pytest.approx(other.se, rel=1e-5)
        assert (one.n, one.n_events) == (other.n, other.n_events)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-7)


@given(cohorts(), st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_does_not_matter(table: Table, random: Random):
    """Rows can come as they like."""
    rows = list(range(len(table.stop)))
    random.shuffle(rows)

    same(table.taken(rows).fitted(cox), table.fitted(cox))


@given(cohorts(), st.data())
@settings(deadline=None, max_examples=40)
def test_cutting_a_row_changes_nothing(table: Table, data: st.DataObject):
    """A person watched in two stretches is the person watched in one."""
    row = data.draw(st.integers(0, len(table.stop) - 1))
    cut = data.draw(st.sampled_from([0.25, 0.5, 1.0]))
    middle = table.entry[row] + cut * (table.stop[row] - table.entry[row])
    twice = table.taken([*range(len(table.stop)), row])
    stop, event, entry = twice.stop.copy(), twice.event.copy(), twice.entry.copy()
    if middle < stop[row]:
        stop[row], event[row], entry[-1] = middle, 0, middle
        twice = twice._replace(stop=stop, event=event, entry=entry)
    else:
        twice = table

    same(twice.fitted(cox), table.fitted(cox))


@given(cohorts(), st.sampled_from([1e-4, 0.5, 365.25, 1e5]), st.sampled_from([0.0, -48.0, 1e4]))
@settings(deadline=None, max_examples=40)
def test_units_of_a_covariate_only_change_its_coefficient(
    table: Table, factor: float, shift: float
):
    """Days or years, from birth or from forty-eight: the model is the same."""
    changed = table.covariates * [1, factor] + [0, shift]
    found, expected = table._replace(covariates=changed).fitted(cox), table.fitted(cox)

    assert [c.why for c in found.coefficients] == [c.why for c in expected.coefficients]
    for one, other, unit in zip(
        found.coefficients, expected.coefficients, (1, factor), strict=True
    ):
        if not one.why:
            assert one.coefficient * unit == pytest.approx(other.coefficient, abs=1e-5, rel=1e-5)
            assert one.p == pytest.approx(other.p, abs=1e-5)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-6)


@given(cohorts(ties=False), st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_without_ties_it_is_the_product_over_events(
    table: Table, coefficients: tuple[float, float]
):
    """Each event's share of all who are at risk, counted one by one (Cox 1972)."""
    rows = rows_of(follow(table.stop, table.event, table.entry), table.covariates, table.names)
    sets = arrange(rows)
    found = partial_likelihood(sets, np.array(coefficients) * sets.scale)

    hazard = np.exp(table.covariates @ coefficients)
    expected = sum(
        math.log(hazard[i] / hazard[(table.entry < day) & (day <= table.stop)].sum())
        for i, day in enumerate(table.stop)
        if table.event[i]
    )
    assert found.value == pytest.approx(expected, abs=1e-10)


@given(cohorts(), st.tuples(st.floats(-2, 2), st.floats(-2, 2)))
def test_score_and_information_are_derivatives(table: Table, coefficients: tuple[float, float]):
    """By differences of the likelihood, and of the score."""
    rows = rows_of(follow(table.stop, table.event, table.entry), table.covariates, table.names)
    sets = arrange(rows)
    at, step = np.array(coefficients), 1e-5 * np.eye(2)
    found = partial_likelihood(sets, at)

    ahead = [partial_likelihood(sets, at + one) for one in step]
    behind = [partial_likelihood(sets, at - one) for one in step]
    slopes = [(a.value - b.value) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    bends = [(b.gradient - a.gradient) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    assert found.gradient == pytest.approx(np.array(slopes), abs=1e-6)
    assert found.curvature == pytest.approx(np.array(bends), abs=1e-6)


def test_who_enters_on_a_day_is_not_at_risk_on_it():
    """R: Surv(2, 5, 1) begins after 2; of the events on 2 and 5 only the second sees the third."""
    table = np.array([[0.0], [1.0], [2.0]])
    rows = rows_of(follow([2, 5, 9], [1, 1, 0], [0, 0, 2]), table, ["x"])
    sets = arrange(rows)

    found = partial_likelihood(sets, np.array([1.0]) * sets.scale)

    first, second = math.log(1 / (1 + math.e)), math.log(math.e / (math.e + math.e**2))
    assert found.value == pytest.approx(first + second)


@pytest.mark.parametrize("late", [False, True])
def test_twenty_thousand_rows_take_seconds_at_most(late: bool):
    """Work grows with n log n: under two seconds on a slow machine, usually half of one."""
    random = np.random.default_rng(3)
    covariates = random.normal(size=(20_000, 5))
    stop = np.ceil(random.exponential(400, 20_000))
    entry = np.floor(random.random(20_000) * stop * 0.9) if late else None
    event = random.random(20_000) < 0.6
    cox(stop[:100], event[:100], covariates[:100], list("abcde"))  # imports
    begun = time.process_time()

    found = cox(stop, event, covariates, list("abcde"), entry=entry)

    assert time.process_time() - begun < 2
    assert not any(c.why for c in found.coefficients)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"covariates": [[1.0], [np.nan], [0.0]]}, "x is nan in row 1", id="missing"),
        pytest.param({"covariates": [[1.0, 2.0]] * 3}, "3 rows and 1 names", id="names"),
        pytest.param({"persons": "ab"}, "persons has 2 values for 3 rows", id="persons"),
        pytest.param({"entry": [0, 2, 0]}, "entry must come before stop", id="entry"),
        pytest.param({"stop": [1, -2, 3]}, "0 or more", id="negative"),
    ],
)
def test_refuses_what_does_not_fit(change: dict[str, object], said: str):
    """Before anything is computed, with what is wrong."""
    given = {"stop": [1, 2, 3], "event": [1, 0, 1], "covariates": [[1.0], [0.0], [0.0]]}

    with pytest.raises(ValueError, match=said):
        cox(**(given | {"names": ["x"]} | change))
