"""What counts of a patient, read for many at once: the same as one by one, now and back then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from cytomon.errors import InputError
from cytomon.measure.intervals import binomial_interval
from cytomon.model.people import Act, Meaning, Review
from cytomon.model.record import (
    ClinicalEvent,
    How,
    Infusion,
    MeasuredRow,
    NewResult,
    Patient,
    Source,
)
from cytomon.model.results import AntigenCall, BCellStatus
from cytomon.model.timeline import FOLLOWED, Answer, Sample, Timeline
from cytomon.store.address import parse
from cytomon.store.change import Change, changing
from cytomon.store.corrections import move_specimen, move_tube, withdraw_tube
from cytomon.store.current import current
from cytomon.store.find import Which, find_specimen, find_tube, named_specimens
from cytomon.store.open import opened
from cytomon.store.patient_corrections import correct_infusion, withdraw_event
from cytomon.store.patients import save_events, save_patients
from cytomon.store.results import save_results
from cytomon.store.said import acknowledge, save_review
from cytomon.store.session import Store
from cytomon.store.signing import sign
from cytomon.store.tables import results, tubes
from cytomon.store.timelines import Span, read_timelines, spans
from cytomon.store.touched import Head, head, patients_since
from cytomon.track.follow import follow
from cytomon.track.profile import read_profile
from tests.store.builders import (
    D28,
    DAY0,
    NEGATIVE,
    POSITIVE,
    approve,
    course,
    enrol,
    marrow,
    mrd,
    result,
    save,
    staff,
)
from tests.store.conftest import ADMIN, FIRST, SECOND

PATIENTS = ("P1", "P2", "P3")
NAMES = ("S1", "S2", "S3")
WHY = "a reason"
RECOVERED: MeasuredRow = (
    "b_fraction", 90, 4000, 0.0225, 0.0181, 0.0276, None, None, "RECOVERED", "",
)  # fmt: skip
STATUSES = {
    "mrd": ["POSITIVE", "NOT_DETECTED", "DETECTED_BELOW_THRESHOLD", "NOT_EVALUABLE"],
    "b_fraction": [str(one) for one in BCellStatus],
    "cd19_blasts": [str(one) for one in AntigenCall],
    "cd22_blasts": [str(one) for one in AntigenCall],
}
SEED = 20_006
"""Of a walk that goes everywhere."""
EVENTS = ("relapse", "transplant", "last_contact", "second_infusion")


def timelines(store: Store, *, until: int | None = None, size: int = 2) -> list[Timeline]:
    """Of all patients, a few at a time."""
    with store.reading() as connection:
        return [
            timeline
            for span in spans(connection, size=size)
            for timeline in read_timelines(connection, replace(span, until=until))
        ]


def sample(store: Store, patient_id: str = "P1") -> Sample:
    """The only specimen of a patient."""
    (timeline,) = [one for one in timelines(store) if one.patient_id == patient_id]
    (only,) = timeline.samples
    return only


def now(store: Store) -> Head:
    """The newest entry of the log."""
    with store.reading() as connection:
        return head(connection)


class Walk:
    """Random changes of a store, one after the other; what is refused changes nothing."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.rng = store, Random(seed)
        enrol(store, *PATIENTS[:2])
        staff(store)

    def step(self) -> None:
        """Try one change."""
        often: Sequence[tuple[Callable[[Change], object], str, Act]] = (
            (self.measure, ADMIN, Act.ENTER), (self.measure, ADMIN, Act.ENTER),
            (self.measure, ADMIN, Act.ENTER), (self.review, FIRST, Act.REVIEW),
            (self.sign, FIRST, Act.SIGN), (self.sign, SECOND, Act.SIGN),
            (self.move_tube, FIRST, Act.CORRECT), (self.move_tube, SECOND, Act.CORRECT),
            (self.withdraw, FIRST, Act.CORRECT), (self.move_specimen, FIRST, Act.CORRECT),
            (self.happen, ADMIN, Act.ENTER), (self.unhappen, FIRST, Act.CORRECT),
            (self.infuse, FIRST, Act.CORRECT), (self.answer, FIRST, Act.ACKNOWLEDGE),
            (self.describe, ADMIN, Act.ENTER),
        )  # fmt: skip
        what, who, act = self.rng.choice(often)
        with suppress(InputError), changing(self.store, who, "walk", act=act) as change:
            what(change)

    def measure(self, change: Change) -> None:
        """A tube of a batch or a list, or all tubes together."""
        save_results(change, [self.result() for _ in range(self.rng.choice((1, 1, 3)))])

    def result(self) -> NewResult:
        """Of few specimens and few files, so that they meet again."""
        rng, name = self.rng, self.rng.choice(NAMES)
        patient, kind = rng.choice(PATIENTS), rng.choice(("batch", "list", "nothing", "pooled"))
        whose = marrow(
            patient,
            name,
            collected_on=D28 + timedelta(days=30 * NAMES.index(name)),
            cd19_clone=rng.choice(("", "HIB19", "SJ25C1")),
        )
        if kind in {"nothing", "pooled"}:
            template = "x+y" if kind == "pooled" else ""
            return result(whose, *self.rows(), file="", template=template, source=Source.IMPORT)
        file = f"{patient}_{name}_{rng.choice('abc')}.fcs"
        source = Source.BATCH if kind == "batch" else Source.IMPORT
        copied = source is Source.IMPORT and rng.random() < 0.5
        template = rng.choice(("x", "y"))
        sha256 = "7" * 64 if copied else ""
        return result(
            whose, *self.rows(), file=file, sha256=sha256, source=source, template=template
        )

    def rows(self) -> list[MeasuredRow]:
        """Some quantities with any status."""
        others = self.rng.sample((*FOLLOWED[1:], "viability"), self.rng.choice((0, 1, 3)))
        return [measured(self.rng, quantity) for quantity in ("mrd", *others)]

    def review(self, change: Change) -> None:
        """A verdict on any result, with the newest one of its tube as outcome."""
        row = self.any_of(sorted(change.connection.execute(select(results))))
        tube = select(results.c.id).where(results.c.tube == row.tube)
        newest = max(change.connection.scalars(tube))
        verdict = self.rng.choice(list(Review))
        outcome = newest if verdict is Review.CHANGED else None
        save_review(change, row.id, verdict, outcome=outcome, comment=WHY)

    def sign(self, change: Change) -> None:
        """Looked at, or released."""
        sign(change, self._specimen(change), self.rng.choice(list(Meaning)), why=WHY)

    def move_tube(self, change: Change) -> None:
        """To any patient's specimen, or back."""
        to = Which(patient_id=self.rng.choice(PATIENTS))
        move_tube(change, self._tube(change), self.rng.choice(NAMES), to, why=WHY)

    def withdraw(self, change: Change) -> None:
        """Out of every course."""
        withdraw_tube(change, self._tube(change), why=WHY)

    def move_specimen(self, change: Change) -> None:
        """To another patient, or to another day."""
        on = (D28 + timedelta(days=self.rng.randrange(5))).isoformat()
        to = Which(patient_id=self.rng.choice(PATIENTS), collected_on=self.rng.choice(("", on)))
        move_specimen(change, self._specimen(change), "", to, why=WHY)

    def happen(self, change: Change) -> None:
        """Events of a list."""
        save_events(change, [self._event()])

    def unhappen(self, change: Change) -> None:
        """One withdrawn, or brought back."""
        withdraw_event(change, self._event(), back=self.rng.random() < 0.5, why=WHY)

    def infuse(self, change: Change) -> None:
        """Another day 0."""
        day0 = DAY0 + timedelta(days=self.rng.randrange(3))
        correct_infusion(change, self.rng.choice(PATIENTS), day0, why=WHY)

    def answer(self, change: Change) -> None:
        """A flag that may be there, or not."""
        acknowledge(change, self.rng.choice(PATIENTS), self.rng.choice(("A1", "A2")), why=WHY)

    def describe(self, change: Change) -> None:
        """A list of patients says more."""
        one = Patient(
            patient_id=self.rng.choice(PATIENTS), genotype=self.rng.choice(("", "KMT2A::AFF1"))
        )
        save_patients(change, [(one, Infusion(infused_on=DAY0, product="CD19"))])

    def _event(self) -> ClinicalEvent:
        return ClinicalEvent(
            patient_id=self.rng.choice(PATIENTS),
            on=D28 + timedelta(days=self.rng.randrange(2)),
            event=self.rng.choice(EVENTS),
        )

    def _tube(self, change: Change) -> Any:
        return self.any_of(sorted(change.connection.execute(current(tubes))))

    def _specimen(self, change: Change) -> Any:
        return self.any_of(sorted(change.connection.execute(named_specimens())))

    def any_of(self, rows: Sequence[Any]) -> Any:
        """One of them."""
        if not rows:
            raise InputError("nothing is there yet", where="a walk", fix="go on")
        return self.rng.choice(rows)


