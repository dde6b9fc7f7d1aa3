from __future__ import annotations

import math

import numpy as np
import pytest

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.hazards import Fit, cox
from cytomon.cohort.statistics.partial_likelihood import arrange, partial_likelihood
from cytomon.cohort.statistics.risk_sets import follow
from cytomon.cohort.statistics.rows import rows_of
from tests.cohort.statistics.hazards_data import heart, leukemia, ovarian, tied


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


def test_who_enters_on_a_day_is_not_at_risk_on_it():
    """R: Surv(2, 5, 1) begins after 2; of the events on 2 and 5 only the second sees the third."""
    table = np.array([[0.0], [1.0], [2.0]])
    rows = rows_of(follow([2, 5, 9], [1, 1, 0], [0, 0, 2]), table, ["x"])
    sets = arrange(rows)

    found = partial_likelihood(sets, np.array([1.0]) * sets.scale)

    first, second = math.log(1 / (1 + math.e)), math.log(math.e / (math.e + math.e**2))
    assert found.value == pytest.approx(first + second)


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
