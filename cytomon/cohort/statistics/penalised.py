"""Hazard ratios by Firth's penalised likelihood: finite where a group has no events."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.ascent import Summit, climb
from cytomon.cohort.statistics.estimability import overlapping, unended
from cytomon.cohort.statistics.hazards import Estimate, Fit, chi_square, told, without_events
from cytomon.cohort.statistics.monotone import independent
from cytomon.cohort.statistics.partial_likelihood import AtRisk, Slope, arrange, moments
from cytomon.cohort.statistics.risk_sets import follow
from cytomon.cohort.statistics.rows import rows_of

_DOUBLINGS = 30


def firth(
    stop: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str],
    *,
    entry: ArrayLike | None = None,
    persons: Sequence[Hashable] | None = None,
) -> Fit:
    """Hazard ratios by maximum penalised partial likelihood.

    Parameters
    ----------
    stop, event, covariates, names, entry, persons
        As for `cytomon.cohort.statistics.hazards.cox`.

    Returns
    -------
    Fit
        With profile penalised likelihood intervals and penalised likelihood-ratio p-values.
        `se` is that of the curvature of the likelihood without penalty; where a group has no
        events neither it nor a Wald interval means much. `log_likelihood` is the penalised one.
        Constant and collinear covariates are None, as by `cox`.

    Raises
    ------
    ValueError
        As by `cox`.

    Notes
    -----
    The penalty is half the logarithm of the determinant of the information (Jeffreys' prior)
    [1]_ [2]_; it stays that of the whole model while a coefficient is held to find its interval
    and its p. Ties are Efron's, as by `cox`, so that both models speak of the same likelihood;
    R's coxphf and SAS have Breslow's here. Without ties of events they agree.

    References
    ----------
    .. [1] D. Firth, "Bias Reduction of Maximum Likelihood Estimates", Biometrika 80(1), 27-38,
       1993. doi:10.1093/biomet/80.1.27
    .. [2] G. Heinze, M. Schemper, "A Solution to the Problem of Monotone Likelihood in Cox
       Regression", Biometrics 57(1), 114-119, 2001. doi:10.1111/j.0006-341X.2001.00114.x

    Examples
    --------
    None of three persons with persistent aplasia relapses, three of four others do:

    >>> found = firth([9, 12, 12, 3, 5, 7, 8], [0, 0, 0, 1, 1, 1, 0],
    ...               [[1], [1], [1], [0], [0], [0], [0]], ["aplasia"])
    >>> (one,) = found.coefficients
    >>> one.n, one.n_events, round(one.hazard_ratio, 2), round(one.p, 2)
    (3, 0, 0.13, 0.1)
    """
    rows = rows_of(follow(stop, event, entry), covariates, names, persons)
    method = "Firth's penalised Cox model, Efron ties, profile penalised likelihood interval"
    if not rows.event.any():
        return without_events(rows, method)
    given = arrange(rows)
    kept = independent(given)
    chosen = given.only(kept)
    top = climb(partial(penalised_likelihood, chosen), np.zeros(len(kept)))
    flat = penalised_likelihood(chosen, np.zeros(len(kept)))
    why = overlapping(rows, given) | unended(rows, reached=top.reached)
    wanted = [at for at, column in enumerate(kept.tolist()) if column not in why]
    estimates = {int(kept[at]): profiled(chosen, top, at) for at in wanted}
    rise = 2 * (top.slope.value - flat.value)
    return Fit(
        coefficients=told(rows, estimates, why),
        n=len(np.unique(rows.persons)),
        n_events=int(rows.event.sum()),
        method=method,
        # in the units of the covariates: the determinant depends on them
        log_likelihood=float(top.slope.value + np.log(chosen.scale).sum()),
        score_test=None,
        wald_test=None,
        likelihood_ratio=chi_square(rise, len(kept)) if top.reached else None,
    )


def penalised_likelihood(sets: AtRisk, coefficients: FloatArray) -> Slope:
    """Partial likelihood with half the logarithm of the determinant of its information.

    Parameters
    ----------
    sets : AtRisk
        With at least one event.
    coefficients : ndarray, shape (n_covariates,)
        Log hazard ratios, for covariates in units of `sets.scale`.

    Returns
    -------
    Slope
        Its curvature is the information without the penalty.
    """
    at = moments(sets, coefficients)
    impossible = Slope(-np.inf, np.zeros_like(coefficients), np.eye(len(coefficients)))
    if at is None:
        return impossible
    information = at.covariance.sum(axis=0)
    sign, size = np.linalg.slogdet(information)
    if sign <= 0:
        return impossible
    # The penalty's gradient is half the trace of the inverse information times the third
    # moments. The trace is taken row by row first, which spares the moments' third dimension.
    inverse = np.linalg.inv(information)
    table = sets.covariates
    length = np.einsum("ij,jk,ik->i", table, inverse, table)[:, None]
    summed = sets.sums(at.weights[:, None] * length * np.hstack([np.ones_like(length), table]))
    expected = summed / at.total
    tilted = np.einsum("ejk,kl,el->ej", at.covariance, inverse, at.mean)
    third = expected[:, 1:] - at.mean * expected[:, :1] - 2 * tilted
    score = (table[sets.events] - at.mean).sum(axis=0)
    return Slope(at.log_likelihood + float(size) / 2, score + third.sum(axis=0) / 2, information)


def profiled(sets: AtRisk, top: Summit, column: int) -> Estimate:
    """A coefficient with the interval and the p of its profile likelihood."""
    variance = np.linalg.inv(top.slope.curvature)[:, column]
    error = float(np.sqrt(variance[column]))
    unit = float(sets.scale[column])
    away = partial(_fall, sets, top, column, variance / variance[column])
    ends = (_where_it_falls(away, float(top.at[column]), sign * error) for sign in (-1, 1))
    low, high = (None if end is None else end / unit for end in ends)
    none = chi_square(2 * away(0.0), 1)
    p = None if none is None else none.p
    return Estimate(float(top.at[column]) / unit, error / unit, low, high, p)


def _fall(sets: AtRisk, top: Summit, column: int, lean: FloatArray, value: float) -> float:
    """How much the profile likelihood loses where a coefficient is held; NaN if not found."""
    others = np.delete(np.arange(len(top.at)), column)
    start = top.at + lean * (value - top.at[column])
    start[column] = value
    held = climb(partial(penalised_likelihood, sets), start, free=others)
    return top.slope.value - held.slope.value if held.reached else np.nan


def _where_it_falls(away: Callable[[float], float], top: float, step: float) -> float | None:
    """Where the likelihood has fallen by what a 95 % interval allows; None if nowhere found."""
    from scipy.optimize import brentq
    from scipy.stats import chi2

    allowed = float(chi2.ppf(0.95, 1)) / 2
    inner = top
    for _ in range(_DOUBLINGS):
        outer = inner + step
        fall = away(outer)
        if not np.isfinite(fall):
            return None
        if fall > allowed:
            try:
                return float(brentq(lambda value: away(value) - allowed, inner, outer, xtol=1e-11))
            except ValueError:  # the profile could not be followed somewhere in between
                return None
        inner, step = outer, 2 * step
    return None
