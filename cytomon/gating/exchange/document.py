"""What a document from elsewhere holds, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cytomon.gating.exchange.names import unique_names
from cytomon.gating.part import rests_on
from cytomon.model.gating import Boolean, Operand, PlacedGate, Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The gates of a document, as they stand in one tube.

    Attributes
    ----------
    format : str
        ``GatingML 2.0 document`` or ``FlowJo 10 workspace``.
    sha256 : str
        Of what it says; comments and layout do not count.
    placement : Placement
        Its gates, all fixed, with names that a template can use.
    paths : mapping of str to tuple of str
        Gate to the names that the document gives to it and to those above, from the top.
    notes : tuple of str
        What a person should know of how it was read.
    """

    format: str
    sha256: str
    placement: Placement
    paths: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()


def in_reading_order(gates: Sequence[PlacedGate]) -> tuple[PlacedGate, ...]:
    """Parents and operands first; otherwise the order stays.

    Raises
    ------
    ValueError
        With the name of a gate that rests on itself.
    """
    by_name = {gate.name: gate for gate in gates}
    done: dict[str, PlacedGate] = {}
    begun: set[str] = set()

    def put(gate: PlacedGate) -> None:
        if gate.name in done:
            return
        if gate.name in begun:
            raise ValueError(gate.name)
        begun.add(gate.name)
        for name in rests_on(gate):
            put(by_name[name])
        done[gate.name] = gate

    for gate in gates:
        put(gate)
    return tuple(done.values())


def with_readable_names(
    placement: Placement, paths: Mapping[str, tuple[str, ...]]
) -> tuple[Placement, dict[str, tuple[str, ...]]]:
    """Rename every gate by its path; the paths come back under the new names."""
    chosen = dict(zip(paths, unique_names(tuple(paths.values())), strict=True))
    chosen[""] = ""
    gates = tuple(_renamed(gate, chosen) for gate in placement.gates)
    return replace(placement, gates=gates), {chosen[name]: path for name, path in paths.items()}


def _renamed(gate: PlacedGate, chosen: Mapping[str, str]) -> PlacedGate:
    shape = gate.shape
    if isinstance(shape, Boolean):
        every, some = (
            tuple(Operand(gate=chosen[one.gate], complement=one.complement) for one in operands)
            for operands in (shape.every, shape.some)
        )
        shape = Boolean(every=every, some=some)
    return replace(gate, name=chosen[gate.name], parent=chosen[gate.parent], shape=shape)
