"""Many tasks on a few processes; the death of one process costs one tube."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from cytomon.card import Card, card_of
from cytomon.document import Document
from cytomon.model.findings import Finding, Severity
from cytomon.task import Task, perform, refused

Report = Callable[[Card], None]
Perform = Callable[[Task], Document]

Work = TypeVar("Work")
Answer = TypeVar("Answer")


class Hands(Protocol):
    """What takes work: an executor, or less."""

    def submit(self, work: Callable[[Work], Answer], item: Work, /) -> Future[Answer]:
        """Have it done by somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Processes that do the work, here or elsewhere.

    Attributes
    ----------
    size : int
        How many items are in work at once.
    hire : callable
        From a number of processes to what gives each one item at a time; hired for the length of
        a ``with``.
    deaths : tuple of type
        What a future raises when the process that worked on its item has died.
    patience : float or None
        Seconds without an answer after which `look` is called, again and again.
    look : callable
        Sees whether there is still somebody at work; raises what ends the batch if not.
    """

    size: int
    hire: Callable[[int], AbstractContextManager[Hands]]
    deaths: tuple[type[BaseException], ...]
    patience: float | None = None
    look: Callable[[], None] = lambda: None


def run_all(
    tasks: Sequence[Task],
    *,
    workers: int = 0,
    report: Report | None = None,
    work: Perform = perform,
    crew: Crew | None = None,
) -> tuple[Card, ...]:
    """Perform tasks and return the cards of their tubes in the tasks' order.

    Parameters
    ----------
    tasks : sequence of Task
        One for each tube.
    workers : int, optional
        Processes beside this one; with 0, and for a single task, everything runs in this one, and
        what kills it ends all.
    report : callable, optional
        Told of each card as its tube is done, in any order.
    work : callable, optional
        What is done with a task; known to other processes by its module and name.
    crew : Crew, optional
        Who does it instead of processes of this machine.

    Notes
    -----
    When a process dies (out of memory, say), the tubes that were being measured are tried again,
    each alone; only the one that ends its process again is refused.
    """
    return run_each(tasks, partial(_card, work), _lost, workers=workers, report=report, crew=crew)


def run_each(
    items: Sequence[Work],
    work: Callable[[Work], Answer],
    lost: Callable[[Work], Answer],
    *,
    workers: int = 0,
    report: Callable[[Answer], None] | None = None,
    crew: Crew | None = None,
) -> tuple[Answer, ...]:
    """Do a piece of work for each item and return the answers in the items' order.

    Parameters
    ----------
    items : sequence
        What travels to the processes.
    work : callable
        From an item to its answer; known to other processes by its module and name.
    lost : callable
        The answer for an item that ended its process twice.
    workers, report, crew
        As for `run_all`.
    """
    tell = report or (lambda _: None)
    if crew is None and (workers < 1 or len(items) <= 1):
        answers = []
        for item in items:
            answers.append(work(item))
            tell(answers[-1])
        return tuple(answers)
    shift = _Shift(items, work, tell, crew or processes_here(workers))
    waiting = deque(range(len(items)))
    while waiting:
        for index in shift.work_through(waiting):
            if shift.work_through(deque([index]), alone=True):
                shift.finish(index, lost(items[index]))
    return tuple(shift.done[index] for index in range(len(items)))


def processes_here(workers: int) -> Crew:
    """Processes of this machine; the death of one ends them all, and new ones are hired."""
    return Crew(size=workers, hire=_start_processes, deaths=(BrokenProcessPool,))


class _Shift(Generic[Work, Answer]):
    """A crew that shares a list of items, and what it has done of it."""

    def __init__(
        self,
        items: Sequence[Work],
        work: Callable[[Work], Answer],
        tell: Callable[[Answer], None],
        crew: Crew,
    ) -> None:
        self.done: dict[int, Answer] = {}
        self._items, self._work, self._tell, self._crew = items, work, tell, crew

    def finish(self, index: int, answer: Answer) -> None:
        """Keep an answer and tell of it."""
        self.done[index] = answer
        self._tell(answer)

    def work_through(self, waiting: deque[int], *, alone: bool = False) -> list[int]:
        """Empty the queue, or a part of it; return what was in work when a process died."""
        size = 1 if alone else min(self._crew.size, len(waiting))
        suspects: list[int] = []
        with self._crew.hire(size) as hands:
            futures: dict[Future[Answer], int] = {}
            # one item at a time for each process, so that a death has few suspects
            while futures or (waiting and not suspects):
                while waiting and not suspects and len(futures) < size:
                    index = waiting.popleft()
                    try:
                        with _interrupts_held():
                            future = hands.submit(self._work, self._items[index])
                    except self._crew.deaths:
                        suspects.append(index)
                    else:
                        futures[future] = index
                suspects += self._gather(futures)
        return sorted(suspects)

    def _gather(self, futures: dict[Future[Answer], int]) -> Iterator[int]:
        """Finish what is done, and name what was in work when a process died."""
        finished, _ = wait(futures, self._crew.patience, FIRST_COMPLETED)
        if not finished:
            self._crew.look()
        for future in finished:
            index = futures.pop(future)
            try:
                answer = future.result()
            except self._crew.deaths:
                yield index
            else:
                self.finish(index, answer)


@contextmanager
def _start_processes(workers: int) -> Iterator[Hands]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        yield pool


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits while a process is born, so that it cannot die half made and noisily."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    one_thread()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


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


def _card(work: Perform, task: Task) -> Card:
    return card_of(work(task))


def _lost(task: Task) -> Card:
    return card_of(refused(task, died(task.job.file)))


def died(file: str) -> Finding:
    """The finding of a tube that ended its process twice."""
    return Finding(
        code="WORKER_DIED",
        severity=Severity.ERROR,
        what="the process that measured this tube was ended from outside, twice",
        where=file,
        fix="most often memory ran out: use fewer workers (--jobs 1), or a larger machine",
    )
