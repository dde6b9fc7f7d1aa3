"""Every event through every gate, block by block: children on their parents' events."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from cytomon.gating.bits import Bits, pack
from cytomon.gating.columns import Columns
from cytomon.gating.engine.answer import Answer
from cytomon.gating.engine.shapes import OpenEvents, Ready, among, make_ready, members
from cytomon.gating.engine.sheet import Press, Sheet
from cytomon.gating.engine.sheet import Rows as SheetRows
from cytomon.gating.engine.solve import in_the_midst
from cytomon.gating.evaluate import combine
from cytomon.gating.source import BLOCK, Rows, Source
from cytomon.model.gating import Boolean, Envelope, PlacedGate, Placement, Score
from cytomon.model.tube import BoolArray, Spillover


class Stream:
    """Gates on a tube's events, a block at a time.

    Parameters
    ----------
    source : Source
        The events.
    matrices : mapping of str to Spillover
        By the names that axes use.
    """

    def __init__(self, source: Source, matrices: Mapping[str, Spillover]) -> None:
        self._source, self._matrices = source, matrices
        self._left_open: OpenEvents = []
        self._by_flowkit: dict[str, None] = {}

    @property
    def open_events(self) -> tuple[tuple[str, int], ...]:
        """Gate and row where FlowKit's own answer depends on what else is in the file."""
        return tuple(dict.fromkeys(self._left_open))

    @property
    def by_flowkit(self) -> tuple[str, ...]:
        """Gates whose bounds cannot be inverted: scaled ratios, surfaces that are no ellipse."""
        return tuple(self._by_flowkit)

    def ask(self, placement: Placement, wanted: Set[str]) -> Answer:
        """Pass every event through gates."""
        gates = make_ready([gate for gate in placement.gates if _has_geometry(gate)])
        self._by_flowkit |= {name: None for name, one in gates.items() if one.exact}
        axes = [axis for gate in placement.gates for axis in gate.axes]
        press = Press(self._source.channels, self._matrices, axes)
        counts = dict.fromkeys(["", *(gate.name for gate in placement.gates)], 0)
        n_bytes = -(-self._source.n_events // 8)
        bits: dict[str, Bits] = {
            name: np.zeros(n_bytes, dtype=np.uint8) for name in counts if name in wanted or not name
        }
        first = 0
        for events in self._source.blocks(BLOCK):
            sheet = press.sheet(events)
            found = _members(sheet, placement, gates, self._left_open, first)
            for name, inside in found.items():
                counts[name] += int(np.count_nonzero(inside))
                if name in bits:
                    packed = pack(inside)
                    bits[name][first // 8 : first // 8 + len(packed)] = packed
            first += len(events)
        return Answer(counts=counts, bits=bits)

    def columns(self, rows: Rows) -> Columns:
        """Some events, solved as FlowKit does in the midst of a file."""
        events = self._source.rows(rows)
        return Columns(events, self._source.channels, self._matrices, solve=in_the_midst)


def _has_geometry(gate: PlacedGate) -> bool:
    if isinstance(gate.shape, Envelope):
        msg = f"gate {gate.name!r} cannot be decided block by block"
        raise TypeError(msg)
    return not isinstance(gate.shape, Boolean | Score)


def _members(
    sheet: Sheet,
    placement: Placement,
    gates: Mapping[str, Ready],
    left_open: OpenEvents,
    first: int,
) -> dict[str, BoolArray]:
    found = {"": sheet.finite()}
    rows: dict[str, SheetRows | None] = {}
    for gate in placement.gates:
        ready = gates.get(gate.name)
        if ready is None:
            found[gate.name] = combine(gate, found)
            continue
        parent = found[gate.parent]
        if gate.parent not in rows:
            rows[gate.parent] = among(parent)
        found[gate.name] = members(ready, sheet, parent, rows[gate.parent], left_open, first)
    return found
