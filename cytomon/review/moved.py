"""Gates with a person's changes on them, before they have been placed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cytomon.gating.adjust import CALLED, Hands, adjusted, hands_of
from cytomon.model.adjustment import Adjustment, Change
from cytomon.model.gating import Axis, PlacedGate, Placement


def moved(
    placement: Placement,
    made_with: Sequence[Adjustment],
    automatic: Placement,
    adjustments: Sequence[Adjustment],
) -> Placement:
    """A placement with other adjustments than it was made with; nothing finds its place anew.

    Parameters
    ----------
    placement : Placement
        From `cytomon.pipeline.place_on`.
    made_with : sequence of Adjustment
        Those that it was made with.
    automatic : Placement
        That of the tube without any: where a change is taken back, the gate stands there.
    adjustments : sequence of Adjustment
        Those that are wanted.
    """
    before, now = hands_of(made_with), hands_of(adjustments)
    stood = {gate.name: gate for gate in automatic.gates}
    back = {name for name in before.held if not _still_held(name, before, now)}
    axes = {axis.label: axis for gate in automatic.gates for axis in gate.axes}
    gates = [
        one
        for gate in _without_regions(placement.gates)
        for one in adjusted(stood[gate.name] if gate.name in back else gate, now, axes)
    ]
    return replace(placement, gates=tuple(gates))


def axes_of(placement: Placement) -> Mapping[str, Axis]:
    """Label to axis, for all that the gates of a tube look at."""
    return {axis.label: axis for gate in placement.gates for axis in gate.axes}


def _still_held(name: str, before: Hands, now: Hands) -> bool:
    return name in now.held and before.held[name].numbers <= now.held[name].numbers


def _without_regions(gates: Sequence[PlacedGate]) -> Iterator[PlacedGate]:
    """The gates as they were before regions were drawn for some of them."""
    suffix = f" {CALLED}"
    drawn = {gate.name.removesuffix(suffix) for gate in gates if gate.name.endswith(suffix)}
    for gate in gates:
        if gate.name in drawn or is_region(gate.name):
            continue
        if gate.name.endswith(suffix):
            yield replace(gate, name=gate.name.removesuffix(suffix))
        else:
            yield gate


def is_region(name: str) -> bool:
    """Whether a gate is a region that a person has drawn."""
    return any(mark in name for mark in _DRAWN)


def population_of(name: str) -> str:
    """The population that a region was drawn for; any other gate is its own."""
    for mark in _DRAWN:
        name = name.partition(mark)[0]
    return name.removesuffix(f" {CALLED}")


_DRAWN = tuple(f" ({change.value} " for change in (Change.ADDED, Change.TAKEN_OUT))
