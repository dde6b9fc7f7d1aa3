"""When and on what a tube was acquired, as its file says."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from cytomon.model.tube import Tube

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
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
    day = _day(tube.keywords.get("$DATE", ""))
    begin = _time(tube.keywords.get("$BTIM", ""))
    return datetime.combine(day, begin).isoformat() if day and begin else ""


def instrument(tube: Tube) -> str:
    """Name and serial number of the cytometer, as far as the file gives them."""
    parts = (tube.keywords.get(key, "").strip() for key in ("$CYT", "$CYTSN"))
    return " ".join(part for part in parts if part)


def _day(text: str) -> date | None:
    found = _DATE.fullmatch(text.strip())
    if not found or found[2].upper() not in _MONTHS:
        return None
    try:
        return date(int(found[3]), _MONTHS.index(found[2].upper()) + 1, int(found[1]))
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
