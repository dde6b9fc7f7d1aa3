"""Results find their tube, specimen and patient, and are kept where they say something new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import Connection, select

from cytomon.model.patient import Specimen
from cytomon.model.record import (
    CHANGED,
    NEW,
    SAME,
    MeasuredRow,
    NewResult,
    Source,
    Taken,
    refused,
)
from cytomon.store.chain import hash_content
from cytomon.store.change import Change
from cytomon.store.current import among
from cytomon.store.patients import ensure_patients
from cytomon.store.specimens import Place, save_specimens
from cytomon.store.tables import PARTS, measurements, results
from cytomon.store.tubes import Home, save_tubes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What is known of a tube: its newest result, and the newest row of each quantity."""

    newest: dict[Source, tuple[str, ...]]
    rows: dict[tuple[str, str], MeasuredRow]
    measured: dict[Source, int]

    def add(self, result: NewResult, entry: int) -> None:
        """Know of a result that is about to be kept."""
        identity = (content_of(result), result.template_sha256, result.cytomon)
        self.newest[result.source] = identity
        self.measured[result.source] = entry
        self.rows.update({(result.template, row[0]): row for row in result.measurements})


class Seen:
    """What one list has said so far: what it says again with other numbers is refused.

    A bit for each quantity of each tube and template: a list may hold millions of rows.
    """

    def __init__(self) -> None:
        self._said: dict[tuple[int, str], int] = {}
        self._bits: dict[str, int] = {}

    def has(self, tube: int, template: str, quantity: str) -> bool:
        """Whether the list has said a quantity of a tube."""
        return bool(self._said.get((tube, template), 0) & self._bit(quantity))

    def add(self, tube: int, result: NewResult) -> None:
        """Know what the list says of a tube."""
        key = (tube, result.template)
        said = self._said.get(key, 0)
        for row in result.measurements:
            said |= self._bit(row[0])
        self._said[key] = said

    def _bit(self, quantity: str) -> int:
        bit = self._bits.get(quantity)
        if bit is None:
            bit = self._bits[quantity] = 1 << len(self._bits)
        return bit


def save_results(
    change: Change, given: Sequence[NewResult], *, seen: Seen | None = None
) -> list[Taken]:
    """Keep results.

    Parameters
    ----------
    change : Change
        To write into.
    given : sequence of NewResult
        In order; a later one of a tube stands before an earlier one.
    seen : Seen, optional
        What the list that they belong to has said before.

    Returns
    -------
    list of Taken
        One for each. A result of a batch is kept whole where it differs from the newest of its
        tube; of an imported one only the rows that are new or different. It is refused where the
        store has the tube under another specimen, or has moved it away from this one.
    """
    homes = _homes(change, given)
    known = _known(change.connection, [home.tube for home in homes if home.was_there])
    often = {tube for tube, times in Counter(home.tube for home in homes).items() if times > 1}
    taken: list[Taken] = []
    new: list[tuple[int, NewResult]] = []
    for result, home in zip(given, homes, strict=True):
        if home.refusal is not None:
            taken.append(home.refusal)
            continue
        how, kept = _compare(result, home, known.get(home.tube), seen)
        taken.append(how)
        if seen is not None:
            seen.add(home.tube, result)
        if kept is None:
            continue
        new.append((home.tube, kept))
        if home.tube in often:
            empty = _Kept(newest={}, rows={}, measured={})
            known.setdefault(home.tube, empty).add(kept, change.seq)
    _write(change, new)
    return taken


def save_whose(change: Change, whose: Sequence[Specimen | None]) -> None:
    """Keep specimens of which nothing could be measured: that they were taken is known."""
    named = [specimen for specimen in whose if specimen is not None and specimen.patient_id]
    _places(change, named)


def _places(change: Change, named: Sequence[Specimen]) -> list[Place]:
    patients = ensure_patients(change, (specimen.patient_id for specimen in named))
    return save_specimens(change, [(patients[s.patient_id], s) for s in named])


def _homes(change: Change, given: Sequence[NewResult]) -> list[Home]:
    """The tube of each result, in the specimen that it names."""
    whose = [result.specimen for result in given]
    named = [specimen for specimen in whose if specimen is not None and specimen.patient_id]
    places = iter(_places(change, named))
    at = [next(places) if _is_named(specimen) else None for specimen in whose]
    return save_tubes(change, list(zip(given, at, strict=True)))


