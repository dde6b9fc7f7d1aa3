"""Courses of a store: the same for one, for all and on any number of processors; what changed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from cytomon.courses import (
    Day,
    Step,
    flags_to_answer,
    follow_all,
    follow_patient,
    trace_patient,
)
from cytomon.errors import InputError
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.measure.intervals import binomial_interval
from cytomon.model.people import Act, Review
from cytomon.model.record import ClinicalEvent, NewResult, Source
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import SimulatedPatient, simulate_patient
from cytomon.simulate.course.stories import STORIES
from cytomon.store.address import Address, parse
from cytomon.store.change import Change, changing
from cytomon.store.corrections import move_specimen, move_tube, withdraw_tube
from cytomon.store.find import Which, find_specimen, find_tube
from cytomon.store.open import opened
from cytomon.store.patient_corrections import correct_infusion, withdraw_event
from cytomon.store.patients import save_events
from cytomon.store.said import acknowledge, save_review
from cytomon.store.session import Store
from cytomon.store.timelines import spans
from cytomon.track.follow import Followed
from cytomon.track.profile import read_profile
from tests.store.builders import (
    D28,
    DAY0,
    NEGATIVE,
    POSITIVE,
    approve,
    enrol,
    marrow,
    mrd,
    result,
    save,
    staff,
)
from tests.store.conftest import ADMIN, FIRST, SECOND
from tests.track.oracle import Row, flags, states

WHY = "labels swapped at receipt"
DAY = Day(as_of=date(2026, 3, 2), profile=read_profile())
LATER = Day(as_of=date(2026, 6, 1), profile=read_profile())

# Simulated patients

SEEDS = range(20_000, 20_500)
"""For judging; those below 10,000 are for tuning the simulation and the rules."""


class Judged(NamedTuple):
    """A followed patient, and what the oracle says of the same timeline."""

    patient_id: str
    found: tuple[dict[str, str], list[Row]]
    expected: tuple[dict[str, str], list[Row]]


def drawn(seed: int) -> SimulatedPatient:
    """One patient; the stories take turns, and the days of infusion are spread."""
    stories = list(STORIES)
    return simulate_patient(
        stories[seed % len(stories)],
        seed=seed,
        patient_id=f"S{seed}",
        day0=date(2024, 1, 1) + timedelta(days=seed % 500),
    )


def raised(followed: Followed) -> list[Row]:
    """Flags in the oracle's form."""
    found = []
    for one in followed.raised:
        word = "yes" if one.is_open else "no"
        on = one.seen.on.isoformat()
        found.append((one.rule, one.seen.subject, one.urgency.word, on, word))
    return sorted(found)


def judge(followed: Followed) -> Judged:
    """Follow by the page alone, too."""
    timeline, as_of = followed.timeline, followed.as_of
    return Judged(
        timeline.patient_id,
        (followed.states.row(), raised(followed)),
        (states(timeline, as_of), flags(timeline, as_of)),
    )


