"""A placement in the few words that GatingML has: every gate plain, or one and, or, not of others.

Complements of shapes, ranges of a run, weighted evidence and booleans of several steps become
boolean gates with helpers beside them. What has no such form is refused by name.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cytomon.gating.evaluate import ROUNDING
from cytomon.gating.exchange.names import numbered
from cytomon.gating.part import rests_on
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Envelope,
    Operand,
    PlacedGate,
    Placement,
    Ranges,
    Score,
    Shape,
)

MOST_TERMS = 16
MOST_WAYS = 64
_ONLY_FLOWJO = ("biex", "flowjo_log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """What GatingML can say of a placement, and what it cannot.

    Attributes
    ----------
    plain : Placement
        The gates with their helpers, each in a form that GatingML has.
    said : Placement
        The gates themselves, as they were.
    refused : mapping of str to str
        Gates that are left out, each with the reason.
    """

    plain: Placement
    said: Placement
    refused: Mapping[str, str]


def spell_out(placement: Placement) -> Spelled:
    """Put every gate that GatingML can express into its words."""
    refused = dict(_refused(placement))
    said = tuple(gate for gate in placement.gates if gate.name not in refused)
    taken = {gate.name for gate in placement.gates}
    plain: list[PlacedGate] = []
    for gate in said:
        for one in _plain(_turned(_without_parent(gate, placement)), taken):
            taken.add(one.name)
            plain.append(replace(one, shape=_in_order(one.shape), bounds=()))
    return Spelled(
        plain=replace(placement, gates=tuple(plain), roles={}, findings=()),
        said=replace(placement, gates=said, roles={}, findings=()),
        refused=refused,
    )


def ways_to_reach(score: Score) -> tuple[tuple[str, ...], ...]:
    """The smallest sets of evidence whose weights reach a score, fewest first.

    Examples
    --------
    >>> ways_to_reach(Score(terms=(("a", 2.0), ("b", 1.0), ("c", 1.0)), at_least=2.0))
    (('a',), ('b', 'c'))
    """
    least = score.at_least - ROUNDING
    found: list[tuple[str, ...]] = []
    for size in range(1, len(score.terms) + 1):
        for chosen in itertools.combinations(score.terms, size):
            weights = [weight for _, weight in chosen]
            # without its smallest weight the smallest set falls short
            if sum(weights) >= least and sum(sorted(weights)[1:]) < least:
                found.append(tuple(name for name, _ in chosen))
    return tuple(found)


def _refused(placement: Placement) -> Iterator[tuple[str, str]]:
    missing: set[str] = set()
    for gate in placement.gates:
        lost = [name for name in rests_on(gate) if name in missing]
        reason = _reason(gate)
        if not reason and lost:
            reason = f"it rests on {', '.join(dict.fromkeys(lost))}"
        if reason:
            missing.add(gate.name)
            yield gate.name, reason


def _reason(gate: PlacedGate) -> str:
    scales = [axis.scale.kind for axis in gate.axes if axis.scale]
    if any(kind in _ONLY_FLOWJO for kind in scales):
        return "GatingML has no scale of FlowJo's"
    if isinstance(gate.shape, Score):
        return _too_many(gate.shape)
    match gate.shape:
        case Envelope():
            return "what explains an event (kind envelope) is no geometry"
        case Ranges(kept=()):
            return "it keeps nothing of the run"
        case Boolean() as shape if Operand(gate=gate.parent, complement=True) in shape.every:
            return "it asks for what lies outside of its own parent"
    return ""


def _too_many(score: Score) -> str:
    if len(score.terms) > MOST_TERMS:
        return f"its score has more than {MOST_TERMS} terms"
    many = len(ways_to_reach(score)) > MOST_WAYS
    return f"its score can be reached in more than {MOST_WAYS} ways" if many else ""


def _without_parent(gate: PlacedGate, placement: Placement) -> PlacedGate:
    """A boolean without its own parent among its operands: there FlowKit's parser loses its way."""
    if not isinstance(gate.shape, Boolean):
        return gate
    itself, outside = (Operand(gate=gate.parent, complement=flip) for flip in (False, True))
    every = tuple(one for one in gate.shape.every if one != itself)
    some = () if itself in gate.shape.some else gate.shape.some
    some = tuple(one for one in some if one != outside)
    if every or some:
        return replace(gate, shape=Boolean(every=every, some=some))
    channel = next(axis.channel for one in placement.gates for axis in one.axes)
    axis = Axis(channel=channel, label=channel)
    return replace(gate, axes=(axis,), shape=_stretch((-np.inf, np.inf)))


