"""A change of a gate in words, with numbers on the gate's scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cytomon.model.adjustment import Adjustment, Change, Outline
from cytomon.model.gating import Box, Ellipse, Polygon, Ranges

_OUTLINES: Mapping[type[Outline], str] = {
    Box: "box",
    Polygon: "outline",
    Ellipse: "ellipse",
    Ranges: "ranges",
}
_MOST_BOUNDS = 4
"""Numbers of one gate that are told one by one; a gate on more axes is said to be moved."""


def gate_change(one: Adjustment) -> str:
    """One change of a gate, with numbers on the gate's scale.

    Examples
    --------
    >>> gate_change(Adjustment(gate="cd19_clear", change=Change.MOVED, on=("CD19",),
    ...     before=Box(bounds=((1.9, None),)), after=Box(bounds=((2.1, None),))))
    'cd19_clear: CD19 low 1.90 to 2.10'
    >>> gate_change(Adjustment(gate="blasts", change=Change.ADDED, on=("CD19", "CD10"),
    ...     before=None, after=Polygon(vertices=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))))
    'blasts: events added, drawn on CD19 and CD10'
    """
    axes = " and ".join(one.on)
    if one.change is Change.ADDED:
        return f"{one.gate}: events added, drawn on {axes}"
    if one.change is Change.TAKEN_OUT:
        return f"{one.gate}: events taken out, drawn on {axes}"
    if one.change is Change.PINNED:
        stood = ", ".join(_stands(one.after, one.on))
        return f"{one.gate}: kept where it stood" + (f", {stood}" if stood else "")
    if isinstance(one.before, Box) and isinstance(one.after, Box):
        bounds = list(_bounds(one.before, one.after, one.on))
        if len(bounds) <= _MOST_BOUNDS:
            return f"{one.gate}: {', '.join(bounds) or 'not moved'}"
    kind = _OUTLINES[type(one.after)]
    return f"{one.gate}: {kind} on {axes} redrawn"


def _bounds(before: Box, after: Box, on: Sequence[str]) -> Iterator[str]:
    """The numbers of a box that were moved."""
    for label, was, now in zip(on, before.bounds, after.bounds, strict=True):
        for side, old, new in zip(("low", "high"), was, now, strict=True):
            if old != new:
                yield f"{label} {side} {' to '.join(_apart(old, new))}"


def _stands(outline: Outline, on: Sequence[str]) -> Iterator[str]:
    """The numbers of a box, as far as there are any; other outlines have too many."""
    if not isinstance(outline, Box) or 2 * len(outline.bounds) > _MOST_BOUNDS:
        return
    for label, bound in zip(on, outline.bounds, strict=True):
        for side, at in zip(("low", "high"), bound, strict=True):
            if at is not None:
                yield f"{label} {side} {_at(at)}"


def _apart(old: float | None, new: float | None) -> tuple[str, str]:
    """Two numbers with as many digits as tell them apart."""
    said = [(_at(old, digits), _at(new, digits)) for digits in (2, 3, 4, 6)]
    return next((pair for pair in said if pair[0] != pair[1]), said[-1])


def _at(number: float | None, digits: int = 2) -> str:
    """A place on an axis: of the L scale with decimals, of scatter without."""
    if number is None:
        return "open"
    if abs(number) >= _NO_AXIS:
        return f"{number:.3g}"
    said = f"{number:,.0f}" if abs(number) >= 1000 and digits == 2 else f"{number:,.{digits}f}"
    return said if said.strip("-0.") else said.removeprefix("-")  # no minus before nothing


_NO_AXIS = 1e9
"""No detector counts so far."""
