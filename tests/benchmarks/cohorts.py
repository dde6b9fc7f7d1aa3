"""A cohort's whole page: seconds by its size, beside only reading the same patients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from cytomon.simulate.cohort.files import write_cohort
from cytomon.simulate.cohort.law import LAW
from cytomon.simulate.cohort.patient import CohortPatient, simulate_cohort
from tests.benchmarks.followed import WHO, import_all, read_all, seconds

SIZES = (2_500, 5_000, 10_000, 20_000)
SEED, OPENED = 72_000, date(2023, 1, 2)

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def section(folder: Path, table: Table) -> str:
    """Analyse simulated cohorts, each twice as large as the one before."""
    rows, before = [], 0.0
    for size in SIZES:
        drawing = seconds(partial(_drawn, size))
        url = _store(folder / f"cohort-{size}", size)
        reading = seconds(partial(read_all, url))
        whole = seconds(partial(_cohort, url, folder / f"page-{size}"))
        grown = f"{whole / before:.2f}" if before else ""
        times = [f"{taken:.1f}" for taken in (drawing, reading, whole)]
        rows.append((f"{size:,}", *times, f"{whole / reading:.2f}", grown))
        before = whole
    head = (
        "patients", "drawing them, s", "only reading, s", "the whole page, s",
        "page to reading", "times half as many",
    )  # fmt: skip
    return f"""## A cohort

`cytomon cohort` of simulated patients ({SEED}) from an SQLite store: every patient followed, all
endpoints, estimates, figures and the page; seconds by the clock, the start of the program included,
on {os.cpu_count()} processors. *Drawing* is
their simulation, *only reading* the same timelines from the store in one process.

{table(head, rows)}"""


def _drawn(size: int) -> list[CohortPatient]:
    return list(simulate_cohort(size, seed=SEED, opened=OPENED))


def _store(folder: Path, size: int) -> str:
    write_cohort(folder, _drawn(size), seed=SEED, law=LAW)
    url = f"sqlite:///{folder}.db"
    import_all(url, folder)
    return url


def _cohort(url: str, out: Path) -> None:
    program = str(Path(sys.executable).with_name("cytomon"))
    as_of = date.fromordinal(OPENED.toordinal() + LAW.data_cut).isoformat()
    words = [program, "cohort", "--store", url, "--user", WHO, "--as-of", as_of, "--out", str(out)]
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603
