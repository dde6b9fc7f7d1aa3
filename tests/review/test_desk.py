"""A person at a store: edits are kept as they are made and come back, gates are opened by two."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from cytomon.errors import InputError
from cytomon.model.adjustment import Change
from cytomon.model.people import Act, Role
from cytomon.review.desk import Desk, OnDesk
from cytomon.review.saving import approve, change_result, reject
from cytomon.store.change import changing
from cytomon.store.history import read_log
from cytomon.store.people import appoint
from cytomon.store.reviewing import Step, open_gate, read_openings, read_steps, save_step
from cytomon.store.session import Store
from cytomon.store.tables import log, reviews
from cytomon.store.touched import Head, entries_of, head, patients_since
from cytomon.store.verify import verify
from tests.review.laboratory import BLOOD, Laboratory, box_around, case_of, moved_box, settled_with
from tests.review.test_saving import LOST, standing
from tests.store import builders
from tests.store.builders import save
from tests.store.conftest import ADMIN, FIRST, SECOND

NK, LYMPH = "cd16_cd56_pos", "lymphoid_scatter"


def sit(store: Store, lab: Laboratory, who: str = FIRST) -> tuple[Desk, OnDesk]:
    """A person takes up the blood."""
    desk = lab.desk(store, who)
    return desk, desk.take_up(case_of(store))


def edit(desk: Desk, on_desk: OnDesk, gate: str = NK, by: float = 0.4) -> None:
    """Move a gate, and keep the step."""
    session = on_desk.session
    desk.keep(on_desk, Step.EDIT, session.move(gate, moved_box(session, gate, 0, 0, by)))


def back(desk: Desk, on_desk: OnDesk, step: Step) -> None:
    """Take a step back or do it again, and keep that, too."""
    session = on_desk.session
    done = {Step.UNDO: session.undo, Step.REDO: session.redo, Step.START_OVER: session.start_over}
    done[step]()
    desk.keep(on_desk, step)


def test_every_edit_is_in_the_log(kept: Store, lab: Laboratory):
    """As an adjustment: which gate, from where to where, by whom and when."""
    desk, on_desk = sit(kept, lab)
    edit(desk, on_desk)
    session = on_desk.session
    drawn = session.draw("b_cells", Change.ADDED, box_around(0.0, 1.0), ("CD19", "CD20"), "dim")
    desk.keep(on_desk, Step.EDIT, drawn)
    back(desk, on_desk, Step.UNDO)

    with kept.reading() as connection:
        rows = connection.execute(select(log).where(log.c.action == "edit")).all()
        written = connection.execute(select(reviews).order_by(reviews.c.id)).all()
    number = on_desk.case.result.number
    assert [row.subject for row in rows] == [
        f"result {number}: edit", f"result {number}: edit", f"result {number}: undo"
    ]  # fmt: skip
    (first,) = json.loads(rows[0].after)
    assert (first["gate"], first["change"], first["who"]) == (NK, "moved", FIRST)
    assert first["before"]["bounds"] != first["after"]["bounds"]
    assert [row.after for row in rows] == [row.adjustments for row in written]
    assert {row.verdict for row in written} == {"edited"}
    assert verify(kept).problems == ()


def test_an_edit_is_no_verdict(kept: Store, lab: Laboratory):
    """Nothing counts otherwise, no course has changed, and no correction is told of."""
    with kept.reading() as connection:
        before = head(connection)
        touched = len(entries_of(connection, _number(kept, "P007")))
    desk, on_desk = sit(kept, lab)
    edit(desk, on_desk)
    assert standing(kept).state == "automatic"
    assert builders.course(kept, "P007").reviews == ()
    with kept.reading() as connection:
        assert patients_since(connection, before)["P007"][1] is False
        assert len(entries_of(connection, _number(kept, "P007"))) == touched
        assert patients_since(connection, Head(number=0, hash=""))["P007"][1]
        assert [one.action for one in read_log(connection, patient_id="P007")][-1] == "edit"


def test_an_edit_takes_no_verdict_back(kept: Store, lab: Laboratory):
    """What was approved stays reviewed, and what was rejected stays out."""
    approve(kept, FIRST, case_of(kept))
    desk, on_desk = sit(kept, lab, SECOND)
    edit(desk, on_desk)
    assert standing(kept).state == "reviewed"
    reject(kept, FIRST, case_of(kept), "mixed up")
    edit(desk, on_desk)
    (blood,) = builders.course(kept, "P007").specimens
    assert blood.results == ()


def _number(store: Store, patient_id: str) -> int:
    with store.reading() as connection:
        return patients_since(connection, Head(number=0, hash=""))[patient_id][0]


def test_a_draft_comes_back(kept: Store, lab: Laboratory):
    """Whatever was done and taken back, the tube stands as it was left."""
    desk, on_desk = sit(kept, lab)
    edit(desk, on_desk)
    edit(desk, on_desk, LYMPH)
    back(desk, on_desk, Step.UNDO)
    back(desk, on_desk, Step.START_OVER)
    edit(desk, on_desk, LYMPH, 0.2)
    edit(desk, on_desk, NK, 0.1)
    back(desk, on_desk, Step.UNDO)
    back(desk, on_desk, Step.REDO)

    _, again = sit(kept, lab)
    assert again.resumed == 8
    assert again.session.adjustments == on_desk.session.adjustments
    assert dict(again.session.now.counts) == dict(on_desk.session.now.counts)
    _, other = sit(kept, lab, SECOND)
    assert (other.resumed, other.session.adjustments) == (0, ())


def test_a_verdict_ends_the_draft_of_who_gave_it(kept: Store, lab: Laboratory):
    """Another person's goes on; what begins after the verdict is a new one."""
    first, on_first = sit(kept, lab)
    edit(first, on_first)
    second, on_second = sit(kept, lab, SECOND)
    edit(second, on_second, LYMPH)
    approve(kept, FIRST, case_of(kept))

    number = case_of(kept).result.number
    with kept.reading() as connection:
        assert read_steps(connection, number, FIRST) == ()
        (step,) = read_steps(connection, number, SECOND)
    assert step.step is Step.EDIT
    edit(first, on_first)
    with kept.reading() as connection:
        assert len(read_steps(connection, number, FIRST)) == 1


