"""Survival after Kaplan and Meier, with delayed entry."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.curve import Curve
from cytomon.cohort.statistics.limits import Scale, limits
from cytomon.cohort.statistics.risk_sets import follow, risk_sets

_WORDS = {"plain": "plain", "log": "log-transformed", "log-log": "log-log-transformed"}


def kaplan_meier(
    stop: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    scale: Scale = "log",
    level: float = 0.95,
) -> Curve:
    """Survival by the product of what is left at each event.

    Parameters
    ----------
    stop : array_like, shape (n_persons,)
        Day of the event or of the last contact, 0 or more.
    event : array_like of bool or 0/1, shape (n_persons,)
        Whether the event happened on that day.
    entry : array_like, shape (n_persons,), optional
        Day from just after which the person is at risk (left truncation); 0 is the start.
    scale : {"log", "log-log", "plain"}, optional
        On which the interval is symmetric. All are clipped to [0, 1].
    level : float, optional
        Of confidence, in (0, 1).

    Returns
    -------
    Curve
        With one row for each day on which a person left or came late.

    Raises
    ------
    ValueError
        If nobody is given, lengths differ, a day is negative, or an entry is not before its
        stop.

    Notes
    -----
    Events come before censorings of the same day. The variance is Greenwood's. Where the curve
    comes to zero it has no limits. With few persons at risk after a delayed entry the curve may
    fall to zero early and stay there; start it where enough are at risk instead.

    References
    ----------
    .. [1] E. L. Kaplan, P. Meier, "Nonparametric Estimation from Incomplete Observations",
       J. Am. Stat. Assoc. 53(282), 457-481, 1958. doi:10.1080/01621459.1958.10501452
    .. [2] Ø. Borgan, K. Liestøl, "A Note on Confidence Intervals and Bands for the Survival
       Function Based on Transformations", Scand. J. Stat. 17(1), 35-41, 1990.

    Examples
    --------
    Twenty boys with a testicular relapse, one event in the first year:

    >>> curve = kaplan_meier([90] + [400] * 19, [1] + [0] * 19)
    >>> year = curve.at(365)
    >>> round(year.estimate, 4), round(year.low, 4), year.high, year.at_risk
    (0.95, 0.8591, 1.0, 19)
    """
    persons = follow(stop, event, entry)
    if persons.code.max() > 1:
        raise ValueError("event must be 0 or 1; for several kinds of event see aalen_johansen")
    table = risk_sets(persons)
    n = table.at_risk[:, 0].astype(np.float64)
    censored = table.ended[:, 0, 0]
    events = table.ended[:, 0].sum(axis=1) - censored
    left = np.where(n > 0, n - events, 1.0)
    survival: FloatArray = np.cumprod(left / np.maximum(n, 1.0), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(events > 0, events / (n * left), 0.0))
        error = survival * np.sqrt(greenwood)
    low, high = limits(survival, error, scale=scale, level=level)
    return Curve(
        times=table.times,
        at_risk=table.at_risk[:, 0],
        events=events,
        censored=censored,
        estimate=survival,
        low=low,
        high=high,
        start=1.0,
        n=persons.stop.size,
        method=f"Kaplan-Meier, {_WORDS[scale]} Greenwood",
    )
