"""The reference: FlowKit decides, on the whole file at once."""

from __future__ import annotations

from collections.abc import Mapping, Set

from cytomon.gating.bits import pack
from cytomon.gating.columns import Columns
from cytomon.gating.engine.answer import Answer
from cytomon.gating.evaluate import evaluate
from cytomon.gating.reference import inside
from cytomon.gating.source import Rows, Source
from cytomon.model.gating import Placement
from cytomon.model.tube import BoolArray, Spillover


class WholeFile:
    """FlowKit's gates on all events of a tube.

    Parameters
    ----------
    source : Source
        The events; all are held in memory.
    matrices : mapping of str to Spillover
        By the names that axes use.
    """

    open_events: tuple[tuple[str, int], ...] = ()
    by_flowkit: tuple[str, ...] = ()
    """None apart from the others: all are FlowKit's."""

    def __init__(self, source: Source, matrices: Mapping[str, Spillover]) -> None:
        self._columns = Columns(source.whole(), source.channels, matrices)

    def ask(self, placement: Placement, wanted: Set[str]) -> Answer:
        """Pass every event through gates."""
        members: dict[str, BoolArray] = {"": self._columns.finite()}
        for gate in placement.gates:
            members[gate.name] = evaluate(gate, self._columns, members, inside)
        return Answer(
            counts={name: int(one.sum()) for name, one in members.items()},
            bits={name: pack(one) for name, one in members.items() if name in wanted or not name},
        )

    def columns(self, rows: Rows) -> Columns:
        """Some events, by the arithmetic that decided."""
        return self._columns.take(rows)
