"""Backups: one committed state in one file, checked; and a store made of it again, or nothing."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from cytomon.backup import back_up, restore
from cytomon.errors import InputError
from cytomon.store import copying
from cytomon.store.address import parse
from cytomon.store.anchor import Anchor, take_anchor
from cytomon.store.copying import copy_to_file, opened_sealed
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.tables import SCHEMA, log
from cytomon.store.verify import verify
from tests.store.builders import contents, enrol, marrow, result, save
from tests.store.conftest import ADMIN, new_schema
from tests.store.test_audit import fill
from tests.store.test_migrations import LAYOUTS, dump_of, says_what_it_said

EXOTIC = "A\u0308 \U0001f9ec \u202eabc \u2028 日本 '\"\\ \x1f \t ٣ \U0010ffff"


@pytest.fixture
def filled(store: Store) -> Store:
    """Rows of every kind, and texts that are hard to carry."""
    fill(store, 12)
    strange = result(
        marrow("P7", "S7"),
        ("mrd", 2**52 + 1, 2**53, 1 / 3, 5e-324, 1.7976931348623157e308, 0.1, None, "X", EXOTIC),
        file=f"{EXOTIC}.fcs",
        gates=f'[{{"gate": "{EXOTIC}"}}]',
    )
    save(store, strange)
    return store


@pytest.fixture
def places(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Where nothing is yet: a file, and a schema of a server."""
    return {
        "sqlite": f"sqlite:///{tmp_path / 'elsewhere' / 'new.db'}",
        "postgresql": new_schema(request.getfixturevalue("postgres")),
    }


def entries(store: Store) -> list[tuple[Any, ...]]:
    """The log."""
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(log).order_by(log.c.seq))]


def end_of(store: Store) -> Anchor:
    """Its end."""
    with store.reading() as connection:
        return take_anchor(connection)


def files(folder: Path) -> list[str]:
    """Names of all files of a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def refused(store: str, backup: Path) -> str:
    """Why a backup is not restored."""
    with pytest.raises(InputError) as refusal:
        restore(backup, parse(store), who=ADMIN)
    return f"{refusal.value.what} | {refusal.value.where}"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_either_kind_becomes_either_kind(
    filled: Store, tmp_path: Path, kind: str, places: dict[str, str]
):
    """Every row and every entry is the same, and the log says that it was restored."""
    backup = tmp_path / "backups" / "b.db"
    before, history, end = contents(filled), entries(filled), end_of(filled)
    taken = back_up(filled.address, backup, who=ADMIN)
    found = restore(backup, parse(places[kind]), who="rob")

    assert taken.end == found.end == end
    assert taken.entries == len(history)
    assert files(backup.parent) == ["b.db"]
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.read_bytes()[18:20] == b"\1\1"  # no file beside it is wanted
    with opened(parse(places[kind]), who=ADMIN) as again:
        assert contents(again) == before
        assert entries(again)[:-1] == history
        assert entries(again)[-1][3:7] == ("rob", "", "restore", "store")
        assert verify(again, [end]).problems == ()
        enrol(again, "P99")
        assert verify(again, [end]).problems == ()
        if again.on_sqlite:
            with again.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_same_state_makes_the_same_file(filled: Store, tmp_path: Path):
    """To the byte, as long as nobody has written in between."""
    for name in ("a.db", "b.db"):
        back_up(filled.address, tmp_path / name, who=ADMIN)

    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()


def test_what_is_committed_meanwhile_is_not_in_it(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A copy is of the state at its beginning, however long it takes."""
    monkeypatch.setattr(copying, "_PAGES", 1)
    monkeypatch.setattr(copying, "_ROWS", 1)
    part = tmp_path / "part.db"
    with filled.reading() as connection:
        before = take_anchor(connection)
        enrol(filled, "LATER")
        copy_to_file(connection, part)
    with opened_sealed(part) as copy:
        assert end_of(copy) == before
        assert verify(copy).problems == ()
    assert end_of(filled).seq == before.seq + 1


def test_while_others_write_each_backup_is_one_state(store: Store, url: str, tmp_path: Path):
    """Its chain is whole, its end was the store's end at some time, and none goes back."""
    enrol(store, "W0")
    ends: list[Anchor] = []
    words = [sys.executable, "-m", "tests.store.writer", url, "W0", "1000000"]
    with subprocess.Popen(words) as process:
        while len({end.seq for end in ends}) < 4:
            assert process.poll() is None
            ends.append(back_up(parse(url), tmp_path / "b.db", who=ADMIN).end)
        process.kill()

    assert [end.seq for end in ends] == sorted(end.seq for end in ends)
    assert verify(store, ends).problems == ()