def measured(rng: Random, quantity: str) -> MeasuredRow:
    """A row with any status that the quantity may have."""
    found = binomial_interval(rng.randrange(100), 50_000)
    numbers = (rng.randrange(100), 50_000, found.value, found.low, found.high, 4e-4, 1e-3)
    status = rng.choice(STATUSES.get(quantity, ["MEASURED", "NOT_EVALUABLE"]))
    return (quantity, *numbers, status, rng.choice(("", "PROVISIONAL", "A;B")))


def compare(store: Store, timeline: Timeline) -> None:
    """The whole timeline, against the course as it is read one by one."""
    whole = course(store, timeline.patient_id)
    infused = whole.infusion.infused_on if whole.infusion else None
    standing = {
        (one.specimen_id, one.specimen_type, one.collected_on): {
            quantity: kept
            for quantity, kept in one.standing.items()
            if quantity in FOLLOWED
        }
        for one in whole.specimens
    }  # fmt: skip

    assert (timeline.genotype, timeline.day0) == (whole.patient.genotype, infused)
    assert sorted(map(repr, timeline.events)) == sorted(map(repr, whole.events))
    assert timeline.acknowledgements == whole.acknowledgements
    assert standing.keys() == {(s.specimen_id, s.specimen_type, s.on) for s in timeline.samples}
    for one in timeline.samples:
        kept = standing[one.specimen_id, one.specimen_type, one.on]
        assert one.answers == {q: _answer(*both) for q, both in kept.items()}
        if one.answers:
            assert one.moved == any(found.measured_elsewhere for found, _ in kept.values())


