"""What one tube says of each normal population: medians and spreads of the events it explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.design import SCATTER, cloud_names, make_design, on_axes
from cytomon.gating.envelope.mixture import blended
from cytomon.gating.methods import robust_spread
from cytomon.model.normal import Examination, Reference
from cytomon.model.tube import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One normal cloud as one tube shows it.

    Attributes
    ----------
    events : int
        Events that it explains.
    centre : mapping of str to float
        Median by axis: markers on the template's scale, scatter in detector units.
    spread : mapping of str to float
        Robust standard deviation by axis; of scatter that of its natural logarithm, which is the
        coefficient of variation.
    """

    events: int
    centre: Mapping[str, float]
    spread: Mapping[str, float]


def look(
    study: Examination, axes: Sequence[str], values: FloatArray, start: Reference
) -> dict[str, Sight]:
    """Sum up the events that each cloud of a reference explains in a tube.

    Parameters
    ----------
    study : Examination
        What each event was called.
    axes : sequence of str
        Markers and scatter, all known to the reference.
    values : ndarray of float64, shape (n_axes, n_examined)
        Of the examined events; scatter in detector units.
    start : Reference
        With which the tube was examined.

    Returns
    -------
    dict of str to Sight
        Clouds that explain nothing are left out.

    Notes
    -----
    An event belongs to the nearest cloud of the population it was called. On the path of
    maturation the design's clouds between two stages take part, and each event counts by how far
    it lies from the nearest of them: cells on their way from one stage to the next make neither
    stage wide, and do not draw its centre along the path. A cloud between two stages lies off by
    a mean of what the stages lie off; what the stages do is found from all of them by least
    squares.
    """
    design = make_design(start, axes)
    middle, width = blended(design, design.start, design.start_spread)
    node = _nearest(on_axes(axes, values), _may_be(study, start), middle, width)
    rows = np.flatnonzero(node >= 0)
    node = node[rows]
    cloud = design.blend.argmax(axis=1)[node]
    places = {
        axis: _places(axis, column[rows], node, design.blend, start)
        for axis, column in zip(axes, values, strict=True)
    }
    events = np.bincount(cloud, minlength=len(start.normal))
    return {
        one.name: Sight(
            events=int(events[position]),
            centre={axis: float(centre[position]) for axis, (centre, _) in places.items()},
            spread={axis: float(spread[position]) for axis, (_, spread) in places.items()},
        )
        for position, one in enumerate(start.normal)
        if events[position]
    }


def _may_be(study: Examination, start: Reference) -> NDArray[np.bool_]:
    """Which cloud of the design can stand for an event; shape (n_nodes, n_examined)."""
    called = np.array(study.names)[study.called]
    return np.array([called == name for name in cloud_names(start)])


def _nearest(
    values: FloatArray, may_be: NDArray[np.bool_], middle: FloatArray, width: FloatArray
) -> NDArray[np.int64]:
    """Nearest possible cloud of each event, -1 where there is none."""
    best = np.full(values.shape[1], np.inf)
    node = np.full(values.shape[1], -1)
    common = np.median(width, axis=0)
    for position, possible in enumerate(may_be):
        rows = np.flatnonzero(possible)
        # one width for all clouds: by its own, a wide cloud would win what is far from both
        away = (values[:, rows] - middle[position][:, None]) / common[:, None]
        distance = (away**2).sum(axis=0)
        nearer = distance < best[rows]
        node[rows[nearer]] = position
        best[rows[nearer]] = distance[nearer]
    return node


def _places(
    axis: str, column: FloatArray, node: NDArray[np.int64], blend: FloatArray, start: Reference
) -> tuple[FloatArray, FloatArray]:
    """Centre and spread of every cloud on one axis, by the events of the design's clouds."""
    centre = np.array([cloud.centre[axis] for cloud in start.normal])
    if axis in SCATTER:
        column, centre = np.log(np.maximum(column, 1.0)), np.log(centre)
    off = column - (blend @ centre)[node]
    filled = np.unique(node)
    weight = np.sqrt(np.bincount(node)[filled])
    medians = np.array([np.median(off[node == one]) for one in filled])
    moved = np.linalg.lstsq(blend[filled] * weight[:, None], medians * weight)[0]
    off -= (blend @ moved)[node]
    cloud = blend.argmax(axis=1)[node]
    spread = np.zeros(len(centre))
    for position in np.unique(cloud):
        _, spread[position] = robust_spread(off[cloud == position])
    centre = centre + moved
    return np.exp(centre) if axis in SCATTER else centre, spread
