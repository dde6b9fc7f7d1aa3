"""The command `cytomon`, which is also `python -m cytomon`."""

from __future__ import annotations

import sys

from cytomon.cli import say_interrupted


def run() -> None:
    """Run the command line; the console script.

    What is interrupted while it is still being loaded ends in words, too.
    """
    try:
        from cytomon.cli.main import run as command
    except KeyboardInterrupt:
        sys.exit(say_interrupted())
    command()


if __name__ == "__main__":
    run()