def test_a_store_that_is_not_what_its_log_says_is_not_backed_up(tmp_path: Path):
    """What stood there before stays, to the byte."""
    path, backup = tmp_path / "s.db", tmp_path / "out" / "b.db"
    with opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True) as store:
        fill(store, 3)
    back_up(parse(f"sqlite:///{path}"), backup, who=ADMIN)
    before = backup.read_bytes()
    with closing(sqlite3.connect(path)) as connection, connection:
        (trigger,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'measurements' "
            "AND sql LIKE '%UPDATE%'"
        ).fetchone()
        connection.execute(f"DROP TRIGGER {trigger.split()[2]}")
        connection.execute("UPDATE measurements SET numerator = 0")
        connection.execute(trigger)

    with pytest.raises(InputError, match="not what its log says: RESULT_CHANGED: result 1"):
        back_up(parse(f"sqlite:///{path}"), backup, who=ADMIN)
    assert backup.read_bytes() == before
    assert files(backup.parent) == ["b.db"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small store and a backup of it."""
    folder = tmp_path_factory.mktemp("small")
    with opened(parse(f"sqlite:///{folder / 'made' / 's.db'}"), who=ADMIN, create=True) as store:
        fill(store, 12)
        back_up(store.address, folder / "kept" / "b.db", who=ADMIN)
    return folder


@pytest.fixture
def sound(small: Path, tmp_path: Path) -> Path:
    """The backup of a small store; the store is `made/s.db`."""
    shutil.copytree(small, tmp_path, dirs_exist_ok=True)
    return tmp_path / "kept" / "b.db"


MANY = [pytest.param(seed, marks=pytest.mark.long) for seed in range(8, 100)]
"""Seeds for the long run."""


@pytest.mark.parametrize("seed", [*range(4), *MANY])
def test_a_backup_that_was_cut_off_is_refused(sound: Path, tmp_path: Path, seed: int):
    """Wherever; and no store is made."""
    whole, drawn = sound.read_bytes(), random.Random(seed)
    cut = tmp_path / "cut.db"
    cut.write_bytes(whole[: drawn.randrange(len(whole))])
    place = tmp_path / "new" / "s.db"

    assert refused(f"sqlite:///{place}", cut).endswith("| cut.db")
    assert not place.exists()
    assert not place.parent.exists() or files(place.parent) == []


@pytest.mark.parametrize("seed", [*range(8), *MANY])
def test_a_backup_that_rotted_is_refused_or_says_the_same(sound: Path, tmp_path: Path, seed: int):
    """A byte that changed is noticed, unless it holds nothing."""
    damaged, drawn = bytearray(sound.read_bytes()), random.Random(seed)
    damaged[drawn.randrange(len(damaged))] ^= 1 << drawn.randrange(8)
    rotten, place = tmp_path / "rotten.db", tmp_path / "new" / "s.db"
    rotten.write_bytes(damaged)
    said = ""
    try:
        restore(rotten, parse(f"sqlite:///{place}"), who=ADMIN)
    except InputError as error:
        said = error.where
    if not place.exists():
        assert said == "rotten.db"
        assert not place.parent.exists() or files(place.parent) == []
        return
    assert not said
    with (
        opened(parse(f"sqlite:///{place}"), who=ADMIN) as new,
        opened(parse(f"sqlite:///{tmp_path / 'made' / 's.db'}"), who=ADMIN) as old,
    ):
        assert contents(new) == contents(old)


def test_what_is_no_backup_is_refused(sound: Path, tmp_path: Path):
    """With what it is instead."""
    place = f"sqlite:///{tmp_path / 'new.db'}"
    (tmp_path / "text").write_text("patient_id,infusion_date\n" * 100)
    (tmp_path / "empty").touch()
    with closing(sqlite3.connect(tmp_path / "other")) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    sound.with_name("b.db-wal").touch()

    assert refused(place, tmp_path / "text") == (
        "the file cannot be used as a backup: the file is no SQLite database | text"
    )
    assert refused(place, tmp_path / "empty") == "the file is no backup of a store | empty"
    assert refused(place, tmp_path / "other") == "the file is no backup of a store | other"
    assert refused(place, tmp_path / "nowhere") == "there is no such backup | nowhere"
    assert refused(place, tmp_path) == f"there is no such backup | {tmp_path.name}"
    assert refused(place, sound) == "the file is in use as a store, and no backup | b.db"
    assert not (tmp_path / "new.db").exists()


def test_a_backup_of_a_newer_version_is_refused(sound: Path, tmp_path: Path):
    """And left as it is."""
    with closing(sqlite3.connect(sound)) as connection, connection:
        connection.execute(f"UPDATE alembic_version SET version_num = '{SCHEMA + 1}'")
    before = sound.read_bytes()

    assert refused(f"sqlite:///{tmp_path / 'new.db'}", sound) == (
        f"the store was written by a newer cytomon (layout {SCHEMA + 1}; this one knows {SCHEMA})"
        " | b.db"
    )
    assert sound.read_bytes() == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_backup_of_every_layout_restores(
    layout: int, kind: str, tmp_path: Path, places: dict[str, str]
):
    """It is brought up on the way; the backup stays as it is."""
    backup = tmp_path / "old.db"
    with closing(sqlite3.connect(backup)) as connection:
        connection.executescript(dump_of(layout))
    before = backup.read_bytes()
    restore(backup, parse(places[kind]), who=ADMIN)

    assert backup.read_bytes() == before
    with opened(parse(places[kind]), who=ADMIN) as store:
        says_what_it_said(store)


def test_nothing_is_restored_over_a_store(sound: Path, store: Store, url: str, tmp_path: Path):
    """Nor over a file, or what a store has left."""
    before = entries(store)
    said = refused(url, sound)
    (tmp_path / "gone.db-wal").write_bytes(b"of a store that somebody removed")

    assert said in (
        "there is a file where the store would be | store.db",
        f"there is a store already, or tables of another program | {store.address}",
    )
    assert entries(store) == before
    assert refused(f"sqlite:///{tmp_path / 'gone.db'}", sound) == (
        "there is a file where the store would be | gone.db-wal"
    )


def test_restored_is_all_or_nothing_on_a_server(
    sound: Path, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    """What breaks off half-way leaves an empty schema, which can be filled then."""
    insert, calls = copying.insert_rows, iter(range(100))

    def insert_some(*words: Any) -> None:
        if next(calls) == 6:
            raise KeyboardInterrupt
        insert(*words)

    with monkeypatch.context() as patched:
        patched.setattr(copying, "insert_rows", insert_some)
        with pytest.raises(KeyboardInterrupt):
            restore(sound, parse(places["postgresql"]), who=ADMIN)
    restore(sound, parse(places["postgresql"]), who=ADMIN)


def test_no_backup_takes_the_place_of_what_the_store_lacks(sound: Path, tmp_path: Path):
    """Another store's, one that knows more, a file that is none, the store itself, one in use."""
    store = tmp_path / "made" / "s.db"
    other, older = tmp_path / "other.db", tmp_path / "older.db"
    with opened(parse(f"sqlite:///{other}"), who=ADMIN, create=True):
        pass
    restore(sound, parse(f"sqlite:///{older}"), who=ADMIN)
    (tmp_path / "list.csv").write_text("patient_id\n")
    live = tmp_path / "live.db"
    live.write_bytes(sound.read_bytes())
    live.with_name("live.db-wal").touch()

    def why(address: Path, out: Path) -> str:
        before = out.read_bytes()
        with pytest.raises(InputError) as refusal:
            back_up(parse(f"sqlite:///{address}"), out, who=ADMIN)
        assert out.read_bytes() == before
        return refusal.value.what

    assert why(other, sound) == "the file is the backup of another store"
    assert why(store, older) == (
        f"the backup of this name holds entries that the store lacks (its last is {last(older)})"
    )
    assert why(store, tmp_path / "list.csv") == (
        "there is another file of this name, which is no backup: the file is no SQLite database"
    )
    assert why(store, store) == "the file is in use as a store"
    assert why(store, live) == "the file is in use as a store"
    with pytest.raises(InputError, match="that is a folder"):
        back_up(parse(f"sqlite:///{store}"), tmp_path, who=ADMIN)
    back_up(parse(f"sqlite:///{store}"), sound, who=ADMIN)


def last(path: Path) -> int:
    """Number of the last entry."""
    with opened_sealed(path) as store:
        return end_of(store).seq


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """A disk on which this is all the room for a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_the_backup_before_stays(filled: Store, tmp_path: Path):
    """And nothing half written; of either kind of store."""
    backup = tmp_path / "out" / "b.db"
    back_up(filled.address, backup, who=ADMIN)
    before = backup.read_bytes()
    enrol(filled, "P77")
    with (
        no_file_longer_than(len(before) // 2),
        pytest.raises(InputError, match="the results cannot be written") as refusal,
    ):
        back_up(filled.address, backup, who=ADMIN)

    assert refusal.value.where == "b.db"
    assert backup.read_bytes() == before
    assert files(backup.parent) == ["b.db"]


AGAIN = """
import sys
from pathlib import Path
from cytomon.backup import back_up
from cytomon.store.address import parse
while True:
    back_up(parse(sys.argv[1]), Path(sys.argv[2]), who="ada")
    print("done", flush=True)
"""


@pytest.mark.parametrize("seed", [0, 1, *MANY[:30]])
def test_killed_while_it_is_taken(tmp_path: Path, seed: int):
    """Under its name is the backup before or the new one, and either is whole."""
    store, backup = f"sqlite:///{tmp_path / 's.db'}", tmp_path / "out" / "b.db"
    with opened(parse(store), who=ADMIN, create=True) as made:
        fill(made, 100)
    words = [sys.executable, "-c", AGAIN, store, str(backup)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        time.sleep(random.Random(seed).uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)

    restore(backup, parse(f"sqlite:///{tmp_path / 'again.db'}"), who=ADMIN)


def test_a_reader_of_the_server_needs_no_rights_to_write(filled: Store, tmp_path: Path):
    """A backup writes nothing into the store."""
    before = entries(filled)
    with filled.reading() as connection:
        if not filled.on_sqlite:
            assert connection.execute(text("SHOW transaction_read_only")).scalar() == "on"
        copy_to_file(connection, tmp_path / "b.db")

    assert entries(filled) == before
