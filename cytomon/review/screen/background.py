"""Work beside the window: measuring a tube, and writing into the store in the order it was done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from weakref import WeakSet

from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal

Then = Callable[[Any], None]
Failed = Callable[[BaseException], None]


class Background(QObject):
    """One thread; what it finds is handed over in the window's own thread.

    Parameters
    ----------
    name : str
        For the thread.
    parent : QObject or None, optional
        Owner.
    """

    _ready = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._open: set[Future[Any]] = set()
        self._passing: WeakSet[Future[Any]] = WeakSet()
        self._is_closed = False
        self._ready.connect(self._hand_over)

    @property
    def is_busy(self) -> bool:
        """Whether something is not done, or not handed over."""
        return bool(self._open)

    def run(
        self, work: Callable[[], Any], then: Then, failed: Failed, *, passing: bool = False
    ) -> None:
        """Do something beside the window, after what was asked for before.

        Parameters
        ----------
        work : callable
            What to do.
        then, failed : callable
            Told in the window's thread what came of it.
        passing : bool, optional
            Whether it may be forgotten for something newer (`drop_passing`).
        """
        future = self._pool.submit(work)
        self._open.add(future)
        if passing:
            self._passing.add(future)
        future.add_done_callback(lambda done: self._tell(done, then, failed))

    def drop_passing(self) -> None:
        """Forget of what passes all that has not begun."""
        for future in self._passing:
            future.cancel()

    def drop_waiting(self) -> None:
        """Forget all that has not begun."""
        for future in list(self._open):
            future.cancel()

    def close(self, *, finish: bool) -> tuple[BaseException, ...]:
        """End; with `finish` all that was asked for is done before.

        Nothing of Qt is touched: the window may be gone already.

        Returns
        -------
        tuple of BaseException
            Why something was not done, of what nobody can be told any more.
        """
        self._is_closed = True
        self._passing.clear()
        self._pool.shutdown(wait=True, cancel_futures=not finish)
        done = [one for one in self._open if not one.cancelled()]
        self._open.clear()
        return tuple(error for error in (one.exception() for one in done) if error is not None)

    def _tell(self, done: Future[Any], then: Then, failed: Failed) -> None:
        """Hand over from the thread of the work, unless the window has gone."""
        if not self._is_closed and isalive(self):
            self._ready.emit((done, then, failed))

    def _hand_over(self, given: tuple[Future[Any], Then, Failed]) -> None:
        future, then, failed = given
        self._open.discard(future)
        if self._is_closed or future.cancelled():
            return
        error = future.exception()
        if error is not None:
            failed(error)
        else:
            then(future.result())
