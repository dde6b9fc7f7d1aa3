"""Locked gates: moved by nobody alone."""

from __future__ import annotations

from tests.review.screen.clinic import ANNA, BEN, ESCAPED, Clinic
from tests.review.screen.person import Person
from tests.review.screen.rooms import Sit

GATE, EDGE = "cd19_clear", ("CD19", "low")


def pull_the_edge(person: Person) -> None:
    """Try to move the locked gate."""
    person.show(GATE)
    edge = person.grip("edge", EDGE)
    person.drag(edge.at, (edge.at[0] + 60, edge.at[1]))


def ask(person: Person, why: str) -> None:
    """Write a reason, and press L."""
    person.widget.side.reason.setFocus()
    person.type(why)
    person.key("Return")
    person.key("L")


def test_a_locked_gate_is_moved_by_nobody_alone(clinic: Clinic, sit: Sit):
    """A drag does nothing and says why; who has asked for it cannot agree."""
    anna = sit(clinic.desk(ANNA), clinic.items(ESCAPED))
    anna.show("monocytes")
    anna.key("L")
    assert anna.says == "monocytes is not locked"
    pull_the_edge(anna)
    assert "cd19_clear is locked: it says from where on CD19 counts as present" in anna.says
    assert "Press L" in anna.says
    assert anna.session.adjustments == ()
    assert anna.widget.showing.tree.row(GATE)[-1] == "locked"

    anna.key("L")
    assert anna.focus_name() == "reason"
    assert "write the reason" in anna.says
    ask(anna, "dim CD19")
    anna.until(lambda: "a second person has to agree" in anna.says)
    ask(anna, "dim CD19")
    anna.until(lambda: "you have asked for this gate already" in anna.says)
    pull_the_edge(anna)
    assert (anna.session.adjustments, clinic.kept()) == ((), [])
    assert "waits for a second person: asked by anna: dim CD19" in anna.widget.side.about.text()


def test_a_second_person_opens_it_for_both(clinic: Clinic, sit: Sit):
    """At a window of their own; the first one finds it open when the tube is opened again."""
    anna = sit(clinic.desk(ANNA), clinic.items(ESCAPED))
    anna.show(GATE)
    ask(anna, "dim CD19")
    anna.until(lambda: "a second person has to agree" in anna.says)

    ben = sit(clinic.desk(BEN), clinic.items(ESCAPED))
    pull_the_edge(ben)
    assert ben.session.adjustments == ()
    ask(ben, "I agree")
    ben.until(lambda: ben.says == f"{GATE} is open")
    assert ben.widget.showing.tree.row(GATE)[-1] == ""
    pull_the_edge(ben)
    assert [one.gate for one in ben.session.adjustments] == [GATE]
    assert "open: asked by anna, ben: dim CD19" in ben.widget.side.about.text()
    ben.settled()
    assert clinic.said(BEN) == ["edit"]

    anna.widget.sitting.open_row(0)
    anna.until(lambda: not anna.session.refusal(GATE))
    pull_the_edge(anna)
    assert [one.gate for one in anna.session.adjustments] == [GATE]
