"""Hashes of rows and of the log: what makes a change of either show.

A row is written down as a JSON list, in the order of its columns, in plain ASCII and with the
shortest digits that give the number back: the same text on any machine and from either database.
The entries of the log form a chain: the hash of each covers the hash of the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from struct import pack
from typing import Any

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
    hashed as doubles, least significant byte first, after a byte each that tells 0 from None.
    """
    numbers = [cell for row in measured for cell in row[1:8]]
    absent = bytes([cell is None for cell in numbers])
    doubles = pack(f"<{len(numbers)}d", *[0.0 if cell is None else cell for cell in numbers])
    words = [(row[0], row[8], row[9]) for row in measured]
    found = hashlib.sha256(spell([words, *others]).encode())
    found.update(absent)
    found.update(doubles)
    return found.hexdigest()


def hash_entry(fields: Sequence[object]) -> str:
    """Hash of an entry of the log.

    Parameters
    ----------
    fields : sequence
        All columns but the hash itself, the hash of the entry before among them.
    """
    return hash_text(spell(fields))
