"""An event table becomes an FCS 3.1 file; the same values give the same bytes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from cytomon.model.tube import Spillover
from cytomon.permissions import file_mode

DELIMITER = "\x0c"
HEADER_BYTES = 58
LARGEST_HEADER_OFFSET = 99_999_999
BLOCK_ROWS = 1 << 16
NO_CRC = b"00000000"


class Stained(Protocol):
    """What a column needs to say of itself: `cytomon.model.tube.Channel` fits."""

    @property
    def pnn(self) -> str:
        """``$PnN``, the detector."""

    @property
    def pns(self) -> str:
        """``$PnS``, the stain; empty for none."""

    @property
    def range(self) -> float:
        """``$PnR``, the upper end of the scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """A column to be written.

    Attributes
    ----------
    pnn, pns : str
        ``$PnN`` and ``$PnS``; an empty `pns` is left out of the file.
    range : float
        ``$PnR``, the upper end of the scale.
    """

    pnn: str
    pns: str = ""
    range: float = 262_144.0


def write_fcs(
    path: Path,
    events: NDArray[np.float32],
    channels: Sequence[Stained],
    *,
    spillover: Spillover | None,
    keywords: Mapping[str, str],
) -> None:
    """Write one data set as FCS 3.1: list mode, 32-bit float, little endian, linear.

    Parameters
    ----------
    path : Path
        The file; written beside itself first, then put in its place in one step.
    events : ndarray of float32, shape (n_events, n_channels)
        Values as measured, uncompensated.
    channels : sequence of Stained
        One for each column; detector names are unique and hold no comma.
    spillover : Spillover or None
        Goes into ``$SPILLOVER``; its detectors are among `channels`.
    keywords : mapping of str to str
        Further keywords. Those that describe the layout are refused here.

    Raises
    ------
    ValueError
        If shapes, names or keywords do not fit together.

    Notes
    -----
    FCS 3.1, sections 3.1 to 3.3. Offsets above 99,999,999 stand in TEXT only, with 0 in the
    HEADER. No clock, user or machine enters the file. A delimiter within a value is doubled;
    a value that begins with one, or is empty, cannot be written and is refused.
    """
    _check(events, channels, spillover)
    pairs = [*_layout(events.shape[0], channels), *_spillover(spillover), *_own(keywords, channels)]
    head = head_of(pairs, data_bytes=4 * events.size)
    _replace(path, head, events)


def _check(
    events: NDArray[np.float32], channels: Sequence[Stained], spillover: Spillover | None
) -> None:
    names = [channel.pnn for channel in channels]
    if events.ndim != 2 or events.shape[1] != len(names):
        msg = f"events of shape {events.shape} for {len(names)} channels"
        raise ValueError(msg)
    if events.dtype != np.float32:
        msg = f"events are {events.dtype}, expected float32: a silent conversion would round"
        raise ValueError(msg)
    if len(set(names)) != len(names) or any("," in name or not name for name in names):
        msg = f"detector names must be unique, not empty and without comma: {names}"
        raise ValueError(msg)
    strangers = sorted(set(spillover.detectors) - set(names)) if spillover else []
    if strangers:
        msg = f"the spillover matrix names detectors that are not written: {strangers}"
        raise ValueError(msg)


def _layout(n_events: int, channels: Sequence[Stained]) -> Iterator[tuple[str, str]]:
    yield from (("$BEGINANALYSIS", "0"), ("$ENDANALYSIS", "0"))
    yield from (("$BEGINSTEXT", "0"), ("$ENDSTEXT", "0"), ("$NEXTDATA", "0"))
    yield from (("$BYTEORD", "1,2,3,4"), ("$DATATYPE", "F"), ("$MODE", "L"))
    yield from (("$PAR", str(len(channels))), ("$TOT", str(n_events)))
    for number, channel in enumerate(channels, start=1):
        yield f"$P{number}N", channel.pnn
        if channel.pns:
            yield f"$P{number}S", channel.pns
        yield f"$P{number}B", "32"
        yield f"$P{number}E", "0,0"
        yield f"$P{number}R", f"{channel.range:.10g}"


def _spillover(spillover: Spillover | None) -> Iterator[tuple[str, str]]:
    if spillover is not None:
        values = [f"{value:.10g}" for value in spillover.matrix.ravel()]
        fields = [str(len(spillover.detectors)), *spillover.detectors, *values]
        yield "$SPILLOVER", ",".join(fields)


def _own(keywords: Mapping[str, str], channels: Sequence[Stained]) -> list[tuple[str, str]]:
    taken = {key for key, _ in _layout(0, channels)} | {"$BEGINDATA", "$ENDDATA", "$SPILLOVER"}
    own = [(key.upper(), value) for key, value in sorted(keywords.items())]
    clashes = sorted(key for key, _ in own if key in taken)
    if clashes:
        msg = f"keywords that the writer sets itself: {clashes}"
        raise ValueError(msg)
    return own


def head_of(pairs: Sequence[tuple[str, str]], *, data_bytes: int, version: str = "FCS3.1") -> bytes:
    """HEADER and TEXT of a file whose DATA follows; the offsets of DATA are put in.

    Raises
    ------
    ValueError
        If a value is empty or begins with the delimiter.
    """
    # the offsets in TEXT move TEXT's own end, hence the search for rest
    end_of_text = HEADER_BYTES
    while True:
        begin = end_of_text
        end = begin + data_bytes - 1 if data_bytes else begin
        offsets = [("$BEGINDATA", str(begin)), ("$ENDDATA", str(end))]
        text = _text([*offsets, *pairs])
        if HEADER_BYTES + len(text) == end_of_text:
            return _header(version, len(text), begin, end) + text
        end_of_text = HEADER_BYTES + len(text)


def _text(pairs: Sequence[tuple[str, str]]) -> bytes:
    words = [word for pair in pairs for word in pair]
    if any(not word or word.startswith(DELIMITER) for word in words):
        bad = [key for key, value in pairs if not value or value.startswith(DELIMITER)]
        msg = f"keywords whose value is empty or begins with the delimiter: {bad}"
        raise ValueError(msg)
    escaped = [word.replace(DELIMITER, DELIMITER * 2) for word in words]
    return (DELIMITER + DELIMITER.join(escaped) + DELIMITER).encode("utf-8")


def _header(version: str, text_bytes: int, begin: int, end: int) -> bytes:
    if end > LARGEST_HEADER_OFFSET:
        begin, end = 0, 0
    offsets = (HEADER_BYTES, HEADER_BYTES + text_bytes - 1, begin, end, 0, 0)
    return (f"{version}    " + "".join(f"{offset:8d}" for offset in offsets)).encode("ascii")


def _replace(path: Path, head: bytes, events: NDArray[np.float32]) -> None:
    """A reader never sees half a file: the finished one takes the name in one step."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(head)
            _write_events(stream, events)
            stream.write(NO_CRC)
        Path(name).chmod(file_mode())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write_events(stream: IO[bytes], events: NDArray[np.float32]) -> None:
    for start in range(0, len(events), BLOCK_ROWS):
        block = np.ascontiguousarray(events[start : start + BLOCK_ROWS], dtype="<f4")
        stream.write(block.data)
