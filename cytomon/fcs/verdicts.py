"""How this room says no, and how it says "yes, but"."""

from __future__ import annotations

import re

from cytomon.errors import FcsError
from cytomon.model.findings import Finding, Severity

EXPORT_AGAIN = "export the file again from the acquisition software, and check its transfer"
NOTHING_TO_DO = "nothing to do; it is written down so that the reading can be retraced"

_HARMLESS = re.compile(r"[0-9.,+\-eE ]{1,40}|[A-Za-z]{1,2}")


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
    """Print a keyword's value only where it is a number or a letter, never free text.

    A damaged TEXT segment may put a name under any keyword.

    Examples
    --------
    >>> shown("1024,x")
    'text that is not a number'
    >>> shown(" 12 ")
    "'12'"
    """
    value = value.strip()
    if not value:
        return "nothing"
    return repr(value) if _HARMLESS.fullmatch(value) else "text that is not a number"
