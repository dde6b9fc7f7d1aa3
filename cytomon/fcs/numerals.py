"""Numbers as FCS keywords write them: stricter than Python's own `int` and `float`."""

from __future__ import annotations

import re

# ASCII: of the blanks that Unicode knows, `float` itself does not take all
_WHOLE = re.compile(r"\s*\+?([0-9]{1,15})\s*", re.ASCII)
# no digit can belong to two parts of the pattern: else the time grows with the square of the length
_NUMBER = re.compile(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*", re.ASCII)


def whole(text: str) -> int | None:
    """Read a whole number of at most 15 digits, or None.

    Examples
    --------
    >>> whole("  00006188"), whole("1_000"), whole("1024.0"), whole("")
    (6188, None, None, None)
    """
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else None


def number(text: str) -> float | None:
    """Read a finite decimal number, or None.

    Examples
    --------
    >>> number("1024.0"), number(" 1e-2 "), number("nan"), number("0,01"), number("1e999")
    (1024.0, 0.01, None, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if abs(value) < float("inf") else None


def numbers(text: str) -> tuple[float, ...] | None:
    """Read numbers separated by commas, or None where one of them is not a number.

    Examples
    --------
    >>> numbers(" 4.0,0.1024"), numbers("4,x")
    ((4.0, 0.1024), None)
    """
    values = [number(part) for part in text.split(",")]
    found = tuple(value for value in values if value is not None)
    return found if len(found) == len(values) else None
