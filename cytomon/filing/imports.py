"""`cytomon import`: lists of patients, events and measurements become part of the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cytomon.errors import InputError
from cytomon.filing.ahead import read_ahead
from cytomon.filing.listed import (
    SaveList,
    refused_rows,
    save_event_list,
    save_patient_list,
    say_list,
)
from cytomon.filing.measured_list import Piece, read_pieces
from cytomon.lists import Refusal
from cytomon.model.people import Act
from cytomon.model.record import How, Taken
from cytomon.store.change import changing
from cytomon.store.results import Seen, save_results
from cytomon.store.session import Store

_AT_ONCE = 5_000
"""Tubes in one transaction."""

Report = Callable[[str, int], None]
"""Told of a list and how many of its rows are safe by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLists:
    """Lists to import; any may be None."""

    patients: Path | None = None
    events: Path | None = None
    measurements: Path | None = None


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of the rows of lists.

    Attributes
    ----------
    taken : Counter of (str, How)
        List and how, to the number of rows; for measurements, of tubes.
    refused : list of Refusal
        Rows that were not taken, in the order of the lists.
    """

    taken: Counter[tuple[str, How]] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """How many are in the store now, those that were there before among them."""
        return sum(count for (_, how), count in self.taken.items() if how is not How.REFUSED)

    def of(self, name: str, how: How) -> int:
        """How many of a list were taken so."""
        return self.taken[name, how]


def import_lists(
    store: Store, who: str, lists: ImportLists, *, report: Report | None = None
) -> Imported:
    """Import lists: patients first, then measurements, then events.

    Parameters
    ----------
    store : Store
        The store.
    who : str
        Name of the person who acts.
    lists : ImportLists
        The lists.
    report : callable, optional
        Told after each piece that was written.

    Returns
    -------
    Imported
        What is new, the same, changed, refused. The same list again changes nothing.

    Raises
    ------
    InputError
        If a list cannot be read at all, or the store cannot be written to.
    """
    imported = Imported()
    seen = Seen()
    if lists.patients:
        _import_rows(save_patient_list, store, who, lists.patients, imported)
        _tell(report, lists.patients, imported, "patients")
    if lists.measurements:
        for piece in _together(read_ahead(read_pieces, lists.measurements)):
            _import_piece(store, who, lists.measurements, piece, imported, seen)
            _tell(report, lists.measurements, imported, "measurements")
    if lists.events:
        _import_rows(save_event_list, store, who, lists.events, imported)
        _tell(report, lists.events, imported, "events")
    return imported


def _together(pieces: Iterable[Piece], *, least: int = _AT_ONCE) -> Iterator[Piece]:
    """Larger pieces: each is a transaction, and has to reach the disk before the next begins."""
    held: list[Piece] = []
    for piece in pieces:
        held.append(piece)
        if sum(len(one.results) for one in held) >= least:
            yield _joined(held)
            held = []
    yield _joined(held)


def _joined(pieces: Sequence[Piece]) -> Piece:
    return Piece(
        results=tuple(result for piece in pieces for result in piece.results),
        lines=tuple(line for piece in pieces for line in piece.lines),
        refused=tuple(refusal for piece in pieces for refusal in piece.refused),
    )


def _tell(report: Report | None, path: Path, imported: Imported, name: str) -> None:
    if report is not None:
        safe = sum(count for (of, _), count in imported.taken.items() if of == name)
        report(path.name, safe)


def _import_rows(save: SaveList, store: Store, who: str, path: Path, imported: Imported) -> None:
    listed = save(store, who, path, action="import")
    imported.refused += listed.refused
    _count(imported, listed.name, path, listed.lines, listed.taken)


def _import_piece(
    store: Store, who: str, path: Path, piece: Piece, imported: Imported, seen: Seen
) -> None:
    imported.refused += piece.refused
    with changing(store, who, "import", act=Act.ENTER) as change:
        taken = save_results(change, piece.results, seen=seen)
        say_list(change, "measurements", path, piece.lines, taken)
    _count(imported, "measurements", path, piece.lines, taken)


def _count(
    imported: Imported, name: str, path: Path, lines: Sequence[int], taken: Sequence[Taken]
) -> None:
    imported.taken.update((name, one.how) for one in taken)
    imported.refused += refused_rows(path, lines, taken)


def refuse_nothing(lists: ImportLists) -> None:
    """Refuse an import of no list, or of one that is not there, before a store is made for it.

    Raises
    ------
    InputError
        If none is given, or one cannot be opened.
    """
    given = [path for path in (lists.patients, lists.events, lists.measurements) if path]
    if not given:
        raise InputError(
            "no list is given",
            where="cytomon import",
            fix="give at least one of --patients, --events, --measurements",
        )
    for path in given:
        if not path.is_file():
            raise InputError(
                "the list cannot be opened: there is no such file",
                where=path.name,
                fix="check the path",
            )
