"""That a file is still the one that was looked at: its hash must be that of what is measured."""

from __future__ import annotations

import os

from cytomon.errors import FcsError
from cytomon.fcs.verdicts import refusal


def refuse_changed(handle: int, size: int, changed_ns: int, name: str) -> None:
    """Refuse an open file that has been written to since.

    Parameters
    ----------
    handle : int
        Of the operating system.
    size, changed_ns : int
        Bytes of the file and the time of its last change when it was looked at first; 0 when
        unknown.
    name : str
        Of the file.

    Raises
    ------
    FcsError
        If it has another size, or was changed at another time.

    Notes
    -----
    It is asked after each block of events, so that none is used that may be another file's: this
    costs microseconds, where a second hash would read the file once more. A file system that keeps
    whole seconds hides a second change within the same one.
    """
    facts = os.fstat(handle)
    fix = "wait until the file is written, then start again"
    if size and facts.st_size != size:
        msg = f"the file had {size} bytes when opened and has {facts.st_size} now"
        raise refusal(msg, name, fix=fix)
    if changed_ns and facts.st_mtime_ns != changed_ns:
        raise refusal("the file was written to while it was read", name, fix=fix)


def gone(name: str) -> FcsError:
    """What to raise where a file that was opened before gives no bytes any more.

    Parameters
    ----------
    name : str
        Of the file.
    """
    fix = "check that the file is still there"
    return refusal("the file can no longer be read", name, fix=fix)
