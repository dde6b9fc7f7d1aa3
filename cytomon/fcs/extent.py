"""Where the events lie, and that they are as many as the file says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from cytomon.fcs.numerals import whole
from cytomon.fcs.segments import RawDataset, Span
from cytomon.fcs.verdicts import EXPORT_AGAIN, caution, note, refusal, shown
from cytomon.model.findings import Finding
from cytomon.model.tube import Channel, DataLayout

_LITTLE: Final = ("1,2", "1,2,3,4", "1,2,3,4,5,6,7,8")
_BIG: Final = ("2,1", "4,3,2,1", "8,7,6,5,4,3,2,1")


def read_datatype(raw: RawDataset, *, where: str) -> tuple[str, bool]:
    """Check ``$MODE``, ``$DATATYPE`` and ``$BYTEORD``.

    Returns
    -------
    datatype : str
        ``F``, ``D`` or ``I``.
    little_endian : bool
        Whether the least significant byte comes first.

    Raises
    ------
    FcsError
        For histograms, text data, and byte orders that are neither little nor big endian.
    """
    keywords = raw.keywords
    mode = keywords.get("$MODE", "L" if raw.version == "FCS3.2" else "").strip().upper()
    if mode != "L":
        msg = f"$MODE is {shown(mode)}; only lists of events (L) are read"
        raise refusal(msg, f"{where}: $MODE", fix="export list-mode data")
    datatype = keywords.get("$DATATYPE", "").strip().upper()
    if datatype not in {"F", "D", "I"}:
        msg = f"$DATATYPE is {shown(datatype)}; F, D and I are read"
        raise refusal(msg, f"{where}: $DATATYPE", fix="export binary data")
    order = keywords.get("$BYTEORD", "").replace(" ", "")
    if order not in _LITTLE + _BIG:
        msg = f"$BYTEORD is {shown(order)}, which is neither little nor big endian"
        raise refusal(msg, f"{where}: $BYTEORD")
    return datatype, order in _LITTLE


def locate_events(
    raw: RawDataset, channels: tuple[Channel, ...], *, where: str
) -> tuple[int, int, tuple[Finding, ...]]:
    """Find the DATA segment and hold it against ``$TOT``.

    Parameters
    ----------
    raw : RawDataset
        HEADER and keywords.
    channels : tuple of Channel
        Give the bytes of one event.
    where : str
        Name of the file, for messages.

    Returns
    -------
    begin : int
        First byte of the first event, from the start of the file.
    n_events : int
        Events, >= 0.
    findings : tuple of Finding
        What was forgiven.

    Raises
    ------
    FcsError
        If ``$TOT`` times the bytes of an event is not what DATA holds (one byte too many at the
        end is forgiven), if HEADER and TEXT name different places that are equally possible, or
        if the file ends too early.
    """
    row_bytes = sum(channel.bits for channel in channels) // 8
    spans = _spans(raw, where)
    total, findings = _total(raw, spans, row_bytes, where)
    size = total * row_bytes
    if size == 0 and all(end - begin <= 0 for begin, end in spans):
        return raw.start + raw.text_end + 1, 0, findings
    agreeing = [span for span in spans if _excess(span, size) in (0, 1)]
    begins = {begin for begin, _ in agreeing}
    if len(begins) != 1:
        raise _disagreement(raw, spans, size, len(begins), where)
    begin = begins.pop()
    _check_room(raw, begin, size, where)
    return raw.start + begin, total, (*findings, *_forgiven(spans, agreeing, size, where))


def layout(
    raw: RawDataset,
    channels: tuple[Channel, ...],
    begin: int,
    facts: os.stat_result,
    *,
    where: str,
) -> DataLayout:
    """Say how the bytes of the events are to be read, and of which file."""
    datatype, little_endian = read_datatype(raw, where=where)
    return DataLayout(
        begin=begin,
        datatype=datatype,
        little_endian=little_endian,
        row_bytes=sum(channel.bits for channel in channels) // 8,
        file_bytes=facts.st_size,
        changed_ns=facts.st_mtime_ns,
    )


def _spans(raw: RawDataset, where: str) -> list[Span]:
    by_text = _text_span(raw.keywords, where)
    found = [span for span in (raw.header_data, by_text) if span is not None]
    return list(dict.fromkeys(found))


def _text_span(keywords: Mapping[str, str], where: str) -> Span | None:
    values = []
    for name in ("$BEGINDATA", "$ENDDATA"):
        text = keywords.get(name, "").strip()
        value = whole(text) if text else 0
        if value is None:
            msg = f"{name} is {shown(text)}, which is not an offset"
            raise refusal(msg, f"{where}: {name}")
        values.append(value)
    return (values[0], values[1]) if values[0] else None


def _total(
    raw: RawDataset, spans: list[Span], row_bytes: int, where: str
) -> tuple[int, tuple[Finding, ...]]:
    text = raw.keywords.get("$TOT", "").strip()
    total = whole(text)
    if total is not None:
        return total, ()
    derivable = {end - begin + 1 for begin, end in spans}
    if text or raw.version != "FCS2.0" or len(derivable) != 1:
        msg = f"$TOT is {shown(text)}, expected the number of events"
        raise refusal(msg, f"{where}: $TOT")
    size = derivable.pop()
    if size < 0 or size % row_bytes:
        msg = f"there is no $TOT, and {size} bytes of DATA are not whole events of {row_bytes}"
        raise refusal(msg, f"{where}: DATA")
    what = f"there is no $TOT (FCS 2.0 allows that); {size // row_bytes} events by the bytes"
    return size // row_bytes, (note("FCS_TOT_DERIVED", what, f"{where}: $TOT"),)


def _excess(span: Span, size: int) -> int:
    return span[1] - span[0] + 1 - size


def _disagreement(
    raw: RawDataset, spans: list[Span], size: int, n_possible: int, where: str
) -> Exception:
    if not spans:
        return refusal("neither HEADER nor TEXT says where the events lie", where)
    if n_possible:
        msg = "HEADER and TEXT name different places for the events, and both are possible"
        return refusal(msg, f"{where}: DATA")
    lengths = " or ".join(str(end - begin + 1) for begin, end in spans)
    room = raw.stop - raw.start
    if all(end >= room for _, end in spans):
        msg = f"the file ends after {room} bytes, before its events do"
        return refusal(msg, f"{where}: DATA")
    msg = f"$TOT events of $PAR parameters need {size} bytes, but DATA has {lengths}"
    return refusal(msg, f"{where}: $TOT, $PAR, DATA")


def _check_room(raw: RawDataset, begin: int, size: int, where: str) -> None:
    missing = begin + size - (raw.stop - raw.start)
    if missing > 0:
        msg = f"the file is cut short: {missing} bytes of the events are missing"
        raise refusal(msg, f"{where}: DATA", fix="copy the file again; " + EXPORT_AGAIN)
    if begin <= raw.text_end:
        msg = "the DATA segment begins within the TEXT segment"
        raise refusal(msg, f"{where}: DATA")


def _forgiven(
    spans: list[Span], agreeing: list[Span], size: int, where: str
) -> tuple[Finding, ...]:
    findings = []
    if len(agreeing) < len(spans):
        what = "HEADER and TEXT disagree on DATA; the one that agrees with $TOT is used"
        fix = "nothing to do for this reading; the writer of the file should be corrected"
        findings.append(caution("FCS_OFFSETS_DISAGREE", what, where, fix=fix))
    if all(_excess(span, size) for span in agreeing):
        what = "DATA is stated one byte too long, as many writers do; $TOT decides"
        findings.append(note("FCS_ENDDATA_OFF_BY_ONE", what, where))
    return tuple(findings)
