"""Count every event of a tube in every gate of a placement.

`place` may look at a sample of the events; counting never does. Which engine decided is known here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from cytomon.gating.bits import Bits, pack_rows, rows_of, size, unpack
from cytomon.gating.engine.answer import Engine
from cytomon.gating.envelope.examine import examine
from cytomon.gating.envelope.remarks import remarks
from cytomon.gating.envelope.study import Question, Study
from cytomon.gating.late import settle, split
from cytomon.gating.source import Rows, Source
from cytomon.gating.stability import Jitter, jitter
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Axis, Envelope, PlacedGate, Placement
from cytomon.model.normal import Examination
from cytomon.model.results import Kept, Population
from cytomon.model.tube import BoolArray, Spillover

_MOST_LISTED = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """What counting a tube gives.

    Attributes
    ----------
    n_root : int
        Events with a finite value in every channel.
    populations : tuple of Population
        One for each gate, in the placement's order.
    kept : mapping of str to Kept
        Gate name to the events that were asked for.
    examinations : mapping of str to Examination
        Study of envelope gates to what it called each event.
    jitters : mapping of str to Jitter
        Gate name to its counts under jittered boundaries, for the gates that were asked for.
    open_events : tuple of (str, int)
        Gate and event, counted from 0, where FlowKit's own answer depends on the file's length.
    findings : tuple of Finding
        Events left out, and events that nothing explains.
    """

    n_root: int
    populations: tuple[Population, ...]
    kept: Mapping[str, Kept]
    examinations: Mapping[str, Examination] = field(default_factory=dict)
    jitters: Mapping[str, Jitter] = field(default_factory=dict)
    open_events: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()

    def count(self, gate: str) -> int:
        """Events in a gate, by its name."""
        return next(p.count for p in self.populations if p.path[-1] == gate)


def count(
    source: Source,
    placement: Placement,
    *,
    keep: Mapping[str, Sequence[Axis]] | None = None,
    jittered: Sequence[str] = (),
    engine: str = "stream",
) -> Counted:
    """Count the populations of a tube.

    Parameters
    ----------
    source : Source
        Every event of the tube.
    placement : Placement
        Where each gate stands in this tube.
    keep : mapping of str to sequence of Axis, optional
        Gates whose events are wanted, and the axes wanted of them.
    jittered : sequence of str, optional
        Gates whose counts are wanted under jittered boundaries too.
    engine : str, optional
        Who decides: ``stream``, or ``flowkit`` on the whole file at once.

    Returns
    -------
    Counted
    """
    deciding = _engine(engine)(source, placement.matrices)
    wanted = set(keep or ())
    passed = _pass(deciding, placement, source.n_events, wanted, {})
    kept = {
        gate.name: _keep(
            deciding, rows_of(passed.bits[gate.name], source.n_events), keep[gate.name]
        )
        for gate in placement.gates
        if keep is not None and gate.name in keep
    }
    left_open = deciding.open_events  # before boundaries are jittered
    return Counted(
        n_root=passed.counts[""],
        populations=tuple(
            Population(
                path=placement.path(gate.name),
                count=passed.counts[gate.name],
                parent_count=passed.counts[gate.parent],
            )
            for gate in placement.gates
        ),
        kept=kept,
        examinations=passed.examinations,
        jitters={
            name: jitter(deciding, placement, name, _study_of(placement, name, passed.studies))
            for name in jittered
        },
        open_events=left_open,
        findings=(
            *_not_finite(source.n_events - passed.counts[""], source.n_events),
            *_left_open(left_open),
            *(said for name, one in passed.examinations.items() for said in remarks(name, one)),
        ),
    )


def memberships(
    source: Source,
    placement: Placement,
    *,
    engine: str = "stream",
    examinations: Mapping[str, Examination] | None = None,
) -> dict[str, BoolArray]:
    """Who is inside each gate, event by event.

    Parameters
    ----------
    source, placement, engine
        As for `count`.
    examinations : mapping of str to Examination, optional
        What `count` found for the same events; examined anew when left out.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_events,)
        Gate name to membership; an event is inside only if it is inside every ancestor.
    """
    deciding = _engine(engine)(source, placement.matrices)
    names = {gate.name for gate in placement.gates}
    passed = _pass(deciding, placement, source.n_events, names, dict(examinations or {}))
    return {gate.name: unpack(passed.bits[gate.name], source.n_events) for gate in placement.gates}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both engines on the same gates.

    Attributes
    ----------
    decisions : int
        Gates times events.
    differences : tuple of (str, int)
        Gate and event, counted from 0, that they decide differently.
    listed : tuple of (str, int)
        Those of `differences` where FlowKit's own answer depends on the file's length.
    """

    decisions: int
    differences: tuple[tuple[str, int], ...]
    listed: tuple[tuple[str, int], ...]


