"""Versions of reports that were signed, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, select

from cytomon.errors import InputError
from cytomon.model.people import Act
from cytomon.store.change import changing
from cytomon.store.reports import ContradictedError, find_release, release, released, report_id
from cytomon.store.session import Store
from cytomon.store.tables import log
from cytomon.store.verify import verify
from tests.store.builders import contents, enrol, staff, version
from tests.store.conftest import ADMIN, FIRST, SECOND


@pytest.fixture
def ready(store: Store) -> Store:
    """A store with two pathologists and two patients."""
    staff(store)
    enrol(store, "P1", "P2")
    return store


def put(store: Store, who: str, files: dict[str, str], *, number: int = 1) -> None:
    """Sign a version."""
    with changing(store, who, "report", act=Act.SIGN) as change:
        release(change, "P1", version(change, files, number=number))


def test_a_version_is_read_back_as_it_was_signed(ready: Store):
    """Who, when, what it said, and the hash of each file."""
    put(ready, FIRST, {"html": "a" * 64, "pdf": "b" * 64})

    with ready.reading() as connection:
        (only,) = released(connection, "P1")
        assert released(connection, "P2") == ()
    assert (only.by, only.role, only.status, only.version) == (FIRST, "pathologist", "signed", 1)
    assert only.files == {"html": "a" * 64, "pdf": "b" * 64}
    assert (only.said, only.content) == ({"MRD": "0 %"}, "c" * 64)


def test_an_amended_version_keeps_the_original(ready: Store):
    """Each format is a version of its own; one that comes later begins a line of its own."""
    put(ready, FIRST, {"html": "a" * 64})
    put(ready, SECOND, {"html": "d" * 64, "pdf": "e" * 64}, number=2)

    first, second, pdf = contents(ready)["reports"]
    assert (first[2], second[2], pdf[2]) == (None, first[0], None)
    with ready.reading() as connection:
        versions = released(connection, "P1")
        assert find_release(connection, "a" * 64) == versions
        assert find_release(connection, "f" * 64) == ()
    assert [one.version for one in versions] == [1, 2]
    assert (versions[1].why, versions[1].by) == ("an amended marrow", SECOND)
    assert verify(ready).problems == ()


def test_the_log_holds_the_hashes_of_the_signed_bytes(ready: Store):
    """Whoever has the log can say which file was signed, without the table."""
    put(ready, FIRST, {"html": "a" * 64})

    with ready.reading() as connection:
        after = connection.scalar(select(log.c.after).where(log.c.action == "report"))
    assert json.loads(after)["files"] == {"html": "a" * 64}


def test_only_who_may_sign_releases_a_report(ready: Store):
    """An admin may not."""
    with (
        pytest.raises(InputError, match="does not allow it"),
        changing(ready, ADMIN, "report", act=Act.ENTER) as change,
    ):
        release(change, "P1", version(change, {"html": "a" * 64}))


def test_versions_have_no_gaps(ready: Store):
    """A version follows the one before."""
    with (
        pytest.raises(ValueError, match="version 2 after 0"),
        changing(ready, FIRST, "report", act=Act.SIGN) as change,
    ):
        release(change, "P1", version(change, {"html": "a" * 64}, number=2))


def test_the_name_of_a_report_names_nobody(ready: Store):
    """It is the same each time, of each patient another, and of another store another."""
    with ready.reading() as connection:
        names = [report_id(connection, key) for key in ("P1", "P2", "P1")]
    assert names[0] == names[2] != names[1]
    assert all("P1" not in name and len(name) == 17 for name in names)


@contextmanager
def edited(store: Store, statement: str) -> Iterator[Connection]:
    """A store that somebody has edited with the locks taken off; put back at the end."""
    with store.engine.connect() as connection:
        do = connection.exec_driver_sql
        if store.on_sqlite:
            do("PRAGMA foreign_keys = OFF")
        do("BEGIN")
        if store.on_sqlite:
            for (name,) in do("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                do(f"DROP TRIGGER {name}")
        else:
            do("SET LOCAL session_replication_role = replica")
        do(statement)
        yield connection
        do("ROLLBACK")


def test_what_the_log_does_not_say_is_no_version(ready: Store):
    """A changed hash, row or entry is noticed by whoever asks for the report."""
    put(ready, FIRST, {"html": "a" * 64, "pdf": "b" * 64})
    put(ready, SECOND, {"html": "d" * 64}, number=2)

    for change in (
        "UPDATE reports SET sha256 = '" + "f" * 64 + "' WHERE format = 'html'",
        "UPDATE reports SET status = 'signed'",
        "DELETE FROM reports WHERE format = 'pdf'",
        "UPDATE log SET who = 'nobody' WHERE action = 'report'",
        "UPDATE log SET after = 'x' WHERE action = 'report'",
        "UPDATE log SET previous = 'x' WHERE action = 'report'",
        "DELETE FROM log WHERE action = 'report'",
    ):
        with (
            edited(ready, change) as connection,
            pytest.raises(ContradictedError, match="not what its log says"),
        ):
            released(connection, "P1")


def test_a_file_that_only_the_log_knows_is_no_unsigned_file(ready: Store):
    """Its row was changed or removed."""
    put(ready, FIRST, {"html": "a" * 64})
    with edited(ready, "DELETE FROM reports") as connection:
        with pytest.raises(ContradictedError):
            find_release(connection, "a" * 64)
        assert find_release(connection, "b" * 64) == ()