def _turned(gate: PlacedGate) -> PlacedGate:
    """The outside of all is any of the outsides, and the other way round: no helper is needed."""
    match gate:
        case PlacedGate(complement=True, shape=Boolean(every=every, some=())):
            shape = Boolean(some=_outsides(every))
        case PlacedGate(complement=True, shape=Boolean(every=(), some=some)):
            shape = Boolean(every=_outsides(some))
        case _:
            return gate
    return replace(gate, complement=False, shape=shape)


def _outsides(operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
    return tuple(replace(one, complement=not one.complement) for one in operands)


def _in_order(shape: Shape) -> Shape:
    """Complements last, as a template that is made of the document will have them."""
    if not isinstance(shape, Boolean):
        return shape
    every, some = (
        tuple(sorted(operands, key=lambda one: one.complement))
        for operands in (shape.every, shape.some)
    )
    return Boolean(every=every, some=some)


def _plain(gate: PlacedGate, taken: set[str]) -> Iterator[PlacedGate]:
    """Helpers first, the gate last."""
    if gate.complement:
        inner = numbered(f"{gate.name}_inside"[:57], taken)
        yield from _plain(replace(gate, name=inner, complement=False), {*taken, inner})
        yield _boolean(gate, gate.name, Boolean(every=(Operand(gate=inner, complement=True),)))
        return
    match gate.shape:
        case Ranges(kept=(one,)):
            yield replace(gate, shape=_stretch(one))
        case Ranges(kept=kept):
            yield from _any_of(gate, [_stretch(one) for one in kept], taken)
        case Score() as score:
            ways = [_all_of(names) for names in ways_to_reach(score)]
            yield from _any_of(gate, ways, taken)
        case Boolean(every=every, some=some) if every and len(some) > 1:
            (helper, *_) = _names(gate, 1, taken)
            yield _boolean(gate, helper, Boolean(some=some))
            yield _boolean(gate, gate.name, Boolean(every=(*every, Operand(gate=helper))))
        case Boolean(every=every, some=some) if len(some) <= 1:
            yield replace(gate, shape=Boolean(every=(*every, *some)))
        case _:
            yield gate


def _stretch(ends: tuple[float, float]) -> Box:
    """A part of a run; all of it has to have one end, and has the lowest number that there is."""
    low, high = (end if np.isfinite(end) else None for end in ends)
    if low is None and high is None:
        low = -sys.float_info.max
    return Box(bounds=((low, high),))


def _any_of(gate: PlacedGate, ways: Sequence[Shape], taken: set[str]) -> Iterator[PlacedGate]:
    if len(ways) == 1:
        yield replace(gate, shape=ways[0])
        return
    operands: list[Operand] = []
    for name, way in zip(_names(gate, len(ways), taken), ways, strict=True):
        if isinstance(way, Boolean) and len(way.every) == 1:
            operands += way.every
        else:
            yield replace(gate, name=name, shape=way)
            operands.append(Operand(gate=name))
    yield _boolean(gate, gate.name, Boolean(some=tuple(operands)))


def _all_of(names: tuple[str, ...]) -> Boolean:
    return Boolean(every=tuple(Operand(gate=name) for name in names))


def _boolean(gate: PlacedGate, name: str, shape: Boolean) -> PlacedGate:
    return PlacedGate(name=name, parent=gate.parent, shape=shape)


def _names(gate: PlacedGate, n: int, taken: set[str]) -> tuple[str, ...]:
    chosen: list[str] = []
    for number in range(1, n + 1):
        chosen.append(numbered(f"{gate.name[:52]}_way{number}", {*taken, *chosen}))
    return tuple(chosen)