def compare_engines(
    source: Source, placement: Placement, examinations: Mapping[str, Examination]
) -> Comparison:
    """Let both engines decide every gate, event by event.

    Parameters
    ----------
    source, placement
        As for `count`.
    examinations : mapping of str to Examination
        What `count` found: envelopes are the same code in both engines.
    """
    names = {gate.name for gate in placement.gates}
    stream, flowkit = (_engine(name)(source, placement.matrices) for name in ("stream", "flowkit"))
    ours, theirs = (
        _pass(one, placement, source.n_events, names, dict(examinations)).bits
        for one in (stream, flowkit)
    )
    differences = tuple(
        (gate.name, int(row))
        for gate in placement.gates
        for row in rows_of(ours[gate.name] ^ theirs[gate.name], source.n_events)
    )
    listed = {row for _, row in stream.open_events}
    return Comparison(
        decisions=len(names) * source.n_events,
        differences=differences,
        listed=tuple(one for one in differences if one[1] in listed),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Passed:
    """All gates of a placement, decided: counts, wanted members, and what envelopes found."""

    counts: dict[str, int]
    bits: dict[str, Bits]
    examinations: dict[str, Examination]
    studies: dict[str, Study]


def _pass(
    deciding: Engine,
    placement: Placement,
    n_events: int,
    wanted: Set[str],
    examinations: dict[str, Examination],
) -> _Passed:
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
    return _Passed(counts=counts, bits=bits, examinations=examinations, studies=studies)


def _study_of(placement: Placement, name: str, studies: Mapping[str, Study]) -> Study | None:
    shape = next(gate.shape for gate in placement.gates if gate.name == name)
    return studies.get(shape.study) if isinstance(shape, Envelope) else None


def _question(
    gate: PlacedGate, shape: Envelope, deciding: Engine, bits: Mapping[str, Bits], n_events: int
) -> Question:
    rows = rows_of(bits[gate.parent], n_events)
    columns = deciding.columns(rows)
    values = np.array([columns.column(axis) for axis in gate.axes])
    return Question(
        rows=rows,
        axes=tuple(axis.label for axis in gate.axes),
        values=values.reshape(len(gate.axes), len(rows)),
        lineage={name: unpack(bits[name], n_events)[rows] for name in shape.lineage},
        immature={name: unpack(bits[name], n_events)[rows] for name in shape.immature},
        n_whole=size(bits[shape.of]),
    )


def _called(shape: Envelope, found: Examination, n_events: int) -> Bits:
    wanted = [found.names.index(name) for name in shape.holds]
    return pack_rows(found.rows[np.isin(found.called, wanted)], n_events)


def _keep(deciding: Engine, rows: Rows, axes: Sequence[Axis]) -> Kept:
    columns = deciding.columns(rows) if axes else None
    return Kept(
        rows=rows,
        linear={axis.label: columns.linear(axis) for axis in axes} if columns else {},
        scaled={axis.label: columns.column(axis) for axis in axes} if columns else {},
    )


def _engine(name: str) -> Callable[[Source, Mapping[str, Spillover]], Engine]:
    if name == "stream":
        from cytomon.gating.engine.stream import Stream

        return Stream
    if name == "flowkit":
        from cytomon.gating.engine.whole import WholeFile

        return WholeFile
    msg = f"unknown engine {name!r}: there are stream and flowkit"
    raise ValueError(msg)


def _left_open(events: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    if events:
        gates = ", ".join(dict.fromkeys(gate for gate, _ in events))
        rows = ", ".join(str(row) for row in sorted({row for _, row in events})[:_MOST_LISTED])
        more = "" if len(events) <= _MOST_LISTED else " and more"
        yield Finding(
            code="EVENTS_ON_BOUNDARY",
            severity=Severity.INFO,
            what=f"{len(events)} times an event lies so close to a boundary of {gates} that its "
            "side depends on the last bit of the compensation; FlowKit itself decides it "
            f"otherwise in a file of another length (events, counted from 0: {rows}{more})",
            where="DATA",
            fix="nothing has to be done; a count may differ by these events in another program",
        )


def _not_finite(n_bad: int, n_events: int) -> Iterator[Finding]:
    if n_bad:
        yield Finding(
            code="EVENTS_NOT_FINITE",
            severity=Severity.WARNING,
            what=f"{n_bad} of {n_events} events hold a value that is not a number; "
            "they are in no count",
            where="DATA",
            fix="look at how the file was exported; the cytometer's own file may be whole",
        )
