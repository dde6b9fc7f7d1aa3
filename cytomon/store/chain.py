"""Hashes of rows and of the log: what makes a change of either show.

A row is written down as a JSON list, in the order of its columns, in plain ASCII and with the
shortest digits that give the number back: the same text on any machine and from either database.
The entries of the log form a chain: the hash of each covers the hash of the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from struct import pack, unpack
from typing import Any

_UNIT = "\x1f"
_SPELLED = "backslashreplace"
_ABSENT: float = unpack("<d", b"absent\xf8\x7f")[0]
"""A NaN that no database gives back: its digits spell a word."""

_spelled = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


class Digest:
    """Hash of rows that come piece by piece; how they were cut into pieces plays no part."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def update(self, rows: Sequence[Sequence[object]]) -> None:
        """Take in rows, in order."""
        if rows:
            separator = "," if self.rows else ""
            self._hash.update((separator + spell(rows)[1:-1]).encode())
            self.rows += len(rows)

    def hexdigest(self) -> str:
        """The hash of all rows so far."""
        return self._hash.hexdigest()


def spell(value: object) -> str:
    """Text that depends on the value alone."""
    return _spelled(value)


def hash_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_content(measured: Sequence[Sequence[Any]], *others: Sequence[Sequence[object]]) -> str:
    """Hash of the parts of a result.

    Parameters
    ----------
    measured : sequence of sequence
        Rows of measurements without the number of the result, in the order of their quantities:
        a text, seven numbers or None, two texts.
    *others : sequence of sequence
        Rows of populations, placements and findings, in order.

    Notes
    -----
    Decimal digits of millions of fractions would take most of the time of an import: numbers are
    hashed as doubles, least significant byte first, with a NaN of our own for None. Counts below
    2^53 are exact. Texts are joined by a character that none of them holds when it is written, so
    that one which came to hold it shows.
    """
    numbers = [_ABSENT if cell is None else cell for row in measured for cell in row[1:8]]
    words = _UNIT.join([word for row in measured for word in (row[0], row[8], row[9])])
    found = hashlib.sha256(f"{spell(others)}{len(measured)}{_UNIT}{words}".encode(errors=_SPELLED))
    found.update(pack(f"<{len(numbers)}d", *numbers))
    return found.hexdigest()


def hash_entry(fields: Sequence[object]) -> str:
    """Hash of an entry of the log.

    Parameters
    ----------
    fields : sequence
        All columns but the hash itself, the hash of the entry before among them.
    """
    return hash_text(spell(fields))
