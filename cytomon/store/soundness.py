"""Whether a database is whole, and still has the layout that its migrations gave it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, create_engine, inspect, text

from cytomon.store.migrate import migrate
from cytomon.store.tables import REFUSAL, VERSIONED, metadata


def check_database(connection: Connection) -> Iterator[str]:
    """What the database itself says against its own pages and references."""
    if connection.dialect.name != "sqlite":
        return  # a server checks its pages and references as it goes
    said = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars()
    yield from (line for line in said if line != "ok")
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"{table} row {row} points to nothing in {parent}"


def check_layout(connection: Connection) -> Iterator[tuple[str, str]]:
    """Where tables, indexes or the triggers that forbid changes are not as they were made.

    Yields
    ------
    where, what : str
        The object, and what is wrong with it.
    """
    found = _objects(connection)
    expected = _expected(connection)
    for name in sorted(expected.keys() - found.keys()):
        yield name, "it has gone"
    for name in sorted(found.keys() & expected.keys()):
        if found[name] != expected[name]:
            yield name, "it was changed"
    if connection.dialect.name == "sqlite":
        for name in sorted(found.keys() - expected.keys()):
            yield name, "nobody made it"


def _objects(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT type || ' ' || name AS name, coalesce(sql, '') AS sql FROM sqlite_master"
        # what ANALYZE leaves behind is nobody's
        rows = connection.execute(text(f"{query} WHERE name NOT LIKE 'sqlite_stat%'"))
        return {row.name: row.sql for row in rows}
    looked = inspect(connection)
    columns = {
        f"table {name}": ", ".join(
            f"{column['name']} {column['type']} {column['nullable']}"
            for column in looked.get_columns(name)
        )
        for name in looked.get_table_names()
        if name in metadata.tables
    }
    indexes = connection.execute(
        text("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")
    )
    refusal = connection.scalar(
        text(
            "SELECT prosrc FROM pg_proc WHERE proname = 'cytomon_refuse' "
            "AND pronamespace = current_schema()::regnamespace"
        )
    )
    triggers = connection.execute(
        text(
            "SELECT c.relname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c "
            "ON c.oid = t.tgrelid WHERE t.tgname = 'no_change' "
            "AND c.relnamespace = current_schema()::regnamespace"
        )
    )
    return (
        columns
        | {f"trigger no_change on {table}": enabled for table, enabled in triggers}
        | {f"index {row.indexname}": "" for row in indexes}
        | {"function cytomon_refuse": refusal or ""}
    )


def _expected(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "sqlite":
        with create_engine("sqlite://").connect() as fresh:
            migrate(fresh)
            return _objects(fresh)
    unique = {f"{table.name}_replaces_key" for table in VERSIONED}
    keys = {f"{name}_pkey" for name in metadata.tables}
    indexes = {index.name for table in metadata.tables.values() for index in table.indexes}
    made = {f"trigger no_change on {name}": "O" for name in metadata.tables}
    made |= {f"index {name}": "" for name in unique | keys | indexes}
    made["function cytomon_refuse"] = f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END"
    return made | {
        f"table {table.name}": ", ".join(
            f"{column.name} {column.type.compile(connection.dialect)} {bool(column.nullable)}"
            for column in table.columns
        )
        for table in metadata.tables.values()
    }
