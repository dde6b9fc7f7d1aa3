"""A tube's events as the engine wants them: block by block, or chosen rows, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cytomon.fcs.read import event_blocks, read_events
from cytomon.model.tube import Channel, FloatArray, Tube


class FileEvents:
    """The events of a tube, read when they are asked for.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    """

    def __init__(self, tube: Tube) -> None:
        self._tube = tube

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
        return event_blocks(self._tube, size=size)

    def rows(self, rows: NDArray[np.int64]) -> FloatArray:
        """Some events, in ascending order, shape (n_rows, n_channels)."""
        found = np.empty((len(rows), len(self._tube.channels)))
        start = 0
        for block in event_blocks(self._tube):
            first, last = np.searchsorted(rows, (start, start + len(block)))
            found[first:last] = block[rows[first:last] - start]
            start += len(block)
        return found

    def whole(self) -> FloatArray:
        """All events at once, shape (n_events, n_channels)."""
        return read_events(self._tube)
