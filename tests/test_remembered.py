"""The worklist from memory is the worklist worked out anew, whatever has happened since."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from cytomon import remembered
from cytomon.courses import Day, follow_all
from cytomon.model.people import Act, Meaning, Review, Role
from cytomon.model.record import ClinicalEvent, Infusion, Patient, Source
from cytomon.model.timeline import Timeline
from cytomon.remembered import follow_digests
from cytomon.store.address import Address, parse
from cytomon.store.change import Change, changing
from cytomon.store.corrections import move_specimen, move_tube, withdraw_tube
from cytomon.store.find import Which, find_specimen, find_tube
from cytomon.store.open import opened
from cytomon.store.patient_corrections import correct_infusion, withdraw_event
from cytomon.store.patients import save_events, save_patients
from cytomon.store.people import appoint
from cytomon.store.results import save_results
from cytomon.store.said import acknowledge, save_review
from cytomon.store.session import Store
from cytomon.store.signing import sign
from cytomon.track.digest import Digest, digest_of, packed, unpacked
from cytomon.track.follow import follow
from cytomon.track.profile import read_profile
from tests.store.builders import D28, DAY0, enrol, marrow, mrd, result, save, staff
from tests.store.conftest import ADMIN, FIRST
from tests.store.test_timelines import SEED, Walk
from tests.track.courses import random_course

PROFILE = read_profile()
TODAY = Day(as_of=date(2026, 3, 2), profile=PROFILE)
WHY = "a reason"
PATIENTS = ("P1", "P2", "P3", "P4")


# A day, and the days after it


def said(timeline: Timeline, as_of: date) -> Digest:
    """What is said of a course on a day."""
    return digest_of(follow(timeline, PROFILE, as_of))


def timeless(digest: Digest) -> Digest:
    """Without the day up to which it is good."""
    return replace(digest, good_until=date.max)


@pytest.mark.parametrize("first", range(20_500, 20_600, 25))
def test_nothing_changes_before_it_says_so(first: int):
    """From any day on, the same is said on every later day before `good_until`."""
    for seed in range(first, first + 25):
        rng, (timeline, last) = Random(seed), random_course(seed)  # noqa: S311
        for shift in (0, rng.randrange(-400, 0), rng.randrange(-60, 60)):
            day = last + timedelta(days=shift)
            digest = said(timeline, day)
            assert digest.good_until > day
            ahead = min((digest.good_until - day).days, 500)
            for after in {1, ahead // 2, ahead - 1, rng.randrange(ahead)} & set(range(1, ahead)):
                later = said(timeline, day + timedelta(days=after))
                assert timeless(later) == timeless(digest), (seed, day, after)


@pytest.mark.parametrize("seed", range(20_600, 20_608))
def test_from_one_day_to_the_next(seed: int):
    """A whole course, from before its first specimen to two years after its last."""
    timeline, _ = random_course(seed)
    days = [one.on for one in timeline.samples]
    day, end = min(days) - timedelta(days=30), max(days) + timedelta(days=730)
    while day < end:
        digest = said(timeline, day)
        eve = min(digest.good_until, end) - timedelta(days=1)
        assert timeless(said(timeline, eve)) == timeless(digest), (day, eve)
        day = digest.good_until


@pytest.mark.parametrize("first", [20_700, 20_750])
def test_packed_and_unpacked(first: int):
    """Through JSON, and nothing is lost."""
    for seed in range(first, first + 50):
        digest = said(*random_course(seed))

        assert unpacked(json.loads(json.dumps(packed(digest)))) == digest


@pytest.mark.parametrize("as_of", [date(2026, 11, 29), date(9999, 12, 31)])
def test_a_day_0_that_was_typed_wrong(as_of: date):
    """1926 for 2026: one slip does not take the worklist of all the others away."""
    timeline = Timeline(patient_id="P1", day0=date(1926, 1, 12))
    assert said(timeline, as_of).day0 == date(1926, 1, 12)


def test_without_a_day_0():
    """Nothing is left out but what is not known."""
    timeline, as_of = random_course(20_700)
    digest = said(replace(timeline, day0=None), as_of)

    assert (digest.day0, digest.onset, digest.ended) == (None, None, None)
    assert unpacked(json.loads(json.dumps(packed(digest)))) == digest


# A store, and what was remembered of it


@dataclass
class Worklist:
    """A store with its memory."""

    store: Store
    folder: Path
    followed: list[str] = field(default_factory=list)
    reports: list[int] = field(default_factory=list)

    @property
    def address(self) -> Address:
        """Of the store."""
        return self.store.address

    def ask(self, day: Day = TODAY) -> list[Digest]:
        """The worklist; it has to be what it would be without a memory."""
        self.followed.clear()
        self.reports.clear()
        found = follow_digests(self.address, ADMIN, day, workers=1, report=self.reports.append)
        followed = list(self.followed)
        fresh = sorted(anew(self.address, day), key=lambda one: one.patient_id)
        self.followed[:] = followed

        assert list(map(timeless, found)) == list(map(timeless, fresh))
        assert self.reports == ([len(followed)] if followed else [])
        return found

    def change(self, what: Callable[[Change], object], act: Act, who: str = ADMIN) -> None:
        """One change of the store."""
        with changing(self.store, who, "test", act=act) as change:
            what(change)

    @property
    def file(self) -> Path:
        """The only file of the memory."""
        (only,) = self.folder.iterdir()
        return only


def anew(address: Address, day: Day) -> list[Digest]:
    """Everybody followed."""
    return list(follow_all(address, ADMIN, day, digest_of, workers=1))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four patients: two with a marrow each, one with an event, and one with nothing."""
    path = tmp_path_factory.mktemp("made") / "s.db"
    with opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True) as store:
        enrol(store, *PATIENTS)
        staff(store)
        save(store, result(), result(marrow("P2", "S2"), mrd(70), file="b.fcs"))
        with changing(store, ADMIN, "import", act=Act.ENTER) as change:
            save_events(change, [event("P3")])
    return path


