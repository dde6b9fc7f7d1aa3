"""The story of a watched folder: look, measure what is ready, put by what is refused, wait.

A run is the one of `cytomon.batch`, over all that is ready, into the same tables and the same
store. So a service that dies at any moment goes on when it is started again, and nothing has to be
remembered that the folder of results does not hold already.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cytomon.batch import Keep, plan
from cytomon.claim import held
from cytomon.errors import CytomonError, InputError
from cytomon.folders import QUARANTINE
from cytomon.inputs import Lists
from cytomon.task import Settings
from cytomon.watch.arrivals import Arrivals, Look, Mark, Stillness, mark_of
from cytomon.watch.choice import choose
from cytomon.watch.quarantine import count_put_by, tidy
from cytomon.watch.runs import Runs
from cytomon.watch.told import Told

LOCK = ".cytomon-watch-lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched, and how.

    Attributes
    ----------
    folder, out : Path
        Where tubes arrive, and where results go.
    lists : Lists
        Worklist, patients and events; read again when they change.
    settings : Settings
        What holds for every tube.
    keep : Keep
        The store.
    processes : int
        That measure, at least 1: a tube that ends its process must not end the service.
    every, settle, give_up : float
        Seconds between two looks; for which a file has to lie still; after which one that is not
        whole is refused.
    once : bool
        End when nothing is left that will be ready by itself. What would be waited for is raised.
    """

    folder: Path
    out: Path
    lists: Lists
    settings: Settings
    keep: Keep
    processes: int = 1
    every: float = 10
    settle: float = 30
    give_up: float = 600
    once: bool = False


def watch(wanted: Watch, say: Callable[[str], None]) -> int:
    """Watch a folder until the process is stopped, or, where that is wanted, until all is done.

    Parameters
    ----------
    wanted : Watch
        What is watched.
    say : callable
        Told of each event in one line.

    Returns
    -------
    int
        0: all that was there is done. 1: something was refused, or waits for somebody. 3: nothing
        could be measured. 70: something was refused by a defect of ours.

    Raises
    ------
    InputError
        If the folder is not there, holds the results itself, or another process watches for them;
        with `once`, whatever would be waited for otherwise.
    """
    _refuse_places(wanted)
    # against another watcher; a batch may write there between runs
    with held(
        wanted.out,
        LOCK,
        "another process watches a folder for these results",
        "end it first, or name another folder with --out",
    ):
        service = Service(wanted, say)
        tidy(wanted.folder)
        say(_begins(wanted))
        while not (service.look() and wanted.once):
            time.sleep(wanted.every)
        return service.exit_code


def _begins(wanted: Watch) -> str:
    put = count_put_by(wanted.folder)
    more = f"; {put} in {QUARANTINE}/ are left alone" if put else ""
    return f"watching {wanted.folder} every {wanted.every:g} s, results in {wanted.out}{more}"


def _refuse_places(wanted: Watch) -> None:
    if not wanted.folder.is_dir():
        raise InputError(
            "there is no such folder to watch",
            where=wanted.folder.name,
            fix="check the path; if it is a network share, see that it is mounted",
        )
    if wanted.out.resolve().is_relative_to(wanted.folder.resolve()):
        raise InputError(
            "the results would lie in the folder that is watched",
            where=wanted.out.name,
            fix="name a folder outside of it with --out",
        )


Marks = tuple[Mark, ...]
"""How the lists look."""


