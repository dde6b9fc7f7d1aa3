"""Which pixels of a picture name its tube: said in the picture when it is drawn, and read again."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = "Pixels that name the tube"

_SAID = re.compile(r"([0-9]{1,6}) ([0-9]{1,6}) ([0-9]{1,6}) ([0-9]{1,6}) of ([0-9a-f]{64})")
_LARGEST = 100_000_000

Rectangle = tuple[int, int, int, int]
"""Left, upper, right and lower edge in pixels from the upper left corner; the last two excluded."""
Chunk = tuple[bytes, bytes]


def say(path: Path, rectangle: Rectangle) -> None:
    """Write into a finished picture which of its pixels name the tube.

    Parameters
    ----------
    path : Path
        A PNG.
    rectangle : (int, int, int, int)
        All pixels by which the tube could be known by its name.

    Notes
    -----
    The hash of the pixels stands beside it: who draws something else into the picture, and leaves
    the sentence in it, does not leave a sentence that is true of it.
    """
    chunks = list(chunks_of(path.read_bytes()))
    numbers = " ".join(map(str, rectangle))
    text = f"{KEYWORD}\0{numbers} of {_sha256(chunks)}".encode("latin-1")
    path.write_bytes(_joined([chunks[0], (b"tEXt", text), *chunks[1:]]))


def said(content: bytes) -> Rectangle | None:
    """What a picture says of its pixels; None where it says nothing that is true of it."""
    chunks = list(chunks_of(content))
    begin = f"{KEYWORD}\0".encode("latin-1")
    texts = [body for kind, body in chunks if kind == b"tEXt" and body.startswith(begin)]
    found = _SAID.fullmatch(texts[0][len(begin) :].decode("latin-1")) if len(texts) == 1 else None
    if found is None or found[5] != _sha256(chunks):
        return None
    left, upper, right, lower = (int(found[n]) for n in range(1, 5))
    return left, upper, right, lower


def chunks_of(content: bytes) -> Iterator[Chunk]:
    """The parts of a PNG, each with its kind (ISO/IEC 15948, 5.3); none of what is no PNG.

    What follows the last part that is whole is not among them.
    """
    at = len(SIGNATURE) if content.startswith(SIGNATURE) and len(content) < _LARGEST else -1
    while 0 < at <= len(content) - 12:
        size = int.from_bytes(content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        if len(body) < size:
            return
        yield kind, body
        at = -1 if kind == b"IEND" else at + 12 + size


def _sha256(chunks: list[Chunk]) -> str:
    """Of what the pixels are drawn from: size, palette, data."""
    digest = hashlib.sha256()
    for kind, body in chunks:
        if kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}:
            digest.update(kind + body)
    return digest.hexdigest()


def _joined(chunks: list[Chunk]) -> bytes:
    parts = [SIGNATURE]
    for kind, body in chunks:
        check = zlib.crc32(kind + body).to_bytes(4)
        parts += [len(body).to_bytes(4), kind, body, check]
    return b"".join(parts)
