"""The events of some populations, read together for a closer look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cytomon.gating.engine.sheet import Press, Sheet
from cytomon.gating.source import BLOCK, Rows, Source
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis
from cytomon.model.results import Kept
from cytomon.model.tube import Spillover

Asked = tuple[Rows, Sequence[Axis]]
"""Rows of a population, and the axes on which it is looked at."""


def look(
    source: Source, matrices: Mapping[str, Spillover], *asked: Mapping[str, Asked]
) -> tuple[dict[str, Kept], ...]:
    """Values of populations that overlap, block by block: of a large tube nothing else is held.

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
    looks = [_Look(*one) for some in asked for one in some.values()]
    every = {axis for one in looks for axis in one.axes}
    press, first = Press(source.channels, matrices, every), 0
    for events in source.blocks(BLOCK):
        sheet = press.sheet(events)
        for one in looks:
            one.at(sheet, first)
        first += len(events)
    kept = iter(looks)
    return tuple({name: next(kept).kept() for name in some} for some in asked)


class _Look:
    """One population, and the values found of it so far."""

    def __init__(self, rows: Rows, axes: Sequence[Axis]) -> None:
        self._rows, self.axes = rows, axes
        self._linear = {axis: np.empty(len(rows)) for axis in axes}

    def at(self, sheet: Sheet, first: int) -> None:
        """Take the values of a block whose first event has this number."""
        start, end = np.searchsorted(self._rows, (first, first + len(sheet)))
        here = self._rows[start:end] - first
        for axis, values in self._linear.items():
            values[start:end] = sheet.linear(axis)[here]

    def kept(self) -> Kept:
        """All that was found."""
        scaled = {axis.label: to_scale(x, axis.scale) for axis, x in self._linear.items()}
        linear = {axis.label: values for axis, values in self._linear.items()}
        return Kept(rows=self._rows, linear=linear, scaled=scaled)
