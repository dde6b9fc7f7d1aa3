"""Numbers that a copy keeps because values rest on them, and how long they may be."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final

from cytomon.fcs.names import letters
from cytomon.fcs.numerals import number, whole
from cytomon.fcs.spillover import KEYWORDS as SPILLOVER_KEYWORDS
from cytomon.fcs.verdicts import refusal
from cytomon.model.tube import Channel, Role, Tube

_SCALED: Final = ("R", "E", "G")
LONGEST_STEP: Final = 1000.0
_MOST_DETECTORS: Final = 512
_LARGEST_SPILL: Final = 100.0
_MOST_DIGITS: Final = 7
"""Of a number that says how values are scaled; what an instrument has set needs no more."""
_MOST_OF_SPILL: Final = 17
"""Digits with which a double is written; a matrix was computed, and is kept as it is."""
_LONGEST_NUMBER: Final = 25
_FIRST: Final = 5


def check_numbers(tube: Tube, allowed: Collection[str]) -> None:
    """Refuse numbers that are longer than those of an instrument.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    allowed : collection of str
        Numbers that may be longer (`cytomon.fcs.names.letters`).

    Raises
    ------
    FcsError
        If values rest on such a number; it names the keywords and repeats no number.
    """
    clock = of_clock(tube)
    strange = [
        keyword
        for keyword, value in _numerals(tube)
        if keyword not in clock
        and letters(value) not in allowed
        and not all(map(is_short, value.split(",")))
    ]
    if strange:
        more = f" and {len(strange) - _FIRST} more" if len(strange) > _FIRST else ""
        msg = f"a number has more than the {_MOST_DIGITS} digits that such a number needs"
        fix = "see whether it is somebody's; if it is not, list its digits with --allow"
        raise refusal(msg, f"{tube.name}: {', '.join(strange[:_FIRST])}{more}", fix=fix)
    size = len(tube.channels)
    if tube.spillover and not any(
        matrix_of(tube.keywords.get(keyword, ""), size) for keyword in SPILLOVER_KEYWORDS
    ):
        msg = f"an entry of the matrix is beyond {_LARGEST_SPILL:g}, or longer than computed ones"
        fix = "see whether it is somebody's number; such a matrix cannot be copied"
        raise refusal(msg, f"{tube.name}: spillover", fix=fix)


def _numerals(tube: Tube) -> Iterator[tuple[str, str]]:
    """Numbers of the scales, without which values would change."""
    for n in range(1, len(tube.channels) + 1):
        for letter in _SCALED:
            yield f"$P{n}{letter}", tube.keywords.get(f"$P{n}{letter}", "").strip()
    step = tube.keywords.get("$TIMESTEP", "").strip()
    yield "$TIMESTEP", step if 0 < (number(step) or 0) <= LONGEST_STEP else ""


def of_clock(tube: Tube) -> dict[str, str]:
    """Long numbers of time that nothing rests on: its range is rounded up, its gain goes.

    Integers of time keep the bits that are read: the range becomes the next power of two.
    """
    found = {}
    for channel in tube.channels:
        if channel.role is Role.TIME:
            for letter, value in (("R", f"{2 ** bits_read(channel)}"), ("G", "")):
                keyword = f"$P{channel.index + 1}{letter}"
                if not is_short(tube.keywords.get(keyword, "")):
                    found[keyword] = value
    return found


def matrix_of(text: str, n_channels: int) -> str | None:
    """The entries of a matrix; None where there are others than detectors first and then values."""
    parts = [part.strip() for part in text.split(",")]
    count = whole(parts[0])
    if not count or count > _MOST_DETECTORS:
        return None
    unnamed = len(parts) == 1 + count * count  # what $COMP of FCS 3.0 is
    begin = 1 if unnamed else 1 + count
    numbered = (whole(part) for part in parts[1:begin] if number(part) is not None)
    if any(found is None or not 1 <= found <= n_channels for found in numbered):
        return None
    return ",".join(parts) if all(map(_is_spill, parts[begin:])) else None


def _is_spill(text: str) -> bool:
    value = number(text)
    return (
        value is not None
        and abs(value) <= _LARGEST_SPILL
        and len(text) <= _LONGEST_NUMBER
        and significant_digits(text) <= _MOST_OF_SPILL
    )


def is_short(text: str) -> bool:
    """Whether a number is empty, has few digits, or is a power of two or the one before it."""
    text = text.strip()
    found = whole(text)
    if found is not None and (found & (found - 1) == 0 or found & (found + 1) == 0):
        return len(text) <= _LONGEST_NUMBER
    return len(text) <= _LONGEST_NUMBER and significant_digits(text) <= _MOST_DIGITS


def significant_digits(text: str) -> int:
    """How many digits of a number say something: zeros at either end do not.

    Examples
    --------
    >>> significant_digits("0.0100"), significant_digits("26.3432"), significant_digits("4.2e10")
    (1, 6, 2)
    """
    digits = "".join(filter(str.isdecimal, text.casefold().partition("e")[0]))
    return len(digits.strip("0"))


def bits_read(channel: Channel) -> int:
    """Bits of an integer that are read (FCS 3.1, 3.2.20), as in `cytomon.fcs.read`."""
    return max(0, math.ceil(channel.range) - 1).bit_length()
