"""A tube under the wrong patient: moved with a reason, shown in both courses, nothing vanishes."""

from __future__ import annotations

from datetime import date

import pytest

from cytomon.errors import InputError
from cytomon.model.course import State
from cytomon.model.people import Act, Role
from cytomon.model.record import ClinicalEvent, How, Infusion, Source
from cytomon.store.change import changing
from cytomon.store.corrections import (
    MEASURE_AGAIN,
    POOL_AGAIN,
    Corrected,
    move_specimen,
    move_tube,
    withdraw_tube,
)
from cytomon.store.find import Which, find_specimen, find_tube
from cytomon.store.patient_corrections import correct_infusion, withdraw_event
from cytomon.store.patients import save_events
from cytomon.store.people import appoint
from cytomon.store.session import Store
from cytomon.store.verify import verify
from tests.store.builders import (
    D28,
    DAY0,
    approve,
    contents,
    course,
    enrol,
    marrow,
    mrd,
    result,
    save,
    specimen,
    staff,
)
from tests.store.conftest import ADMIN, FIRST, SECOND

WHY = "labels swapped at receipt"


def move(
    store: Store,
    tube: str,
    patient: str = "",
    specimen_id: str = "S1",
    *,
    who: str = ADMIN,
    **to: str,
) -> Corrected:
    """Move a tube."""
    with changing(store, who, "correct", act=Act.CORRECT) as change:
        row = find_tube(change.connection, tube)
        return move_tube(change, row, specimen_id, Which(patient_id=patient, **to), why=WHY)


@pytest.fixture
def two(store: Store) -> Store:
    """A store of two patients, the first of whom has a tube that is the second's."""
    enrol(store, "P1", "P2")
    save(store, result())
    return store


def test_both_courses_show_it(two: Store):
    """Where it came from, where it went, who, when and why; the result goes along."""
    corrected = move(two, "a.fcs", "P2", "S9")

    (there,) = course(two, "P1").corrections
    assert course(two, "P2").corrections == (there,)
    assert (there.what, there.by, there.why) == ("tube a.fcs", ADMIN, WHY)
    assert (there.came_from, there.went_to) == ("P1/S1", "P2/S9")
    assert corrected.notes == (MEASURE_AGAIN,)
    assert specimen(two, "P1").results == ()
    assert specimen(two, "P2").standing["mrd"][1].status == "POSITIVE"
    assert specimen(two, "P2").collected_on == D28


def test_nothing_vanishes(two: Store):
    """Every row that was there is there."""
    before = contents(two)
    move(two, "a.fcs", "P2")

    after = contents(two)
    assert all(set(rows) <= set(after[name]) for name, rows in before.items())
    assert verify(two).problems == ()


def test_what_was_measured_for_another_says_so(two: Store):
    """Until it is measured again with the corrected worklist."""
    move(two, "a.fcs", "P2", "S9")
    (moved,) = specimen(two, "P2").results
    assert moved.measured_elsewhere

    save(two, result(marrow("P2", "S9"), mrd(61)))
    kept = specimen(two, "P2")
    assert [one.measured_elsewhere for one in kept.results] == [True, False]
    assert kept.standing["mrd"][0] is kept.results[1]


def test_the_old_worklist_does_not_bring_it_back(two: Store):
    """Nor does it make a second tube."""
    move(two, "a.fcs", "P2", "S9")
    (taken,) = save(two, result())

    assert taken.how is How.REFUSED
    assert "has corrected where" in taken.reason
    assert specimen(two, "P1").results == ()


def test_the_corrected_worklist_finds_it(two: Store):
    """What it says there is kept even if it is the same: now it was measured for this patient."""
    move(two, "a.fcs", "P2", "S9")

    assert save(two, result(marrow("P2", "S9")))[0].how is How.CHANGED
    assert [one.measured_elsewhere for one in specimen(two, "P2").results] == [True, False]
    assert save(two, result(marrow("P2", "S9")))[0].how is How.SAME


def test_a_sum_with_a_tube_of_somebody_else_stands_no_longer(two: Store):
    """The row of both tubes together is withdrawn with the tube that leaves."""
    whole = result(marrow(), mrd(99), file="", template="x+y")
    save(two, result(marrow(), mrd(70), file="b.fcs"), whole)
    assert specimen(two).standing["mrd"][1].numerator == 99

    corrected = move(two, "a.fcs", "P2")
    assert POOL_AGAIN in corrected.notes
    assert specimen(two).standing["mrd"][1].numerator == 70


