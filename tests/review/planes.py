"""Axes, frames and gates for tests of what is drawn, without a tube."""

from __future__ import annotations

from cytomon.model.gating import Axis, PlacedGate, Scale, Shape
from cytomon.review.frame import Frame, Span, view_of

L = Scale(kind="asinh", t=254.757, m=0.564583)
"""The scale of the shipped templates: x = 150 sinh(1.3 L)."""
CD19, CD10, CD45 = (
    Axis(channel=f"{name}-A", label=name, matrix="tube", scale=L)
    for name in ("CD19", "CD10", "CD45")
)
SSC, TIME = (Axis(channel=name, label=name) for name in ("SSC-A", "Time"))
EVENTS = Span(axis=None, view=(0.0, 1.0))


def span(axis: Axis, *values: float) -> Span:
    """An axis over the range that a plot of some values shows."""
    import numpy as np

    return Span(axis=axis, view=view_of(axis, np.array(values or (0.0, 1.0))))


def plane(x: Axis, y: Axis | None) -> Frame:
    """A plot of two dimensions, or a histogram of one."""
    return Frame(x=span(x), y=EVENTS if y is None else span(y))


def gate(shape: Shape, *axes: Axis, name: str = "b_cells", parent: str = "") -> PlacedGate:
    """A gate of a shape."""
    return PlacedGate(name=name, parent=parent, shape=shape, axes=axes)