def flag_row(followed: Followed) -> tuple[str, object]:
    """All that is said of a patient but who has seen it."""
    return followed.timeline.patient_id, (followed.states, followed.flags, followed.visits)


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Simulated patients and the store that holds them."""

    address: Address
    patients: dict[str, SimulatedPatient]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """500 patients of all stories, imported into one store."""
    folder = tmp_path_factory.mktemp("cohort")
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        patients = list(pool.map(drawn, SEEDS, chunksize=50))
    address = parse(f"sqlite:///{folder / 's.db'}")
    write_patients(folder, patients)
    with opened(address, who=ADMIN, create=True) as store:
        given = {name: folder / f"{name}.csv" for name in ("patients", "events", "measurements")}
        assert import_lists(store, ADMIN, ImportLists(**given)).refused == []
    return Cohort(address=address, patients={one.patient_id: one for one in patients})


def test_simulated_patients_as_the_oracle_says(cohort: Cohort):
    """Every state and every flag of 500 patients, through lists, store and reading."""
    assert {one.story for one in cohort.patients.values()} == set(STORIES)
    found = list(follow_all(cohort.address, ADMIN, LATER, judge, workers=2))

    assert {one.patient_id for one in found} == set(cohort.patients)
    assert len(found) == len(SEEDS)
    for one in found:
        assert one.found == one.expected, one.patient_id


def test_recovery_is_the_day_that_was_drawn(cohort: Cohort):
    """The first specimen after onset that says so, whatever else may have happened before."""
    told = follow_all(cohort.address, ADMIN, LATER, lambda one: one.states, workers=1)
    expected = {key: recovery(one) for key, one in cohort.patients.items()}
    found = {one.patient_id: (one.bca_onset, one.recovery_trial) for one in told}

    assert found == expected
    assert 100 < sum(recovered is not None for _, recovered in expected.values()) < 450


def recovery(patient: SimulatedPatient) -> tuple[date | None, date | None]:
    """Onset and recovery by the specimens as they were drawn; none after a transplant."""
    ends = [one.day for one in patient.events if one.event in {"transplant", "second_infusion"}]
    until = min([*ends, (LATER.as_of - patient.day0).days])
    says = [
        (one.day, str(one.measurements["b_fraction"].status))
        for one in patient.specimens
        if 0 < one.day <= until and "b_fraction" in one.measurements
    ]
    gone = [day for day, status in says if status.endswith("APLASIA")]
    onset = min(gone, default=None)
    if onset is None:
        return None, None
    back = [day for day, status in says if status.endswith("RECOVERED") and day > onset]
    return patient.on(onset), patient.on(min(back)) if back else None


def test_any_number_of_processes(cohort: Cohort):
    """One or two, the same of everybody, in the same order; and so is one patient alone."""
    with opened(cohort.address, who=ADMIN) as store, store.reading() as connection:
        some = spans(connection, size=12)[:10]
    one, two = (
        list(follow_all(cohort.address, ADMIN, LATER, flag_row, workers=workers, pieces=some))
        for workers in (1, 2)
    )

    assert one == two
    assert [patient_id for patient_id, _ in one] == list(cohort.patients)[:120]
    with opened(cohort.address, who=ADMIN) as store:
        for patient_id, said in one[::12]:
            assert flag_row(follow_patient(store, patient_id, LATER)) == (patient_id, said)


def test_lists_in_any_order(tmp_path: Path):
    """Rows shuffled, and given in pieces: the same flags, word for word."""
    write_patients(tmp_path, [drawn(seed) for seed in range(20_600, 20_610)])
    told = []
    for turn in range(3):
        folder = tmp_path / str(turn)
        with opened(parse(f"sqlite:///{folder / 's.db'}"), who=ADMIN, create=True) as store:
            for given in pieces(tmp_path, folder, Random(turn)):  # noqa: S311
                assert import_lists(store, ADMIN, given).refused == []
            address = store.address
        told.append(dict(follow_all(address, ADMIN, LATER, flag_row, workers=1)))

    assert told[0] == told[1] == told[2]


def pieces(whole: Path, folder: Path, rng: Random) -> list[ImportLists]:
    """Measurements and events, shuffled and in three parts each, in any order."""
    given: list[ImportLists] = []
    for name in ("measurements", "events"):
        header, *rows = read(whole / f"{name}.csv")
        rng.shuffle(rows)
        for number in range(3):
            part = folder / f"{name}{number}.csv"
            with part.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([header, *rows[number::3]])
            given.append(ImportLists(**{name: part}))
    rng.shuffle(given)
    return [ImportLists(patients=whole / "patients.csv"), *given]


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


# A few patients


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two patients, the first one with a positive marrow, and two pathologists."""
    path = tmp_path_factory.mktemp("made") / "s.db"
    with opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True) as found:
        enrol(found, "P1", "P2")
        staff(found)
        save(found, result())
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Iterator[Store]:
    """A store of their own for each test."""
    with ExitStack() as stack:
        address = parse(f"sqlite:///{shutil.copy(made, tmp_path)}")
        yield stack.enter_context(opened(address, who=ADMIN))


def correct(store: Store, what: Callable[[Change], object], *, who: str = ADMIN) -> None:
    """One correction."""
    with changing(store, who, "correct", act=Act.CORRECT) as change:
        what(change)


def trace(store: Store, patient_id: str, rule: str = "A2") -> list[tuple[str, str, str, str]]:
    """What was done to a rule's flags: how, which entry, who, and why."""
    steps = trace_patient(store, patient_id, DAY)
    return [
        (one.how, step.entry.what, step.entry.by, step.entry.why)
        for step in steps
        for one in step.changed
        if one.flag.rule == rule
    ]


def rules(store: Store, patient_id: str) -> set[str]:
    """Rules with a flag."""
    return {flag.rule for flag in follow_patient(store, patient_id, DAY).flags}


def test_nobody_of_this_name(store: Store):
    """Said in a sentence."""
    for ask in (follow_patient, trace_patient):
        with pytest.raises(InputError, match="knows no patient"):
            ask(store, "P9", DAY)


def test_one_and_all(store: Store):
    """Also a patient without anything."""
    for day in (DAY, LATER):
        found = dict(follow_all(store.address, ADMIN, day, flag_row, workers=2))
        assert found == dict(flag_row(follow_patient(store, p, day)) for p in ("P1", "P2"))


def test_nothing_changed(store: Store):
    """What is new takes nothing back."""
    save(store, result(marrow("P1", "S2", collected_on=D28 + timedelta(days=9)), file="b.fcs"))
    assert trace_patient(store, "P1", DAY) == ()


