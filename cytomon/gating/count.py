"""Count every event of a tube in every gate of a placement.

`place` may look at a sample of the events; counting never does. Which engine decided is known here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.gating.envelope.examine import examine
from cytomon.gating.envelope.remarks import remarks
from cytomon.gating.envelope.study import Question, Study
from cytomon.gating.evaluate import Decide, evaluate
from cytomon.gating.stability import Jitter, jitter
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Axis, Envelope, PlacedGate, Placement
from cytomon.model.normal import Examination
from cytomon.model.results import Kept, Population
from cytomon.model.tube import BoolArray, Channel, FloatArray


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
    findings : tuple of Finding
        Events left out, and events that nothing explains.
    """

    n_root: int
    populations: tuple[Population, ...]
    kept: Mapping[str, Kept]
    examinations: Mapping[str, Examination] = field(default_factory=dict)
    jitters: Mapping[str, Jitter] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def count(self, gate: str) -> int:
        """Events in a gate, by its name."""
        return next(p.count for p in self.populations if p.path[-1] == gate)


def count(
    events: FloatArray,
    channels: Sequence[Channel],
    placement: Placement,
    *,
    keep: Mapping[str, Sequence[Axis]] | None = None,
    jittered: Sequence[str] = (),
    engine: str = "flowkit",
) -> Counted:
    """Count the populations of a tube.

    Parameters
    ----------
    events : ndarray of float64, shape (n_events, n_channels)
        Every event of the tube.
    channels : sequence of Channel
        The columns of `events`.
    placement : Placement
        Where each gate stands in this tube.
    keep : mapping of str to sequence of Axis, optional
        Gates whose events are wanted, and the axes wanted of them.
    jittered : sequence of str, optional
        Gates whose counts are wanted under jittered boundaries too.
    engine : str, optional
        Who decides: ``flowkit``.

    Returns
    -------
    Counted
    """
    columns = Columns(events, channels, placement.matrices)
    finite = columns.finite()
    n_root = int(finite.sum())
    populations, kept = [], {}
    counts = {"": n_root}
    known = _Known({}, {})
    for gate, members in _walk(columns, placement, finite, _engine(engine), known):
        counts[gate.name] = int(members.sum())
        populations.append(
            Population(
                path=placement.path(gate.name),
                count=counts[gate.name],
                parent_count=counts[gate.parent],
            )
        )
        if keep is not None and gate.name in keep:
            kept[gate.name] = _keep(members, columns, keep[gate.name])
    return Counted(
        n_root=n_root,
        populations=tuple(populations),
        kept=kept,
        examinations=known.examinations,
        jitters={name: _jitter(columns, placement, name, known) for name in jittered},
        findings=(
            *_not_finite(len(events) - n_root, len(events)),
            *(said for name, one in known.examinations.items() for said in remarks(name, one)),
        ),
    )


def memberships(
    events: FloatArray,
    channels: Sequence[Channel],
    placement: Placement,
    *,
    engine: str = "flowkit",
    examinations: Mapping[str, Examination] | None = None,
) -> dict[str, BoolArray]:
    """Who is inside each gate, event by event.

    Parameters
    ----------
    events, channels, placement, engine
        As for `count`.
    examinations : mapping of str to Examination, optional
        What `count` found for the same events; examined anew when left out.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_events,)
        Gate name to membership; an event is inside only if it is inside every ancestor.
    """
    columns = Columns(events, channels, placement.matrices)
    known = _Known(dict(examinations or {}), {})
    walk = _walk(columns, placement, columns.finite(), _engine(engine), known)
    return {gate.name: members for gate, members in walk}


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about envelopes on the way, by the name of the study."""

    examinations: dict[str, Examination]
    studies: dict[str, Study]


def _jitter(columns: Columns, placement: Placement, target: str, known: _Known) -> Jitter:
    shape = next(gate.shape for gate in placement.gates if gate.name == target)
    study = known.studies.get(shape.study) if isinstance(shape, Envelope) else None
    return jitter(columns, placement, target, study)


def _walk(
    columns: Columns,
    placement: Placement,
    finite: BoolArray,
    decide: Decide,
    known: _Known,
) -> Iterator[tuple[PlacedGate, BoolArray]]:
    members: dict[str, BoolArray] = {"": finite}
    for gate in placement.gates:
        if isinstance(gate.shape, Envelope):
            name = gate.shape.study
            if name not in known.examinations:
                study = examine(_question(gate, gate.shape, columns, members), gate.shape.reference)
                known.studies[name], known.examinations[name] = study, study.examination
            members[gate.name] = _called(gate.shape, known.examinations[name], len(columns))
        else:
            members[gate.name] = evaluate(gate, columns, members, decide)
        yield gate, members[gate.name]


def _question(
    gate: PlacedGate, shape: Envelope, columns: Columns, members: Mapping[str, BoolArray]
) -> Question:
    rows = np.flatnonzero(members[gate.parent])
    return Question(
        rows=rows,
        axes=tuple(axis.label for axis in gate.axes),
        values=np.array([columns.column(axis)[rows] for axis in gate.axes]),
        lineage={name: members[name][rows] for name in shape.lineage},
        immature={name: members[name][rows] for name in shape.immature},
        n_whole=int(members[shape.of].sum()),
    )


def _called(shape: Envelope, found: Examination, n_events: int) -> BoolArray:
    wanted = [found.names.index(name) for name in shape.holds]
    inside = np.zeros(n_events, dtype=np.bool_)
    inside[found.rows[np.isin(found.called, wanted)]] = True
    return inside


def _keep(members: BoolArray, columns: Columns, axes: Sequence[Axis]) -> Kept:
    rows = np.flatnonzero(members)
    return Kept(
        rows=rows,
        linear={axis.label: columns.linear(axis)[rows] for axis in axes},
        scaled={axis.label: columns.column(axis)[rows] for axis in axes},
    )


def _engine(name: str) -> Decide:
    if name != "flowkit":
        msg = f"unknown engine {name!r}: there is flowkit"
        raise ValueError(msg)
    from cytomon.gating.reference import inside

    return inside


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
