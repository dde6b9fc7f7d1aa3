"""Is a store what its log says: every entry, every row, every part of every result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from struct import error as struct_error
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import DBAPIError

from cytomon.store.anchor import Anchor, store_id
from cytomon.store.chain import Digest, hash_content, hash_entry
from cytomon.store.session import Store
from cytomon.store.soundness import check_database, check_layout
from cytomon.store.tables import LOGGED, PARTS, log, results

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One place where a store is not what its log says.

    Attributes
    ----------
    code : str
        Stable, in capitals; `docs/reference/store.md` lists them.
    where : str
        Entry, table or result.
    what : str
        What is wrong there.
    """

    code: str
    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was looked at, and what was found.

    Attributes
    ----------
    entries, rows : int
        Entries of the log, and rows of all tables.
    problems : tuple of Problem
        Empty where all is well.
    """

    entries: int
    rows: int
    problems: tuple[Problem, ...]


def verify(store: Store, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Check a store against its log, and its log against anchors.

    Parameters
    ----------
    store : Store
        The store.
    anchors : sequence of Anchor, optional
        Taken of it before. Without one, an end that was cut off and a history that was computed
        anew cannot be noticed.

    Returns
    -------
    Verdict
    """
    with store.reading() as connection:
        return verify_seen(connection, anchors)


