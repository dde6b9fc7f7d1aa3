"""Gates that wait for an envelope: an envelope needs all events of its parent before it answers.

The geometry of a gate does not depend on its parent. So what a waiting gate asks of coordinates is
decided in the one pass over the events, and what it asks of other gates afterwards, by bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cytomon.gating.bits import Bits, combine_bits
from cytomon.gating.part import rests_on
from cytomon.model.gating import Boolean, Envelope, PlacedGate, Placement, Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A placement in two parts.

    Attributes
    ----------
    early : Placement
        What can be decided without any envelope: gates, and under the nearest such ancestor the
        geometry of waiting ones.
    late : tuple of PlacedGate
        Envelopes, and what rests on them.
    needed : frozenset of str
        Gates of the early part whose events the late part asks for.
    """

    early: Placement
    late: tuple[PlacedGate, ...]
    needed: frozenset[str]


def split(placement: Placement) -> Split:
    """Put the gates that rest on an envelope apart."""
    waiting: dict[str, PlacedGate] = {}
    early = []
    for gate in placement.gates:
        if isinstance(gate.shape, Envelope) or any(name in waiting for name in rests_on(gate)):
            waiting[gate.name] = gate
            if not isinstance(gate.shape, Envelope | Boolean | Score):
                early.append(replace(gate, parent=_ready_ancestor(gate, waiting)))
        else:
            early.append(gate)
    needed = {name for gate in waiting.values() for name in (*rests_on(gate), gate.name)}
    return Split(
        early=replace(placement, gates=tuple(early)),
        late=tuple(waiting.values()),
        needed=frozenset(needed & {gate.name for gate in early}),
    )


def _ready_ancestor(gate: PlacedGate, waiting: Mapping[str, PlacedGate]) -> str:
    name = gate.parent
    while name in waiting:
        name = waiting[name].parent
    return name


def settle(gate: PlacedGate, members: Mapping[str, Bits], n_events: int) -> Bits:
    """Members of a waiting gate that is no envelope.

    Parameters
    ----------
    gate : PlacedGate
        With its true parent.
    members : mapping of str to Bits
        Of all gates before it, and its own geometry.
    n_events : int
        Events of the tube.
    """
    if isinstance(gate.shape, Boolean | Score):
        return combine_bits(gate, members, n_events)
    return members[gate.name] & members[gate.parent]