@pytest.fixture
def worklist(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worklist]:
    """A store of their own for each test, and nothing remembered yet."""
    folder = tmp_path / "memory"
    monkeypatch.setenv("CYTOMON_CACHE", str(folder))
    address = parse(f"sqlite:///{shutil.copy(made, tmp_path)}")
    with ExitStack() as stack:
        store = stack.enter_context(opened(address, who=ADMIN))
        found = Worklist(store=store, folder=folder)

        def spied(followed: object) -> Digest:
            digest = digest_of(followed)  # type: ignore[arg-type]
            found.followed.append(digest.patient_id)
            return digest

        monkeypatch.setattr(remembered, "digest_of", spied)
        yield found


def event(patient: str, kind: str = "transplant") -> ClinicalEvent:
    """An event of day 28."""
    return ClinicalEvent(patient_id=patient, on=D28, event=kind)


def test_a_second_time_nobody_is_followed(worklist: Worklist):
    """Nor is anybody told of it."""
    first = worklist.ask()
    assert (worklist.followed, worklist.reports) == (list(PATIENTS), [4])

    assert worklist.ask() == first
    assert (worklist.followed, worklist.reports) == ([], [])


def new_tube(change: Change) -> object:
    return save_results(change, [result(marrow("P2", "S2"), mrd(0, 10**6), file="c.fcs")])


def new_specimen(change: Change) -> object:
    return save_results(
        change, [result(marrow("P4", "S9", collected_on=D28), mrd(5), file="c.fcs")]
    )


def measured_again(change: Change) -> object:
    return save_results(change, [result(marrow(), mrd(0, 500_000, "NOT_DETECTED"))])


def more_of_a_specimen(change: Change) -> object:
    return save_results(change, [result(marrow("P1", "S1", cd19_clone="HIB19"))])


def copy(change: Change) -> object:
    """The bytes of the second patient's tube under the fourth one's name."""
    (row,) = [find_tube(change.connection, "b.fcs")]
    whose, of = marrow("P4", "S4"), {"source": Source.IMPORT, "sha256": row.sha256}
    return save_results(change, [result(whose, mrd(70), file="copy.fcs", **of)])


