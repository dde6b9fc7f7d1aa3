"""A document is read again before anybody relies on it: by our reader, and by FlowKit itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cytomon.errors import TemplateError
from cytomon.gating.count import memberships
from cytomon.gating.exchange.gatingml_read import gatingml_document
from cytomon.gating.exchange.gatingml_write import write_gatingml
from cytomon.gating.exchange.proof import differing
from cytomon.gating.exchange.spelled import Spelled
from cytomon.gating.part import rests_on
from cytomon.gating.source import Table
from cytomon.model.gating import TUBE_MATRIX, Axis, PlacedGate, Placement
from cytomon.model.tube import BoolArray, FloatArray, Tube

_FOR_FLOWKIT = "of_the_tube"


@np.errstate(over="ignore")  # some probes lie where no cell does
def refuse_unlike(content: bytes, spelled: Spelled, tube: Tube, events: FloatArray) -> None:
    """Refuse a document from which another reader would get other gates or other members.

    Parameters
    ----------
    content : bytes
        The document.
    spelled : Spelled
        What it should say.
    tube : Tube
        What its channels are.
    events : ndarray of float64, shape (n_events, n_channels)
        On which members are compared, gate by gate.

    Raises
    ------
    TemplateError
        Naming the gates that differ.
    """
    again = _read(content, tube)
    others = differing(spelled.plain, again)
    if not others:
        table = Table(events=events, channels=tube.channels)
        ours, theirs = memberships(table, spelled.said), memberships(table, again)
        others = tuple(
            gate.name
            for gate in spelled.said.gates
            if not np.array_equal(ours[gate.name], theirs[gate.name])
        )
    if others:
        raise _unlike("our own reader", others)


@np.errstate(over="ignore")
def refuse_unlike_in_flowkit(spelled: Spelled, tube: Tube, events: FloatArray) -> tuple[str, ...]:
    """Refuse gates of which FlowKit, given the document, has other members.

    Parameters
    ----------
    spelled, tube, events
        As for `refuse_unlike`.

    Returns
    -------
    tuple of str
        Gates that FlowKit itself cannot decide as the standard has them: they are not compared.

    Raises
    ------
    TemplateError
        Naming the gates that differ.
    """
    beyond = set(_beyond_flowkit(spelled.plain))
    plain = tuple(_hung_higher(spelled.plain, beyond))
    if plain:
        # FlowKit keeps events in single precision
        shown = events.astype(np.float32).astype(np.float64)
        shown = shown[np.isfinite(shown).all(axis=1)]
        # below a parent that holds no event no gate could differ: each by itself as well
        alone = tuple(replace(gate, parent="") for gate in plain)
        for gates in (plain, alone):
            part = replace(spelled.plain, gates=gates)
            ours = memberships(Table(events=shown, channels=tube.channels), part, engine="flowkit")
            theirs = _flowkit_members(part, tube, shown)
            others = tuple(name for name in ours if not np.array_equal(ours[name], theirs[name]))
            if others:
                raise _unlike("FlowKit", others)
    return tuple(gate.name for gate in spelled.said.gates if gate.name in beyond)


def _read(content: bytes, tube: Tube) -> Placement:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "document.xml"
        path.write_bytes(content)
        return gatingml_document(path, tube).placement


def _flowkit_members(placement: Placement, tube: Tube, events: FloatArray) -> dict[str, BoolArray]:
    """Members by FlowKit's parser, compensation and gates; it gets the tube's matrix by name.

    It takes the matrix of a file only if that covers every stained channel.
    """
    import flowkit

    gates = tuple(
        replace(gate, axes=tuple(_by_name(axis) for axis in gate.axes)) for gate in placement.gates
    )
    matrices = {
        _FOR_FLOWKIT if name == TUBE_MATRIX else name: matrix
        for name, matrix in placement.matrices.items()
    }
    content = write_gatingml(replace(placement, gates=gates, matrices=matrices), comment="")
    strategy = flowkit.parse_gating_xml(io.BytesIO(content))
    labels = [channel.pnn for channel in tube.channels]
    sample = flowkit.Sample(events.astype(np.float32), sample_id="events", channel_labels=labels)
    with np.errstate(all="ignore"):
        results = strategy.gate_sample(sample)
    return {
        gate.name: np.asarray(
            results.get_gate_membership(gate.name, ("root", *placement.path(gate.name)[:-1])),
            dtype=np.bool_,
        )
        for gate in placement.gates
    }


def _by_name(axis: Axis) -> Axis:
    return replace(axis, matrix=_FOR_FLOWKIT) if axis.matrix == TUBE_MATRIX else axis


def _beyond_flowkit(placement: Placement) -> Iterator[str]:
    """Gates that FlowKit cannot decide as the standard has them, and booleans of such gates."""
    found: set[str] = set()
    for gate in placement.gates:
        operands = {*rests_on(gate)} - {gate.parent}
        if _is_beyond(gate, placement) or found & operands:
            found.add(gate.name)
            yield gate.name


def _hung_higher(placement: Placement, left_out: set[str]) -> Iterator[PlacedGate]:
    """The other gates, each below the nearest ancestor that is there."""
    parents = {gate.name: gate.parent for gate in placement.gates}
    for gate in placement.gates:
        parent = gate.parent
        while parent in left_out:
            parent = parents[parent]
        if gate.name not in left_out:
            yield replace(gate, parent=parent)


def _is_beyond(gate: PlacedGate, placement: Placement) -> bool:
    ratios = [axis for axis in gate.axes if axis.ratio is not None]
    matrices = {axis.matrix for axis in gate.axes if axis.matrix}
    compensated = {name for key in matrices for name in placement.matrices[key].detectors}
    bounds = getattr(gate.shape, "bounds", ())
    return (
        len(ratios) > 1
        or any(axis.matrix for axis in ratios)
        or (bool(ratios) and any(None in side for side in bounds))
        or len(matrices) > 1
        or any(not axis.matrix and axis.channel in compensated for axis in gate.axes)
        or len({axis.channel for axis in gate.axes}) < len(gate.axes)
    )


def _unlike(reader: str, gates: tuple[str, ...]) -> TemplateError:
    return TemplateError(
        f"{reader} finds other gates in the document: {', '.join(gates[:5])}; it is not written",
        where="export",
        fix="this is our fault: please report it, with the template if it may be shown",
    )
