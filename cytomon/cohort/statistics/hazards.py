"""Hazard ratios by Cox's model, and what keeps one from being estimated."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cytomon.cohort.statistics.answers import FloatArray, IntArray, Test
from cytomon.cohort.statistics.ascent import Summit, climb
from cytomon.cohort.statistics.estimability import NO_EVENTS, overlapping, runaway, unended
from cytomon.cohort.statistics.monotone import independent, limit_of
from cytomon.cohort.statistics.partial_likelihood import AtRisk, arrange, partial_likelihood
from cytomon.cohort.statistics.risk_sets import follow
from cytomon.cohort.statistics.rows import Rows, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """A covariate's hazard ratio, or why there is none.

    Attributes
    ----------
    name : str
        Of the covariate.
    hazard_ratio, low, high : float or None
        For one unit more, with its 95 % interval; an end that was not found is None.
    p : float or None
        That the ratio is 1, two-sided.
    coefficient, se : float or None
        Logarithm of the hazard ratio, and its standard error.
    n : int
        Persons: those who ever have a 0/1 covariate, all for another.
    n_events : int
        Events: those while having a 0/1 covariate, all for another.
    why : str
        Why the hazard ratio is None; else empty.
    """

    name: str
    hazard_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    coefficient: float | None = None
    se: float | None = None
    n: int
    n_events: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A model of the hazard.

    Attributes
    ----------
    coefficients : tuple of Coefficient
        In the order in which the covariates were given.
    n, n_events : int
        Persons and events.
    method : str
        In words.
    log_likelihood : float
        The highest, or where it rises for ever its limit; NaN without events.
    score_test, wald_test, likelihood_ratio : Test or None
        Of the whole model against equal hazards; None where it cannot be said.
    """

    coefficients: tuple[Coefficient, ...]
    n: int
    n_events: int
    method: str
    log_likelihood: float
    score_test: Test | None
    wald_test: Test | None
    likelihood_ratio: Test | None


def cox(
    stop: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str],
    *,
    entry: ArrayLike | None = None,
    persons: Sequence[Hashable] | None = None,
) -> Fit:
    """Hazard ratios by maximum partial likelihood.

    Parameters
    ----------
    stop : array_like, shape (n_rows,)
        Day on which the row ends, 0 or more.
    event : array_like of bool or 0/1, shape (n_rows,)
        Whether it ends with the event.
    covariates : array_like, shape (n_rows, n_covariates)
        Their values during the row, known when it begins.
    names : sequence of str
        Of the covariates.
    entry : array_like, shape (n_rows,), optional
        Day from just after which the row is at risk.
    persons : sequence, shape (n_rows,), optional
        Whose row it is; each row is a person if left out.

    Returns
    -------
    Fit
        With Wald intervals. Where the likelihood has no highest point (a group without events)
        the coefficients that run off are None and say so; the others are those of the limit.
        Constant and collinear covariates are None too.

    Raises
    ------
    ValueError
        If arrays do not fit each other, nobody is given, a number is missing, a day is negative
        or an entry is not before its stop.

    Notes
    -----
    Ties are Efron's. A hazard ratio that is not estimable has no interval either: see
    `cytomon.cohort.statistics.penalised.firth`. Rows of one person must not overlap; with at
    most one event each they need no other standard error.

    References
    ----------
    .. [1] D. R. Cox, "Regression Models and Life-Tables", J. R. Stat. Soc. B 34(2), 187-220,
       1972. doi:10.1111/j.2517-6161.1972.tb00899.x
    .. [2] B. Efron, "The Efficiency of Cox's Likelihood Function for Censored Data", Journal of
       the American Statistical Association 72, 557-565, 1977. doi:10.2307/2286217

    Examples
    --------
    Seven rows of six persons, of whom b is transplanted on day 100 and d and f earlier:

    >>> found = cox([90, 100, 300, 200, 250, 320, 150], [1, 0, 1, 1, 0, 0, 1],
    ...             [[0], [0], [1], [0], [1], [0], [1]], ["transplant"],
    ...             entry=[0, 0, 100, 0, 150, 0, 60], persons="abbcdef")
    >>> (one,) = found.coefficients
    >>> found.n, one.n, one.n_events, round(one.hazard_ratio, 2), round(one.p, 2)
    (6, 3, 2, 1.39, 0.75)
    """
    rows = rows_of(follow(stop, event, entry), covariates, names, persons)
    method = "Cox model, Efron ties, Wald interval"
    if not rows.event.any():
        return without_events(rows, method)
    given = arrange(rows)
    limit = limit_of(given)
    kept = independent(limit)
    chosen = limit.only(kept)
    top = climb(partial(partial_likelihood, chosen), np.zeros(len(kept)))
    why = runaway(rows, limit) | overlapping(rows, given) | unended(rows, reached=top.reached)
    score, wald, rise = _of_the_whole(given, top)
    return Fit(
        coefficients=told(rows, _with_wald(kept, top, chosen.scale), why),
        n=len(np.unique(rows.persons)),
        n_events=int(rows.event.sum()),
        method=method,
        log_likelihood=top.slope.value,
        score_test=score,
        wald_test=wald,
        likelihood_ratio=rise,
    )


