"""``make bench``: our engine, FlowKit and the floor in one run, then batches and start-up.

``python -m tests.benchmarks.run store`` measures one section anew. Everything is a ratio within one
run, since machines are shared and noisy: the contenders take turns, each in a fresh process, and
medians are compared.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from cytomon.simulate.plan import Realism, TubePlan
from cytomon.simulate.tube import simulate_tube
from cytomon.simulate.tube import write_tube as write_simulated
from tests.benchmarks import cohorts, followed, reported, reviewed
from tests.benchmarks.kept import section
from tests.benchmarks.tube import write_tube

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
ENGINES = ("stream", "flowkit", "floor")
SIZES = (1_000_000, 5_000_000, 10_000_000)
TURNS = 5
BATCH, BATCH_EVENTS, WHOLE_EVENTS = 20, 400_000, 400_000
ALONE = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One measurement of one engine."""

    processor: float
    wall: float
    mib: float
    counts: Mapping[str, int]


def main(wanted: Sequence[str]) -> None:
    """Measure sections, all where none is named, and write them into the page."""
    before = dict(_sections(PAGE.read_text(encoding="utf-8"))) if wanted else {}
    with TemporaryDirectory(prefix="cytomon-bench-") as folder:
        for name, measure in SECTIONS.items():
            if not wanted or name in wanted:
                heading, body = next(_sections(measure(Path(folder))))
                before[heading] = body
    text = "\n\n".join([_head(), *before.values()]) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Headings of the second level, and each with what follows it."""
    for body in text.split("\n## ")[0 if text.startswith("## ") else 1 :]:
        whole = body if body.startswith("## ") else f"## {body}"
        yield whole.partition("\n")[0], whole.strip("\n")


def _head() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("flowkit", "numpy", "scipy"))
    return f"""# Benchmarks

Made by `make bench`, each section in one run; run it again on your machine. Here: Python
{platform.python_version()}, {libraries}, {os.cpu_count()} processors shared with others, one
thread for linear algebra. The contenders take turns, each in a fresh process; figures are medians
of {TURNS} turns with the least and the largest behind them. Seconds are of the processor and say
little on another machine; the ratios are what counts."""


def _run(words: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603  (our own interpreter, words of our own)
        words, cwd=ROOT, env=ALONE, check=True, capture_output=True, text=True
    )
    return done.stdout


def _measure(engine: str, path: Path) -> Turn:
    answer: dict[str, Any] = json.loads(
        _run([sys.executable, "-m", "tests.benchmarks.one", engine, str(path)])
    )
    return Turn(**answer)


def _engines(folder: Path) -> str:
    rows = []
    medians: dict[tuple[str, int], float] = {}
    for size in SIZES:
        path = folder / f"{size}.fcs"
        write_tube(path, size)
        turns: dict[str, list[Turn]] = {engine: [] for engine in ENGINES}
        for _ in range(TURNS):
            for engine in ENGINES:
                turns[engine].append(_measure(engine, path))
        path.unlink()
        if turns["stream"][0].counts != turns["flowkit"][0].counts:
            sys.exit(f"the engines disagree on {size} events")
        for engine in ENGINES:
            seconds = [turn.processor for turn in turns[engine]]
            medians[engine, size] = median(seconds)
            rows.append((
                f"{size // 1_000_000} M", engine, _spread(seconds, 2),
                f"{size / median(seconds) / 1e6:.2f}",
                f"{median(turn.mib for turn in turns[engine]):.0f}",
                f"{medians[engine, size] / medians['stream', size]:.2f}",
            ))  # fmt: skip
    doubling = medians["stream", SIZES[2]] / medians["stream", SIZES[1]]
    return f"""## Read and gate one tube

Sixteen channels, twelve compensated and on logicle scales; 25 gates: eight polygons, thirteen
boxes (four are quadrants), an ellipse, booleans. `flowkit` is `Sample` and `gate_sample`; the
floor is `np.fromfile` and one `sgemm` of twelve colours, gating nothing. Both engines gave the
same counts. MiB is the peak above what importing takes.

{_table(("events", "what", "seconds", "million events/s", "MiB", "times the stream"), rows)}

