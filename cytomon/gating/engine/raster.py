"""Shapes on two axes as cells on the linear axes: inside, outside, or to be looked at closely.

Few events lie in a cell that the outline of a shape runs through. All others are decided by a
table, without evaluating a scale. A cell is found by cheap arithmetic: on a linear axis by a
product, on any other by the leading bits of a floating-point number, which grow with its logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.engine.bounds import Cut
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Ellipse, Polygon
from cytomon.model.tube import BoolArray, FloatArray

OUTSIDE, INSIDE, CLOSE = 0, 1, 2
_CELLS = 256
_MANTISSA_BITS = 23
_FINE_BITS = 5
"""A doubling of the distance from the lower end is cut into 2**5 cells."""
_DOUBLINGS = 9
_MARGIN = 1e-6
_FAR_BELOW = -1e150
"""Where a logarithm has no value."""

Cells = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """Cells along one axis.

    Attributes
    ----------
    low, high : float
        Ends in linear units; what lies outside of [low, high) is outside of the shape.
    step : float
        Cells per unit; 0 where cells grow with the distance from the lower end.
    origin : float
        From where that distance counts.
    first, n_cells : int
        Leading bits of the first cell, and the number of cells.
    """

    low: float
    high: float
    origin: float
    n_cells: int
    step: float = 0.0
    first: int = 0

    def cells(self, values: FloatArray) -> Cells:
        """Cell of each value within the ends, shape (n_events,)."""
        away = values - self.origin
        if self.step:
            away *= self.step
            found = away.astype(np.int32)
        else:
            found = away.astype(np.float32).view(np.int32)
            found >>= _MANTISSA_BITS - _FINE_BITS
            found -= self.first
        return np.clip(found, 0, self.n_cells - 1, out=found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """A shape on two axes.

    Attributes
    ----------
    rulers : tuple of Ruler
        Of the two axes.
    table : ndarray of uint8, shape (n_cells, n_cells)
        `OUTSIDE`, `INSIDE` or `CLOSE`.
    """

    rulers: tuple[Ruler, Ruler]
    table: NDArray[np.uint8]

    def look_up(self, first: FloatArray, second: FloatArray) -> NDArray[np.uint8]:
        """What the table says of events within the ends of both axes, shape (n_events,)."""
        cells = self.rulers[0].cells(first)
        cells *= self.table.shape[1]
        cells += self.rulers[1].cells(second)
        return self.table.ravel()[cells]


def make_raster(
    shape: Polygon | Ellipse,
    axes: Sequence[Axis],
    surroundings: Sequence[tuple[Cut | None, Cut | None]],
) -> Raster | None:
    """Cut the surroundings of a shape into cells.

    Parameters
    ----------
    shape : Polygon or Ellipse
        On two axes.
    axes : sequence of Axis
        Those.
    surroundings : sequence of (Cut, Cut)
        For each axis where the shape's `extent` begins and ends.

    Returns
    -------
    Raster or None
        None where the shape reaches to where a scale is not known.
    """
    rulers = [_ruler(axis, *ends) for axis, ends in zip(axes, surroundings, strict=True)]
    if rulers[0] is None or rulers[1] is None:
        return None
    edges = [_edges(ruler, axis) for ruler, axis in zip(rulers, axes, strict=True) if ruler]
    table = (
        _polygon_table(shape, *edges)
        if isinstance(shape, Polygon)
        else _ellipse_table(shape, *edges)
    )
    return Raster(rulers=(rulers[0], rulers[1]), table=table)


def extent(shape: Polygon | Ellipse) -> tuple[FloatArray, FloatArray]:
    """Least and largest coordinates of a shape, a little further out than it goes."""
    if isinstance(shape, Polygon):
        vertices = np.array(shape.vertices)
        low, high = vertices.min(axis=0), vertices.max(axis=0)
    else:
        half = np.sqrt(np.diag(np.array(shape.covariance)) * shape.distance_square)
        low, high = np.array(shape.mean) - half, np.array(shape.mean) + half
    margin = _MARGIN * (high - low + np.maximum(np.abs(low), np.abs(high)))
    return low - margin, high + margin


def _ruler(axis: Axis, first: Cut | None, last: Cut | None) -> Ruler | None:
    if first is None or last is None:
        return None
    begin, end = first.below, last.reached
    if not (np.isfinite(begin) and np.isfinite(end) and begin < end):
        return None
    if axis.scale is None:
        return Ruler(low=begin, high=end, origin=begin, step=_CELLS / (end - begin), n_cells=_CELLS)
    finest = (end - begin) / 2**_DOUBLINGS
    bits = [_leading(finest), _leading(end - begin + finest)]
    return Ruler(
        low=begin, high=end, origin=begin - finest, first=bits[0], n_cells=bits[1] - bits[0] + 1
    )


def _leading(distance: float) -> int:
    return int(np.float32(distance).view(np.int32)) >> (_MANTISSA_BITS - _FINE_BITS)


def _edges(ruler: Ruler, axis: Axis) -> FloatArray:
    """Borders of the cells on the scale, shape (n_cells + 1,)."""
    steps = np.arange(ruler.n_cells + 1)
    if ruler.step:
        return np.asarray(ruler.origin + steps / ruler.step)
    bits = ((steps + ruler.first) << (_MANTISSA_BITS - _FINE_BITS)).astype(np.int32)
    edges = to_scale(bits.view(np.float32).astype(np.float64) + ruler.origin, axis.scale)
    return np.where(np.isfinite(edges), edges, _FAR_BELOW)


def _polygon_table(shape: Polygon, x: FloatArray, y: FloatArray) -> NDArray[np.uint8]:
    """Cells that no side touches are wholly in or wholly out."""
    vertices = np.array(shape.vertices)
    touched = np.zeros((len(x) - 1, len(y)), dtype=np.int32)
    odd = np.zeros((len(x) - 1, len(y) - 1), dtype=np.bool_)
    middle = (x[:-1] + x[1:]) / 2
    for begin, end in zip(vertices, np.roll(vertices, -1, axis=0), strict=True):
        _touch(touched, x, y, begin, end)
        _cross(odd, middle, y, begin, end)
    close = touched.cumsum(axis=1)[:, :-1] > 0
    return np.where(close, CLOSE, np.where(odd, INSIDE, OUTSIDE)).astype(np.uint8)


def _touch(
    touched: NDArray[np.int32], x: FloatArray, y: FloatArray, begin: FloatArray, end: FloatArray
) -> None:
    """Mark where a side enters and leaves each column of cells, and one cell around it.

    Cells are found in single precision: an event may land in the neighbour of its own. It then
    stands on their border, and so on the same side as all of that neighbour, unless the side runs
    through one of the two.
    """
    (left, y_left), (right, y_right) = sorted([tuple(begin), tuple(end)])
    first, last = np.clip(np.searchsorted(x, [left, right], side="right") - 1, 0, len(x) - 2)
    columns = np.arange(max(0, first - 1), min(len(x) - 2, last + 1) + 1)
    ends = np.clip(np.stack([x[columns], x[columns + 1]]), left, right)
    share = (ends - left) / (right - left) if right > left else np.array([[0.0], [1.0]])
    heights = np.broadcast_to(y_left + share * (y_right - y_left), (2, len(columns)))
    lowest = np.searchsorted(y, heights.min(axis=0), side="right") - 2
    highest = np.searchsorted(y, heights.max(axis=0), side="right") + 1
    n_rows = touched.shape[1]
    np.add.at(touched, (columns, np.clip(lowest, 0, n_rows - 1)), 1)
    np.add.at(touched, (columns, np.clip(highest, 0, n_rows - 1)), -1)


def _cross(
    odd: BoolArray, middle: FloatArray, y: FloatArray, begin: FloatArray, end: FloatArray
) -> None:
    """Turn every cell above a side inside out: what is passed an odd number of times is inside."""
    (left, y_left), (right, y_right) = sorted([tuple(begin), tuple(end)])
    columns = np.flatnonzero((middle >= left) & (middle < right))
    heights = y_left + (middle[columns] - left) / (right - left or 1.0) * (y_right - y_left)
    above = (y[:-1] + y[1:])[None, :] / 2 > heights[:, None]
    odd[columns] ^= above


def _ellipse_table(shape: Ellipse, x: FloatArray, y: FloatArray) -> NDArray[np.uint8]:
    """An ellipse is convex: a cell with all corners inside is inside."""
    precision, square = np.linalg.inv(np.array(shape.covariance)), shape.distance_square

    def squared(across: FloatArray, along: FloatArray) -> FloatArray:
        return np.asarray(
            precision[0, 0] * across**2
            + 2 * precision[0, 1] * across * along
            + precision[1, 1] * along**2
        )

    # one cell around, for events may land in the neighbour of their own
    wide_x, wide_y = _widened(x), _widened(y)
    corners = [
        squared(side_x[:, None] - shape.mean[0], side_y[None, :] - shape.mean[1])
        for side_x in wide_x
        for side_y in wide_y
    ]
    inside = np.maximum.reduce(corners) < square * (1 - _MARGIN)
    half_x, half_y = (wide_x[1] - wide_x[0]) / 2, (wide_y[1] - wide_y[0]) / 2
    to_corner = np.maximum(
        squared(half_x[:, None], half_y[None, :]), squared(half_x[:, None], -half_y[None, :])
    )
    to_middle = squared(
        (wide_x.sum(axis=0) / 2 - shape.mean[0])[:, None],
        (wide_y.sum(axis=0) / 2 - shape.mean[1])[None, :],
    )
    outside = np.sqrt(to_middle) - np.sqrt(to_corner) > np.sqrt(square) * (1 + _MARGIN)
    return np.where(inside, INSIDE, np.where(outside, OUTSIDE, CLOSE)).astype(np.uint8)


def _widened(edges: FloatArray) -> FloatArray:
    """Lower and upper end of each cell with its neighbours, shape (2, n_cells)."""
    around = np.concatenate([edges[:1], edges, edges[-1:]])
    return np.stack([around[:-3], around[3:]])
