"""Opening: what is made, what is refused, and what the database itself forbids."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from cytomon.errors import InputError
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.soundness import check_layout
from cytomon.store.tables import SCHEMA, metadata
from cytomon.store.verify import verify
from tests.store.builders import enrol, result, save
from tests.store.conftest import ADMIN


def test_the_one_who_makes_it_is_the_first_admin(store: Store):
    """And the first entry says which store it is."""
    with store.reading() as connection:
        first = connection.execute(text("SELECT * FROM log")).one()
        person = connection.execute(text("SELECT name, role FROM people")).one()

    assert (first.action, first.who, first.previous) == ("create", ADMIN, "")
    assert tuple(person) == (ADMIN, "admin")


def test_the_migrations_make_what_the_code_expects(store: Store):
    """Tables, columns, indexes and triggers; on SQLite to the letter."""
    with store.reading() as connection:
        assert list(check_layout(connection)) == []
        if store.on_sqlite:
            made = {
                name: " ".join(sql.split())
                for name, sql in connection.execute(
                    text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
                )
            }
    if store.on_sqlite:
        plain = create_engine("sqlite://")
        with plain.connect() as fresh:
            metadata.create_all(fresh)
            for name, sql in fresh.execute(text("SELECT name, sql FROM sqlite_master")):
                if name in metadata.tables:
                    assert made[name] == " ".join(sql.split())


def test_opening_again_changes_nothing(store: Store, url: str):
    """Also for another person."""
    with opened(parse(url), who="somebody"), store.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM log")) == 1


@pytest.mark.parametrize("table", [*metadata.tables])
def test_no_row_is_changed_or_removed(store: Store, table: str):
    """Not by this code, and not by any other that goes through the database."""
    enrol(store, "P1")
    save(store, result())
    column = next(iter(metadata.tables[table].columns)).name

    for statement in (f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}"):
        with store.engine.connect() as connection:
            filled = connection.scalar(text(f"SELECT count(*) FROM {table}"))
            if not filled and store.on_sqlite:
                continue  # its triggers speak for each row
            with pytest.raises(DBAPIError, match="never changed or removed"):
                connection.execute(text(statement))


def test_no_store_is_made_unasked(url: str):
    """A slip in the address must not end in an empty store."""
    with (
        pytest.raises(InputError, match="there is no store") as caught,
        opened(parse(url), who=ADMIN),
    ):
        pass
    assert "cytomon import" in caught.value.fix


def test_a_newer_layout_is_refused(store: Store, url: str):
    """What a newer version wrote cannot be understood."""
    with store.engine.connect() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{SCHEMA + 1}'"))

    with pytest.raises(InputError, match="newer cytomon"), opened(parse(url), who=ADMIN):
        pass


@pytest.mark.parametrize("create", [True, False])
def test_another_programs_file_is_left_alone(tmp_path: Path, create: bool):
    """Its tables are not ours to add to."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE log (line TEXT)")
    other.close()
    before = path.read_bytes()

    with (
        pytest.raises(InputError, match="another program"),
        opened(parse(f"sqlite:///{path}"), who=ADMIN, create=create),
    ):
        pass
    assert path.read_bytes()[100:] == before[100:]


@pytest.mark.parametrize(
    "content",
    [b"patient_id,date\n" * 100, b"SQLite format 3\0" + bytes(200)],
    ids=["a list", "a stump"],
)
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes):
    """In words, whatever it is."""
    path = tmp_path / "no.db"
    path.write_bytes(content)

    with (
        pytest.raises(InputError, match=r"no SQLite database|damaged"),
        opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True),
    ):
        pass


def test_a_folder_is_no_store(tmp_path: Path):
    """Said so, before SQLite says something else."""
    with (
        pytest.raises(InputError, match="that is a folder"),
        opened(parse(f"sqlite:///{tmp_path}"), who=ADMIN, create=True),
    ):
        pass


def test_a_server_that_is_not_there(tmp_path: Path):
    """A closed port is said in words, without the password."""
    address = parse("postgresql+psycopg://lab:secret@127.0.0.1:9/flow")

    with (
        pytest.raises(InputError, match="cannot be reached") as caught,
        opened(address, who=ADMIN, create=True),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_sqlite_is_set_to_outlive_a_power_cut(tmp_path: Path):
    """A log ahead of writing, flushed at each commit; references held to; types kept."""
    with opened(parse(f"sqlite:///{tmp_path / 's.db'}"), who=ADMIN, create=True) as store:
        with store.reading() as connection:
            said = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
            strict = connection.exec_driver_sql(
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 1"
            ).scalar()
        with store.writing() as connection, pytest.raises(DBAPIError):
            connection.exec_driver_sql("INSERT INTO people VALUES (9, 1, 'x', x'00ff')")

    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert strict == len(metadata.tables)


def test_a_copy_on_a_medium_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An auditor reads it all the same; nobody writes into it."""
    path = tmp_path / "a copy" / "s.db"
    with opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True) as store:
        save(store, result())
    monkeypatch.setattr("cytomon.store.open._is_writable", lambda _: False)
    before = path.read_bytes()

    with opened(parse(f"sqlite:///{path}"), who=ADMIN) as store:
        assert verify(store).problems == ()
        with pytest.raises(InputError, match="cannot be written to"):
            enrol(store, "P1")
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["s.db"]


def test_many_may_make_one_at_once(url: str):
    """The first makes it, the others find it."""
    from concurrent.futures import ThreadPoolExecutor

    def make(number: int) -> int:
        with opened(parse(url), who=f"u{number}", create=True) as store:
            return verify(store).entries

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(make, range(6))) == [1] * 6
