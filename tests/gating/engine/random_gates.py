"""Gates drawn at random over the events of a tube, with ties placed on purpose."""

from __future__ import annotations

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Operand,
    PlacedGate,
    Placement,
    Polygon,
    Scale,
    Shape,
)
from cytomon.model.tube import Channel, Spillover

SCALES = (
    None,
    Scale(kind="logicle", t=262_144.0, m=4.5, w=0.5),
    Scale(kind="logicle", t=262_144.0, m=5.0, w=1.2, a=0.3),
    Scale(kind="asinh", t=254.757, m=0.564583),
    Scale(kind="asinh", t=262_144.0, m=4.0, a=1.0),
    Scale(kind="hyperlog", t=262_144.0, m=4.5, w=0.5),
    Scale(kind="linear", t=262_144.0, a=100.0),
    Scale(kind="log", t=262_144.0, m=4.5),
    Scale(kind="biex", t=262_144.0, m=4.418539922, w=-100.0),
    Scale(kind="biex", t=262_144.000029, m=4.41854, w=-10.0, a=0.5),
    Scale(kind="flowjo_log", t=26.2, m=4.0),
)


class Draw:
    """Draws placements for one tube; half of all numbers are the very value of an event."""

    def __init__(
        self,
        events: np.ndarray,
        channels: tuple[Channel, ...],
        spillover: Spillover,
        seed: int,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.matrices = {"tube": spillover}
        self.columns = Columns(events, channels, self.matrices)
        self.names = [channel.pnn for channel in channels]
        self.stained = set(spillover.detectors)
        self.ties = 0

    def placement(self, n_gates: int) -> Placement:
        """A tree of so many gates, the last quarter of them booleans."""
        gates: list[PlacedGate] = []
        for number in range(n_gates):
            name = f"g{number}"
            parent = str(self.rng.choice(["", *(gate.name for gate in gates[-6:])]))
            if number > 0.75 * n_gates:
                shape, axes = self._logic(gates), ()
            else:
                shape, axes = self._shape()
            complement = bool(self.rng.random() < 0.15)
            gates.append(
                PlacedGate(name=name, parent=parent, shape=shape, axes=axes, complement=complement)
            )
        return Placement(
            template="t", version="", sha256="", gates=tuple(gates), matrices=self.matrices
        )

    def _shape(self) -> tuple[Shape, tuple[Axis, ...]]:
        kind = self.rng.choice(["box", "polygon", "ellipse", "solid"], p=[0.45, 0.35, 0.15, 0.05])
        if kind == "box":
            axes = self._axes(int(self.rng.integers(1, 4)), alike=False)
            return Box(bounds=tuple(map(self._side, axes))), axes
        if kind == "polygon":
            axes = self._axes(2, alike=True)
            return Polygon(vertices=self._vertices(axes)), axes
        axes = self._axes(2 if kind == "ellipse" else 3, alike=True)
        return self._ellipse(axes), axes

    def _axes(self, n: int, *, alike: bool) -> tuple[Axis, ...]:
        """FlowKit takes one matrix for a gate, and cannot mix compensated with raw values."""
        compensated = bool(self.rng.random() < 0.7)
        names = sorted(self.stained) if compensated else self.names
        chosen = self.rng.choice(names, n, replace=False)
        scale = SCALES[int(self.rng.integers(len(SCALES)))]
        return tuple(
            Axis(
                channel=str(name),
                label=str(name),
                matrix="tube" if compensated else "",
                scale=scale if alike else SCALES[int(self.rng.integers(len(SCALES)))],
            )
            for name in chosen
        )

    def _value(self, axis: Axis) -> float:
        """A value that events have; half of the time that of one of them, to the last bit."""
        values = self.columns.column(axis)
        values = values[np.isfinite(values)]
        value = float(values[self.rng.integers(len(values))])
        if self.rng.random() < 0.5:
            self.ties += 1
            return value
        return value + 0.01 * float(self.rng.standard_normal()) * float(values.std())

    def _side(self, axis: Axis) -> tuple[float | None, float | None]:
        low, high = sorted([self._value(axis), self._value(axis)])
        side = self.rng.choice(["low", "high", "both"])
        return (None if side == "high" else low, None if side == "low" else high)

    def _vertices(self, axes: tuple[Axis, ...]) -> tuple[tuple[float, float], ...]:
        """Corners at events, sides along events, or anything."""
        n = int(self.rng.integers(3, 9))
        kind = self.rng.choice(["corners", "sides", "any"])
        if kind == "corners":
            points = np.column_stack([self.columns.column(axis) for axis in axes])
            points = points[np.isfinite(points).all(axis=1)]
            self.ties += n
            return tuple(map(tuple, points[self.rng.integers(len(points), size=n)].tolist()))
        (left, right), (low, high) = (
            sorted([self._value(axis), self._value(axis)]) for axis in axes
        )
        if kind == "sides":
            return ((left, low), (left, high), (right, high), (right, low))
        return tuple((self._value(axes[0]), self._value(axes[1])) for _ in range(n))

    def _ellipse(self, axes: tuple[Axis, ...]) -> Ellipse:
        mean = tuple(self._value(axis) for axis in axes)
        spreads = []
        for axis in axes:
            values = self.columns.column(axis)
            spreads.append(float(values[np.isfinite(values)].std()) or 1.0)
        mixed = self.rng.standard_normal((len(axes), len(axes))) + 1.5 * np.eye(len(axes))
        covariance = np.outer(spreads, spreads) * (mixed @ mixed.T) * 0.2
        covariance = (covariance + covariance.T) / 2
        return Ellipse(
            mean=mean,
            covariance=tuple(tuple(row) for row in covariance.tolist()),
            distance_square=float(self.rng.uniform(0.3, 6)),
        )

    def _logic(self, gates: list[PlacedGate]) -> Boolean:
        names = [gate.name for gate in gates]
        chosen = self.rng.choice(names, min(3, len(names)), replace=False)
        operands = tuple(
            Operand(gate=str(name), complement=bool(self.rng.random() < 0.3)) for name in chosen
        )
        return Boolean(every=operands[:1], some=operands[1:])
