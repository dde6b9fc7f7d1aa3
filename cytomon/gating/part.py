"""A part of a placement: some gates, and all that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cytomon.model.gating import Boolean, Envelope, PlacedGate, Placement, Score


def only(placement: Placement, names: Iterable[str]) -> Placement:
    """The gates of these names with their ancestors and operands, in the placement's order.

    Parameters
    ----------
    placement : Placement
        The whole.
    names : iterable of str
        Gates that are wanted; one that the placement lacks is passed over.

    Returns
    -------
    Placement
        Without roles: a part is for looking, not for measuring.
    """
    gates = {gate.name: gate for gate in placement.gates}
    needed: set[str] = set()
    waiting = [name for name in names if name in gates]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(rests_on(gates[name]))
    kept = tuple(gate for gate in placement.gates if gate.name in needed)
    return replace(placement, gates=kept, roles={}, findings=())


def rests_on(gate: PlacedGate) -> Iterator[str]:
    """Names of the gates that decide, with its own shape, who is inside a gate."""
    if gate.parent:
        yield gate.parent
    match gate.shape:
        case Boolean(every=every, some=some):
            yield from (operand.gate for operand in (*every, *some))
        case Score(terms=terms):
            yield from (name for name, _ in terms)
        case Envelope(of=of, lineage=lineage, immature=immature):
            yield from (of, *lineage, *immature)
