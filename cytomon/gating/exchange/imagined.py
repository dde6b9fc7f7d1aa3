"""A tube that nobody measured: channels for a template whose gates all stand still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cytomon.gating.axes import NOT_ALWAYS_COMPENSATED
from cytomon.gating.lint import SCATTER, bounds_of, dimensions, split_ratio
from cytomon.gating.schema import EllipseGate, TemplateSpec, TimeGate
from cytomon.model.tube import Channel, DataLayout, Panel, Role, Spillover, Tube

_SPILL = 0.01


def moving_gates(spec: TemplateSpec) -> tuple[str, ...]:
    """Gates that find their place in a tube, and have none without."""
    return tuple(
        gate.name
        for gate in spec.gates
        if isinstance(gate, TimeGate)
        or (isinstance(gate, EllipseGate) and gate.by != "fixed")
        or any(bound.by != "fixed" for bound in bounds_of(gate))
    )


def imagine(spec: TemplateSpec) -> tuple[Tube, Panel]:
    """A tube with a channel for everything that a template names, called as the template does."""
    names = tuple(dict.fromkeys(_names(spec)))
    channels = tuple(
        Channel(index=index, pnn=name, pns="", range=262_144.0, role=_role(name))
        for index, name in enumerate(names)
    )
    stained = tuple(
        channel.pnn
        for channel in channels
        if channel.role is Role.FLUORESCENCE and channel.pnn not in NOT_ALWAYS_COMPENSATED
    )
    stained = stained or names[:1]  # a template may compensate and have nothing to compensate
    matrix = np.eye(len(stained)) + _SPILL * (1 - np.eye(len(stained)))
    tube = Tube(
        path=Path("no tube"),
        dataset=1,
        n_datasets=1,
        sha256="",
        version="",
        n_events=0,
        channels=channels,
        spillover=Spillover(detectors=stained, matrix=matrix, keyword=""),
        keywords={},
        layout=DataLayout(begin=0, datatype="F", little_endian=True, row_bytes=4 * len(channels)),
    )
    known = {*spec.markers.names, *SCATTER}
    columns = {channel.pnn: channel.index for channel in channels if channel.pnn in known}
    return tube, Panel(columns=columns, fluorochromes={})


def _names(spec: TemplateSpec) -> Iterator[str]:
    yield from spec.markers.names
    for gate in spec.gates:
        for dimension in dimensions(gate):
            if dimension not in spec.dimensions:
                yield from split_ratio(dimension)
    for one in spec.dimensions.values():
        yield from one.channels
    for matrix in spec.matrices.values():
        yield from matrix.detectors


def _role(name: str) -> Role:
    if name == "Time":
        return Role.TIME
    return Role.SCATTER if name[:3] in {"FSC", "SSC"} else Role.FLUORESCENCE
