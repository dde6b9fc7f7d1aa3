"""A curve over time with its interval and the persons behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray, IntArray, Test

__all__ = ["Curve", "FloatArray", "IntArray", "Point", "Test"]

# a curve of products comes to one half only up to rounding
_ROUNDING = 1.5e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a curve says about one day.

    Attributes
    ----------
    estimate, low, high : float or None
        None where the data cannot say.
    at_risk : int
        Persons still watched just before the day.
    events : int
        Events of interest up to the day, itself included.
    """

    estimate: float | None
    low: float | None
    high: float | None
    at_risk: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A step function of time, right-continuous, with pointwise limits.

    Attributes
    ----------
    times : ndarray, shape (n_times,)
        Distinct days on which a person left or came late, ascending.
    at_risk : ndarray of int, shape (n_times,)
        Just before each time.
    events : ndarray of int, shape (n_times,)
        Events of interest at each time.
    censored : ndarray of int, shape (n_times,)
        Persons whose watching ended at each time without any event.
    estimate : ndarray, shape (n_times,)
        From each time on: survival, or cumulative incidence.
    low, high : ndarray, shape (n_times,)
        Pointwise limits; NaN where they cannot be said.
    start : float
        The value before the first time: 1 of a survival, 0 of an incidence.
    n : int
        Persons.
    method : str
        How it was made, in words.
    """

    times: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    start: float
    n: int
    method: str

    def at(self, day: float) -> Point:
        """Value on a day, or nothing where watching ended before it.

        Parameters
        ----------
        day : float
            Since the origin of the curve.

        Returns
        -------
        Point
            Without an estimate after the last time, unless everybody had the event (or a
            competing one) by then: what comes later is known in that case alone.
        """
        (at_risk,) = self.at_risk_at([day])
        k = int(np.searchsorted(self.times, day, side="right"))
        events = int(self.events[:k].sum())
        if k == 0:
            start = self.start
            return Point(estimate=start, low=start, high=start, at_risk=at_risk, events=0)
        if day > self.times[-1] and self.censored[-1]:
            return Point(estimate=None, low=None, high=None, at_risk=0, events=events)
        return Point(
            estimate=float(self.estimate[k - 1]),
            low=_said(self.low[k - 1]),
            high=_said(self.high[k - 1]),
            at_risk=at_risk,
            events=events,
        )

    def median(self) -> tuple[float | None, float | None, float | None]:
        """Time at which half have had the event, with its limits.

        Returns
        -------
        median, low, high : float or None
            Where the survival and its lower and upper limits come down to one half; None if
            they never do. A curve that lies exactly at one half gives the middle of that
            stretch, as R's ``quantile`` of a ``survfit`` does.

        Raises
        ------
        ValueError
            If the curve is an incidence.

        References
        ----------
        .. [1] R. Brookmeyer, J. Crowley, "A Confidence Interval for the Median Survival Time",
           Biometrics 38(1), 29-41, 1982. doi:10.2307/2530286
        """
        if self.start != 1.0:
            raise ValueError("only a survival curve has a median here: this one is an incidence")
        return (
            _halved(self.times, self.estimate),
            _halved(self.times, self.low),
            _halved(self.times, self.high),
        )

    def at_risk_at(self, days: Iterable[float]) -> list[int]:
        """Persons at risk just before each day, for the row of numbers below a figure.

        Parameters
        ----------
        days : iterable of float
            In any order.

        Returns
        -------
        list of int
            Who comes late is counted from the first day after the entry.
        """
        wanted = np.asarray(list(days), dtype=np.float64)
        if np.isnan(wanted).any():
            raise ValueError("a day must be a number")
        where = np.searchsorted(self.times, wanted, side="left")
        counts = np.append(self.at_risk, 0)[where]
        return [int(count) for count in counts]


def _said(limit: float) -> float | None:
    return None if np.isnan(limit) else float(limit)


def _halved(times: FloatArray, values: FloatArray) -> float | None:
    """Time at which the values come down to one half; the middle if they stay there."""
    first = _at_or_below(values, 0.5 + _ROUNDING)
    if first is None:
        return None
    end = _at_or_below(values, 0.5 - _ROUNDING)
    return float(times[first] + times[-1 if end is None else end]) / 2


def _at_or_below(values: FloatArray, bound: float) -> int | None:
    """Row of the greatest value within a bound.

    It is the first row within the bound, but for an upper limit that rises again with the last
    few persons: there R takes the later day, and so the wider interval.
    """
    within = np.flatnonzero(values <= bound)
    return int(within[np.argmax(values[within])]) if within.size else None
