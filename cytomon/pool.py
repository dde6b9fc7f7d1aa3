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
from contextlib import contextmanager
from typing import Generic, TypeVar

from cytomon.document import Document
from cytomon.model.findings import Finding, Severity
from cytomon.task import Task, perform, refused

Report = Callable[[Document], None]
Perform = Callable[[Task], Document]

Work = TypeVar("Work")
Answer = TypeVar("Answer")


def run_all(
    tasks: Sequence[Task],
    *,
    workers: int = 0,
    report: Report | None = None,
    work: Perform = perform,
) -> tuple[Document, ...]:
    """Perform tasks and return their documents in the tasks' order.

    Parameters
    ----------
    tasks : sequence of Task
        One for each tube.
    workers : int, optional
        Processes beside this one; with 0, and for a single task, everything runs in this one, and
        what kills it ends all.
    report : callable, optional
        Told of each document as it is done, in any order.
    work : callable, optional
        What is done with a task; known to other processes by its module and name.

    Notes
    -----
    When a process dies (out of memory, say), the tubes that were being measured are tried again,
    each alone; only the one that ends its process again is refused.
    """
    return run_each(tasks, work, _refused, workers=workers, report=report)


def run_each(
    items: Sequence[Work],
    work: Callable[[Work], Answer],
    lost: Callable[[Work], Answer],
    *,
    workers: int = 0,
    report: Callable[[Answer], None] | None = None,
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
    workers, report
        As for `run_all`.
    """
    tell = report or (lambda _: None)
    if workers < 1 or len(items) <= 1:
        answers = []
        for item in items:
            answers.append(work(item))
            tell(answers[-1])
        return tuple(answers)
    crew = _Crew(items, work, tell)
    waiting = deque(range(len(items)))
    while waiting:
        for index in crew.work_through(waiting, workers=min(workers, len(items))):
            if crew.work_through(deque([index]), workers=1):
                crew.finish(index, lost(items[index]))
    return tuple(crew.done[index] for index in range(len(items)))


class _Crew(Generic[Work, Answer]):
    """Processes that share a list of items, and what they have done of it."""

    def __init__(
        self,
        items: Sequence[Work],
        work: Callable[[Work], Answer],
        tell: Callable[[Answer], None],
    ) -> None:
        self.done: dict[int, Answer] = {}
        self._items, self._work, self._tell = items, work, tell

    def finish(self, index: int, answer: Answer) -> None:
        """Keep an answer and tell of it."""
        self.done[index] = answer
        self._tell(answer)

    def work_through(self, waiting: deque[int], *, workers: int) -> list[int]:
        """Empty the queue, or return what was in work when a process died."""
        in_work: set[int] = set()
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
            try:
                self._hand_out(pool, waiting, in_work, workers)
            except BrokenProcessPool:
                return sorted(in_work)
        return []

    def _hand_out(
        self, pool: ProcessPoolExecutor, waiting: deque[int], in_work: set[int], workers: int
    ) -> None:
        """Give each process one task at a time, so that a death has few suspects."""
        futures: dict[Future[Answer], int] = {}
        while waiting or futures:
            while waiting and len(futures) < workers:
                index = waiting.popleft()
                in_work.add(index)
                with _interrupts_held():
                    futures[pool.submit(self._work, self._items[index])] = index
            finished, _ = wait(futures, return_when=FIRST_COMPLETED)
            for future in finished:
                answer = future.result()
                index = futures.pop(future)
                in_work.discard(index)
                self.finish(index, answer)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits while a process is born, so that it cannot die half made and noisily."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker() -> None:
    """One thread for each process: the processes are the parallelism."""
    # for libraries that are loaded from now on; those that are there already are told below
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for its next task for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _refused(task: Task) -> Document:
    return refused(task.job, died(task.job.file))


def died(file: str) -> Finding:
    """The finding of a tube that ended its process twice."""
    return Finding(
        code="WORKER_DIED",
        severity=Severity.ERROR,
        what="the process that measured this tube was ended from outside, twice",
        where=file,
        fix="most often memory ran out: use fewer workers (--jobs 1), or a larger machine",
    )