def somebody_new(change: Change) -> object:
    row = (Patient(patient_id="P5"), Infusion(infused_on=DAY0, product="CD19"))
    return save_patients(change, [row])


def genotype(change: Change) -> object:
    one = Patient(patient_id="P4", genotype="KMT2A::AFF1")
    return save_patients(change, [(one, Infusion(infused_on=DAY0, product=""))])


def moved_tube(change: Change) -> object:
    tube = find_tube(change.connection, "a.fcs")
    return move_tube(change, tube, "S2", Which(patient_id="P2"), why=WHY)


def moved_specimen(change: Change) -> object:
    row = find_specimen(change.connection, "S1", Which())
    return move_specimen(change, row, "", Which(patient_id="P4"), why=WHY)


CHANGES: tuple[tuple[Callable[[Change], object], Act, set[str]], ...] = (
    (new_tube, Act.ENTER, {"P2"}),
    (new_specimen, Act.ENTER, {"P4"}),
    (measured_again, Act.ENTER, {"P1"}),
    (more_of_a_specimen, Act.ENTER, {"P1"}),
    (copy, Act.ENTER, {"P2", "P4"}),
    (somebody_new, Act.ENTER, {"P5"}),
    (genotype, Act.ENTER, {"P4"}),
    (lambda c: save_events(c, [event("P4", "death")]), Act.ENTER, {"P4"}),
    (lambda c: withdraw_event(c, event("P3"), why=WHY), Act.CORRECT, {"P3"}),
    (lambda c: correct_infusion(c, "P3", date(2026, 1, 20), why=WHY), Act.CORRECT, {"P3"}),
    (moved_tube, Act.CORRECT, {"P1", "P2"}),
    (moved_specimen, Act.CORRECT, {"P1", "P4"}),
    (
        lambda c: withdraw_tube(c, find_tube(c.connection, "b.fcs"), why=WHY),
        Act.CORRECT, {"P2"},
    ),
    (lambda c: acknowledge(c, "P1", "A2", why=WHY), Act.ACKNOWLEDGE, {"P1"}),
    (lambda c: save_review(c, 2, Review.REJECTED), Act.REVIEW, {"P2"}),
    (
        lambda c: sign(c, find_specimen(c.connection, "S1", Which()), Meaning.APPROVED),
        Act.SIGN, {"P1"},
    ),
)  # fmt: skip
NAMED = (
    "new tube", "new specimen", "measured again", "more of a specimen", "copy", "somebody new",
    "genotype", "event", "event withdrawn", "day 0", "tube moved", "specimen moved",
    "tube withdrawn", "acknowledged", "rejected", "signed",
)  # fmt: skip


@pytest.mark.parametrize(("what", "act", "whom"), CHANGES, ids=NAMED)
def test_who_has_something_new_is_followed(
    worklist: Worklist, what: Callable[[Change], object], act: Act, whom: set[str]
):
    """And nobody else; both, where something goes from one to the other."""
    before = worklist.ask()
    worklist.change(what, act, ADMIN if act in {Act.ENTER, Act.CORRECT} else FIRST)

    after = worklist.ask()
    assert set(worklist.followed) == whom
    worklist.ask()
    assert worklist.followed == []
    others = {one.patient_id: one for one in before if one.patient_id not in whom}
    assert others.items() <= {one.patient_id: one for one in after}.items()


def test_a_role_is_nobodys_course(worklist: Worklist):
    """The log goes on, and nobody is followed."""
    worklist.ask()
    worklist.change(lambda c: appoint(c, "bob", Role.ANALYST), Act.APPOINT)

    worklist.ask()
    assert worklist.followed == []


def test_another_day(worklist: Worklist):
    """Forward as far as nothing is due; back, everybody again."""
    good = min(one.good_until for one in worklist.ask())
    worklist.ask(replace(TODAY, as_of=good - timedelta(days=1)))
    assert worklist.followed == []
    worklist.ask(replace(TODAY, as_of=good))
    assert worklist.followed

    for shift in (-1, -40, 400, 0):
        worklist.ask(replace(TODAY, as_of=TODAY.as_of + timedelta(days=shift)))
    assert worklist.followed


