"""Tubes for the tests of gating: simulated, small, and changed at will."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cytomon.fcs.intake import open_tube
from cytomon.fcs.panel import match_panel
from cytomon.fcs.read import read_events
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.gating.place import place
from cytomon.gating.source import Table
from cytomon.gating.template import Template, parse_template
from cytomon.model.gating import PlacedBound, PlacedGate, Placement
from cytomon.model.tube import Panel, Spillover, Tube
from cytomon.simulate.tube import SimulatedTube


@dataclass(frozen=True)
class Opened:
    """A file with its events and its panel."""

    path: Path
    tube: Tube
    panel: Panel
    events: np.ndarray

    @property
    def table(self) -> Table:
        """The events, as the engines take them."""
        return Table(events=self.events, channels=self.tube.channels)


def opened(path: Path) -> Opened:
    tube = open_tube(path)
    return Opened(path, tube, match_panel(tube), read_events(tube))


def rewritten(
    simulated: SimulatedTube, events: np.ndarray, path: Path, *, spillover: bool = True
) -> Opened:
    """The same panel with other events."""
    matrix = simulated.spillover if spillover else None
    write_fcs(path, events, simulated.channels, spillover=matrix, keywords={})
    return opened(path)


HEAD = """schema_version: 1
name: t
version: 1.0.0
title: a test
specimen: marrow
markers: {required: [CD19, CD3], optional: [CD10, CD20, CD34]}
roles: {}
quantities: [mrd]
"""


def template(gates: str, **replaced: str) -> Template:
    """A template of these gates; `replaced` gives other lines for the head."""
    lines = [
        f"{line.split(':')[0]}: {replaced.pop(line.split(':')[0])}"
        if line.split(":")[0] in replaced
        else line
        for line in HEAD.splitlines()
    ]
    lines += [f"{key}: {value}" for key, value in replaced.items()]
    text = "\n".join([*lines, "gates:", *(f"  - {line}" for line in gates.strip().splitlines())])
    return parse_template(text.encode(), Path("t.yaml"))


def synthetic(path: Path, **columns: np.ndarray) -> Opened:
    """A tube of these columns, values on L for markers and raw for FSC, SSC and Time.

    There is no spill, so that what is written is what the gates see.
    """
    names = [name.replace("_", "-") for name in columns]
    markers = [name for name in names if not _is_plain(name)]
    channels = tuple(
        ChannelSpec(
            pnn=name if _is_plain(name) else f"{name}-A", pns="" if _is_plain(name) else name
        )
        for name in names
    )
    values = [
        column if _is_plain(name) else 150 * np.sinh(1.3 * column)
        for name, column in zip(names, columns.values(), strict=True)
    ]
    matrix = Spillover(
        detectors=tuple(f"{name}-A" for name in markers),
        matrix=np.eye(len(markers)),
        keyword="$SPILLOVER",
    )
    write_fcs(
        path, np.column_stack(values).astype(np.float32), channels, spillover=matrix, keywords={}
    )
    return opened(path)


def _is_plain(name: str) -> bool:
    return name[:3] in {"FSC", "SSC"} or name == "Time"


def placed(gates: str, tube: Opened, **replaced: str) -> Placement:
    return place(template(gates, **replaced), tube.tube, tube.panel, tube.events)


def gate(placement: Placement, name: str) -> PlacedGate:
    return next(g for g in placement.gates if g.name == name)


def bound(placement: Placement, name: str) -> PlacedBound:
    """The only number of a gate that could move."""
    (found,) = gate(placement, name).bounds
    return found


def codes(placement: Placement) -> list[str]:
    return [finding.code for finding in placement.findings]


def shape_of(placement: Placement, name: str) -> Any:  # noqa: ANN401
    return gate(placement, name).shape
