"""A reference becomes numbers: clouds on the axes of one tube."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from cytomon.gating.envelope.mixture import Design
from cytomon.model.normal import Cloud, Reference
from cytomon.model.tube import BoolArray, FloatArray

SCATTER = ("FSC-A", "SSC-A")
NODES = 4
"""Clouds for each stretch between two stages of maturation."""
PER_LOG = 2.5
"""Scatter is looked at as 2.5 ln x: a coefficient of variation of 8 % is 0.2, as for a marker."""
_LEAST_SCATTER = 1000.0
SCATTER_SLACK = 3.0
"""Instruments differ in scatter by factors, in compensated markers by their gains alone."""
FLOOR = -0.4
"""Below it a marker is absent: how far compensation overshoots says nothing of a cell."""


def log_scatter(values: FloatArray) -> FloatArray:
    """Forward or side scatter on a logarithmic axis whose unit is like that of markers."""
    return np.asarray(PER_LOG * np.log(np.maximum(values, _LEAST_SCATTER) / _LEAST_SCATTER))


def are_markers(axes: Sequence[str]) -> BoolArray:
    """Which axes are markers and not scatter, shape (n_axes,)."""
    return np.array([axis not in SCATTER for axis in axes])


def on_axes(axes: Sequence[str], values: FloatArray) -> FloatArray:
    """Events as a mixture looks at them.

    Parameters
    ----------
    axes : sequence of str
        Markers and scatter.
    values : ndarray, shape (n_axes, n_events)
        On the template's scale; scatter in detector units.
    """
    columns = [
        log_scatter(column) if axis in SCATTER else np.maximum(column, FLOOR)
        for axis, column in zip(axes, values, strict=True)
    ]
    return np.array(columns).reshape(values.shape)


def make_design(reference: Reference, axes: Sequence[str]) -> Design:
    """Put the clouds of a reference on the axes that a tube has.

    Parameters
    ----------
    reference : Reference
        What is normal, and where leukaemia is looked for.
    axes : sequence of str
        Markers and scatter of the tube, all known to the reference.
    """
    start, start_spread = _table(reference.normal, axes)
    pattern, pattern_spread = _table(reference.leukaemic, axes)
    blend = _blend(reference)
    return Design(
        blend=blend,
        stride=_stride(blend, start),
        start=start,
        start_spread=start_spread,
        pattern=pattern,
        pattern_spread=pattern_spread,
        usual=reference.leash.usual,
        most=reference.leash.most,
        widest=reference.leash.widest,
        leukaemic=reference.leash.leukaemic,
        slack=np.array([SCATTER_SLACK if axis in SCATTER else 1.0 for axis in axes]),
    )


def cloud_names(reference: Reference) -> tuple[str, ...]:
    """Population of each normal cloud of the design; between two stages that of the nearer one."""
    blend = _blend(reference)
    return tuple(reference.normal[int(row.argmax())].population for row in blend)


def _table(clouds: Sequence[Cloud], axes: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    centres = np.array([[_place(axis, cloud.centre) for axis in axes] for cloud in clouds])
    spreads = np.array([[_width(axis, cloud.spread) for axis in axes] for cloud in clouds])
    return centres, spreads


def _place(axis: str, centre: Mapping[str, float]) -> float:
    return float(log_scatter(np.array(centre[axis]))) if axis in SCATTER else centre[axis]


def _width(axis: str, spread: Mapping[str, float]) -> float:
    return PER_LOG * spread[axis] if axis in SCATTER else spread[axis]


def _blend(reference: Reference) -> FloatArray:
    names = [cloud.name for cloud in reference.normal]
    unit = np.eye(len(names))
    rows = [unit[position] for position, name in enumerate(names) if name not in reference.path]
    stages = [unit[names.index(name)] for name in reference.path]
    # none in the very middle: each cloud belongs to one of the two stages
    for here, there in pairwise(stages):
        rows += [here + (there - here) * (step + 0.5) / NODES for step in range(NODES)]
    return np.array([*rows, *stages[:1], *stages[1:][-1:]])


def _stride(blend: FloatArray, start: FloatArray) -> FloatArray:
    """Half a stretch to either side is evenly filled: its standard deviation is its length / 12."""
    stride = np.zeros((len(blend), start.shape[1]))
    for row, part in enumerate(blend):
        between = np.flatnonzero(part)
        if len(between) == 2:
            stride[row] = np.abs(start[between[1]] - start[between[0]]) / NODES / np.sqrt(12)
    return stride