def test_a_day_between(worklist: Worklist):
    """What was said once holds from that day on, also if somebody else was followed since."""
    quiet = next(
        day
        for day in (replace(TODAY, as_of=TODAY.as_of + timedelta(days=n)) for n in range(90))
        if all(one.good_until > day.as_of + timedelta(days=2) for one in worklist.ask(day))
    )
    worklist.ask(quiet)
    worklist.change(new_tube, Act.ENTER)
    worklist.ask(replace(quiet, as_of=quiet.as_of + timedelta(days=2)))
    worklist.ask(replace(quiet, as_of=quiet.as_of + timedelta(days=1)))

    assert worklist.followed == ["P2"]


def test_another_profile(worklist: Worklist):
    """Has a memory of its own, also where it only bears the name."""
    own = PROFILE.model_copy(update={"recovery_critical_before_day": 10})
    for profile in (PROFILE, read_profile("euroflow"), own):
        worklist.ask(replace(TODAY, profile=profile))
        assert worklist.followed == list(PATIENTS)

    worklist.ask()
    assert worklist.followed == []
    assert len(list(worklist.folder.iterdir())) == 3


def test_whatever_happens(worklist: Worklist):
    """Changes and days at random: never a stale answer (each is compared by `ask`)."""
    rng = Random(SEED)  # noqa: S311
    worklist.ask()
    walk = Walk(worklist.store, SEED)
    reached = 0
    for _ in range(14):
        for _ in range(rng.choice((1, 1, 3))):
            walk.step()
        day = replace(TODAY, as_of=TODAY.as_of + timedelta(days=rng.choice((0, 0, 3, 90))))
        reached += len(worklist.ask(day)) > len(worklist.followed)

    assert reached > 3


# A file that cannot be trusted


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"number": 1, "hash": "x"}',
        b'{"number": 1, "hash": "x", "patients": null}',
        b'{"number": 1, "hash": "x", "patients": [["2026-01-01", ["P1"]]]}',
        b'{"number": 1, "hash": "x", "patients": [["today", []]]}',
    ],
)
def test_a_file_that_is_none(worklist: Worklist, content: bytes):
    """It is as if there were none, and it is written anew."""
    worklist.ask()
    worklist.file.write_bytes(content)
    worklist.ask()
    assert worklist.followed == list(PATIENTS)

    worklist.ask()
    assert worklist.followed == []


def test_a_file_that_was_cut_off(worklist: Worklist):
    """Wherever: a disk that was full, a machine that went down."""
    worklist.ask()
    whole = worklist.file.read_bytes()
    for length in range(0, len(whole), 397):
        worklist.file.write_bytes(whole[:length])
        worklist.ask()
        assert worklist.followed == list(PATIENTS)


def test_a_file_that_says_something_else(worklist: Worklist):
    """A character that a disk has lost is no answer."""
    worklist.ask()
    content = worklist.file.read_text(encoding="utf-8")
    worklist.file.write_text(content.replace('"POSITIVE"', '"BELOW_LOD"'), encoding="utf-8")
    worklist.ask()
    assert worklist.followed == list(PATIENTS)


def test_a_file_without_a_hash(worklist: Worklist):
    """It says nothing of where the log was."""
    worklist.ask()
    content = json.loads(worklist.file.read_bytes().partition(b"\n")[2])
    text = json.dumps(content | {"number": 9999, "hash": None})
    digest = sha256(text.encode()).hexdigest()
    worklist.file.write_text(f"{digest}\n{text}", encoding="utf-8")
    worklist.change(measured_again, Act.ENTER)

    worklist.ask()
    assert worklist.followed == list(PATIENTS)


def test_a_file_that_is_too_deep(worklist: Worklist):
    """It is as if there were none."""
    worklist.ask()
    worklist.file.write_bytes(b"[" * 100_000)
    worklist.ask()
    assert worklist.followed == list(PATIENTS)


