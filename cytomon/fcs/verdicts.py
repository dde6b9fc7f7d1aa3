"""How this room says no, and how it says "yes, but"."""

from __future__ import annotations

import re

from cytomon.errors import FcsError
from cytomon.model.findings import Finding, Severity

EXPORT_AGAIN = "export the file again from the acquisition software, and check its transfer"
NOTHING_TO_DO = "nothing to do; it is written down so that the reading can be retraced"

_LETTER = re.compile(r"[A-Za-z]")
_NUMBERS = re.compile(r"([+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?(, ?|$)){1,8}")
_LONGEST = 40
_MOST_DIGITS = 5
"""Of what is printed: with more it may be the number of a person, or a day of birth."""


def refusal(what: str, where: str, *, fix: str = EXPORT_AGAIN) -> FcsError:
    """Build the error for a file that cannot be read without guessing."""
    return FcsError(what, where=where, fix=fix)


def note(code: str, what: str, where: str, *, fix: str = NOTHING_TO_DO) -> Finding:
    """Build a finding for the record."""
    return Finding(code=code, severity=Severity.INFO, what=what, where=where, fix=fix)


def caution(code: str, what: str, where: str, *, fix: str) -> Finding:
    """Build a finding that a reviewer should look at."""
    return Finding(code=code, severity=Severity.WARNING, what=what, where=where, fix=fix)


def alarm(code: str, what: str, where: str, *, fix: str) -> Finding:
    """Build a finding that changes what may be said about the tube."""
    return Finding(code=code, severity=Severity.ERROR, what=what, where=where, fix=fix)


def shown(value: str) -> str:
    """Print a keyword's value only where it is a letter or a few digits, never free text.

    A damaged TEXT segment may put a name, or the number of a person, under any keyword.

    Examples
    --------
    >>> shown(" 12 "), shown("4.0,0.01"), shown("C"), shown("")
    ("'12'", "'4.0,0.01'", "'C'", 'nothing')
    >>> shown("1024,x"), shown("20120431"), shown("2012-04-31")
    ('a text of 6 characters', 'a number of 8 digits', 'a text of 10 characters')
    """
    value = value.strip()
    if not value:
        return "nothing"
    few = len(value) <= _LONGEST and sum(map(str.isdigit, value)) <= _MOST_DIGITS
    if _LETTER.fullmatch(value) or (few and _NUMBERS.fullmatch(value)):
        return repr(value)
    if value.isascii() and value.isdigit():
        return f"a number of {len(value)} digits"
    return f"a text of {len(value)} characters"
