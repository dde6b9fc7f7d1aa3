"""Whether one population is really two: the shape behind a PARTIAL antigen call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytomon.model.tube import FloatArray

_MOST_EVENTS = 20_000
_STARTS = (0.15, 0.5, 0.85)
_ROUNDS = 300
_GAIN = 1e-6
_LEAST_SD = 0.02
"""On the L scale; keeps a component from collapsing onto tied values."""
_LEAST_DELTA_BIC = 10.0
_LEAST_SEPARATION = 2.0
_LEAST_SHARE = 0.1
_LEAST_EVENTS = 20
_FREE_PARAMETERS = 3
"""A second component adds a weight, a mean and a spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Two Gaussians in one dimension, the lower mean first.

    Attributes
    ----------
    weights, means, sds : ndarray, shape (2,)
        Weights sum to 1; means and standard deviations in the unit of the data.
    log_likelihood : float
        Of all events, natural logarithm.
    """

    weights: FloatArray
    means: FloatArray
    sds: FloatArray
    log_likelihood: float

    @property
    def separation(self) -> float:
        """Ashman's D: distance of the means over the root mean square of both spreads."""
        return float(np.diff(self.means)[0] / np.sqrt(np.mean(self.sds**2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """Two distinct parts of a population.

    Attributes
    ----------
    low_fraction, high_fraction : float
        Share of the events that belong to each part; they sum to 1.
    low_median, high_median : float
        In the unit of the data.
    delta_bic : float
        How much better two Gaussians describe the data than one.
    separation : float
        Ashman's D.
    """

    low_fraction: float
    high_fraction: float
    low_median: float
    high_median: float
    delta_bic: float
    separation: float


def find_modes(values: FloatArray) -> Modes | None:
    """Two parts of a population, or None where one Gaussian describes it as well.

    Parameters
    ----------
    values : ndarray, shape (n_events,)
        Finite, on the L scale. Their order does not matter.

    Returns
    -------
    Modes or None
        Both parts hold at least 10 % and 20 events, two Gaussians win by more than 10 in the
        Bayesian information criterion, and Ashman's D [1]_ is above 2.

    References
    ----------
    .. [1] K. M. Ashman, C. M. Bird, S. E. Zepf, "Detecting bimodality in astronomical datasets",
       The Astronomical Journal 108, 2348-2361, 1994. doi:10.1086/117248
    """
    if len(values) < 2 * _LEAST_EVENTS:
        return None
    ordered = _thin(np.sort(values))
    mixture = fit_two_gaussians(ordered)
    gain = 2 * (mixture.log_likelihood - _one_gaussian(ordered))
    delta_bic = gain - _FREE_PARAMETERS * float(np.log(len(ordered)))
    if delta_bic <= _LEAST_DELTA_BIC or mixture.separation <= _LEAST_SEPARATION:
        return None
    high = np.diff(_log_parts(ordered, mixture.weights, mixture.means, mixture.sds), axis=0)[0] > 0
    shares = float(np.mean(~high)), float(np.mean(high))
    if min(shares) < _LEAST_SHARE or min(shares) * len(values) < _LEAST_EVENTS:
        return None
    return Modes(
        low_fraction=shares[0],
        high_fraction=shares[1],
        low_median=float(np.median(ordered[~high])),
        high_median=float(np.median(ordered[high])),
        delta_bic=delta_bic,
        separation=mixture.separation,
    )


def fit_two_gaussians(values: FloatArray) -> Mixture:
    """Most likely mixture of two Gaussians, by expectation-maximisation.

    Parameters
    ----------
    values : ndarray, shape (n_events,)
        Finite, sorted upwards, at least 4.

    Returns
    -------
    Mixture
        The best of a few starts that split the data at fixed quantiles, so that the same values
        always give the same bits: nothing is drawn, and no library counts threads.
    """
    return max((_climb(values, at) for at in _STARTS), key=lambda found: found.log_likelihood)


def _climb(values: FloatArray, start: float) -> Mixture:
    cut = min(max(int(start * len(values)), 2), len(values) - 2)
    sides = values[:cut], values[cut:]
    weights = np.array([len(side) / len(values) for side in sides])
    means = np.array([np.mean(side) for side in sides])
    sds = np.array([max(float(np.std(side)), _LEAST_SD) for side in sides])
    before = -np.inf
    for _ in range(_ROUNDS):
        parts = _log_parts(values, weights, means, sds)
        joint = np.logaddexp(parts[0], parts[1])
        mean_log = float(np.mean(joint))
        if mean_log - before < _GAIN:
            break
        before = mean_log
        belongs = np.exp(parts - joint)
        sizes = np.maximum(belongs.sum(axis=1), 1.0)
        weights = sizes / sizes.sum()
        means = (belongs * values).sum(axis=1) / sizes
        spread = (belongs * (values - means[:, None]) ** 2).sum(axis=1) / sizes
        sds = np.maximum(np.sqrt(spread), _LEAST_SD)
    parts = _log_parts(values, weights, means, sds)
    order = np.argsort(means)
    return Mixture(
        weights=weights[order],
        means=means[order],
        sds=sds[order],
        log_likelihood=float(np.sum(np.logaddexp(parts[0], parts[1]))),
    )


def _log_parts(
    values: FloatArray, weights: FloatArray, means: FloatArray, sds: FloatArray
) -> FloatArray:
    """Log density of each event under each weighted component, shape (2, n_events)."""
    scores = (values - means[:, None]) / sds[:, None]
    height = np.log(weights) - np.log(sds) - 0.5 * np.log(2 * np.pi)
    return np.asarray(height[:, None] - 0.5 * scores**2, dtype=np.float64)


def _one_gaussian(values: FloatArray) -> float:
    spread = max(float(np.std(values)), _LEAST_SD)
    scores = (values - np.mean(values)) / spread
    return float(np.sum(-0.5 * scores**2 - np.log(spread) - 0.5 * np.log(2 * np.pi)))


def _thin(ordered: FloatArray) -> FloatArray:
    """Evenly spaced ranks of sorted values: the shape stays, the fit stays quick."""
    if len(ordered) <= _MOST_EVENTS:
        return ordered
    ranks = np.linspace(0, len(ordered) - 1, _MOST_EVENTS).round().astype(np.int64)
    return ordered[ranks]
