"""An FCS file becomes a copy that holds what measuring needs, and nothing else.

Nothing is searched for and taken out: the copy is laid out anew, from keywords that stand in a list
and whose values have their proper form. All other keywords, segments and bytes stay behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cytomon.fcs.acquisition import read_day, write_day
from cytomon.fcs.intake import open_tube
from cytomon.fcs.names import is_channel_name
from cytomon.fcs.numerals import number
from cytomon.fcs.scales import (
    LONGEST_STEP,
    bits_read,
    check_numbers,
    is_short,
    matrix_of,
    of_clock,
)
from cytomon.fcs.spillover import KEYWORDS as SPILLOVER_KEYWORDS
from cytomon.fcs.unchanged import gone, refuse_changed
from cytomon.fcs.verdicts import refusal
from cytomon.fcs.write import NO_CRC, head_of
from cytomon.model.tube import Channel, Role, Spillover, Tube

Pairs = list[tuple[str, str]]

_LAYOUT: Final = (
    ("$BEGINANALYSIS", "0"), ("$ENDANALYSIS", "0"), ("$BEGINSTEXT", "0"), ("$ENDSTEXT", "0"),
    ("$NEXTDATA", "0"), ("$MODE", "L"),
)  # fmt: skip
_OWN: Final = frozenset(
    {*(name for name, _ in _LAYOUT), "$BEGINDATA", "$ENDDATA", "$BYTEORD", "$DATATYPE", "$PAR",
     "$TOT"}
)  # fmt: skip
"""Keywords that the copy has of its own, or that say how the numbers of DATA are stored."""
_OF_CHANNELS: Final = ("B", "E", "R", "G", "DATATYPE")
"""Letters of ``$Pn`` keywords whose form was checked when the tube was opened."""
_MOST_VOLTS: Final = 10_000.0
_FIRST: Final = 5
_CHUNK: Final = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What the copy of a tube will hold.

    Attributes
    ----------
    head : bytes
        HEADER and TEXT.
    kept, changed : tuple of str
        Keywords whose values are those of the original, and those that hold another one.
    removed : mapping of str to str
        Keywords that stay behind, and their values. Identifies people: never print it.
    day : date or None
        ``$DATE`` of the copy.
    """

    head: bytes = field(repr=False)
    kept: tuple[str, ...]
    changed: tuple[str, ...]
    removed: Mapping[str, str] = field(repr=False)
    day: date | None


def plan_copy(tube: Tube, *, days: int, cytometer: str, allowed: Collection[str] = ()) -> Copy:
    """Decide on every keyword of a tube.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    days : int
        Added to ``$DATE``.
    cytometer : str
        Stands in ``$CYT``, also where the original names none.
    allowed : collection of str
        Words that channels may be called by beside those that are known
        (`cytomon.fcs.names.letters`).

    Returns
    -------
    Copy

    Raises
    ------
    FcsError
        If the name of a channel is not made of known words, or a number of the scales is longer
        than such numbers are; neither is repeated.

    Notes
    -----
    Kept is what FCS 3.1 (3.2.18, 3.2.20) says of the layout of DATA, of the scales of the
    parameters and of the spillover. ``$BTIM`` and ``$ETIM`` stay behind: to the second they are as
    good as a name to whoever has the log of the cytometer, and within one patient no answer rests
    on them.
    """
    _check_names(tube, allowed)
    check_numbers(tube, allowed)
    day = read_day(tube.keywords.get("$DATE", ""))
    moved = day + timedelta(days=days) if day else None
    clock = of_clock(tube)
    listed = [*_of_data(tube), *_of_channels(tube), *_of_scales(tube)]
    kept = [pair for pair in listed if pair[0] not in clock]
    changed = [("$CYT", cytometer), *([("$DATE", write_day(moved))] if moved else [])]
    changed += [(name, value) for name, value in clock.items() if value]
    stay = {name for name, _ in (*kept, *changed)} | _OWN
    return Copy(
        head=head_of(
            [*_LAYOUT, *kept, *changed],
            data_bytes=tube.n_events * tube.layout.row_bytes,
            version=tube.version,
        ),
        kept=tuple(name for name, _ in kept),
        changed=tuple(name for name, _ in changed),
        # what is there in another form is as removed as what is not there at all
        removed={
            name: value
            for name, value in tube.keywords.items()
            if name not in stay or name in dict(changed)
        },
        day=moved,
    )


def write_copy(tube: Tube, copy: Copy, path: Path) -> None:
    """Write the copy, and see that it is read as the original is.

    Parameters
    ----------
    tube : Tube
        The original, whose events are copied byte by byte; of integers only the bits that are read.
    copy : Copy
        Of `plan_copy`.
    path : Path
        A file that nobody else reads yet.

    Raises
    ------
    FcsError
        If the original is gone, or has changed since it was opened, or the copy has other
        channels, another matrix or other events.
    OSError
        If the copy cannot be written.
    """
    with _opened(tube) as source, path.open("wb") as target:
        target.write(copy.head)
        written = _copy_events(tube, source, target)
        if tube.version != "FCS2.0":
            target.write(NO_CRC)
    again = open_tube(path)
    if not (_is_read_alike(tube, again) and written == _sha256_of_events(again)):
        msg = "the copy is not read as the original is"
        raise refusal(msg, tube.name, fix="report this as a defect of cytomon; nothing was kept")


def events_of(tube: Tube) -> tuple[int, int]:
    """First byte of the events in the file, and the byte after the last one."""
    return tube.layout.begin, tube.layout.begin + tube.n_events * tube.layout.row_bytes


