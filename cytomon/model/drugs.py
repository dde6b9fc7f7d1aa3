"""Drugs that remove B cells or hide their antigens, by the names that people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

_NAMES: Mapping[str, tuple[str, ...]] = {
    "rituximab": ("rituximab", "rituxan", "mabthera", "truxima", "rixathon"),
    "obinutuzumab": ("obinutuzumab", "gazyva"),
    "blinatumomab": ("blinatumomab", "blincyto"),
    "inotuzumab": ("inotuzumab", "besponsa"),
    "alemtuzumab": ("alemtuzumab", "campath", "mabcampath", "lemtrada"),
    "antithymocyte globulin": (
        "antithymocyte",
        "thymoglobulin",
        "atgam",
        "grafalon",
        "atg",
        "ratg",
        "hatg",
    ),
}
"""Generic name to the letters by which it is found, whatever stands beside it."""
_SHORT = 4


def depleting_drugs(value: str) -> tuple[str, ...]:
    """Generic names of the drugs in a text that remove B cells or hide them.

    Examples
    --------
    >>> depleting_drugs("Blincyto, cycle 2"), depleting_drugs("ATG (rabbit)")
    (('blinatumomab',), ('antithymocyte globulin',))
    >>> depleting_drugs("rituximab + inotuzumab"), depleting_drugs("IVIG")
    (('rituximab', 'inotuzumab'), ())
    """
    text = value.casefold()
    return tuple(
        generic
        for generic, names in _NAMES.items()
        if any(_pattern(name).search(text) for name in names)
    )


@cache
def _pattern(name: str) -> re.Pattern[str]:
    """A name at the beginning of a word, spelled with whatever marks between its letters."""
    whole = r"(?![a-z])" if len(name) <= _SHORT else ""  # their letters stand in other words too
    return re.compile(r"(?<![a-z])" + "[^a-z]*".join(name) + whole)


def near_drug(value: str) -> str:
    """The name of such a drug that a slip of the pen may have meant; empty for any other.

    Examples
    --------
    >>> near_drug("rituxmab"), near_drug("obinutuzumab"), near_drug("IVIG")
    ('rituximab', '', '')
    """
    if depleting_drugs(value):
        return ""
    letters = "".join(letter for letter in value.casefold() if letter.isalpha())
    names = [name for names in _NAMES.values() for name in names]
    return next(iter(get_close_matches(letters, names, n=1, cutoff=0.8)), "")
