"""Where the parts of an FCS file lie: HEADER, TEXT, supplemental TEXT, further data sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from cytomon.errors import FcsError
from cytomon.fcs.numerals import whole
from cytomon.fcs.text import Keywords, parse_text
from cytomon.fcs.verdicts import EXPORT_AGAIN, caution, note, refusal, shown
from cytomon.model.findings import Finding

VERSIONS: Final = ("FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2")
_HEADER_BYTES: Final = 58
_LARGEST_TEXT: Final = 32 * 2**20
_MOST_DATASETS: Final = 256

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDataset:
    """One data set of a file, its keywords read and nothing yet believed.

    Attributes
    ----------
    start, stop : int
        First byte of the data set in the file, and the byte after its last possible one.
    version : str
        First six bytes, such as ``FCS3.1``.
    text_end : int
        Offset of the last byte of TEXT, from `start`.
    header_data : tuple of int or None
        First and last byte of DATA by the HEADER, from `start`; None where it gives none.
    keywords : dict of str to str
        Primary and supplemental TEXT.
    findings : tuple of Finding
        What was forgiven.
    """

    start: int
    stop: int
    version: str
    text_end: int
    header_data: Span | None
    keywords: dict[str, str]
    findings: tuple[Finding, ...]


def read_datasets(handle: BinaryIO, size: int, *, name: str) -> tuple[RawDataset, ...]:
    """Follow ``$NEXTDATA`` from data set to data set.

    Parameters
    ----------
    handle : binary file
        Open for reading.
    size : int
        Bytes of the file.
    name : str
        Name of the file, for messages.

    Returns
    -------
    tuple of RawDataset
        At least one.

    Raises
    ------
    FcsError
        If a HEADER or TEXT cannot be read, or the chain leaves the file or runs in a circle.
    """
    found: list[RawDataset] = []
    start = 0
    while len(found) < _MOST_DATASETS:
        where = name if not found else f"{name}#{len(found) + 1}"
        following, dataset = _read_dataset(handle, start, size, where)
        found.append(dataset)
        if not following:
            return tuple(found)
        start = dataset.stop
    msg = f"the file names more than {_MOST_DATASETS} data sets"
    raise refusal(msg, f"{name}: $NEXTDATA")


def _read_dataset(handle: BinaryIO, start: int, size: int, where: str) -> tuple[int, RawDataset]:
    header = _bytes(handle, start, min(_HEADER_BYTES, size - start))
    version = _version(header, where)
    begin, end = _text_span(header, size - start, where)
    data = _header_span(header[26:34], header[34:42], where)
    text = parse_text(_bytes(handle, start + begin, end - begin + 1), where=where)
    _check_end(handle, start + end + 1, text, data and data[0] - end - 1, where)
    keywords, more = _with_supplement(handle, start, (begin, end), text, size, where)
    following, chained = _following(keywords, end, size - start, where)
    return following, RawDataset(
        start=start,
        stop=start + following if following else size,
        version=version,
        text_end=end,
        header_data=data,
        keywords=keywords,
        findings=(*text.findings, *more, *chained),
    )


def _bytes(handle: BinaryIO, begin: int, count: int) -> bytes:
    handle.seek(begin)
    return handle.read(max(count, 0))


def _version(header: bytes, where: str) -> str:
    version = header[:6].decode("latin-1")
    if version in VERSIONS and len(header) == _HEADER_BYTES:
        return version
    if version in VERSIONS:
        msg = f"the file ends within its HEADER, after {len(header)} bytes"
        raise refusal(msg, where)
    if re.fullmatch(r"FCS[0-9]\.[0-9]", version):
        msg = f"the file says it is {version}; {', '.join(VERSIONS)} are read"
        raise refusal(msg, f"{where}: first six bytes")
    msg = "the file is empty" if not header else "the file does not begin like an FCS file"
    raise refusal(msg, where, fix="check that this is the cytometer's file; " + EXPORT_AGAIN)


def _text_span(header: bytes, room: int, where: str) -> Span:
    span = _header_span(header[10:18], header[18:26], where)
    if span is None or span[0] < _HEADER_BYTES or span[1] < span[0]:
        msg = "the HEADER does not say where the TEXT segment lies"
        raise refusal(msg, f"{where}: HEADER")
    if span[1] >= room:
        msg = f"the file ends before its TEXT segment does, at byte {room} of {span[1] + 1}"
        raise refusal(msg, f"{where}: TEXT")
    if span[1] - span[0] >= _LARGEST_TEXT:
        msg = (
            f"the TEXT segment has {span[1] - span[0] + 1} bytes; at most {_LARGEST_TEXT} are read"
        )
        raise refusal(msg, f"{where}: TEXT")
    return span


def _header_span(first: bytes, last: bytes, where: str) -> Span | None:
    fields = [field.decode("latin-1").strip(" \0") for field in (first, last)]
    values = [whole(field) if field else 0 for field in fields]
    if values[0] is None or values[1] is None:
        at_fault = next(field for field, value in zip(fields, values, strict=True) if value is None)
        msg = f"the HEADER holds {shown(at_fault)} where an offset belongs"
        raise refusal(msg, f"{where}: HEADER")
    return (values[0], values[1]) if values[0] else None


def _check_end(handle: BinaryIO, after: int, text: Keywords, gap: int | None, where: str) -> None:
    """Refuse a TEXT that was cut: without a final delimiter the last value may be incomplete."""
    if text.terminated or gap == 0:
        return
    rest = _bytes(handle, after, 1 if gap is None else min(max(gap, 1), _HEADER_BYTES))
    filling = rest.decode("latin-1").removeprefix(text.delimiter).strip(" \0\r\n\t")
    if filling and (gap is not None or filling.isprintable()):
        msg = "the TEXT segment ends within a value: its last byte by the HEADER is not its end"
        raise refusal(msg, f"{where}: HEADER, end of TEXT")


def _with_supplement(
    handle: BinaryIO, start: int, primary: Span, text: Keywords, size: int, where: str
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    begin = whole(text.pairs.get("$BEGINSTEXT", "0")) or 0
    end = whole(text.pairs.get("$ENDSTEXT", "0")) or 0
    if not begin or end < begin or (begin, end) == primary:
        return text.pairs, ()
    try:
        if start + end >= size or end - begin >= _LARGEST_TEXT:
            msg = "the supplemental TEXT lies outside the file or is too long"
            raise refusal(msg, where)
        more = parse_text(_bytes(handle, start + begin, end - begin + 1), where=where)
    except FcsError:
        what = "the supplemental TEXT is not readable as keywords; nothing is taken from it"
        fix = "if the spillover matrix is missing, look for it in the acquisition software"
        found = caution("FCS_STEXT_UNREADABLE", what, f"{where}: supplemental TEXT", fix=fix)
        return text.pairs, (found,)
    differing = [key for key, value in more.pairs.items() if text.pairs.get(key, value) != value]
    findings = list(more.findings)
    if differing:
        what = f"{len(differing)} keywords differ between primary and supplemental TEXT"
        fix = "the primary TEXT is used, as the standard demands; compare with the instrument"
        findings.append(caution("FCS_STEXT_DIFFERS", what, where, fix=fix))
    return {**more.pairs, **text.pairs}, tuple(findings)


def _following(
    keywords: dict[str, str], text_end: int, room: int, where: str
) -> tuple[int, tuple[Finding, ...]]:
    value = keywords.get("$NEXTDATA", "").strip() or "0"
    offset = whole(value)
    if offset == room:
        what = "$NEXTDATA points at the end of the file, where no data set follows"
        return 0, (note("FCS_NEXTDATA_AT_END", what, where),)
    if offset is None or (offset and not text_end < offset < room):
        msg = f"$NEXTDATA is {shown(value)}, which is not within the file after this data set"
        raise refusal(msg, f"{where}: $NEXTDATA")
    return offset, ()
