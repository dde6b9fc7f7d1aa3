"""FlowKit's own answer for a placement: built from its classes, sharing no code with cytomon."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import flowkit
import numpy as np
from flowkit import gates, transforms

from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Envelope,
    PlacedGate,
    Placement,
    Polygon,
    Ranges,
    Scale,
    Score,
)

KINDS = {
    "linear": lambda s: transforms.LinearTransform(s.t, s.a),
    "log": lambda s: transforms.LogTransform(s.t, s.m),
    "asinh": lambda s: transforms.AsinhTransform(s.t, s.m, s.a),
    "logicle": lambda s: transforms.LogicleTransform(s.t, s.w, s.m, s.a),
    "hyperlog": lambda s: transforms.HyperlogTransform(s.t, s.w, s.m, s.a),
    "biex": lambda s: transforms.WSPBiexTransform(s.a, s.w, s.m, s.t),
    "flowjo_log": lambda s: transforms.WSPLogTransform(s.t, s.m),
}


class Strategy:
    """A FlowKit strategy that says what a placement says.

    FlowKit compensates an uncompensated dimension along with its neighbour, and forgets
    compensation in ratios; so each axis gets gates of its own, which boolean gates put together,
    and the test refuses what FlowKit can't express.
    """

    def __init__(self, placement: Placement) -> None:
        self.strategy = flowkit.GatingStrategy()
        self._known: set[str] = set()
        self._paths: dict[str, tuple[str, ...]] = {"": ("root",)}
        self._fresh = itertools.count()
        for name, matrix in placement.matrices.items():
            self.strategy.add_comp_matrix(
                name, flowkit.Matrix(np.array(matrix.matrix), list(matrix.detectors))
            )
        for gate in placement.gates:
            self._add(gate)

    def _add(self, gate: PlacedGate) -> None:
        path = self._paths[gate.parent]
        match gate.shape:
            case Box(bounds=bounds):
                parts = [
                    self._piece(gate, path, [(axis, side)])
                    for axis, side in zip(gate.axes, bounds, strict=True)
                ]
                self._combine(gate, path, "and", parts)
            case Ranges(kept=kept):
                parts = [self._piece(gate, path, [(gate.axes[0], side)]) for side in kept]
                self._combine(gate, path, "or", parts)
            case Polygon(vertices=vertices):
                dims = [self._dimension(axis, (None, None)) for axis in gate.axes]
                inner = self._name(gate)
                self.strategy.add_gate(
                    gates.PolygonGate(inner, dims, [list(v) for v in vertices]), path
                )
                self._combine(gate, path, "and", [inner])
            case Ellipse(mean=mean, covariance=covariance, distance_square=square):
                dims = [self._dimension(axis, (None, None)) for axis in gate.axes]
                inner = self._name(gate)
                self.strategy.add_gate(
                    gates.EllipsoidGate(inner, dims, list(mean), np.array(covariance), square), path
                )
                self._combine(gate, path, "and", [inner])
            case Boolean() | Score():
                self._logic(gate, path)
            case Envelope():
                axis = Axis(channel=_decided(gate.name), label=gate.name)
                self._combine(gate, path, "and", [self._piece(gate, path, [(axis, (0.5, None))])])
        self._paths[gate.name] = (*path, gate.name)

    def _logic(self, gate: PlacedGate, path: tuple[str, ...]) -> None:
        if isinstance(gate.shape, Score):
            sums = [
                self._boolean(path, self._name(gate), "and", [(name, False) for name in chosen])
                for chosen in _enough(gate.shape)
            ]
            self._boolean(path, gate.name, "or", [(name, False) for name in sums])
            return
        shape = gate.shape
        parts = [(operand.gate, operand.complement) for operand in shape.every]
        if shape.some:
            some = [(operand.gate, operand.complement) for operand in shape.some]
            parts.append((self._boolean(path, self._name(gate), "or", some), False))
        if not gate.complement:
            self._boolean(path, gate.name, "and", parts)
            return
        inner = self._boolean(path, self._name(gate), "and", parts)
        self._boolean(path, gate.name, "not", [(inner, False)])

    def _combine(self, gate: PlacedGate, path: tuple[str, ...], how: str, parts: list[str]) -> None:
        if not gate.complement:
            self._boolean(path, gate.name, how, [(part, False) for part in parts])
            return
        inner = self._boolean(path, self._name(gate), how, [(part, False) for part in parts])
        self._boolean(path, gate.name, "not", [(inner, False)])

    def _piece(
        self,
        gate: PlacedGate,
        path: tuple[str, ...],
        sides: list[tuple[Axis, tuple[float | None, float | None]]],
    ) -> str:
        name = self._name(gate)
        dims = [self._dimension(axis, side) for axis, side in sides]
        self.strategy.add_gate(gates.RectangleGate(name, dims), path)
        self._paths[name] = (*path, name)
        return name

    def _boolean(
        self, path: tuple[str, ...], name: str, how: str, parts: list[tuple[str, bool]]
    ) -> str:
        if how in {"and", "or"} and len(parts) == 1:
            parts = parts * 2  # the standard asks for two operands
        references = [
            {"ref": ref, "path": self._where(ref, path), "complement": flip} for ref, flip in parts
        ]
        self.strategy.add_gate(gates.BooleanGate(name, how, references), path)
        self._paths[name] = (*path, name)
        return name

    def _where(self, name: str, path: tuple[str, ...]) -> tuple[str, ...]:
        return self._paths[name][:-1] if name in self._paths else path

    def _name(self, gate: PlacedGate) -> str:
        name = f"{gate.name}__{next(self._fresh)}"
        return name

    def _dimension(
        self, axis: Axis, side: tuple[float | None, float | None]
    ) -> flowkit.Dimension | flowkit.RatioDimension:
        low, high = side
        scale = self._scale(axis.scale)
        if axis.ratio is not None:
            assert not axis.matrix, "FlowKit forgets compensation in ratios"
            key = f"ratio_{axis.channel}_{axis.ratio}"
            if key not in self._known:
                self._known.add(key)
                parts = [axis.channel, axis.ratio.over]
                self.strategy.add_transform(
                    key,
                    transforms.RatioTransform(parts, axis.ratio.a, axis.ratio.b, axis.ratio.c),
                )
            dimension = flowkit.RatioDimension(key, "uncompensated", scale, low, high)
            # FlowKit leaves the open side of a ratio without an attribute, and then asks for it
            dimension.min, dimension.max = low, high
            return dimension
        return flowkit.Dimension(axis.channel, axis.matrix or "uncompensated", scale, low, high)

    def _scale(self, scale: Scale | None) -> str | None:
        if scale is None:
            return None
        key = f"scale_{scale}"
        if key not in self._known:
            self._known.add(key)
            self.strategy.add_transform(key, KINDS[scale.kind](scale))
        return key


def _enough(score: Score) -> Iterator[tuple[str, ...]]:
    """Smallest sets of terms that reach the score."""
    weights = dict(score.terms)
    found: list[set[str]] = []
    for size in range(1, len(weights) + 1):
        for names in itertools.combinations(weights, size):
            enough = sum(weights[name] for name in names) >= score.at_least
            if enough and not any(smaller <= set(names) for smaller in found):
                found.append(set(names))
                yield names


def _decided(name: str) -> str:
    return f"decided {name}"


def flowkit_memberships(
    path: Path, placement: Placement, decided: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Membership of each gate of the placement, event by event, by `GatingStrategy.gate_sample`.

    No standard knows an envelope: what it `decided` comes to FlowKit as one more channel, so that
    everything which stands on it is compared.
    """
    strategy = Strategy(placement)
    results = strategy.strategy.gate_sample(_sample(path, decided))
    return {
        gate.name: np.asarray(
            results.get_gate_membership(gate.name, strategy._paths[gate.name][:-1])
        )
        for gate in placement.gates
    }


def _sample(path: Path, decided: Mapping[str, np.ndarray]) -> flowkit.Sample:
    sample = flowkit.Sample(path, sample_id="tube", compensation=None, subsample=1)
    if not decided:
        return sample
    events = sample.get_events("raw")
    return flowkit.Sample(
        np.column_stack([events, *(members.astype(float) for members in decided.values())]),
        sample_id="tube",
        channel_labels=[*sample.pnn_labels, *map(_decided, decided)],
        compensation=None,
        subsample=1,
    )
