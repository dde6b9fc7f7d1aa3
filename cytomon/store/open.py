"""A store is opened, made where there is none, and brought to the layout of this version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text

from cytomon.errors import InputError
from cytomon.model.people import Role
from cytomon.permissions import file_mode, make_folder
from cytomon.store.address import Address
from cytomon.store.session import APPLICATION, PATIENCE, DamagedError, Store
from cytomon.store.tables import SCHEMA

PAGE = 16384
"""Bytes of a page of a SQLite store: rows go in a sixth faster than with SQLite's own 4096."""

_CREATED_BY = "`cytomon batch` and `cytomon import` make a new one"


@contextmanager
def opened(address: Address, *, who: str, create: bool = False) -> Iterator[Store]:
    """Open a store.

    Parameters
    ----------
    address : Address
        Where it is.
    who : str
        Name of the person, who becomes the first admin of a store that is made.
    create : bool, optional
        Make it where there is none.

    Yields
    ------
    Store
        With the layout of this version.

    Raises
    ------
    InputError
        If there is none, it cannot be opened, it is no store, or a newer version has written it.
    """
    if address.path is not None:
        _check_file(address, create=create)
    store = Store(address=address, engine=make_engine(address))
    try:
        yield replace(store, is_new=_bring_up(store, who=who, create=create))
    finally:
        store.engine.dispose()


def _check_file(address: Address, *, create: bool) -> None:
    path = address.path
    if path is None or path.is_file():
        return
    if path.is_dir():
        raise InputError("that is a folder", where=path.name, fix="name the file of the store")
    if not create:
        raise InputError("there is no store", where=path.name, fix=f"check the path; {_CREATED_BY}")
    try:
        make_folder(path.parent)
    except OSError as error:
        raise InputError(
            f"the folder of the store cannot be made: {error.strerror}",
            where=path.parent.name,
            fix="check the path and your rights",
        ) from error
    with suppress(OSError):  # SQLite says in its own words why a file cannot be made
        path.touch(mode=file_mode())  # what it puts beside the file gets the same rights


def make_engine(address: Address) -> Engine:
    """What makes connections to an address, whatever is there.

    Raises
    ------
    InputError
        If the driver for it is not installed.
    """
    settings: Mapping[str, object] = {"timeout": PATIENCE}
    if address.path is None:
        settings = {"connect_timeout": 30}
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise InputError(
                "the driver for PostgreSQL is not installed",
                where=str(address),
                fix='pip install "cytomon[postgres]"',
            ) from error
    # transactions are begun and ended by `Store`, in the way that each database needs
    engine = create_engine(
        _openable(address),
        isolation_level="AUTOCOMMIT",
        connect_args=dict(settings),
        pool_pre_ping=True,
    )
    if address.path is not None:
        event.listen(engine, "connect", _prepare)
    return engine


def _openable(address: Address) -> URL:
    """The address, or a form of it that reads a file where nothing can be written beside it."""
    path = address.path
    if path is None or not path.is_file() or path.with_name(f"{path.name}-wal").exists():
        return address.url
    if _is_writable(path) and _is_writable(path.absolute().parent):
        return address.url
    file = path.absolute().as_uri().replace("file://", "file:")
    return address.url.set(database=file, query={"immutable": "1", "uri": "true"})


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """References are held to, and what was committed outlives a power cut."""
    for pragma in (
        f"page_size = {PAGE}",  # of a file that is being made; later it says nothing
        "foreign_keys = ON",
        "synchronous = FULL",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _bring_up(store: Store, *, who: str, create: bool) -> bool:
    """Make or migrate a store where it has to be; whether it was made."""
    with store.reading() as connection:
        found = layout_of(connection)
    _refuse_foreign(store, found, create=create)
    if found == SCHEMA:
        return False
    if store.on_sqlite:
        with store.refusing(), store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # it stays with the file
    with store.writing() as connection:
        found = layout_of(connection)  # another process may have been quicker
        if found is not None and found < SCHEMA:
            _migrate(connection, found, who)
            return not found
    return False


def _migrate(connection: Connection, found: int, who: str) -> None:
    from cytomon.store.change import Change, new_store
    from cytomon.store.migrate import migrate
    from cytomon.store.people import role_of

    migrate(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
    if found:
        change = Change(connection, who, role_of(connection, who))
        change.say(subject="layout", before=str(found), after=str(SCHEMA))
        change.enter("migrate")
    else:
        new_store(Change(connection, who, Role.ADMIN))


def layout_of(connection: Connection) -> int | None:
    """Number of a store's layout; 0 where none is yet, None where something else is."""
    names = set(inspect(connection).get_table_names())
    if not {"alembic_version", "log"} <= names:
        # a file is a store's own; a database of a server may hold other tables too
        return None if "log" in names or (names and connection.dialect.name == "sqlite") else 0
    said = [str(row[0]) for row in connection.execute(text("SELECT * FROM alembic_version"))]
    if len(said) != 1 or not said[0].isdigit() or said[0] == "0":
        raise DamagedError(
            "the store does not say its layout any more: alembic_version was changed",
            where="alembic_version",
            fix="restore the store from a backup",
        )
    return int(said[0])


def _refuse_foreign(store: Store, found: int | None, *, create: bool) -> None:
    where = str(store.address)
    if found is None:
        raise InputError(
            "the database belongs to another program",
            where=where,
            fix="check the address; a new store needs a file, or a schema, of its own",
        )
    refuse_newer(found, where)
    if found == 0 and not create:
        raise InputError("there is no store", where=where, fix=f"check the address; {_CREATED_BY}")


def refuse_newer(found: int, where: str) -> None:
    """Refuse a layout that only a later version knows.

    Raises
    ------
    InputError
        If it is one.
    """
    if found > SCHEMA:
        raise InputError(
            f"the store was written by a newer cytomon (layout {found}; this one knows {SCHEMA})",
            where=where,
            fix="use the newer version",
        )