def test_it_goes_back(two: Store):
    """A wrong correction is corrected like anything else."""
    move(two, "a.fcs", "P2", "S9")
    move(two, "a.fcs", "P1", "S1")

    assert specimen(two, "P1").standing["mrd"][1].status == "POSITIVE"
    assert len(course(two, "P1").corrections) == 2
    assert [one.how for one in (*save(two, result()), *save(two, result()))] == [
        How.CHANGED, How.SAME,
    ]  # fmt: skip


def test_to_another_specimen_of_the_same_patient(two: Store):
    """The type decides between marrow and blood of one name."""
    b_cells = ("b_fraction", 3, 4000, 0.00075, 0.000155, 0.00219, None, None, "APLASIA", "")
    save(
        two,
        result(marrow("P1", "S2"), mrd(70), file="b.fcs"),
        result(marrow("P1", "S2", specimen_type="blood"), b_cells, file="c.fcs"),
    )
    move(two, "a.fcs", "", "S2")

    found = {one.specimen_type: one for one in course(two).specimens if one.specimen_id == "S2"}
    assert [one.file for one in found["marrow"].results] == ["a.fcs", "b.fcs"]


@pytest.mark.parametrize(
    ("patient", "specimen_id", "says"),
    [("P1", "S1", "stands there already"), ("P9", "S1", "knows no patient")],
)
def test_a_slip_is_refused(two: Store, patient: str, specimen_id: str, says: str):
    """Nothing is written."""
    before = contents(two), verify(two).entries
    with pytest.raises(InputError, match=says):
        move(two, "a.fcs", patient, specimen_id)
    assert (contents(two), verify(two).entries) == before


@pytest.mark.parametrize("text", ["b.fcs", "0" * 12, ""])
def test_a_tube_that_is_not_there(two: Store, text: str):
    """By name or hash; a few digits of a hash are too few."""
    with pytest.raises(InputError, match="no such tube"):
        move(two, text, "P2")


def test_two_tubes_of_one_name_are_told_apart_by_their_hash(two: Store):
    """The refusal shows the digits to give."""
    save(two, result(marrow("P2", "S2"), sha256="2" * 64))
    with pytest.raises(InputError, match="2222222222"):
        move(two, "a.fcs", "P2", "S3")
    move(two, "22222222", "P1", "S7")
    assert [one.specimen_id for one in course(two, "P1").specimens] == ["S1", "S7"]


def test_withdrawn(two: Store):
    """In no course any more, and not measured back into one."""
    with changing(two, ADMIN, "correct", act=Act.CORRECT) as change:
        withdraw_tube(change, find_tube(change.connection, "a.fcs"), why="a test run")

    assert specimen(two).results == ()
    assert course(two).corrections[0].went_to == ""
    assert save(two, result())[0].how is How.REFUSED


class TestSigned:
    """What is signed is moved by two persons who may sign."""

    @pytest.fixture
    def signed(self, two: Store) -> Store:
        """The first patient's result is signed."""
        staff(two)
        approve(two, FIRST)
        return two

    def test_not_by_one(self, signed: Store):
        """The first one's word is kept, and does nothing yet."""
        assert move(signed, "a.fcs", "P2", who=FIRST).waits
        assert specimen(signed).results[0].state is State.SIGNED

    def test_not_by_the_same_one_twice(self, signed: Store):
        """Nor by one who may not sign."""
        move(signed, "a.fcs", "P2", who=FIRST)
        with pytest.raises(InputError, match="two persons"):
            move(signed, "a.fcs", "P2", who=FIRST)
        with pytest.raises(InputError, match="takes two persons who may sign"):
            move(signed, "a.fcs", "P2", who=ADMIN)

    def test_not_by_two_who_say_different_things(self, signed: Store):
        """The second has to say the same."""
        move(signed, "a.fcs", "P2", "S8", who=FIRST)
        assert move(signed, "a.fcs", "P2", "S9", who=SECOND).waits
        assert specimen(signed).results[0].state is State.SIGNED

    def test_by_two(self, signed: Store):
        """Its signature was for another patient, and does not go along."""
        move(signed, "a.fcs", "P2", who=FIRST)
        assert not move(signed, "a.fcs", "P2", who=SECOND).waits

        (moved,) = specimen(signed, "P2").results
        assert moved.state is State.AUTOMATIC
        assert [one.stands for one in moved.signatures] == [False]

    def test_an_old_word_counts_no_longer(self, signed: Store):
        """After it was moved and moved back, two have to agree anew."""
        for patient in ("P2", "P1"):
            for who in (FIRST, SECOND):
                if specimen(signed, "P1" if patient == "P2" else "P2").results:
                    move(signed, "a.fcs", patient, who=who)
        assert specimen(signed, "P1").results[0].state is State.SIGNED
        assert move(signed, "a.fcs", "P2", who=SECOND).waits


