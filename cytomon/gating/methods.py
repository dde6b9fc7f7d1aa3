"""How one boundary finds its place: the rules of the data-driven placement methods.

Every function takes values on a gate's scale and returns a position, or raises `NoPlace` with the
reason; the caller then falls back to the template's start and says so. Those that need no more than
medians and percentiles take several samples at once, one to a row, and return as many positions.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from cytomon.model.tube import FloatArray

MAD_TO_SD = 1.4826
SHALLOWEST = 0.8
VALLEY_BINS = 400
EMPTY_SHARE = 0.02
FLATTEST = 1e-6


class NoPlace(Exception):  # noqa: N818  (an answer, not a failure: the caller falls back)
    """A method could not find a position; the message says why."""


def robust_spread(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median and robust standard deviation (1.4826 MAD), along the last axis."""
    median = np.median(values, axis=-1)
    away = np.abs(values - median[..., np.newaxis])
    return median, np.asarray(MAD_TO_SD * np.median(away, axis=-1, overwrite_input=True))


def above_negative(values: FloatArray, *, sd: float | None = None) -> FloatArray:
    """Upper edge of a negative reference population.

    Parameters
    ----------
    values : ndarray of float64, shape (..., n_reference)
        The reference on the gate's scale.
    sd : float, optional
        Median plus so many robust SD, instead of the rule below.

    Returns
    -------
    ndarray, shape (...)
        ``max(median + 3 rSD, min(P99.5, median + 4 rSD))``: the percentile follows a real tail,
        and the bound at 4 rSD keeps transferred antigen on a few T cells from moving it.
    """
    median, spread = robust_spread(values)
    if sd is not None:
        return median + sd * spread
    tail = np.percentile(values, 99.5, axis=-1)
    return np.maximum(median + 3 * spread, np.minimum(tail, median + 4 * spread))


def below_positive(
    values: FloatArray, *, percentile: float = 2.5, sd: float | None = None
) -> FloatArray:
    """Lower edge of a positive reference population: a low percentile, or median minus `sd` rSD."""
    if sd is None:
        return np.asarray(np.percentile(values, percentile, axis=-1))
    median, spread = robust_spread(values)
    return median - sd * spread


def valley(values: FloatArray, window: tuple[float, float], leash: tuple[float, float]) -> float:
    """Lowest density between two modes.

    Parameters
    ----------
    values : ndarray of float64, shape (n_reference,)
        Values on the gate's scale.
    window : tuple of float
        Where the two modes may lie.
    leash : tuple of float
        Where the valley may lie.

    Returns
    -------
    float
        The deepest point relative to the smaller mode; where the density is (nearly) zero over a
        stretch, the middle of the stretch.

    Raises
    ------
    NoPlace
        If the valley is shallower than 20 % of the smaller mode, or one side is all but empty.
    """
    low, high = window
    counts, edges = np.histogram(values, bins=VALLEY_BINS, range=(low, high))
    density = gaussian_filter1d(counts.astype(np.float64), sigma=VALLEY_BINS / 60)
    left = np.maximum.accumulate(density)
    right = np.maximum.accumulate(density[::-1])[::-1]
    smaller = np.minimum(left, right)
    centres = (edges[:-1] + edges[1:]) / 2
    allowed = (centres >= leash[0]) & (centres <= leash[1]) & (smaller > 0)
    if not allowed.any():
        msg = "no events around the place where a valley is looked for"
        raise NoPlace(msg)
    depth = np.where(allowed, density / np.where(smaller > 0, smaller, 1.0), np.inf)
    best = int(np.argmin(depth))
    _refuse_shallow(float(depth[best]), counts, best)
    stretch = _stretch(depth <= max(depth[best], EMPTY_SHARE), best)
    return float(centres[list(stretch)].mean())


def _refuse_shallow(depth: float, counts: np.ndarray, best: int) -> None:
    if depth > SHALLOWEST:
        msg = f"one mode only: the lowest point is {depth:.0%} as high as the smaller mode"
        raise NoPlace(msg)
    fewest = min(int(counts[:best].sum()), int(counts[best + 1 :].sum()))
    if fewest < 20:
        msg = f"one of the two modes holds {fewest} events"
        raise NoPlace(msg)


def _stretch(flat: np.ndarray, start: int) -> range:
    first = last = start
    while first > 0 and flat[first - 1]:
        first -= 1
    while last + 1 < len(flat) and flat[last + 1]:
        last += 1
    return range(first, last + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Centre and covariance of a population."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


def robust_cloud(values: FloatArray, *, most: int = 2000) -> Cloud:
    """Centre and covariance by the minimum covariance determinant.

    Parameters
    ----------
    values : ndarray of float64, shape (n_reference, n_dimensions)
        Reference events; at most `most` of them are used, taken at even steps.

    Raises
    ------
    NoPlace
        If the reference is flat in some direction.

    References
    ----------
    .. [1] P. J. Rousseeuw, K. Van Driessen, "A fast algorithm for the minimum covariance
       determinant estimator", Technometrics 41(3), 212-223, 1999.
    """
    from sklearn.covariance import MinCovDet

    step = max(1, -(-len(values) // most))
    units = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    if not (units > 0).all():
        msg = "the reference population has no spread on one dimension"
        raise NoPlace(msg)
    with warnings.catch_warnings():
        # what MinCovDet warns of, a cloud without volume, is refused below
        warnings.simplefilter("ignore")
        # scatter is a hundred thousand times a marker's scale: MCD needs comparable dimensions
        fitted = MinCovDet(random_state=0).fit(values[::step] / units)
    spreads = np.linalg.eigvalsh(fitted.covariance_)
    if not spreads[0] > FLATTEST * spreads[-1]:
        msg = "the reference population has no spread of its own on one dimension"
        raise NoPlace(msg)
    covariance = fitted.covariance_ * np.outer(units, units)
    return Cloud(
        mean=tuple(float(v) for v in fitted.location_ * units),
        covariance=tuple(tuple(float(v) for v in row) for row in covariance),
    )
