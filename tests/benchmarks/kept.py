"""The store: importing a list on both databases, beside a floor that keeps no promise."""

from __future__ import annotations

import csv
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from cytomon.store.address import parse
from cytomon.store.course import read_course
from cytomon.store.open import opened
from cytomon.store.verify import verify
from tests.store.conftest import new_schema
from tests.store.postgres import programs, server
from tests.store_lists import Lists, write_lists

SMALL, LARGE = 1_000, 10_000
TURNS = {SMALL: 3, LARGE: 1}
WHO = "bench"

Timed = Callable[[Callable[[], object]], float]
Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def section(folder: Path, timed: Timed, table: Table) -> str:
    """Import lists of two sizes; verify, and read one patient, in the larger store."""
    lists = {size: write_lists(folder / str(size), size, seed=930) for size in (SMALL, LARGE)}
    rows, after = [], []
    with _places(folder) as places:
        for name, place in places:
            seconds = {size: _import(place, lists[size], size, timed) for size in lists}
            rows.append(_row(name, seconds, lists))
            if name != FLOOR:
                after.append((name, *_after(place(LARGE))))
    size = (folder / f"sqlite{LARGE}.db").stat().st_size / 2**20
    return f"""## The store

Patients of {12} specimens, each with two tubes of 24 quantities: {lists[SMALL].n_rows:,} rows of
{SMALL:,} patients and {lists[LARGE].n_rows:,} of {LARGE:,}, imported by `cytomon import` into a new
store; seconds by the clock, the start of the program included. The floor is Python's csv into one
table of SQLite, in one transaction, without a check, a key or a hash. The SQLite file of {LARGE:,}
patients takes {size:.0f} MiB; no import took more than {_peak():.0f} MiB of memory.

{table(("store", *(f"{size:,} patients" for size in lists), "times as long", "µs a row"), rows)}

With {LARGE:,} patients:

{table(("store", "`audit verify`, seconds", "one patient's course, ms"), after)}"""


FLOOR = "floor"


@contextmanager
def _places(folder: Path) -> Iterator[list[tuple[str, Callable[[int], str]]]]:
    """Where each contender writes, by the number of patients."""
    places: list[tuple[str, Callable[[int], str]]] = [
        (FLOOR, lambda size: str(folder / f"floor{size}.db")),
        ("SQLite", lambda size: f"sqlite:///{folder / f'sqlite{size}.db'}"),
    ]
    if programs() is None:
        yield places
        return
    with server(folder / "postgres") as url:
        made = {size: new_schema(url) for size in (SMALL, LARGE)}
        yield [*places, ("PostgreSQL", lambda size: made[size])]


def _import(place: Callable[[int], str], lists: Lists, size: int, timed: Timed) -> list[float]:
    found = []
    for _ in range(TURNS[size]):
        where = place(size)
        _clear(where)
        work = partial(_ours if ":" in where else _floor, where, lists)
        found.append(timed(work))
    return found


def _ours(url: str, lists: Lists) -> None:
    words = [
        str(Path(sys.executable).with_name("cytomon")), "import", "--user", WHO, "--store", url,
        "--patients", str(lists.patients), "--measurements", str(lists.measurements),
    ]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603


def _floor(path: str, lists: Lists) -> None:
    with (
        closing(sqlite3.connect(path)) as connection,
        lists.measurements.open(newline="") as stream,
    ):
        reader = csv.reader(stream)
        names = ", ".join(next(reader))
        marks = ", ".join("?" * (names.count(",") + 1))
        connection.execute(f"CREATE TABLE rows ({names})")
        connection.executemany(f"INSERT INTO rows VALUES ({marks})", reader)  # noqa: S608
        connection.commit()


def _clear(where: str) -> None:
    path = Path(where.removeprefix("sqlite:///"))
    for suffix in ("", "-wal", "-shm"):
        if "postgresql" not in where:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    if "postgresql" in where:
        from sqlalchemy import create_engine, text

        engine = create_engine(where)
        with engine.begin() as connection:
            schema = connection.scalar(text("SELECT current_schema()"))
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        engine.dispose()


def _row(name: str, seconds: dict[int, list[float]], lists: dict[int, Lists]) -> tuple[str, ...]:
    small, large = median(seconds[SMALL]), median(seconds[LARGE])
    each = large / lists[LARGE].n_rows * 1e6
    return (
        name,
        _spread(seconds[SMALL]),
        _spread(seconds[LARGE]),
        f"{large / small:.1f}",
        f"{each:.1f}",
    )


def _spread(seconds: Sequence[float]) -> str:
    if len(seconds) == 1:
        return f"{seconds[0]:.1f}"
    return f"{median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


def _after(url: str) -> tuple[str, str]:
    with opened(parse(url), who=WHO) as store:
        started = time.perf_counter()
        if verify(store).problems:
            sys.exit("the store is not what its log says")
        verified = time.perf_counter() - started
        reading = []
        for number in range(0, LARGE, LARGE // 20):
            started = time.perf_counter()
            with store.reading() as connection:
                read_course(connection, f"S{number:05d}")
            reading.append(time.perf_counter() - started)
    return f"{verified:.1f}", f"{median(reading) * 1000:.0f}"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
