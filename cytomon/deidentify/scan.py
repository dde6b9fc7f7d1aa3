"""Every byte of a folder is read again, to see whether anything is left of what was to go."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cytomon.deidentify.words import PHRASE, Sought, alone, plain
from cytomon.errors import FcsError, InputError
from cytomon.fcs.deidentify import events_of
from cytomon.fcs.intake import open_datasets
from cytomon.gating.named_pixels import SIGNATURE, chunks_of

PIXELS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
"""Parts of a PNG without which it has no pixels; all others hold words."""

_LEAST_IN_NUMBERS: Final = 8
"""Letters of a word among numbers: eight bytes in a row are no chance, three are."""
_PIECE_OF_TEXT, _PIECE_OF_NUMBERS, _OVERLAP = 1 << 18, 1 << 22, 1 << 12
_PRINTED: Final = re.compile(rb"[\x20-\x7e]{8,}")
_PRINTED_WIDE: Final = re.compile(rb"(?:[\x20-\x7e]\0){8,}|(?:\0[\x20-\x7e]){8,}")
_ESCAPED: Final = re.compile(rb"\\+u([0-9a-f]{4})|\\+x([0-9a-f]{2})|%([0-9a-f]{2})", re.IGNORECASE)
"""A letter as JSON, a program or an address on the web spells it."""
_PACKED: Final = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c",
    b"\x28\xb5\x2f\xfd", b"Rar!", b"%PDF-", b"PAR1", b"\x89HDF",
)  # fmt: skip
"""First bytes of files whose words no search finds: zip, npz, xlsx, gzip, PDF and others."""
_ASCII: Final = re.compile(r"[a-z0-9]+")
_LEAST_OF_ASCII: Final = 3
_NARROW: Final = ("utf-8", "latin-1")
_WIDE: Final = ("utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that is left.

    Attributes
    ----------
    file : str
        Path below the folder; empty where the name itself is what is left.
    where : str
        In which part of the file.
    of : str
        What it is, never the word itself.
    """

    file: str
    where: str
    of: str


def scan(folder: Path, sought: Sought) -> Iterator[Left]:
    """Look for words in the names and in every byte of the files of a folder.

    Parameters
    ----------
    folder : Path
        With all folders below it; what is hidden too. Or one file.
    sought : Sought
        What is looked for.

    Yields
    ------
    Left
        Each thing once for each part of a file.

    Raises
    ------
    InputError
        If a file cannot be read: what was not read is not clean.
    """
    for number, path in enumerate(_files(folder), start=1):
        name = path.name if path == folder else path.relative_to(folder).as_posix()
        of_name = sorted(set(_found_in(plain(name), sought)))
        yield from (Left(file="", where=f"the name of file {number}", of=of) for of in of_name)
        yield from scan_file(path, sought, name=f"file {number}" if of_name else name)


def scan_file(path: Path, sought: Sought, *, name: str) -> Iterator[Left]:
    """Look for words in every byte of a file.

    Parameters
    ----------
    path : Path
        An FCS file, a picture, or anything else, which is taken for text.
    sought : Sought
        What is looked for.
    name : str
        How the file is called in the answer.

    Yields
    ------
    Left

    Raises
    ------
    InputError
        If the file cannot be read.

    Notes
    -----
    Text is read as UTF-8, as Latin-1 and as UTF-16 of both byte orders, from even and from odd
    bytes; in the first two also with escaped letters undone. What is packed is not unpacked: the
    file is answered as one that nobody has looked at. Among numbers (the events of a tube, pixels)
    only words of at least eight letters are looked for: a shorter one would be found by chance, and
    measured numbers name nobody.
    """
    if not path.is_file():
        raise InputError(
            "this is neither a file nor a folder", where=name, fix="see what it is, and remove it"
        )
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            first = stream.read(len(SIGNATURE))
            if first == SIGNATURE:
                yield from _in_picture(path.read_bytes(), sought, name)
                return
            if first.startswith(_PACKED):
                yield Left(file=name, where="packed", of="words that nobody has looked at")
            at = 0
            for begin, end in _numbers(path):
                yield from _unique(_in_text(stream, (at, begin), sought), name, "words")
                yield from _unique(_among_numbers(stream, (begin, end), sought), name, "events")
                at = end
            yield from _unique(_in_text(stream, (at, size), sought), name, "words")
    except OSError as error:
        raise InputError(
            f"a file cannot be read: {error.strerror or type(error).__name__}",
            where=name,
            fix="see that you may read it: what was not read is not clean",
        ) from error


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return

    def stop(error: OSError) -> None:
        raise InputError(
            f"a folder cannot be searched: {error.strerror}",
            where=Path(str(error.filename)).name,
            fix="see that you may read it: what was not read is not clean",
        ) from error

    for here, folders, names in os.walk(folder, onerror=stop):
        folders.sort()
        linked = [name for name in folders if (Path(here) / name).is_symlink()]
        yield from (Path(here) / name for name in sorted([*names, *linked]))


