"""The ``$Pn`` keywords become channels (FCS 3.1, clause 3.2.20)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cytomon.errors import FcsError
from cytomon.fcs.detectors import role
from cytomon.fcs.numerals import number, numbers, whole
from cytomon.fcs.verdicts import caution, note, refusal, shown
from cytomon.model.findings import Finding
from cytomon.model.tube import Channel

_WIDTHS: Final = {"F": (32,), "D": (64,), "I": (8, 16, 24, 32, 64)}
_EXACT: Final = 2**53
_FIRST: Final = 5
_MOST_CHANNELS: Final = 1000
"""A spectral cytometer has some two hundred."""
_LONGEST_NAME: Final = 1000


@dataclass(slots=True)
class _Reading:
    """What is collected while the channels of one data set are read."""

    keywords: Mapping[str, str]
    datatype: str
    problems: list[str] = field(default_factory=list)
    logarithmic_floats: list[int] = field(default_factory=list)
    guessed_scales: list[int] = field(default_factory=list)
    amplified_logs: list[int] = field(default_factory=list)

    def value(self, n: int, letter: str) -> str:
        return self.keywords.get(f"$P{n}{letter}", "").strip()

    def refuse(self, n: int, letter: str, expected: str) -> None:
        found = shown(self.value(n, letter))
        self.problems.append(f"$P{n}{letter} is {found}, expected {expected}")


def read_channels(
    keywords: Mapping[str, str], datatype: str, *, where: str
) -> tuple[tuple[Channel, ...], tuple[Finding, ...]]:
    """Read every channel, and refuse them together when one of them is in doubt.

    Parameters
    ----------
    keywords : mapping of str to str
        The TEXT segment, keywords in upper case.
    datatype : str
        ``F``, ``D`` or ``I``.
    where : str
        Name of the file, for messages.

    Returns
    -------
    channels : tuple of Channel
        In file order. Where ``$PnN`` is not unique, each of the equal names carries its number.
    findings : tuple of Finding
        What was forgiven.

    Raises
    ------
    FcsError
        If ``$PAR`` is wrong or a channel's name, width, range, amplification or gain is missing or
        impossible; names the first five problems.
    """
    count = _count(keywords, where)
    reading = _Reading(keywords, datatype)
    channels = [_channel(reading, n) for n in range(1, count + 1)]
    if reading.problems:
        raise _all(reading.problems, where)
    named, doubled = _distinct(channels, where)
    return tuple(named), (*_findings(reading, where), *doubled)


def _count(keywords: Mapping[str, str], where: str) -> int:
    value = keywords.get("$PAR", "")
    count = whole(value)
    if not count or count > len(keywords):
        msg = f"$PAR is {shown(value)}, which cannot be the number of parameters"
        raise refusal(msg, f"{where}: $PAR")
    if count > _MOST_CHANNELS:
        msg = f"$PAR is {count}; at most {_MOST_CHANNELS} parameters are read"
        raise refusal(msg, f"{where}: $PAR")
    if f"$P{count + 1}N" in keywords:
        msg = f"$PAR is {count}, but there is a $P{count + 1}N"
        raise refusal(msg, f"{where}: $PAR")
    return count


def _channel(reading: _Reading, n: int) -> Channel:
    name = reading.value(n, "N")
    if not name:
        reading.problems.append(f"$P{n}N is missing or empty")
    for letter in ("N", "S"):
        if len(reading.value(n, letter)) > _LONGEST_NAME:
            reading.refuse(n, letter, f"at most {_LONGEST_NAME} letters")
    bits = whole(reading.value(n, "B")) or 0
    allowed = _WIDTHS[reading.datatype]
    if bits not in allowed:
        reading.refuse(n, "B", f"{' or '.join(map(str, allowed))} for $DATATYPE {reading.datatype}")
    other = reading.keywords.get(f"$P{n}DATATYPE", reading.datatype).strip().upper()
    if other != reading.datatype:
        reading.problems.append(f"$P{n}DATATYPE differs from $DATATYPE: mixed data are not read")
    decades, offset = _amplification(reading, n)
    return Channel(
        index=n - 1,
        pnn=name,
        pns=reading.value(n, "S"),
        range=_range(reading, n, bits),
        role=role(name),
        decades=decades,
        offset=offset,
        gain=_gain(reading, n, decades),
        bits=bits,
    )


def _range(reading: _Reading, n: int, bits: int) -> float:
    value = number(reading.value(n, "R"))
    if value is None or value <= 0:
        reading.refuse(n, "R", "a positive number")
        return 1.0
    if reading.datatype == "I":
        if not value.is_integer():
            reading.refuse(n, "R", "a whole number for integer data")
        elif bits == 64 and value > _EXACT:
            reading.refuse(n, "R", "at most 2**53, above which integers are not exact")
    return value


def _amplification(reading: _Reading, n: int) -> tuple[float, float]:
    text = reading.value(n, "E")
    if not text:
        if reading.datatype == "I":
            reading.guessed_scales.append(n)
        return 0.0, 0.0
    parts = numbers(text)
    if parts is None or len(parts) != 2 or min(parts) < 0:
        reading.refuse(n, "E", "two numbers that are not negative")
        return 0.0, 0.0
    decades, offset = parts
    if not decades:
        return 0.0, 0.0
    if reading.datatype != "I":
        reading.logarithmic_floats.append(n)
        return 0.0, 0.0
    # FCS 3.1, 3.2.20: an offset of 0 on a logarithmic scale is an error to be read as 1.
    return decades, offset or 1.0


def _gain(reading: _Reading, n: int, decades: float) -> float:
    text = reading.value(n, "G")
    value = number(text) if text else 1.0
    if value is None or value < 0:
        reading.refuse(n, "G", "a positive number")
        return 1.0
    if decades and value not in (0.0, 1.0):
        reading.amplified_logs.append(n)
    # A gain of 0 would divide by zero; instruments write it for "no amplifier".
    return value or 1.0


def _all(problems: list[str], where: str) -> FcsError:
    more = f" (and {len(problems) - _FIRST} more)" if len(problems) > _FIRST else ""
    return refusal("; ".join(problems[:_FIRST]) + more, f"{where}: TEXT")


def _distinct(channels: list[Channel], where: str) -> tuple[list[Channel], tuple[Finding, ...]]:
    """Give equal names their column number: the events are told apart by position, not by name."""
    times = Counter(channel.pnn for channel in channels)
    doubled = sorted(name for name, count in times.items() if count > 1)
    if not doubled:
        return channels, ()
    named = [
        replace(channel, pnn=f"{channel.pnn} [P{channel.index + 1}]")
        if times[channel.pnn] > 1
        else channel
        for channel in channels
    ]
    if len({channel.pnn for channel in named}) < len(named):
        msg = "$PnN are not unique and cannot be told apart by their numbers"
        raise refusal(msg, f"{where}: $PnN")
    what = f"{len(doubled)} $PnN stand more than once; they are told apart by column number"
    fix = "check the detector names in the acquisition template; the standard demands unique ones"
    return named, (caution("FCS_NAMES_DOUBLED", what, f"{where}: $PnN", fix=fix),)


def _findings(reading: _Reading, where: str) -> list[Finding]:
    findings = []
    if reading.logarithmic_floats:
        # FCS 3.1, 3.2.20: for F and D data $PnE shall be 0,0. Writers that turn a logarithmic
        # integer file into floats keep the old keyword, while the values are linear already.
        what = f"$PnE names decades on floating-point data ({_listed(reading.logarithmic_floats)})"
        fix = "the values are taken as linear; compare the scale with the instrument's own plot"
        findings.append(caution("FCS_LOG_ON_FLOAT", what, f"{where}: $PnE", fix=fix))
    if reading.guessed_scales:
        what = f"$PnE is missing ({_listed(reading.guessed_scales)}); the values count as linear"
        fix = "check in the acquisition software that these amplifiers were linear"
        findings.append(caution("FCS_SCALE_ASSUMED", what, f"{where}: $PnE", fix=fix))
    if reading.amplified_logs:
        what = f"a gain stands beside decades ({_listed(reading.amplified_logs)}); both are applied"
        findings.append(note("FCS_GAIN_ON_LOG", what, f"{where}: $PnG"))
    return findings


def _listed(parameters: list[int]) -> str:
    more = f" and {len(parameters) - _FIRST} more" if len(parameters) > _FIRST else ""
    return ", ".join(f"P{n}" for n in parameters[:_FIRST]) + more
