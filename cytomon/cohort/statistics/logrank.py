"""Whether groups differ in survival: the log-rank test."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import Group, Test, score_test
from cytomon.cohort.statistics.risk_sets import follow, numbered, risk_sets


def logrank(
    stop: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    entry: ArrayLike | None = None,
) -> Test:
    """Events in each group against those expected if all groups were alike.

    Parameters
    ----------
    stop : array_like, shape (n_persons,)
        Day of the event or of the last contact, 0 or more.
    event : array_like of bool or 0/1, shape (n_persons,)
        Whether the event happened on that day.
    group : array_like, shape (n_persons,)
        Labels.
    entry : array_like, shape (n_persons,), optional
        Day from just after which the person is at risk.

    Returns
    -------
    Test
        With the observed and expected events of each group. Its statistic is NaN if there is
        nothing to compare: no event, one group, or never two at risk on the day of an event.

    Raises
    ------
    ValueError
        If nobody is given, lengths differ, a day is negative, an entry is not before its stop,
        or a person has no group.

    Notes
    -----
    Tied events have the hypergeometric variance. A group must be known at entry: one that is
    defined by what happens later (still in aplasia at six months) makes the test meaningless.

    References
    ----------
    .. [1] N. Mantel, "Evaluation of Survival Data and Two New Rank Order Statistics Arising in
       Its Consideration", Cancer Chemother. Rep. 50(3), 163-170, 1966.
    .. [2] R. Peto, J. Peto, "Asymptotically Efficient Rank Invariant Test Procedures",
       J. R. Stat. Soc. A 135(2), 185-207, 1972. doi:10.2307/2344317

    Examples
    --------
    >>> found = logrank([6, 7, 10, 15, 19, 25], [1, 0, 1, 1, 0, 1], list("aaabbb"))
    >>> round(found.statistic, 4), found.degrees, [g.observed for g in found.groups]
    (3.5714, 1, [2.0, 2.0])
    """
    persons = follow(stop, event, entry)
    if persons.code.max() > 1:
        raise ValueError("event must be 0 or 1; for several kinds of event see gray")
    names, number = numbered(group, persons.stop.size)
    table = risk_sets(persons, number)
    d = table.ended[:, :, 1:].sum(axis=2)
    happened = d.sum(axis=1) > 0
    d, n = d[happened], table.at_risk[happened]
    total_d, total_n = d.sum(axis=1), n.sum(axis=1)
    share = n / total_n[:, None]
    expected = total_d @ share
    spread = total_d * (total_n - total_d) / np.maximum(total_n - 1, 1)
    covariance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    sizes = np.bincount(number)
    groups = tuple(
        Group(name, int(sizes[i]), float(d[:, i].sum()), float(expected[i]))
        for i, name in enumerate(names)
    )
    return score_test(covariance, groups)
