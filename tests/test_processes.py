"""Processes that do one piece of work after the other: their death, and their end."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cytomon import processes
from cytomon.processes import DiedError, Processes, started
from cytomon.stalls import StalledError


def who(_: object) -> int:
    """Which process this is."""
    return os.getpid()


def test_one_dies_and_the_other_goes_on():
    """Its piece of work is lost, nothing else; the next piece has a new process."""
    with started(2, patience=60) as hands:
        first = hands.submit(who, None).result()
        with pytest.raises(DiedError):
            hands.submit(os._exit, 1).result()
        assert hands.submit(who, None).result() != first
        with pytest.raises(ZeroDivisionError):
            hands.submit(divmod_by, 0).result()
    assert not multiprocessing.active_children()


def divmod_by(number: int) -> int:
    """Raise, where it is 0."""
    return 1 // number


def test_the_end_waits_for_nobody():
    """What is in work is ended with its process."""
    begun = time.monotonic()
    with started(1, patience=60) as hands:
        hands.submit(time.sleep, 600)
        time.sleep(0.5)
    assert time.monotonic() - begun < 300
    assert not multiprocessing.active_children()


@contextmanager
def immortal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes that a kill does not reach, as where they wait for a dead drive."""
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing.process.BaseProcess, "kill", lambda _: None)
        patch.setattr(processes, "_GRACE", 0.2)
        yield
    for process in multiprocessing.active_children():
        process.kill()
        process.join()


def test_one_that_cannot_be_killed_holds_nobody(monkeypatch: pytest.MonkeyPatch):
    """It is left behind, and the end comes all the same."""
    with immortal(monkeypatch):
        hands = Processes(1, 1.0)
        with pytest.raises(StalledError):
            hands.submit(time.sleep, 600).result(timeout=60)
        begun = time.monotonic()
        hands.close()
        assert time.monotonic() - begun < 60
        assert multiprocessing.active_children()
