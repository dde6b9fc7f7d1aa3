"""The range that a plot shows of a gate dimension, and in which bin of it an event lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cytomon.model.gating import Axis
from cytomon.model.tube import FloatArray

View = tuple[float, float]

L_VIEW: View = (-1.6, 6.6)
SCATTER_VIEW: View = (0.0, 262_144.0)


def view(axis: Axis) -> View | None:
    """Fixed limits for what has a scale of its own; None lets the events decide."""
    if axis.ratio is not None:
        return (0.2, 1.3)
    if axis.scale is not None and axis.scale.kind == "asinh":
        return L_VIEW
    if axis.label[:3] in {"FSC", "SSC"}:
        return SCATTER_VIEW
    return None


def extent(values: FloatArray) -> View:
    """Limits that hold all values, which are finite; some width where there is none."""
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def bins(values: FloatArray, limits: View, number: int) -> NDArray[np.int64]:
    """Bin of each value, from 0; what lies outside the limits is in the first or the last."""
    share = (values - limits[0]) / (limits[1] - limits[0])
    return np.clip(share * number, 0, number - 1).astype(np.int64)
