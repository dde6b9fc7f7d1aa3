"""A block of events with every linear column that the gates need, compensated in one product.

The product differs from FlowKit's solve in the last bits; `Sheet.error` bounds by how much. What
lies closer to a boundary than that is decided from `Sheet.exactly`, FlowKit's own arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.columns import Columns, Solve, column_of, divided
from cytomon.gating.engine.solve import each_alone, in_the_midst
from cytomon.model.gating import Axis
from cytomon.model.tube import BoolArray, Channel, FloatArray, Spillover

_LAST_BITS = 1e-14
"""Error of a compensated value, relative to the largest of its row, times the matrix's norm and its
condition."""
Rows = NDArray[np.intp]
Fetch = Callable[[Rows], FloatArray]


class Press:
    """What turns blocks of one tube into sheets.

    Parameters
    ----------
    channels : sequence of Channel
        Columns of the blocks.
    matrices : mapping of str to Spillover
        By the names that axes use.
    axes : iterable of Axis
        Everything that will be asked for.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        matrices: Mapping[str, Spillover],
        axes: Iterable[Axis],
    ) -> None:
        self._channels, self._matrices = channels, matrices
        index = {channel.pnn: channel.index for channel in channels}
        wanted = {(one.channel, one.matrix) for axis in axes for one in _parts(axis)}
        self._row = {key: row for row, key in enumerate(sorted(wanted))}
        self._product = np.zeros((max(1, len(wanted)), len(channels)))
        for (channel, matrix), row in self._row.items():
            self._product[row, column_of(index, channel)] = 1.0
            if matrix and channel in matrices[matrix].detectors:
                spillover = matrices[matrix]
                inverse = np.linalg.inv(spillover.matrix)
                columns = [column_of(index, detector) for detector in spillover.detectors]
                self._product[row] = 0.0
                self._product[row, columns] = inverse[:, spillover.detectors.index(channel)]
        self._norm = float(np.abs(self._product).sum(axis=1).max(initial=1.0))
        self._error = _LAST_BITS * max(
            (float(np.linalg.cond(one.matrix)) for one in matrices.values()), default=1.0
        )
        self._out = np.empty((len(self._product), 0))

    def sheet(self, events: FloatArray) -> Sheet:
        """Press one block; the sheet is good until the next one."""
        if self._out.shape[1] != len(events):
            self._out = np.empty((len(self._product), len(events)))
        largest = float(max(events.max(initial=0.0), -events.min(initial=0.0)))
        finite = None
        if not np.isfinite(largest):
            finite = np.asarray(np.isfinite(events).all(axis=1), dtype=np.bool_)
            largest = float(np.abs(events[finite]).max(initial=0.0))
        with np.errstate(invalid="ignore", over="ignore"):
            np.dot(self._product, events.T, out=self._out)
        furthest = self._norm * largest
        return Sheet(
            self, events, self._out, finite, furthest=furthest, error=self._error * furthest
        )

    def given_away(self) -> FloatArray:
        """The values of the newest sheet, which the next one will not write over."""
        values, self._out = self._out, np.empty((len(self._product), 0))
        return values

    def row_of(self, axis: Axis) -> int:
        """Where the linear values of a channel stand in a sheet."""
        return self._row[axis.channel, axis.matrix]

    def columns(self, events: FloatArray, solve: Solve) -> Columns:
        """Events of the same tube by FlowKit's own arithmetic."""
        return Columns(events, self._channels, self._matrices, solve=solve)


class Sheet:
    """One block of events; see `Press`.

    Attributes
    ----------
    furthest : float
        No linear value is larger, on either side of zero.
    error : float
        Bound on the difference between a compensated value here and FlowKit's.
    """

    def __init__(
        self,
        press: Press,
        events: FloatArray,
        linear: FloatArray,
        finite: BoolArray | None,
        *,
        furthest: float,
        error: float,
    ) -> None:
        self._press, self._events, self._linear, self._finite = press, events, linear, finite
        self.furthest, self.error = furthest, error

    def __len__(self) -> int:
        return len(self._events)

    def finite(self) -> BoolArray:
        """Events without NaN or infinity in any channel, shape (n_events,)."""
        return np.ones(len(self), dtype=np.bool_) if self._finite is None else self._finite

    def linear(self, axis: Axis) -> FloatArray:
        """Compensated linear values, shape (n_events,)."""
        above, *below = (self._linear[self._press.row_of(part)] for part in _parts(axis))
        return above if axis.ratio is None else divided(axis.ratio, above, below[0])

    def held(self, fetch: Fetch) -> Sheet:
        """The same sheet for good: its values are its own, and its events are fetched when asked.

        Parameters
        ----------
        fetch : callable
            Gives some of the block's events, by their rows in it.
        """
        return _Held(self, fetch)

    def exactly(self, rows: Rows) -> Columns:
        """Some events as FlowKit sees them in the midst of a file."""
        return self._press.columns(self._some(rows), in_the_midst)

    def alone(self, rows: Rows) -> Columns:
        """Some events as FlowKit would see each if nothing else were in the file."""
        return self._press.columns(self._some(rows), each_alone)

    def _some(self, rows: Rows) -> FloatArray:
        return self._events[rows]


class _Held(Sheet):
    """A sheet that outlives its block."""

    def __init__(self, sheet: Sheet, fetch: Fetch) -> None:
        super().__init__(
            sheet._press,
            np.empty((len(sheet), 0)),
            sheet._press.given_away(),
            sheet._finite,
            furthest=sheet.furthest,
            error=sheet.error,
        )
        self._fetch = fetch

    def _some(self, rows: Rows) -> FloatArray:
        return self._fetch(rows)


def _parts(axis: Axis) -> Iterable[Axis]:
    """An axis, and what it is divided by."""
    yield axis
    if axis.ratio is not None:
        yield Axis(channel=axis.ratio.over, label=axis.ratio.over, matrix=axis.matrix)
