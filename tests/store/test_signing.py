"""Signatures say what they mean, are bound to what they sign, and sometimes take two persons."""

from __future__ import annotations

import pytest

from cytomon.errors import InputError
from cytomon.model.course import State, side
from cytomon.model.people import MAY, Act, Meaning, Review, Role
from cytomon.store.change import changing
from cytomon.store.find import Which, find_specimen
from cytomon.store.people import appoint, role_of, roles
from cytomon.store.said import acknowledge, save_review
from cytomon.store.session import Store
from cytomon.store.signing import Signing, sign
from cytomon.store.verify import verify
from tests.store.builders import (
    NEGATIVE,
    POSITIVE,
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


@pytest.fixture
def ready(store: Store) -> Store:
    """A store with one negative result and two pathologists."""
    save(store, result(marrow(), NEGATIVE))
    staff(store)
    return store


def review(store: Store, who: str) -> Signing:
    """Sign as looked at."""
    with changing(store, who, "sign", act=Act.REVIEW) as change:
        row = find_specimen(change.connection, "S1", Which())
        return sign(change, row, Meaning.REVIEWED)


def test_a_signature_says_who_when_and_what(ready: Store):
    """The printed name, the time, and the meaning (21 CFR 11.50)."""
    signing = approve(ready, FIRST)

    (only,) = specimen(ready).results
    (signature,) = only.signatures
    assert (signature.by, signature.meaning, signature.stands) == (FIRST, "approved", True)
    assert signature.at.startswith("20")
    assert (only.state, only.amended) == (State.SIGNED, False)
    assert not signing.waits


def test_signed_counts_before_newer(ready: Store):
    """A new result does not push a signed one aside (domain: 0.1)."""
    approve(ready, FIRST)
    save(ready, result(marrow(), POSITIVE))

    assert specimen(ready).standing["mrd"][1].status == "NOT_DETECTED"


def test_reviewed_counts_before_newer_and_after_signed(ready: Store):
    """The order of domain 0.1."""
    assert not review(ready, FIRST).waits
    save(ready, result(marrow(), POSITIVE))
    kept = specimen(ready)
    assert kept.standing["mrd"][0].state is State.REVIEWED
    assert kept.standing["mrd"][1].status == "NOT_DETECTED"

    approve(ready, FIRST)
    assert specimen(ready).standing["mrd"][1].status == "POSITIVE"


class TestAmended:
    """What stands in place of a signed result."""

    @pytest.fixture
    def signed(self, ready: Store) -> Store:
        """The negative result is signed."""
        approve(ready, FIRST)
        return ready

    def test_takes_a_reason(self, signed: Store):
        """Even where the answer is the same."""
        save(signed, result(marrow(), mrd(0, 600_000, "NOT_DETECTED")))
        with pytest.raises(InputError, match="needs a reason"):
            approve(signed, FIRST)

    def test_on_the_same_side_takes_one_person(self, signed: Store):
        """And is marked as amended; the old one stays readable."""
        save(signed, result(marrow(), mrd(0, 600_000, "NOT_DETECTED")))
        signing = approve(signed, FIRST, why="more events acquired")

        old, new = specimen(signed).results
        assert (signing.amends, signing.flips, signing.waits) == (True, (), False)
        assert (new.state, new.amended) == (State.SIGNED, True)
        assert (old.state, old.measurements["mrd"].denominator) == (State.SIGNED, 500_000)
        assert specimen(signed).standing["mrd"][0].number == new.number

    def test_on_the_other_side_takes_two(self, signed: Store):
        """Until the second has signed, the old answer counts."""
        save(signed, result(marrow(), POSITIVE))
        signing = approve(signed, FIRST, why="gate was wrong")
        assert (signing.flips, signing.waits) == (("mrd",), True)
        assert specimen(signed).standing["mrd"][1].status == "NOT_DETECTED"

        with pytest.raises(InputError, match="two persons"):
            approve(signed, FIRST, why="gate was wrong")
        assert not approve(signed, SECOND, why="gate was wrong").waits
        assert specimen(signed).standing["mrd"][1].status == "POSITIVE"
        assert specimen(signed).standing["mrd"][0].amended

    def test_a_second_tube_may_change_the_answer_too(self, signed: Store):
        """The specimen was negative; with its second tube it is not."""
        save(signed, result(marrow(), POSITIVE, file="b.fcs"))
        signing = approve(signed, FIRST, why="second tube")

        assert (signing.amends, signing.flips, signing.waits) == (True, ("mrd",), True)

    @pytest.mark.parametrize(
        "row",
        [
            ("cd19_blasts", 0, 60, 0.0, 0.0, 0.06, None, None, "NEGATIVE", ""),
            ("b_fraction", 90, 4000, 0.0225, 0.018, 0.0276, None, None, "RECOVERED", ""),
        ],
        ids=["antigen lost", "b cells back"],
    )
    def test_so_do_the_other_questions(self, store: Store, row: tuple):
        """Antigen escape and recovery are verdicts as well."""
        other = {"cd19_blasts": "POSITIVE", "b_fraction": "APLASIA"}[row[0]]
        save(store, result(marrow(), (*row[:8], other, "")))
        staff(store)
        approve(store, FIRST)
        save(store, result(marrow(), row))

        assert approve(store, FIRST, why="again").flips == (row[0],)


def test_nothing_new_is_not_signed_twice(ready: Store):
    """A second signature on the same would say nothing."""
    approve(ready, FIRST)
    before = verify(ready).entries
    with pytest.raises(InputError, match="signed so already"):
        approve(ready, SECOND)
    assert verify(ready).entries == before


def test_a_result_that_was_measured_for_another_takes_a_reason(ready: Store):
    """Its qualifiers may be wrong for this patient."""
    from cytomon.store.corrections import move_tube
    from cytomon.store.find import find_tube

    enrol(ready, "P2")
    with changing(ready, ADMIN, "correct", act=Act.CORRECT) as change:
        tube = find_tube(change.connection, "a.fcs")
        move_tube(change, tube, "S9", Which(patient_id="P2"), why="swapped")

    with pytest.raises(InputError, match="moved here after it was measured"):
        approve(ready, FIRST, "S9")
    approve(ready, FIRST, "S9", why="no drug, same day")


@pytest.mark.parametrize("role", [role for role in Role if Act.SIGN not in MAY[role]])
def test_only_a_pathologist_signs(ready: Store, role: Role):
    """Least of all who gives the roles."""
    if role is not Role.NONE:
        with changing(ready, ADMIN, "appoint", act=Act.APPOINT) as change:
            appoint(change, "bob", role)
    with pytest.raises(InputError, match="to sign takes the role pathologist"):
        approve(ready, "bob")


class TestRoles:
    """Who may do what is known by the store."""

    def test_matrix(self):
        """As the specification has it (domain: 6.4)."""
        may = {role.value: {act.value for act in acts} for role, acts in MAY.items()}
        assert may == {
            "technologist": {"enter", "correct"},
            "analyst": {"enter", "correct", "review", "acknowledge"},
            "pathologist": {"enter", "correct", "review", "acknowledge", "sign"},
            "clinician": set(),
            "admin": {"enter", "correct", "appoint"},
            "": {"enter"},
        }

    def test_the_newest_role_counts(self, store: Store):
        """And one that was taken away counts no longer."""
        for role in (Role.ANALYST, Role.PATHOLOGIST, Role.NONE):
            with changing(store, ADMIN, "appoint", act=Act.APPOINT) as change:
                appoint(change, "bob", role)
            with store.reading() as connection:
                assert role_of(connection, "bob") is role
        with store.reading() as connection:
            assert roles(connection) == {ADMIN: Role.ADMIN}

    def test_nobody_raises_the_own_role(self, store: Store):
        """An admin who signs would have nobody above."""
        with (
            pytest.raises(InputError, match="own role"),
            changing(store, ADMIN, "appoint", act=Act.APPOINT) as change,
        ):
            appoint(change, ADMIN, Role.PATHOLOGIST)

    def test_a_clinician_writes_nothing(self, store: Store):
        """Not even what somebody without a role may."""
        with changing(store, ADMIN, "appoint", act=Act.APPOINT) as change:
            appoint(change, "doc", Role.CLINICIAN)
        before = contents(store)
        with pytest.raises(InputError, match="role clinician does not allow"):
            save(store, result(), who="doc")
        assert contents(store) == before


class TestSides:
    """On which side of its question a status lies."""

    @pytest.mark.parametrize(
        ("quantity", "status", "expected"),
        [
            ("mrd", "POSITIVE", "positive"),
            ("mrd", "POSITIVE_BELOW_LOQ", "positive"),
            ("mrd", "DETECTED_BELOW_THRESHOLD", "negative"),
            ("mrd", "BELOW_LOD", "negative"),
            ("mrd", "NOT_DETECTED", "negative"),
            ("mrd", "INSUFFICIENT_SENSITIVITY", "no answer"),
            ("mrd", "NOT_EVALUABLE", "no answer"),
            ("b_fraction", "PROVISIONAL_RECOVERED", "positive"),
            ("b_fraction", "PROVISIONAL_APLASIA", "negative"),
            ("b_fraction", "NOT_EVALUABLE", "no answer"),
            ("cd19_blasts", "DIM", "positive"),
            ("cd22_blasts", "PARTIAL", "positive"),
            ("cd22_blasts", "NEGATIVE", "negative"),
            ("cd22_blasts", "NOT_ASSESSABLE", "no answer"),
        ],
    )
    def test_side(self, quantity: str, status: str, expected: str):
        """By the trial's threshold and the 1 % rule."""
        assert side(quantity, status) == expected


class TestReviews:
    """What a reviewer says of a result."""

    def say(self, store: Store, verdict: Review, outcome: int | None = None) -> None:
        """Review the first result."""
        number = specimen(store).results[0].number
        with changing(store, FIRST, "review", act=Act.REVIEW) as change:
            save_review(change, number, verdict, outcome=outcome, comment="debris")

    def test_rejected_counts_no_longer(self, ready: Store):
        """It stays in the store."""
        self.say(ready, Review.REJECTED)
        assert specimen(ready).results == ()
        assert len(contents(ready)["results"]) == 1

    def test_what_is_signed_is_not_taken_out(self, ready: Store):
        """Or one person could sign the opposite afterwards."""
        approve(ready, FIRST)
        with pytest.raises(InputError, match="a review does not take it out"):
            self.say(ready, Review.REJECTED)

    def test_approved_is_reviewed(self, ready: Store):
        """As a signature of that meaning."""
        self.say(ready, Review.APPROVED)
        assert specimen(ready).results[0].state is State.REVIEWED

    def test_changed_has_an_outcome(self, ready: Store):
        """The result with the reviewer's gates is the reviewed one."""
        save(ready, result(marrow(), POSITIVE))
        with pytest.raises(ValueError, match="outcome"):
            self.say(ready, Review.CHANGED)
        self.say(ready, Review.CHANGED, outcome=specimen(ready).results[1].number)
        assert [one.state for one in specimen(ready).results] == [State.AUTOMATIC, State.REVIEWED]

    def test_of_nothing(self, ready: Store):
        """A result that is not there."""
        with (
            pytest.raises(InputError, match="no such result"),
            changing(ready, FIRST, "review", act=Act.REVIEW) as change,
        ):
            save_review(change, 99, Review.APPROVED)


def test_a_flag_is_acknowledged_with_what_is_done(ready: Store):
    """By whom, when, and why."""
    enrol(ready, "P1")
    with changing(ready, FIRST, "acknowledge", act=Act.ACKNOWLEDGE) as change:
        acknowledge(change, "P1", "A2", why="repeat in two weeks")

    (only,) = course(ready).acknowledgements
    assert (only.rule, only.by, only.why) == ("A2", FIRST, "repeat in two weeks")
    with (
        pytest.raises(InputError, match="no such rule"),
        changing(ready, FIRST, "acknowledge", act=Act.ACKNOWLEDGE) as change,
    ):
        acknowledge(change, "P1", "A22", why="?")