class TestSpecimen:
    """A specimen with all its tubes."""

    def move(self, store: Store, to: Which, becomes: str = "", who: str = ADMIN) -> Corrected:
        """Correct the specimen S1."""
        with changing(store, who, "correct", act=Act.CORRECT) as change:
            row = find_specimen(change.connection, "S1", Which())
            return move_specimen(change, row, becomes, to, why=WHY)

    def test_gets_its_patient(self, two: Store):
        """Both courses show it."""
        self.move(two, Which(patient_id="P2"))

        assert course(two, "P1").specimens == ()
        assert specimen(two, "P2").standing["mrd"][1].status == "POSITIVE"
        (there,) = course(two, "P1").corrections
        assert course(two, "P2").corrections == (there,)
        assert (there.what, there.came_from, there.went_to) == ("specimen S1", "P1/S1", "P2/S1")

    def test_gets_its_day(self, two: Store):
        """A wrong date of collection; the old worklist does not bring it back."""
        self.move(two, Which(collected_on="2026-03-09"))

        assert specimen(two).collected_on == date(2026, 3, 9)
        assert save(two, result())[0].how is How.REFUSED
        right = result(marrow(collected_on=date(2026, 3, 9)))
        assert save(two, right)[0].how is How.CHANGED
        assert save(two, right)[0].how is How.SAME

    def test_does_not_swallow_another(self, two: Store):
        """Two specimens of one name, day and type would be one."""
        save(two, result(marrow("P2"), file="b.fcs"))
        with two.reading() as connection:
            row = find_specimen(connection, "S1", Which(patient_id="P1"))
        with (
            pytest.raises(InputError, match="such a specimen already"),
            changing(two, ADMIN, "correct", act=Act.CORRECT) as change,
        ):
            move_specimen(change, row, "", Which(patient_id="P2"), why=WHY)

    def test_takes_two_when_signed(self, two: Store):
        """And loses its signature."""
        staff(two)
        approve(two, FIRST)
        assert self.move(two, Which(patient_id="P2"), who=FIRST).waits
        assert not self.move(two, Which(patient_id="P2"), who=SECOND).waits
        assert specimen(two, "P2").results[0].state is State.AUTOMATIC


def test_a_wrong_day_0(two: Store):
    """One command with a reason."""
    with changing(two, ADMIN, "correct", act=Act.CORRECT) as change:
        correct_infusion(change, "P1", date(2026, 1, 13), why=WHY)

    assert course(two).infusion == Infusion(infused_on=date(2026, 1, 13), product="CD19")
    with (
        pytest.raises(InputError, match="already"),
        changing(two, ADMIN, "correct", act=Act.CORRECT) as change,
    ):
        correct_infusion(change, "P1", date(2026, 1, 13), why=WHY)
    assert date(2026, 1, 13) != DAY0


def test_a_wrong_event(two: Store):
    """Withdrawn, not imported back by the old list, and brought back by a command."""
    given = [
        ClinicalEvent(patient_id="P1", on=D28, event="drug", value=value)
        for value in ("rituximab", "blinatumomab")
    ]

    def again() -> list[How]:
        with changing(two, ADMIN, "import", act=Act.ENTER) as change:
            return [one.how for one in save_events(change, given)]

    assert again() == [How.NEW, How.NEW]
    with (
        pytest.raises(InputError, match="has 2 such events"),
        changing(two, ADMIN, "correct", act=Act.CORRECT) as change,
    ):
        withdraw_event(change, given[0], why=WHY)
    with changing(two, ADMIN, "correct", act=Act.CORRECT) as change:
        withdraw_event(change, given[0], any_value=False, why=WHY)
    assert [one.value for one in course(two).events] == ["blinatumomab"]
    assert again() == [How.REFUSED, How.SAME]

    with changing(two, ADMIN, "correct", act=Act.CORRECT) as change:
        withdraw_event(change, given[0], back=True, why=WHY)
    assert again() == [How.SAME, How.SAME]


def withdraw(store: Store, tube: str, *, who: str = ADMIN) -> Corrected:
    """Take a tube out of every course."""
    with changing(store, who, "correct", act=Act.CORRECT) as change:
        return withdraw_tube(change, find_tube(change.connection, tube), why=WHY)


def test_a_withdrawn_tube_comes_back_by_a_command(two: Store):
    """To where it was, or elsewhere."""
    withdraw(two, "a.fcs")
    with pytest.raises(InputError, match="withdrawn already"):
        withdraw(two, "a.fcs")
    move(two, "a.fcs", "P1", "S1")

    assert specimen(two).standing["mrd"][1].status == "POSITIVE"


