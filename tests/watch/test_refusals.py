"""A refusal that says something of the moment costs no file its place; any other does."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cytomon.card import Card, card_of
from cytomon.document import Document
from cytomon.folders import QUARANTINE
from cytomon.inputs import Job
from cytomon.model.findings import Finding, Severity
from cytomon.task import Settings, Task, perform, refused
from cytomon.watch.arrivals import Ready, hash_of
from cytomon.watch.refusals import Refusals
from cytomon.watch.told import Told


@dataclass
class Desk:
    """A folder with one tube, and what is said of it."""

    home: Path
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.refusals = Refusals(self.folder, self.home / "out", Told(self.lines.append))

    @property
    def folder(self) -> Path:
        """The watched folder."""
        return self.home / "in"

    @property
    def tube(self) -> Path:
        """The tube."""
        return self.folder / "a.fcs"

    @property
    def ready(self) -> Ready:
        """The tube as a look has found it: whole."""
        return Ready(file="a.fcs", path=self.tube, sha256=hash_of(self.tube), whole=True)

    def task(self, dataset: str = "") -> Task:
        """The task of the tube."""
        job = Job(file=f"a.fcs{dataset}", path=f"{self.tube}{dataset}")
        return Task(job=job, out=str(self.home / "out"), settings=Settings())

    def deal(self, ready: Ready, *cards: tuple[Task, Card]) -> Sequence[Job]:
        """Deal with refused tubes; those that are to be tried again."""
        told = {task.job: card for task, card in cards}
        return list(self.refusals.deal(told, dict.fromkeys(told, ready), list(told)))


@pytest.fixture
def desk(tmp_path: Path, tubes: Path) -> Desk:
    (tmp_path / "in").mkdir()
    shutil.copy(tubes / "blood_a.fcs", tmp_path / "in" / "a.fcs")
    return Desk(tmp_path)


def because(code: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, what="it is so", where="a.fcs", fix="look")


def test_a_tube_that_was_away_while_it_was_measured_is_tried_again(desk: Desk):
    """Twice: a file that could be read before is believed only the third time to be unreadable."""
    ready, task = desk.ready, desk.task()
    desk.tube.rename(desk.home / "away")
    card = card_of(perform(task))
    assert card.refused
    (desk.home / "away").rename(desk.tube)
    assert [desk.deal(ready, (task, card)) for _ in range(3)] == [[task.job], [task.job], []]
    assert not desk.tube.exists()
    assert (desk.folder / QUARANTINE / "a.fcs").exists()
    assert [line.split(":")[0] for line in desk.lines] == [
        "a.fcs will be tried again",
        "refused",
    ]


@pytest.mark.parametrize("code", ["INPUT_REFUSED", "STALLED"])
def test_a_full_disk_or_a_dead_drive_is_no_fault_of_the_tube(desk: Desk, code: str):
    """However often it happens; it is said once."""
    task = desk.task()
    card = card_of(refused(task, because(code)))
    assert [desk.deal(desk.ready, (task, card)) for _ in range(5)] == [[task.job]] * 5
    assert desk.tube.exists()
    assert desk.lines == ["a.fcs will be tried again: it is so; look"]


@pytest.mark.parametrize("code", ["PANEL_REFUSED", "GATING_REFUSED", "DEFECT"])
def test_what_the_tube_itself_causes_puts_it_by(desk: Desk, code: str):
    """At once."""
    task = desk.task()
    assert desk.deal(desk.ready, (task, card_of(refused(task, because(code))))) == []
    assert (desk.folder / QUARANTINE / "a.fcs").exists()


@pytest.mark.parametrize("code", ["OUT_OF_MEMORY", "WORKER_DIED"])
def test_want_of_memory_moves_no_tube(desk: Desk, code: str):
    """It is tried three times, since one that never fits would be measured at every look."""
    task = desk.task()
    card = card_of(refused(task, because(code)))
    assert [desk.deal(desk.ready, (task, card)) for _ in range(3)] == [[task.job], [task.job], []]
    assert desk.tube.exists()
    assert not (desk.folder / QUARANTINE).exists()
    assert desk.lines == [
        "a.fcs will be tried again: it is so; look",
        "refused: a.fcs: it is so; it stays, and is tried again at the next start; fix: look",
    ]


def test_a_file_of_which_one_data_set_wanted_memory_stays(desk: Desk):
    """Whatever the other one was refused for."""
    first, second = desk.task("#1"), desk.task("#2")
    bad = card_of(refused(first, because("PANEL_REFUSED")))
    large = card_of(refused(second, because("OUT_OF_MEMORY")))
    for _ in range(3):
        desk.deal(desk.ready, (first, bad), (second, large))
    assert desk.tube.exists()


def test_bytes_that_were_not_refused_are_not_put_by(desk: Desk):
    """Somebody has put another file in its place meanwhile."""
    ready, task = desk.ready, desk.task()
    desk.tube.write_bytes(b"another")
    assert desk.deal(ready, (task, card_of(refused(task, because("FCS_REFUSED"))))) == [task.job]
    card = card_of(refused(task, because("PANEL_REFUSED")))
    assert desk.deal(ready, (task, card)) == []
    assert desk.tube.read_bytes() == b"another"
    assert not (desk.folder / QUARANTINE).exists()


def test_a_file_of_which_one_data_set_was_measured_stays(desk: Desk):
    """Its result would lose what it was measured from."""
    first, second = desk.task("#1"), desk.task("#2")
    good = card_of(Document(file="a.fcs#1"))
    bad = card_of(refused(second, because("PANEL_REFUSED")))
    assert desk.deal(desk.ready, (first, good), (second, bad)) == []
    assert desk.tube.exists()
    assert "it stays" in desk.lines[0]
