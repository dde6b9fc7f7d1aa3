"""FCS files written byte by byte, with any defect a test asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

WIDTH = {"F": 32, "D": 64}
LITTLE = {"1,2", "1,2,3,4", "1,2,3,4,5,6,7,8"}


def sample_events(n_events: int = 100, n_channels: int = 4) -> np.ndarray:
    """Whole numbers below 1024, different in every cell of the table."""
    rng = np.random.default_rng(7)
    return rng.permutation(n_events * n_channels).reshape(n_events, n_channels) % 1024


def pack(events: np.ndarray, datatype: str, bits: Sequence[int], *, little: bool) -> bytes:
    """Write the table as a DATA segment."""
    if datatype in WIDTH:
        kind = ("<" if little else ">") + ("f4" if datatype == "F" else "f8")
        return np.ascontiguousarray(events).astype(kind).tobytes()
    order = "little" if little else "big"
    return b"".join(
        int(value).to_bytes(width // 8, order)
        for row in events
        for value, width in zip(row, bits, strict=True)
    )


def required(
    events: np.ndarray, datatype: str, byteord: str, bits: Sequence[int]
) -> dict[str, str | None]:
    """The keywords that a plain file has."""
    pairs: dict[str, str | None] = {
        "$BEGINSTEXT": "0",
        "$ENDSTEXT": "0",
        "$BEGINANALYSIS": "0",
        "$ENDANALYSIS": "0",
        "$NEXTDATA": "0",
        "$BYTEORD": byteord,
        "$DATATYPE": datatype,
        "$MODE": "L",
        "$TOT": str(len(events)),
        "$PAR": str(events.shape[1]),
    }
    names = ["FSC-A", "SSC-A", "FITC-A", "PE-A"]
    for n in range(1, events.shape[1] + 1):
        pairs[f"$P{n}N"] = names[n - 1] if n <= len(names) else f"FL{n}-A"
        pairs[f"$P{n}B"] = str(bits[n - 1])
        pairs[f"$P{n}R"] = "1024"
        pairs[f"$P{n}E"] = "0,0"
    return pairs


def text_segment(
    pairs: Mapping[str, str | None],
    *,
    delimiter: str = "/",
    final: bool = True,
    raw: bytes = b"",
    encoding: str = "utf-8",
) -> bytes:
    """Write keywords and values; `raw` goes unchanged before the last pair."""
    words = [
        word.replace(delimiter, delimiter * 2)
        for key, value in pairs.items()
        if value is not None
        for word in (key, value)
    ]
    head = delimiter + "".join(word + delimiter for word in words[:-2])
    last = delimiter.join(words[-2:]) + (delimiter if final else "")
    return head.encode(encoding) + raw + last.encode(encoding)


def make_fcs(
    events: np.ndarray | None = None,
    *,
    version: str = "FCS3.1",
    datatype: str = "F",
    byteord: str = "1,2,3,4",
    bits: Sequence[int] | None = None,
    keywords: Mapping[str, str | None] | None = None,
    delimiter: str = "/",
    final: bool = True,
    raw: bytes = b"",
    encoding: str = "utf-8",
    supplement: bytes = b"",
    tail: bytes = b"",
    header_data: tuple[object, object] | None = None,
    text_data: tuple[object, object] | None = None,
    end_shift: int = 0,
) -> bytes:
    """Write a file: HEADER, TEXT, supplemental TEXT, DATA, tail.

    `keywords` add, replace or (None) remove; `header_data` and `text_data` replace the offsets of
    DATA as printed; `end_shift` moves its last byte in both.
    """
    events = sample_events() if events is None else events
    bits = bits or [WIDTH.get(datatype, 16)] * events.shape[1]
    data = pack(events, datatype, bits, little=byteord in LITTLE)
    pairs = required(events, datatype, byteord, bits)

    def written(begin_text: str, begin: object, end: object) -> bytes:
        offsets = {"$BEGINDATA": begin, "$ENDDATA": end}
        if supplement:
            stext_end = int(begin_text) + len(supplement) - 1
            offsets |= {"$BEGINSTEXT": begin_text, "$ENDSTEXT": f"{stext_end:012d}"}
        full = {**pairs, **{key: f"{value:0>12}" for key, value in offsets.items()}}
        full |= keywords or {}
        # The last pair is one whose value matters, so that a lost last character is noticed.
        if full.get("$TOT") is not None:
            full["$TOT"] = full.pop("$TOT")
        return text_segment(full, delimiter=delimiter, final=final, raw=raw, encoding=encoding)

    length = len(written("000000000000", "0", "0"))
    begin = 58 + length + len(supplement)
    end = begin + len(data) - 1 + end_shift
    text = written(f"{58 + length:012d}", *(text_data or (begin, end)))
    first, last = header_data or (begin, end)
    header = f"{version}    {58:>8}{58 + len(text) - 1:>8}{first:>8}{last:>8}{0:>8}{0:>8}"
    return header.encode() + text + supplement + data + tail


def write(folder: Path, content: bytes, name: str = "tube.fcs") -> Path:
    """Put the bytes into a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def chain(*contents: dict[str, object]) -> bytes:
    """Join data sets by ``$NEXTDATA``."""
    parts = []
    for i, content in enumerate(contents):
        keywords = dict(content.pop("keywords", {}))
        last = i == len(contents) - 1
        length = len(make_fcs(**content, keywords=keywords | {"$NEXTDATA": "00000000"}))
        following = f"{0 if last else length:08d}"
        parts.append(make_fcs(**content, keywords=keywords | {"$NEXTDATA": following}))
    return b"".join(parts)
