"""A long list is read in a process of its own, a piece ahead of the one that writes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from cytomon.errors import CytomonError, InputError

LONG = 20_000_000
"""Bytes from which another process is worth its start."""

Piece = TypeVar("Piece")
_END = None


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
    try:
        yield from _received(here, path)
    finally:
        here.close()
        process.terminate()
        process.join()


def _received(here: Connection, path: Path) -> Iterator[Piece]:
    while True:
        try:
            piece = here.recv()
        except EOFError:
            raise InputError(
                "the process that read the list has died",
                where=path.name,
                fix="see that there is memory left, and run again; what was kept is not kept twice",
            ) from None
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
