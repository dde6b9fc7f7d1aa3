"""A tube's events as the engine wants them: block by block, or chosen rows, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cytomon.fcs.read import event_blocks, read_events
from cytomon.model.tube import Channel, FloatArray, Tube

_HELD = 100_000_000
"""Bytes that a worker of a batch may hold."""
_APART = 4096
"""Events between two that are wanted, from which on they are not read."""


class FileEvents:
    """The events of a tube, read when they are asked for.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    most_held : int, optional
        Bytes up to which they are read once and held; of a larger tube they are read anew each
        time. By default what a worker of a batch may hold.
    """

    def __init__(self, tube: Tube, *, most_held: int | None = None) -> None:
        self._tube = tube
        self._most_held = _HELD if most_held is None else most_held
        self._held: FloatArray | None = None

    @property
    def channels(self) -> Sequence[Channel]:
        """Columns of the events."""
        return self._tube.channels

    @property
    def n_events(self) -> int:
        """How many there are."""
        return self._tube.n_events

    def blocks(self, size: int) -> Iterator[FloatArray]:
        """All events, `size` at a time; a block is good until the next one."""
        if not self._is_small():
            return event_blocks(self._tube, size=size)
        events = self.whole()
        return (events[first : first + size] for first in range(0, len(events), size))

    def rows(self, rows: NDArray[np.int64]) -> FloatArray:
        """Some events, in ascending order, shape (n_rows, n_channels)."""
        if self._is_small():
            return self.whole()[rows]
        # what lies far apart is not worth reading all between
        apart = np.flatnonzero(np.diff(rows) > _APART) + 1
        runs = np.split(rows, apart) if len(rows) else []
        return np.concatenate([np.empty((0, len(self._tube.channels))), *map(self._run, runs)])

    def _run(self, rows: NDArray[np.int64]) -> FloatArray:
        found = np.empty((len(rows), len(self._tube.channels)))
        start = int(rows[0])
        for block in event_blocks(self._tube, rows=slice(start, int(rows[-1]) + 1)):
            first, last = np.searchsorted(rows, (start, start + len(block)))
            found[first:last] = block[rows[first:last] - start]
            start += len(block)
        return found

    def whole(self) -> FloatArray:
        """All events at once, shape (n_events, n_channels)."""
        if self._held is not None:
            return self._held
        events = read_events(self._tube)
        if self._is_small():
            self._held = events
        return events

    def _is_small(self) -> bool:
        return self.n_events * len(self.channels) * 8 <= self._most_held
