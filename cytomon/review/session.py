"""One tube under review: gates are moved, taken back, judged; nothing here draws anything.

A gate moves in two steps. At once `Session.look` says what the tube would say with the gate there,
by every event, with all other gates where they stand. Then `Session.settle` puts the tube through
the pipeline again, as a batch would: gates that take their place from the moved one are placed
again, and what explains each event is examined anew. That has the last word, and is what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cytomon.errors import GatingError, InputError
from cytomon.fcs.events import FileEvents
from cytomon.gating.adjust import hands_of, refuse_unknown
from cytomon.gating.envelope.study import Study
from cytomon.glance import Glance, Look
from cytomon.model.adjustment import DRAWN, Adjustment, Change, Outline
from cytomon.model.gating import Box, Ellipse, PlacedGate, Placement, Polygon, Ranges
from cytomon.model.patient import Specimen
from cytomon.model.results import Measurement, TubeResult
from cytomon.pipeline import OpenedTube, count_placed, judge_counted, place_on
from cytomon.review.locks import locked
from cytomon.review.moved import moved, population_of
from cytomon.review.sound import sound
from cytomon.review.verdict import Line, flips, lines

Geometry = tuple[object, ...]
_MOST_HELD = 400_000_000
"""Bytes of events as they are in the file: two million of twenty-four channels."""
_MOST_SETTLED = 5
"""Results of the pipeline that are kept for when a change is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """A tube that the pipeline has measured with some adjustments.

    Attributes
    ----------
    adjustments : tuple of Adjustment
        Which.
    placement : Placement
        Where the gates came to stand.
    result : TubeResult
        What was measured.
    studies : mapping of str to Study
        The fits behind it.
    """

    adjustments: tuple[Adjustment, ...]
    placement: Placement
    result: TubeResult
    studies: Mapping[str, Study]

    @property
    def answers(self) -> Mapping[str, Measurement]:
        """Quantity to what it says."""
        return {one.quantity: one for one in self.result.measurements}


@dataclass(slots=True, kw_only=True, eq=False)
class _Steps:
    """What was done, and what was taken back and may be done again."""

    done: list[Adjustment] = field(default_factory=list)
    undone: list[Adjustment] = field(default_factory=list)


