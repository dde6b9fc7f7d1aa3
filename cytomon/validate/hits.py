"""How often a level is called detected: the probit curve of EP17, and how well tubes know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from cytomon.model.tube import BoolArray, FloatArray

_BOUND = float(stats.chi2.ppf(0.95, 1))
_STEP, _FARTHEST = 0.05, 3.0
"""How the profile is walked along, and how far beyond the levels: decades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probit:
    """Hit rate as a function of the level: ``Phi(intercept + slope log10 level)``.

    Attributes
    ----------
    intercept, slope : float
        By maximum likelihood.
    """

    intercept: float
    slope: float

    def level_at(self, rate: float) -> float:
        """Level that is hit at a rate in (0, 1)."""
        return float(10 ** ((stats.norm.ppf(rate) - self.intercept) / self.slope))

    def rate_at(self, level: float) -> float:
        """Hit rate at a level above 0."""
        return float(stats.norm.cdf(self.intercept + self.slope * np.log10(level)))


def fit_probit(levels: Sequence[float], hits: Sequence[bool]) -> Probit | None:
    """Fit hit rates, one tube each.

    Parameters
    ----------
    levels : sequence of float
        True fraction of each tube, above 0.
    hits : sequence of bool
        Whether it was called detected.

    Returns
    -------
    Probit or None
        None where the tubes do not determine a curve: all or none hit, every miss below every
        hit, or a rate that does not rise with the level. Whoever asks then names the bracket.
    """
    x, hit = np.log10(np.asarray(levels, dtype=np.float64)), np.asarray(hits, dtype=np.bool_)
    if hit.all() or not hit.any() or x[~hit].max() <= x[hit].min():
        return None
    centre, width = x.mean(), max(float(x.std()), 1e-9)

    def loss(parameters: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return _loss(hit, parameters[0] + parameters[1] * (x - centre) / width)

    found = optimize.minimize(loss, np.array([0.0, 1.0]), method="BFGS")
    slope = float(found.x[1]) / width
    if slope <= 0:
        return None
    return Probit(intercept=float(found.x[0]) - slope * float(centre), slope=slope)


def _loss(hit: BoolArray, z: FloatArray) -> float:
    """Negative log-likelihood of hits and misses."""
    return -float(stats.norm.logcdf(np.where(hit, z, -z)).sum())


def profile_interval(
    fitted: Probit, levels: Sequence[float], hits: Sequence[bool], *, rate: float = 0.95
) -> tuple[float, float] | None:
    """The levels that may be hit at a rate, as far as the tubes know: 95 % profile likelihood.

    Parameters
    ----------
    fitted : Probit
        From `fit_probit` of the same tubes.
    levels, hits
        As for `fit_probit`.
    rate : float, optional
        In (0, 1).

    Returns
    -------
    tuple of float or None
        None where the tubes leave an end open.

    Notes
    -----
    For each level the steepness that suits the tubes best is taken; the interval holds the levels
    whose twofold log-likelihood is at most 3.84 below the best. It is exact in the limit of many
    tubes, and keeps its sides apart where they differ, as they do for few.
    """
    x, hit = np.log10(np.asarray(levels, dtype=np.float64)), np.asarray(hits, dtype=np.bool_)
    z = float(stats.norm.ppf(rate))
    best = _loss(hit, fitted.intercept + fitted.slope * x)
    start = float(np.log10(fitted.level_at(rate)))

    def excess(at: float) -> float:
        found = optimize.minimize_scalar(
            lambda log_slope: _loss(hit, z + np.exp(log_slope) * (x - at)),
            bounds=(np.log(fitted.slope) - 5, np.log(fitted.slope) + 5),
            method="bounded",
        )
        return 2 * (float(found.fun) - best) - _BOUND

    ends = []
    for side, end in ((-1, x.min() - _FARTHEST), (1, x.max() + _FARTHEST)):
        walk = np.arange(start, end, side * _STEP)[1:]
        outside = next((float(at) for at in walk if excess(float(at)) > 0), None)
        if outside is None:
            return None
        ends.append(float(optimize.brentq(excess, outside - side * _STEP, outside)))
    return 10 ** ends[0], 10 ** ends[1]


def bracket(levels: Sequence[float], hits: Sequence[bool]) -> tuple[float | None, float | None]:
    """Highest level that was missed, and lowest that was hit; None where there is none."""
    missed = [level for level, hit in zip(levels, hits, strict=True) if not hit]
    found = [level for level, hit in zip(levels, hits, strict=True) if hit]
    return max(missed, default=None), min(found, default=None)