class TestTrace:
    """A flag that goes says who took it away and why, and so does one that comes."""

    def test_a_moved_tube(self, store: Store):
        """Withdrawn with the one, raised with the other, by one entry."""
        said = ("correct", ADMIN, WHY)
        to = Which(patient_id="P2")
        correct(store, lambda c: move_tube(c, find_tube(c.connection, "a.fcs"), "S9", to, why=WHY))

        assert trace(store, "P1") == [("withdrawn", *said)]
        assert trace(store, "P2") == [("raised", *said)]
        assert trace(store, "P2", "A18") == [("raised", *said)]
        assert "A2" not in rules(store, "P1")
        assert "A2" in rules(store, "P2")

    def test_a_moved_specimen(self, store: Store):
        """To another day: the flag of the old one goes, that of the new one comes."""
        to = Which(collected_on=(D28 + timedelta(days=2)).isoformat())
        correct(
            store,
            lambda c: move_specimen(c, find_specimen(c.connection, "S1", Which()), "", to, why=WHY),
        )
        assert [how for how, *_ in trace(store, "P1")] == ["withdrawn", "raised"]

    def test_there_and_back(self, store: Store):
        """Each of them is told."""
        for patient in ("P2", "P1"):
            to = Which(patient_id=patient)

            def move(change: Change, to: Which = to) -> None:
                move_tube(change, find_tube(change.connection, "a.fcs"), "S1", to, why=WHY)

            correct(store, move)

        for patient, hows in (("P1", ["withdrawn", "raised"]), ("P2", ["raised", "withdrawn"])):
            assert [how for how, *_ in trace(store, patient)] == hows

    def test_a_withdrawn_tube(self, store: Store):
        """Its flag goes with it."""
        correct(store, lambda c: withdraw_tube(c, find_tube(c.connection, "a.fcs"), why=WHY))
        assert trace(store, "P1") == [("withdrawn", "correct", ADMIN, WHY)]

    def test_a_withdrawn_event(self, store: Store):
        """And one that was brought back."""
        event = ClinicalEvent(patient_id="P1", on=D28, event="relapse")
        with changing(store, ADMIN, "import", act=Act.ENTER) as change:
            save_events(change, [event])
        assert "A1" in rules(store, "P1")
        correct(store, lambda c: withdraw_event(c, event, why="typed wrong"))
        assert "A1" not in rules(store, "P1")
        correct(store, lambda c: withdraw_event(c, event, back=True, why=WHY))

        assert trace(store, "P1", "A1") == [
            ("withdrawn", "correct", ADMIN, "typed wrong"),
            ("raised", "correct", ADMIN, WHY),
        ]

    def test_another_day_0(self, store: Store):
        """Visits fall due on other days."""
        correct(store, lambda c: correct_infusion(c, "P1", date(2026, 1, 20), why=WHY))

        assert {how for how, *_ in trace(store, "P1", "A16")} == {"withdrawn", "raised"}

    def test_measured_again(self, store: Store):
        """With another status, and again with the first one."""
        save(store, result(marrow(), NEGATIVE), who="tom")
        save(store, result(marrow(), POSITIVE))

        assert trace(store, "P1") == [
            ("withdrawn", "batch", "tom", ""), ("raised", "batch", ADMIN, ""),
        ]  # fmt: skip

    def test_measured_again_with_another_number(self, store: Store):
        """The same flag says something else."""
        save(store, result(marrow(), mrd(600)))
        (step,) = trace_patient(store, "P1", DAY)
        (changed,) = step.changed

        assert changed.how == "changed"
        assert changed.before is not None
        assert changed.after is not None
        assert changed.before.evidence != changed.after.evidence

    def test_a_second_tube(self, store: Store):
        """Of the same specimen, imported later: a negative one does not hide a positive one."""
        negative = result(marrow(), NEGATIVE, file="b.fcs", source=Source.IMPORT)
        save(store, negative)
        assert trace(store, "P1") == []

    def test_rejected(self, store: Store):
        """A reviewer's word."""
        with changing(store, FIRST, "review", act=Act.REVIEW) as change:
            save_review(change, 1, Review.REJECTED, comment="debris")

        assert trace(store, "P1") == [("withdrawn", "review", FIRST, "debris")]

    def test_signed_by_the_second_person(self, store: Store):
        """The first signature on the other side takes nothing away; the second does."""
        approve(store, FIRST)
        save(store, result(marrow(), NEGATIVE))
        assert trace(store, "P1", "A19") == [("raised", "batch", ADMIN, "")]
        approve(store, FIRST, why="debris")
        assert trace(store, "P1") == []  # that it is signed is no change of a flag
        approve(store, SECOND, why="debris")

        assert trace(store, "P1") == [("withdrawn", "sign", SECOND, "debris")]
        assert trace(store, "P1", "A19")[-1] == ("withdrawn", "sign", SECOND, "debris")

    def test_a_copy_that_was_withdrawn(self, store: Store):
        """The flag that the bytes are there twice goes from the one who keeps them."""
        of = {"source": Source.IMPORT, "file": "b.fcs"}
        with store.reading() as connection:
            sha256 = find_tube(connection, "a.fcs").sha256
        save(store, result(marrow("P2"), sha256=sha256, **of))
        assert "A18" in rules(store, "P1")
        correct(store, lambda c: withdraw_tube(c, find_tube(c.connection, "b.fcs"), why=WHY))
        assert "A18" not in rules(store, "P1")

        assert ("withdrawn", "correct", ADMIN, WHY) in trace(store, "P1", "A18")

    def test_an_acknowledgement_is_none(self, store: Store):
        """It answers a flag, and changes nothing that it says."""
        with changing(store, FIRST, "acknowledge", act=Act.ACKNOWLEDGE) as change:
            acknowledge(change, "P1", "A2", why="seen")
        assert trace_patient(store, "P1", DAY) == ()

    def test_in_order(self, store: Store):
        """Of the log, each entry once."""
        save(store, result(marrow(), NEGATIVE))
        save(store, result(marrow(), mrd(900)))
        steps: tuple[Step, ...] = trace_patient(store, "P1", DAY)

        numbers = [one.entry.number for one in steps]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == 2


