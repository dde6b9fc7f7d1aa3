"""The reference engine: FlowKit's own gate arithmetic decides who is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.model.gating import Axis, Box, Ellipse, PlacedGate, Polygon, Ranges
from cytomon.model.tube import BoolArray

if TYPE_CHECKING:
    import pandas as pd


@np.errstate(invalid="ignore")  # what has no value on a scale is outside
def inside(gate: PlacedGate, columns: Columns) -> BoolArray:
    """Events inside a gate's geometry, whatever its parent.

    Parameters
    ----------
    gate : PlacedGate
        A gate with axes (`Box`, `Polygon`, `Ellipse` or `Ranges`).
    columns : Columns
        The tube's events.

    Returns
    -------
    ndarray of bool, shape (n_events,)
    """
    from flowkit import Dimension, gates

    match gate.shape:
        case Box(bounds=bounds):
            found = _apply_box(gate, bounds, columns)
        case Ranges(kept=kept):
            found = np.zeros(len(columns), dtype=np.bool_)
            for one in kept:
                found |= _apply_box(gate, (one,), columns)
        case Polygon(vertices=vertices):
            dims = [Dimension(_label(i), range_min=None, range_max=None) for i in range(2)]
            polygon = gates.PolygonGate(gate.name, dims, [list(v) for v in vertices])
            found = polygon.apply(_frame(gate.axes, columns))
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            dims = [Dimension(_label(i)) for i in range(len(mean))]
            ellipsoid = gates.EllipsoidGate(
                gate.name, dims, list(mean), np.array(covariance), square
            )
            found = ellipsoid.apply(_frame(gate.axes, columns))
        case _:
            msg = f"gate {gate.name!r} has no geometry of its own"
            raise TypeError(msg)
    answer: BoolArray = np.asarray(found, dtype=np.bool_)
    return ~answer if gate.complement else answer


def _apply_box(
    gate: PlacedGate, bounds: tuple[tuple[float | None, float | None], ...], columns: Columns
) -> Any:  # noqa: ANN401  (FlowKit carries no types)
    from flowkit import Dimension, gates

    dims = [
        Dimension(_label(i), range_min=low, range_max=high) for i, (low, high) in enumerate(bounds)
    ]
    return gates.RectangleGate(gate.name, dims).apply(_frame(gate.axes, columns))


def _label(position: int) -> str:
    return f"axis{position}"


def _frame(axes: tuple[Axis, ...], columns: Columns) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({_label(i): columns.column(axis) for i, axis in enumerate(axes)})
