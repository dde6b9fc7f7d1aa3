"""Whatever a person does to a tube, what it shows is what the engine counts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import InputError
from cytomon.gating.count import count
from cytomon.gating.late import split
from cytomon.glance import Look
from cytomon.model.adjustment import Adjustment, Change
from cytomon.model.gating import Box
from cytomon.review.session import Session, Settled
from tests.review.laboratory import box_around, moved_box, session_of

_MOVED = ("singlets", "cells", "wide_scatter", "lymphoid_scatter", "cd16_cd56_pos", "monocytes")
_DRAWN = ("b_cells", "lymphocytes", "b_all")
_PLACES = st.floats(0.5, 4.0)
_STEPS = st.one_of(
    st.tuples(st.sampled_from(["move", "drag", "pin"]), st.sampled_from(_MOVED), st.floats(-1, 1)),
    st.tuples(st.sampled_from([*Change][2:]), st.sampled_from(_DRAWN), _PLACES),
    st.tuples(st.sampled_from(["undo", "redo", "settle", "late", "take"]), st.just(""), st.just(0)),
    st.tuples(st.just("start over"), st.just(""), st.just(0)),
)


@dataclass(slots=True, kw_only=True)
class Walk:
    """A session, and what it ought to know."""

    session: Session
    done: list[Adjustment] = field(default_factory=list)
    undone: list[Adjustment] = field(default_factory=list)
    late: Settled | None = None

    def step(self, what: str, gate: str, by: float) -> None:
        """Do one thing, to the session and to the lists."""
        if gate:
            self._edit(what, gate, by)
        elif what in {"settle", "late", "take"}:
            self._measure(what)
        elif what == "undo":
            assert self.session.undo() == bool(self.done)
            self.undone += self.done[-1:]
            del self.done[-1:]
        elif what == "redo":
            assert self.session.redo() == bool(self.undone)
            self.done += self.undone[-1:]
            del self.undone[-1:]
        else:
            self.session.start_over()
            self.done, self.undone = [], []

    def _edit(self, what: str, gate: str, by: float) -> None:
        if what == "drag":
            stood = self.session.now
            agrees(self.session, self.session.drag(gate, self._outline(gate, by)))
            assert self.session.now is stood
            return
        if what == "move":
            made = self.session.move(gate, self._outline(gate, by))
        elif what == "pin":
            made = self.session.pin(gate)
        else:
            square = box_around(by, by + 1)
            made = self.session.draw(gate, Change(what), square, ("CD19", "CD20"))
        self.done.append(made)
        self.undone.clear()

    def _measure(self, what: str) -> None:
        if what != "take":
            self.late = self.session.settle()
        if what != "late" and self.late is not None:
            same = [one.geometry for one in self.late.adjustments] == [
                one.geometry for one in self.done
            ]
            assert self.session.take(self.late) == same

    def _outline(self, gate: str, by: float) -> Box:
        ends = [
            (number, end)
            for number, side in enumerate(self.session.gate(gate).shape.bounds)
            for end in (0, 1)
            if side[end] is not None
        ]
        number, end = ends[0]
        wide = 0.05 if gate == "singlets" else 8000.0 if gate in {"cells", "monocytes"} else 0.5
        return moved_box(self.session, gate, number, end, by * wide)


def agrees(session: Session, look: Look) -> None:
    """The counts of a look are those of the engine for the same placement."""
    engine = {
        one.path[-1]: one.count for one in count(session.opened.events, look.placement).populations
    }
    early = {gate.name for gate in split(look.placement).early.gates}
    final = not (look.held or look.waits)
    for name, found in engine.items():
        if name in early or final:
            assert look.counts[name] == found, name


@pytest.fixture(scope="module")
def walked(tubes: Path) -> Session:
    """A small blood; each walk begins anew, on what the ones before have measured."""
    return session_of(tubes / "blood_a.fcs")


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(_STEPS, min_size=3, max_size=9))
def test_any_walk_shows_what_the_engine_counts(
    steps: list[tuple[str, str, float]], walked: Session
):
    """And the automatic result is there at the end of it."""
    automatic = walked.automatic
    walk = Walk(session=walked)
    walk.step("start over", "", 0)
    for step in steps:
        with suppress(InputError):  # an outline that was squeezed to nothing
            walk.step(*step)
        assert walked.adjustments == tuple(walk.done)
        assert (walked.can_undo, walked.can_redo) == (bool(walk.done), bool(walk.undone))
        agrees(walked, walked.now)
        assert walked.automatic is automatic
        for name, one in walked.first.answers.items():
            stood = walked.before[name]
            assert (stood.numerator, stood.status) == (one.numerator, one.status)
    walked.start_over()
    assert walked.placement.gates == automatic.gates
    assert dict(walked.now.counts) == dict(walked.first.counts)
