"""A long list is read in a process of its own, some pieces ahead of the one that writes."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

from cytomon.errors import CytomonError, InputError

LONG = 20_000_000
"""Bytes from which another process is worth its start."""

Piece = TypeVar("Piece")
_END = None
_NOTHING = b""
_AHEAD = 24
"""Pieces that may wait to be used."""


def read_ahead(
    read: Callable[[Path], Iterable[Piece]], path: Path, *, least: int = LONG
) -> Iterator[Piece]:
    """Read a list in pieces, the next one while this one is being used.

    Parameters
    ----------
    read : callable
        From a path to pieces; a function that another process can import.
    path : Path
        The list.
    least : int, optional
        A list of fewer bytes is read in this process.

    Yields
    ------
    Piece

    Raises
    ------
    CytomonError
        What `read` raises; or if its process dies.
    """
    if not path.is_file() or path.stat().st_size < least:
        yield from read(path)
        return
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_send, args=(read, path, there), daemon=True)
    process.start()
    there.close()
    # a pipe holds less than a piece: without somebody to empty it the reader would wait
    waiting: Queue[bytes] = Queue(_AHEAD)
    stopped = Event()
    Thread(target=_receive, args=(here, waiting, stopped), daemon=True).start()
    try:
        yield from _unpacked(waiting, path)
    finally:
        stopped.set()
        process.terminate()
        process.join()


def _receive(here: Connection, waiting: Queue[bytes], stopped: Event) -> None:
    """Take messages from a pipe until it ends, or nobody wants them any more."""
    with here:
        while not stopped.is_set():
            try:
                message = here.recv_bytes()
            except (EOFError, OSError):
                message = _NOTHING
            while not stopped.is_set():
                with suppress(Full):
                    waiting.put(message, timeout=0.1)
                    break
            if message is _NOTHING:
                return


def _unpacked(waiting: Queue[bytes], path: Path) -> Iterator[Piece]:
    while True:
        message = waiting.get()
        if message is _NOTHING:
            raise InputError(
                "the process that read the list has died",
                where=path.name,
                fix="see that there is memory left, and run again; what was kept is not kept twice",
            )
        piece = pickle.loads(message)  # noqa: S301  (from our own process)
        if piece is _END:
            return
        if isinstance(piece, CytomonError):
            raise piece
        yield piece


def _send(read: Callable[[Path], Iterable[object]], path: Path, there: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that writes says when to stop
    with suppress(BrokenPipeError):  # nobody wants to know any more
        try:
            for piece in read(path):
                there.send(piece)
            there.send(_END)
        except CytomonError as error:
            there.send(error)
