from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from cytomon.cohort.statistics.tables import mcnemar

pairs = st.integers(0, 3000)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        pytest.param(9, 2, 0.0654296875, id="nine and two"),
        pytest.param(150, 86, 3.71593613957e-05, id="approval of the president (Agresti 1990)"),
        pytest.param(4, 4, 1.0, id="as many"),
        pytest.param(0, 6, 0.03125, id="one-sided"),
    ],
)
def test_agrees_with_r(b: int, c: int, p: float):
    """As R 4.2.2 prints it with 12 digits.

    ::

        > for (x in list(c(9, 2), c(150, 86), c(4, 4), c(0, 6)))
        +   print(binom.test(x[1], sum(x))$p.value, digits = 12)
        [1] 0.0654296875
        [1] 3.71593613957e-05
        [1] 1
        [1] 0.03125
    """
    found = mcnemar(b, c)

    assert found.p == pytest.approx(p, rel=1e-9)
    assert (found.statistic, found.degrees) == (b, 0)


@given(pairs, pairs.filter(bool))
def test_is_the_binomial_test_of_one_half(b: int, c: int):
    """An independent implementation; and the two findings may be exchanged."""
    found = mcnemar(b, c)

    assert found.p == pytest.approx(binomtest(b, b + c).pvalue, rel=1e-9)
    assert mcnemar(c, b).p == found.p


def test_no_pair_disagrees():
    """Nothing speaks against equality."""
    assert mcnemar(0, 0).p == 1.0


@pytest.mark.parametrize(("b", "c"), [(-1, 2), (2, -1), (0.5, 1)])
def test_refuses_what_is_no_count(b: float, c: float):
    """Pairs are counted."""
    with pytest.raises(ValueError, match="expected a count of pairs, 0 or more"):
        mcnemar(b, c)  # type: ignore[arg-type]