# Acknowledgements


class TestFlagsToAnswer:
    """An acknowledgement names the flags that there are when it is given."""

    @pytest.fixture
    def answered(self, store: Store) -> Store:
        """Negative, then negative again weeks later; nothing to answer but visits."""
        enrol(store, "P9")
        for day, number in ((28, "1"), (120, "3")):
            on = DAY0 + timedelta(days=day)
            name = f"S{number}"
            save(store, result(marrow("P9", name, collected_on=on), NEGATIVE, file=f"{name}.fcs"))
        return store

    def ask(self, store: Store, rule: str, on: date | None = None) -> tuple[date, ...]:
        """Days of the flags that would be answered."""
        with store.reading() as connection:
            return flags_to_answer(connection, "P9", rule, LATER, on=on)

    def late(self, store: Store) -> date:
        """A positive marrow of a day between, which arrives afterwards."""
        on = DAY0 + timedelta(days=91)
        save(store, result(marrow("P9", "S2", collected_on=on), POSITIVE, file="S2.fcs"))
        return on

    def test_none_that_is_not_there(self, answered: Store):
        """A slip of the pen answers nothing; what is open is named."""
        with pytest.raises(InputError, match="no open flag A2 is raised") as refused:
            self.ask(answered, "A2")
        assert "A16 of" in refused.value.fix

    def test_those_that_are_open(self, answered: Store):
        """All of the rule, or the one of a day."""
        on = self.late(answered)

        assert self.ask(answered, "A2") == (on,)
        assert self.ask(answered, "A2", on) == (on,)
        with pytest.raises(InputError, match="no flag A2 of 2026-01-13 is raised"):
            self.ask(answered, "A2", DAY0 + timedelta(days=1))

    def test_nothing_that_comes_later(self, answered: Store):
        """What was answered before a result arrived does not answer what it raises."""
        staff(answered)
        first = self.ask(answered, "A16")
        with changing(answered, FIRST, "acknowledge", act=Act.ACKNOWLEDGE) as change:
            for on in first:
                acknowledge(change, "P9", "A16", flagged_on=on, why=WHY)
        on = self.late(answered)
        found = follow_patient(answered, "P9", LATER)
        (flag,) = (one for one in found.flags if one.rule == "A2")

        assert (flag.on, flag.open, flag.acknowledged) == (on, True, ())


class TestWhatArrivesLate:
    """Something recorded for the first time may take a flag away, too; that is said."""

    def test_a_drug(self, store: Store):
        """It voids B cells that were called back."""
        enrol(store, "P9")
        save(store, b_cells("S1", 28, 0), b_cells("S2", 45, 200))
        drug = ClinicalEvent(
            patient_id="P9", on=DAY0 + timedelta(days=40), event="drug", value="rituximab"
        )
        with changing(store, ADMIN, "import", act=Act.ENTER) as change:
            save_events(change, [drug])

        assert trace(store, "P9", "A4") == [("withdrawn", "import", ADMIN, "")]


def b_cells(name: str, day: int, events: int) -> NewResult:
    """B cells of a blood, of 4,000 lymphocytes."""
    found = binomial_interval(events, 4000)
    status = "RECOVERED" if events >= 40 else "APLASIA"
    numbers = (events, 4000, found.value, found.low, found.high, None, None)
    on = DAY0 + timedelta(days=day)
    blood = marrow("P9", name, collected_on=on, specimen_type="blood")
    return result(blood, ("b_fraction", *numbers, status, ""), file=f"{name}.fcs")
