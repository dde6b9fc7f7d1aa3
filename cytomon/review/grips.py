"""Where a gate can be taken hold of with the mouse, and what it becomes when it is dragged.

A number that is not touched keeps its very bits: an edge that is dragged changes that edge alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from cytomon.model.adjustment import Outline
from cytomon.model.gating import Box, Ellipse, PlacedGate, Polygon, Ranges
from cytomon.review.frame import SIDE, Frame, Span

Point = tuple[float, float]
"""Place in the square of a plot: x, y."""
_ROUND = 72
_GAP = 4.0
"""How near an edge may come to the other one: about two pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grip:
    """What the mouse has taken hold of.

    Attributes
    ----------
    kind : str
        ``vertex``, ``corner``, ``edge`` or ``inside``.
    at : Point
        Where it lies; for an edge the point nearest to the mouse.
    index : int
        Of a vertex, of a range, or of an end of an ellipse's axis.
    edges : tuple of (str, str)
        Numbers of a box that it moves: label and ``low`` or ``high``.
    along : (float, float)
        From where to where an edge reaches.
    """

    kind: str
    at: Point
    index: int = 0
    edges: tuple[tuple[str, str], ...] = ()
    along: Point = (0.0, SIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A closed line in the square.

    Attributes
    ----------
    points : tuple of Point
        Its corners.
    """

    points: tuple[Point, ...]


def paths(gate: PlacedGate, frame: Frame) -> tuple[Path, ...]:
    """How a gate looks in a plot; empty where the plot does not show its dimensions."""
    labels = [axis.label for axis in gate.axes]
    shown = [frame.span(label) is not None for label in labels]
    match gate.shape:
        case Box() as box if any(shown):
            return (_rectangle(*_sides(box, labels, frame)),)
        case Ranges(kept=kept) if all(shown):
            return tuple(_rectangle(*_across(frame, labels[0], (low, high))) for low, high in kept)
        case Polygon(vertices=vertices) if all(shown):
            return within(_placed(vertices, labels, frame))
        case Ellipse() as ellipse if len(labels) == 2 and all(shown):
            return within(_placed(_round(ellipse), labels, frame))
    return ()


def grips(gate: PlacedGate, frame: Frame) -> tuple[Grip, ...]:
    """What of a gate can be dragged to another place, apart from its inside."""
    labels = [axis.label for axis in gate.axes]
    if not paths(gate, frame):
        return ()
    match gate.shape:
        case Box() as box:
            return tuple(_box_grips(box, labels, frame))
        case Ranges(kept=kept):
            return tuple(_range_grips(kept, labels[0], frame))
        case Polygon(vertices=vertices):
            return tuple(_point_grips(_placed(vertices, labels, frame)))
        case Ellipse() as ellipse:
            return tuple(_point_grips(_placed(_ends(ellipse), labels, frame)))
    return ()


def grip_at(gate: PlacedGate, frame: Frame, mouse: Point, reach: float) -> Grip | None:
    """What of a gate lies under the mouse.

    Parameters
    ----------
    gate : PlacedGate
        The gate.
    frame : Frame
        The plot.
    mouse : Point
        In the square.
    reach : float
        How far the mouse may be off, in units of the square.

    Returns
    -------
    Grip or None
        The nearest corner or vertex, else the nearest edge, else the inside.
    """
    all_grips = grips(gate, frame)
    points = [one for one in all_grips if one.kind in {"vertex", "corner"}]
    near = min(points, key=lambda one: _apart(one.at, mouse), default=None)
    if near is not None and _apart(near.at, mouse) <= reach:
        return near
    edges = [_on_edge(one, frame, mouse) for one in all_grips if one.kind == "edge"]
    edge = min(edges, key=lambda one: _apart(one.at, mouse), default=None)
    if edge is not None and _apart(edge.at, mouse) <= reach:
        return edge
    if any(_inside(path, mouse) for path in paths(gate, frame)):
        return Grip(kind="inside", at=mouse)
    return None


def dragged(gate: PlacedGate, frame: Frame, grip: Grip, mouse: Point) -> Outline:
    """What a gate becomes when a grip is dragged to the mouse.

    Parameters
    ----------
    gate : PlacedGate
        As it is.
    frame : Frame
        The plot.
    grip : Grip
        From `grip_at`.
    mouse : Point
        Where it is now.
    """
    labels = [axis.label for axis in gate.axes]
    by = (mouse[0] - grip.at[0], mouse[1] - grip.at[1])
    match gate.shape:
        case Box() as box:
            return _box_dragged(box, labels, frame, grip, by)
        case Ranges(kept=kept):
            span = _span(frame, labels[0])
            which = 0 if span is frame.x else 1
            return _ranges_dragged(kept, span, grip, grip.at[which] + by[which])
        case Polygon(vertices=vertices):
            points = _placed(vertices, labels, frame)
            moved = _points_dragged(points, grip, by)
            return Polygon(vertices=tuple(_back(moved, points, vertices, labels, frame)))
        case Ellipse() as ellipse:
            return _ellipse_dragged(ellipse, labels, frame, grip, by)
    msg = f"gate {gate.name!r} has no outline"
    raise TypeError(msg)


def with_vertex(gate: PlacedGate, frame: Frame, mouse: Point, reach: float) -> Polygon | None:
    """A polygon with one more vertex where the mouse is on its line; None where it is not."""
    if not isinstance(gate.shape, Polygon):
        return None
    labels = [axis.label for axis in gate.axes]
    vertices = gate.shape.vertices
    points = _placed(vertices, labels, frame)
    for at, (start, end) in enumerate(zip(points, [*points[1:], points[0]], strict=True)):
        if _apart(_nearest(start, end, mouse), mouse) <= reach:
            new = tuple(_values([mouse], labels, frame))
            return Polygon(vertices=(*vertices[: at + 1], *new, *vertices[at + 1 :]))
    return None


def without_vertex(gate: PlacedGate, grip: Grip) -> Polygon | None:
    """A polygon with one vertex less; None where three are left."""
    if not isinstance(gate.shape, Polygon) or grip.kind != "vertex":
        return None
    vertices = gate.shape.vertices
    if len(vertices) <= 3:
        return None
    return Polygon(vertices=(*vertices[: grip.index], *vertices[grip.index + 1 :]))


def polygon_of(points: Sequence[Point], labels: Sequence[str], frame: Frame) -> Polygon:
    """A polygon that was drawn in a plot, on the scale of the gates."""
    return Polygon(vertices=tuple(_values(points, labels, frame)))


# --- boxes ------------------------------------------------------------------------------------
Side = tuple[float | None, float | None]


def _sides(box: Box, labels: Sequence[str], frame: Frame) -> tuple[Point, Point]:
    """Ends of a box to the right and upwards, in the square; an open side lies on the frame."""
    found = dict(zip(labels, box.bounds, strict=True))
    x, y = (
        _ends_of(span, found.get(span.label, (None, None)) if span.axis else (None, None))
        for span in (frame.x, frame.y)
    )
    return x, y


def _ends_of(span: Span, side: Side) -> Point:
    low, high = side
    return (
        0.0 if low is None else _seen(span, low),
        SIDE if high is None else _seen(span, high),
    )


def _rectangle(x: Point, y: Point) -> Path:
    return Path(points=((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])))


def _box_grips(box: Box, labels: Sequence[str], frame: Frame) -> Iterator[Grip]:
    found = dict(zip(labels, box.bounds, strict=True))
    x, y = _sides(box, labels, frame)
    closed: list[list[tuple[str, str, float]]] = []
    for span, ends in ((frame.x, x), (frame.y, y)):
        side = found.get(span.label, (None, None)) if span.axis else (None, None)
        closed.append([
            (span.label, end, at)
            for end, bound, at in zip(("low", "high"), side, ends, strict=True)
            if bound is not None
        ])  # fmt: skip
    for (x_label, x_end, x_at), (y_label, y_end, y_at) in product(*closed):
        yield Grip(kind="corner", at=(x_at, y_at), edges=((x_label, x_end), (y_label, y_end)))
    for label, end, at in closed[0]:
        yield Grip(kind="edge", at=(at, (y[0] + y[1]) / 2), edges=((label, end),), along=y)
    for label, end, at in closed[1]:
        yield Grip(kind="edge", at=((x[0] + x[1]) / 2, at), edges=((label, end),), along=x)


def _box_dragged(box: Box, labels: Sequence[str], frame: Frame, grip: Grip, by: Point) -> Box:
    sides = []
    for label, side in zip(labels, box.bounds, strict=True):
        span = frame.span(label)
        which = 0 if span is frame.x else 1
        held = [end for name, end in grip.edges if name == label]
        if span is None or not by[which]:
            sides.append(side)
        elif grip.kind == "inside":
            sides.append(_shifted(span, side, by[which]))
        else:
            to = grip.at[which] + by[which]
            low, high = side
            new_low = _edge(span, low, to, most=high) if "low" in held else low
            new_high = _edge(span, high, to, least=low) if "high" in held else high
            sides.append((new_low, new_high))
    return Box(bounds=tuple(sides))


def _edge(
    span: Span,
    bound: float | None,
    to: float,
    *,
    least: float | None = None,
    most: float | None = None,
) -> float | None:
    """An edge that is dragged to a place; it stops at the frame and before the other edge."""
    if bound is None:
        return None
    start = _seen(span, bound)
    to = float(np.clip(to, 0, SIDE))
    if most is not None:
        to = min(to, max(span.to_plot(most) - _GAP, start))
    if least is not None:
        to = max(to, min(span.to_plot(least) + _GAP, start))
    return bound if to == start else span.from_plot(to)


def _shifted(span: Span, side: Side, away: float) -> Side:
    """Both ends of a side, moved alike as far as the frame allows."""
    places = [span.to_plot(end) for end in side if end is not None]
    by = _allowed(places, away)
    if not by:
        return side
    low, high = (None if end is None else span.from_plot(span.to_plot(end) + by) for end in side)
    return low, high


def _allowed(places: Sequence[float], away: float) -> float:
    """How far places can go together until one of them would leave the frame."""
    for place in places:
        away = float(np.clip(away, min(-place, 0.0), max(SIDE - place, 0.0)))
    return away


def _seen(span: Span, value: float) -> float:
    """Where an edge is drawn: on the frame, where it lies outside."""
    return float(np.clip(span.to_plot(value), 0, SIDE))


# --- ranges -----------------------------------------------------------------------------------
def _across(frame: Frame, label: str, side: Point) -> tuple[Point, Point]:
    span = _span(frame, label)
    ends = _ends_of(span, side)
    return (ends, (0.0, SIDE)) if span is frame.x else ((0.0, SIDE), ends)


def _range_grips(kept: Sequence[Point], label: str, frame: Frame) -> Iterator[Grip]:
    span, middle = _span(frame, label), SIDE / 2
    for index, side in enumerate(kept):
        for end, at in zip(("low", "high"), _ends_of(span, side), strict=True):
            place = (at, middle) if span is frame.x else (middle, at)
            yield Grip(kind="edge", at=place, index=index, edges=((label, end),))


def _ranges_dragged(kept: Sequence[Point], span: Span, grip: Grip, to: float) -> Ranges:
    if grip.kind != "edge":
        return Ranges(kept=tuple(kept))
    ((_, end),) = grip.edges
    index, (low, high) = grip.index, kept[grip.index]
    if end == "low":
        before = kept[index - 1][1] if index else None
        low = _edge(span, low, to, least=before, most=high) or 0.0
    else:
        after = kept[index + 1][0] if index + 1 < len(kept) else None
        high = _edge(span, high, to, least=low, most=after) or 0.0
    return Ranges(kept=tuple((low, high) if at == index else one for at, one in enumerate(kept)))


# --- polygons ---------------------------------------------------------------------------------
def _point_grips(points: Sequence[Point]) -> Iterator[Grip]:
    """A grip for each point, on the frame where the point lies outside."""
    for index, (x, y) in enumerate(points):
        at = (float(np.clip(x, 0, SIDE)), float(np.clip(y, 0, SIDE)))
        yield Grip(kind="vertex", at=at, index=index)


def _points_dragged(points: Sequence[Point], grip: Grip, by: Point) -> list[Point]:
    if grip.kind == "inside":
        x, y = (_allowed([point[at] for point in points], by[at]) for at in (0, 1))
        return [(point[0] + x, point[1] + y) for point in points]
    held = points[grip.index]
    to = [
        float(np.clip(seen + away, 0, SIDE)) if away else stood
        for seen, away, stood in zip(grip.at, by, held, strict=True)
    ]
    return [(to[0], to[1]) if at == grip.index else one for at, one in enumerate(points)]


def within(points: Sequence[Point]) -> tuple[Path, ...]:
    """The part of a closed line that lies in the frame (Sutherland and Hodgman, 1974)."""
    kept = list(points)
    for at in (0, 1):
        for border, sign in ((0.0, 1.0), (SIDE, -1.0)):
            kept = list(_cut(kept, at, border, sign))
    return (Path(points=tuple(kept)),) if len(kept) > 2 else ()


def _cut(points: Sequence[Point], at: int, border: float, sign: float) -> Iterator[Point]:
    """A closed line without what lies beyond one side of the frame."""
    for start, end in zip(points, [*points[1:], *points[:1]], strict=True):
        depths = [sign * (point[at] - border) for point in (start, end)]
        if depths[0] >= 0:
            yield start
        if depths[0] * depths[1] < 0:
            share = depths[0] / (depths[0] - depths[1])
            x, y = (one + share * (other - one) for one, other in zip(start, end, strict=True))
            yield (border, y) if at == 0 else (x, border)


# --- ellipses ---------------------------------------------------------------------------------
def _axes_of(ellipse: Ellipse) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the two half axes, and their directions as columns."""
    lengths, directions = np.linalg.eigh(np.array(ellipse.covariance))
    return np.sqrt(np.maximum(lengths, 0) * ellipse.distance_square), directions


def _round(ellipse: Ellipse) -> list[Point]:
    lengths, directions = _axes_of(ellipse)
    turn = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
    circle = np.array([np.cos(turn) * lengths[0], np.sin(turn) * lengths[1]])
    found = (directions @ circle).T + np.array(ellipse.mean)
    return [(float(x), float(y)) for x, y in found]


def _ends(ellipse: Ellipse) -> list[Point]:
    lengths, directions = _axes_of(ellipse)
    centre = np.array(ellipse.mean)
    found = [centre + sign * lengths[at] * directions[:, at] for at in range(2) for sign in (1, -1)]
    return [(float(x), float(y)) for x, y in found]


def _ellipse_dragged(
    ellipse: Ellipse, labels: Sequence[str], frame: Frame, grip: Grip, by: Point
) -> Ellipse:
    if grip.kind == "inside":
        (centre,) = _placed([(ellipse.mean[0], ellipse.mean[1])], labels, frame)
        (mean,) = _values([(centre[0] + by[0], centre[1] + by[1])], labels, frame)
        return replace(ellipse, mean=mean)
    (end,) = _values([(grip.at[0] + by[0], grip.at[1] + by[1])], labels, frame)
    lengths, directions = _axes_of(ellipse)
    which = grip.index // 2
    along = float(np.abs(directions[:, which] @ (np.array(end) - np.array(ellipse.mean))))
    spread = lengths.copy()
    spread[which] = max(along, 1e-6)
    covariance = directions @ np.diag(spread**2 / ellipse.distance_square) @ directions.T
    covariance = (covariance + covariance.T) / 2  # FlowKit asks for symmetry to the last bit
    return replace(
        ellipse, covariance=tuple(tuple(float(one) for one in row) for row in covariance)
    )


# --- places -----------------------------------------------------------------------------------
def _span(frame: Frame, label: str) -> Span:
    span = frame.span(label)
    if span is None:
        msg = f"the plot does not show {label!r}"
        raise ValueError(msg)
    return span


def _placed(vertices: Sequence[Point], labels: Sequence[str], frame: Frame) -> list[Point]:
    """Places in the square of points on the scale of a gate."""
    first, second = (_span(frame, label) for label in labels)
    found = [(first.to_plot(one), second.to_plot(other)) for one, other in vertices]
    return found if first is frame.x else [(x, y) for y, x in found]


def _values(points: Sequence[Point], labels: Sequence[str], frame: Frame) -> Iterator[Point]:
    """Points of the square on the scale of a gate."""
    first, second = (_span(frame, label) for label in labels)
    for x, y in points:
        one, other = (x, y) if first is frame.x else (y, x)
        yield first.from_plot(one), second.from_plot(other)


def _back(
    moved: Sequence[Point],
    points: Sequence[Point],
    vertices: Sequence[Point],
    labels: Sequence[str],
    frame: Frame,
) -> Iterator[Point]:
    """Vertices after a drag; a number that was not touched is the very one from before."""
    is_turned = _span(frame, labels[0]) is not frame.x
    for point, before, vertex in zip(moved, points, vertices, strict=True):
        stays = [now == was for now, was in zip(point, before, strict=True)]
        (new,) = _values([point], labels, frame)
        first, second = reversed(stays) if is_turned else stays
        yield (vertex[0] if first else new[0], vertex[1] if second else new[1])


def _on_edge(grip: Grip, frame: Frame, mouse: Point) -> Grip:
    """An edge, taken where the mouse is."""
    ((label, _),) = grip.edges
    low, high = grip.along
    if frame.span(label) is frame.x:
        return replace(grip, at=(grip.at[0], min(max(mouse[1], low), high)))
    return replace(grip, at=(min(max(mouse[0], low), high), grip.at[1]))


def _apart(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _nearest(start: Point, end: Point, mouse: Point) -> Point:
    """The point of a line nearest to the mouse."""
    along = (end[0] - start[0], end[1] - start[1])
    length = along[0] ** 2 + along[1] ** 2
    away = (mouse[0] - start[0]) * along[0] + (mouse[1] - start[1]) * along[1]
    share = min(max(away / length, 0.0), 1.0) if length else 0.0
    return start[0] + share * along[0], start[1] + share * along[1]


def _inside(path: Path, mouse: Point) -> bool:
    """Whether the mouse is inside a closed line, by parity."""
    x, y = mouse
    points, odd = path.points, False
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd
