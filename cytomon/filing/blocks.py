"""A list that may be larger than the memory, cut into blocks of whole rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

BLOCK = 1_500_000
"""Bytes of a block: some five thousand rows, few enough to stay in the processor's cache."""

_MOST_BLOCKS = 16
"""How far a block may grow in search of the end of a row."""

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows of a list as bytes.

    Attributes
    ----------
    content : bytes
        Whole rows.
    line : int
        Line of the first, from 1.
    last : bool
        Whether nothing follows.
    """

    content: bytes
    line: int
    last: bool


class Blocks:
    """Reads a list block by block; the reader says what it has used of each.

    Parameters
    ----------
    stream : BinaryIO
        The list.
    size : int, optional
        Bytes of a block.
    """

    def __init__(self, stream: BinaryIO, *, size: int = BLOCK) -> None:
        self._stream, self._size = stream, size
        self._left = b""
        self._line = 1
        self._ended = False
        self.header = self._take_header()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self._ended and not self._left

    def take(self) -> Block:
        """The next block; empty where nothing is left."""
        content = self._left
        end = -1
        for turn in range(_MOST_BLOCKS):
            if turn or len(content) < self._size:
                content += self._read()
            end = len(content) if self._ended else _last_row(content)
            if end > 0:
                break
        end = end if end > 0 else content.rfind(b"\n") + 1 or len(content)
        self._left = content[end:]
        return Block(content=content[:end], line=self._line, last=self.is_done)

    def used(self, lines: int, *, tail: bytes = b"") -> None:
        """Go on after some lines of the block; its tail is put before what follows."""
        self._line += lines
        self._left = tail + self._left

    def _take_header(self) -> bytes:
        content = self._read().removeprefix(_MARK)
        while not self._ended and b"\n" not in content and len(content) < self._size * _MOST_BLOCKS:
            content += self._read()
        end = content.find(b"\n") + 1 or len(content)
        self._left, self._line = content[end:], 2
        return content[:end]

    def _read(self) -> bytes:
        read = self._stream.read(self._size)
        self._ended = self._ended or len(read) < self._size
        return read


def has_plain_ends(content: bytes) -> bool:
    """Whether every carriage return stands before a line feed."""
    return content.count(b"\r") == content.count(b"\r\n")


def _last_row(content: bytes) -> int:
    """Where the last whole row ends: a line feed outside quotation marks, which go in pairs."""
    if b'"' not in content:
        return content.rfind(b"\n") + 1
    end = len(content)
    while (end := content.rfind(b"\n", 0, end)) >= 0:
        if content.count(b'"', 0, end) % 2 == 0:
            return end + 1
    return 0
