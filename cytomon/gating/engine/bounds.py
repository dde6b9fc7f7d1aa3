"""Bounds on a scale become bounds on the linear axis, so that no scale is evaluated for them.

A scale is monotone, and so is its floating-point form but for the last bits. Around each bound a
band is therefore left open: what lies in it is decided by the scale itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Scale
from cytomon.model.tube import FloatArray

BAND = 1e-9
"""Half width of the open band, relative to the bound, and at least this much on the scale."""
_RANGES = 4096.0
_PROBES = 2048
_HALVINGS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One bound on the linear axis.

    Attributes
    ----------
    below : float
        A value smaller than this does not reach the bound.
    reached : float
        A value of this size or larger does. Between the two, the scale has to be asked.
    """

    below: float
    reached: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where on the linear axis a scale is known to be monotone.

    Attributes
    ----------
    low, high : float
        Ends, in linear units.
    nothing_below : bool
        Whether the scale has no value below `low`, as a logarithm below zero.
    steepest : float
        Largest change of the scaled value for a change of one linear unit.
    """

    low: float
    high: float
    nothing_below: bool
    steepest: float


def cuts(scale: Scale | None, bounds: Sequence[float]) -> tuple[Cut, ...]:
    """Turn bounds on a scale into bounds on the linear axis.

    Parameters
    ----------
    scale : Scale or None
        None for the linear axis itself; else one that `reach` knows.
    bounds : sequence of float
        On the scale.
    """
    wanted = np.asarray(bounds, dtype=np.float64)
    if scale is None:
        return tuple(Cut(below=float(bound), reached=float(bound)) for bound in wanted)
    width = BAND * np.maximum(1.0, np.abs(wanted))
    below, _ = _brackets(scale, wanted - width)
    _, reached = _brackets(scale, wanted + width)
    return tuple(
        Cut(below=float(low), reached=float(high)) for low, high in zip(below, reached, strict=True)
    )


@lru_cache(maxsize=256)
def reach(scale: Scale | None) -> Reach | None:
    """Where a scale may be inverted; None where it is not monotone.

    Notes
    -----
    4096 times the scale's top value T is probed at points that lie close around zero and on. What a
    tube has further out is not decided by cuts.
    """
    if scale is None:
        return Reach(low=-np.inf, high=np.inf, nothing_below=False, steepest=1.0)
    if scale.t <= 0:
        return None
    points, values = _probed(scale)
    known = ~np.isnan(values)
    first = int(np.argmax(known))
    finite = np.isfinite(values)
    steps, widths = np.diff(values[finite]), np.diff(points[finite])
    if not finite.any() or (steps < 0).any() or not known[first:].all():
        return None
    return Reach(
        low=float(points[first]),
        high=float(points[-1]),
        nothing_below=first > 0,
        steepest=float((steps / widths).max()),
    )


@lru_cache(maxsize=256)
def _probed(scale: Scale) -> tuple[FloatArray, FloatArray]:
    # FlowJo's logarithm is told by its lower end, all others by their top
    top = scale.t * 10**scale.m if scale.kind == "flowjo_log" else scale.t
    half = np.geomspace(1e-6 * top, _RANGES * top, _PROBES)
    points = np.concatenate([-half[::-1], [0.0], half])
    return points, to_scale(points, scale)


def _brackets(scale: Scale, bounds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """For each bound a value that does not reach it, and one close by that does."""
    points, values = _probed(scale)
    # a logarithm has no value at zero and below: nothing is reached there
    after = np.searchsorted(np.where(np.isfinite(values), values, -np.inf), bounds, side="left")
    ends = np.concatenate([[-np.inf], points, [np.inf]])
    low, high = ends[after], ends[after + 1]
    inside = np.isfinite(low) & np.isfinite(high)
    for _ in range(_HALVINGS):
        middle = low[inside] / 2 + high[inside] / 2
        reached = to_scale(middle, scale) >= bounds[inside]
        high[inside] = np.where(reached, middle, high[inside])
        low[inside] = np.where(reached, low[inside], middle)
    return low, high
