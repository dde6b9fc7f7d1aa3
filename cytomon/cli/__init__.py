"""Words in, one call, words out."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def say_interrupted() -> int:
    """Say how to go on after Ctrl-C; the exit code, as shells expect it.

    It stands here since it may be said before anything else is loaded.
    """
    sys.stderr.write("interrupted; run the same command again to go on\n")
    return INTERRUPTED
