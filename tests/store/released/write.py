"""Write the store of this layout, with which later versions are tested.

Run it once, when a layout is released, and never again: ``python -m tests.store.released.write``.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.tables import SCHEMA
from tests.store.conftest import ADMIN
from tests.store.test_audit import fill


def main() -> None:
    """Make a store with rows of every kind, and write it down as SQL."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        with opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True) as store:
            fill(store, 5)
        with closing(sqlite3.connect(path)) as connection:
            lines = "\n".join(connection.iterdump())
    (Path(__file__).parent / f"layout_{SCHEMA}.sql").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
