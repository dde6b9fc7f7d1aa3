"""Gates made ready for a tube, and decided on a sheet of its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cytomon.gating.engine.bounds import Cut, Reach, cuts, reach
from cytomon.gating.engine.exact import exactly_inside
from cytomon.gating.engine.outlines import judge_points
from cytomon.gating.engine.raster import CLOSE, INSIDE, Raster, extent, make_raster
from cytomon.gating.engine.sheet import Rows, Sheet
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Box, Ellipse, PlacedGate, Polygon, Ranges, Scale
from cytomon.model.tube import BoolArray, FloatArray

_NEAR = 1e-8
"""On the scale: closer than this to an outline FlowKit decides."""


_DENSE = 0.5
"""From this share of a sheet on, all its events are decided and not the parent's alone."""

OpenEvents = list[tuple[str, int]]
"""Gate and event where FlowKit's own answer depends on what else is in the file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """A gate with geometry, made ready.

    Attributes
    ----------
    gate : PlacedGate
        As placed.
    cuts : tuple
        For each axis its lower and upper cut; None for an open side. Of a polygon or an ellipse
        those of its surroundings.
    reaches : tuple of Reach
        For each axis where its scale is known.
    raster : Raster or None
        Of a shape on two axes.
    exact : bool
        Whether FlowKit's arithmetic decides all of it.
    """

    gate: PlacedGate
    cuts: tuple[tuple[Cut | None, Cut | None], ...] = ()
    reaches: tuple[Reach, ...] = ()
    raster: Raster | None = None
    exact: bool = False


def make_ready(gates: Sequence[PlacedGate]) -> dict[str, Ready]:
    """Invert bounds and cut the surroundings of shapes into cells, once for a tube.

    Parameters
    ----------
    gates : sequence of PlacedGate
        With geometry.
    """
    known = [gate for gate in gates if not _needs_flowkit(gate)]
    sides = {gate.name: tuple(zip(gate.axes, _bounds(gate), strict=True)) for gate in known}
    cut = _cutter(side for of_gate in sides.values() for side in of_gate)
    ready = {gate.name: Ready(gate=gate, exact=True) for gate in gates}
    for gate in known:
        found = tuple((cut(axis, low), cut(axis, high)) for axis, (low, high) in sides[gate.name])
        raster = None
        if isinstance(gate.shape, Polygon | Ellipse) and len(gate.axes) == 2:
            raster = make_raster(gate.shape, gate.axes, found)
        reaches = tuple(one for axis in gate.axes if (one := reach(axis.scale)))
        ready[gate.name] = Ready(gate=gate, cuts=found, reaches=reaches, raster=raster)
    return ready


def _needs_flowkit(gate: PlacedGate) -> bool:
    if isinstance(gate.shape, Ranges) and (gate.axes[0].scale or gate.axes[0].matrix):
        return True
    if isinstance(gate.shape, Ellipse) and not _is_an_ellipse(gate.shape):
        return True
    return any(_is_odd_ratio(axis, gate) or reach(axis.scale) is None for axis in gate.axes)


def _is_odd_ratio(axis: Axis, gate: PlacedGate) -> bool:
    """A ratio of values as measured is the same number here; any other is not bounded by them."""
    plain = not axis.matrix and axis.scale is None and isinstance(gate.shape, Box)
    return axis.ratio is not None and not plain


def _is_an_ellipse(shape: Ellipse) -> bool:
    """A document may hold any matrix as covariance, and other surfaces have no extent."""
    covariance = np.array(shape.covariance)
    return bool(
        np.array_equal(covariance, covariance.T)
        and np.linalg.eigvalsh(covariance).min() > 0
        and shape.distance_square > 0
    )


def _bounds(gate: PlacedGate) -> Iterable[tuple[float | None, float | None]]:
    match gate.shape:
        case Box(bounds=bounds):
            return bounds
        case Polygon() | Ellipse() as shape:
            return [(float(low), float(high)) for low, high in zip(*extent(shape), strict=True)]
    return [(None, None)] * len(gate.axes)


def _cutter(
    sides: Iterable[tuple[Axis, tuple[float | None, float | None]]],
) -> Callable[[Axis, float | None], Cut | None]:
    """All cuts on one scale are found together."""
    wanted: dict[Scale | None, list[float]] = defaultdict(list)
    for axis, bounds in sides:
        wanted[axis.scale] += [bound for bound in bounds if bound is not None]
    found = {
        (scale, bound): cut
        for scale, bounds in wanted.items()
        for bound, cut in zip(bounds, cuts(scale, bounds), strict=True)
    }
    return lambda axis, bound: None if bound is None else found[axis.scale, bound]


def decide(
    ready: Ready, sheet: Sheet, rows: Rows | None, left_open: OpenEvents, first: int
) -> BoolArray:
    """Who is inside a gate's geometry, of some events of a sheet or of all.

    Parameters
    ----------
    ready : Ready
        From `make_ready`.
    sheet : Sheet
        A block of events.
    rows : ndarray of int or None
        Which of them; None for all.
    left_open : list of (str, int)
        Is added to: see `OpenEvents`.
    first : int
        Number of the sheet's first event in the tube.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
    """
    gate = ready.gate
    if ready.exact:
        found = _ask(gate, sheet, _every(sheet) if rows is None else rows, left_open, first)
        return ~found if gate.complement else found
    values = [
        sheet.linear(axis) if rows is None else sheet.linear(axis)[rows] for axis in gate.axes
    ]
    match gate.shape:
        case Ranges(kept=kept):
            found, close = np.zeros(len(values[0]), dtype=np.bool_), None
            for low, high in kept:
                found |= (values[0] >= low) & (values[0] < high)
        case Polygon() | Ellipse() as shape:
            found, close = _outlined(ready, shape, values, sheet)
        case _:
            found, close = _within(ready, values, sheet)
    if close is not None:
        asked = np.flatnonzero(close)
        places = asked if rows is None else rows[asked]
        found[asked] = _ask(gate, sheet, places, left_open, first)
    return ~found if gate.complement else found


def among(parent: BoolArray) -> Rows | None:
    """Rows to decide on: the parent's, or None for all where that is quicker."""
    return None if np.count_nonzero(parent) > _DENSE * len(parent) else np.flatnonzero(parent)


