"""Verdicts: approved as it was, changed with a reason, rejected; and on to the next tube."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cytomon.model.people import Review
from cytomon.store.tables import reviews
from tests.review.screen.clinic import ESCAPED, FEW, LATER, Clinic
from tests.review.screen.person import Person
from tests.review.screen.rooms import Sit
from tests.review.screen.test_regions import PAIR, around


def take_out_the_blasts(person: Person) -> None:
    """Draw a region around all of them: the MRD turns."""
    person.show("blasts", PAIR)
    corners = around(person.places("blasts"))
    person.key("X")
    for corner in corners:
        person.click(corner)
    person.key("Return")


def marks(person: Person) -> list[str]:
    """Verdicts in the list of tubes."""
    tubes = person.widget.tubes
    return [tubes.verdict(row) for row in range(tubes.rowCount())]


def test_a_tube_is_approved_as_it_is_and_the_next_one_opens(clinic: Clinic, sit: Sit):
    """The list says so; one can go back and on; and the last of them is the last."""
    person = sit(clinic.desk(), clinic.items(ESCAPED, FEW))
    assert "result: automatic" in person.widget.side.whose.text()
    person.key("A")
    person.opened(FEW)
    assert clinic.said() == ["approved"]
    assert marks(person) == ["approved", ""]
    assert person.widget.tubes.currentRow() == 1
    assert person.says == f"{ESCAPED}: approved, and kept"

    person.key("P")
    person.opened(ESCAPED)
    assert "result: reviewed" in person.widget.side.whose.text()
    person.key("P")
    assert person.says == "there is no further tube in the list"
    person.push("next_tube")
    person.opened(FEW)
    person.push("approve")
    person.until(lambda: marks(person) == ["approved", "approved"])
    assert person.says == "approved, and kept; that was the last tube of the list"
    assert clinic.said() == ["approved", "approved"]
    person.key("N")
    assert person.session.file == FEW


def test_a_status_that_turns_needs_a_reason(clinic: Clinic, sit: Sit):
    """Without one nothing is kept and the line for it has the keyboard; with one it is."""
    person = sit(clinic.desk(), clinic.items(FEW))
    take_out_the_blasts(person)
    person.settled()
    stood, now = person.bar("MRD")
    assert stood.rpartition(" · ")[2] != now.rpartition(" · ")[2]
    person.key("A")
    assert person.says.startswith("a reason is needed: MRD")
    assert person.focus_name() == "reason"
    assert clinic.said() == ["edit"]

    person.type("no blasts: a doublet population")
    person.key("Return")
    person.key("A")
    person.until(lambda: marks(person) == ["changed"])
    assert clinic.said() == ["edit", "changed"]
    (*_, (_, _, change)) = clinic.kept()
    assert change is not None
    assert (change.gate, change.after) == ("blasts", person.last.after)
    assert change.why == "no blasts: a doublet population"
    with clinic.store.reading() as connection:
        query = select(reviews.c.comment).where(reviews.c.verdict == Review.CHANGED.value)
        assert connection.scalars(query).all() == ["no blasts: a doublet population"]
    (case,) = clinic.desk().cases("P002", person.widget.sitting.items[0].specimen)
    assert case.result.measurements["mrd"].numerator == 0
    assert case.automatic.measurements["mrd"].numerator == 26


def test_nothing_is_approved_that_is_still_being_measured(clinic: Clinic, sit: Sit):
    """A verdict rests on what the pipeline says, never on what is shown at once."""
    person = sit(clinic.desk(), clinic.items(FEW))
    take_out_the_blasts(person)
    person.widget.side.reason.setText("no blasts")
    person.key("A")
    person.until(lambda: "still being measured" in person.says)
    person.settled()
    assert clinic.said() == ["edit"]
    assert marks(person) == [""]


def test_a_rejection_needs_a_reason(clinic: Clinic, sit: Sit):
    """And goes on to the next tube like any other verdict."""
    person = sit(clinic.desk(), clinic.items(FEW, LATER))
    person.key("R")
    assert person.says.startswith("a reason is needed to reject")
    assert person.focus_name() == "reason"
    person.type("clotted: rejected")
    person.key("Return")
    person.push("reject")
    person.opened(LATER)
    assert clinic.said() == ["rejected"]
    assert marks(person) == ["rejected", ""]
    assert person.widget.side.reason.text() == ""


def test_who_may_not_review_keeps_nothing(clinic: Clinic, sit: Sit):
    """The window says so when a tube is opened; gates can be moved for a try."""
    person = sit(clinic.desk("visitor"), clinic.items(FEW))
    assert "may not review: nothing is kept" in person.says
    take_out_the_blasts(person)
    person.settled()
    assert person.bar("MRD")[1].startswith("0 of ")
    person.widget.side.reason.setText("no blasts")
    person.key("A")
    person.until(lambda: "may not review" in person.says)
    person.settled()
    assert clinic.said("visitor") == []
    assert marks(person) == [""]


@pytest.mark.parametrize("lost", ["first", "second"])
def test_a_file_that_is_gone_is_said_to_be(
    clinic: Clinic, sit: Sit, lost: str, monkeypatch: pytest.MonkeyPatch
):
    """In words, in the window; and the tubes after it can be opened."""
    first, second = (FEW, LATER) if lost == "first" else (ESCAPED, FEW)
    clinic.hide(FEW)
    person = sit(clinic.desk(), clinic.items(first, second), wait=lost == "second")
    if lost == "second":
        person.key("N")
    person.until(lambda: FEW in person.says)
    assert "the file of this tube is not found" in person.says
    assert "--files" in person.says
    if lost == "first":
        assert person.widget.session is None
        person.key("N")
        person.opened(LATER)
    else:
        assert person.session.file == ESCAPED
        person.key("A")
        person.until(lambda: marks(person) == ["approved", ""])
