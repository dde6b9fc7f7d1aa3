"""Cumulative incidence among competing events (Aalen and Johansen), and Gray's test of it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import FloatArray, Group, IntArray, Test, score_test
from cytomon.cohort.statistics.curve import Curve
from cytomon.cohort.statistics.limits import limits
from cytomon.cohort.statistics.risk_sets import FollowUp, follow, numbered, risk_sets
from cytomon.cohort.statistics.subdistribution import gray_covariance, gray_risks, tied


def aalen_johansen(
    stop: ArrayLike,
    cause: ArrayLike,
    *,
    of: int = 1,
    scale: Literal["linear", "log-log"] = "linear",
    entry: ArrayLike | None = None,
    level: float = 0.95,
) -> Curve:
    """Probability of having had one kind of event while the others take persons away.

    Parameters
    ----------
    stop : array_like, shape (n_persons,)
        Day of the first event of any kind, or of the last contact, 0 or more.
    cause : array_like of int, shape (n_persons,)
        0 for censored, else the kind of event.
    of : int, optional
        The kind of interest, 1 or more.
    scale : {"linear", "log-log"}, optional
        On which the interval is symmetric; clipped to [0, 1].
    entry : array_like, shape (n_persons,), optional
        Day from just after which the person is at risk (left truncation); 0 is the start.
    level : float, optional
        Of confidence, in (0, 1).

    Returns
    -------
    Curve
        Its events are those of interest. Competing events are neither among them nor among the
        censored.

    Raises
    ------
    ValueError
        If nobody is given, lengths differ, a day is negative, an entry is not before its stop,
        or `of` is not the number of a kind of event.

    Notes
    -----
    The variance is that of the delta method with a correction for ties, as R's
    ``cmprsk::cuminc`` has it; R's ``survfit`` gives a slightly different one. One minus
    Kaplan-Meier with the competing events as censored would be too high.

    References
    ----------
    .. [1] O. O. Aalen, S. Johansen, "An Empirical Transition Matrix for Non-homogeneous Markov
       Chains Based on Censored Observations", Scand. J. Stat. 5(3), 141-150, 1978.
    .. [2] R. J. Gray, "A Class of K-Sample Tests for Comparing the Cumulative Incidence of a
       Competing Risk", Ann. Stat. 16(3), 1141-1154, 1988. doi:10.1214/aos/1176350951

    Examples
    --------
    Two relapses (1) and one death in remission (2) among five:

    >>> curve = aalen_johansen([30, 60, 90, 120, 150], [1, 2, 0, 1, 0])
    >>> [round(float(value), 2) for value in curve.estimate]
    [0.2, 0.2, 0.2, 0.5, 0.5]
    """
    persons = _one_against_others(follow(stop, cause, entry), of)
    table = risk_sets(persons)
    ended = np.pad(table.ended[:, 0], ((0, 0), (0, 3 - table.ended.shape[2])))
    censored, events, others = ended.T
    incidence, error = _incidence(table.at_risk[:, 0], events, others)
    low, high = limits(incidence, error, scale="plain" if scale == "linear" else scale, level=level)
    return Curve(
        times=table.times,
        at_risk=table.at_risk[:, 0],
        events=events,
        censored=censored,
        estimate=incidence,
        low=low,
        high=high,
        start=0.0,
        n=persons.stop.size,
        method=f"Aalen-Johansen, {scale} delta method",
    )


def gray(stop: ArrayLike, cause: ArrayLike, group: ArrayLike, *, of: int = 1) -> Test:
    """Events of one kind in each group against those expected with equal incidences.

    Parameters
    ----------
    stop : array_like, shape (n_persons,)
        Day of the first event of any kind, or of the last contact, 0 or more.
    cause : array_like of int, shape (n_persons,)
        0 for censored, else the kind of event.
    group : array_like, shape (n_persons,)
        Labels.
    of : int, optional
        The kind of interest, 1 or more.

    Returns
    -------
    Test
        With the observed and expected events of interest of each group. Its statistic is NaN if
        there is nothing to compare: no event of interest, or one group.

    Raises
    ------
    ValueError
        If nobody is given, lengths differ, a day is negative, a person has no group, or `of` is
        not the number of a kind of event.

    Notes
    -----
    All times count alike (rho of 0), as in R's ``cmprsk::cuminc``. A group of which nobody was
    watched when events happened says nothing and takes no degree of freedom (``cuminc`` gives no
    answer until it is left out). A group must be known at the start.

    References
    ----------
    .. [1] R. J. Gray, "A Class of K-Sample Tests for Comparing the Cumulative Incidence of a
       Competing Risk", Ann. Stat. 16(3), 1141-1154, 1988. doi:10.1214/aos/1176350951

    Examples
    --------
    >>> days, causes = [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 1, 2, 1, 0, 0]
    >>> found = gray(days, causes, list("aaaabbbb"))
    >>> round(found.statistic, 3), [g.observed for g in found.groups]
    (3.774, [3.0, 1.0])
    """
    persons = _one_against_others(follow(stop, cause), of)
    names, number = numbered(group, persons.stop.size)
    table = risk_sets(persons, number)
    ended = np.pad(table.ended, ((0, 0), (0, 0), (0, 3 - table.ended.shape[2])))
    happened = ended[:, :, 1:].any(axis=(1, 2))
    risks = gray_risks(table.at_risk[happened], ended[happened, :, 1], ended[happened, :, 2])
    sizes = np.bincount(number)
    observed = risks.events.sum(axis=0)
    groups = tuple(
        Group(name, int(sizes[i]), float(observed[i]), float(risks.expected[i]))
        for i, name in enumerate(names)
    )
    return score_test(gray_covariance(risks), groups)


def _one_against_others(persons: FollowUp, of: int) -> FollowUp:
    """Recode the ends: 0 censored, 1 the kind of interest, 2 any other."""
    if of < 1 or of != int(of):
        raise ValueError(f"of={of}: expected the number of a kind of event, 1 or more")
    code = np.where(persons.code == of, 1, np.where(persons.code == 0, 0, 2))
    return FollowUp(entry=persons.entry, stop=persons.stop, code=code)


def _incidence(
    at_risk: IntArray, events: IntArray, others: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Cumulative incidence and its standard error.

    An event of interest at s moves the incidence at t by 1 - (F(t) - F(s)) / S(s), any other
    event by -(F(t) - F(s)) / S(s), each times S(s-) / n. The variance sums the squares, and since
    F(t) is the same in every term, three running sums do for all t.
    """
    n = np.maximum(at_risk, 1).astype(np.float64)
    after: FloatArray = np.cumprod(1 - (events + others) / n, dtype=np.float64)
    before = np.concatenate([[1.0], after[:-1]])
    incidence: FloatArray = np.cumsum(before * events / n)
    gone = after <= 0
    inverse = np.where(gone, 0.0, 1 / np.where(gone, 1.0, after))

    weight = (before / n) ** 2
    of_interest = weight * events * tied(events, n)
    of_others = np.where(gone, 0.0, weight * others * tied(others, n))
    mine, theirs = 1 + inverse * incidence, inverse * incidence
    constant = np.cumsum(mine**2 * of_interest + theirs**2 * of_others)
    linear = np.cumsum(inverse * (mine * of_interest + theirs * of_others))
    square = np.cumsum(inverse**2 * (of_interest + of_others))
    variance = constant - 2 * incidence * linear + incidence**2 * square
    # until the first event of interest nothing is uncertain, whatever rounding leaves
    return incidence, np.sqrt(np.where(incidence > 0, np.maximum(variance, 0.0), 0.0))
