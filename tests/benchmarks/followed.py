"""Following the patients of a store: the worklist, the first time and again, and one patient."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

from cytomon.courses import Day, follow_patient, trace_patient
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import SimulatedPatient, simulate_patient
from cytomon.simulate.course.stories import STORIES
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.timelines import read_timelines, spans
from cytomon.track.profile import read_profile
from tests.store.conftest import new_schema
from tests.store.postgres import programs, server

PATIENTS, SPECIMENS, DRAWN = 10_000, 12, 1_000
WHO = "bench"
DAY0 = date(2025, 1, 6)

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def section(folder: Path, table: Table) -> str:
    """Follow simulated patients on both databases."""
    lists = folder / "followed"
    n_rows = _write(lists)
    rows = []
    with _places(folder) as places:
        for name, url in places:
            import_all(url, lists)
            rows.append((name, *_measure(folder / f"cache-{name}", url)))
    head = ("store", "only reading", "worklist, first", "worklist, again", "one patient, ms")
    return f"""## Following patients

`cytomon track` of {PATIENTS:,} simulated patients of {SPECIMENS} specimens each ({n_rows:,}
measurements and their events), every line of the worklist written; seconds by the clock, the start
of the program included. The first time every patient is followed, on {os.cpu_count()} processors;
then only those of whom anything has changed. *Only reading* is the same timelines from the store,
in one process, without following. One patient is the whole course with the trace of its
corrections, after the start of the program.

{table(head, rows)}"""


def _write(folder: Path) -> int:
    """Draw some patients, and write each several times under other names."""
    names = list(STORIES)
    drawn = [
        short(simulate_patient(names[n % len(names)], seed=40_000 + n, patient_id="", day0=DAY0))
        for n in range(DRAWN)
    ]
    patients = [
        replace(
            one,
            patient_id=f"S{copy:02d}{number:05d}",
            specimens=tuple(
                replace(s, specimen_id=f"{copy}-{number}{s.specimen_id}") for s in one.specimens
            ),
        )
        for copy in range(PATIENTS // DRAWN)
        for number, one in enumerate(drawn)
    ]
    write_patients(folder, patients)
    return sum(len(s.measurements) for one in patients for s in one.specimens)


def short(patient: SimulatedPatient) -> SimulatedPatient:
    """A patient with the last specimens alone."""
    return replace(patient, specimens=patient.specimens[-SPECIMENS:])


@contextmanager
def _places(folder: Path) -> Iterator[list[tuple[str, str]]]:
    places = [("SQLite", f"sqlite:///{folder / 'followed.db'}")]
    if programs() is None:
        yield places
        return
    with server(folder / "followed-postgres") as url:
        yield [*places, ("PostgreSQL", new_schema(url))]


def import_all(url: str, folder: Path) -> None:
    """Lists of patients, events and measurements into a new store."""
    named = ("patients", "events", "measurements")
    lists = ImportLists(**{name: folder / f"{name}.csv" for name in named})
    with opened(parse(url), who=WHO, create=True) as store:
        import_lists(store, WHO, lists)


def _measure(cache: Path, url: str) -> tuple[str, ...]:
    reading = seconds(lambda: read_all(url))
    first = seconds(lambda: _track(url, cache))
    again = [seconds(lambda: _track(url, cache)) for _ in range(5)]
    spread = f"{median(again):.1f} ({min(again):.1f} to {max(again):.1f})"
    return f"{reading:.1f}", f"{first:.1f}", spread, f"{_one(url) * 1000:.0f}"


def seconds(work: Callable[[], object]) -> float:
    """By the clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def read_all(url: str) -> int:
    """Read every timeline of a store in one process."""
    with opened(parse(url), who=WHO) as store, store.reading() as connection:
        return sum(
            1 for span in spans(connection, size=125) for _ in read_timelines(connection, span)
        )


def _track(url: str, cache: Path) -> None:
    program = str(Path(sys.executable).with_name("cytomon"))
    words = [program, "track", "--store", url, "--user", WHO, "--as-of", "2026-06-30"]
    environment = {**os.environ, "CYTOMON_CACHE": str(cache)}
    subprocess.run(words, check=True, capture_output=True, env=environment)  # noqa: S603


def _one(url: str) -> float:
    day = Day(as_of=date(2026, 6, 30), profile=read_profile())
    found = []
    with opened(parse(url), who=WHO) as store:
        for number in range(0, DRAWN, DRAWN // 20):
            name = f"S00{number:05d}"
            found.append(
                seconds(
                    lambda name=name: (
                        follow_patient(store, name, day).flags,
                        trace_patient(store, name, day),
                    )
                )
            )
    return median(found)
