"""Processes of this computer that do one piece of work after the other.

Each has a thread here that waits for it. The death of a process costs the piece that it had in
work. One on which nothing moves any more is ended, and nobody waits for its end: a process that
waits for a dead network drive may not even die when it is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from cytomon.stalls import StalledError, watched

Work = TypeVar("Work")
Answer = TypeVar("Answer")

_LOOK = 0.5
"""Seconds after which a thread sees whether it is still to wait."""
_GRACE = 5.0
"""Seconds that a killed process has to die."""


class DiedError(Exception):
    """The process that did a piece of work has died of it, or was killed."""


class Processes:
    """Hands pieces of work to processes, which are started when they are needed.

    Parameters
    ----------
    size : int
        How many, at most.
    patience : float
        Seconds without movement after which a piece is given up.
    """

    def __init__(self, size: int, patience: float) -> None:
        self._patience = patience
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="cytomon")
        self._idle: list[_Process] = []
        self._all: list[_Process] = []
        self._closed = threading.Event()

    def submit(self, work: Callable[[Work], Answer], item: Work, /) -> Future[Answer]:
        """Have a piece of work done; a future may raise `DiedError` or `StalledError`."""
        return self._threads.submit(self._have_done, work, item)

    def close(self) -> None:
        """End every process, whatever it does."""
        self._closed.set()
        for process in self._all:
            process.kill()
        for process in self._all:
            process.wait(_GRACE)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _have_done(self, work: Callable[[Work], Answer], item: Work) -> Answer:
        try:
            process = self._idle.pop()
        except IndexError:
            process = _Process(self._patience)
            self._all.append(process)
        return self._done_by(process, work, item)

    def _done_by(self, process: _Process, work: Callable[[Any], Answer], item: object) -> Answer:
        try:
            answer: Callable[[], Answer] = process.ask(work, item, self._closed)
        except (EOFError, OSError):
            process.kill()
            raise DiedError from None
        try:
            return answer()
        except StalledError:
            process.kill()
            raise
        finally:
            if not process.is_killed:
                self._idle.append(process)


@contextmanager
def started(size: int, *, patience: float) -> Iterator[Processes]:
    """Processes for the length of a ``with``; see `Processes`."""
    processes = Processes(size, patience)
    try:
        yield processes
    finally:
        processes.close()


class _Process:
    """One process, and the pipe to it."""

    def __init__(self, patience: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.is_killed = False
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, patience))
        with _interrupts_held():
            self._process.start()
        theirs.close()

    def ask(
        self, work: Callable[[Any], Answer], item: object, closed: threading.Event
    ) -> Callable[[], Answer]:
        """Have a piece of work done; returns what gives its answer, or raises its error."""
        self._pipe.send((work, item))
        while not self._pipe.poll(_LOOK):
            if closed.is_set():
                raise EOFError
        answer: Callable[[], Answer] = self._pipe.recv()
        return answer

    def kill(self) -> None:
        """End it now."""
        self.is_killed = True
        self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait for its end."""
        self._process.join(seconds)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits while a process is born, so that it cannot die half made and noisily."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # when it is started later, interrupts are let through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, patience: float) -> None:
    """Do what comes through a pipe, in a process of its own."""
    one_thread()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with suppress(EOFError, OSError):  # nobody is there any more
        while True:
            work, item = pipe.recv()
            pipe.send(_answer(work, item, patience))


def _answer(work: Callable[[Any], Any], item: object, patience: float) -> Callable[[], Any]:
    try:
        return partial(_given, watched(work, item, patience))
    except Exception as error:  # noqa: BLE001  (raised again where the answer is taken)
        return partial(_raised, error)


def _given(answer: Answer) -> Answer:
    return answer


def _raised(error: Exception) -> None:
    raise error


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for its next task for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def one_thread() -> None:
    """One thread for the linear algebra of a process: the processes are the parallelism."""
    # for libraries that are loaded from now on; those that are there already are told below
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