def _is_named(specimen: Specimen | None) -> bool:
    return specimen is not None and bool(specimen.patient_id)


def _known(connection: Connection, tubes: Sequence[int]) -> dict[int, _Kept]:
    if not tubes:
        return {}
    found: dict[int, _Kept] = {}
    of: dict[int, tuple[_Kept, str]] = {}
    query = select(results).order_by(results.c.id)
    for row in sorted(among(connection, query, results.c.tube, sorted(set(tubes)))):
        empty = _Kept(newest={}, rows={}, measured={})
        kept = found.setdefault(row.tube, empty)
        kept.measured[Source(row.source)] = row.entry
        kept.newest[Source(row.source)] = (row.content, row.template_sha256, row.cytomon)
        of[row.id] = kept, row.template
    for part in sorted(among(connection, select(measurements), measurements.c.result, list(of))):
        kept, template = of[part.result]
        kept.rows[template, part.quantity] = cast("MeasuredRow", tuple(part[1:]))
    return found


def _compare(
    result: NewResult, home: Home, known: _Kept | None, seen: Seen | None
) -> tuple[Taken, NewResult | None]:
    """How a result stands to what is known of its tube, and what of it is to be kept."""
    if known is None:
        return NEW, result
    if result.source is not Source.IMPORT:
        newest = known.newest.get(result.source)
        if newest is None:
            return NEW, result
        same = newest == (content_of(result), result.template_sha256, result.cytomon)
        # what a list has said since of this tube counts no longer, once it is measured again; and
        # what was measured before the tube was moved here was measured for another specimen
        counts = all(_before(known, result, row) == row for row in result.measurements)
        unmoved = known.measured[result.source] >= home.since
        return (SAME, None) if same and counts and unmoved else (CHANGED, result)
    differs = [row for row in result.measurements if _before(known, result, row) != row]
    if not differs:
        return SAME, None
    twice = [row for row in differs if seen and seen.has(home.tube, result.template, row[0])]
    if twice:
        others = [row for row in differs if row not in twice]
        names = ", ".join(row[0] for row in twice)
        return _contradiction(names), _narrowed(result, others) if others else None
    replaced = any(_before(known, result, row) is not None for row in differs)
    return CHANGED if replaced else NEW, _narrowed(result, differs)


def _contradiction(quantities: str) -> Taken:
    return refused(
        f"{quantities} stands in an earlier row of this list with other numbers",
        "leave the right row only, and run again",
    )


def _before(known: _Kept, result: NewResult, row: MeasuredRow) -> MeasuredRow | None:
    return known.rows.get((result.template, row[0]))


def _narrowed(result: NewResult, rows: Sequence[MeasuredRow]) -> NewResult:
    return replace(result, measurements=tuple(rows), content="")


def content_of(result: NewResult) -> str:
    """Hash of a result's parts."""
    return result.content or hash_content(*parts_of(result))


def parts_of(result: NewResult) -> tuple[Sequence[Sequence[Any]], ...]:
    """Rows of a result for each of `cytomon.store.tables.PARTS`, without its number."""
    return (
        sorted(result.measurements),  # by quantity, of which there is one each
        [(position, *row) for position, row in enumerate(result.populations)],
        [(result.gates,)] if result.gates else [],
        [(position, *row) for position, row in enumerate(result.findings)],
    )


def _write(change: Change, new: Sequence[tuple[int, NewResult]]) -> None:
    numbers = change.add(
        results,
        [
            (
                tube, result.source.value, int(result.external), result.template,
                result.template_version, result.template_sha256, result.engine, result.cytomon,
                result.analysis, content_of(result), result.details,
            )
            for tube, result in new
        ],
    )  # fmt: skip
    parts: list[list[Sequence[object]]] = [[] for _ in PARTS]
    for number, (_, result) in zip(numbers, new, strict=True):
        for gathered, rows in zip(parts, parts_of(result), strict=True):
            if rows:
                gathered += [(number, *row) for row in rows]
    for table, gathered in zip(PARTS, parts, strict=True):
        change.add_parts(table, gathered)
