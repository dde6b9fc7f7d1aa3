"""Members of one gate, given those of the gates before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.model.gating import Boolean, PlacedGate, Score
from cytomon.model.tube import BoolArray

# weights such as 0.7 and 0.1 do not add up to 0.8 to the last bit
ROUNDING = 1e-9

Decide = Callable[[PlacedGate, Columns], BoolArray]


def evaluate(
    gate: PlacedGate, columns: Columns, members: Mapping[str, BoolArray], decide: Decide
) -> BoolArray:
    """Members of one gate, given those of the gates before it."""
    if isinstance(gate.shape, Boolean | Score):
        return combine(gate, members)
    return decide(gate, columns) & members[gate.parent]


def combine(gate: PlacedGate, members: Mapping[str, BoolArray]) -> BoolArray:
    """Members of a gate that has no geometry, given those of the gates before it.

    Parameters
    ----------
    gate : PlacedGate
        A `Boolean` or a `Score`.
    members : mapping of str to ndarray of bool, shape (n_events,)
        Gate to membership; the empty name stands for all events.
    """
    parent = members[gate.parent]
    match gate.shape:
        case Boolean(every=every, some=some):
            found = np.ones(len(parent), dtype=np.bool_)
            for operand in every:
                found &= members[operand.gate] ^ operand.complement
            if some:
                any_of = np.zeros(len(parent), dtype=np.bool_)
                for operand in some:
                    any_of |= members[operand.gate] ^ operand.complement
                found &= any_of
            return (~found if gate.complement else found) & parent
        case Score(terms=terms, at_least=at_least):
            score = np.zeros(len(parent))
            for name, weight in terms:
                score += weight * members[name]
            return (score >= at_least - ROUNDING) & parent
    msg = f"gate {gate.name!r} has a geometry of its own"
    raise TypeError(msg)