class Session:
    """A tube whose gates a person looks at and may move.

    Parameters
    ----------
    opened : OpenedTube
        From `cytomon.pipeline.open_for_gating`.
    specimen : Specimen or None
        Where it comes from.
    file : str
        How it is called in tables.
    who : str
        Name of the person; stands in each adjustment.
    start : sequence of Adjustment, optional
        Those that the review begins with.

    Attributes
    ----------
    misfit : str
        Why the review begins without `start`: the template has changed since; else empty.
    """

    def __init__(
        self,
        opened: OpenedTube,
        *,
        specimen: Specimen | None,
        file: str,
        who: str,
        start: Sequence[Adjustment] = (),
    ) -> None:
        # one tube is open for long: what fits into memory is read from the disk once
        events = FileEvents(opened.tube, most_held=_MOST_HELD)
        self.opened = opened = replace(opened, events=events)
        self.specimen, self.file, self.who = specimen, file, who
        self.automatic = place_on(opened)
        self.glance = Glance(opened, self.automatic, specimen=specimen)
        self.locks = locked(self.automatic)
        self.open_gates: set[str] = set()
        self.misfit = ""
        self._steps = _Steps()
        self._start = tuple(start)
        self._stands = (self.automatic, ())  # type: tuple[Placement, tuple[Adjustment, ...]]
        self._settled: dict[Geometry, Settled] = {}
        self.glance.study(self.automatic)
        self.first = self.glance.look(self.automatic)
        self.now = self.first
        if start:
            self._begin_with(start)

    def _begin_with(self, start: Sequence[Adjustment]) -> None:
        try:
            self.now = self._look(tuple(start))
        except GatingError as error:
            self.misfit = error.what
        else:
            self._steps.done.extend(start)

    # --- what was changed ---------------------------------------------------------------------
    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """All changes that hold, in order."""
        return tuple(self._steps.done)

    @property
    def is_changed(self) -> bool:
        """Whether gates stand elsewhere than where the review began."""
        return _geometry(self.adjustments) != _geometry(self._start)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._steps.done)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self._steps.undone)

    @property
    def placement(self) -> Placement:
        """Where the gates stand now."""
        return self.now.placement

    def gate(self, name: str) -> PlacedGate:
        """A gate where it stands now.

        Raises
        ------
        KeyError
            If the tube has none of this name.
        """
        for gate in self.placement.gates:
            if gate.name == name:
                return gate
        raise KeyError(name)

    def refusal(self, name: str) -> str:
        """Why a gate may not be changed; empty where it may."""
        whole = population_of(name)
        return "" if whole in self.open_gates else self.locks.get(whole, "")

    def drag(self, name: str, outline: Outline) -> Look:
        """What the tube would say with a gate elsewhere; nothing is kept."""
        adjustment = self._adjustment(name, Change.MOVED, outline)
        return self.glance.look(self._placed((*self.adjustments, adjustment)))

    def move(self, name: str, outline: Outline, why: str = "") -> Adjustment:
        """Move a gate.

        Raises
        ------
        InputError
            If it is locked, has no outline of its own, or would hold nothing whatever happens.
        """
        return self._do(self._adjustment(name, Change.MOVED, outline, why))

    def pin(self, name: str, why: str = "") -> Adjustment:
        """Keep a gate where the template had placed it, whatever its reference does.

        Raises
        ------
        InputError
            If it is locked or has no outline of its own.
        """
        stood = {gate.name: gate for gate in self.automatic.gates}[name]
        return self._do(self._adjustment(name, Change.PINNED, outline_of(stood), why))

    def draw(
        self, name: str, change: Change, outline: Polygon, on: tuple[str, str], why: str = ""
    ) -> Adjustment:
        """Put the events of a region into a population, or out of it.

        Raises
        ------
        InputError
            If the population is locked, or has an outline that can be moved instead.
        """
        if _has_outline(self.gate(name)) and not self._is_drawn(name):
            raise InputError(
                "the gate has an outline of its own", where=name, fix="move the outline instead"
            )
        return self._do(
            Adjustment(
                gate=name,
                change=change,
                before=None,
                after=sound(outline, name),
                on=on,
                who=self.who,
                why=why,
                at=_now(),
            )
        )

    def undo(self) -> bool:
        """Take the last change back; False where there is none."""
        if not self._steps.done:
            return False
        self._steps.undone.append(self._steps.done.pop())
        self.now = self._look(self.adjustments)
        return True

    def redo(self) -> bool:
        """Do again what was taken back; False where there is nothing."""
        if not self._steps.undone:
            return False
        self._steps.done.append(self._steps.undone.pop())
        self.now = self._look(self.adjustments)
        return True

    def start_over(self) -> None:
        """Take all changes back, to where the template had placed the gates."""
        self._steps = _Steps()
        self.now = self._look(())

    def repeat(self, adjustment: Adjustment) -> None:
        """Make a change again that was kept before; whether it was allowed was asked then."""
        # looked at before it is kept: what cannot be placed leaves nothing behind
        self.now = self._look((*self.adjustments, adjustment))
        self._steps.done.append(adjustment)
        self._steps.undone.clear()

    def _do(self, adjustment: Adjustment) -> Adjustment:
        self._refuse_locked(adjustment.gate)
        self.repeat(adjustment)
        return adjustment

    def _refuse_locked(self, name: str) -> None:
        why = self.refusal(name)
        if why:
            raise InputError(
                f"the gate is locked: {why}",
                where=name,
                fix="ask for it to be opened with a reason; a second person has to agree",
            )

    def _adjustment(self, name: str, change: Change, outline: Outline, why: str = "") -> Adjustment:
        gate = self.gate(name)
        return Adjustment(
            gate=name,
            change=change,
            before=outline_of(gate),
            after=sound(outline, name),
            on=tuple(axis.label for axis in gate.axes),
            who=self.who,
            why=why,
            at=_now(),
        )

    def _is_drawn(self, name: str) -> bool:
        return name in hands_of(self.adjustments).regions

    # --- what it says -------------------------------------------------------------------------
    @property
    def settled(self) -> Settled | None:
        """The pipeline's own word on the changes that hold; None until it has spoken."""
        return self._settled.get(_geometry(self.adjustments))

    @property
    def before(self) -> Mapping[str, Measurement]:
        """What the tube said with the gates as the template placed them."""
        known = self._settled.get(_geometry(()))
        return known.answers if known else self.first.answers

    @property
    def after(self) -> Mapping[str, Measurement]:
        """What it says now."""
        return self.answers_of(self.now)

    def answers_of(self, look: Look) -> Mapping[str, Measurement]:
        """What it says in a look: the pipeline's word where the gates are where it put them."""
        settled = self.settled
        is_same = settled is not None and look.placement is settled.placement
        return settled.answers if settled and is_same else look.answers

    def lines(self, look: Look | None = None) -> tuple[Line, ...]:
        """The verdict before and after, or as it would be in a look."""
        return lines(self.before, self.answers_of(look or self.now))

    @property
    def flips(self) -> tuple[str, ...]:
        """Quantities whose status is another one by the changes: they need a reason."""
        return flips(self.before, self.after)

    def settle(self, adjustments: Sequence[Adjustment] | None = None) -> Settled:
        """Measure the tube with the changes that hold, as a batch would; takes a while.

        Nothing of the session is touched: a worker may do it while gates are moved on.
        """
        wanted = self.adjustments if adjustments is None else tuple(adjustments)
        placement = place_on(self.opened, wanted)
        counted = count_placed(self.opened, placement)
        result = judge_counted(
            self.opened, placement, counted, specimen=self.specimen, file=self.file
        )
        return Settled(
            adjustments=wanted, placement=placement, result=result, studies=counted.studies
        )

    def take(self, settled: Settled) -> bool:
        """Take the pipeline's word; False where gates have been moved on meanwhile."""
        taken, current = _geometry(settled.adjustments), _geometry(self.adjustments)
        self._settled[taken] = settled
        # a result holds the events of its references: few are kept, the automatic one always, and
        # never that on which the gates stand now
        for old in [key for key in self._settled if key and key != current][:-_MOST_SETTLED]:
            del self._settled[old]
        if taken != current:
            return False
        self._stand_on(settled)
        return True

    def _stand_on(self, settled: Settled) -> None:
        self._stands = (settled.placement, settled.adjustments)
        self.glance.study(settled.placement, settled.studies, settled.result.findings)
        self.now = self.glance.look(settled.placement)

    def _look(self, adjustments: tuple[Adjustment, ...]) -> Look:
        known = self._settled.get(_geometry(adjustments))
        if known is not None:
            self._stand_on(known)
            return self.now
        if not adjustments:
            self._stands = (self.automatic, ())
            return self.first
        return self.glance.look(self._placed(adjustments))

    def _placed(self, adjustments: tuple[Adjustment, ...]) -> Placement:
        placement, made_with = self._stands
        found = moved(placement, made_with, self.automatic, adjustments)
        names = (gate.name for gate in found.gates)
        refuse_unknown(hands_of(adjustments), names, self.file)
        return found

    def marks(self) -> Mapping[str, str]:
        """What is different about gates: moved, pinned, drawn, or placed again after a reference.

        Returns
        -------
        mapping of str to str
            Gate to one word; gates that stand as the template placed them are left out.
        """
        hands = hands_of(self.adjustments)
        last = {one.gate: one.change for one in self.adjustments}
        stood = {gate.name: gate for gate in self.automatic.gates}
        found = {}
        for gate in self.placement.gates:
            if gate.name in hands.gates():
                found[gate.name] = "drawn" if last[gate.name] in DRAWN else last[gate.name].value
            elif gate.name in stood and gate.shape != stood[gate.name].shape:
                found[gate.name] = "placed again"
        return found


def outline_of(gate: PlacedGate) -> Outline:
    """The outline of a gate.

    Raises
    ------
    InputError
        If it has none that a person could move.
    """
    if isinstance(gate.shape, Box | Polygon | Ellipse | Ranges):
        return gate.shape
    raise InputError(
        "the population has no outline of its own",
        where=gate.name,
        fix="move a gate that it is made of, or draw a region to put events in or take them out",
    )


def _has_outline(gate: PlacedGate) -> bool:
    return isinstance(gate.shape, Box | Polygon | Ellipse | Ranges)


def _geometry(adjustments: Sequence[Adjustment]) -> Geometry:
    """What a placement depends on: who, why and when do not matter."""
    return tuple(one.geometry for one in adjustments)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def with_reason(adjustments: Sequence[Adjustment], why: str) -> tuple[Adjustment, ...]:
    """Adjustments of which those without a reason get this one."""
    return tuple(one if one.why else replace(one, why=why) for one in adjustments)
