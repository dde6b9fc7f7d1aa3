"""The events that gates find their places on, decided as the streaming engine decides all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cytomon.gating.engine.shapes import among, make_ready, members
from cytomon.gating.engine.sheet import Press
from cytomon.gating.evaluate import combine
from cytomon.gating.source import Rows
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Boolean, Envelope, PlacedGate, Score
from cytomon.model.tube import BoolArray, Channel, FloatArray, Spillover


class Sample:
    """Events of a tube, and who of them is inside the gates placed so far.

    Parameters
    ----------
    events : ndarray of float64, shape (n_events, n_channels)
        Of the tube; not changed.
    channels : sequence of Channel
        Their columns.
    matrices : mapping of str to Spillover
        By the names that axes use.
    axes : iterable of Axis
        Everything that will be asked for.
    """

    def __init__(
        self,
        events: FloatArray,
        channels: Sequence[Channel],
        matrices: Mapping[str, Spillover],
        axes: Iterable[Axis],
    ) -> None:
        self._sheet = Press(channels, matrices, axes).sheet(events)
        self._members: dict[str, BoolArray] = {"": self._sheet.finite()}

    def members(self, gate: str) -> BoolArray:
        """Who is inside a gate, shape (n_events,); the empty name stands for all finite events."""
        return self._members[gate]

    def rows(self, gate: str) -> Rows:
        """Who is inside a gate, shape (n_members,)."""
        return np.flatnonzero(self._members[gate])

    def column(self, axis: Axis, rows: Rows | slice = slice(None)) -> FloatArray:
        """Values of some events on an axis."""
        return to_scale(self._sheet.linear(axis)[rows], axis.scale)

    def add(self, gate: PlacedGate) -> None:
        """Decide on a gate, given those before it."""
        self._members[gate.name] = self._inside(gate)

    def _inside(self, gate: PlacedGate) -> BoolArray:
        if isinstance(gate.shape, Envelope):
            # examined when all events are counted; no boundary may be placed on it
            return np.zeros(len(self._sheet), dtype=np.bool_)
        if isinstance(gate.shape, Boolean | Score):
            return combine(gate, self._members)
        parent = self._members[gate.parent]
        ready = make_ready([gate])[gate.name]
        return members(ready, self._sheet, parent, among(parent), left_open=[])