def _answer(kept: Any, one: Any) -> Answer:
    ends = (one.estimate.value, one.estimate.low, one.estimate.high)
    said = (one.lod, one.status, ";".join(one.qualifiers), kept.template, kept.state.value)
    return Answer(one.quantity, one.numerator, one.denominator, *ends, *said)


def test_whatever_happens(store: Store):
    """What counts is what a course says, each past can be read again, and whom it touched shows."""
    walk, seen = Walk(store, SEED), set()
    before, old = now(store), timelines(store)
    then = {before.number: old}
    while len(then) < 36:
        walk.step()
        if now(store) == before:
            continue
        new = timelines(store)
        changed = {one.patient_id for one in new if one not in old}
        with store.reading() as connection:
            since = patients_since(connection, before)

        assert since.keys() == {one.patient_id for one in new}
        assert changed <= {key for key, (_, touched) in since.items() if touched}
        before, old = now(store), new
        then[before.number] = new
        seen |= {kind for one in new for found in one.samples for kind in _seen(found)}
        if len(then) % 6 == 0:
            for one in new:
                compare(store, one)

    for entry, said in then.items():
        assert timelines(store, until=entry, size=9) == said, entry
    assert seen == {"automatic", "reviewed", "signed", "sum", "moved", "duplicate", "disputes"}


def _seen(one: Sample) -> set[str]:
    said = one.answers.values()
    kinds = {answer.state for answer in said} | {"sum" for a in said if "+" in a.template}
    return kinds | {name for name in ("moved", "duplicate", "disputes") if getattr(one, name)}


