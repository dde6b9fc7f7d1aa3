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
from cytomon.pool import one_thread
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

    Attributes
    ----------
    begun : set of Future
        What has no answer yet.
    """

    def __init__(self, workers: Executor, out: Path, versions: Mapping[str, str]) -> None:
        self.begun: set[Future[Any]] = set()
        self._workers, self._out, self._versions = workers, out, versions

    def submit(self, work: Callable[[Item], Answer], item: Item, /) -> Future[Answer]:
        """Have a piece of work done by any worker."""
        mark = str(self._out / f"{PART}{uuid.uuid4().hex}")
        future = self._workers.submit(attempt, mark, self._versions, work, item)
        self.begun.add(future)
        future.add_done_callback(self.begun.discard)
        return future


def attempt(
    mark: str, versions: Mapping[str, str], work: Callable[[Item], Answer], item: Item
) -> Answer:
    """Do a piece of work on a worker.

    Parameters
    ----------
    mark : str
        File that is there while the attempt lasts.
    versions : mapping of str to str
        What this worker must have.
    work, item
        What to do, and with what.

    Raises
    ------
    WorkerDiedError
        If the attempt has been made already, and did not come to its end.
    InputError
        If this worker has other versions: it came after the others were asked.
    """
    for library, theirs in versions_here().items():
        compare("that came later", library, versions[library], theirs)
    with _ONE_AT_A_TIME:  # a process of several threads measures one tube after the other
        try:
            with Path(mark).open("x") as stream:
                stream.write(str(os.getpid()))
        except FileExistsError:
            raise WorkerDiedError from None
        try:
            one_thread()
            return work(item)
        finally:
            Path(mark).unlink(missing_ok=True)
