"""An engine that keeps what it has decided: when one gate moves, only that gate is decided anew.

The geometry of a gate does not depend on its parent. So each geometry is decided once, for every
event of the tube, and kept as bits; who is inside a gate then follows from its parents by bits
alone. That takes more memory than streaming, and a moved gate costs no more than its own geometry,
wherever it stands in the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np

from cytomon.gating.bits import Bits, combine_bits, pack, size
from cytomon.gating.columns import Columns
from cytomon.gating.engine.answer import Answer
from cytomon.gating.engine.shapes import OpenEvents, Ready, decide, make_ready
from cytomon.gating.engine.sheet import Press, Sheet
from cytomon.gating.engine.sheet import Rows as SheetRows
from cytomon.gating.engine.solve import in_the_midst
from cytomon.gating.source import Rows, Source
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Boolean, Envelope, PlacedGate, Placement, Score
from cytomon.model.tube import FloatArray, Spillover

_BLOCK = 131_072
"""Events of a sheet; a multiple of eight, so that bits of sheets can be put together."""
_THREADS = 2
"""Sheets that are decided at the same time: comparing columns leaves Python alone."""
_MOST_BYTES = 128_000_000
"""Of decided geometries that no gate stands on now; the one not used for longest goes."""

Geometry = tuple[object, ...]


class Held:
    """A tube's events on the axes of its gates, and every geometry that was decided on them.

    Parameters
    ----------
    source : Source
        The events; read once.
    matrices : mapping of str to Spillover
        By the names that axes use.
    axes : iterable of Axis
        Everything that will be asked for: 8 bytes an event each.
    """

    by_flowkit: tuple[str, ...] = ()

    def __init__(
        self, source: Source, matrices: Mapping[str, Spillover], axes: Iterable[Axis]
    ) -> None:
        self._source, self._matrices = source, matrices
        self.axes = tuple(dict.fromkeys(axes))
        press, first = Press(source.channels, matrices, self.axes), 0
        self._sheets: list[Sheet] = []
        for events in source.blocks(_BLOCK):
            fetch = partial(_fetch, source, first)
            self._sheets.append(press.sheet(events).held(fetch))
            first += len(events)
        self._finite = self._joined([pack(sheet.finite()) for sheet in self._sheets])
        self._geometries: dict[Geometry, Bits] = {}
        self._members: dict[str, tuple[tuple[Bits, ...], PlacedGate, Bits, int]] = {}
        self._most_gates = 0

    @property
    def n_events(self) -> int:
        """Events of the tube."""
        return self._source.n_events

    @property
    def open_events(self) -> tuple[tuple[str, int], ...]:
        """Not told: this engine also decides on events that are not of the parent."""
        return ()

    def ask(self, placement: Placement, wanted: Set[str]) -> Answer:
        """Pass every event through gates; the members of all of them are known afterwards."""
        self._decide(placement)
        bits: dict[str, Bits] = {"": self._finite}
        counts = {"": size(self._finite)}
        for gate in placement.gates:
            bits[gate.name], counts[gate.name] = self._inside(gate, bits)
        return Answer(counts=counts, bits=bits)

    def columns(self, rows: Rows) -> Columns:
        """Some events, solved as FlowKit does in the midst of a file."""
        events = self._source.rows(rows)
        return Columns(events, self._source.channels, self._matrices, solve=in_the_midst)

    def linear(self, axis: Axis, rows: Rows) -> FloatArray:
        """Compensated values of some events, in ascending order, right but for their last bits."""
        values = np.empty(len(rows))
        edges = np.searchsorted(rows, np.arange(len(self._sheets) + 1) * _BLOCK)
        for number, (low, high) in enumerate(pairwise(edges)):
            if high > low:
                here = rows[low:high] - number * _BLOCK
                values[low:high] = self._sheets[number].linear(axis)[here]
        return values

    def scaled(self, axis: Axis, rows: Rows) -> FloatArray:
        """As `linear`, on the scale of the axis."""
        return to_scale(self.linear(axis, rows), axis.scale)

    def _inside(self, gate: PlacedGate, bits: Mapping[str, Bits]) -> tuple[Bits, int]:
        """Members of a gate; those from before where nothing that it rests on has changed."""
        rests = tuple(bits[name] for name in _inputs(gate))
        own = self._geometries.get(geometry_of(gate))
        asked = rests if own is None else (own, *rests)
        known = self._members.get(gate.name)
        if known and known[1] == gate and _same(known[0], asked):
            return known[2], known[3]
        found = combine_bits(gate, bits, self.n_events) if own is None else own & bits[gate.parent]
        self._members[gate.name] = (asked, gate, found, size(found))
        return self._members[gate.name][2:]

    def _decide(self, placement: Placement) -> None:
        """Decide the geometries that are not known yet."""
        known = self._geometries
        missing: dict[Geometry, PlacedGate] = {}
        for gate in placement.gates:
            if isinstance(gate.shape, Envelope):
                msg = f"gate {gate.name!r} cannot be decided event by event"
                raise TypeError(msg)
            if not isinstance(gate.shape, Boolean | Score):
                key = geometry_of(gate)
                if key in known:
                    known[key] = known.pop(key)  # used last, dropped last
                else:
                    missing[key] = gate
        ready = make_ready(list(missing.values()))
        with ThreadPoolExecutor(_THREADS) as pool:
            for key, gate in missing.items():
                parts = pool.map(partial(_geometry, ready[gate.name]), self._sheets)
                known[key] = self._joined(list(parts))
        spare = _MOST_BYTES // max(1, len(self._finite))
        # a part of a placement is asked for between two of the whole, which are to find theirs
        self._most_gates = max(self._most_gates, len(placement.gates))
        for key in list(known)[: max(0, len(known) - spare - self._most_gates)]:
            del known[key]

    def _joined(self, parts: list[Bits]) -> Bits:
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint8)


def _geometry(ready: Ready, sheet: Sheet) -> Bits:
    """Who of a sheet is inside a gate's geometry."""
    left_open: OpenEvents = []
    return pack(decide(ready, sheet, None, left_open, 0))


def geometry_of(gate: PlacedGate) -> Geometry:
    """What decides on an event, whatever the gate is called and stands under."""
    return (gate.shape, gate.axes, gate.complement)


def _inputs(gate: PlacedGate) -> tuple[str, ...]:
    match gate.shape:
        case Boolean(every=every, some=some):
            return (gate.parent, *(operand.gate for operand in (*every, *some)))
        case Score(terms=terms):
            return (gate.parent, *(name for name, _ in terms))
    return (gate.parent,)


def _same(before: tuple[Bits, ...], now: tuple[Bits, ...]) -> bool:
    """Whether these are the very arrays of before, which nobody writes into."""
    return len(before) == len(now) and all(a is b for a, b in zip(before, now, strict=True))


def _fetch(source: Source, first: int, rows: SheetRows) -> FloatArray:
    return source.rows(np.asarray(rows, dtype=np.int64) + first)
