"""Whether two placements say the same: what was written is read again and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cytomon.model.gating import Boolean, Box, Operand, PlacedGate, Placement


def differing(first: Placement, second: Placement) -> tuple[str, ...]:
    """Gates that are not the same in two placements, every number compared to the last bit.

    What people call an axis does not count, nor a side that is open at both ends, nor how a
    boolean gate puts what it means.
    """
    ours = {gate.name: gate for gate in first.gates}
    theirs = {gate.name: gate for gate in second.gates}
    matrices = _other_matrices(first, second)
    return tuple(
        name
        for name in dict.fromkeys((*ours, *theirs))
        if name not in ours
        or name not in theirs
        or _plain(ours[name]) != _plain(theirs[name])
        or any(axis.matrix in matrices for axis in ours[name].axes)
    )


def _other_matrices(first: Placement, second: Placement) -> set[str]:
    found = {*first.matrices} ^ {*second.matrices}
    for name in {*first.matrices} & {*second.matrices}:
        ours, theirs = first.matrices[name], second.matrices[name]
        if ours.detectors != theirs.detectors or not np.array_equal(ours.matrix, theirs.matrix):
            found.add(name)
    return found


def _plain(gate: PlacedGate) -> tuple[object, ...]:
    """What decides who is inside, and nothing else."""
    axes = tuple(replace(axis, label="") for axis in gate.axes)
    if isinstance(gate.shape, Boolean):
        return (gate.parent, *_logic(gate.shape, complement=gate.complement))
    if isinstance(gate.shape, Box):
        sides = {
            axis: side
            for axis, side in zip(axes, gate.shape.bounds, strict=True)
            if side != (None, None)
        }
        return gate.parent, gate.complement, frozenset(sides.items())
    return gate.parent, gate.complement, axes, gate.shape


def _logic(shape: Boolean, *, complement: bool) -> Iterator[object]:
    """One form for what De Morgan says is the same."""
    if not shape.every:
        yield from ((), frozenset(_outside(shape.some)), not complement)
    elif not shape.some:
        yield from ((), frozenset(shape.every), complement)
    else:
        yield from (frozenset(shape.every), frozenset(shape.some), complement)


def _outside(operands: tuple[Operand, ...]) -> Iterator[Operand]:
    yield from (replace(one, complement=not one.complement) for one in operands)
