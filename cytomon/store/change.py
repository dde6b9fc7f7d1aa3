"""One change of a store: its rows and the entry of the log that covers them, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, Table, func, select

from cytomon.model.people import Act, Role
from cytomon.store.bulk import insert_rows
from cytomon.store.chain import Digest, hash_entry, spell
from cytomon.store.people import require, role_of
from cytomon.store.session import Store
from cytomon.store.tables import SCHEMA, log, people

Values = Sequence[object]


class Change:
    """What is being written; see `changing`.

    Attributes
    ----------
    connection : Connection
        Sees what was written so far.
    who : str
        Name of the person.
    role : Role
        Their role.
    seq : int
        Number of the entry in the log.
    action : str
        What was done, where that is not what was asked for.
    """

    def __init__(self, connection: Connection, who: str, role: Role) -> None:
        self.connection, self.who, self.role = connection, who, role
        last = connection.execute(
            select(log.c.seq, log.c.hash).order_by(log.c.seq.desc()).limit(1)
        ).one_or_none()
        self.seq: int = last.seq + 1 if last else 1
        self._previous: str = last.hash if last else ""
        self._next: dict[str, int] = {}
        self._digests: dict[str, Digest] = {}
        self._said = {"subject": "", "before": "", "after": "", "why": ""}
        self._differences: tuple[dict[str, object], dict[str, object]] = ({}, {})
        self.action = ""

    def add(self, table: Table, rows: Sequence[Values]) -> range:
        """Add rows of a table without versions.

        Parameters
        ----------
        table : Table
            One of `cytomon.store.tables.LOGGED`.
        rows : sequence of sequence
            Values of the columns after ``id`` and ``entry``.

        Returns
        -------
        range
            The numbers that the rows got.
        """
        numbers = self._numbers(table, len(rows))
        self._write(table, [(n, self.seq, *row) for n, row in zip(numbers, rows, strict=True)])
        return numbers

    def add_things(self, table: Table, rows: Sequence[Values]) -> range:
        """Add first versions; the rows hold what follows ``replaces``."""
        numbers = self._numbers(table, len(rows))
        self._write(
            table, [(n, self.seq, n, None, *row) for n, row in zip(numbers, rows, strict=True)]
        )
        return numbers

    def add_version(self, table: Table, *, thing: int, replaces: int, row: Values) -> int:
        """Add a version in place of another."""
        (number,) = self._numbers(table, 1)
        self._write(table, [(number, self.seq, thing, replaces, *row)])
        return number

    def add_parts(self, table: Table, rows: Sequence[Values]) -> None:
        """Add parts of results, in order; the content of the result covers them."""
        insert_rows(self.connection, table, rows)

    def say(self, *, subject: str, why: str = "", before: object = "", after: object = "") -> None:
        """What the entry says of the change; values that are no text are written as JSON."""
        for name, value in (("before", before), ("after", after)):
            self._said[name] = value if isinstance(value, str) else _readable(value)
        self._said |= {"subject": subject, "why": why}

    def differs(self, what: str, before: object, after: object) -> None:
        """Something that a list changed: what was there, and what is there now."""
        self._differences[0][what] = before
        self._differences[1][what] = after

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added."""
        return not self._digests

    def enter(self, action: str) -> str:
        """Write the entry of the log; returns its hash."""
        before, after = self._differences
        if before:
            self._said["before"] = _readable(before)
            self._said["after"] = _readable({"counts": self._said["after"], **after})
        rows = {name: [digest.rows, digest.hexdigest()] for name, digest in self._digests.items()}
        fields = (
            self.seq, SCHEMA, datetime.now(UTC).isoformat(timespec="milliseconds"), self.who,
            self.role.value, action, *self._said.values(),
            spell(dict(sorted(rows.items()))), self._previous,
        )  # fmt: skip
        entry = hash_entry(fields)
        insert_rows(self.connection, log, [(*fields, entry)])
        return entry

    def _numbers(self, table: Table, wanted: int) -> range:
        # writers take turns, so the next number is nobody else's; it is the same on both databases
        first = self._next.get(table.name)
        if first is None:
            first = (self.connection.scalar(select(func.max(table.c.id))) or 0) + 1
        self._next[table.name] = first + wanted
        return range(first, first + wanted)

    def _write(self, table: Table, rows: Sequence[Values]) -> None:
        if not rows:
            return
        insert_rows(self.connection, table, rows)
        self._digests.setdefault(table.name, Digest()).update(rows)


@contextmanager
def changing(store: Store, who: str, action: str, *, act: Act) -> Iterator[Change]:
    """Write into a store, all or nothing, with one entry in its log; without rows, no entry.

    Parameters
    ----------
    store : Store
        The store; other writers wait.
    who : str
        Name of the person who acts.
    action : str
        One word for the log.
    act : Act
        What the person must be allowed to do.

    Yields
    ------
    Change
        To add rows to, and to tell what they are.

    Raises
    ------
    InputError
        If the person's role does not allow it.
    """
    with store.writing() as connection:
        role = role_of(connection, who)
        require(role, act, who)
        change = Change(connection, who, role)
        yield change
        if not change.is_empty:
            change.enter(change.action or action)


def new_store(change: Change) -> None:
    """Say in the first entry which store this is; who made it gives the others their roles."""
    change.add(people, [(change.who, Role.ADMIN.value)])
    change.say(subject="store", after={"store": uuid4().hex, "layout": SCHEMA})
    change.enter("create")


def _readable(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
