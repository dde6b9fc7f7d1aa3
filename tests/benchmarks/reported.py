"""Reports of a hundred patients in one call: time by format, memory from the tenth to the last."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from cytomon.drawings import Drawings
from cytomon.editions import Wanted
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.report.codes import read_codes
from cytomon.report.laboratory import Laboratory
from cytomon.reporting import FORMATS, everyone, write_report
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import simulate_patient
from cytomon.simulate.course.stories import STORIES
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.track.profile import read_profile
from tests.benchmarks.followed import DAY0, WHO, short

PATIENTS, WARM = 100, 10
AS_OF = date(2026, 2, 1)

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def section(folder: Path, table: Table) -> str:
    """Write the reports of simulated patients, one process for each set of formats."""
    store = _store(folder / "reported")
    rows = []
    for formats in (*((one,) for one in FORMATS), FORMATS):
        told = _alone(store, folder / "-".join(formats), formats)
        seconds = told["seconds"]
        rows.append((
            ", ".join(formats), f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})",
            f"{median(seconds) / told['followed']:.0f}", f"{max(told['bytes']) / 1e6:.2f}",
            f"{told['grown']:.0f}",
        ))  # fmt: skip
    head = ("formats", "a patient, seconds", "times following", "largest, MB", "grown, MiB")
    return f"""## Reports

`cytomon report --all` of {PATIENTS} simulated patients of 12 specimens, with the figure of the
course and without plots of tubes; one process, seconds by the clock. *Times following* is against
reading and following the same patient. *Grown* is by how much the peak of memory rose from the
{WARM}th report to the last.

{table(head, rows)}"""


def _store(folder: Path) -> Path:
    names = list(STORIES)
    patients = [
        short(simulate_patient(names[n % len(names)], seed=50_000 + n, patient_id=f"R{n:03d}",
                               day0=DAY0))
        for n in range(PATIENTS)
    ]  # fmt: skip
    write_patients(folder, patients)
    lists = {name: folder / f"{name}.csv" for name in ("patients", "events", "measurements")}
    with opened(parse(f"sqlite:///{folder / 's.db'}"), who=WHO, create=True) as store:
        import_lists(store, WHO, ImportLists(**lists))
    return folder / "s.db"


def _alone(store: Path, out: Path, formats: Sequence[str]) -> dict[str, Any]:
    words = [sys.executable, "-m", "tests.benchmarks.reported", str(store), str(out), *formats]
    done = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _write(store: Path, out: Path, formats: Sequence[str]) -> dict[str, Any]:
    from cytomon.courses import follow_patient

    wanted = Wanted(
        out=out,
        formats=tuple(formats),
        as_of=AS_OF,
        profile=read_profile(),
        laboratory=Laboratory(),
        codes=read_codes(None),
        drawings=Drawings(),
    )
    seconds, sizes, peaks, followed = [], [], [], []
    with opened(parse(f"sqlite:///{store}"), who=WHO) as there:
        for name in everyone(there):
            started = time.perf_counter()
            follow_patient(there, name, wanted.on(AS_OF))
            between = time.perf_counter()
            written = write_report(there, name, wanted)
            seconds.append(time.perf_counter() - between)
            followed.append(between - started)
            sizes += [path.stat().st_size for path in written.files.values()]
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {
        "seconds": seconds,
        "followed": median(followed),
        "bytes": sizes,
        "grown": peaks[-1] - peaks[WARM],
    }


if __name__ == "__main__":
    os.environ["CYTOMON_CACHE"] = "none"
    sys.stdout.write(json.dumps(_write(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])))
