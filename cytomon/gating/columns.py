"""The columns that gates look at: compensated and scaled on demand, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from flowutils.compensate import compensate
from numpy.typing import NDArray

from cytomon.errors import GatingError
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Ratio
from cytomon.model.tube import BoolArray, Channel, FloatArray, Spillover

Solve = Callable[[FloatArray, FloatArray, Sequence[int]], FloatArray]


class Columns:
    """Events of one tube as the gates see them.

    Parameters
    ----------
    events : ndarray of float64, shape (n_events, n_channels)
        Scale values as `cytomon.fcs.read` gives them; not changed.
    channels : sequence of Channel
        The columns of `events`.
    matrices : mapping of str to Spillover
        By the names that axes use.
    solve : callable, optional
        Compensates events with a matrix, given the columns of its detectors.

    Notes
    -----
    Compensation is FlowUtils' solve on the whole array, which is what FlowKit does; its last bits
    depend on how many events are solved at once.
    """

    def __init__(
        self,
        events: FloatArray,
        channels: Sequence[Channel],
        matrices: Mapping[str, Spillover],
        *,
        solve: Solve = compensate,
    ) -> None:
        self._events = events
        self._index = {channel.pnn: channel.index for channel in channels}
        self._matrices, self._solve = matrices, solve
        self._compensated: dict[str, FloatArray] = {"": events}
        self._scaled: dict[Axis, FloatArray] = {}

    def __len__(self) -> int:
        return len(self._events)

    def column(self, axis: Axis) -> FloatArray:
        """Values on an axis, shape (n_events,)."""
        if axis not in self._scaled:
            self._scaled[axis] = to_scale(self.linear(axis), axis.scale)
        return self._scaled[axis]

    def linear(self, axis: Axis) -> FloatArray:
        """Compensated values before the scale, shape (n_events,)."""
        table = self._table(axis.matrix)
        values = table[:, self._column_of(axis.channel)]
        if axis.ratio is None:
            return values
        return divided(axis.ratio, values, table[:, self._column_of(axis.ratio.over)])

    def take(self, rows: NDArray[np.int64]) -> Columns:
        """Some of the events, with all that is computed for them already."""
        part = Columns.__new__(Columns)
        part._events = self._events[rows]
        part._index, part._matrices, part._solve = self._index, self._matrices, self._solve
        part._compensated = {name: table[rows] for name, table in self._compensated.items()}
        part._scaled = {axis: values[rows] for axis, values in self._scaled.items()}
        return part

    def finite(self) -> BoolArray:
        """Events without NaN or infinity in any channel, shape (n_events,)."""
        return np.asarray(np.isfinite(self._events).all(axis=1), dtype=np.bool_)

    def _table(self, matrix: str) -> FloatArray:
        if matrix not in self._compensated:
            spillover = self._matrices[matrix]
            indices = [self._column_of(detector) for detector in spillover.detectors]
            self._compensated[matrix] = self._solve(self._events, spillover.matrix, indices)
        return self._compensated[matrix]

    def _column_of(self, channel: str) -> int:
        return column_of(self._index, channel)


@np.errstate(divide="ignore", invalid="ignore")
def divided(ratio: Ratio, values: FloatArray, over: FloatArray) -> FloatArray:
    """A ratio of two columns; the order of operations is FlowKit's: the last bit decides ties."""
    return ratio.a * ((values - ratio.b) / (over - ratio.c))


def column_of(index: Mapping[str, int], detector: str) -> int:
    """Find the column of a detector.

    Raises
    ------
    GatingError
        If the tube does not have it.
    """
    try:
        return index[detector]
    except KeyError:
        raise GatingError(
            f"a gate asks for the detector {detector!r}, which the tube does not have",
            where=detector,
            fix="check the panel, or name the detector's marker in a mapping file",
        ) from None
