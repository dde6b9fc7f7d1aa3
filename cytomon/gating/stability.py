"""How much a count owes to where its boundaries came to stand.

Every boundary that was read off reference cells would stand a little elsewhere had other cells of
the same tube been acquired, and so would the clouds of an envelope. A count is taken anew with all
of them jittered within that uncertainty, many times, on the few events that could change sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cytomon.gating.adjust import CALLED
from cytomon.gating.bits import rows_of
from cytomon.gating.columns import Columns
from cytomon.gating.engine.answer import Engine
from cytomon.gating.engine.exact import exactly_inside
from cytomon.gating.envelope.design import on_axes
from cytomon.gating.envelope.mixture import State, share_of
from cytomon.gating.envelope.study import Fit, Rows, Study
from cytomon.gating.evaluate import evaluate
from cytomon.gating.part import only
from cytomon.model.gating import Boolean, Box, Envelope, PlacedGate, Placement, Score
from cytomon.model.tube import BoolArray, FloatArray

DRAWS = 60
_REACH = 4.0
"""An event further from every boundary, in standard deviations of that boundary, stays."""
_MOST_EVENTS = 4000
_POSSIBLE = 1e-3
_SEED = 20_230

Offsets = Mapping[str, tuple[tuple[float, float], ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jitter:
    """Counts of one gate under jittered boundaries.

    Attributes
    ----------
    counts : ndarray of int64, shape (n_draws,)
        What was counted; large counts are scaled up from a sample of the events.
    moving : int
        Boundaries that were jittered.
    """

    counts: np.ndarray[tuple[int], np.dtype[np.int64]]
    moving: int


def jittered(placement: Placement) -> tuple[str, ...]:
    """Gates whose counts are wanted under jittered boundaries: the blasts.

    Not where regions were drawn for them: what a person has put in or out does not lie where it
    does because of a boundary.
    """
    gates = {gate.name: gate for gate in placement.gates}
    name = placement.roles.get("blasts", "")
    if name not in gates or f"{name} {CALLED}" in gates:
        return ()
    return (name,)


def jitter(engine: Engine, placement: Placement, target: str, study: Study | None) -> Jitter:
    """Count a gate again and again with every data-driven boundary jittered.

    Parameters
    ----------
    engine : Engine
        Of the tube.
    placement : Placement
        Where the gates stand; `PlacedBound.jitter` says how surely.
    target : str
        Gate to be counted.
    study : Study or None
        The fit behind the target, where it is an envelope.

    Returns
    -------
    Jitter
        The same tube gives the same counts.
    """
    gates = only(placement, [target]).gates
    parent = next(gate.parent for gate in gates if gate.name == target)
    fit = study.fit if study is not None else None
    if study is not None and fit is None:
        return Jitter(counts=np.zeros(DRAWS, dtype=np.int64), moving=0)
    rows = _loose(engine, placement, gates, target, target if study is None else parent)
    if study is not None and fit is not None:
        rows = _possible(study, fit, rows, engine, gates[-1])
    shown = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MOST_EVENTS)).astype(np.int64)]
    weight = len(rows) / max(1, len(shown))
    part = engine.columns(shown)
    rng = np.random.default_rng(_SEED)
    counts = []
    for _ in range(DRAWS):
        members = _members(gates, part, dict(_drawn(gates, rng)))
        if study is None or fit is None:
            found = members[target]
        else:
            shaken = replace(fit, state=_shaken(fit, rng))
            found = members[parent] & (_leukaemic(study, shaken, part, gates[-1]) > 0.5)
        counts.append(round(weight * int(found.sum())))
    moving = sum(bound.jitter > 0 for gate in gates for bound in gate.bounds)
    return Jitter(counts=np.array(counts, dtype=np.int64), moving=moving)


def _loose(
    engine: Engine,
    placement: Placement,
    gates: tuple[PlacedGate, ...],
    target: str,
    wanted: str,
) -> Rows:
    """Events that some draw may let in."""
    offsets = _loosened(gates, target)
    loosened = tuple(
        _moved(gate, offsets[gate.name]) for gate in gates if not isinstance(gate.shape, Envelope)
    )
    answer = engine.ask(replace(placement, gates=loosened), {wanted})
    n_events = 8 * len(answer.bits[wanted])
    return rows_of(answer.bits[wanted], n_events)


def _possible(study: Study, fit: Fit, rows: Rows, engine: Engine, gate: PlacedGate) -> Rows:
    """Of some events those that may be leukaemic; most have been examined already."""
    examined = study.examination.rows
    others = np.setdiff1d(rows, examined, assume_unique=True)
    chances = _leukaemic(study, fit, engine.columns(others), gate)
    known = examined[study.chances > _POSSIBLE]
    return np.sort(
        np.concatenate([
            np.intersect1d(known, rows, assume_unique=True), others[chances > _POSSIBLE]
        ])
    )  # fmt: skip


def _leukaemic(study: Study, fit: Fit, columns: Columns, gate: PlacedGate) -> FloatArray:
    """Probability of each event to be one of those that the study calls leukaemic."""
    raw = np.array([columns.column(axis) for axis in gate.axes])
    values = on_axes(fit.question.axes, raw.reshape(len(gate.axes), len(columns)))
    return share_of(values, fit.design, fit.state, study.leukaemic)


def _operands(gate: PlacedGate) -> Iterator[tuple[str, bool]]:
    """Gates that a gate combines, and whether their outside is meant."""
    match gate.shape:
        case Boolean(every=every, some=some):
            yield from ((operand.gate, operand.complement) for operand in (*every, *some))
        case Score(terms=terms):
            yield from ((name, False) for name, _ in terms)


def _loosened(gates: tuple[PlacedGate, ...], target: str) -> Offsets:
    """Every boundary moved so far that no draw lets more events in."""
    outward = {target: {1.0}}
    for gate in reversed(gates):
        signs = outward.get(gate.name, set())
        outward.setdefault(gate.parent, set()).update(signs)
        for operand, complement in _operands(gate):
            flipped = {-sign for sign in signs} if complement ^ gate.complement else signs
            outward.setdefault(operand, set()).update(flipped)
    return {
        gate.name: tuple(
            # let in by one use and kept out by another: it stays where it is
            (-_REACH * sign * low, _REACH * sign * high)
            for low, high in _jitters(gate)
        )
        for gate in gates
        for sign in [sum(outward.get(gate.name, {1.0})) * (-1 if gate.complement else 1)]
    }


def _jitters(gate: PlacedGate) -> Iterator[tuple[float, float]]:
    """Uncertainty of the low and the high end on each axis of a box."""
    by_where = {bound.where: bound.jitter for bound in gate.bounds}
    if isinstance(gate.shape, Box):
        for axis in gate.axes:
            yield by_where.get(f"{axis.label} low", 0.0), by_where.get(f"{axis.label} high", 0.0)


def _drawn(
    gates: tuple[PlacedGate, ...], rng: np.random.Generator
) -> Iterator[tuple[str, tuple[tuple[float, float], ...]]]:
    for gate in gates:
        ends = tuple(_jitters(gate))
        if any(low or high for low, high in ends):
            yield (
                gate.name,
                tuple(
                    (low * float(rng.standard_normal()), high * float(rng.standard_normal()))
                    for low, high in ends
                ),
            )


def _members(
    gates: tuple[PlacedGate, ...], columns: Columns, offsets: Offsets
) -> dict[str, BoolArray]:
    members: dict[str, BoolArray] = {"": columns.finite()}
    for gate in gates:
        if isinstance(gate.shape, Envelope):
            continue
        moved = _moved(gate, offsets[gate.name]) if gate.name in offsets else gate
        members[gate.name] = evaluate(moved, columns, members, _decide)
    return members


def _decide(gate: PlacedGate, columns: Columns) -> BoolArray:
    found = exactly_inside(gate, columns)
    return ~found if gate.complement else found


def _moved(gate: PlacedGate, offsets: tuple[tuple[float, float], ...]) -> PlacedGate:
    if not isinstance(gate.shape, Box) or not offsets:
        return gate
    bounds = tuple(
        (None if low is None else low + by_low, None if high is None else high + by_high)
        for (low, high), (by_low, by_high) in zip(gate.shape.bounds, offsets, strict=True)
    )
    return replace(gate, shape=Box(bounds=bounds))


def _shaken(fit: Fit, rng: np.random.Generator) -> State:
    """Clouds where other cells of the same tube could have put them."""
    state = fit.state
    stage_events = fit.design.blend.T @ state.normal_events

    def moved(centre: FloatArray, spread: FloatArray, events: FloatArray) -> FloatArray:
        # a cloud without events is as unsure as its leash, about one spread
        sure = spread / np.sqrt(1.0 + events)[:, None]
        return np.asarray(centre + sure * rng.standard_normal(centre.shape))

    return replace(
        state,
        stage=moved(state.stage, state.stage_spread, stage_events),
        cluster=moved(state.cluster, state.cluster_spread, state.cluster_events),
        normal_events=rng.poisson(state.normal_events).astype(np.float64) + 0.5,
        cluster_events=rng.poisson(state.cluster_events).astype(np.float64),
    )
