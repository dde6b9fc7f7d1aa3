"""One state of a store, carried to another place: page by page, or row by row.

From a file of SQLite its pages are copied, which is quickest. To or from a server the rows are: all
columns are integers, doubles and text, so both databases hold the same, and the hashes of the log
are the same too.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, select
from sqlalchemy.exc import DBAPIError

from cytomon.store.address import Address
from cytomon.store.bulk import insert_rows
from cytomon.store.migrate import migrate
from cytomon.store.open import PAGE
from cytomon.store.session import APPLICATION, Store
from cytomon.store.tables import metadata

_PAGES = 1000
"""Pages copied at once; between two such steps Ctrl-C is heard."""
_ROWS = 10_000
_CANNOT_WRITE = {
    "SQLITE_FULL": errno.ENOSPC,
    "SQLITE_IOERR_WRITE": errno.EIO,
    "SQLITE_IOERR_FSYNC": errno.EIO,
    "SQLITE_IOERR_TRUNCATE": errno.EIO,
}
"""What SQLite says where a file cannot be written; one that is only read gives none of these."""


def copy_to_file(connection: Connection, path: Path) -> None:
    """Write the state that a connection sees into a file, as a store of SQLite.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`; who writes into the store meanwhile neither waits nor is seen.
    path : Path
        An empty file that nobody else knows of.

    Raises
    ------
    OSError
        If the file cannot be written.

    Notes
    -----
    The file needs no other beside it: it is in none of SQLite's modes for several writers.
    """
    with _writing(path):
        if connection.dialect.name == "sqlite":
            _copy_pages(connection, path)
        else:
            _write_rows(connection, path)


def copy_rows(source: Connection, target: Connection) -> None:
    """Put all rows that one connection sees into the empty tables of another.

    Parameters
    ----------
    source, target : Connection
        Both of the layout of this version; `target` within a transaction.
    """
    for table in metadata.sorted_tables:
        rows = select(table).order_by(*table.primary_key)
        found = source.execute(rows, execution_options={"yield_per": _ROWS})
        for some in found.partitions():
            insert_rows(target, table, [tuple(row) for row in some])


@contextmanager
def opened_sealed(path: Path) -> Iterator[Store]:
    """Open a file that nobody writes into, as it is.

    Parameters
    ----------
    path : Path
        Of a store of SQLite of any layout, or of anything.

    Yields
    ------
    Store
        To read from. No lock is taken and nothing is written beside the file, so that it may lie
        on a network share, or on a medium that cannot be written to.
    """
    file = path.absolute().as_uri().replace("file://", "file:")
    url = URL.create("sqlite", database=file, query={"immutable": "1", "uri": "true"})
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        yield Store(address=Address(url=url, path=path), engine=engine)
    finally:
        engine.dispose()


def _copy_pages(connection: Connection, path: Path) -> None:
    # the transaction that is going on holds its state, so that a copy in steps is not begun again
    source: Any = connection.connection.driver_connection
    with closing(_to_fill(path)) as target:
        source.backup(target, pages=_PAGES)
    _settle(path)


def _write_rows(connection: Connection, path: Path) -> None:
    engine = create_engine(
        "sqlite://",
        creator=partial(_to_fill, path),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    with engine.connect() as target:
        target.exec_driver_sql("BEGIN")
        migrate(target)
        copy_rows(connection, target)
        target.exec_driver_sql("COMMIT")
        target.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")


def _to_fill(path: Path) -> sqlite3.Connection:
    """A connection to a file that is thrown away unless all of it is written."""
    # there is no lock that a network share could fail to hold, and no journal beside the file
    target = sqlite3.connect(f"{path.absolute().as_uri()}?nolock=1", uri=True, isolation_level=None)
    for pragma in (
        f"page_size = {PAGE}",
        "locking_mode = EXCLUSIVE",
        "journal_mode = OFF",
        "synchronous = OFF",  # whoever puts the file in its place sees that it is on the disk
    ):
        target.execute(f"PRAGMA {pragma}").close()
    return target


def _settle(path: Path) -> None:
    """Leave the mode for several writers, which keeps a file of changes beside the store's."""
    # sqlite.org/fileformat2.html, 1.3.3: both versions of the format are 1 without such a file
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\1\1")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """That a file cannot be written is said as of any other file."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        number = _CANNOT_WRITE.get(getattr(said, "sqlite_errorname", ""))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), path) from error
