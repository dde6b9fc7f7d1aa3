"""An import that prints, line by line, how many tubes are safe: for tests that kill it."""

from __future__ import annotations

import sys
from pathlib import Path

from cytomon.filing.imports import ImportLists, import_lists
from cytomon.store.address import parse
from cytomon.store.open import opened


def main() -> None:
    """Import the lists that the command line names, in small transactions."""
    from cytomon.filing import imports

    imports._AT_ONCE = 40  # type: ignore[attr-defined]
    url, patients, measurements = sys.argv[1:]
    lists = ImportLists(patients=Path(patients), measurements=Path(measurements))
    with opened(parse(url), who="ada") as store:
        import_lists(store, "ada", lists, report=_say)


def _say(name: str, safe: int) -> None:
    if name == "measurements.csv":
        sys.stdout.write(f"{name} {safe}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
