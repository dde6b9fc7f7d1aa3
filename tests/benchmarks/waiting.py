"""The worklist of a large store: how long it takes, and how much memory, with many tubes judged.

``python -m tests.benchmarks.waiting DIR [URL]`` makes a store in DIR (or uses one at URL that is
not there yet) and prints both, first with no tube judged, then with all but one of fifty.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from sqlalchemy import select, text

from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.people import Act, Review, Role
from cytomon.model.record import MeasuredRow, NewResult, Source
from cytomon.review.worklist import read_worklist
from cytomon.store.address import parse
from cytomon.store.change import changing
from cytomon.store.open import opened
from cytomon.store.people import appoint
from cytomon.store.results import save_results
from cytomon.store.session import Store
from cytomon.store.tables import results, reviews
from tests.store_lists import DAYS, QUANTITIES, _day0, _name, _pool

PATIENTS, SPECIMENS = 10_000, 12
JUDGED = 50
"""All but one of so many."""
WHO = "bench"
_AT_ONCE = 100
_SAID = (
    ("NO_ANCHOR", "info", "no population of 50 events stands for CD10", "tube", "nothing to do"),
    ("GATE_LEFT_OUT", "info", "without Nuclear the gates dye_positive are left out", "tube", ""),
    ("FEW_EVENTS", "warning", "only 45,027 nucleated cells: sensitivity 0.04 %", "tube", "more"),
    ("STATUS_STABILITY", "info", "POSITIVE in 100% of 60 draws", "gate of the blasts", "nothing"),
)
_LEASH = ("GATE_AT_LEASH", "warning", "cd34_dim: CD34 low was stopped by its leash", "tube", "look")


def main(folder: Path, url: str) -> None:
    """Make a store and measure it."""
    url = url or f"sqlite:///{folder / 'waiting.db'}"
    with opened(parse(url), who=WHO, create=True) as store:
        _fill(store)
        _analyze(store)
    print(f"nothing judged: {_alone(url)}")  # noqa: T201
    with opened(parse(url), who=WHO) as store:
        _judge(store)
        _analyze(store)
    print(f"all but one of {JUDGED} judged: {_alone(url)}")  # noqa: T201


def _fill(store: Store) -> None:
    rng = random.Random(1)  # noqa: S311
    pools = {code: _rows(code, rng) for code in QUANTITIES}
    tubes = _tubes(rng)
    for start in range(0, PATIENTS, _AT_ONCE):
        with changing(store, WHO, "batch", act=Act.ENTER) as change:
            given = [
                NewResult(
                    specimen=specimen,
                    file=f"{specimen.specimen_id}.fcs",
                    sha256=sha256(specimen.specimen_id.encode()).hexdigest(),
                    source=Source.BATCH,
                    template="b_all_mrd",
                    cytomon="0.1.0",
                    measurements=tuple(rng.choice(pool) for pool in pools.values()),
                    findings=(*_SAID, *([_LEASH] if rng.random() < 0.2 else [])),
                    details=_details(rng),
                )
                for specimen in next(tubes)
            ]
            save_results(change, given)
            change.say(subject=f"patients from {start}")


def _tubes(rng: random.Random) -> Iterator[list[Specimen]]:
    for start in range(0, PATIENTS, _AT_ONCE):
        yield [
            Specimen(
                patient_id=_name(number),
                specimen_id=f"{_name(number)}_d{day:03d}",
                specimen_type=rng.choice((SpecimenType.MARROW, SpecimenType.BLOOD)),
                collected_on=_day0(number) + timedelta(days=day),
            )
            for number in range(start, start + _AT_ONCE)
            for day in DAYS[:SPECIMENS]
        ]


def _rows(code: str, rng: random.Random) -> Sequence[MeasuredRow]:
    """Rows of a quantity; of MRD one in thirty turns under jittered gates."""
    pool = [
        tuple(None if cell == "" and at < 8 else cell for at, cell in enumerate(row))
        for row in _pool(code, rng)
    ]
    unsure = [(*row[:9], "STATUS_UNSTABLE") for row in pool[::30]] if code == "mrd" else []
    return [*unsure, *pool[len(unsure) :]]  # type: ignore[list-item]


def _details(rng: random.Random) -> str:
    """As long as those of a marrow with 16 markers."""
    places = [{"population": "t_cells", "marker": "CD45", "found": rng.random()}] * 100
    stable = {"status_stable": rng.uniform(0.4, 0.95)}
    return json.dumps(
        {"details": {"mrd": stable}, "limits": {"threshold": 1e-4}, "anchors": places}
    )


def _judge(store: Store) -> None:
    with changing(store, WHO, "appoint", act=Act.APPOINT) as change:
        appoint(change, "reviewer", Role.ANALYST)
    with store.reading() as connection:
        numbers = connection.scalars(select(results.c.id).order_by(results.c.id)).all()
    seen = [number for number in numbers if number % JUDGED]
    with changing(store, "reviewer", "review", act=Act.REVIEW) as change:
        change.add(reviews, [(number, None, Review.APPROVED.value, "", "") for number in seen])
        change.say(subject="results")


def _analyze(store: Store) -> None:
    if not store.on_sqlite:
        with store.engine.connect() as connection:
            connection.execute(text("ANALYZE"))


def _alone(url: str) -> str:
    """In a fresh process, of which the peak of memory tells something."""
    words = [sys.executable, "-m", "tests.benchmarks.waiting", "--read", url]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


def _read(url: str) -> str:
    with opened(parse(url), who=WHO) as store:
        before = getrusage(RUSAGE_SELF).ru_maxrss
        started, busy = time.perf_counter(), time.process_time()
        found = read_worklist(store)
        took, used = time.perf_counter() - started, time.process_time() - busy
        grown = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024
    n_waiting = len(found.items) + found.left_out
    return f"{n_waiting:,} wait; {took:.1f} s ({used:.1f} s of the processor), {grown:.0f} MiB more"


if __name__ == "__main__":
    if sys.argv[1] == "--read":
        print(_read(sys.argv[2]))  # noqa: T201
    else:
        main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