def verify_seen(connection: Connection, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Check what a connection sees, also what it has written itself; see `verify`."""
    with _any_text(connection):
        return _Walk(connection).verdict(anchors)


@contextmanager
def _any_text(connection: Connection) -> Iterator[None]:
    """Read text whatever its bytes: what is no UTF-8 shows in its hash."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    before = driver.text_factory
    driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before


def _guarded(where: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """Problems of one place; that it cannot be read at all is one of them."""
    try:
        yield from problems
    except (DBAPIError, TypeError, ValueError, struct_error) as error:
        what = f"it cannot be read ({type(error).__name__})"
        yield Problem(code="DAMAGED", where=where, what=what)


class _Walk:
    """One pass over a store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = 0
        self._claims: dict[tuple[int, str], tuple[int, str]] = {}
        self._hashes: dict[int, str] = {}

    def verdict(self, anchors: Sequence[Anchor]) -> Verdict:
        problems = [
            *_guarded("database", self._database()),
            *_guarded("log", self._entries()),
            *_guarded("log", self._anchors(anchors)),
        ]
        for table in LOGGED:
            problems += _guarded(table.name, self._logged(table))
        problems += [
            Problem(code="ROWS_MISSING", where=f"entry {seq}, {name}", what=f"{_rows(rows)} gone")
            for (seq, name), (rows, _) in sorted(self._claims.items())
        ]
        problems += _guarded("results", self._parts())
        return Verdict(entries=len(self._hashes), rows=self._rows, problems=tuple(problems))

    def _database(self) -> Iterator[Problem]:
        for what in check_database(self._connection):
            yield Problem(code="DAMAGED", where="database", what=what)
        for where, what in check_layout(self._connection):
            yield Problem(code="LAYOUT_CHANGED", where=where, what=what)

    def _entries(self) -> Iterator[Problem]:
        previous, expected = "", 1
        for row in self._stream(log, [log.c.seq]):
            *fields, own = row
            where = f"entry {row.seq}"
            if row.seq != expected:
                yield Problem(
                    code="ENTRY_MISSING", where=where, what=f"entry {expected} should stand here"
                )
            if row.previous != previous:
                yield Problem(
                    code="CHAIN_BROKEN", where=where, what="it does not follow the one before"
                )
            if hash_entry(fields) != own:
                yield Problem(code="ENTRY_CHANGED", where=where, what="it was changed")
            self._hashes[row.seq] = own
            self._claim(row)
            previous, expected = own, row.seq + 1
        if not self._hashes:
            yield Problem(code="ENTRY_MISSING", where="entry 1", what="the log is empty")

    def _claim(self, row: Any) -> None:  # noqa: ANN401  (a row of the log)
        """What an entry says of its rows; one that was changed may say anything."""
        try:
            for name, (rows, digest) in json.loads(row.rows).items():
                self._claims[row.seq, str(name)] = int(rows), str(digest)
        except (ValueError, TypeError, AttributeError):
            return

    def _anchors(self, anchors: Sequence[Anchor]) -> Iterator[Problem]:
        mine = store_id(self._connection)
        for anchor in anchors:
            where = f"anchor at entry {anchor.seq}"
            if anchor.store != mine:
                yield Problem(
                    code="ANCHOR_ELSEWHERE", where=where, what="it was taken of another store"
                )
            elif anchor.seq not in self._hashes:
                yield Problem(
                    code="LOG_CUT", where=where, what="the log ends before it, or lacks that entry"
                )
            elif self._hashes[anchor.seq] != anchor.hash:
                yield Problem(
                    code="HISTORY_REWRITTEN", where=where, what="another entry stands there now"
                )

    def _logged(self, table: Table) -> Iterator[Problem]:
        """Rows that the entries cover one by one, entry by entry."""
        seen: set[int] = set()
        rows = self._stream(table, [table.c.id])
        for seq, of_entry in groupby(rows, key=itemgetter(1)):
            digest = Digest()
            for row in of_entry:
                digest.update([tuple(row)])
            self._rows += digest.rows
            where = f"entry {seq}, {table.name}"
            claim = self._claims.pop((seq, table.name), None)
            if claim is None:
                what = "rows out of order" if seq in seen else "rows that no entry knows"
                yield Problem(code="ROWS_UNKNOWN", where=where, what=what)
            elif claim != (digest.rows, digest.hexdigest()):
                what = f"{digest.rows} rows, not the {claim[0]} that were written"
                if claim[0] == digest.rows:
                    what = "rows are not those that were written"
                yield Problem(code="ROWS_CHANGED", where=where, what=what)
            seen.add(seq)

    def _parts(self) -> Iterator[Problem]:
        """Measurements, populations, placements and findings, result by result."""
        streams = [_Parts(self._stream(table, list(table.primary_key))) for table in PARTS]
        for row in self._stream(results, [results.c.id]):
            where = f"result {row.id}"
            groups = []
            for stream, table in zip(streams, PARTS, strict=True):
                for stray in stream.before(row.id):
                    yield _stray(table, stray)
                groups.append(stream.of(row.id))
            self._rows += sum(len(group) for group in groups)
            if hash_content(*groups) != row.content:
                yield Problem(
                    code="RESULT_CHANGED",
                    where=where,
                    what="its measurements, populations, gates or findings are not those kept",
                )
        for stream, table in zip(streams, PARTS, strict=True):
            for stray in stream.before(None):
                yield _stray(table, stray)

    def _stream(self, table: Table, order: Sequence[Any]) -> Iterator[Any]:
        """Rows in order, without holding them all."""
        rows = select(table).order_by(*order)
        yield from self._connection.execute(rows, execution_options={"yield_per": _AT_ONCE})


class _Parts:
    """Rows of one table of parts, given out result by result."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._step()

    def _step(self) -> None:
        found = next(self._groups, None)
        self._result: int | None = found[0] if found else None
        # the database may sort text in its own way; the rows of one result are few
        self._rows = sorted(tuple(row[1:]) for row in found[1]) if found else []

    def before(self, result: int | None) -> Iterator[int]:
        """Results that are not there, up to one, whose parts are."""
        while self._result is not None and (result is None or self._result < result):
            yield self._result
            self._step()

    def of(self, result: int) -> list[tuple[object, ...]]:
        """The parts of a result."""
        if self._result != result:
            return []
        rows = self._rows
        self._step()
        return rows


def _rows(number: int) -> str:
    return f"{number} row{'s have' if number > 1 else ' has'}"


def _stray(table: Table, result: int) -> Problem:
    return Problem(
        code="ROWS_UNKNOWN", where=f"result {result}, {table.name}", what="parts of no result"
    )