class Service:
    """A watch, look after look; `watch` keeps it going.

    Parameters
    ----------
    wanted : Watch
        What is watched.
    say : callable
        Told of each event in one line.
    """

    def __init__(self, wanted: Watch, say: Callable[[str], None]) -> None:
        self._wanted = wanted
        self._told = Told(say)
        self._arrivals = Arrivals(
            folder=wanted.folder, settle=wanted.settle, give_up=wanted.give_up
        )
        self._runs = Runs(wanted.folder, wanted.out, wanted.settings, wanted.processes, self._told)
        self._lists = Stillness()
        self._device = wanted.folder.stat().st_dev
        self._last: tuple[frozenset[tuple[str, str]], Marks] = frozenset(), ()
        self._owes_store = False
        self._unlisted: Mapping[str, str] = {}
        self._waits = False

    @property
    def exit_code(self) -> int:
        """How it ends; see `watch`."""
        score = self._runs.score
        if score.defect:
            return 70
        if score.refused and not score.measured:
            return 3
        return 1 if score.refused or score.left_out or self._waits else 0

    def look(self) -> bool:
        """Look once, and do what is to be done; whether nothing is left but to wait for somebody.

        Raises
        ------
        CytomonError, OSError
            Only where a single pass is wanted.
        """
        try:
            return self._look()
        except (CytomonError, OSError) as error:
            if self._wanted.once:
                raise
            self._told.trouble(error)
            return False

    def _look(self) -> bool:
        seen = self._arrivals.look()
        marks = self._marks()
        run = marks is not None and bool(seen.ready) and self._is_due(seen, marks)
        if run:
            self._refuse_unmounted(seen)
        self._told.gone(self._files_before() - seen.files)
        if run:
            self._run(seen, marks or ())
        if marks is not None:  # of a list that changes nobody knows yet whether it is usable
            self._told.no_trouble()
        waiting = {**seen.waiting, **self._unlisted}
        self._told.files(waiting)
        self._waits = bool(waiting)
        return not (run or seen.settling or marks is None)

    def _is_due(self, seen: Look, marks: Marks) -> bool:
        ready, marks_before = self._last
        return bool(
            _hashes(seen) - ready
            or self._files_before() - seen.files
            or marks != marks_before
            or self._owes_store
        )

    def _files_before(self) -> set[str]:
        return {file for file, _ in self._last[0]}

    def _marks(self) -> Marks | None:
        """How the lists look; None while one of them changes."""
        lists = self._wanted.lists
        paths = [path for path in (lists.worklist, lists.patients, lists.events) if path]
        marks = tuple(_mark(path) for path in paths)
        still = [
            self._lists.seconds(str(path), mark) for path, mark in zip(paths, marks, strict=True)
        ]
        return marks if all(seconds >= self._wanted.settle for seconds in still) else None

    def _refuse_unmounted(self, seen: Look) -> None:
        """An empty mount point must not look as if every tube had been taken away."""
        device = self._wanted.folder.stat().st_dev
        before = self._files_before()
        if device != self._device and before and before.isdisjoint(seen.files):
            raise InputError(
                "the watched folder lies on another disk than before, and none of its tubes is "
                "there any more",
                where=self._wanted.folder.name,
                fix="see that the share is mounted; if it was moved on purpose, start again",
            )
        self._device = device

    def _run(self, seen: Look, marks: Marks) -> None:
        wanted, worklist = self._wanted, self._wanted.lists.worklist
        keep = self._store()
        if (_hashes(seen), marks) == self._last and keep is None:
            return
        found = plan([wanted.folder], wanted.lists, wanted.settings)
        choice = choose(found.jobs, seen.ready, wanted.out, listed=worklist is not None)
        if worklist is not None:
            reason = f"no row of {worklist.name} that can be used names it"
            self._unlisted = dict.fromkeys(choice.unlisted, reason)
        self._told.copies(choice.copies)
        self._told.rows(found.refused)
        again = bool(choice.files) and self._runs.measure(found, choice.files, keep)
        self._owes_store = keep is None
        if not again or wanted.once:
            self._last = _hashes(seen), marks

    def _store(self) -> Keep | None:
        """The store, if it can be used now: what is measured meanwhile is kept there later."""
        try:
            self._wanted.keep.refuse_unusable()
        except InputError as error:
            if self._wanted.once:
                raise
            self._told.no_store(error)
            return None
        self._told.store()
        return self._wanted.keep


def _hashes(seen: Look) -> frozenset[tuple[str, str]]:
    return frozenset((one.file, one.sha256) for one in seen.ready)


def _mark(path: Path) -> Mark:
    """How a list looks; None while it is not there."""
    try:
        return mark_of(path)
    except FileNotFoundError:
        return None
