"""Rows as they are now: those that no other row replaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, and_, exists, select

_TOGETHER = 5_000
"""Values asked for in one query; databases refuse more than some ten thousands."""


def current(table: Table) -> Select[Any]:
    """Newest versions."""
    return select(table).where(is_current(table))


def is_current(table: Table, *, until: int | None = None) -> Any:  # noqa: ANN401  (SQLAlchemy's)
    """Condition that a row of a versioned table is the newest of its thing.

    Parameters
    ----------
    table : Table
        With versions.
    until : int or None, optional
        Entry of the log up to which rows count; None for all.
    """
    newer = table.alias()
    replaced = exists().where(newer.c.replaces == table.c.id)
    if until is None:
        return ~replaced
    return and_(table.c.entry <= until, ~replaced.where(newer.c.entry <= until))


def by_entry(query: Select[Any], table: Table, until: int | None) -> Select[Any]:
    """Rows that were there once an entry of the log was written; None for all."""
    return query if until is None else query.where(table.c.entry <= until)


def among(
    connection: Connection, query: Select[Any], column: Column[Any], values: Sequence[object]
) -> Iterator[Row[Any]]:
    """Rows of a query in which a column has one of many values."""
    for start in range(0, len(values), _TOGETHER):
        yield from connection.execute(query.where(column.in_(values[start : start + _TOGETHER])))
