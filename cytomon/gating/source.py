"""Where a tube's events come from: a file that is read block by block, or an array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cytomon.model.tube import Channel, FloatArray

BLOCK = 32_768
"""Events of a block: its columns stay in the processor's cache."""

Rows = NDArray[np.int64]


def evenly(n_events: int, most: int) -> Rows:
    """Rows of a sample at even steps through the run; all of them where they are few."""
    if n_events <= most:
        return np.arange(n_events)
    return np.linspace(0, n_events - 1, most).astype(np.int64)


class Source(Protocol):
    """Events in the order of the run; `cytomon.fcs.read.FileEvents` is one."""

    @property
    def channels(self) -> Sequence[Channel]:
        """Columns of the events."""

    @property
    def n_events(self) -> int:
        """How many there are."""

    def blocks(self, size: int) -> Iterator[FloatArray]:
        """All events, some at a time; a block is good until the next one."""

    def rows(self, rows: Rows) -> FloatArray:
        """Some events, in ascending order, shape (n_rows, n_channels)."""

    def whole(self) -> FloatArray:
        """All events at once, shape (n_events, n_channels)."""


def sample(source: Source, most: int) -> FloatArray:
    """Events at even steps through the run, at most so many, shape (n_sample, n_channels)."""
    if source.n_events <= most:
        return source.whole()
    return source.rows(evenly(source.n_events, most))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Events that are in memory.

    Attributes
    ----------
    events : ndarray of float64, shape (n_events, n_channels)
        As `cytomon.fcs.read` gives them.
    channels : sequence of Channel
        Their columns.
    """

    events: FloatArray
    channels: Sequence[Channel]

    @property
    def n_events(self) -> int:
        """How many there are."""
        return len(self.events)

    def blocks(self, size: int) -> Iterator[FloatArray]:
        """All events, some at a time."""
        for start in range(0, len(self.events), size):
            yield np.ascontiguousarray(self.events[start : start + size])

    def rows(self, rows: Rows) -> FloatArray:
        """Some events, shape (n_rows, n_channels)."""
        return self.events[rows]

    def whole(self) -> FloatArray:
        """All events at once, shape (n_events, n_channels)."""
        return self.events
