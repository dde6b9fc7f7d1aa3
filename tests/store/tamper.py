"""A store edited behind its back: one random change of a row or of the log, as a SQL editor would.

The triggers that forbid changes are taken away for the edit and put back after it, so that nothing
but the content tells.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from cytomon.store.chain import Digest, hash_entry, spell
from cytomon.store.tables import LOGGED, PARTS, SCHEMA, log, metadata

Edit = Callable[[sqlite3.Connection, random.Random], str]
ROWS = (*LOGGED, *PARTS)


def tamper(path: Path, edit: Edit, rng: random.Random) -> str:
    """Change a store; says what was done."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        forbidding = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        connection.execute("PRAGMA foreign_keys = OFF")
        for name, _ in forbidding:
            connection.execute(f"DROP TRIGGER {name}")
        done = edit(connection, rng)
        for _, sql in forbidding:
            connection.execute(sql)
    return done


def change_a_cell(connection: sqlite3.Connection, rng: random.Random) -> str:
    """One value of one row of any table, the log among them, becomes another."""
    table = rng.choice(_filled(connection, (*ROWS, log)))
    where, key = _row(connection, table, rng)
    column = rng.choice(list(table.columns))
    before = connection.execute(
        f'SELECT "{column.name}" FROM {table.name} {where}', key
    ).fetchone()[0]
    after = _another(before, str(column.type), rng)
    if after is None and not column.nullable:
        after = "" if "TEXT" in str(column.type) else 10**9
    if after == before and type(after) is type(before):
        return change_a_cell(connection, rng)
    try:
        connection.execute(f'UPDATE {table.name} SET "{column.name}" = ? {where}', (after, *key))
    except sqlite3.IntegrityError:  # a key that is taken: no edit has happened
        return change_a_cell(connection, rng)
    return f"{table.name}.{column.name}: {before!r} became {after!r}"


def remove_a_row(connection: sqlite3.Connection, rng: random.Random) -> str:
    """One row of any table goes."""
    table = rng.choice(_filled(connection, (*ROWS, log)))
    where, key = _row(connection, table, rng)
    connection.execute(f"DELETE FROM {table.name} {where}", key)
    return f"{table.name} lost {key}"


def add_a_row(connection: sqlite3.Connection, rng: random.Random) -> str:
    """A copy of a row under a new key appears."""
    table = rng.choice(_filled(connection, ROWS))
    where, key = _row(connection, table, rng)
    row = list(connection.execute(f"SELECT * FROM {table.name} {where}", key).fetchone())
    names = [column.name for column in table.columns]
    if table in PARTS:
        position = names.index("quantity") if "quantity" in names else min(1, len(names) - 1)
        row[position] = "added" if "TEXT" in str(list(table.columns)[position].type) else 10**6
        if table.name == "placements":
            row[0] = 10**6
    else:
        row[0] = connection.execute(f"SELECT max(id) + 1 FROM {table.name}").fetchone()[0]
        if "replaces" in names:
            row[names.index("replaces")] = None
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table.name} VALUES ({marks})", row)
    return f"{table.name} got {row[:3]}"


def swap_two_rows(connection: sqlite3.Connection, rng: random.Random) -> str:
    """Two rows of a table, or two entries of the log, change places."""
    table = rng.choice(
        [t for t in _filled(connection, (*LOGGED, log)) if _count(connection, t) > 1]
    )
    key = "seq" if table is log else "id"
    one, other = rng.sample(
        [n for (n,) in connection.execute(f"SELECT {key} FROM {table.name}")], 2
    )
    for before, after in ((one, -1), (other, one), (-1, other)):
        connection.execute(f"UPDATE {table.name} SET {key} = ? WHERE {key} = ?", (after, before))
    return f"{table.name} {one} and {other} changed places"


def cut_the_end(connection: sqlite3.Connection, rng: random.Random) -> str:
    """The last entries go, with every row that they wrote: what is left is sound in itself."""
    last = connection.execute("SELECT max(seq) FROM log").fetchone()[0]
    first = rng.randrange(2, last + 1)
    for table in PARTS:
        connection.execute(
            f"DELETE FROM {table.name} WHERE result IN (SELECT id FROM results WHERE entry >= ?)",
            (first,),
        )
    for table in LOGGED:
        connection.execute(f"DELETE FROM {table.name} WHERE entry >= ?", (first,))
    connection.execute("DELETE FROM log WHERE seq >= ?", (first,))
    return f"the log ends before {first}"


def write_history_anew(connection: sqlite3.Connection, rng: random.Random) -> str:
    """A row is changed, and every hash computed again: what is left is sound in itself."""
    table = rng.choice(_filled(connection, LOGGED))
    where, key = _row(connection, table, rng)
    column = rng.choice([c for c in table.columns if str(c.type) == "TEXT" and c.name != "content"])
    connection.execute(
        f'UPDATE {table.name} SET "{column.name}" = "{column.name}" || ? {where}', ("!", *key)
    )
    rehash(connection)
    return f"{table.name}.{column.name} {key}, and all hashes anew"


def rehash(connection: sqlite3.Connection) -> None:
    """Compute the log again from the rows that are there, as whoever knows the code could."""
    previous = ""
    for row in connection.execute("SELECT * FROM log ORDER BY seq").fetchall():
        fields = list(row[:-1])
        claims = {}
        for name in json.loads(fields[10]):
            digest = Digest()
            digest.update(
                connection.execute(
                    f"SELECT * FROM {name} WHERE entry = ? ORDER BY id", (fields[0],)
                ).fetchall()
            )
            claims[name] = [digest.rows, digest.hexdigest()]
        fields[10], fields[11] = spell(dict(sorted(claims.items()))), previous
        previous = hash_entry(fields)
        connection.execute(
            "UPDATE log SET rows = ?, previous = ?, hash = ? WHERE seq = ?",
            (fields[10], fields[11], previous, fields[0]),
        )


EDITS: tuple[Edit, ...] = (
    change_a_cell,
    change_a_cell,
    change_a_cell,
    remove_a_row,
    add_a_row,
    swap_two_rows,
    cut_the_end,
    write_history_anew,
)
"""In the proportion in which they are drawn."""


def _filled(connection: sqlite3.Connection, tables: Any) -> list[Any]:
    return [table for table in tables if _count(connection, table)]


def _count(connection: sqlite3.Connection, table: Any) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])


def _row(
    connection: sqlite3.Connection, table: Any, rng: random.Random
) -> tuple[str, tuple[Any, ...]]:
    keys = [column.name for column in table.primary_key.columns]
    skip = rng.randrange(_count(connection, table))
    names = ", ".join(f'"{key}"' for key in keys)
    found = connection.execute(f"SELECT {names} FROM {table.name} LIMIT 1 OFFSET {skip}").fetchone()
    return "WHERE " + " AND ".join(f'"{key}" = ?' for key in keys), found


def _another(value: Any, kind: str, rng: random.Random) -> Any:
    if value is None:
        return "x" if "TEXT" in kind else 0
    if isinstance(value, str):
        return rng.choice([value + " ", value[:-1], value.upper(), value.lower(), "", value + "\0"])
    if isinstance(value, float):
        return rng.choice([value + 2**-52, -value, value * 100, None, float("inf")])
    return rng.choice([value + 1, -value, 0, None])


assert SCHEMA == 1, "an edit of a store of layout 1 is all that this module knows"
assert set(metadata.tables) == {table.name for table in (*ROWS, log)}