def test_a_folder_in_its_place(worklist: Worklist):
    """It cannot be read nor replaced; the worklist is there all the same."""
    worklist.ask()
    file = worklist.file
    file.unlink()
    file.mkdir()
    (file / "x").touch()
    worklist.ask()
    assert worklist.followed == list(PATIENTS)


def test_a_folder_that_cannot_be_made(worklist: Worklist, monkeypatch: pytest.MonkeyPatch):
    """A memory is no reason to fail."""
    worklist.folder.write_text("a file")
    monkeypatch.setenv("CYTOMON_CACHE", str(worklist.folder / "below"))
    worklist.ask()
    assert worklist.followed == list(PATIENTS)


# Another store of the same address


def remade(worklist: Worklist, path: Path) -> None:
    """Put a store into the place of the one that was there."""
    worklist.store.engine.dispose()
    there = worklist.address.path
    assert there is not None
    for beside in ("-wal", "-shm"):
        there.with_name(f"{there.name}{beside}").unlink(missing_ok=True)
    shutil.move(path, there)


def stored(worklist: Worklist, name: str) -> Path:
    """A copy of the store as it is."""
    path = worklist.folder.parent / name
    with worklist.store.engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{path}'")
    return path


def test_a_foreign_store(worklist: Worklist, tmp_path: Path):
    """Of as many entries, with the same patients and other numbers."""
    other = parse(f"sqlite:///{tmp_path / 'other.db'}")
    with opened(other, who=ADMIN, create=True) as store:
        enrol(store, *PATIENTS)
        staff(store)
        save(store, result(marrow("P1", "S1"), mrd(0, 500_000, "NOT_DETECTED")))
        enrol(store, "P9")
        save(store, result(marrow("P9")))
    worklist.ask()
    remade(worklist, tmp_path / "other.db")

    worklist.ask()
    assert worklist.followed == [*PATIENTS, "P9"]


def test_an_older_copy(worklist: Worklist):
    """A backup that was brought back: what was said since is forgotten."""
    path = stored(worklist, "backup.db")
    worklist.change(lambda c: save_events(c, [event("P4", "death")]), Act.ENTER)
    worklist.ask()
    remade(worklist, path)

    worklist.ask()
    assert worklist.followed == list(PATIENTS)


def test_an_older_copy_that_went_on_otherwise(worklist: Worklist):
    """Entry for entry as long as the one that was there."""
    path = stored(worklist, "backup.db")
    worklist.change(lambda c: save_events(c, [event("P4", "death")]), Act.ENTER)
    worklist.ask()
    remade(worklist, path)
    worklist.change(lambda c: save_events(c, [event("P3", "death")]), Act.ENTER)

    worklist.ask()
    assert worklist.followed == list(PATIENTS)


def test_a_copy_that_went_on(worklist: Worklist):
    """From where the memory is: only what is new there is followed."""
    worklist.ask()
    path = stored(worklist, "copy.db")
    worklist.change(lambda c: save_events(c, [event("P4", "death")]), Act.ENTER)
    remade(worklist, path)
    worklist.change(lambda c: save_events(c, [event("P3", "death")]), Act.ENTER)

    worklist.ask()
    assert worklist.followed == ["P3"]


# Where it lies
def test_readable_by_the_owner_alone(worklist: Worklist):
    """A list of patients is nobody else's business."""
    worklist.ask()

    assert stat.S_IMODE(worklist.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(worklist.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("word", ["none", "None", "NONE"])
def test_no_memory_wanted(
    worklist: Worklist, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nothing is written, neither there nor at home."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setenv("CYTOMON_CACHE", word)
    for _ in range(2):
        worklist.ask()
        assert worklist.followed == list(PATIENTS)

    assert list(home.iterdir()) == []
    assert not worklist.folder.exists()


def test_by_default_in_the_users_cache(
    worklist: Worklist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As the system says where that is."""
    monkeypatch.setenv("CYTOMON_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    worklist.ask()
    worklist.ask()

    assert worklist.followed == []
    assert len(list((tmp_path / "cache" / "cytomon").iterdir())) == 1
