"""The highest point of a likelihood."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray, IntArray
from cytomon.cohort.statistics.partial_likelihood import Slope

_STEPS = 500
_NEAR = 1e-11
"""A step this small, in standard deviations of the covariates, is none."""
_LEFT = 1e-12
"""A function that would rise by no more is at its top: a millionth of a standard error away."""


class Summit(NamedTuple):
    """Where the climb ended, the slope there, and whether it is the top."""

    at: FloatArray
    slope: Slope
    reached: bool


def climb(
    height: Callable[[FloatArray], Slope], start: FloatArray, *, free: IntArray | None = None
) -> Summit:
    """Newton's method, with steps halved until they lead upwards and not far beyond the top.

    Parameters
    ----------
    height : callable
        The function; its curvature may be an approximation (then this is Fisher's scoring).
    start : ndarray, shape (n,)
        Where to begin.
    free : ndarray of int, optional
        Coordinates that may change; all, if not given.

    Returns
    -------
    Summit
        `reached` is False if the function could still rise.
    """
    moving = np.arange(len(start)) if free is None else free
    here, slope, left = start, height(start), math.inf
    for _ in range(_STEPS):
        step = np.zeros_like(here)
        curvature = slope.curvature[np.ix_(moving, moving)]
        step[moving] = _solved(curvature, slope.gradient[moving])
        left = float(slope.gradient @ step)
        if not _matters(step):
            break
        # near the top the rise is below what the sum of the logarithms can resolve, and only the
        # gradient tells a step too far: at its end it points back
        least = slope.value - 1e-12 * (1 + abs(slope.value))
        ahead = height(here + step)
        while _matters(step) and (
            ahead.value < least or ahead.gradient @ step < -slope.gradient @ step / 2
        ):
            step /= 2
            ahead = height(here + step)
        if not _matters(step):
            break
        here, slope = here + step, ahead
    return Summit(here, slope, reached=bool(np.isfinite(slope.value) and left < _LEFT))


def _matters(step: FloatArray) -> bool:
    return bool(np.abs(step).max(initial=0.0) >= _NEAR)


def _solved(curvature: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton's step; along the gradient where the curvature does not say how far."""
    try:
        return np.asarray(np.linalg.solve(curvature, gradient))
    except np.linalg.LinAlgError:
        return gradient
