"""Count every event of a tube in every gate of a placement.

`place` may look at a sample of the events; counting never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cytomon.gating.bits import pack_rows, rows_of, unpack
from cytomon.gating.envelope.remarks import remarks
from cytomon.gating.envelope.study import Study
from cytomon.gating.look import look
from cytomon.gating.passing import engine_named, pass_through
from cytomon.gating.source import Source, evenly
from cytomon.gating.stability import Jitter, jitter
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Axis, Envelope, Placement
from cytomon.model.normal import Examination
from cytomon.model.results import Kept, Population
from cytomon.model.tube import BoolArray

_MOST_LISTED = 10
_SAMPLE = 200_000
"""Medians need no more events."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """What counting a tube gives.

    Attributes
    ----------
    n_root : int
        Events with a finite value in every channel.
    populations : tuple of Population
        One for each gate, in the placement's order.
    kept, sampled : mapping of str to Kept
        Gate name to the events that were asked for: all of them, or those of a sample of the tube.
    examinations : mapping of str to Examination
        Study of envelope gates to what it called each event.
    jitters : mapping of str to Jitter
        Gate name to its counts under jittered boundaries, for the gates that were asked for.
    open_events : tuple of (str, int)
        Gate and event, counted from 0, where FlowKit's own answer depends on the file's length.
    findings : tuple of Finding
        Events left out, and events that nothing explains.
    studies : mapping of str to Study
        The fits behind the examinations.
    """

    n_root: int
    populations: tuple[Population, ...]
    kept: Mapping[str, Kept]
    sampled: Mapping[str, Kept] = field(default_factory=dict)
    examinations: Mapping[str, Examination] = field(default_factory=dict)
    jitters: Mapping[str, Jitter] = field(default_factory=dict)
    open_events: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    studies: Mapping[str, Study] = field(default_factory=dict)

    def count(self, gate: str) -> int:
        """Events in a gate, by its name."""
        return next(p.count for p in self.populations if p.path[-1] == gate)


def count(
    source: Source,
    placement: Placement,
    *,
    keep: Mapping[str, Sequence[Axis]] | None = None,
    sample: Mapping[str, Sequence[Axis]] | None = None,
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
    sample : mapping of str to sequence of Axis, optional
        As `keep`, for gates of which those among 200,000 events of the tube do; a gate that the
        placement lacks is passed over.
    jittered : sequence of str, optional
        Gates whose counts are wanted under jittered boundaries too.
    engine : str, optional
        Who decides: ``stream``, or ``flowkit`` on the whole file at once.

    Returns
    -------
    Counted
    """
    deciding = engine_named(engine)(source, placement.matrices)
    keep, sample, n_events = keep or {}, sample or {}, source.n_events
    passed = pass_through(deciding, placement, n_events, {*keep, *sample}, {})
    some = pack_rows(evenly(n_events, _SAMPLE), n_events)
    kept, sampled = look(
        source,
        placement.matrices,
        *(
            {
                gate.name: (rows_of(passed.bits[gate.name] & among, n_events), axes[gate.name])
                for gate in placement.gates
                if gate.name in axes
            }
            for axes, among in ((keep, passed.bits[""]), (sample, some))
        ),
    )
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
        sampled=sampled,
        examinations=passed.examinations,
        jitters={
            name: jitter(deciding, placement, name, _study_of(placement, name, passed.studies))
            for name in jittered
        },
        open_events=left_open,
        studies=passed.studies,
        findings=(
            *_not_finite(n_events - passed.counts[""], n_events),
            *_left_open(left_open),
            *_by_flowkit(deciding.by_flowkit),
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
    deciding = engine_named(engine)(source, placement.matrices)
    names = {gate.name for gate in placement.gates}
    passed = pass_through(deciding, placement, source.n_events, names, dict(examinations or {}))
    return {gate.name: unpack(passed.bits[gate.name], source.n_events) for gate in placement.gates}


def _study_of(placement: Placement, name: str, studies: Mapping[str, Study]) -> Study | None:
    shape = next(gate.shape for gate in placement.gates if gate.name == name)
    return studies.get(shape.study) if isinstance(shape, Envelope) else None


def _by_flowkit(gates: Sequence[str]) -> Iterator[Finding]:
    if gates:
        yield Finding(
            code="ENGINE_FALLBACK",
            severity=Severity.INFO,
            what=f"the streaming engine left {', '.join(gates)} to FlowKit as a whole: a ratio on "
            "a scale, a scale that is not monotone, or a surface that is no ellipse",
            where="DATA",
            fix="nothing has to be done; these gates are as right and slower",
        )


def _left_open(events: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    if events:
        gates = ", ".join(dict.fromkeys(gate for gate, _ in events))
        distinct = sorted({row for _, row in events})
        rows = ", ".join(str(row) for row in distinct[:_MOST_LISTED])
        more = "" if len(distinct) <= _MOST_LISTED else " and more"
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
