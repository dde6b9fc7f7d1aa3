"""Survival when events are only known to lie between two visits (Turnbull)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import FloatArray, IntArray

# the log-likelihood per person can rise by no more than this when the search stops
_GAP = 1e-10
_MOST_STEPS = 20_000
# of a step that is still tried
_LEAST_SHARE = 1e-6
# masses below this are what the search leaves where none belongs
_DUST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntervalCurve:
    """Where the probability lies; inside an interval the data do not say where.

    Attributes
    ----------
    left, right : ndarray, shape (n_intervals,)
        Each mass lies after `left` and not after `right`, or at the point where both are equal;
        the last `right` is infinity if events are still to come.
    mass : ndarray, shape (n_intervals,)
        Probability of each interval; they add up to 1.
    survival : ndarray, shape (n_intervals,)
        After each interval.
    log_likelihood : float
        At this curve.
    gap : float
        By how much the log-likelihood per person could still rise at most.
    n : int
        Persons.
    method : str
        How it was made, in words.
    """

    left: FloatArray
    right: FloatArray
    mass: FloatArray
    survival: FloatArray
    log_likelihood: float
    gap: float
    n: int
    method: str

    def at(self, day: float) -> tuple[float, float]:
        """Least and greatest survival that the data allow on a day; alike outside the intervals."""
        over = float(self.mass[self.right <= day].sum())
        begun = float(self.mass[(self.left < day) | (self.right <= day)].sum())
        return max(0.0, 1 - begun), max(0.0, 1 - over)


def turnbull(left: ArrayLike, right: ArrayLike) -> IntervalCurve:
    """Distribution of event times of greatest likelihood, from intervals alone.

    Parameters
    ----------
    left : array_like, shape (n_persons,)
        Last day known to be without the event, 0 or more.
    right : array_like, shape (n_persons,)
        First day known to be with it: after `left`, or the same day if the day of the event is
        known, or infinity if it was never seen.

    Returns
    -------
    IntervalCurve
        Only intervals that carry mass.

    Raises
    ------
    ValueError
        If nobody is given, lengths differ, a day is negative or no number, or a person's right
        end comes before the left one.

    Notes
    -----
    Steps of self-consistency alternate with steps on the distribution function (iterative convex
    minorant), which together always converge [2]_. The search ends by the conditions of Kuhn and
    Tucker, not because it moves slowly. Visits must not depend on the event.

    References
    ----------
    .. [1] B. W. Turnbull, "The Empirical Distribution Function with Arbitrarily Grouped, Censored
       and Truncated Data", J. R. Stat. Soc. B 38(3), 290-295, 1976.
    .. [2] J. A. Wellner, Y. Zhan, "A Hybrid Algorithm for Computation of the Nonparametric
       Maximum Likelihood Estimator from Censored Data", J. Am. Stat. Assoc. 92(439), 945-959,
       1997. doi:10.1080/01621459.1997.10474049

    Examples
    --------
    Return of B cells between days 28 and 60, 60 and 90, 28 and 90, and not by day 90:

    >>> found = turnbull([28, 60, 28, 90], [60, 90, 90, np.inf])
    >>> [round(float(mass), 4) for mass in found.mass]
    [0.375, 0.375, 0.25]
    >>> tuple(round(bound, 4) for bound in found.at(60))
    (0.625, 0.625)
    """
    lefts, rights = _ends(left, right)
    persons, q, p = _cliques(lefts, rights)
    mass, gap = _most_likely(persons)
    log_likelihood = persons.log_likelihood(persons.chance(mass))
    kept = mass > _DUST
    mass = mass[kept] / mass[kept].sum()
    return IntervalCurve(
        left=q[kept],
        right=p[kept],
        mass=mass,
        survival=np.maximum(0.0, 1 - np.cumsum(mass)),
        log_likelihood=log_likelihood,
        gap=gap,
        n=lefts.size,
        method="Turnbull, nonparametric maximum likelihood",
    )


def _ends(left: ArrayLike, right: ArrayLike) -> tuple[FloatArray, FloatArray]:
    lefts, rights = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if lefts.ndim != 1 or lefts.shape != rights.shape:
        msg = f"left and right must be one number for each person: {lefts.size} and {rights.size}"
        raise ValueError(msg)
    if not lefts.size:
        raise ValueError("there is nobody to follow: left is empty")
    if not (np.isfinite(lefts) & (lefts >= 0)).all():
        raise ValueError("left must be a number of days, 0 or more")
    wrong = np.flatnonzero(~(rights >= lefts))
    if wrong.size:
        i = wrong[0]
        msg = f"right must not come before left: person {i} has {lefts[i]:g} and {rights[i]:g}"
        raise ValueError(msg)
    return lefts, rights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cliques:
    """Persons as runs of the intervals that can carry mass, alike persons taken together.

    Of interval numbers: a person's event lies in one of `first`, ..., `beyond` - 1.
    """

    first: IntArray
    beyond: IntArray
    weight: FloatArray
    n_intervals: int

    def chance(self, mass: FloatArray) -> FloatArray:
        """Probability of what was seen of each person."""
        below = np.concatenate([[0.0], np.cumsum(mass)])
        chance: FloatArray = below[self.beyond] - below[self.first]
        return chance

    def log_likelihood(self, chance: FloatArray) -> float:
        """Of all persons, from the probabilities of what was seen of each."""
        return float(np.sum(self.weight * np.log(chance))) if chance.min() > 0 else -np.inf

    def at_ends(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums of the persons' values by their first interval, and by the one beyond."""
        size = self.n_intervals + 1
        opened: FloatArray = np.bincount(self.first, values, size).astype(np.float64)
        closed: FloatArray = np.bincount(self.beyond, values, size).astype(np.float64)
        return opened, closed


