"""Paired yes and no: the exact test of McNemar."""

from __future__ import annotations

from cytomon.cohort.statistics.answers import Test


def mcnemar(b: int, c: int) -> Test:
    """Whether two paired yes-or-no findings differ, from the pairs that disagree.

    Parameters
    ----------
    b : int
        Pairs with the first finding alone, 0 or more.
    c : int
        Pairs with the second finding alone, 0 or more.

    Returns
    -------
    Test
        Its statistic is `b`, which is binomial with one half of all ``b + c`` if the findings do
        not differ; the p-value is exact and two-sided, and 1 if no pair disagrees.

    Raises
    ------
    ValueError
        If `b` or `c` is not a count.

    References
    ----------
    .. [1] Q. McNemar, "Note on the Sampling Error of the Difference between Correlated
       Proportions or Percentages", Psychometrika 12(2), 153-157, 1947. doi:10.1007/BF02295996

    Examples
    --------
    Two ways to call a relapse differ in eleven children: nine times one way, twice the other:

    >>> found = mcnemar(9, 2)
    >>> found.statistic, round(found.p, 4)
    (9.0, 0.0654)
    """
    from scipy.stats import binom

    for name, count in (("b", b), ("c", c)):
        if count < 0 or count != int(count):
            raise ValueError(f"{name}={count}: expected a count of pairs, 0 or more")
    # with one half on either side the two tails are alike, and the middle counts twice
    p = min(1.0, 2 * float(binom.cdf(min(b, c), b + c, 0.5)))
    return Test(float(b), 0, p)
