"""Medians of CAR copies and the comparison of both transgenes, as R has them.

R 4.2.2, with ``i <- 1:n; x <- (a * i * i) %% m + i / 100; y <- (b * i) %% m`` (without ``i / 100``
in the third, for ties)::

    wilcox.test(x, y, paired = TRUE, exact = n < 50 && m != 7, correct = FALSE)$p.value
    sort(x)[c(qbinom(.025, n, .5), n - qbinom(.025, n, .5) + 1)]

    n  a  b   m    p                  low    high
    12 7  11  29   0.33935546875      5.03   24.07
    60 13 17  101  0.575832929639695  33.47  65.56
    20 3  5   7    0.0693114441612623 3      6
"""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.cohort.analysed import analyse
from cytomon.cohort.baseline import Copies
from cytomon.track.profile import CohortDefinitions
from tests.cohort.people import person


@pytest.mark.parametrize(
    ("n", "a", "b", "m", "p", "low", "high"),
    [
        (12, 7, 11, 29, 0.33935546875, 5.03, 24.07),
        (60, 13, 17, 101, 0.575832929639695, 33.47, 65.56),
        (20, 3, 5, 7, 0.0693114441612623, 3, 6),
    ],
)
def test_as_in_r(n: int, a: int, b: int, m: int, p: float, low: float, high: float):
    i = np.arange(1, n + 1)
    x = (a * i * i) % m + (i / 100 if m != 7 else 0)
    y = (b * i) % m
    people = [
        person(str(k), car=(Copies("CD19", 8, float(x[k])), Copies("CD22", 9, float(y[k]))))
        for k in range(n)
    ]
    rows = {one.group: one for one in analyse(people, CohortDefinitions()).of("car_kinetics")}

    assert rows["CD19 vs CD22:7-10"].p_value == pytest.approx(p, abs=1e-9)
    assert (rows["CD19:7-10"].ci_low, rows["CD19:7-10"].ci_high) == pytest.approx((low, high))
    assert rows["CD19:7-10"].estimate == pytest.approx(float(np.median(x)))
