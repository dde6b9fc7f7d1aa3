"""Looks for planted words in everything that a command writes, however it is packed."""

from __future__ import annotations

import base64
import binascii
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_DEEPEST = 4
_LARGEST = 50_000_000


def hits(words: Iterable[str], *, folders: Iterable[Path], texts: Iterable[str] = ()) -> list[str]:
    """Where a word is found: in the name of a file or folder, in a file, or in a text.

    Parameters
    ----------
    words : iterable of str
        Looked for in any letter case, as UTF-8, Latin-1 and UTF-16.
    folders : iterable of Path
        Searched through with all that is in them, hidden files too.
    texts : iterable of str
        What was said on a screen.

    Returns
    -------
    list of str
        Each with its surroundings.
    """
    pattern = _pattern(words)
    found = [_line("said", text.encode(errors="replace"), pattern) for text in texts]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            found.append(_line("name", name.encode(errors="replace"), pattern))
            if path.is_file():
                found += (_line(name, one, pattern) for one in unpacked(path.read_bytes()))
    return [one for one in found if one]


def open_to_others(folders: Iterable[Path]) -> list[str]:
    """Files and folders that somebody beside their owner may read, write or enter."""
    written = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in written}
    return [f"{path.name}: {mode:o}" for path, mode in modes.items() if mode & 0o077]


def _pattern(words: Iterable[str]) -> re.Pattern[bytes]:
    spelled = {
        word.encode(coding)
        for word in words
        for coding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
    }
    return re.compile(b"|".join(re.escape(one) for one in sorted(spelled)), re.IGNORECASE)


def _line(where: str, content: bytes, pattern: re.Pattern[bytes]) -> str:
    found = pattern.search(content)
    if not found:
        return ""
    around = content[max(found.start() - 60, 0) : found.end() + 60]
    return f"{where}: {around.decode('latin-1')!r}"


def unpacked(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """A file's bytes, and what is packed in them: parts of a ZIP, PNG, PDF, SVG, of base64."""
    yield content
    if depth > _DEEPEST or len(content) > _LARGEST:
        return
    for part in _parts(content):
        yield from unpacked(part, depth + 1)


def _parts(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    elif content.startswith(b"\x89PNG"):
        yield from _png(content)
    elif content.startswith(b"%PDF"):
        yield from _pdf(content)
    elif b"\0" not in content[:1000]:
        yield from _text(content)


def _png(content: bytes) -> Iterator[bytes]:
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + size]
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            for begin in range(min(len(body), 200)):
                try:
                    yield zlib.decompress(body[begin:])
                except zlib.error:
                    continue
        at += size + 12


def _pdf(content: bytes) -> Iterator[bytes]:
    from pypdf import PdfReader
    from pypdf.generic import StreamObject

    reader = PdfReader(io.BytesIO(content))
    yield repr(reader.metadata).encode()
    yield "\n".join(page.extract_text() for page in reader.pages).encode()
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
        one = reader.get_object(number)
        yield repr(one).encode(errors="replace")
        if isinstance(one, StreamObject):
            try:
                yield one.get_data()
            except Exception:  # noqa: BLE001, S112  (an image in a form that nobody packs words in)
                continue


def _text(content: bytes) -> Iterator[bytes]:
    if b"%" in content:
        yield unquote_to_bytes(content)
    if b"\\u" in content:
        yield re.sub(rb"\\u([0-9a-f]{4})", _letter, content, flags=re.IGNORECASE)
    for found in _BASE64.finditer(content):
        try:
            yield base64.b64decode(found[0][: len(found[0]) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            continue


def _letter(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1], 16)).encode(errors="replace")
