"""Gates find their place in one tube.

`place` walks the template in reading order. Each boundary is found by its method on the reference
population of this tube, held by its leash; where the method cannot answer, the template's start
stands in and a finding says why. The same tube and template always give the same placement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

import numpy as np

from cytomon.gating import remarks
from cytomon.gating.adjust import (
    Hands,
    adjusted,
    drawn_on,
    hands_of,
    refuse_unknown,
    say_adjusted,
)
from cytomon.gating.axes import Axes
from cytomon.gating.bounds import place_bound, place_ellipse
from cytomon.gating.fit import matrices_of, refuse_unfit
from cytomon.gating.lint import candidates, dimensions
from cytomon.gating.numbers_spec import Bound, Side
from cytomon.gating.sample import Sample
from cytomon.gating.schema import (
    BooleanGate,
    BoxGate,
    EllipseGate,
    EllipsoidGate,
    EnvelopeGate,
    GateSpec,
    PolygonGate,
    QuadrantGate,
    ScoreGate,
    TemplateSpec,
    TimeGate,
)
from cytomon.gating.steady import clock, steady_ranges
from cytomon.gating.tailor import tailor
from cytomon.gating.template import Template
from cytomon.model.adjustment import Adjustment
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Envelope,
    Operand,
    PlacedBound,
    PlacedGate,
    Placement,
    Polygon,
    Ranges,
    Score,
    Shape,
)
from cytomon.model.normal import Reference
from cytomon.model.tube import BoolArray, FloatArray, Panel, Tube

Story = tuple[PlacedBound, ...]


def place(
    template: Template,
    tube: Tube,
    panel: Panel,
    events: FloatArray,
    adjustments: Sequence[Adjustment] = (),
) -> Placement:
    """Place every gate of a template in a tube.

    Parameters
    ----------
    template : Template
        What to place.
    tube : Tube
        Its channels and its matrix.
    panel : Panel
        Which detector carries which marker.
    events : ndarray of float64, shape (n_sample, n_channels)
        The tube's events, or a sample of them (`cytomon.gating.source.evenly`).
    adjustments : sequence of Adjustment, optional
        What a person changed, in order; gates that take their place from a changed one follow it.

    Returns
    -------
    Placement

    Raises
    ------
    GatingError
        If the template compensates and the tube carries no usable spillover matrix, or a named
        dimension asks for a detector that is not there; if a gate was adjusted that is not there,
        or an outline does not fit its gate.
    """
    spec, hands = template.spec, hands_of(adjustments)
    refuse_unfit(template, tube, panel)
    matrices = matrices_of(spec, tube)
    tailored = tailor(spec, set(panel.columns), where=tube.name)
    axes = Axes(spec, tube, panel)
    asked_for = (*_asked_for(tailored.gates, axes), *drawn_on(hands, axes))
    sample = Sample(events, tube.channels, matrices, asked_for)
    desk = _Desk(axes, sample, tailored.stands_for, template.references, hands)
    for gate in tailored.gates:
        desk.put(gate)
    refuse_unknown(hands, (gate.name for gate in desk.gates), tube.name)
    roles = dict(_roles(spec, {gate.name for gate in desk.gates}))
    return Placement(
        template=template.name,
        version=spec.version,
        sha256=template.sha256,
        gates=tuple(desk.gates),
        roles=roles,
        matrices=matrices,
        findings=(
            *tailored.findings,
            *say_adjusted(hands, tube.name),
            *remarks.stand_ins(spec, roles, tube.name),
            *(remarks.not_judged(tube.name) for _ in range(desk.runs_not_judged)),
            *axes.unusual_ranges(),
            *remarks.uncompensated(axes, tube.name),
            *remarks.moved_badly(desk.gates, tube.name),
            *remarks.fixed(desk.gates, tube.name),
        ),
    )


def _roles(spec: TemplateSpec, gates: Set[str]) -> Iterator[tuple[str, str]]:
    for role, names in spec.roles.items():
        present = [name for name in candidates(names) if name in gates]
        if present:
            yield role, present[0]


def _asked_for(gates: Sequence[GateSpec], axes: Axes) -> Iterator[Axis]:
    yield from (axes[name] for gate in gates for name in dimensions(gate))
    if any(isinstance(gate, TimeGate) for gate in gates):
        yield from (axes[name] for name in axes.markers())


class _Desk:
    """What has been placed so far."""

    def __init__(
        self,
        axes: Axes,
        sample: Sample,
        stands_for: Mapping[str, str],
        references: Mapping[str, Reference],
        hands: Hands,
    ) -> None:
        self._axes, self._sample, self._stands_for = axes, sample, stands_for
        self._references, self._hands = references, hands
        self.gates: list[PlacedGate] = []
        self.runs_not_judged = 0

    def put(self, gate: GateSpec) -> None:
        """Place one gate of the template; a quadrant gate makes four."""
        for placed in self._placed(gate):
            drawn = self._hands.regions.get(placed.name, ())
            axes = {label: self._axes[label] for one in drawn for label in one.on}
            for one in adjusted(placed, self._hands, axes):
                self.gates.append(one)
                self._sample.add(one)

    def _placed(self, gate: GateSpec) -> Iterator[PlacedGate]:
        match gate:
            case QuadrantGate():
                yield from self._quadrants(gate)
            case EnvelopeGate():
                yield from self._envelope(gate)
            case BooleanGate() | ScoreGate():
                yield self._gate(gate, (), _combination(gate), ())
            case TimeGate():
                yield self._gate(gate, ("Time",), self._steady(gate), ())
            case BoxGate(bounds=bounds):
                yield self._gate(gate, tuple(bounds), *self._box(gate))
            case PolygonGate(on=on):
                yield self._gate(gate, on, *self._polygon(gate))
            case EllipseGate() | EllipsoidGate():
                yield self._gate(gate, gate.on, *self._ellipse(gate))

    def _gate(self, gate: GateSpec, on: Sequence[str], shape: Shape, bounds: Story) -> PlacedGate:
        return PlacedGate(
            name=gate.name,
            parent=gate.parent,
            shape=shape,
            axes=tuple(self._axes[name] for name in on),
            complement=bool(getattr(gate, "complement", False)),
            bounds=bounds,
        )

    def _box(self, gate: BoxGate) -> tuple[Box, Story]:
        sides: list[tuple[float | None, float | None]] = []
        stories: list[PlacedBound] = []
        for name, side in gate.bounds.items():
            low = self._end(side.low, name, "low", gate.parent)
            high = self._end(side.high, name, "high", gate.parent)
            sides.append((low.value if low else None, high.value if high else None))
            stories += [story for story in (low, high) if story]
        return Box(bounds=tuple(sides)), tuple(stories)

    def _end(
        self, number: Bound | float | None, name: str, end: str, parent: str
    ) -> PlacedBound | None:
        if number is None:
            return None
        if not isinstance(number, Bound) or number.by == "fixed":
            return place_bound(number, np.empty(0), where=f"{name} {end}", of="")
        of = self._stands_for[number.of] if number.of else parent
        values = self._reference(of, (name,))[:, 0]
        return place_bound(number, values, where=f"{name} {end}", of=of)

    def _polygon(self, gate: PolygonGate) -> tuple[Polygon, Story]:
        if gate.anchor is None:
            return Polygon(vertices=gate.vertices), ()
        story = self._end(gate.anchor.bound, gate.anchor.on, "anchor", gate.parent)
        moved = story.value - story.start if story else 0.0
        dx, dy = (moved, 0.0) if gate.on[0] == gate.anchor.on else (0.0, moved)
        vertices = tuple((x + dx, y + dy) for x, y in gate.vertices)
        return Polygon(vertices=vertices), (story,) if story else ()

    def _ellipse(self, gate: EllipseGate | EllipsoidGate) -> tuple[Ellipse, Story]:
        if isinstance(gate, EllipseGate):
            return place_ellipse(gate, self._reference(self._stands_for[gate.of], gate.on))
        square = gate.distance_square
        return Ellipse(mean=gate.mean, covariance=gate.covariance, distance_square=square), ()

    def _quadrants(self, gate: QuadrantGate) -> Iterator[PlacedGate]:
        names = tuple(gate.dividers)
        found = [self._end(gate.dividers[n], n, "divider", gate.parent) for n in names]
        story = tuple(one for one in found if one)
        below = [(None, one.value) for one in story]
        above = [(one.value, None) for one in story]
        corners = (
            (below[0], below[1]),
            (above[0], below[1]),
            (below[0], above[1]),
            (above[0], above[1]),
        )
        for name, corner in zip(gate.names, corners, strict=True):
            part = gate.model_copy(update={"name": name})
            yield self._gate(part, names, Box(bounds=corner), story)

    def _envelope(self, gate: EnvelopeGate) -> Iterator[PlacedGate]:
        reference = self._references[gate.reference]
        axes = tuple(self._axes[name] for name in reference.axes if name in self._axes)
        for name, holds in gate.populations.items():
            shape = Envelope(
                study=gate.name,
                reference=reference,
                holds=holds,
                of=gate.of,
                lineage=gate.lineage,
                immature=gate.immature,
            )
            yield PlacedGate(name=name, parent=gate.parent, shape=shape, axes=axes)

    def _reference(self, name: str, dimensions: Sequence[str]) -> FloatArray:
        rows = self._sample.rows(name)
        values = [self._sample.column(self._axes[dimension], rows) for dimension in dimensions]
        table = np.column_stack(values)
        return np.asarray(table[np.isfinite(table).all(axis=1)], dtype=np.float64)

    def _steady(self, gate: TimeGate) -> Ranges:
        members, rows = self._sample.members(gate.parent), self._sample.rows(gate.parent)
        for name, side in gate.steady.items():
            rows = rows[_within(self._sample.column(self._axes[name], rows), side)]
        reference = np.zeros_like(members)
        reference[rows] = True
        signals = [self._sample.column(self._axes[name], rows) for name in self._axes.markers()]
        time = self._sample.column(self._axes["Time"])
        edges = clock(time, members)
        self.runs_not_judged += edges is None
        return Ranges(kept=steady_ranges(time, edges, members, reference, signals))


def _within(values: FloatArray, side: Side) -> BoolArray:
    low, high = (end.start if isinstance(end, Bound) else end for end in (side.low, side.high))
    inside_low = values >= (-np.inf if low is None else low)
    return np.asarray(inside_low & (values < (np.inf if high is None else high)), dtype=np.bool_)


def _combination(gate: BooleanGate | ScoreGate) -> Boolean | Score:
    if isinstance(gate, ScoreGate):
        return Score(terms=tuple(gate.terms.items()), at_least=gate.at_least)
    return Boolean(
        every=(
            *(Operand(gate=name) for name in gate.all),
            *(Operand(gate=name, complement=True) for name in gate.none),
        ),
        some=tuple(Operand(gate=name) for name in gate.any),
    )
