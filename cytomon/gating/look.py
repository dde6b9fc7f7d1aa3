"""The events of some populations, read together for a closer look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cytomon.gating.engine.sheet import Press
from cytomon.gating.source import Rows, Source
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis
from cytomon.model.results import Kept
from cytomon.model.tube import Spillover

Asked = tuple[Rows, Sequence[Axis]]
"""Rows of a population, and the axes on which it is looked at."""


def look(
    source: Source, matrices: Mapping[str, Spillover], *asked: Mapping[str, Asked]
) -> tuple[dict[str, Kept], ...]:
    """Values of populations that overlap, each event read once.

    Parameters
    ----------
    source : Source
        The tube's events.
    matrices : mapping of str to Spillover
        By the names that axes use.
    *asked : mapping of str to (ndarray of int64, sequence of Axis)
        Population to its rows, ascending, and the axes wanted of it.

    Returns
    -------
    tuple of dict of str to Kept
        One for each mapping. For medians and slopes: compensated in one product, which differs
        from FlowKit's solve in the last bits.
    """
    seen = np.zeros(source.n_events, dtype=np.bool_)
    every: set[Axis] = set()
    for rows, axes in (one for some in asked for one in some.values()):
        seen[rows] |= bool(axes)
        every.update(axes)
    place = np.cumsum(seen) - 1
    sheet = Press(source.channels, matrices, every).sheet(source.rows(np.flatnonzero(seen)))

    def kept(rows: Rows, axes: Sequence[Axis]) -> Kept:
        linear = {axis: sheet.linear(axis)[place[rows]] for axis in axes}
        return Kept(
            rows=rows,
            linear={axis.label: values for axis, values in linear.items()},
            scaled={axis.label: to_scale(values, axis.scale) for axis, values in linear.items()},
        )

    return tuple({name: kept(*one) for name, one in some.items()} for some in asked)