def members(
    ready: Ready,
    sheet: Sheet,
    parent: BoolArray,
    rows: Rows | None,
    left_open: OpenEvents,
    first: int = 0,
) -> BoolArray:
    """Who is inside a gate and its parent, of all events of a sheet.

    Parameters
    ----------
    ready, sheet, left_open, first
        As for `decide`.
    parent : ndarray of bool, shape (n_events,)
        Members of the parent.
    rows : ndarray of int or None
        Those of the parent, by `among`.
    """
    found = decide(ready, sheet, rows, left_open, first)
    if rows is None:
        return found & parent
    inside = np.zeros(len(parent), dtype=np.bool_)
    inside[rows[found]] = True
    return inside


def _every(sheet: Sheet) -> Rows:
    return np.arange(len(sheet))


def _ask(
    gate: PlacedGate, sheet: Sheet, rows: Rows, left_open: OpenEvents, first: int
) -> BoolArray:
    """FlowKit's own answer, whatever the gate's complement."""
    answer = exactly_inside(gate, sheet.exactly(rows))
    if any(axis.matrix for axis in gate.axes):
        unsure = np.flatnonzero(answer != exactly_inside(gate, sheet.alone(rows)))
        left_open += [(gate.name, first + int(row)) for row in rows[unsure]]
    return answer


def _within(
    ready: Ready, values: Sequence[FloatArray], sheet: Sheet
) -> tuple[BoolArray, BoolArray | None]:
    """Who is surely within all bounds, and who may be; None where nobody else may be."""
    sure = np.ones(len(values[0]), dtype=np.bool_)
    maybe: BoolArray | None = None
    sides_of = zip(ready.gate.axes, values, ready.cuts, ready.reaches, strict=True)
    for axis, column, (low, high), known in sides_of:
        error = sheet.error if axis.matrix else 0.0
        sides: list[tuple[BoolArray, BoolArray]] = []
        if low is not None:
            sides.append((column >= low.reached + error, column >= low.below - error))
        if high is not None:
            sides.append((column < high.below - error, column < high.reached + error))
        if low is None and high is not None and known.nothing_below:
            # what has no value on the scale is on neither side of a bound
            sides.append((column >= known.low + error, column >= known.low - error))
        if sheet.furthest > known.high:
            strange = (column < known.low) | (column > known.high)
            sides.append((~strange, np.ones_like(strange)))
        for surely, perhaps in sides:
            if maybe is not None or np.count_nonzero(surely) != np.count_nonzero(perhaps):
                maybe = (sure if maybe is None else maybe) & perhaps
            sure &= surely
    return sure, None if maybe is None else maybe & ~sure


def _outlined(
    ready: Ready, shape: Polygon | Ellipse, values: Sequence[FloatArray], sheet: Sheet
) -> tuple[BoolArray, BoolArray | None]:
    """As `_within`, for polygons and ellipses: by the raster, then point by point."""
    sure, close = _within(ready, values, sheet)
    near = np.flatnonzero(sure)
    found = np.zeros(len(sure), dtype=np.bool_)
    if ready.raster is not None:
        said = ready.raster.look_up(values[0][near], values[1][near])
        found[near] = said == INSIDE
        near = near[said == CLOSE]
    if not len(near):
        return found, close
    axes = ready.gate.axes
    points = np.column_stack(
        [to_scale(column[near], axis.scale) for axis, column in zip(axes, values, strict=True)]
    )
    slack = np.array([
        _NEAR * max(1.0, float(np.abs(points[:, i]).max(initial=0.0)))
        + (sheet.error * known.steepest if axis.matrix else 0.0)
        for i, (axis, known) in enumerate(zip(axes, ready.reaches, strict=True))
    ])  # fmt: skip
    answer, on_edge = judge_points(shape, points, slack)
    found[near] = answer
    if on_edge.any():
        close = np.zeros(len(sure), dtype=np.bool_) if close is None else close
        close[near[on_edge]] = True
    return found, close