def test_who_may_not_review_may_try_and_leaves_nothing(lite: Store, lab: Laboratory):
    """The screen is the same; nothing is kept of it."""
    with changing(lite, ADMIN, "appoint", act=Act.APPOINT) as change:
        appoint(change, FIRST, Role.CLINICIAN)
    before = builders.contents(lite)
    desk, on_desk = sit(lite, lab)
    edit(desk, on_desk)
    assert "may not review" in desk.obstacle(on_desk)
    with pytest.raises(InputError, match="may not review"):
        desk.approve(on_desk)
    with (
        pytest.raises(InputError, match="role"),
        changing(lite, FIRST, "edit", act=Act.REVIEW) as change,
    ):
        save_step(change, on_desk.case.result.number, Step.EDIT, "[]")
    assert builders.contents(lite) == before


def test_a_verdict_from_the_desk(lite: Store, lab: Laboratory):
    """Only what the pipeline has measured is kept, and a status that turns needs a reason."""
    desk, on_desk = sit(lite, lab)
    session = on_desk.session
    session.repeat(LOST)
    with pytest.raises(InputError, match="still being measured"):
        desk.approve(on_desk, "doublets")
    session.take(session.settle())
    assert desk.needs_reason(on_desk) == ("b_fraction",)
    with pytest.raises(InputError, match="a reason is needed: b_fraction"):
        desk.approve(on_desk, " ")
    with pytest.raises(InputError, match="a reason is needed"):
        desk.reject(on_desk, "")
    desk.approve(on_desk, "doublets")
    assert standing(lite).measurements["b_fraction"].status == "APLASIA"


def test_a_tube_that_counts_otherwise_now_gets_no_verdict(lite: Store, lab: Laboratory):
    """A review could not say what it changed."""
    (path, count, parent), *rest = lab.result(BLOOD).populations
    save(lite, lab.result(BLOOD, populations=((path, count + 1, parent), *rest)))
    desk, on_desk = sit(lite, lab)
    on_desk.check(on_desk.session.settle())
    assert f"{count + 1} then, {count} now" in desk.obstacle(on_desk)
    with pytest.raises(InputError, match="measure the tube again"):
        desk.approve(on_desk)


def test_a_tube_measured_again_is_kept_anew(lite: Store, lab: Laboratory):
    """The review before it has the numbers of another day: what is shown is what is kept."""
    case = case_of(lite)
    opened, settled = settled_with(lab, case, LOST)
    change_result(lite, FIRST, case, opened, settled, "doublets")
    reviewed = standing(lite).number
    save(lite, lab.result(BLOOD, cytomon="0.0.9"))
    desk, on_desk = sit(lite, lab, SECOND)
    assert not on_desk.session.is_changed
    with pytest.raises(InputError, match="still being measured"):
        desk.approve(on_desk)
    on_desk.session.take(on_desk.session.settle())
    desk.approve(on_desk, "as before")
    assert standing(lite).number >= reviewed
    assert case_of(lite).result.state == "reviewed"


