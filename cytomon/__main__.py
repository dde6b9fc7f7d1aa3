"""`python -m cytomon` is the command `cytomon`."""

from __future__ import annotations

from cytomon.cli.main import run

if __name__ == "__main__":
    run()