def _numbers(path: Path) -> list[tuple[int, int]]:
    """Where the events of a tube lie; nowhere in what is no tube."""
    with suppress(FcsError):
        return sorted(events_of(tube) for tube in open_datasets(path))
    return []


def _unique(found: Iterator[str], name: str, where: str) -> Iterator[Left]:
    yield from (Left(file=name, where=where, of=of) for of in dict.fromkeys(found))


def _in_picture(content: bytes, sought: Sought, name: str) -> Iterator[Left]:
    chunks = list(chunks_of(content))
    whole = sum(12 + len(body) for _, body in chunks) + len(SIGNATURE) == len(content)
    if not whole or {kind for kind, _ in chunks} - PIXELS:
        yield Left(file=name, where="beside its pixels", of="words that nobody has looked at")
    yield from _unique(_printed(content, _long(sought)), name, "pixels")


def _in_text(stream: BinaryIO, span: tuple[int, int], sought: Sought) -> Iterator[str]:
    for piece in _pieces(stream, span, _PIECE_OF_TEXT):
        for text in _readings(piece):
            yield from _found_in(text, sought)


def _among_numbers(stream: BinaryIO, span: tuple[int, int], sought: Sought) -> Iterator[str]:
    long = _long(sought)
    for piece in _pieces(stream, span, _PIECE_OF_NUMBERS):
        yield from _printed(piece, long)


def _pieces(stream: BinaryIO, span: tuple[int, int], size: int) -> Iterator[bytes]:
    """The bytes, a piece at a time; neighbours overlap by more than a word has."""
    at, end = span
    while at < end:
        stream.seek(at)
        piece = stream.read(min(size, end - at))
        if not piece:
            return
        yield piece
        at += len(piece) if at + len(piece) >= end else len(piece) - _OVERLAP


def _readings(piece: bytes) -> Iterator[str]:
    yield plain(piece.decode("utf-8", "replace"))
    yield plain(piece.decode("latin-1"))
    bare = _ESCAPED.sub(_undone, piece)
    if bare != piece or b"&" in piece:
        yield from (plain(html.unescape(bare.decode(as_, "replace"))) for as_ in _NARROW)
    for encoding in _WIDE:
        yield from (plain(piece[odd:].decode(encoding, "replace")) for odd in (0, 1))


def _undone(match: re.Match[bytes]) -> bytes:
    """The letter that was escaped, in UTF-8, or the byte."""
    if match[1] is None:
        return bytes.fromhex((match[2] or match[3]).decode())
    return chr(int(match[1], 16)).encode("utf-8", "replace")


def _found_in(text: str, sought: Sought) -> Iterator[str]:
    """What is found in a text that was made plain."""
    yield from (sought.words[word] for word in alone(text) & sought.words.keys())
    # of many phrases few can be there: those whose first letters are
    grams = {text[i : i + PHRASE] for i in range(len(text) - PHRASE + 1)}
    for phrase, of in sought.phrases.items():
        if phrase[:PHRASE] in grams and phrase in text:
            yield of


def _long(sought: Sought) -> dict[str, str]:
    every = {**sought.words, **sought.phrases}
    return {word: of for word, of in every.items() if len(word) >= _LEAST_IN_NUMBERS}


def _printed(piece: bytes, long: Mapping[str, str]) -> Iterator[str]:
    """Long words in runs of bytes that can be printed, and words with other letters anywhere."""
    runs = [match[0] for match in _PRINTED.finditer(piece)]
    runs += [match[0].replace(b"\0", b"") for match in _PRINTED_WIDE.finditer(piece)]
    text = plain("\n".join(run.decode("ascii") for run in runs))
    small = piece.lower()
    for word, of in long.items():
        if word in text if word.isascii() else _is_among(word, piece, small):
            yield of


def _is_among(word: str, piece: bytes, small: bytes) -> bool:
    """Whether a word with letters beyond ASCII is there, its plain letters first.

    Parameters
    ----------
    word : str
        In small letters.
    piece, small : bytes
        What is searched, and the same in small letters.
    """
    others = max(_ASCII.findall(word), key=len, default="").encode()
    wide = b"\0".join(others[n : n + 1] for n in range(len(others)))
    if len(others) >= _LEAST_OF_ASCII and others not in small and wide not in small:
        return False
    return any(form in piece for form in _forms(word))


def _forms(word: str) -> Iterator[bytes]:
    """A word with letters beyond ASCII in its usual spellings and encodings."""
    for spelled in {word, word.upper(), word.title(), word.capitalize()}:
        for encoding in ("utf-8", "latin-1", *_WIDE):
            with suppress(UnicodeEncodeError):
                yield spelled.encode(encoding)
