"""Reviews read back: who, when, why, and the numbers on both sides; only what is a verdict."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from cytomon.model.course import State
from cytomon.model.people import Act, Review
from cytomon.model.reviewed import Reviewed
from cytomon.store.backing import read_backing
from cytomon.store.change import changing
from cytomon.store.corrections import move_tube, withdraw_tube
from cytomon.store.find import Which, find_tube
from cytomon.store.session import Store
from cytomon.store.tables import reviews
from tests.review_stores import DRAWN, MOVED, change_result, edit, garble, newest, say
from tests.store.builders import course, enrol, marrow, mrd, result, save, specimen, staff
from tests.store.conftest import FIRST, SECOND


@pytest.fixture
def ready(store: Store) -> Store:
    """A marrow with one result, and two who may review it."""
    enrol(store, "P1", "P2")
    staff(store)
    save(store, result())
    return store


def verdicts(store: Store, patient: str = "P1") -> list[str]:
    """What was said, in order."""
    return [one.verdict for one in course(store, patient).reviews]


def only(said: Sequence[Reviewed]) -> Reviewed:
    """The only review."""
    (one,) = said
    return one


def test_a_changed_result_tells_both_sides(ready: Store):
    """Who, when, why, each adjustment, and the numbers before and after."""
    found = newest(ready)
    made = change_result(ready, found, mrd(48), comment="debris in the gate")
    one = only(course(ready).reviews)

    assert (one.by, one.verdict, one.comment) == (FIRST, "changed", "debris in the gate")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(one.at)).total_seconds()) < 600
    assert one.adjustments == (MOVED, DRAWN)
    assert (one.file, one.specimen_id, one.specimen) == ("a.fcs", "S1", specimen(ready).number)
    assert one.made is not None
    assert (one.found.number, one.made.number) == (found, made)
    assert one.automatic is one.found
    assert [side.measurements["mrd"].numerator for side in (one.automatic, one.made)] == [60, 48]
    assert specimen(ready).standing["mrd"][0].number == made


def test_the_result_names_the_automatic_one_beside_it(ready: Store):
    """From the numbers of a report to what stands behind them."""
    found = newest(ready)
    made = change_result(ready, found, mrd(48))
    with ready.reading() as connection:
        backing = read_backing(connection, [found, made])

    assert {number: one.beside for number, one in backing.items()} == {found: None, made: found}
    assert [only(one.reviews).comment for one in backing.values()] == ["debris", "debris"]


def test_a_review_of_a_review_goes_back_to_the_automatic_result(ready: Store):
    """However often it was changed again."""
    found = newest(ready)
    first = change_result(ready, found, mrd(48))
    second = change_result(ready, first, mrd(40), comment="more debris", who=SECOND)
    say(ready, second, Review.APPROVED, who=FIRST)
    said = course(ready).reviews

    assert [one.found.number for one in said] == [found, first, second]
    assert {one.automatic.number for one in said} == {found}
    with ready.reading() as connection:
        backing = read_backing(connection, [second])[second]
    assert backing.beside == found
    assert [one.by for one in backing.reviews] == [SECOND, FIRST]
    assert specimen(ready).standing["mrd"][1].numerator == 40


def test_a_rejected_result_is_told_with_its_numbers(ready: Store):
    """It counts no longer, and is not forgotten."""
    say(ready, newest(ready), Review.REJECTED, "clotted")
    one = only(course(ready).reviews)

    assert specimen(ready).results == ()
    assert (one.verdict, one.comment, one.made) == ("rejected", "clotted", None)
    assert one.found.measurements["mrd"].numerator == 60
    assert one.found.saved_by == "ada"


def test_an_edit_is_no_verdict(ready: Store):
    """Neither shown, nor of any effect."""
    found = newest(ready)
    edit(ready, found)
    with ready.reading() as connection:
        assert connection.scalar(select(reviews.c.verdict)) == "edited"
        assert read_backing(connection, [found])[found].reviews == ()
    assert verdicts(ready) == []
    assert specimen(ready).standing["mrd"][0].state is State.AUTOMATIC

    say(ready, found, Review.APPROVED)
    edit(ready, found)
    assert verdicts(ready) == ["approved"]
    assert specimen(ready).standing["mrd"][0].state is State.REVIEWED


BOX = {"kind": "box", "bounds": [[1.0, None]]}
GARBLED = [
    "nothing",
    "{",
    "7",
    "null",
    '[{"gate": "x"}]',
    "[" * 100_000,
    json.dumps([{"gate": "x", "change": "blown up", "before": None, "after": BOX, "on": ["CD19"]}]),
]


@pytest.mark.parametrize("text", GARBLED, ids=range(len(GARBLED)))
def test_what_cannot_be_read_is_none(ready: Store, text: str):
    """The rest of the review stands."""
    change_result(ready, newest(ready), mrd(48))
    garble(ready, text)
    one = only(course(ready).reviews)

    assert one.adjustments is None
    assert (one.comment, one.automatic.measurements["mrd"].numerator) == ("debris", 60)


def test_a_review_goes_with_its_tube(ready: Store):
    """To another patient, and away where the tube is withdrawn."""
    say(ready, newest(ready), Review.APPROVED)
    with changing(ready, FIRST, "correct", act=Act.CORRECT) as change:
        tube = find_tube(change.connection, "a.fcs")
        move_tube(change, tube, "S1", Which(patient_id="P2"), why="mixed up")
    assert (verdicts(ready), verdicts(ready, "P2")) == ([], ["approved"])

    with changing(ready, FIRST, "correct", act=Act.CORRECT) as change:
        withdraw_tube(change, find_tube(change.connection, "a.fcs"), why="not ours")
    assert verdicts(ready, "P2") == []


def test_of_many_tubes_each_has_its_own(ready: Store):
    """No review is told of another tube, specimen or patient."""
    save(ready, result(marrow(), mrd(3), file="b.fcs"), result(marrow("P2", "S9"), file="c.fcs"))
    a, b, c = (newest(ready, f"{name}.fcs") for name in "abc")
    say(ready, a, Review.APPROVED, "a")
    say(ready, b, Review.REJECTED, "b")
    say(ready, c, Review.APPROVED, "c")
    with ready.reading() as connection:
        backing = read_backing(connection, [a, b, c])

    assert [only(backing[number].reviews).comment for number in (a, b, c)] == ["a", "b", "c"]
    assert [(one.comment, one.file) for one in course(ready).reviews] == [
        ("a", "a.fcs"),
        ("b", "b.fcs"),
    ]
    assert only(course(ready, "P2").reviews).specimen_id == "S9"
