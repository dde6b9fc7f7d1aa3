"""A laboratory for tests of the review: tubes of the samples and two of one specimen, measured."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cytomon.batch import plan, run
from cytomon.card import Card, read_document
from cytomon.document import Document
from cytomon.filing.documents import file_batch, new_result
from cytomon.inputs import Jobs, Lists
from cytomon.model.adjustment import Adjustment, Change
from cytomon.model.gating import Box, Polygon
from cytomon.model.record import NewResult
from cytomon.pipeline import OpenedTube, open_for_gating
from cytomon.review.case import Case, Places, open_case, read_cases
from cytomon.review.desk import Desk
from cytomon.review.session import Session, Settled
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.store.address import parse
from cytomon.store.find import Which, find_specimen
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.tables import log
from cytomon.task import Settings
from tests.store.builders import staff
from tests.store.conftest import ADMIN, FIRST

SAMPLES = Path(__file__).parents[2] / "sample_fcs"
BLOOD = "P007_d092_blood_lymphocyte_subsets.fcs"
"""B cells are back."""
FEW, LATER = "P002_d028_marrow_b_all_mrd.fcs", "P002_d060_marrow_b_all_mrd.fcs"
"""26 blasts, and more of the same patient a month later."""
ONE, TWO = "pair/one.fcs", "pair/two.fcs"
"""The two tubes of one specimen."""
PAIRED = ("P9", "S9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """What was measured, and where it lies.

    Attributes
    ----------
    tubes : Path
        Folder of the FCS files.
    out : Path
        Folder of the results.
    jobs, cards, lists : Jobs, sequence of Card, Lists
        The batch.
    """

    tubes: Path
    out: Path
    jobs: Jobs
    cards: Sequence[Card]
    lists: Lists

    def file_into(self, store: Store) -> None:
        """Keep what was measured."""
        filed = file_batch(store, ADMIN, self.out, self.jobs, self.cards, self.lists)
        assert filed.refused == ()

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Store]:
        """A SQLite store of all this, copied from one that is made once."""
        made = self.out / "made.db"
        if not made.exists():
            with opened(parse(f"sqlite:///{made}"), who=ADMIN, create=True) as store:
                staff(store)
                self.file_into(store)
        shutil.copy(made, folder / "s.db")
        with opened(parse(f"sqlite:///{folder / 's.db'}"), who=ADMIN) as store:
            yield store

    def document(self, file: str) -> Document:
        """What the batch has kept of a tube."""
        return read_document(self.out, next(one for one in self.cards if one.file == file))

    def result(self, file: str, document: Document | None = None, **changes: object) -> NewResult:
        """What a batch would bring of a tube, as it was measured or in another way."""
        job = next(one for one in self.jobs.jobs if one.file == file)
        values: dict[str, Any] = dict(changes)
        return replace(new_result(job.specimen, document or self.document(file)), **values)

    def desk(self, store: Store, who: str = FIRST) -> Desk:
        """A person at a store."""
        return Desk(who=who, store=store, places=Places(known=(self.tubes,)))


def laboratory(folder: Path) -> Laboratory:
    """Put five tubes through a batch."""
    tubes, out = folder / "tubes", folder / "out"
    (tubes / "pair").mkdir(parents=True)
    with (SAMPLES / "worklist.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"] in {BLOOD, FEW, LATER}]
    for row in rows:
        shutil.copy(SAMPLES / row["file"], tubes)
    for number, file in enumerate((ONE, TWO), start=1):
        wanted = TubePlan(
            state="BM_m3_BCA",
            n_events=12_000,
            seed=240 + number,
            patient=240,
            blasts={"blast_CD19neg": 0.01},
            panel=f"euroflow_{number}",
        )
        write_tube(simulate_tube(wanted), tubes / "pair", Path(file).stem)
        whose = dict(zip(("patient_id", "specimen_id"), PAIRED, strict=True))
        rows.append(dict.fromkeys(rows[0], "") | whose | {"file": file})
        rows[-1] |= {"collected_on": "2026-01-05", "specimen_type": "marrow"}
    with (folder / "worklist.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    lists = Lists(worklist=folder / "worklist.csv", patients=SAMPLES / "patients.csv")
    jobs = plan([tubes], lists, Settings())
    outcome = run(jobs, out, Settings())
    assert outcome.measured == len(rows)
    return Laboratory(tubes=tubes, out=out, jobs=jobs, cards=outcome.cards, lists=lists)


@cache
def opened_tube(path: Path) -> OpenedTube:
    """A file, opened once: nothing of it changes."""
    return open_for_gating(path)


def session_of(path: Path, *, start: Sequence[Adjustment] = ()) -> Session:
    """A person at a tube."""
    return Session(opened_tube(path), specimen=None, file=path.name, who=FIRST, start=start)


def case_of(store: Store, file: str = BLOOD) -> Case:
    """A tube of a store, as it stands there now."""
    return next(one for one in cases_of(store, *_named(file)) if one.automatic.file == file)


def cases_of(store: Store, patient_id: str, specimen_id: str) -> tuple[Case, ...]:
    """The tubes of a specimen."""
    with store.reading() as connection:
        row = find_specimen(connection, specimen_id, Which(patient_id=patient_id))
        return read_cases(connection, patient_id, row.thing)


def _named(file: str) -> tuple[str, str]:
    if file in {ONE, TWO}:
        return PAIRED
    patient, day, kind, *_ = file.split("_")
    return patient, f"{patient}_{day}_{kind}"


def settled_with(
    lab: Laboratory, case: Case, *adjustments: Adjustment
) -> tuple[OpenedTube, Settled]:
    """A tube as the pipeline measures it with some changes."""
    tube = open_case(case, Places(known=(lab.tubes,)))
    key = (lab.tubes, case.automatic.file, case.specimen, adjustments)
    if key not in _SETTLED:
        session = _SESSIONS.setdefault(
            key[:3],
            Session(tube, specimen=case.specimen, file=case.automatic.file, who=FIRST),
        )
        _SETTLED[key] = (tube, session.settle(adjustments))
    return _SETTLED[key]


_SESSIONS: dict[object, Session] = {}
_SETTLED: dict[object, tuple[OpenedTube, Settled]] = {}


def moved_box(session: Session, name: str, number: int, end: int, by: float) -> Box:
    """A box with one of its ends elsewhere."""
    shape = session.gate(name).shape
    assert isinstance(shape, Box)
    sides = [list(side) for side in shape.bounds]
    was = sides[number][end]
    assert was is not None
    sides[number][end] = was + by
    return Box(bounds=tuple((low, high) for low, high in sides))


def box_around(low: float, high: float) -> Polygon:
    """A square region."""
    return Polygon(vertices=((low, low), (high, low), (high, high), (low, high)))


def region(gate: str, outline: Polygon, *on: str, change: Change = Change.TAKEN_OUT) -> Adjustment:
    """Events that are put into a population or out of it."""
    return Adjustment(gate=gate, change=change, before=None, after=outline, on=on, who=FIRST)


def actions(store: Store) -> list[tuple[str, str]]:
    """Who did what, in order."""
    with store.reading() as connection:
        return [
            (row.who, row.action) for row in connection.execute(select(log).order_by(log.c.seq))
        ]
