"""All gates of a placement decided by an engine, envelopes and what waits for them included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

import numpy as np

from cytomon.gating.bits import Bits, pack_rows, rows_of, size, unpack
from cytomon.gating.engine.answer import Engine
from cytomon.gating.envelope.examine import examine
from cytomon.gating.envelope.study import Question, Study
from cytomon.gating.late import settle, split
from cytomon.gating.source import Source
from cytomon.model.gating import Envelope, PlacedGate, Placement
from cytomon.model.normal import Examination
from cytomon.model.tube import Spillover

_PIECE = 65_536
"""Events of a question that are compensated at once; whole groups of the solve."""


def engine_named(name: str) -> Callable[[Source, Mapping[str, Spillover]], Engine]:
    """What makes an engine for a tube.

    Raises
    ------
    ValueError
        If there is no engine of this name.
    """
    if name == "stream":
        from cytomon.gating.engine.stream import Stream

        return Stream
    if name == "flowkit":
        from cytomon.gating.engine.whole import WholeFile

        return WholeFile
    msg = f"unknown engine {name!r}: there are stream and flowkit"
    raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Passed:
    """All gates of a placement, decided.

    Attributes
    ----------
    counts : dict of str to int
        Gate to its events; the empty name stands for all finite ones.
    bits : dict of str to Bits
        Members of the gates that were asked for, among others.
    examinations : dict of str to Examination
        What envelopes found, by study.
    studies : dict of str to Study
        The fits behind those that were examined here.
    """

    counts: dict[str, int]
    bits: dict[str, Bits]
    examinations: dict[str, Examination]
    studies: dict[str, Study]


def pass_through(
    deciding: Engine,
    placement: Placement,
    n_events: int,
    wanted: Set[str],
    examinations: dict[str, Examination],
) -> Passed:
    """Decide every gate.

    Parameters
    ----------
    deciding : Engine
        Of the tube.
    placement : Placement
        Its gates.
    n_events : int
        Events of the tube.
    wanted : set of str
        Gates whose members are wanted event by event.
    examinations : dict of str to Examination
        What is known already; is added to.
    """
    parts = split(placement)
    answer = deciding.ask(parts.early, parts.needed | wanted)
    counts, bits = dict(answer.counts), dict(answer.bits)
    studies: dict[str, Study] = {}
    for gate in parts.late:
        if isinstance(gate.shape, Envelope):
            name = gate.shape.study
            if name not in examinations:
                question = _question(gate, gate.shape, deciding, bits, n_events)
                studies[name] = examine(question, gate.shape.reference)
                examinations[name] = studies[name].examination
            bits[gate.name] = _called(gate.shape, examinations[name], n_events)
        else:
            bits[gate.name] = settle(gate, bits, n_events)
        counts[gate.name] = size(bits[gate.name])
    return Passed(counts=counts, bits=bits, examinations=examinations, studies=studies)


def _question(
    gate: PlacedGate, shape: Envelope, deciding: Engine, bits: Mapping[str, Bits], n_events: int
) -> Question:
    rows = rows_of(bits[gate.parent], n_events)
    values = np.empty((len(gate.axes), len(rows)))
    for first in range(0, len(rows), _PIECE):
        some = slice(first, first + _PIECE)
        columns = deciding.columns(rows[some])
        for axis, found in zip(gate.axes, values, strict=True):
            found[some] = columns.column(axis)
    return Question(
        rows=rows,
        axes=tuple(axis.label for axis in gate.axes),
        values=values,
        lineage={name: unpack(bits[name], n_events)[rows] for name in shape.lineage},
        immature={name: unpack(bits[name], n_events)[rows] for name in shape.immature},
        n_whole=size(bits[shape.of]),
    )


def _called(shape: Envelope, found: Examination, n_events: int) -> Bits:
    wanted = [found.names.index(name) for name in shape.holds]
    return pack_rows(found.rows[np.isin(found.called, wanted)], n_events)