def test_spans_hold_everybody_once(store: Store):
    """Whatever their size; none in an empty store."""
    with store.reading() as connection:
        assert spans(connection, size=2) == []
    enrol(store, *(f"P{number}" for number in range(7)))

    for size in (1, 2, 7, 100):
        found = [one.patient_id for one in timelines(store, size=size)]
        assert found == [f"P{number}" for number in range(7)]


def test_before_there_was_anything(store: Store):
    """Nobody was known at the first entry."""
    first = now(store).number
    enrol(store, "P1")
    save(store, result())

    assert timelines(store, until=first) == []
    assert [one.samples for one in timelines(store, until=first + 1)] == [()]


# Any order


@pytest.mark.parametrize("seed", range(20_010, 20_012))
def test_any_order_any_split(tmp_path: Path, seed: int):
    """The same measurements, patients and events give the same timelines and the same flags."""
    told = []
    for turn in range(2):
        address = parse(f"sqlite:///{tmp_path / f'{turn}.db'}")
        with opened(address, who=ADMIN, create=True) as store:
            _give(store, Random(seed), Random(turn))
            found = sorted(timelines(store), key=lambda one: one.patient_id)
        day = date(2026, 7, 1)
        told.append((found, [follow(one, read_profile(), day).flags for one in found]))

    assert told[0] == told[1]
    assert all(flags for flags in told[0][1])


def _give(store: Store, what: Random, order: Random) -> None:
    """Lists of one content, in another order and in other pieces; what is refused comes again."""
    given = [*_measured(what), *_happened(what), *_people(what)]
    order.shuffle(given)
    refused: list[Any] = []
    while given:
        piece = given[: order.choice((1, 3, 9))]
        given = given[len(piece) :]
        refused += _import(store, piece)
    assert _import(store, refused) == []


def _import(store: Store, piece: Sequence[Any]) -> list[Any]:
    refused = []
    with changing(store, ADMIN, "import", act=Act.ENTER) as change:
        for kind, put in ((NewResult, save_results), (tuple, save_patients)):
            rows = [one for one in piece if isinstance(one, kind)]
            assert all(one.how is not How.REFUSED for one in put(change, rows))  # type: ignore[operator]
        rows = [one for one in piece if isinstance(one, ClinicalEvent)]
        taken = save_events(change, rows)
        refused += [r for r, t in zip(rows, taken, strict=True) if t.how is How.REFUSED]
    return refused


def _measured(rng: Random) -> list[NewResult]:
    """Two tubes a specimen, that share no quantity, and each of them in several rows of a list."""
    found = []
    for patient in PATIENTS:
        for number, name in enumerate(NAMES):
            whose = marrow(patient, name, collected_on=D28 + timedelta(days=33 * number))
            codes = rng.sample(FOLLOWED, 6)
            for file, its in (("a", codes[:3]), ("", codes[3:])):
                of = {"source": Source.IMPORT, "file": file and f"{patient}{name}{file}.fcs"}
                found += [result(whose, measured(rng, code), **of) for code in its]
    return found


def _happened(rng: Random) -> list[ClinicalEvent]:
    return [
        ClinicalEvent(
            patient_id=rng.choice(PATIENTS),
            on=D28 + timedelta(days=rng.randrange(90)),
            event=rng.choice(EVENTS),
            comment=rng.choice(("", "outside")),
        )
        for _ in range(12)
    ]


def _people(rng: Random) -> list[tuple[Patient, Infusion]]:
    infused = Infusion(infused_on=DAY0, product="CD19/CD22")
    kinds = ("", "KMT2A::AFF1")
    return [(Patient(patient_id=p, genotype=rng.choice(kinds)), infused) for p in PATIENTS]


