"""Likelihoods without a highest point: which way they rise for ever, and what is left of them.

Along a direction in which every event has the highest value of its risk set, the partial
likelihood rises for ever and has no maximum; there is one exactly if there is no such direction
(but those that no risk set sees). Whether there is one is a question of linear inequalities,
and is answered before any iteration, not guessed from coefficients that look large.

References
----------
.. [1] A. Albert, J. A. Anderson, "On the Existence of Maximum Likelihood Estimates in Logistic
   Regression Models", Biometrika 71(1), 1-10, 1984. doi:10.1093/biomet/71.1.1
.. [2] M. Jacobsen, "Existence and Unicity of MLEs in Discrete Exponential Family Distributions",
   Scandinavian Journal of Statistics 16(4), 335-349, 1989.
"""

from __future__ import annotations

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray, IntArray
from cytomon.cohort.statistics.partial_likelihood import (
    AtRisk,
    Intervals,
    arranged,
    partial_likelihood,
)

_FLAT = 1e-8
"""Variance within risk sets, as part of that among all rows, that counts as none."""
_EQUAL = 1e-6
"""Differences between covariates, in standard deviations, that count as none."""
_EXACT = 1e-10
"""To what the solver keeps the inequalities: far below `_EQUAL`, or no direction would pass."""
_SAMPLE = 200
"""Event times that decide most questions; only a rise that they allow is checked at all."""
_ROUNDS = 200
"""Each finds new rows that forbid the rise; a handful is usual."""


def unseen(sets: AtRisk) -> FloatArray:
    """Projection on the directions that vary in no risk set, shape (n_covariates, n_covariates).

    A covariate with a 0 on the diagonal has no part in them; two with a value other than 0 where
    they cross can stand in for each other.
    """
    values, vectors = np.linalg.eigh(_correlation(sets))
    blind = vectors[:, values < _FLAT]
    return np.asarray(np.round(blind @ blind.T, 6))


def independent(sets: AtRisk) -> IntArray:
    """Numbers of covariates that together say all and of which none is said by the others."""
    from scipy import linalg

    correlation = _correlation(sets)
    rank = int((np.linalg.eigvalsh(correlation) >= _FLAT).sum())
    _, _, pivots = linalg.qr(correlation, pivoting=True)
    return np.sort(np.asarray(pivots[:rank], np.int64))


def limit_of(sets: AtRisk) -> AtRisk:
    """The risk sets themselves, or infinitely far in every direction of endless rise."""
    for _ in sets.scale:  # each such direction takes one from those that are left
        kept = independent(sets)
        direction = endless_rise(sets.only(kept)) if kept.size else None
        if direction is None:
            break
        whole = np.zeros(sets.scale.size)
        whole[kept] = direction
        sets = in_the_limit(sets, whole)
    return sets


def endless_rise(sets: AtRisk) -> FloatArray | None:
    """A direction in which the likelihood rises for ever, or None if it has a highest point.

    Parameters
    ----------
    sets : AtRisk
        With `independent` covariates.

    Returns
    -------
    ndarray, shape (n_covariates,), or None
        Largest component 1 in absolute value.
    """
    n_covariates = sets.covariates.shape[1]
    n_times = int(sets.time_of[-1]) + 1
    uphill = partial_likelihood(sets, np.zeros(n_covariates)).gradient
    demands = np.empty((0, n_covariates))
    direction = np.zeros(n_covariates)
    for times in (np.unique(np.linspace(0, n_times - 1, _SAMPLE, dtype=int)), np.arange(n_times)):
        for _ in range(_ROUNDS):
            direction = _steepest(uphill, demands)
            if uphill @ direction < _EQUAL:
                return None
            broken = _beaten(sets, direction, times)
            if not len(broken):
                break
            demands = np.vstack([demands, broken])
        else:
            return None
    return direction


def in_the_limit(sets: AtRisk, direction: FloatArray) -> AtRisk:
    """What is left of the risk sets infinitely far in a direction of endless rise.

    Of each risk set only the rows with the highest value remain: the others have weight zero
    beside them. A row can be cut into pieces by this, which changes nothing else.
    """
    value = sets.covariates @ direction
    since = np.full(len(value), -1)
    pieces: list[tuple[IntArray, IntArray, int]] = []
    n_times = int(sets.time_of[-1]) + 1
    for time in range(n_times + 1):
        at_risk = (sets.first <= time) & (time < sets.last)
        top = value[at_risk].max(initial=-np.inf)
        stays = at_risk & (value >= top - _EQUAL)
        ends = np.flatnonzero((since >= 0) & ~stays)
        pieces.append((ends, since[ends], time))
        since[ends] = -1
        since[stays & (since < 0)] = time
    rows = np.concatenate([ends for ends, _, _ in pieces])
    last = np.concatenate([np.full(len(ends), time) for ends, _, time in pieces])
    first = np.concatenate([begins for _, begins, _ in pieces])
    event = sets.event[rows] & (last == sets.last[rows])
    return arranged(Intervals(first, last, event), sets.covariates[rows], sets.scale, sets.ties)


def _correlation(sets: AtRisk) -> FloatArray:
    """Correlations of the covariates within risk sets; zeros for one that does not vary there."""
    n_covariates = sets.covariates.shape[1]
    flat = partial_likelihood(sets, np.zeros(n_covariates)).curvature / len(sets.events)
    variance = np.diag(flat)
    seen = variance > _FLAT
    size = np.sqrt(np.where(seen, variance, 1.0))
    return np.asarray(flat / np.outer(size, size) * np.outer(seen, seen))


def _steepest(uphill: FloatArray, demands: FloatArray) -> FloatArray:
    """The direction in the unit box that rises most and in which no demanded difference falls."""
    from scipy.optimize import linprog

    found = linprog(
        -uphill / np.abs(uphill).max(initial=_EQUAL),
        A_ub=-demands,
        b_ub=np.zeros(len(demands)),
        bounds=[(-1, 1)] * len(uphill),
        options={"primal_feasibility_tolerance": _EXACT, "dual_feasibility_tolerance": _EXACT},
    )
    return np.asarray(found.x)


def _beaten(sets: AtRisk, direction: FloatArray, times: IntArray) -> FloatArray:
    """Differences event less row, where an event has not the highest value of its risk set."""
    value = sets.covariates @ direction
    starts = np.searchsorted(sets.time_of, times)
    ends = np.searchsorted(sets.time_of, times, side="right")
    found = []
    for time, start, end in zip(times, starts, ends, strict=True):
        rows = np.flatnonzero((sets.first <= time) & (time < sets.last))
        top = rows[np.argmax(value[rows])]
        events = sets.events[start:end]
        low = events[np.argmin(value[events])]
        if value[top] - value[low] > _EQUAL:
            found.append(sets.covariates[low] - sets.covariates[top])
    return np.array(found).reshape(-1, len(direction))