def ask(store: Store, who: str, gate: str = "cd19_clear", why: str = "dim CD19") -> bool:
    with changing(store, who, "open gate", act=Act.REVIEW) as change:
        return open_gate(change, case_of(store).result.number, gate, why)


def openings(store: Store) -> dict[str, tuple[tuple[str, ...], bool, str]]:
    with store.reading() as connection:
        found = read_openings(connection, case_of(store).result.number)
    return {gate: (one.persons, one.is_open, one.why) for gate, one in found.items()}


def give(store: Store, who: str, role: Role) -> None:
    with changing(store, ADMIN, "appoint", act=Act.APPOINT) as change:
        appoint(change, who, role)


def test_a_gate_is_opened_by_two_persons(kept: Store):
    """Each with a reason; the first one's is shown, both are in the log."""
    assert openings(kept) == {}
    assert ask(kept, FIRST) is False
    assert openings(kept) == {"cd19_clear": ((FIRST,), False, "dim CD19")}
    assert ask(kept, FIRST, "t_cells", "few") is False
    assert ask(kept, SECOND, why="seen in two tubes") is True
    assert openings(kept) == {
        "cd19_clear": ((FIRST, SECOND), True, "dim CD19"),
        "t_cells": ((FIRST,), False, "few"),
    }
    with kept.reading() as connection:
        rows = connection.execute(select(log).where(log.c.action == "open gate")).all()
        told = [one.action for one in read_log(connection, patient_id="P007")]
    assert [(row.who, row.after, row.why) for row in rows] == [
        (FIRST, "cd19_clear", "dim CD19"),
        (FIRST, "t_cells", "few"),
        (SECOND, "cd19_clear", "seen in two tubes"),
    ]
    assert told.count("open gate") == 3
    assert verify(kept).problems == ()


def test_two_gates_may_be_asked_for_at_once(lite: Store):
    """Each keeps its own name."""
    with changing(lite, FIRST, "open gate", act=Act.REVIEW) as change:
        for gate in ("cd19_clear", "t_cells"):
            open_gate(change, case_of(lite).result.number, gate, "dim")
    assert set(openings(lite)) == {"cd19_clear", "t_cells"}


@pytest.mark.parametrize("why", ["", "  "])
def test_a_gate_is_not_opened_without_a_reason(why: str, lite: Store):
    """Nor a second time by the same person."""
    with pytest.raises(InputError, match="for a reason"):
        ask(lite, FIRST, why=why)
    ask(lite, FIRST)
    with pytest.raises(InputError, match="second person"):
        ask(lite, FIRST)
    assert openings(lite)["cd19_clear"][1] is False


def test_only_who_may_review_has_a_word(kept: Store):
    """Neither a name without the role, nor one whose role was taken away since."""
    give(kept, FIRST, Role.TECHNOLOGIST)
    with pytest.raises(InputError, match="role"):
        ask(kept, FIRST)
    give(kept, FIRST, Role.ANALYST)
    ask(kept, FIRST)
    give(kept, FIRST, Role.CLINICIAN)
    assert openings(kept) == {}
    assert ask(kept, SECOND) is False
    give(kept, FIRST, Role.PATHOLOGIST)
    assert openings(kept)["cd19_clear"][:2] == ((FIRST, SECOND), True)


def test_an_open_gate_moves_at_the_desk(lite: Store, lab: Laboratory):
    """For whoever opens the tube, and for this result alone."""
    desk, on_desk = sit(lite, lab)
    assert desk.ask_to_open(on_desk, "cd19_clear", "dim CD19") is False
    with pytest.raises(InputError, match="locked"):
        edit(desk, on_desk, "cd19_clear", 0.2)
    second, on_second = sit(lite, lab, SECOND)
    assert second.ask_to_open(on_second, "cd19_clear", "agreed") is True
    edit(second, on_second, "cd19_clear", 0.2)
    _, again = sit(lite, lab, SECOND)
    assert again.session.adjustments == on_second.session.adjustments
    assert sit(lite, lab)[1].session.open_gates == {"cd19_clear"}

    session = on_second.session
    session.take(session.settle())
    second.approve(on_second, "dim CD19")
    assert sit(lite, lab)[1].session.open_gates == set()