@pytest.mark.parametrize("file", ["", "c.fcs"], ids=["sum", "third tube"])
def test_tubes_of_one_specimen_in_any_order(tmp_path: Path, file: str):
    """A list that somebody has sorted otherwise."""
    of = {"source": Source.IMPORT}
    given = [
        result(marrow(), POSITIVE, file="a.fcs", **of),
        result(marrow(), NEGATIVE, file="b.fcs", **of),
        result(marrow(), mrd(60, 10**6), file=file, template="" if file else "x+y", **of),
    ]
    found = []
    for number, order in enumerate((given, given[::-1])):
        with opened(parse(f"sqlite:///{tmp_path / f'{number}.db'}"), who=ADMIN, create=True) as one:
            save(one, *order)
            found.append(sample(one).answers["mrd"])

    assert found[0] == found[1]


# Duplicates, moved, disputes


def move(store: Store, file: str, patient: str, name: str = "S1") -> None:
    """Give a tube to another specimen."""
    with changing(store, ADMIN, "correct", act=Act.CORRECT) as change:
        tube = find_tube(change.connection, file)
        move_tube(change, tube, name, Which(patient_id=patient), why=WHY)


class TestDuplicates:
    """One of two specimens with the same bytes has a wrong tube."""

    @pytest.fixture
    def copies(self, store: Store) -> Store:
        """Two patients with one tube under two names."""
        enrol(store, "P1", "P2")
        for patient, file in (("P1", "a.fcs"), ("P2", "b.fcs")):
            of = {"source": Source.IMPORT, "file": file, "sha256": "7" * 64}
            save(store, result(marrow(patient), **of))
        return store

    def test_both_say_so(self, copies: Store):
        """Nobody knows which one is wrong."""
        assert [sample(copies, patient).duplicate for patient in PATIENTS[:2]] == [True, True]

    def test_until_one_is_withdrawn(self, copies: Store):
        """Then the other stands alone; what was before can be read."""
        before = now(copies).number
        with changing(copies, ADMIN, "correct", act=Act.CORRECT) as change:
            withdraw_tube(change, find_tube(change.connection, "b.fcs"), why=WHY)

        assert [sample(copies, patient).duplicate for patient in PATIENTS[:2]] == [False, False]
        then = timelines(copies, until=before)
        assert [one.samples[0].duplicate for one in then] == [True, True]

    def test_two_data_sets_of_a_file_are_none(self, store: Store):
        """They have the bytes of the file in common."""
        enrol(store, "P1", "P2")
        for patient, file in (("P1", "a.lmd#1"), ("P2", "a.lmd#2")):
            save(store, result(marrow(patient), file=file, sha256="7" * 64))

        assert [sample(store, patient).duplicate for patient in PATIENTS[:2]] == [False, False]

    def test_two_tubes_of_one_specimen_are_none(self, store: Store):
        """Or of no hash at all."""
        enrol(store, "P1", "P2")
        for patient in PATIENTS[:2]:
            save(store, result(marrow(patient), file="a.fcs", sha256=""))
            save(store, result(marrow(patient), file="", template=""))
        assert [sample(store, patient).duplicate for patient in PATIENTS[1:2]] == [False]


class TestMoved:
    """Measured for another specimen, until it is measured again."""

    def test_a_tube(self, store: Store):
        """Only where it went to."""
        enrol(store, "P1", "P2")
        save(store, result(), result(marrow(), RECOVERED, file="b.fcs"))
        move(store, "a.fcs", "P2")
        assert (sample(store, "P1").moved, sample(store, "P2").moved) == (False, True)

        save(store, result(marrow("P2"), mrd(61)))
        assert not sample(store, "P2").moved

    def test_a_specimen(self, store: Store):
        """With all its tubes; a day of receipt is no move."""
        enrol(store, "P1", "P2")
        save(store, result())
        save(store, result(marrow(received_on=date(2026, 2, 10))))
        assert not sample(store).moved
        with changing(store, ADMIN, "correct", act=Act.CORRECT) as change:
            row = find_specimen(change.connection, "S1", Which())
            move_specimen(change, row, "", Which(patient_id="P2"), why=WHY)
        assert sample(store, "P2").moved


