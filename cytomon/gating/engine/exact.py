"""FlowKit's arithmetic on a few events: by the functions that its gates call, and nothing else.

`cytomon.gating.reference` asks FlowKit's gates themselves, which takes longer to load than a tube
to gate.
"""

from __future__ import annotations

import numpy as np
from flowutils.gating import points_in_ellipsoid, points_in_polygon

from cytomon.gating.columns import Columns
from cytomon.model.gating import Box, Ellipse, PlacedGate, Polygon, Ranges
from cytomon.model.tube import BoolArray, FloatArray


@np.errstate(invalid="ignore")  # what has no value on a scale is outside
def exactly_inside(gate: PlacedGate, columns: Columns) -> BoolArray:
    """Events inside a gate's geometry, whatever its parent and its complement.

    Parameters
    ----------
    gate : PlacedGate
        A gate with axes (`Box`, `Polygon`, `Ellipse` or `Ranges`).
    columns : Columns
        Events of the tube.

    Returns
    -------
    ndarray of bool, shape (n_events,)
    """
    values = np.array([columns.column(axis) for axis in gate.axes]).reshape(len(gate.axes), -1)
    match gate.shape:
        case Box(bounds=bounds):
            return _in_box(bounds, values)
        case Ranges(kept=kept):
            found = np.zeros(values.shape[1], dtype=np.bool_)
            for one in kept:
                found |= _in_box((one,), values)
            return found
        case Polygon(vertices=vertices):
            corners = np.array(vertices, dtype=np.float64)
            return np.asarray(points_in_polygon(corners, values.T), dtype=np.bool_)
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            inside = points_in_ellipsoid(np.array(covariance), list(mean), square, values.T)
            return np.asarray(inside, dtype=np.bool_)
    msg = f"gate {gate.name!r} has no geometry of its own"
    raise TypeError(msg)


def _in_box(bounds: tuple[tuple[float | None, float | None], ...], values: FloatArray) -> BoolArray:
    found = np.ones(values.shape[1], dtype=np.bool_)
    for (low, high), column in zip(bounds, values, strict=True):
        if low is not None:
            found &= column >= low
        if high is not None:
            found &= column < high
    return found
