"""A department for tests of the screen: four tubes that a batch has measured, and two reviewers."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from cytomon.batch import Keep, plan, run
from cytomon.gating.count import count
from cytomon.inputs import Lists
from cytomon.model.adjustment import Adjustment, read_adjustments
from cytomon.model.gating import Placement
from cytomon.model.people import Act, Review, Role
from cytomon.pipeline import place_on
from cytomon.review.case import Places
from cytomon.review.desk import Desk
from cytomon.review.session import Session
from cytomon.review.worklist import Item, read_worklist
from cytomon.store.address import parse
from cytomon.store.change import changing
from cytomon.store.open import opened
from cytomon.store.people import appoint
from cytomon.store.session import Store
from cytomon.store.tables import log, reviews
from cytomon.task import Settings

ADMIN, ANNA, BEN = "ada", "anna", "ben"
TUBES = Path(__file__).parents[3] / "sample_fcs"
SHAPES = Path(__file__).with_name("shapes.yaml")
ESCAPED = "P003_d091_marrow_b_all_mrd.fcs"
"""167 blasts without CD19."""
FEW, LATER = "P002_d028_marrow_b_all_mrd.fcs", "P002_d060_marrow_b_all_mrd.fcs"
"""26 blasts; the same patient a month later, with more."""
BLOOD = "P007_d092_blood_lymphocyte_subsets.fcs"
"""Measured with gates of every shape (`shapes.yaml`)."""
NAMES = (ESCAPED, FEW, LATER, BLOOD)


def measure(folder: Path) -> None:
    """Put four tubes through a batch into a new store."""
    lists = {name: TUBES / f"{name}.csv" for name in ("patients", "events")}
    with (TUBES / "worklist.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"] in NAMES]
    for row in rows:
        row["template"] = str(SHAPES) if row["file"] == BLOOD else row["template"]
        shutil.copy(TUBES / row["file"], folder)
    with (folder / "worklist.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    told = Lists(worklist=folder / "worklist.csv", **lists)
    address, settings = parse(f"sqlite:///{folder / 's.db'}"), Settings()
    keep = Keep(address=address, who=ADMIN, lists=told)
    outcome = run(plan([folder], told, settings), folder / "out", settings, keep=keep)
    assert outcome.measured == len(NAMES)
    assert outcome.exit_code == 0
    with opened(address, who=ADMIN) as store:
        for name in (ANNA, BEN):
            with changing(store, ADMIN, "appoint", act=Act.APPOINT) as change:
                appoint(change, name, Role.ANALYST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """A store of its own, and where the tubes lie.

    Attributes
    ----------
    tubes : Path
        Folder of the FCS files.
    url : str
        Of the store.
    store : Store
        Open.
    """

    tubes: Path
    url: str
    store: Store

    def desk(self, who: str = ANNA, *, template: str = "") -> Desk:
        """A person at the store."""
        return Desk(
            who=who, store=self.store, places=Places(known=(self.tubes,), template=template)
        )

    def hide(self, name: str) -> None:
        """Look for tubes where one of them is not."""
        there = Path(self.url.removeprefix("sqlite:///")).parent / "tubes"
        there.mkdir()
        for tube in NAMES:
            if tube != name:
                shutil.copy(self.tubes / tube, there)
        object.__setattr__(self, "tubes", there)

    def items(self, *names: str) -> list[Item]:
        """Tubes of the worklist, in the order that is asked for; all of them if none is."""
        found = {item.file: item for item in read_worklist(self.store).items}
        return [found[name] for name in names or found]

    def kept(self, who: str = ANNA) -> list[tuple[str, str, Adjustment | None]]:
        """What a person has done at the screen: verdict or step, when, and what was changed."""
        query = (
            select(reviews, log.c.at)
            .join(log, log.c.seq == reviews.c.entry)
            .where(log.c.who == who)
            .order_by(reviews.c.id)
        )
        with self.store.reading() as connection:
            rows = connection.execute(query).all()
        return [
            (
                row.comment if row.verdict == Review.EDITED else row.verdict,
                row.at,
                next(iter(read_adjustments(row.adjustments)), None),
            )
            for row in rows
        ]

    def said(self, who: str = ANNA) -> list[str]:
        """Verdicts and steps of a person, in order."""
        return [verdict for verdict, _, _ in self.kept(who)]


@contextmanager
def clinic_of(measured: Path, folder: Path) -> Iterator[Clinic]:
    """A copy of a measured store, to be written into."""
    shutil.copy(measured / "s.db", folder / "s.db")
    url = f"sqlite:///{folder / 's.db'}"
    with opened(parse(url), who=ANNA) as store:
        yield Clinic(tubes=measured, url=url, store=store)


def counted(session: Session, placement: Placement | None = None) -> dict[str, int]:
    """What the engine of a batch counts, with the gates where they stand or somewhere else."""
    found = count(session.opened.events, placement or session.placement)
    return {one.path[-1]: one.count for one in found.populations}


def counted_anew(session: Session, adjustments: Sequence[Adjustment]) -> dict[str, int]:
    """What it counts with the gates placed again from the beginning."""
    return counted(session, place_on(session.opened, adjustments))
