"""Many tasks on a few processes; one that dies, or on which nothing moves, costs one tube."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from cytomon.card import Card, card_of
from cytomon.document import Document
from cytomon.model.findings import Finding, Severity
from cytomon.processes import DiedError, started
from cytomon.stalls import PATIENCE, StalledError, no_answer, stalled
from cytomon.task import Task, perform, refused

Report = Callable[[Card], None]
Perform = Callable[[Task], Document]

Work = TypeVar("Work")
Answer = TypeVar("Answer")

Loss = Callable[[str], Finding]
"""From the name of a tube to the finding that says how it was lost: `died` or `stalled`."""

_IN_A_ROW = 3
"""Stalls in a row for each process, after which the drive is taken to be gone."""


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
        What a future raises when the process that worked on its item has died. Where nothing moved
        it raises `cytomon.stalls.StalledError`.
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
        Processes beside this one; with 0 everything runs in this one, and what kills or stalls it
        ends or stalls all.
    report : callable, optional
        Told of each card as its tube is done, in any order.
    work : callable, optional
        What is done with a task; known to other processes by its module and name.
    crew : Crew, optional
        Who does it instead of processes of this machine.

    Notes
    -----
    When a process dies (out of memory, say), its tube is tried again, alone; only one that ends its
    process again is refused. So is, at once, a tube on which nothing moved for `patience` seconds:
    what it waits for, a network drive as a rule, would not answer sooner the second time.
    """
    return run_each(tasks, partial(_card, work), _lost, workers=workers, report=report, crew=crew)


def run_each(
    items: Sequence[Work],
    work: Callable[[Work], Answer],
    lost: Callable[[Work, Loss], Answer],
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
        The answer for an item that ended its process twice, or on which nothing moved.
    workers, report, crew
        As for `run_all`.

    Raises
    ------
    InputError
        If nothing moves on one item after the other.
    """
    tell = report or (lambda _: None)
    if not items or (crew is None and workers < 1):
        answers = []
        for item in items:
            answers.append(work(item))
            tell(answers[-1])
        return tuple(answers)
    shift = _Shift(items, work, lost, tell, crew or processes_here(workers))
    waiting = deque(range(len(items)))
    while waiting:
        for index in shift.work_through(waiting):
            if shift.work_through(deque([index]), alone=True):
                shift.finish(index, lost(items[index], died))
    return tuple(shift.done[index] for index in range(len(items)))


def processes_here(workers: int, *, patience: float = PATIENCE) -> Crew:
    """Processes of this machine, which give up an item on which nothing moves for `patience`."""
    return Crew(size=workers, hire=partial(started, patience=patience), deaths=(DiedError,))


class _Shift(Generic[Work, Answer]):
    """A crew that shares a list of items, and what it has done of it."""

    def __init__(
        self,
        items: Sequence[Work],
        work: Callable[[Work], Answer],
        lost: Callable[[Work, Loss], Answer],
        tell: Callable[[Answer], None],
        crew: Crew,
    ) -> None:
        self.done: dict[int, Answer] = {}
        self._items, self._work, self._lost, self._tell = items, work, lost, tell
        self._crew = crew
        self._in_a_row = 0

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
                    futures[hands.submit(self._work, self._items[index])] = index
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
            except StalledError:
                self._give_up(index)
            else:
                self._in_a_row = 0
                self.finish(index, answer)

    def _give_up(self, index: int) -> None:
        self.finish(index, self._lost(self._items[index], stalled))
        self._in_a_row += 1
        if self._in_a_row >= _IN_A_ROW * self._crew.size and len(self.done) < len(self._items):
            raise no_answer(self._in_a_row)


def _card(work: Perform, task: Task) -> Card:
    return card_of(work(task))


def _lost(task: Task, how: Loss) -> Card:
    return card_of(refused(task, how(task.job.file)))


def died(file: str) -> Finding:
    """The finding of a tube that ended its process twice."""
    return Finding(
        code="WORKER_DIED",
        severity=Severity.ERROR,
        what="the process that measured this tube was ended from outside, twice",
        where=file,
        fix="most often memory ran out: use fewer workers (--jobs 1), or a larger machine",
    )
