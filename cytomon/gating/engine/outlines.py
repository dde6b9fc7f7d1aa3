"""Points against an outline, and which of them lie too close to it for the last bits."""

from __future__ import annotations

import numpy as np
from flowutils.gating import points_in_polygon

from cytomon.model.gating import Ellipse, Polygon
from cytomon.model.tube import BoolArray, FloatArray

_CLOSE = 4.0
"""So many times the slack."""


@np.errstate(invalid="ignore")  # what has no value on a scale is outside
def judge_points(
    shape: Polygon | Ellipse, points: FloatArray, slack: FloatArray
) -> tuple[BoolArray, BoolArray]:
    """Which points lie inside a shape, and which so close to its outline that it is not sure.

    Parameters
    ----------
    shape : Polygon or Ellipse
        On the scales of its axes.
    points : ndarray of float64, shape (n_points, n_axes)
        On the same scales.
    slack : ndarray of float64, shape (n_axes,)
        How far a coordinate may be wrong, > 0.

    Returns
    -------
    inside, close : ndarray of bool, shape (n_points,)
    """
    if isinstance(shape, Polygon):
        return _in_polygon(np.array(shape.vertices, dtype=np.float64), points, slack)
    return _in_ellipse(shape, points, slack)


def _in_polygon(
    vertices: FloatArray, points: FloatArray, slack: FloatArray
) -> tuple[BoolArray, BoolArray]:
    inside = np.asarray(points_in_polygon(vertices, np.ascontiguousarray(points)), dtype=np.bool_)
    # distance from the straight line through each side, in units of the slack
    corners = vertices / slack
    along = np.roll(corners, -1, axis=0) - corners
    length = np.hypot(along[:, 0], along[:, 1])
    along, corners = along[length > 0] / length[length > 0, None], corners[length > 0]
    normals = np.stack([along[:, 1], -along[:, 0]])
    distances = (points / slack) @ normals
    distances -= (corners * normals.T).sum(axis=1)
    return inside, np.asarray((np.abs(distances) < _CLOSE).any(axis=1), dtype=np.bool_)


def _in_ellipse(
    shape: Ellipse, points: FloatArray, slack: FloatArray
) -> tuple[BoolArray, BoolArray]:
    precision = np.linalg.inv(np.array(shape.covariance))
    away = points - np.array(shape.mean)
    squared = np.einsum("ij,jk,ik->i", away, precision, away)
    # the gradient of the squared distance, along the worst direction of the slack
    steps = np.abs(away @ precision) @ slack
    close = np.abs(squared - shape.distance_square) < 2 * _CLOSE * steps + 1e-12 * squared
    return squared <= shape.distance_square, np.asarray(close, dtype=np.bool_)
