"""Count every event of a tube in every gate of a placement.

`place` may look at a sample of the events; counting never does. Which engine decided is known here
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.gating.envelope.examine import examine
from cytomon.gating.envelope.remarks import remarks
from cytomon.gating.envelope.study import Question
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Axis, Boolean, Envelope, PlacedGate, Placement, Score
from cytomon.model.normal import Examination
from cytomon.model.results import Kept, Population
from cytomon.model.tube import BoolArray, Channel, FloatArray

# weights such as 0.7 and 0.1 do not add up to 0.8 to the last bit
ROUNDING = 1e-9

Decide = Callable[[PlacedGate, Columns], BoolArray]


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
    findings : tuple of Finding
        Events left out, and events that nothing explains.
    """

    n_root: int
    populations: tuple[Population, ...]
    kept: Mapping[str, Kept]
    examinations: Mapping[str, Examination] = field(default_factory=dict)
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
    studies: dict[str, Examination] = {}
    for gate, members in _walk(columns, placement, finite, _engine(engine), studies):
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
        examinations=studies,
        findings=(
            *_not_finite(len(events) - n_root, len(events)),
            *(said for name, study in studies.items() for said in remarks(name, study)),
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
    studies = dict(examinations or {})
    walk = _walk(columns, placement, columns.finite(), _engine(engine), studies)
    return {gate.name: members for gate, members in walk}


def _walk(
    columns: Columns,
    placement: Placement,
    finite: BoolArray,
    decide: Decide,
    studies: dict[str, Examination],
) -> Iterator[tuple[PlacedGate, BoolArray]]:
    members: dict[str, BoolArray] = {"": finite}
    for gate in placement.gates:
        if isinstance(gate.shape, Envelope):
            if gate.shape.study not in studies:
                studies[gate.shape.study] = _study(gate, gate.shape, columns, members)
            members[gate.name] = _called(gate.shape, studies[gate.shape.study], len(columns))
        else:
            members[gate.name] = evaluate(gate, columns, members, decide)
        yield gate, members[gate.name]


def _study(
    gate: PlacedGate, shape: Envelope, columns: Columns, members: Mapping[str, BoolArray]
) -> Examination:
    rows = np.flatnonzero(members[gate.parent])
    question = Question(
        rows=rows,
        axes=tuple(axis.label for axis in gate.axes),
        values=np.array([columns.column(axis)[rows] for axis in gate.axes]),
        lineage={name: members[name][rows] for name in shape.lineage},
        immature={name: members[name][rows] for name in shape.immature},
        n_whole=int(members[shape.of].sum()),
    )
    return examine(question, shape.reference)


def _called(shape: Envelope, study: Examination, n_events: int) -> BoolArray:
    wanted = [study.names.index(name) for name in shape.holds]
    found = np.zeros(n_events, dtype=np.bool_)
    found[study.rows[np.isin(study.called, wanted)]] = True
    return found


def evaluate(
    gate: PlacedGate, columns: Columns, members: Mapping[str, BoolArray], decide: Decide
) -> BoolArray:
    """Members of one gate, given those of the gates before it."""
    match gate.shape:
        case Boolean(every=every, some=some):
            found = members[gate.parent].copy()
            for operand in every:
                found &= members[operand.gate] ^ operand.complement
            if some:
                any_of = np.zeros(len(columns), dtype=np.bool_)
                for operand in some:
                    any_of |= members[operand.gate] ^ operand.complement
                found &= any_of
            return found
        case Score(terms=terms, at_least=at_least):
            score = np.zeros(len(columns))
            for name, weight in terms:
                score += weight * members[name]
            return (score >= at_least - ROUNDING) & members[gate.parent]
        case _:
            return decide(gate, columns) & members[gate.parent]


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