def _cliques(left: FloatArray, right: FloatArray) -> tuple[_Cliques, FloatArray, FloatArray]:
    """Intervals between a left end and a right end that follow each other directly.

    At one day a known event comes first, then the right ends (closed), then the left ends (open).
    """
    n = left.size
    days = np.concatenate([left, right])
    kind = np.concatenate([np.where(left == right, 0, 2), np.ones(n, dtype=np.int64)])
    order = np.lexsort((kind, days))
    is_left = order < n
    starts = np.flatnonzero(is_left[:-1] & ~is_left[1:])
    place = np.empty(2 * n, dtype=np.int64)
    place[order] = np.arange(2 * n)
    first = np.searchsorted(starts, place[:n])
    beyond = np.searchsorted(starts, place[n:])
    pairs, weight = np.unique(first * (starts.size + 1) + beyond, return_counts=True)
    persons = _Cliques(
        first=pairs // (starts.size + 1),
        beyond=pairs % (starts.size + 1),
        weight=weight.astype(np.float64),
        n_intervals=starts.size,
    )
    return persons, days[order[starts]], days[order[starts + 1]]


def _most_likely(persons: _Cliques) -> tuple[FloatArray, float]:
    """Masses at which no interval asks for more than it has."""
    n = persons.weight.sum()
    mass = np.full(persons.n_intervals, 1 / persons.n_intervals)
    gap = np.inf
    for _ in range(_MOST_STEPS):
        opened, closed = persons.at_ends(persons.weight / persons.chance(mass))
        asked = np.cumsum(opened - closed)[:-1] / n
        gap = float(asked.max() - 1)
        if gap <= _GAP:
            break
        mass = mass * asked
        mass = _minorant_step(persons, mass / mass.sum())
    return mass, gap


def _minorant_step(persons: _Cliques, mass: FloatArray) -> FloatArray:
    """One Newton step on the distribution function, kept ascending, no longer than it helps."""
    from scipy.optimize import isotonic_regression

    if mass.size == 1:
        return mass
    chance = persons.chance(mass)
    opened, closed = persons.at_ends(persons.weight / chance)
    slope = (closed - opened)[1:-1]
    opened, closed = persons.at_ends(persons.weight / chance**2)
    bend = (opened + closed)[1:-1]
    below = np.cumsum(mass)[:-1]
    goal = np.clip(isotonic_regression(below + slope / bend, weights=bend).x, 0.0, 1.0)
    aim = np.diff(goal, prepend=0.0, append=1.0)
    # probabilities of persons mix as the masses do
    there, before, share = persons.chance(aim), persons.log_likelihood(chance), 1.0
    while share > _LEAST_SHARE:
        if persons.log_likelihood((1 - share) * chance + share * there) > before:
            return (1 - share) * mass + share * aim
        share /= 2
    return mass