Ten million events take {doubling:.2f} times as long as five."""


def _whole(folder: Path) -> str:
    """One tube through everything, and how much of that is the engine."""
    path = write_simulated(
        simulate_tube(
            TubePlan(
                state="BM_m3_recovering",
                n_events=WHOLE_EVENTS,
                seed=910,
                blasts={"blast_typical": 1e-3},
                realism=Realism.full(),
            )
        ),
        folder,
        "whole",
    )
    turns: list[dict[str, float]] = [
        json.loads(_run([sys.executable, "-m", "tests.benchmarks.stages", str(path)]))
        for _ in range(TURNS)
    ]
    engine = median(turn["engine"] for turn in turns)
    rows = [
        (name, _spread([turn[name] for turn in turns], 2),
         f"{median(turn[name] for turn in turns) / engine:.1f}")
        for name in turns[0] if name != "events"
    ]  # fmt: skip
    return f"""## One tube through everything

`b_all_mrd` on a simulated recovering marrow of {int(turns[0]["events"]):,} events with all realism
on, without figures. `engine` reads the file and passes it through the gates that need no envelope.

{_table(("stage", "seconds", "times the engine"), rows)}"""


def _batches(folder: Path) -> str:
    tubes = folder / "tubes"
    tubes.mkdir()
    for number in range(BATCH):
        plan = TubePlan(state="BM_m3_BCA", n_events=BATCH_EVENTS, seed=920 + number)
        write_simulated(simulate_tube(plan), tubes, f"{number:02}")
    floor = folder / "floor.fcs"
    write_tube(floor, SIZES[0])
    cytomon = str(Path(sys.executable).with_name("cytomon"))
    seconds: dict[tuple[str, int], list[float]] = {}
    for turn in range(3):
        for jobs in (1, 2):
            out = folder / f"out{turn}{jobs}"
            words = [cytomon, "batch", str(tubes), "--out", str(out), "--figures", "none"]
            seconds.setdefault(("batch", jobs), []).append(
                _timed(lambda: _run([*words, "--jobs", str(jobs)]))  # noqa: B023
            )
            seconds.setdefault(("floor", jobs), []).append(_timed(lambda: _floors(floor, jobs)))  # noqa: B023
    rows = [
        (what, *(_spread(seconds[what, jobs], 1) for jobs in (1, 2)),
         f"{median(seconds[what, 1]) / median(seconds[what, 2]):.2f}")
        for what in ("batch", "floor")
    ]  # fmt: skip
    return f"""## Batches

{BATCH} tubes of {BATCH_EVENTS:,} cells on one and on two workers, and what the floor gains from two
processes in the same run (twelve tubes of a million events).

{_table(("what", "one worker, seconds", "two workers, seconds", "gain"), rows)}"""


def _floors(path: Path, jobs: int) -> None:
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda _: _measure("floor", path), range(12)))


def _start_up(_folder: Path) -> str:
    python = sys.executable
    contenders: Mapping[str, Sequence[str]] = {
        "`cytomon --help`": [str(Path(python).with_name("cytomon")), "--help"],
        "`import cytomon`": [python, "-c", "import cytomon"],
        "`import flowkit`": [python, "-c", "import flowkit"],
        "python alone": [python, "-c", "pass"],
    }
    rows = [
        (name, _spread([_timed(lambda: _run(words)) for _ in range(2 * TURNS)], 2))  # noqa: B023
        for name, words in contenders.items()
    ]
    return f"""## Starting up

{_table(("what", "seconds by the clock"), rows)}"""


def _store(folder: Path) -> str:
    return section(folder / "store", _timed, _table)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _followed(folder: Path) -> str:
    """Following patients, in a module of its own."""
    return followed.section(folder, _table)


def _reported(folder: Path) -> str:
    """Reports, in a module of its own."""
    return reported.section(folder, _table)


def _cohorts(folder: Path) -> str:
    """A cohort's page by the number of patients; written where it is measured."""
    (folder / "cohorts").mkdir()
    return cohorts.section(folder / "cohorts", _table)


def _reviewed(folder: Path) -> str:
    """The review window, in a module of its own."""
    return reviewed.section(folder / "reviewed", _table)


def _spread(seconds: Sequence[float], digits: int) -> str:
    low, middle, high = min(seconds), median(seconds), max(seconds)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


SECTIONS: Mapping[str, Callable[[Path], str]] = {
    "engines": _engines,
    "whole": _whole,
    "batches": _batches,
    "store": _store,
    "followed": _followed,
    "reports": _reported,
    "start": _start_up,
    "reviews": _reviewed,
    "cohort": _cohorts,
}

if __name__ == "__main__":
    main(sys.argv[1:])
