"""The events of a tube as numbers, whole or block by block."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from io import RawIOBase
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from cytomon.errors import FcsError
from cytomon.fcs.numerals import number
from cytomon.fcs.unchanged import gone, refuse_changed
from cytomon.model.tube import Channel, FloatArray, Role, Tube

_KINDS: Final = {"F": "f4", "D": "f8"}
_PIECE: Final = 131_072
_SHIFTS: Final = np.array([0, 8, 16], dtype=np.uint32)


def read_events(tube: Tube, *, rows: slice | None = None) -> FloatArray:
    """Read events as scale values.

    Floating-point values come as they are stored. Integers lose the bits above the next power of
    two of ``$PnR`` (FCS 3.1, 3.2.20). Then ``$PnE`` turns logarithmic channel numbers x into
    ``f2 * 10**(f1 * x / R)``, ``$PnG`` divides, and time is multiplied by ``$TIMESTEP`` instead.
    Nothing is compensated.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    rows : slice, optional
        Which events, of step 1; all by default.

    Returns
    -------
    ndarray of float64, shape (n_events, n_channels)
        A new array. May hold values that are not finite.

    Raises
    ------
    FcsError
        If the file has gone or changed its size since it was opened.
    ValueError
        If the slice has a step.
    """
    start, n_events = _range(tube, rows)
    events = np.empty((n_events, len(tube.channels)))
    with _Reader(tube, _PIECE) as reader:
        reader.skip(start)
        for first in range(0, len(events), _PIECE):
            reader.fill(events[first : first + _PIECE])
    return events


def event_blocks(
    tube: Tube, *, size: int = _PIECE, rows: slice | None = None
) -> Iterator[FloatArray]:
    """Read events in order, a block at a time, in constant memory.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    size : int
        Events of a block, > 0; the last block may be shorter.
    rows : slice, optional
        Which events, of step 1; all by default.

    Yields
    ------
    ndarray of float64, shape (n_block, n_channels)
        As by `read_events`; good until the next block is asked for, which overwrites it.

    Raises
    ------
    FcsError
        If the file has gone or changed its size since it was opened.
    ValueError
        If `size` is not positive, or the slice has a step.
    """
    if size < 1:
        msg = f"size={size}: expected a positive number of events"
        raise ValueError(msg)
    start, n_events = _range(tube, rows)
    block = np.empty((min(size, n_events), len(tube.channels)))
    with _Reader(tube, len(block)) as reader:
        reader.skip(start)
        for first in range(0, n_events, size):
            part = block[: n_events - first]
            reader.fill(part)
            yield part


def _range(tube: Tube, rows: slice | None) -> tuple[int, int]:
    """The first of some events, and their number."""
    start, stop, step = (rows or slice(None)).indices(tube.n_events)
    if step != 1:
        msg = f"rows has step {step}; events are read in order"
        raise ValueError(msg)
    return start, max(0, stop - start)


class _Reader:
    """The DATA segment, some events at a time, through one buffer."""

    def __init__(self, tube: Tube, most: int) -> None:
        self._tube = tube
        self._stored = np.empty(most, dtype=_dtype(tube))
        self._stream = _open(tube)

    def __enter__(self) -> Self:
        try:
            self._refuse_changed()
        except FcsError:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def skip(self, n_events: int) -> None:
        """Pass over events."""
        self._stream.seek(n_events * self._stored.dtype.itemsize, os.SEEK_CUR)

    def fill(self, events: FloatArray) -> None:
        """Read the next events as scale values, as many as there are rows."""
        stored = self._stored[: len(events)]
        wanted = stored.view(np.uint8).data if len(stored) else memoryview(b"")
        while len(wanted):
            try:
                n_read = self._stream.readinto(wanted)
            except OSError as error:
                raise gone(self._tube.name) from error
            if not n_read:
                self._refuse_changed()
                raise gone(self._tube.name)
            wanted = wanted[n_read:]
        self._refuse_changed()
        _scale(self._tube, stored, events)

    def _refuse_changed(self) -> None:
        layout = self._tube.layout
        handle = self._stream.fileno()
        try:
            refuse_changed(handle, layout.file_bytes, layout.changed_ns, self._tube.name)
        except OSError as error:
            raise gone(self._tube.name) from error


def _open(tube: Tube) -> RawIOBase:
    """The file at its first event."""
    try:
        stream = tube.path.open("rb", buffering=0)
        stream.seek(tube.layout.begin)
    except OSError as error:
        raise gone(tube.name) from error
    return stream


def _dtype(tube: Tube) -> np.dtype[Any]:
    order = "<" if tube.layout.little_endian else ">"
    kind = _KINDS.get(tube.layout.datatype)
    if kind is not None:
        return np.dtype([("values", order + kind, (len(tube.channels),))])
    # numpy has no 24-bit integer: its three bytes stay apart until they are put together.
    fields = [
        (f"c{channel.index}", "u1", (3,))
        if channel.bits == 24
        else (f"c{channel.index}", f"{order}u{channel.bits // 8}")
        for channel in tube.channels
    ]
    return np.dtype(fields)


@np.errstate(invalid="ignore", over="ignore")  # NaN and Inf are the caller's to count
def _scale(tube: Tube, stored: NDArray[Any], events: FloatArray) -> None:
    """Turn stored numbers into scale values."""
    if tube.layout.datatype == "I":
        for channel in tube.channels:
            events[:, channel.index] = _integers(
                stored[f"c{channel.index}"], channel, little=tube.layout.little_endian
            )
    else:
        np.copyto(events, stored["values"])
    step = number(tube.keywords.get("$TIMESTEP", "")) or 1.0
    for channel in tube.channels:
        _rescale(events[:, channel.index], channel, time_step=step if step > 0 else 1.0)


def _integers(stored: NDArray[Any], channel: Channel, *, little: bool) -> NDArray[Any]:
    if channel.bits == 24:
        shifts = _SHIFTS if little else _SHIFTS[::-1]
        stored = (stored.astype(np.uint32) << shifts).sum(axis=1, dtype=np.uint32)
    significant = max(0, math.ceil(channel.range) - 1).bit_length()
    if significant >= channel.bits:
        return stored
    return np.asarray(stored & stored.dtype.type(2**significant - 1))


def _rescale(column: FloatArray, channel: Channel, *, time_step: float) -> None:
    """Turn stored numbers into scale values, in place on a column of our own."""
    if channel.role is Role.TIME:
        # An amplifier's gain on the clock is a habit of writers and means nothing.
        if time_step != 1.0:
            column *= time_step
        return
    if channel.decades > 0:
        column[:] = 10.0 ** (channel.decades * column / channel.range) * channel.offset
    if channel.gain != 1.0:
        column /= channel.gain