def _check_names(tube: Tube, allowed: Collection[str]) -> None:
    strange = [
        keyword
        for keyword, name in _names(tube.keywords, len(tube.channels))
        if name and not is_channel_name(name, allowed)
    ]
    if strange:
        unique = list(dict.fromkeys(strange))
        more = f" and {len(unique) - _FIRST} more" if len(unique) > _FIRST else ""
        msg = "a channel is called by a word, number or sign that no marker, dye or detector has"
        fix = "see whether it names a person; if it does not, list the word with --allow"
        raise refusal(msg, f"{tube.name}: {', '.join(unique[:_FIRST])}{more}", fix=fix)


def _names(keywords: Mapping[str, str], n_channels: int) -> Iterator[tuple[str, str]]:
    for n in range(1, n_channels + 1):
        for keyword in (f"$P{n}N", f"$P{n}S"):
            yield keyword, keywords.get(keyword, "").strip()
    for keyword in SPILLOVER_KEYWORDS:
        for part in (matrix_of(keywords.get(keyword, ""), n_channels) or "").split(","):
            yield keyword, "" if number(part) is not None else part


def _of_data(tube: Tube) -> Iterator[tuple[str, str]]:
    yield "$BYTEORD", "".join(tube.keywords["$BYTEORD"].split())
    yield from (("$DATATYPE", tube.layout.datatype), ("$TOT", str(tube.n_events)))
    yield "$PAR", str(len(tube.channels))


def _of_channels(tube: Tube) -> Iterator[tuple[str, str]]:
    for n in range(1, len(tube.channels) + 1):
        for letter in ("N", "S"):
            name = tube.keywords.get(f"$P{n}{letter}", "").strip()
            if name:
                yield f"$P{n}{letter}", name
        for letter in _OF_CHANNELS:
            value = "".join(tube.keywords.get(f"$P{n}{letter}", "").split())
            if value:
                yield f"$P{n}{letter}", value
        volts = tube.keywords.get(f"$P{n}V", "").strip()
        found = number(volts)
        if found is not None and 0 <= found <= _MOST_VOLTS and is_short(volts):
            yield f"$P{n}V", volts


def _of_scales(tube: Tube) -> Iterator[tuple[str, str]]:
    step = tube.keywords.get("$TIMESTEP", "").strip()
    if 0 < (number(step) or 0) <= LONGEST_STEP:
        yield "$TIMESTEP", step
    for keyword in SPILLOVER_KEYWORDS:
        matrix = matrix_of(tube.keywords.get(keyword, ""), len(tube.channels))
        if matrix:
            yield keyword, matrix


def _opened(tube: Tube) -> BinaryIO:
    try:
        source = tube.path.open("rb")
        source.seek(tube.layout.begin)
    except OSError as error:
        raise gone(tube.name) from error
    return source


def _copy_events(tube: Tube, source: BinaryIO, target: BinaryIO) -> str:
    begin, end = events_of(tube)
    digest = hashlib.sha256()
    mask = _bits_read(tube)
    size = max(1, _CHUNK // len(mask)) * len(mask)
    while begin < end:
        chunk = _next(tube, source, min(size, end - begin))
        chunk = (np.frombuffer(chunk, np.uint8).reshape(-1, len(mask)) & mask).tobytes()
        target.write(chunk)
        digest.update(chunk)
        begin += len(chunk)
    return digest.hexdigest()


def _next(tube: Tube, source: BinaryIO, wanted: int) -> bytes:
    try:
        chunk = source.read(wanted)
        refuse_changed(source.fileno(), tube.layout.file_bytes, tube.layout.changed_ns, tube.name)
    except OSError as error:
        raise gone(tube.name) from error
    if len(chunk) < wanted:
        raise gone(tube.name)
    return chunk


def _bits_read(tube: Tube) -> NDArray[np.uint8]:
    """The bits of one event that are read; the others of an integer could hold anything."""
    if tube.layout.datatype != "I":
        return np.full(tube.layout.row_bytes, 0xFF, dtype=np.uint8)
    order: Literal["little", "big"] = "little" if tube.layout.little_endian else "big"
    masks = (
        (2 ** min(bits_read(channel), channel.bits) - 1).to_bytes(channel.bits // 8, order)
        for channel in tube.channels
    )
    return np.frombuffer(b"".join(masks), dtype=np.uint8)


def _sha256_of_events(tube: Tube) -> str:
    begin, end = events_of(tube)
    digest = hashlib.sha256()
    with tube.path.open("rb") as stream:
        stream.seek(begin)
        while begin < end and (chunk := stream.read(min(_CHUNK, end - begin))):
            digest.update(chunk)
            begin += len(chunk)
    return digest.hexdigest()


def _is_read_alike(one: Tube, other: Tube) -> bool:
    return (
        [*map(_scale, one.channels)] == [*map(_scale, other.channels)]
        and (one.n_events, one.version) == (other.n_events, other.version)
        and other.n_datasets == 1
        and one.layout.little_endian == other.layout.little_endian
        and one.layout.datatype == other.layout.datatype
        and _is_same_matrix(one.spillover, other.spillover)
    )


def _scale(channel: Channel) -> Channel:
    """A channel without what nothing rests on, if it is the clock."""
    if channel.role is not Role.TIME:
        return channel
    return replace(channel, gain=1.0, range=float(bits_read(channel)))


def _is_same_matrix(one: Spillover | None, other: Spillover | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.detectors == other.detectors and np.array_equal(one.matrix, other.matrix)
