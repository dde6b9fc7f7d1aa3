"""The gates of a benchmark as FlowKit's own objects."""

from __future__ import annotations

import flowkit as fk
import numpy as np

from cytomon.model.gating import Axis, Boolean, Box, Ellipse, PlacedGate, Placement, Polygon

Paths = dict[str, tuple[str, ...]]


def flowkit_strategy(placement: Placement) -> tuple[fk.GatingStrategy, Paths]:
    """Build a strategy; with it the path above each gate."""
    strategy = fk.GatingStrategy()
    for name, matrix in placement.matrices.items():
        strategy.add_comp_matrix(name, fk.Matrix(np.array(matrix.matrix), list(matrix.detectors)))
    strategy.add_transform("scale", fk.transforms.LogicleTransform(262_144.0, 0.5, 4.5, 0.0))
    above: Paths = {}
    for gate in placement.gates:
        parent = (*above[gate.parent], gate.parent) if gate.parent else ("root",)
        above[gate.name] = parent
        strategy.add_gate(_gate(gate, above), parent)
    return strategy, above


def _gate(gate: PlacedGate, above: Paths) -> object:
    match gate.shape:
        case Box(bounds=bounds):
            dims = [_dimension(axis, *side) for axis, side in zip(gate.axes, bounds, strict=True)]
            return fk.gates.RectangleGate(gate.name, dims)
        case Polygon(vertices=vertices):
            corners = [list(vertex) for vertex in vertices]
            return fk.gates.PolygonGate(gate.name, list(map(_dimension, gate.axes)), corners)
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            dims = list(map(_dimension, gate.axes))
            return fk.gates.EllipsoidGate(gate.name, dims, list(mean), np.array(covariance), square)
        case Boolean(every=every, some=some):
            references = [
                {"ref": one.gate, "path": above[one.gate], "complement": one.complement}
                for one in (*every, *some)
            ]
            return fk.gates.BooleanGate(gate.name, "and" if every else "or", references)
    msg = f"no FlowKit gate for {gate.name!r}"
    raise TypeError(msg)


def _dimension(axis: Axis, low: float | None = None, high: float | None = None) -> fk.Dimension:
    return fk.Dimension(
        axis.channel,
        compensation_ref=axis.matrix or "uncompensated",
        transformation_ref="scale" if axis.scale else None,
        range_min=low,
        range_max=high,
    )
