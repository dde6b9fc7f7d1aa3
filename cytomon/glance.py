"""What a tube says while its gates are being moved: at once, and marked where it is not final.

Membership is exact for every gate. What takes longer than a mouse button is held down is left as
it was: gates are not placed again, clouds are not fitted again, boundaries are not jittered. The
pipeline does all of that afterwards and has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_not

import numpy as np

from cytomon.errors import TemplateError
from cytomon.evidence import evidence_of, looked_at
from cytomon.gating.axes import Axes
from cytomon.gating.bits import Bits, rows_of
from cytomon.gating.count import Counted
from cytomon.gating.engine.held import Held
from cytomon.gating.envelope.study import Rows, Study
from cytomon.gating.envelope.widened import widened
from cytomon.gating.late import split
from cytomon.gating.passing import pass_through
from cytomon.gating.transforms import to_scale
from cytomon.measure.catalogue import measure_all
from cytomon.measure.phenotype import KEPT_ROLES
from cytomon.measure.quality import check_quality, hard
from cytomon.model.findings import Finding
from cytomon.model.gating import Axis, Envelope, PlacedGate, Placement
from cytomon.model.normal import Examination
from cytomon.model.patient import Specimen
from cytomon.model.results import Evidence, Kept, Measurement, Population
from cytomon.model.tube import FloatArray
from cytomon.pipeline import OpenedTube
from cytomon.soundness import refuse_overflow

ANSWERS = ("mrd", "cd19_blasts", "cd22_blasts", "b_fraction", "by_eye")
"""Quantities that are measured while a gate is being moved."""
_CALLS = ("cd19_blasts", "cd22_blasts")
"""Those of them that take long: two distributions are fitted to the blasts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A tube with its gates in some place.

    Attributes
    ----------
    placement : Placement
        The place.
    counts : mapping of str to int
        Gate to its events; the empty name stands for all finite ones. While it waits for an
        examination, gates that rest on one are absent.
    members : mapping of str to Bits
        Gate to its members, for the same gates.
    answers : mapping of str to Measurement
        Quantity to what it says; empty where it cannot be said yet.
    held : bool
        Whether a population rests on a fit to other events: what is said of it may change.
    waits : str
        Why there are no answers yet; empty where there are.
    """

    placement: Placement
    counts: Mapping[str, int]
    members: Mapping[str, Bits]
    answers: Mapping[str, Measurement]
    held: bool = False
    waits: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class _Known:
    """What was fitted, and to which events."""

    studies: dict[str, Study] = field(default_factory=dict)
    asked: dict[str, tuple[Bits, ...]] = field(default_factory=dict)


class Glance:
    """A tube whose gates are being moved.

    Parameters
    ----------
    opened : OpenedTube
        From `cytomon.pipeline.open_for_gating`.
    placement : Placement
        Its gates as placed.
    specimen : Specimen or None
        Where it comes from.
    """

    def __init__(
        self, opened: OpenedTube, placement: Placement, *, specimen: Specimen | None
    ) -> None:
        self._opened = opened
        self._spec = opened.template.spec
        self._whose = specimen or Specimen(specimen_type=self._spec.specimen)
        self._axes = Axes(self._spec, opened.tube, opened.panel)
        self.held = Held(opened.events, placement.matrices, self._all_axes(placement))
        self._known = _Known()
        self._kept: dict[str, tuple[Bits, Kept]] = {}
        self._beside: tuple[Finding, ...] = ()
        self._calls: tuple[tuple[Kept | None, ...], object, tuple[Measurement, ...]] | None = None

    @property
    def n_events(self) -> int:
        """Events of the tube."""
        return self.held.n_events

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Axes of the tube's gates."""
        return self.held.axes

    def study(
        self,
        placement: Placement,
        studies: Mapping[str, Study] | None = None,
        findings: Sequence[Finding] = (),
    ) -> None:
        """Fit to the events as gates have them now, or take such fits from the pipeline.

        Parameters
        ----------
        placement : Placement
            Where the gates are.
        studies : mapping of str to Study, optional
            What `cytomon.gating.count.count` fitted for the same gates; fitted here when left out.
        findings : sequence of Finding, optional
            What the pipeline said of the same gates: hard failures that no count shows, such as an
            antibody that did not stain, stand until it speaks again.
        """
        known = dict(studies or {})
        examinations = {name: one.examination for name, one in known.items()}
        passed = pass_through(self.held, placement, self.n_events, set(), examinations)
        self._known = _Known(
            studies={**known, **passed.studies},
            asked={
                shape.study: _asked(gate, shape, passed.bits) for gate, shape in _first(placement)
            },
        )
        self._beside = tuple(self._not_counted(placement, passed.counts, findings))

    def look(self, placement: Placement) -> Look:
        """What the tube says with its gates in a place."""
        examinations: dict[str, Examination] = {}
        is_held = False
        for gate, shape in _first(placement):
            study = self._known.studies.get(shape.study)
            if study is None:
                return self._waiting(placement, "the tube is being examined")
            bits = self._before(gate, placement, examinations)
            found: Examination | None = study.examination
            if not _are_equal(_asked(gate, shape, bits), self._known.asked[shape.study]):
                is_held = True
                rows = rows_of(bits[gate.parent], self.n_events)
                found = widened(study, rows, _Values(self.held, gate))
            if found is None:
                return self._waiting(placement, "many events came in: being examined")
            examinations[shape.study] = found
        passed = pass_through(self.held, placement, self.n_events, set(), dict(examinations))
        answers, refused = self._measured(placement, passed.counts, passed.bits, examinations)
        return Look(
            placement=placement,
            counts=passed.counts,
            members=passed.bits,
            answers={one.quantity: one for one in answers},
            held=is_held,
            waits=refused,
        )

    def _all_axes(self, placement: Placement) -> Iterator[Axis]:
        """Axes of gates, of what is looked at more closely, and those to draw regions on."""
        yield from (axis for gate in placement.gates for axis in gate.axes)
        yield from (axis for _, axes in looked_at(placement, self._axes) for axis in axes)
        yield from (self._axes[name] for name in self._axes.markers())

    def _before(
        self, gate: PlacedGate, placement: Placement, examinations: Mapping[str, Examination]
    ) -> Mapping[str, Bits]:
        """Members of the gates before an envelope, which may rest on another one."""
        gates = placement.gates[: placement.gates.index(gate)]
        part = replace(placement, gates=gates)
        return pass_through(self.held, part, self.n_events, set(), dict(examinations)).bits

    def _waiting(self, placement: Placement, why: str) -> Look:
        parts = split(placement)
        found = self.held.ask(parts.early, set())
        # of those that rest on an envelope, geometry alone is known: no count of theirs is right
        known = set(found.counts) - {gate.name for gate in parts.late}
        return Look(
            placement=placement,
            counts={name: events for name, events in found.counts.items() if name in known},
            members={name: bits for name, bits in found.bits.items() if name in known},
            answers={},
            waits=why,
        )

    def _not_counted(
        self, placement: Placement, counts: Mapping[str, int], findings: Sequence[Finding]
    ) -> Iterator[Finding]:
        """Hard failures that do not come from the counts of a placement."""
        by_role = {role: counts[gate] for role, gate in placement.roles.items()}
        limits = self._spec.limits.as_limits()
        quality = check_quality({"root": counts[""], **by_role}, self._whose, limits)
        of_counts = {one.code for one in quality}
        yield from (one for one in hard(findings) if one.code not in of_counts)

    def _measured(
        self,
        placement: Placement,
        counts: Mapping[str, int],
        members: Mapping[str, Bits],
        examinations: Mapping[str, Examination],
    ) -> tuple[tuple[Measurement, ...], str]:
        """What is measured, or why nothing can be."""
        counted = Counted(
            n_root=counts[""],
            populations=tuple(
                Population(
                    path=placement.path(gate.name),
                    count=counts[gate.name],
                    parent_count=counts[gate.parent],
                )
                for gate in placement.gates
            ),
            kept={
                name: self._look_at(name, axes, members[name])
                # one gate may fill two roles, of which the last says on what axes it is looked at
                for name, axes in dict(looked_at(placement, self._axes)).items()
            },
            examinations=examinations,
        )
        found = evidence_of(self._spec, self._opened.panel, placement, counted, self._whose)
        try:
            refuse_overflow(self._spec, placement, found.counts)
        except TemplateError as error:
            return (), error.what
        quality = (*check_quality(found.counts, self._whose, found.limits), *self._beside)
        evidence = replace(found, failures=hard(quality))
        wanted = [name for name in ANSWERS if name in self._spec.quantities]
        calls = self._called(evidence, [name for name in wanted if name in _CALLS])
        others = measure_all(evidence, [name for name in wanted if name not in _CALLS])
        return (*calls, *others), ""

    def _called(self, evidence: Evidence, wanted: Sequence[str]) -> tuple[Measurement, ...]:
        """Calls of antigens; those from before where nothing that they look at has changed."""
        kept = tuple(evidence.kept.get(role) for role in KEPT_ROLES)
        counts = tuple(evidence.counts.get(role) for role in ("blasts", "blasts_b_only"))
        facts = (counts, evidence.failures, evidence.leukaemic)
        before = self._calls
        if before is None or before[1] != facts or any(map(is_not, before[0], kept)):
            self._calls = (kept, facts, measure_all(evidence, wanted))
        return self._calls[2] if self._calls else ()

    def _look_at(self, name: str, axes: Sequence[Axis], members: Bits) -> Kept:
        """Events of a gate; those from before where it holds the same."""
        known = self._kept.get(name)
        if known is not None and np.array_equal(known[0], members):
            return known[1]
        rows = rows_of(members, self.n_events)
        linear = {axis.label: self.held.linear(axis, rows) for axis in axes}
        scaled = {axis.label: to_scale(linear[axis.label], axis.scale) for axis in axes}
        kept = Kept(rows=rows, linear=linear, scaled=scaled)
        self._kept[name] = (members, kept)
        return kept


class _Values:
    """Values of events on the axes of an envelope."""

    def __init__(self, held: Held, gate: PlacedGate) -> None:
        self._held, self._axes = held, gate.axes

    def __call__(self, rows: Rows) -> FloatArray:
        return np.array([self._held.scaled(axis, rows) for axis in self._axes])


def _first(placement: Placement) -> list[tuple[PlacedGate, Envelope]]:
    """One gate of each study."""
    found: dict[str, tuple[PlacedGate, Envelope]] = {}
    for gate in placement.gates:
        if isinstance(gate.shape, Envelope):
            found.setdefault(gate.shape.study, (gate, gate.shape))
    return list(found.values())


def _asked(gate: PlacedGate, shape: Envelope, bits: Mapping[str, Bits]) -> tuple[Bits, ...]:
    """All that an examination depends on: its events, what they show, and of how many they are."""
    parent = bits[gate.parent]
    shown = [bits[name] & parent for name in (*shape.lineage, *shape.immature)]
    return (parent, bits[shape.of], *shown)


def _are_equal(now: tuple[Bits, ...], before: tuple[Bits, ...]) -> bool:
    # of the whole only the number counts, and equal bits are the usual case
    return len(now) == len(before) and all(map(np.array_equal, now, before))
