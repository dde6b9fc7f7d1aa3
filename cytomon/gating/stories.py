"""What the key plots of a tube show: a population, event by event, on what it is a fraction of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.gating.count import memberships
from cytomon.gating.source import Source, Table
from cytomon.gating.views import View
from cytomon.model.gating import Axis, Boolean, Box, Ellipse, Envelope, PlacedGate, Polygon, Score
from cytomon.model.results import TubeResult
from cytomon.model.tube import BoolArray, Tube

Views = tuple[View, View]

MOST_GATES = 2
"""Gates in one plot; as many as stay readable on three centimetres."""
MOST_OUTLINES, MOST_POINTS, MOST_NAME = 12, 200, 40
"""Lines of one kind in a plot, corners of each, and letters of a name."""
_FARTHEST = 1e7
_ROUND = 64
"""Corners of an ellipse."""
_MARGIN = 0.012
"""Of an open side from the frame, so that it shows as a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Key plots of one answer.

    Attributes
    ----------
    role, background : str
        Role of the population, and of what it is a fraction of.
    says : str
        Both in words.
    pairs : tuple of (str, str)
        Labels of the dimensions, the most telling first.
    doubt : str
        Role of events that may belong to the population; empty where there are none.
    beside : tuple of str
        Roles whose gates are shown too, after those that the population depends on.
    """

    role: str
    background: str
    says: str
    pairs: tuple[tuple[str, str], ...]
    doubt: str = ""
    beside: tuple[str, ...] = ()


STORIES = (
    Story(
        role="blasts",
        background="nucleated",
        says="blasts on nucleated cells",
        doubt="by_eye",
        beside=("lymphocytes",),
        pairs=(
            ("CD45", "SSC-A"),
            ("CD19", "CD10"),
            ("CD10", "CD38"),
            ("CD19", "CD22"),
            ("CD34", "CD45"),
            ("CD58", "CD66c+CD123"),
        ),
    ),
    Story(
        role="b_cells",
        background="lymphocytes",
        says="B cells on lymphocytes",
        beside=("lymphocytes", "b_mature", "b_precursors"),
        pairs=(
            ("CD45", "SSC-A"),
            ("CD19", "CD3"),
            ("CD19", "CD20"),
            ("CD19", "CD10"),
            ("CD10", "CD45"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A measured tube, ready to be drawn.

    Attributes
    ----------
    result : TubeResult
        What was measured.
    columns : Columns
        Every event, on the axes of the gates.
    members : mapping of str to ndarray of bool, shape (n_events,)
        Gate to its members; the empty name stands for all events that are finite.
    """

    result: TubeResult
    columns: Columns
    members: Mapping[str, BoolArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """The events of a story: those in front, those in doubt, and those behind them."""

    front: BoolArray
    doubt: BoolArray
    behind: BoolArray


def see(tube: Tube, result: TubeResult, source: Source) -> Seen:
    """Look at every event of a measured tube once, for all that is drawn of it.

    Parameters
    ----------
    tube : Tube
        For its channels.
    result : TubeResult
        Placed gates, and what was examined.
    source : Source
        Every event of the tube; all are held in memory.
    """
    events = source.whole()
    columns = Columns(events, tube.channels, result.placement.matrices)
    table = Table(events=events, channels=tube.channels)
    members = memberships(table, result.placement, examinations=result.examinations)
    return Seen(result=result, columns=columns, members={**members, "": columns.finite()})


def pairs_of(story: Story, seen: Seen) -> Iterator[tuple[Axis, Axis]]:
    """Pairs of dimensions that the gates of a tube have; none where it cannot tell the story."""
    placement = seen.result.placement
    if story.role not in placement.roles:
        return
    by_label = {axis.label: axis for gate in placement.gates for axis in gate.axes}
    for x, y in story.pairs:
        if x in by_label and y in by_label:
            yield by_label[x], by_label[y]


def shown(story: Story, seen: Seen) -> Shown:
    """The events of a story that a tube can tell."""
    members, roles = seen.members, seen.result.placement.roles
    front = members[roles[story.role]]
    doubt = members[roles[story.doubt]] if story.doubt in roles else np.zeros_like(front)
    return Shown(front=front, doubt=doubt, behind=members[roles.get(story.background, "")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A gate on both dimensions of a plot: its corners, in units of the axes."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A gate on one dimension of a plot, ``x`` or ``y``: where one of its sides stands."""

    name: str
    axis: str
    at: float


def gates_of(story: Story, seen: Seen) -> Iterator[PlacedGate]:
    """Gates that the population of a story depends on, the nearest first, and those beside it."""
    placement = seen.result.placement
    gates = {gate.name: gate for gate in placement.gates}
    known: set[str] = set()
    for role in (story.role, *story.beside):
        waiting = [placement.roles[role]] if role in placement.roles else []
        while waiting:
            near = [gates[name] for name in dict.fromkeys(waiting) if name not in known]
            known.update(gate.name for gate in near)
            yield from near
            waiting = [name for gate in near for name in _needs(gate) if name]


def _needs(gate: PlacedGate) -> Iterator[str]:
    yield gate.parent
    match gate.shape:
        case Boolean(every=every, some=some):
            yield from (operand.gate for operand in (*every, *some))
        case Score(terms=terms):
            yield from (name for name, _ in terms)
        case Envelope(of=of, lineage=lineage, immature=immature):
            yield from (*lineage, *immature, of)


def outlined(
    story: Story, seen: Seen, pair: tuple[Axis, Axis], views: Views
) -> tuple[tuple[Outline, ...], tuple[Threshold, ...]]:
    """What is drawn of the gates of a story on two dimensions: few, the nearest to its population.

    Parameters
    ----------
    story : Story
        One that the tube can tell.
    seen : Seen
        The tube.
    pair : (Axis, Axis)
        Dimensions of the plot.
    views : (View, View)
        What it reaches over.

    Returns
    -------
    tuple of Outline
        Of gates whose dimensions are exactly these two, in either order.
    tuple of Threshold
        Of gates on one of them, as far as there is room for more.
    """
    placement = seen.result.placement
    gates = tuple(gates_of(story, seen))
    areas = (
        Outline(name=_name(gate), points=points)
        for gate in gates
        if len(gate.axes) == 2 and set(gate.axes) == set(pair)
        if (points := _corners(gate, pair, views))
    )
    outlines = tuple(islice(areas, MOST_GATES))
    above = placement.path(placement.roles[story.role])
    lines = filter(None, _thresholds_on(gates, above, pair, views))
    return outlines, tuple(chain.from_iterable(islice(lines, MOST_GATES - len(outlines))))


def _corners(
    gate: PlacedGate, pair: tuple[Axis, Axis], views: Views
) -> tuple[tuple[float, float], ...]:
    """Corners within reason, x before y; none for a gate that has no outline."""
    turned = gate.axes != pair
    match gate.shape:
        case Box(bounds=bounds):
            own = views[::-1] if turned else views
            (x0, x1), (y0, y1) = (_closed(*one) for one in zip(bounds, own, strict=True))
            points = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        case Polygon(vertices=vertices):
            points = np.array(vertices)
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            turn = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
            half = np.linalg.cholesky(np.array(covariance)) * np.sqrt(square)
            points = np.array(mean) + np.column_stack([np.cos(turn), np.sin(turn)]) @ half.T
        case _:
            return ()
    if len(points) > MOST_POINTS or not (np.abs(points) <= _FARTHEST).all():
        return ()
    return tuple((float(x), float(y)) for x, y in (points[:, ::-1] if turned else points))


def _closed(side: tuple[float | None, float | None], limits: View) -> View:
    """A side of a box, its ends within the plot; the open ones just inside the frame."""
    margin = _MARGIN * (limits[1] - limits[0])
    low = limits[0] + margin if side[0] is None else max(side[0], limits[0])
    high = limits[1] - margin if side[1] is None else min(side[1], limits[1])
    return low, high


def _thresholds_on(
    gates: Sequence[PlacedGate], above: Collection[str], pair: tuple[Axis, Axis], views: Views
) -> Iterator[tuple[Threshold, ...]]:
    """Sides of the first gate on each dimension alone.

    Where none has that dimension alone, those of a gate above the population that has it among
    others: what lies on the wrong side of the line is no such event.
    """
    for side, axis, limits in zip(("x", "y"), pair, views, strict=True):
        alone = (gate for gate in gates if gate.axes == (axis,))
        among = (
            gate
            for gate in gates
            if gate.name in above and not gate.complement
            if axis in gate.axes and not set(pair) <= set(gate.axes)
        )
        each = (
            tuple(
                Threshold(name=_name(gate), axis=side, at=end)
                for end in _ends(gate, axis)
                if limits[0] < end < limits[1]
            )
            for gate in (*alone, *among)
        )
        yield next(filter(None, each), ())


def _ends(gate: PlacedGate, axis: Axis) -> Iterator[float]:
    if isinstance(gate.shape, Box):
        bounds = gate.shape.bounds[gate.axes.index(axis)]
        yield from (end for end in bounds if end is not None)


def _name(gate: PlacedGate) -> str:
    """What stands at its line: as in the gating strategy."""
    name = f"outside {gate.name}" if gate.complement else gate.name
    seen = "".join(one if one.isprintable() else "?" for one in name).strip() or "?"
    return seen if len(seen) <= MOST_NAME else f"{seen[: MOST_NAME - 1]}…"
