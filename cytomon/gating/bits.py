"""Membership of many events, eight to a byte."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.evaluate import ROUNDING, combine
from cytomon.model.gating import Boolean, PlacedGate, Score
from cytomon.model.tube import BoolArray

Bits = NDArray[np.uint8]
"""Packed by `numpy.packbits`; what is left of the last byte is 0."""


def pack(members: BoolArray) -> Bits:
    """Membership, eight events to a byte."""
    return np.packbits(members)


def unpack(bits: Bits, n_events: int) -> BoolArray:
    """Membership event by event, shape (n_events,)."""
    return np.unpackbits(bits, count=n_events).view(np.bool_)


def pack_rows(rows: NDArray[np.int64], n_events: int) -> Bits:
    """Membership of a population given by its rows."""
    members = np.zeros(n_events, dtype=np.bool_)
    members[rows] = True
    return pack(members)


def rows_of(bits: Bits, n_events: int) -> NDArray[np.int64]:
    """Rows of the members, ascending."""
    return np.flatnonzero(unpack(bits, n_events))


def size(bits: Bits) -> int:
    """Number of members."""
    whole = len(bits) // 8 * 8  # eight bytes at a time are counted five times as fast
    words = bits[:whole].view(np.uint64) if bits.flags.c_contiguous else bits[:whole]
    counted = np.bitwise_count(words).sum(dtype=np.int64)
    return int(counted + np.bitwise_count(bits[whole:]).sum(dtype=np.int64))


def combine_bits(gate: PlacedGate, members: Mapping[str, Bits], n_events: int) -> Bits:
    """Members of a boolean or a score, as `cytomon.gating.evaluate.combine` has it."""
    if isinstance(gate.shape, Score):
        # only the parent's events can be inside, and they are few
        rows = rows_of(members[gate.parent], n_events)
        score = np.zeros(len(rows))
        for name, weight in gate.shape.terms:
            score += weight * unpack(members[name], n_events)[rows]
        return pack_rows(rows[score >= gate.shape.at_least - ROUNDING], n_events)
    if not isinstance(gate.shape, Boolean) or gate.complement:
        return pack(combine(gate, _Unpacked(members, n_events)))
    found = members[gate.parent].copy()
    for operand in gate.shape.every:
        other = members[operand.gate]
        found &= ~other if operand.complement else other
    if gate.shape.some:
        any_of = np.zeros_like(found)
        for operand in gate.shape.some:
            other = members[operand.gate]
            any_of |= ~other if operand.complement else other
        found &= any_of
    return found


class _Unpacked(dict[str, BoolArray]):
    """Unpacks what is asked for, and keeps nothing."""

    def __init__(self, members: Mapping[str, Bits], n_events: int) -> None:
        super().__init__()
        self._members, self._n_events = members, n_events

    def __missing__(self, name: str) -> BoolArray:
        return unpack(self._members[name], self._n_events)
