"""How far a counted fraction may lie from the true one, by counting alone.

Gating error is not in these intervals; for rare clusters it is often the larger of the two.
"""

from __future__ import annotations

from scipy.special import betainccinv, betaincinv, gammainccinv

from cytomon.model.results import Estimate


def binomial_interval(events: int, total: int, *, level: float = 0.95) -> Estimate:
    """Fraction of events with its exact (Clopper-Pearson) interval.

    Parameters
    ----------
    events : int
        Events in the population, 0 <= `events` <= `total`.
    total : int
        Events in the denominator, at least 1.
    level : float, optional
        Two-sided confidence level, in (0, 1).

    Returns
    -------
    Estimate
        A fraction, not percent.

    Raises
    ------
    ValueError
        If the counts or the level are outside the ranges above.

    Notes
    -----
    Covers the truth at least as often as `level` says, often more [1]_. With no event the upper
    end is still that of the two-sided interval; `poisson_upper` gives the one-sided one.

    References
    ----------
    .. [1] L. D. Brown, T. T. Cai, A. DasGupta, "Interval Estimation for a Binomial Proportion",
       Statistical Science 16(2), 101-133, 2001. doi:10.1214/ss/1009213286

    Examples
    --------
    >>> twenty = binomial_interval(20, 200_000)
    >>> f"{twenty.low:.4%} to {twenty.high:.4%}"
    '0.0061% to 0.0154%'
    """
    if not 0 <= events <= total or total < 1:
        msg = f"events={events}, total={total}: expected 0 <= events <= total and total >= 1"
        raise ValueError(msg)
    tail = _tail(level) / 2
    low = float(betaincinv(events, total - events + 1, tail)) if events else 0.0
    high = float(betainccinv(events + 1, total - events, tail)) if events < total else 1.0
    return Estimate(value=events / total, low=float(low), high=float(high), level=level)


def poisson_upper(events: int, *, level: float = 0.95) -> float:
    """Largest expected count that still agrees with so few events: one-sided upper bound.

    Parameters
    ----------
    events : int
        Events counted, at least 0.
    level : float, optional
        One-sided confidence level, in (0, 1).

    Returns
    -------
    float
        In events; divided by the denominator, it bounds the fraction.

    Raises
    ------
    ValueError
        If `events` is negative or `level` outside (0, 1).

    Examples
    --------
    >>> round(poisson_upper(0), 2)
    3.0
    """
    if events < 0:
        msg = f"events={events}: expected a count"
        raise ValueError(msg)
    return float(gammainccinv(events + 1, _tail(level)))


def _tail(level: float) -> float:
    if not 0 < level < 1:
        msg = f"level={level}: expected a number in (0, 1)"
        raise ValueError(msg)
    return 1 - level
