"""What a worker of a cluster does with an item, and how one knows that it has died of it.

Dask alone would put an item that ends its worker on one worker after the other. So each attempt
leaves a mark in the folder of results for as long as it lasts: who finds the mark of his own
attempt there knows that a worker has died of it. What that costs is then as in `cytomon.pool`.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, TypeVar

from cytomon.cluster.checks import compare, versions_here
from cytomon.permissions import file_mode
from cytomon.processes import one_thread
from cytomon.stalls import StalledError, watched
from cytomon.tables import PART

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_ONE_AT_A_TIME = threading.Lock()


class WorkerDiedError(Exception):
    """A worker has died of this attempt."""


class Marking:
    """Hands items to the workers, each attempt with a mark of its own.

    Parameters
    ----------
    workers : Executor
        Of dask.
    out : Path
        Folder of the results.
    versions : mapping of str to str
        What a worker must have.
    patience : float
        Seconds without movement after which an item is given up.

    Attributes
    ----------
    begun : set of Future
        What has no answer yet.
    """

    def __init__(
        self, workers: Executor, out: Path, versions: Mapping[str, str], patience: float
    ) -> None:
        self.begun: set[Future[Any]] = set()
        self._workers, self._out, self._versions = workers, out, versions
        self._patience = patience

    def submit(self, work: Callable[[Item], Answer], item: Item, /) -> Future[Answer]:
        """Have a piece of work done by any worker."""
        mark = str(self._out / f"{PART}{uuid.uuid4().hex}")
        future = self._workers.submit(attempt, mark, self._versions, self._patience, work, item)
        self.begun.add(future)
        future.add_done_callback(self.begun.discard)
        return future


def attempt(
    mark: str,
    versions: Mapping[str, str],
    patience: float,
    work: Callable[[Item], Answer],
    item: Item,
) -> Answer:
    """Do a piece of work on a worker.

    Parameters
    ----------
    mark : str
        File that is there while the attempt lasts.
    versions : mapping of str to str
        What this worker must have.
    patience : float
        Seconds without movement after which the item is given up.
    work, item
        What to do, and with what.

    Raises
    ------
    WorkerDiedError
        If the attempt has been made already, and did not come to its end.
    StalledError
        If nothing moved in it.
    InputError
        If this worker has other versions: it came after the others were asked.
    """
    for library, theirs in versions_here().items():
        compare("that came later", library, versions[library], theirs)
    with _ONE_AT_A_TIME:  # a process of several threads measures one tube after the other
        try:
            Path(mark).touch(mode=file_mode(), exist_ok=False)
            Path(mark).write_text(str(os.getpid()))
        except FileExistsError:
            raise (StalledError if _is_stalled(mark) else WorkerDiedError) from None
        answer = _answer(mark, patience, work, item)
        Path(mark).unlink(missing_ok=True)
        return answer


_STALLED = "stalled"


def _is_stalled(mark: str) -> bool:
    return Path(mark).read_text() == _STALLED


def _answer(mark: str, patience: float, work: Callable[[Item], Answer], item: Item) -> Answer:
    try:
        one_thread()
        return watched(work, item, patience)
    except StalledError:
        # a thread of this process still waits, and would go on when the drive answers
        Path(mark).write_text(_STALLED)
        os._exit(1)
    except BaseException:
        Path(mark).unlink(missing_ok=True)
        raise
