"""Pointwise confidence limits of a probability that has a standard error."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray

Scale = Literal["plain", "log", "log-log"]


def limits(
    estimate: FloatArray, error: FloatArray, *, scale: Scale, level: float
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits, made symmetric on a scale and kept within 0 and 1.

    Parameters
    ----------
    estimate : ndarray, shape (n_times,)
        Probabilities.
    error : ndarray, shape (n_times,)
        Their standard errors; NaN where there is none, which makes both limits NaN.
    scale : {"plain", "log", "log-log"}
        On which the limits lie at equal distance from the estimate.
    level : float
        Of confidence, in (0, 1).

    Returns
    -------
    low, high : ndarray, shape (n_times,)
        On the log-log scale there are none for an estimate of 0 or 1.

    Raises
    ------
    ValueError
        If `level` or `scale` is none of the above.
    """
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError(f"level={level}: expected a number in (0, 1)")
    if scale not in {"plain", "log", "log-log"}:
        raise ValueError(f"scale={scale!r}: expected plain, log or log-log")
    reach = ndtri((1 + level) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "plain":
            low, high = estimate - reach, estimate + reach
        elif scale == "log":
            factor = np.exp(reach / estimate)
            low, high = estimate / factor, estimate * factor
        else:
            inside = np.where((estimate > 0) & (estimate < 1), estimate, np.nan)
            power = np.exp(-reach / (inside * np.log(inside)))
            low, high = inside**power, inside ** (1 / power)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
