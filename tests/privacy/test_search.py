"""The search finds a word however it is packed: else finding nothing would mean nothing."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from tests.privacy.search import hits

WORD = "Zqxjvkwy"


def png(word: bytes) -> bytes:
    """A chunk of compressed text."""
    body = b"Comment\0\0" + zlib.compress(b"by " + word)
    return b"\x89PNG\r\n\x1a\n" + len(body).to_bytes(4, "big") + b"zTXt" + body + b"\0\0\0\0"


def zipped(content: bytes) -> bytes:
    """The only file of an archive, as arrays are kept."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", content)
    return stream.getvalue()


def pdf(word: bytes) -> bytes:
    """A page whose content is packed."""
    stream, writer, content = io.BytesIO(), PdfWriter(), DecodedStreamObject()
    content.set_data(b"% drawn for " + word + b"\n0 0 m 9 9 l S")
    page = writer.add_blank_page(100, 100)
    page[NameObject("/Contents")] = writer._add_object(content.flate_encode())
    writer.write(stream)
    assert word not in stream.getvalue()
    return stream.getvalue()


def array(word: bytes) -> bytes:
    """Text as numbers of one byte each."""
    stream = io.BytesIO()
    np.save(stream, np.frombuffer(word, dtype=np.uint8))
    return stream.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        lambda word: b"a" + word + b"b",
        lambda word: word.upper(),
        lambda word: word.decode().encode("utf-16-le"),
        lambda word: json.dumps({"a": f"J\u00e4ne {word.decode()}"}).encode(),
        lambda word: b'"' + b"".join(b"\\u%04x" % letter for letter in word) + b'"',
        lambda word: b"".join(b"%%%02x" % letter for letter in word),
        lambda word: b"<img src='data:;base64," + base64.b64encode(b"<svg>" + word + b"</svg>  "),
        png,
        pdf,
        lambda word: zipped(array(word)),
        lambda word: b"<i src='" + base64.b64encode(png(word)) + b"'>",
        lambda word: zipped(zipped(word)),
    ],
)
def test_found(pack: Callable[[bytes], bytes], tmp_path: Path):
    """In a file of any form; and not where the word is not."""
    (tmp_path / "a").write_bytes(pack(WORD.encode()))
    assert hits([WORD], folders=[tmp_path])
    (tmp_path / "a").write_bytes(pack(b"nobody at all"))
    assert not hits([WORD], folders=[tmp_path])


def test_found_in_names_and_on_the_screen(tmp_path: Path):
    """A folder has a name, too."""
    (tmp_path / f"x{WORD.lower()}").mkdir()
    assert hits([WORD], folders=[tmp_path])
    assert hits([WORD], folders=[], texts=[f"refused: {WORD.upper()}"])