class TestDisputes:
    """What is signed counts, and what contradicts it is not hidden."""

    @pytest.fixture
    def signed(self, store: Store) -> Store:
        """A negative result of one tube, signed."""
        enrol(store, "P1")
        staff(store)
        save(store, result(marrow(), NEGATIVE))
        approve(store, FIRST)
        return store

    def test_a_later_one_on_the_other_side(self, signed: Store):
        """The signed answer stands, and the dispute names both."""
        save(signed, result(marrow(), POSITIVE))
        one = sample(signed)
        (dispute,) = one.disputes

        assert one.answers["mrd"].status == "NOT_DETECTED"
        assert one.answers["mrd"].state == "signed"
        assert (dispute.signed, dispute.found.status) == (one.answers["mrd"], "POSITIVE")

    @pytest.mark.parametrize("status", ["BELOW_LOD", "NOT_EVALUABLE", "INSUFFICIENT_SENSITIVITY"])
    def test_none_on_the_same_side_or_on_none(self, signed: Store, status: str):
        """Another number is no other answer."""
        save(signed, result(marrow(), mrd(7, 500_000, status)))
        assert sample(signed).disputes == ()

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param((0, "NOT_DETECTED"), (30, "DETECTED_BELOW_THRESHOLD"), id="detected-low"),
            pytest.param((3, "INSUFFICIENT_SENSITIVITY"), (600, "POSITIVE"), id="no-answer"),
        ],
    )
    def test_what_would_raise_a_flag(
        self, store: Store, before: tuple[int, str], after: tuple[int, str]
    ):
        """A signed answer, or a signed lack of one, does not hide what was found since."""
        enrol(store, "P1")
        staff(store)
        save(store, result(marrow(), mrd(before[0], 500_000, before[1])))
        approve(store, FIRST)
        save(store, result(marrow(), mrd(after[0], 500_000, after[1])))

        assert [one.found.status for one in sample(store).disputes] == [after[1]]

    def test_the_newest_word_decides(self, signed: Store):
        """A tube that was measured a third time."""
        save(signed, result(marrow(), POSITIVE))
        save(signed, result(marrow(), mrd(0, 400_000, "NOT_DETECTED")))
        assert sample(signed).disputes == ()

    def test_none_once_both_have_signed(self, signed: Store):
        """One person is not enough, two are."""
        save(signed, result(marrow(), POSITIVE))
        approve(signed, FIRST, why=WHY)
        assert len(sample(signed).disputes) == 1
        approve(signed, SECOND, why=WHY)

        assert sample(signed).disputes == ()
        assert sample(signed).answers["mrd"].status == "POSITIVE"

    def test_none_where_a_reviewer_rejects_it(self, signed: Store):
        """It counts no longer."""
        save(signed, result(marrow(), POSITIVE))
        with changing(signed, FIRST, "review", act=Act.REVIEW) as change:
            save_review(change, 2, Review.REJECTED, comment=WHY)
        assert sample(signed).disputes == ()

    def test_an_older_one_is_none(self, store: Store):
        """The signature was given in its knowledge."""
        enrol(store, "P1")
        staff(store)
        save(store, result(marrow(), POSITIVE))
        save(store, result(marrow(), NEGATIVE))
        approve(store, FIRST)
        assert sample(store).disputes == ()


def test_nobodys_tube_is_in_no_timeline(store: Store):
    """Until somebody says whose it is."""
    enrol(store, "P1")
    save(store, result(marrow("", "")))
    assert [one.samples for one in timelines(store)] == [()]
    save(store, result())

    assert sample(store).answers["mrd"].status == "POSITIVE"


def test_one_patient_alone(store: Store):
    """A span reads nobody else's."""
    enrol(store, *PATIENTS)
    for patient in PATIENTS:
        save(store, result(marrow(patient), file=f"{patient}.fcs"))
    with store.reading() as connection:
        (only,) = read_timelines(connection, Span(first=2, last=2))

    assert only == timelines(store)[1]
    assert [one.specimen_id for one in only.samples] == ["S1"]