class Estimate(NamedTuple):
    """A log hazard ratio, its standard error, 95 % limits and p."""

    coefficient: float
    se: float
    low: float | None
    high: float | None
    p: float | None


def told(
    rows: Rows, estimates: Mapping[int, Estimate], why: Mapping[int, str]
) -> tuple[Coefficient, ...]:
    """For each covariate its estimate, or the reason against it where there is one."""
    found = []
    for column, name in enumerate(rows.names):
        having = rows.having(column)
        if column in why:
            found.append(
                Coefficient(name=name, n=having.n, n_events=having.n_events, why=why[column])
            )
            continue
        one = estimates[column]
        found.append(
            Coefficient(
                name=name,
                hazard_ratio=_ratio(one.coefficient),
                low=None if one.low is None else _ratio(one.low),
                high=None if one.high is None else _ratio(one.high),
                p=one.p,
                coefficient=one.coefficient,
                se=one.se,
                n=having.n,
                n_events=having.n_events,
            )
        )
    return tuple(found)


def without_events(rows: Rows, method: str) -> Fit:
    """What is said where nothing happened."""
    return Fit(
        coefficients=told(rows, {}, dict.fromkeys(range(len(rows.names)), NO_EVENTS)),
        n=len(np.unique(rows.persons)),
        n_events=0,
        method=method,
        log_likelihood=math.nan,
        score_test=None,
        wald_test=None,
        likelihood_ratio=None,
    )


def chi_square(statistic: float, degrees: int) -> Test | None:
    """A test, unless there is nothing to be tested."""
    from scipy.stats import chi2

    if not degrees or not math.isfinite(statistic):
        return None
    # a statistic of 0 can come out below it by rounding
    positive = max(float(statistic), 0.0)
    return Test(positive, degrees, float(chi2.sf(positive, degrees)))


def _ratio(log_ratio: float) -> float:
    """Infinity where a covariate's unit is so large that the ratio for one is no number."""
    try:
        return math.exp(log_ratio)
    except OverflowError:
        return math.inf


def _with_wald(kept: IntArray, top: Summit, scale: FloatArray) -> dict[int, Estimate]:
    """Estimates of the columns that were kept, with limits at equal distance."""
    from scipy.special import ndtr, ndtri

    if not top.reached:
        return {}
    errors = np.sqrt(np.diag(np.linalg.inv(top.slope.curvature))) / scale
    found = {}
    for column, value, error in zip(kept.tolist(), top.at / scale, errors, strict=True):
        width = float(ndtri(0.975)) * error
        p = 2 * float(ndtr(-abs(value) / error))
        found[column] = Estimate(float(value), float(error), value - width, value + width, p)
    return found


def _of_the_whole(given: AtRisk, top: Summit) -> tuple[Test | None, Test | None, Test | None]:
    """Score, Wald and likelihood-ratio test; no Wald test where a coefficient runs off."""
    basis = given.only(independent(given))
    degrees = basis.scale.size
    flat = partial_likelihood(basis, np.zeros(degrees))
    score = float(flat.gradient @ np.linalg.solve(flat.curvature, flat.gradient))
    wald = float(top.at @ top.slope.curvature @ top.at)
    return (
        chi_square(score, degrees),
        chi_square(wald, degrees) if degrees == top.at.size and top.reached else None,
        chi_square(2 * (top.slope.value - flat.value), degrees) if top.reached else None,
    )
