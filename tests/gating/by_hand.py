"""Changes of gates as a person makes them, and what is inside an outline by plain arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.gating.source import Source
from cytomon.model.adjustment import Adjustment, Change, Outline
from cytomon.model.gating import (
    Axis,
    Box,
    Ellipse,
    PlacedGate,
    Placement,
    Polygon,
    Ranges,
    Shape,
)

SAMPLES = Path(__file__).parents[2] / "sample_fcs"


def labels(gate: PlacedGate) -> tuple[str, ...]:
    return tuple(axis.label for axis in gate.axes)


def outline_of(gate: PlacedGate) -> Outline:
    assert isinstance(gate.shape, Box | Polygon | Ellipse | Ranges)
    return gate.shape


def left_at(gate: PlacedGate, after: Outline, change: Change = Change.MOVED) -> Adjustment:
    """A gate that was moved to where a person wants it, or pinned there."""
    return Adjustment(
        gate=gate.name, change=change, before=outline_of(gate), after=after, on=labels(gate)
    )


def with_ends(gate: PlacedGate, **ends: float | None) -> Box:
    """A box with some of its numbers changed; named as in ``CD19_low``."""
    assert isinstance(gate.shape, Box)
    bounds = []
    for label, (low, high) in zip(labels(gate), gate.shape.bounds, strict=True):
        name = label.replace("-", "_")
        bounds.append((ends.pop(f"{name}_low", low), ends.pop(f"{name}_high", high)))
    assert not ends
    return Box(bounds=tuple(bounds))


def drawn(gate: str, change: Change, after: Outline, *on: str) -> Adjustment:
    """A region of which the events are put into a population, or out of it."""
    return Adjustment(gate=gate, change=change, before=None, after=after, on=on)


def reshaped(placement: Placement, **shapes: Shape) -> Placement:
    """A placement in which some gates have other shapes, with nothing placed again."""
    gates = tuple(
        replace(gate, shape=shapes.get(gate.name, gate.shape)) for gate in placement.gates
    )
    return replace(placement, gates=gates)


def shifted(shape: Shape, axes: Sequence[Axis], by: float) -> Shape:
    """An outline a little to the side: of markers so far on the scale, of scatter in thousands."""
    steps = [by if axis.scale else 1000 * by for axis in axes]
    match shape:
        case Box(bounds=bounds):
            return Box(
                bounds=tuple(
                    (None if low is None else low + step, None if high is None else high + step)
                    for (low, high), step in zip(bounds, steps, strict=True)
                )
            )
        case Polygon(vertices=vertices):
            return Polygon(vertices=tuple((x + steps[0], y + steps[1]) for x, y in vertices))
        case Ellipse(mean=mean):
            return replace(shape, mean=tuple(np.add(mean, steps).tolist()))
        case Ranges(kept=kept):
            return Ranges(kept=tuple((low + by, high + by) for low, high in kept))
    return shape


def inside(outline: Outline, values: np.ndarray) -> np.ndarray:
    """Who is inside by plain arithmetic; `values` has a row for each axis."""
    match outline:
        case Box(bounds=bounds):
            return np.all(
                [
                    (column >= (-np.inf if low is None else low))
                    & (column < (np.inf if high is None else high))
                    for (low, high), column in zip(bounds, values, strict=True)
                ],
                axis=0,
            )
        case Ranges(kept=kept):
            return np.any([(values[0] >= a) & (values[0] < b) for a, b in kept], axis=0)
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            away = values - np.array(mean)[:, None]
            return np.sum(away * np.linalg.solve(np.array(covariance), away), axis=0) <= square
        case Polygon(vertices=vertices):
            return _crossed(vertices, *values)


def _crossed(vertices: Sequence[tuple[float, float]], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether a ray to the right crosses an odd number of sides."""
    odd = np.zeros(len(x), dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(vertices, (*vertices[1:], vertices[0]), strict=True):
        between = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= between & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return odd


def looker(
    source: Source, placement: Placement
) -> Callable[[Mapping[str, Axis], Outline, Sequence[str]], np.ndarray]:
    """What tells who is inside an outline on some axes, of all events of a tube."""
    columns = Columns(source.whole(), source.channels, placement.matrices)

    def look(axes: Mapping[str, Axis], outline: Outline, on: Sequence[str]) -> np.ndarray:
        return inside(outline, np.array([columns.column(axes[label]) for label in on]))

    return look


def axes_of(placement: Placement) -> dict[str, Axis]:
    return {axis.label: axis for gate in placement.gates for axis in gate.axes}
