"""Events on and around every boundary of a placement: where a slip of a number would show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cytomon.gating.transforms import from_scale
from cytomon.model.gating import Axis, Box, Ellipse, PlacedGate, Placement, Polygon
from cytomon.model.tube import Channel, FloatArray, Spillover

_STEPS = (0.0, 1e-9, -1e-9, 1e-3, -1e-3)
"""Relative steps off a boundary; beside it lie its neighbours among the numbers."""
_MOST = 64
_LARGEST = 1e30


def probes(placement: Placement, channels: Sequence[Channel], usual: FloatArray) -> FloatArray:
    """Make events on, just beside and near the boundaries of every gate.

    Parameters
    ----------
    placement : Placement
        Its gates.
    channels : sequence of Channel
        Columns of the events.
    usual : ndarray of float64, shape (n_channels,)
        An event that the others are like on all axes but those of their gate.

    Returns
    -------
    ndarray of float64, shape (n_events, n_channels)
        Uncompensated; finite.
    """
    made = [
        _events(gate, points, channels, placement.matrices, usual)
        for gate in placement.gates
        if gate.axes and len(points := np.array(list(_points(gate)), dtype=np.float64))
    ]
    events = np.concatenate([usual[np.newaxis], *made])
    return np.asarray(events[(np.abs(events) < _LARGEST).all(axis=1)])


def _points(gate: PlacedGate) -> Iterator[tuple[float, ...]]:
    """Places on the outline, and one inside, on the scales of the axes."""
    match gate.shape:
        case Box(bounds=bounds):
            middle = [_between(low, high) for low, high in bounds]
            yield tuple(middle)
            for position, ends in enumerate(bounds):
                for end in (e for e in ends if e is not None):
                    yield tuple(end if i == position else m for i, m in enumerate(middle))
        case Polygon(vertices=vertices):
            shown = vertices[:: max(1, len(vertices) // _MOST)]
            for (x, y), (u, v) in zip(shown, (*shown[1:], shown[0]), strict=True):
                yield from ((x, y), ((x + u) / 2, (y + v) / 2))
            yield tuple(np.mean(vertices, axis=0))
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            yield mean
            symmetric = (np.array(covariance) + np.array(covariance).T) / 2
            lengths, directions = np.linalg.eigh(symmetric)
            for length, direction in zip(lengths, directions.T, strict=True):
                step = np.sqrt(abs(length * square)) * direction
                yield from (tuple(np.array(mean) + step), tuple(np.array(mean) - step))


def _between(low: float | None, high: float | None) -> float:
    if low is None or high is None:
        return next((end for end in (low, high) if end is not None), 0.0)
    return (low + high) / 2


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # such events are left out
def _events(
    gate: PlacedGate,
    points: FloatArray,
    channels: Sequence[Channel],
    matrices: Mapping[str, Spillover],
    usual: FloatArray,
) -> FloatArray:
    index = {channel.pnn: channel.index for channel in channels}
    linear = np.column_stack(
        [from_scale(points[:, i], axis.scale) for i, axis in enumerate(gate.axes)]
    )
    around = [linear * (1 + step) for step in _STEPS]
    around += [np.nextafter(linear, side) for side in (-np.inf, np.inf)]
    wanted = np.concatenate(around)
    events = np.tile(usual, (len(wanted), 1))
    for position, axis in enumerate(gate.axes):
        _put(events, axis, wanted[:, position], index)
    for name in dict.fromkeys(axis.matrix for axis in gate.axes if axis.matrix):
        columns = [index[detector] for detector in matrices[name].detectors]
        events[:, columns] = events[:, columns] @ matrices[name].matrix
    return events


def _put(events: FloatArray, axis: Axis, values: FloatArray, index: Mapping[str, int]) -> None:
    ratio = axis.ratio
    if ratio is None:
        events[:, index[axis.channel]] = values
        return
    below = events[:, index[ratio.over]]
    events[:, index[axis.channel]] = values / ratio.a * (below - ratio.c) + ratio.b
