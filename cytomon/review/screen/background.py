"""Work beside the window: measuring a tube, and writing into the store in the order it was done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

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
        self._is_closed = False
        self._ready.connect(self._hand_over)

    @property
    def is_busy(self) -> bool:
        """Whether something is not done, or not handed over."""
        return bool(self._open)

    def run(self, work: Callable[[], Any], then: Then, failed: Failed) -> None:
        """Do something beside the window, after what was asked for before."""
        future = self._pool.submit(work)
        self._open.add(future)
        future.add_done_callback(
            lambda done: None if self._is_closed else self._ready.emit((done, then, failed))
        )

    def drop_waiting(self) -> None:
        """Forget what has not begun."""
        for future in list(self._open):
            if future.cancel():
                self._open.discard(future)

    def close(self, *, finish: bool) -> None:
        """End; with `finish` all that was asked for is done before."""
        self._is_closed = not finish
        self._pool.shutdown(wait=True, cancel_futures=not finish)
        self._is_closed = True

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
