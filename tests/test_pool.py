"""Many tasks on a few processes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.pool import run_all
from cytomon.task import Settings, Task

Double = Callable[[Task], Document]


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Double]:
    """A stand-in for `perform` by its name; the other processes find it on the same path."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))

    def pick(name: str) -> Double:
        found: Double = getattr(importlib.import_module("pool_doubles"), name)
        return found

    return pick


def tasks(*names: str, out: str = "") -> list[Task]:
    return [Task(job=Job(file=name, path=name), out=out, settings=Settings()) for name in names]


def test_cards_come_in_the_order_of_the_tasks(double: Callable[[str], Double]):
    """Who is done first does not matter, and each is told of once."""
    names = [f"t{i}" for i in range(6)]
    told: list[str] = []
    cards = run_all(
        tasks(*names), workers=3, report=lambda d: told.append(d.file), work=double("answer")
    )
    assert [card.file for card in cards] == names
    assert sorted(told) == names


def test_no_worker_is_this_process(double: Callable[[str], Double]):
    """Nothing is started; otherwise also a single tube has a process of its own, which may die."""
    cards = run_all(tasks("a", "b"), workers=0, work=double("answer"))
    assert {card.engine for card in cards} == {str(os.getpid())}
    assert run_all(tasks("c"), workers=4, work=double("answer"))[0].engine != str(os.getpid())
    assert run_all(tasks("bad"), workers=4, work=double("die_on_bad"))[0].refused


def test_nothing_to_do_is_nothing_done():
    """An empty batch starts no process."""
    assert run_all([], workers=4) == ()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_tube_that_ends_its_process_is_refused_alone(
    double: Callable[[str], Double], workers: int
):
    """The others are measured, also those that were in work when the process died."""
    names = ["a", "bad", "b", "c", "d"]
    cards = run_all(tasks(*names), workers=workers, work=double("die_on_bad"))
    assert [card.file for card in cards] == names
    assert [card.refused for card in cards] == [False, True, False, False, False]
    assert "ended from outside, twice" in cards[1].reason
    assert not cards[1].defect


def test_a_process_that_dies_once_costs_nothing(double: Callable[[str], Double], tmp_path: Path):
    """The tube is tried again."""
    cards = run_all(tasks("a", "bad", out=str(tmp_path)), workers=2, work=double("die_once"))
    assert not any(card.refused for card in cards)
    assert (tmp_path / "died").exists()


def test_a_worker_computes_on_one_thread(double: Callable[[str], Double]):
    """The processes are the parallelism; more threads would only be in each other's way."""
    cards = run_all(tasks("a", "b"), workers=2, work=double("threads"))
    assert {card.file for card in cards} == {"1"}


def test_an_interrupt_ends_the_batch_without_the_rest(double: Callable[[str], Double]):
    """Ctrl-C does not wait for the tubes that have not begun."""
    told: list[str] = []
    names = [f"t{i}" for i in range(200)]
    with pytest.raises(KeyboardInterrupt):
        run_all(
            tasks(*names),
            workers=2,
            report=lambda d: told.append(d.file),
            work=double("interrupt_parent"),
        )
    assert len(told) < len(names)
