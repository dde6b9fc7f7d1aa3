"""A tube of sixteen channels and twenty-five gates, for measuring engines against each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cytomon.fcs.write import ChannelSpec, write_fcs
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
)
from cytomon.model.tube import Spillover

SCATTER = ("Time", "FSC-A", "FSC-H", "SSC-A")
STAINS = tuple(f"F{number}-A" for number in range(1, 13))
NAMES = (*SCATTER, *STAINS)
TOP = 262_143
LOGICLE = Scale(kind="logicle", t=262_144.0, m=4.5, w=0.5)
_SEED, _KINDS, _PIECE = 900, 12, 500_000

Side = tuple[str, float | None, float | None]


def write_tube(path: Path, n_events: int) -> None:
    """Write a tube of twelve kinds of cells whose colours spill into each other."""
    rng = np.random.default_rng(_SEED)
    spill = spillover().matrix
    light = np.exp(rng.uniform(np.log(60), np.log(60_000), (_KINDS, 12)))
    light[rng.random((_KINDS, 12)) < 0.5] = 0
    size = rng.uniform([40_000, 5_000], 120_000, (_KINDS, 2))
    kind = rng.choice(_KINDS, n_events, p=rng.dirichlet(np.full(_KINDS, 2.0)))
    events = np.empty((n_events, len(NAMES)), dtype=np.float32)
    events[:, 0] = np.linspace(0, 1e4, n_events)
    for start in range(0, n_events, _PIECE):
        part, of = events[start : start + _PIECE], kind[start : start + _PIECE]
        n = len(part)
        part[:, 1] = size[of, 0] * np.exp(0.1 * rng.standard_normal(n))
        part[:, 2] = part[:, 1] * (0.8 + 0.03 * rng.standard_normal(n))
        part[:, 3] = size[of, 1] * np.exp(0.2 * rng.standard_normal(n))
        true = light[of] * np.exp(0.35 * rng.standard_normal((n, 12)))
        seen = (true + 40 * rng.standard_normal((n, 12))) @ spill
        part[:, 4:] = seen + np.sqrt(np.maximum(seen, 0) * 10) * rng.standard_normal((n, 12))
    channels = [ChannelSpec(pnn=name) for name in NAMES]
    write_fcs(path, np.minimum(events, TOP), channels, spillover=spillover(), keywords={})


def spillover() -> Spillover:
    """Up to a quarter of a dye's light on another detector."""
    rng = np.random.default_rng(_SEED + 1)
    spill: NDArray[np.float64] = np.eye(12)
    spill += (1 - np.eye(12)) * rng.random((12, 12)) ** 4 * 0.25
    return Spillover(detectors=STAINS, matrix=spill, keyword="$SPILLOVER")


def placement() -> Placement:
    """Eight polygons, thirteen boxes (four of them quadrants), an ellipse, booleans: 25 gates."""
    return Placement(
        template="bench",
        version="1",
        sha256="",
        gates=(*_cleaning(), *_lymphoid(), *_others()),
        matrices={"tube": spillover()},
    )


def _cleaning() -> tuple[PlacedGate, ...]:
    return (
        _polygon("cells", "", ("FSC-A", "SSC-A"), (80_000, 60_000), (60_000, 70_000)),
        _polygon("singlets", "cells", ("FSC-A", "FSC-H"), (80_000, 64_000), (60_000, 50_000)),
        _box("live", "singlets", ("F1-A", None, 0.55)),
        _box("steady", "live", ("Time", 500.0, 9500.0)),
    )


def _lymphoid() -> tuple[PlacedGate, ...]:
    return (
        _polygon("lymphoid", "steady", ("F2-A", "SSC-A"), (0.55, 50_000), (0.35, 60_000)),
        _box("third", "lymphoid", ("F3-A", 0.45, None)),
        _box("fourth", "lymphoid", ("F4-A", 0.45, None)),
        _polygon("fifth_sixth", "lymphoid", ("F5-A", "F6-A"), (0.5, 0.5), (0.3, 0.3)),
        _polygon("seventh_eighth", "fifth_sixth", ("F7-A", "F8-A"), (0.45, 0.45), (0.35, 0.3)),
        _box("dim", "fifth_sixth", ("F9-A", 0.3, 0.8), ("F10-A", None, 0.7)),
        _box("dim_bright", "dim", ("F11-A", 0.3, None)),
        _box("third_sixth", "third", ("F6-A", None, 0.3)),
        _polygon("fourth_rare", "fourth", ("F7-A", "F10-A"), (0.5, 0.4), (0.3, 0.35)),
        _box("rarest", "fourth_rare", ("F8-A", 0.3, None)),
        _boolean("either", "lymphoid", some=("third", "fourth")),
    )


def _others() -> tuple[PlacedGate, ...]:
    ellipse = Ellipse(
        mean=(0.4, 0.4), covariance=((0.02, 0.005), (0.005, 0.03)), distance_square=4.0
    )
    quadrants = (
        _box(f"quadrant{number}", "steady", ("F5-A", *across), ("F6-A", *along))
        for number, (across, along) in enumerate(
            (across, along)
            for across in ((0.5, None), (None, 0.5))
            for along in ((0.5, None), (None, 0.5))
        )
    )
    return (
        *quadrants,
        PlacedGate(name="round", parent="steady", shape=ellipse, axes=_axes("F11-A", "F12-A")),
        _polygon("round_part", "round", ("F1-A", "F2-A"), (0.4, 0.45), (0.3, 0.3)),
        _box("twelfth", "steady", ("F12-A", 0.4, None)),
        _polygon("wide", "twelfth", ("F3-A", "F9-A"), (0.4, 0.4), (0.35, 0.35)),
        _box("band", "wide", ("F7-A", 0.25, 0.75)),
        _boolean("not_round", "steady", every=("twelfth",), without=("round",)),
    )


def _axes(*names: str) -> tuple[Axis, ...]:
    return tuple(
        Axis(
            channel=name,
            label=name,
            matrix="tube" if name in STAINS else "",
            scale=LOGICLE if name in STAINS else None,
        )
        for name in names
    )


def _box(name: str, parent: str, *sides: Side) -> PlacedGate:
    shape = Box(bounds=tuple((low, high) for _, low, high in sides))
    return PlacedGate(name=name, parent=parent, shape=shape, axes=_axes(*(s[0] for s in sides)))


def _polygon(
    name: str,
    parent: str,
    on: tuple[str, str],
    centre: tuple[float, float],
    reach: tuple[float, float],
) -> PlacedGate:
    turns = np.linspace(0, 2 * np.pi, 8, endpoint=False) + 0.2
    vertices = tuple(
        (float(centre[0] + reach[0] * np.cos(turn)), float(centre[1] + reach[1] * np.sin(turn)))
        for turn in turns
    )
    return PlacedGate(name=name, parent=parent, shape=Polygon(vertices=vertices), axes=_axes(*on))


def _boolean(
    name: str,
    parent: str,
    *,
    every: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    some: tuple[str, ...] = (),
) -> PlacedGate:
    shape = Boolean(
        every=(
            *(Operand(gate=one) for one in every),
            *(Operand(gate=one, complement=True) for one in without),
        ),
        some=tuple(Operand(gate=one) for one in some),
    )
    return PlacedGate(name=name, parent=parent, shape=shape)
