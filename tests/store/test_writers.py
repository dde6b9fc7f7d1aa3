"""Two writers at once lose nothing; one that waits too long says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.store import session
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.verify import verify
from tests.store.builders import contents, course, enrol
from tests.store.conftest import ADMIN

WRITERS, EACH = 4, 25


def test_processes_that_write_at_once_lose_nothing(store: Store, url: str):
    """Each result of each process is there once, in one unbroken chain."""
    enrol(store, *(f"W{n}" for n in range(WRITERS)))
    processes = [
        subprocess.Popen([sys.executable, "-m", "tests.store.writer", url, f"W{n}", str(EACH)])
        for n in range(WRITERS)
    ]
    assert [process.wait(timeout=240) for process in processes] == [0] * WRITERS

    verdict = verify(store)
    assert verdict.problems == ()
    assert verdict.entries == 2 + WRITERS * EACH
    for n in range(WRITERS):
        files = [one.file for kept in course(store, f"W{n}").specimens for one in kept.results]
        assert sorted(files) == sorted(f"W{n}_{k}.fcs" for k in range(EACH))
        assert {
            one.saved_by for kept in course(store, f"W{n}").specimens for one in kept.results
        } == {f"W{n}"}


def test_two_corrections_of_one_thing_are_one_after_the_other(store: Store):
    """A version is replaced once: the database itself refuses a second successor."""
    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    enrol(store, "P1")
    with store.engine.connect() as connection:
        for number in (7, 8):
            row = f"({number}, 1, 1, 1, 'P1', NULL, '', '')"
            statement = text(f"INSERT INTO patients VALUES {row}")
            if number == 7:
                connection.execute(statement)
            else:
                with pytest.raises(IntegrityError):
                    connection.execute(statement)


def test_one_who_waits_too_long_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    """And has written nothing."""
    monkeypatch.setattr("cytomon.store.open.PATIENCE", 1)
    monkeypatch.setattr(session, "PATIENCE", 1)
    from tests.store.conftest import new_schema

    for url in (f"sqlite:///{tmp_path / 's.db'}", new_schema(request.getfixturevalue("postgres"))):
        with (
            opened(parse(url), who=ADMIN, create=True) as one,
            opened(parse(url), who=ADMIN) as other,
        ):
            before = contents(one)
            with one.writing(), pytest.raises(InputError, match="another process is writing"):
                enrol(other, "P1")
            assert contents(one) == before


def test_a_reader_is_not_disturbed(store: Store):
    """It sees one state of the store, whatever is written meanwhile, and holds nobody up."""
    from sqlalchemy import text

    with store.reading() as connection:
        count = text("SELECT count(*) FROM patients")
        before = connection.scalar(count)
        enrol(store, "P1")
        assert connection.scalar(count) == before
    assert len(contents(store)["patients"]) == 1


def test_what_fails_in_the_middle_leaves_nothing(store: Store):
    """All or nothing, the log included."""
    from cytomon.model.people import Act
    from cytomon.store.change import changing
    from cytomon.store.results import save_results
    from tests.store.builders import result

    def fail() -> None:
        with changing(store, ADMIN, "batch", act=Act.ENTER) as change:
            save_results(change, [result()])
            raise ZeroDivisionError

    before = contents(store), verify(store).entries
    with pytest.raises(ZeroDivisionError):
        fail()
    assert (contents(store), verify(store).entries) == before
