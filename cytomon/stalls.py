"""A piece of work on which nothing moves: a network drive that gives no answer any more.

A read that waits for a drive waits for ever, and takes no processor time. So the work is done in a
thread of its own, and what is watched is the time that it computes, not how long it takes: a large
tube on a slow computer computes all the while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from cytomon.errors import InputError
from cytomon.model.findings import Finding, Severity

Work = TypeVar("Work")
Answer = TypeVar("Answer")

PATIENCE = 300.0
"""Seconds without movement after which a tube is given up."""
_LOOKS = 20
"""How often one looks within that time: a computer that slept has missed one look, not all."""
_MOVES = 0.001
"""Seconds of computing from which on something has moved."""


class StalledError(Exception):
    """Nothing has moved for too long."""


def watched(work: Callable[[Work], Answer], item: Work, patience: float) -> Answer:
    """Do a piece of work in a thread, and give it up when nothing moves.

    Parameters
    ----------
    work : callable
        From an item to its answer.
    item : object
        What it is done with.
    patience : float
        Seconds without movement, > 0.

    Raises
    ------
    StalledError
        If the work took no processor time for so long. Its thread still waits, and would go on
        when the drive answers: end the process.
    """
    doing = _Doing(work, item)
    moved, still = 0.0, 0
    doing.thread.start()
    while still < _LOOKS:
        doing.thread.join(patience / _LOOKS)
        if not doing.thread.is_alive():
            answer: Answer = doing.answer()
            return answer
        now = doing.computed()
        is_still = abs(now - moved) < _MOVES
        moved, still = (moved, still + 1) if is_still else (now, 0)
    raise StalledError


def stalled(file: str) -> Finding:
    """The finding of a tube on which nothing moved."""
    return Finding(
        code="STALLED",
        severity=Severity.ERROR,
        what="nothing moved any more on this tube: its file, or the folder of results, gave no "
        "answer",
        where=file,
        fix="see that the drive answers (a network drive, an archive that has to fetch the file); "
        "run again, with more --patience if it is slow",
    )


def no_answer(tubes: int) -> InputError:
    """What to say when nothing moves on one tube after the other."""
    return InputError(
        f"nothing moved on {tubes} tubes, one after the other",
        where="the drive of the inputs, or of --out",
        fix="see that it answers (a network drive may have gone), and run the same command again "
        "to go on",
    )


class _Doing:
    """Work in a thread: how long it has computed, and what came of it."""

    def __init__(self, work: Callable[[Any], Any], item: object) -> None:
        self.thread = threading.Thread(target=self._do, args=(work, item), daemon=True)
        self.answer: Callable[[], Any] = lambda: None
        self.computed: Callable[[], float] = time.process_time

    def _do(self, work: Callable[[Any], Any], item: object) -> None:
        clock_of = getattr(time, "pthread_getcpuclockid", None)
        if clock_of is not None:  # else that of the process, in which little else computes
            clock = clock_of(threading.get_ident())
            self.computed = lambda: _read(clock)
        try:
            answer = work(item)
        except BaseException as error:  # noqa: BLE001  (raised again where the answer is taken)
            raised = error
            self.answer = lambda: _raise(raised)
        else:
            self.answer = lambda: answer


def _read(clock: int) -> float:
    try:
        return time.clock_gettime(clock)
    except OSError:  # the thread has ended this moment
        return float("inf")


def _raise(error: BaseException) -> None:
    raise error
