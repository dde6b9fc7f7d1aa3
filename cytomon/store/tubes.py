"""Tubes: known by their bytes, or by their name without them; each in one specimen at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from cytomon.model.record import Kind, NewResult, Source, Taken, refused
from cytomon.store.change import Change
from cytomon.store.current import among
from cytomon.store.specimens import Place
from cytomon.store.tables import tubes

Key = tuple[int | None, str, str, str]
"""Specimen, kind, and hash with data set; the name where there is no hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The tube of a result.

    Attributes
    ----------
    tube : int
        Its number; 0 where the result is refused.
    was_there : bool
        Whether the store had it before this change.
    since : int
        Entry that gave it, or its specimen, this place; 0 where it was always there.
    refusal : Taken or None
        Why the result cannot be kept.
    """

    tube: int = 0
    was_there: bool = True
    since: int = 0
    refusal: Taken | None = None


def save_tubes(change: Change, given: Sequence[tuple[NewResult, Place | None]]) -> list[Home]:
    """Keep tubes, each at the place of its specimen; returns the home of each result."""
    known = _Known(change, given)
    keys = [_key(result, place) for result, place in given]
    homes = [
        known.home(result, place, key) for (result, place), key in zip(given, keys, strict=True)
    ]
    new: dict[Key, NewResult] = {}
    for (result, _), key, home in zip(given, keys, homes, strict=True):
        if home is None:
            new.setdefault(key, result)
    made = [(key[0], key[1], result.file, result.sha256, 0) for key, result in new.items()]
    fresh = dict(zip(new, change.add_things(tubes, made), strict=True))
    return [
        home or Home(tube=fresh[key], was_there=False)
        for key, home in zip(keys, homes, strict=True)
    ]


def _key(result: NewResult, place: Place | None) -> Key:
    at = place.thing if place else None
    return _key_of(at, result.kind.value, result.file, result.sha256)


def _key_of(specimen: int | None, kind: str, file: str, sha256: str) -> Key:
    if not sha256:
        return (specimen, kind, "", file)
    return (specimen, kind, sha256, data_set(file))


def data_set(file: str) -> str:
    """Number of one of several data sets of a file; empty for the only one."""
    _, mark, number = file.rpartition("#")
    return number if mark and number.isdigit() else ""


class _Known:
    """Versions of the tubes that results may mean."""

    def __init__(self, change: Change, given: Sequence[tuple[NewResult, Place | None]]) -> None:
        self._change = change
        at = sorted({place.thing for _, place in given if place and place.was_there})
        bytes_ = sorted({r.sha256 for r, _ in given if r.sha256}) if self._any_tube() else []
        rows = {
            row.id: row
            for column, values in ((tubes.c.specimen, at), (tubes.c.sha256, bytes_))
            for row in among(change.connection, select(tubes), column, values)
        }
        rows |= self._later_versions(rows)
        replaced = {row.replaces for row in rows.values()}
        self._now: dict[Key, Row[Any]] = {}
        self._once: set[Key] = set()
        self._withdrawn: dict[Key, Row[Any]] = {}
        self._by_bytes: dict[tuple[str, str], Row[Any]] = {}
        self._claimed: dict[tuple[str, str], tuple[Key, str]] = {}
        for row in sorted(rows.values()):
            key = _key_of(row.specimen, row.kind, row.file, row.sha256)
            if row.id in replaced:
                self._once.add(key)
                continue
            if row.withdrawn:
                self._once.add(key)
                self._withdrawn[key] = row
            else:
                self._now[key] = row
            if row.sha256:
                self._by_bytes[key[2:]] = row

    def home(self, result: NewResult, place: Place | None, key: Key) -> Home | None:
        """Where a result belongs, or why nowhere; None where its tube is new."""
        if place is not None and place.corrected:
            return Home(refusal=_moved())
        if key in self._now:
            row = self._now[key]
            moved = row.entry if row.replaces else 0
            return Home(tube=row.thing, since=max(moved, place.since if place else 0))
        if key in self._once:
            return self._from_before(result, place, key)
        if not result.sha256:
            return None
        there = self._by_bytes.get(key[2:])
        claimed, file = self._claimed.setdefault(key[2:], (key, result.file))
        if claimed != key:
            return self._copy(result, file)
        return None if there is None else self._from_elsewhere(result, place, there)

    def _from_before(self, result: NewResult, place: Place | None, key: Key) -> Home:
        """A tube that was here, and was moved or withdrawn."""
        if result.kind is Kind.POOLED and key in self._withdrawn:
            # it went with a tube that left; put together anew it stands again
            row = self._withdrawn.pop(key)
            cells = (row.specimen, row.kind, row.file, row.sha256, 0)
            self._change.add_version(tubes, thing=row.thing, replaces=row.id, row=cells)
            self._once.discard(key)
            self._now[key] = row
            return Home(tube=row.thing, since=self._change.seq)
        return Home(refusal=_known_better() if place is None else _moved())

    def _copy(self, result: NewResult, file: str) -> Home | None:
        """The same bytes in another specimen: under another name they may be a copy."""
        copied = result.source is Source.IMPORT and result.file != file
        return None if copied else Home(refusal=_elsewhere())

    def _from_elsewhere(
        self, result: NewResult, place: Place | None, there: Row[Any]
    ) -> Home | None:
        """A tube that the store has in another specimen, or in none."""
        if place is None:
            return Home(refusal=_known_better())
        if there.withdrawn:
            return Home(refusal=_moved())
        if there.specimen is None:
            row = (place.thing, there.kind, there.file, there.sha256, 0)
            self._change.add_version(tubes, thing=there.thing, replaces=there.id, row=row)
            self._now[_key(result, place)] = there
            return Home(tube=there.thing)
        return self._copy(result, there.file)

    def _any_tube(self) -> bool:
        return self._change.connection.scalar(select(tubes.c.id).limit(1)) is not None

    def _later_versions(self, rows: dict[int, Row[Any]]) -> dict[int, Row[Any]]:
        things = sorted({row.thing for row in rows.values()})
        versions = among(self._change.connection, select(tubes), tubes.c.thing, things)
        return {row.id: row for row in versions}


def _moved() -> Taken:
    return refused(
        "the store has corrected where this tube belongs, and the list still names the old place",
        "correct the list; see `cytomon audit log` for who moved it and why",
    )


def _elsewhere() -> Taken:
    return refused(
        "the store has this tube under another patient or specimen",
        "correct the list, or move the tube: `cytomon correct tube`",
    )


def _known_better() -> Taken:
    return refused(
        "the store knows whose tube this is, and this run does not",
        "give the worklist (--worklist), and run again",
    )
