"""A new store gets its layout, an older one is brought to that of this version."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from cytomon.store.tables import SCHEMA

_ONE_AT_A_TIME = Lock()
"""What migrations call is the module ``alembic.op``, which knows one connection in a process."""

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(connection: Connection, *, to: int = SCHEMA) -> None:
    """Run the migrations that a store lacks.

    Parameters
    ----------
    connection : Connection
        To a store, or to an empty database, within the transaction that all of it belongs to.
    to : int, optional
        Layout to arrive at.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, str(to))