def test_a_withdrawn_result_that_was_signed_comes_back_by_two(two: Store):
    """Its signature stands again with it."""
    staff(two)
    approve(two, FIRST)
    withdraw(two, "a.fcs", who=FIRST)
    withdraw(two, "a.fcs", who=SECOND)
    assert specimen(two).results == ()

    with pytest.raises(InputError, match="two persons who may sign"):
        move(two, "a.fcs", "P1", "S1")
    assert move(two, "a.fcs", "P1", "S1", who=FIRST).waits
    assert not move(two, "a.fcs", "P1", "S1", who=SECOND).waits
    assert specimen(two).results[0].state is State.SIGNED


def test_a_withdrawn_tube_of_nobody_stays_so(two: Store):
    """A worklist does not bring it back."""
    save(two, result(marrow("", ""), file="b.fcs"))
    withdraw(two, "b.fcs")

    assert save(two, result(marrow("P2", "S2"), file="b.fcs"))[0].how is How.REFUSED


def test_tubes_put_together_anew_stand_again(two: Store):
    """After one of them was moved away and back."""
    whole = result(marrow(), mrd(99), file="", template="x+y")
    save(two, result(marrow(), mrd(70), file="b.fcs"), whole)
    move(two, "a.fcs", "P2")
    move(two, "a.fcs", "P1")
    assert specimen(two).standing["mrd"][1].numerator != 99

    assert save(two, whole)[0].how is How.CHANGED
    assert specimen(two).standing["mrd"][1].numerator == 99


def test_what_goes_with_an_unsigned_tube_may_be_signed(two: Store):
    """The sum of all tubes: then two persons move that tube, too."""
    staff(two)
    whole = result(marrow(), mrd(99), file="", template="x+y")
    save(two, result(marrow(), mrd(70), file="b.fcs"), whole)
    approve(two, FIRST)
    save(two, result(marrow(), mrd(71), file="c.fcs"))

    with pytest.raises(InputError, match="two persons who may sign"):
        withdraw(two, "c.fcs")
    assert withdraw(two, "c.fcs", who=FIRST).waits


def test_the_word_of_one_who_may_not_sign_any_more_is_none(two: Store):
    """A role that was taken away."""
    staff(two)
    approve(two, FIRST)
    assert move(two, "a.fcs", "P2", who=FIRST).waits
    with changing(two, ADMIN, "appoint", act=Act.APPOINT) as change:
        appoint(change, FIRST, Role.NONE)

    assert move(two, "a.fcs", "P2", who=SECOND).waits


def test_a_course_shows_no_moves_between_others(two: Store):
    """A tube that went on from the second patient to a third."""
    enrol(two, "P3")
    move(two, "a.fcs", "P2")
    move(two, "a.fcs", "P3")

    moves = {
        patient: [(one.came_from, one.went_to) for one in course(two, patient).corrections]
        for patient in ("P1", "P2", "P3")
    }
    assert moves == {
        "P1": [("P1/S1", "P2/S1")],
        "P2": [("P1/S1", "P2/S1"), ("P2/S1", "P3/S1")],
        "P3": [("P2/S1", "P3/S1")],
    }


def test_a_marrow_does_not_become_a_blood(two: Store):
    """Unless somebody says so."""
    save(two, result(marrow("P2", "S2", specimen_type="blood"), file="b.fcs"))
    with pytest.raises(InputError, match="is blood, not marrow"):
        move(two, "a.fcs", "P2", "S2")
    move(two, "a.fcs", "P2", "S2", specimen_type="blood")


def test_a_tube_under_two_patients_is_told_by_where_it_is(two: Store):
    """The same file of two patients, from a list: one of them is wrong."""
    other = result(marrow("P2"), source=Source.IMPORT, file="b.fcs", sha256="3" * 64)
    twin = result(marrow("P1"), source=Source.IMPORT, file="c.fcs", sha256="3" * 64)
    save(two, other, twin)
    with two.reading() as connection:
        with pytest.raises(InputError, match="--of and --from"):
            find_tube(connection, "33333333")
        assert find_tube(connection, "33333333", patient_id="P2").file == "b.fcs"
        assert find_tube(connection, "33333333", specimen_id="S1", patient_id="P1").file == "c.fcs"


def test_what_a_list_adds_to_a_specimen_is_no_move(two: Store):
    """A day of receipt does not make a result one of another patient."""
    save(two, result(marrow(received_on=date(2026, 2, 10))))

    assert not specimen(two).results[0].measured_elsewhere
