"""When and on what a tube was acquired, as its file says."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime, time

from cytomon.model.tube import Tube

MODELS = (
    "Accuri C6", "Attune", "Attune NxT", "CyFlow", "Cytek Aurora", "Cytek Northern Lights",
    "Cytek xP5", "CytoFLEX", "DxFLEX", "FACSAria", "FACSCalibur", "FACSCanto", "FACSCanto II",
    "FACSCelesta", "FACSLyric", "FACSMelody", "FACSort", "FACScan", "FACSymphony", "FACSVerse",
    "FC500", "Gallios", "ID7000", "LSRFortessa", "LSRII", "MACSQuant", "Navios", "Navios EX",
    "S1400EXi", "SP6800", "ZE5", "cytomon simulation",
)  # fmt: skip
"""Cytometers that may be called by their name; a text in ``$CYT`` begins with it."""

_UNLISTED, _DIGITS = "unlisted model", 6
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:[.:](\d{1,2}))?")


def acquired_at(tube: Tube) -> str:
    """Begin of acquisition by ``$DATE`` and ``$BTIM``, as ISO 8601 without a zone.

    Returns
    -------
    str
        Empty where the file lacks one of them, or writes it otherwise than FCS 3.1 (3.2.20) does:
        ``dd-mmm-yyyy`` and ``hh:mm:ss``, with hundredths after a point or sixtieths after a colon.
    """
    day = read_day(tube.keywords.get("$DATE", ""))
    begin = _time(tube.keywords.get("$BTIM", ""))
    return datetime.combine(day, begin).isoformat() if day and begin else ""


def write_day(day: date) -> str:
    """A day as ``$DATE`` wants it.

    Examples
    --------
    >>> write_day(date(2015, 3, 2))
    '02-MAR-2015'
    """
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}"


def instrument(tube: Tube) -> str:
    """The cytometer under a pseudonym: its model, where that is known, and six digits.

    Returns
    -------
    str
        The same for the same ``$CYT`` and ``$CYTSN``, such as ``FACSCanto 3f9a2c``, or
        ``unlisted model 3f9a2c`` where `MODELS` lacks it; empty where the file has neither.

    Notes
    -----
    Both keywords are free text: laboratories write their own name there, or anything. Nothing of
    it is repeated, but equal texts give equal digits, so that tubes of one cytometer are found
    together. The digits are the beginning of a hash without a secret: whoever guesses both texts
    can see that the guess may be right.
    """
    named = tuple(tube.keywords.get(key, "").strip() for key in ("$CYT", "$CYTSN"))
    if not any(named):
        return ""
    digits = hashlib.sha256("\0".join(("cytometer", *named)).encode()).hexdigest()
    return f"{_model(named[0])} {digits[:_DIGITS]}"


def _model(text: str) -> str:
    """The longest known model that a text begins with, in the words of `MODELS`."""
    folded = _letters(text).removeprefix("bd")
    begun = [model for model in MODELS if folded.startswith(_letters(model))]
    return max(begun, key=len, default=_UNLISTED)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def read_day(text: str) -> date | None:
    """A day as ``$DATE`` gives it; None where it is written otherwise (FCS 3.1, 3.2.20).

    Examples
    --------
    >>> read_day("02-MAR-2015"), read_day("22-Sep-13")
    (datetime.date(2015, 3, 2), None)
    """
    found = _DATE.fullmatch(text.strip())
    if not found or found[2].upper() not in MONTHS:
        return None
    try:
        return date(int(found[3]), MONTHS.index(found[2].upper()) + 1, int(found[1]))
    except ValueError:
        return None


def _time(text: str) -> time | None:
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    parts = 60 if text.count(":") == 3 else 100
    micro = int(found[4] or 0) * 1_000_000 // parts
    try:
        return time(int(found[1]), int(found[2]), int(found[3]), micro)
    except ValueError:
        return None
