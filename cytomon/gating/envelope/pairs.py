"""Two cells measured as one: bright where either is bright, and as large as both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cytomon.gating.envelope.design import PER_LOG, SCATTER, are_markers
from cytomon.gating.envelope.study import Fit
from cytomon.model.tube import FloatArray

_STEEPNESS = 1.3
"""Of the L scale, on which references are written."""
_LARGER = PER_LOG * np.log(1.3)
"""A pair has at least so much more forward scatter, on its axis, than the rare cell."""
_LESS_GRAINED = PER_LOG * np.log(1.5)
"""Its side scatter is that of the other cell, or more."""
_MOST_PAIRED = 0.2
_SPREAD = 0.35
_LIKE = 2.0
"""Root mean square distance over the markers, in spreads, up to which a cluster is like a pair."""


def likely_pair(fit: Fit, axes: Sequence[str], middle: FloatArray, n_events: int) -> str:
    """Which two normal populations, stuck together, would lie where a cluster lies.

    Parameters
    ----------
    fit : Fit
        Where the normal populations lie in this tube; the reference names the frequent ones.
    axes : sequence of str
        Markers and scatter.
    middle : ndarray, shape (n_axes,)
        Median of the cluster.
    n_events : int
        Its events: pairs are always few beside the single cells.

    Returns
    -------
    str
        The two names; empty where no pair lies there.
    """
    clouds, stages = fit.reference.normal, fit.state.stage
    markers = are_markers(axes)
    if not {*SCATTER} <= {*axes} or not fit.reference.frequent:
        return ""
    singles = fit.design.blend.T @ fit.state.normal_events
    size, grain = (axes.index(name) for name in SCATTER)
    found = []
    for name in fit.reference.frequent:
        other = next(row for row, cloud in enumerate(clouds) if cloud.name == name)
        together = _sum(stages[:, markers], stages[other, markers])
        away = np.sqrt((((middle[markers] - together) / _SPREAD) ** 2).mean(axis=1))
        away[middle[size] < stages[:, size] + _LARGER] = np.inf
        if middle[grain] < stages[other, grain] - _LESS_GRAINED:
            away[:] = np.inf
        away[n_events > _MOST_PAIRED * singles] = np.inf
        away[[cloud.name in fit.reference.frequent for cloud in clouds]] = np.inf
        row = int(away.argmin())
        found.append((float(away[row]), f"{clouds[row].population} and {clouds[other].population}"))
    nearest = min(found)
    return nearest[1] if nearest[0] < _LIKE else ""


def _sum(first: FloatArray, second: FloatArray) -> FloatArray:
    """Light adds up in linear units."""
    linear = np.sinh(_STEEPNESS * first) + np.sinh(_STEEPNESS * second)
    return np.asarray(np.arcsinh(linear) / _STEEPNESS)
