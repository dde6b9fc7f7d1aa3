"""An open store: transactions to read in and to write in, and a database's refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from cytomon.errors import InputError
from cytomon.store.address import Address

PATIENCE = 120
"""Seconds that a writer waits for the others."""

APPLICATION = 0x6379746F
"""What SQLite's header says of whose file it is: ``cyto``."""

_LOCK = f"{APPLICATION}, hashtext(current_schema())"
"""Of all stores in one PostgreSQL database, this one."""

_REFUSALS = (
    ("locked", "another process is writing into the store", "wait until it has ended"),
    ("lock timeout", "another process is writing into the store", "wait until it has ended"),
    ("is full", "there is no space left for the store", "make room and run again"),
    ("no space", "there is no space left for the store", "make room and run again"),
    ("disk i/o", "the disk of the store fails, or is full", "check it, make room and run again"),
    ("readonly", "the store cannot be written to", "check your rights on its file and folder"),
    ("malformed", "the file of the store is damaged", "restore it from a backup"),
    ("not a database", "the file is no SQLite database", "check the address"),
    ("unable to open", "the store cannot be opened", "check the path and your rights"),
    ("no password", "the database server asks for a password", "put it into ~/.pgpass"),
    ("password", "the database server refuses the login", "check user and password"),
    ("does not exist", "the server knows no such database or user", "check the address"),
    ("permission denied", "the database server refuses", "have rights on the schema granted"),
    ("connect", "the database server cannot be reached", "see that it runs; check the address"),
)
"""A word of the database's own message, what to say, and what to do."""


class DamagedError(InputError):
    """The database itself cannot make sense of what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Store:
    """An open store.

    Attributes
    ----------
    address : Address
        Where it is.
    engine : Engine
        Makes connections; each begins and ends its transactions here.
    is_new : bool
        Whether it has just been made.
    """

    address: Address
    engine: Engine
    is_new: bool = False

    @property
    def on_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.address.path is not None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store, whoever writes meanwhile."""
        begin = "BEGIN" if self.on_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self.refusing(), self.engine.connect() as connection:
            connection.exec_driver_sql(begin)
            try:
                yield connection
            finally:
                _roll_back(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that writes alone, and all or nothing; other writers wait.

        Raises
        ------
        InputError
            If the store cannot be written to, also where nothing turns out to be new.
        """
        if "immutable" in self.engine.url.query:  # SQLite begins all the same, and fails later
            raise self._refusal(PermissionError("readonly"))
        with self.refusing(), self.engine.connect() as connection:
            # a server may be set to something else; what others have committed must be seen
            begin = "BEGIN IMMEDIATE" if self.on_sqlite else "BEGIN ISOLATION LEVEL READ COMMITTED"
            connection.exec_driver_sql(begin)
            try:
                if not self.on_sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """What the database refuses, in words.

        Raises
        ------
        InputError
            Instead of the database's own error, which may quote what a row holds.
        """
        driver: Any = self.engine.dialect.loaded_dbapi
        try:
            yield
        except DBAPIError as error:
            raise self._refusal(error.orig) from error
        except driver.Error as error:
            raise self._refusal(error) from error
        except UnicodeDecodeError as error:
            raise DamagedError(
                "a text of the database holds what is no UTF-8",
                where=str(self.address),
                fix="restore it from a backup; `cytomon audit verify` says what is damaged",
            ) from error
        except UnicodeEncodeError as error:
            raise InputError(
                "a text holds what is no UTF-8",
                where="the command, or a list",
                fix="give it again; on a terminal, check its encoding (LANG)",
            ) from error

    def _refusal(self, error: BaseException | None) -> InputError:
        said = str(error).lower()
        for word, what, fix in _REFUSALS:
            if word in said:
                kind = DamagedError if word == "malformed" else InputError
                return kind(what, where=str(self.address), fix=fix)
        return DamagedError(
            f"the database refuses ({type(error).__name__})",
            where=str(self.address),
            fix="see that it runs; restore it from a backup if it is damaged",
        )


def _roll_back(connection: Connection) -> None:
    with suppress(Exception):  # the connection may have gone, and its transaction with it
        connection.exec_driver_sql("ROLLBACK")
