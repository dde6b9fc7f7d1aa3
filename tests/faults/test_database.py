"""A database that goes and comes back: an error in words, nothing half filed, then all, once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.session import _LOCK
from cytomon.store.verify import verify
from tests.faults.commands import (
    DONE,
    USAGE,
    batch,
    faults,
    in_words,
    lists,
    run,
    running,
    tables,
    wait_until,
)
from tests.store.builders import contents
from tests.store.postgres import programs, restart, server, stop

TUBES = ("a.fcs", "b.fcs", "c.fcs")
HASHED = 2
"""A tube is opened to see its data sets, then by who measures it: the store was seen by then."""
FILING = 3
"""A document is looked for before its tube is measured, and opened for the tables and the store."""
Contents = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Server:
    """A server that can be stopped and started again."""

    url: str
    folder: Path

    @property
    def pid(self) -> int:
        """The process that is the server."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        """Start it again."""
        restart(self.folder, port=make_url(self.url).port or 0)


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with server(tmp_path / "server") as url:
        yield Server(url=url, folder=tmp_path / "server")


@pytest.fixture(scope="module")
def expected(bloods: Path, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What is kept of an undisturbed batch."""
    folder = tmp_path_factory.mktemp("expected")
    url = f"sqlite:///{folder}/s.db"
    command = batch(bloods, folder / "out", "--store", url, *lists(folder, *TUBES))
    assert run(command).returncode == DONE
    return kept(url)


def kept(url: str) -> Contents:
    """What is in a store, whose log is unbroken."""
    with opened(parse(url), who="ada") as store:
        assert verify(store).problems == ()
        return contents(store)


def refused(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == USAGE, done.stderr
    assert in_words(done)
    assert "the database server cannot be reached" in done.stderr


@pytest.mark.long
def test_gone_before_and_between_and_back(
    bloods: Path, tmp_path: Path, postgresql: Server, expected: Contents
):
    """Before the batch, and after the tubes were measured; then back."""
    out = tmp_path / "out"
    command = batch(bloods, out, "--store", postgresql.url, *lists(tmp_path, *TUBES))
    stop(postgresql.folder)
    done = run(command)
    refused(done)
    assert "measured" not in done.stderr  # said first, not after hours
    postgresql.start()

    seen = tmp_path / "seen"
    done = run(command, env=faults(seen, f"quit-{postgresql.pid} tubes/c.fcs.json {FILING}"))
    refused(done)
    assert "3/3" in done.stderr
    assert not (out / "run.json").exists()
    measured = tables(out)
    postgresql.start()
    assert not kept(postgresql.url)["results"]

    again = run(command)
    assert again.returncode == DONE
    assert "3 results kept" in again.stderr
    assert kept(postgresql.url) == expected
    assert tables(out) == measured
    assert "0 results kept, 3 were there before" in run(command).stderr


@contextmanager
def locked(url: str) -> Iterator[Connection]:
    """Another writer that takes its time."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        yield connection
    engine.dispose()


@pytest.mark.long
def test_gone_within_a_transaction(
    bloods: Path, tmp_path: Path, postgresql: Server, expected: Contents
):
    """While the batch writes: nothing of that is kept, and then all of it, once."""
    out = tmp_path / "out"
    command = batch(bloods, out, "--store", postgresql.url, *lists(tmp_path, *TUBES))
    seen = tmp_path / "seen"  # how often a tube was opened; nothing happens to it
    with running(command, env=faults(seen, "cut a.fcs 99")) as process:
        wait_until(lambda: (seen / "0").exists() and (seen / "0").stat().st_size >= HASHED)
        with locked(postgresql.url) as connection:
            wait_until(lambda: waiting(postgresql.url))
            stop(postgresql.folder)
            with pytest.raises(OperationalError):
                connection.execute(text("SELECT 1"))
        _, err = process.communicate(timeout=60)
        assert process.returncode == USAGE
        assert "the database server cannot be reached" in err
        assert "Traceback" not in err
    postgresql.start()
    assert not kept(postgresql.url)["results"]
    assert run(command).returncode == DONE
    assert kept(postgresql.url) == expected


def waiting(url: str) -> bool:
    """Whether a writer waits for its turn."""
    engine = create_engine(url)
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with engine.connect() as connection:
        found = connection.scalar(text(query))
    engine.dispose()
    return bool(found)


@pytest.mark.long
def test_a_file_that_has_gone(bloods: Path, tmp_path: Path, expected: Contents):
    """A store that was moved away meanwhile is not made anew in silence."""
    out, store = tmp_path / "out", tmp_path / "s.db"
    url = f"sqlite:///{store}"
    command = batch(bloods, out, "--store", url, *lists(tmp_path, *TUBES))
    seen = tmp_path / "seen"
    with running(command, env=faults(seen, "cut a.fcs 99")) as process:
        wait_until(lambda: (seen / "0").exists() and (seen / "0").stat().st_size >= HASHED)
        away = [path.rename(tmp_path / "away" / path.name) for path in moved(tmp_path, store)]
        _, err = process.communicate(timeout=60)
    assert process.returncode == USAGE
    assert "there is no store" in err
    assert not store.exists()
    for path in away:
        path.rename(tmp_path / path.name)
    assert run(command).returncode == DONE
    assert kept(url) == expected


def moved(folder: Path, store: Path) -> list[Path]:
    (folder / "away").mkdir()
    return list(folder.glob(f"{store.name}*"))
