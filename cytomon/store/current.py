"""Rows as they are now: those that no other row replaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, exists, select

_TOGETHER = 5_000
"""Values asked for in one query; databases refuse more than some ten thousands."""


def current(table: Table) -> Select[Any]:
    """Newest versions."""
    return select(table).where(is_current(table))


def is_current(table: Table) -> Any:  # noqa: ANN401  (a condition, whose type SQLAlchemy hides)
    """Condition that a row of a versioned table is the newest of its thing."""
    newer = table.alias()
    return ~exists().where(newer.c.replaces == table.c.id)


def among(
    connection: Connection, query: Select[Any], column: Column[Any], values: Sequence[object]
) -> Iterator[Row[Any]]:
    """Rows of a query in which a column has one of many values."""
    for start in range(0, len(values), _TOGETHER):
        yield from connection.execute(query.where(column.in_(values[start : start + _TOGETHER])))
