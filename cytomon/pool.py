"""Many tasks on a few processes; the death of one process costs one tube."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from cytomon.model.findings import Finding, Severity
from cytomon.task import Document, Task, perform, refused

Report = Callable[[Document], None]


def run_all(
    tasks: Sequence[Task], *, workers: int = 1, report: Report | None = None
) -> tuple[Document, ...]:
    """Perform tasks and return their documents in the tasks' order.

    Parameters
    ----------
    tasks : sequence of Task
        One for each tube.
    workers : int, optional
        Processes; with 1 everything runs in this one.
    report : callable, optional
        Told of each document as it is done, in any order.

    Notes
    -----
    When a process dies (out of memory, say), everything unfinished is tried again one at a time,
    so that only the tube that kills its process is refused.
    """
    tell = report or (lambda _: None)
    if workers <= 1 or len(tasks) <= 1:
        documents = []
        for task in tasks:
            documents.append(perform(task))
            tell(documents[-1])
        return tuple(documents)
    done: dict[int, Document] = {}
    _run_pool(tasks, done, range(len(tasks)), workers=min(workers, len(tasks)), tell=tell)
    for index in [i for i in range(len(tasks)) if i not in done]:
        _run_pool(tasks, done, [index], workers=1, tell=tell)
        if index not in done:
            done[index] = refused(tasks[index].job, _died(tasks[index]))
            tell(done[index])
    return tuple(done[index] for index in range(len(tasks)))


def _run_pool(
    tasks: Sequence[Task],
    done: dict[int, Document],
    indices: Sequence[int],
    *,
    workers: int,
    tell: Report,
) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        waiting: dict[Future[Document], int] = {}
        try:
            for index in indices:
                waiting[pool.submit(perform, tasks[index])] = index
            for future in as_completed(waiting):
                done[waiting[future]] = future.result()
                tell(done[waiting[future]])
        except BrokenProcessPool:
            return


def _start_worker() -> None:
    """One thread for each process: the processes are the parallelism."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _died(task: Task) -> Finding:
    return Finding(
        code="WORKER_DIED",
        severity=Severity.ERROR,
        what="the process that measured this tube was ended from outside, twice",
        where=task.job.file,
        fix="most often memory ran out: use fewer workers (--jobs 1), or a larger machine",
    )
