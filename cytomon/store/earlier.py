"""Results of some patients, many at once: what counts of a tube, and what counted before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Row, Select, select

from cytomon.model.course import VERDICTS, State, side
from cytomon.model.people import Review
from cytomon.model.record import Kind
from cytomon.model.timeline import Answer
from cytomon.store.current import among, is_current
from cytomon.store.kept import LightResult, attribution, judged, standing, state_of
from cytomon.store.specimens import moved_since
from cytomon.store.tables import (
    log,
    measurements,
    patients,
    results,
    reviews,
    signatures,
    specimens,
    tubes,
)

Key = tuple[str, str]
"""What answers are compared with each other: material, or empty for any, and quantity."""

READ = (*VERDICTS, "by_eye", "mrd_b_only")
"""Quantities that are read of each result."""
_OF_ANY_TYPE = ("cd19_blasts", "cd22_blasts")
"""Blasts are the same leukaemia wherever they are; the others are compared within one material."""
_KINDS = {kind.value: kind for kind in Kind}
_NONE = (None, None)
_TOGETHER = 5_000
"""Values asked for in one query."""


class Earlier(NamedTuple):
    """What counted before: the day of the specimen, and the answer."""

    on: date
    answer: Answer


class Held:
    """All results of some patients, with how far each has come.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    whose : sequence of int
        Numbers of the patients.

    Attributes
    ----------
    patients : dict of int to str
        Number to pseudonym.
    specimens : dict of int to Row
        Number to the current row.
    results : dict of int to LightResult
        Number to the result; those that a reviewer has rejected are left out.
    """

    def __init__(self, connection: Connection, whose: Sequence[int]) -> None:
        named = select(patients.c.thing, patients.c.patient_id).where(is_current(patients))
        rows = among(connection, named, patients.c.thing, whose)
        self.patients: dict[int, str] = {row.thing: row.patient_id for row in rows}
        theirs = select(specimens).where(is_current(specimens))
        found = among(connection, theirs, specimens.c.patient, whose)
        self.specimens: dict[int, Row[Any]] = {row.thing: row for row in found}
        self.results: dict[int, LightResult] = {}
        self._of: dict[int, list[LightResult]] = defaultdict(list)
        self._seen: set[int] = set()
        self._read_results(connection)
        self._measure(connection)

    def _read_results(self, connection: Connection) -> None:
        held = _results_of(connection, list(self.specimens))
        judge = _Judge(connection, [row[0] for row in held])
        moved = [thing for thing, row in self.specimens.items() if row.replaces]
        since = moved_since(connection, moved)
        for number, entry, tube, template, content, specimen, kind, replaces, came in held:
            if number in judge.rejected:
                continue
            whose = self.specimens[specimen]
            state = judge.state(number, content, whose, self.patients[whose.patient])
            one = LightResult(
                number=number,
                tube=tube,
                kind=_KINDS[kind],
                state=state,
                template=template,
                content=content,
                moved=entry < max(since.get(specimen, 0), came if replaces else 0),
            )
            if state is not State.AUTOMATIC:
                self._seen.add(tube)
            self.results[number] = one
            self._of[specimen].append(one)

    def _measure(self, connection: Connection) -> None:
        parts = measurements.c
        columns = (
            parts.result, parts.quantity, parts.numerator, parts.denominator, parts.value,
            parts.ci_low, parts.ci_high, parts.lod, parts.status, parts.qualifiers,
        )  # fmt: skip
        # "+": all of a result lie side by side, and are quicker read through than looked up singly
        query = select(*columns).where((parts.quantity + "").in_(READ))
        beside = {number: (one.template, one.state.value) for number, one in self.results.items()}
        for row in _tuples(connection, query, parts.result, list(self.results)):
            answer = Answer._make(row[1:] + beside[row[0]])
            self.results[row[0]].measurements[row[1]] = answer

    def state(self, number: int) -> State:
        """How far a result has come."""
        return self.results[number].state

    def judged(self, specimen: int, tube: int) -> Mapping[str, Answer]:
        """What was reviewed or signed of a tube, and counts."""
        if tube not in self._seen:
            return {}
        counting = standing(one for one in self._of[specimen] if one.tube == tube)
        return {
            quantity: counting[quantity][1]
            for quantity in VERDICTS
            if quantity in counting and counting[quantity][0].state is not State.AUTOMATIC
        }

    def pooled(self, specimen: int) -> Answer | None:
        """The MRD of all tubes of a specimen together."""
        kept = self._of[specimen]
        if len(kept) == 1:  # most are so
            return None
        _, answer = standing(one for one in kept if one.kind is Kind.POOLED).get("mrd", _NONE)
        return answer

    def before(self, wanted: Iterable[int]) -> Mapping[int, Mapping[str, Earlier]]:
        """Of specimens, what counted of the same patient on an earlier day."""
        of_patient: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in self.specimens.values():
            of_patient[row.patient].append(row)
        asked = set(wanted)
        found: dict[int, Mapping[str, Earlier]] = {}
        for rows in of_patient.values():
            last: dict[Key, Earlier] = {}
            # of one day the marrow speaks last, whichever was entered first
            rows.sort(key=attrgetter("collected_on", "specimen_type", "specimen_id"))
            for _, day in groupby(rows, key=attrgetter("collected_on")):
                taken = list(day)
                for row in taken:
                    if row.thing in asked:
                        kinds = zip(VERDICTS, _kinds(row.specimen_type), strict=True)
                        found[row.thing] = {
                            quantity: last[kind] for quantity, kind in kinds if kind in last
                        }
                for row in taken:
                    last.update(self._answered(row))
        return found

    def _answered(self, row: Row[Any]) -> Iterator[tuple[Key, Earlier]]:
        """What a specimen says that counts, where it lies on a side."""
        on, kept = day_of(row), self._of[row.thing]
        if on is None or not kept:
            return
        if len(kept) == 1:
            answers: Mapping[str, Answer] = kept[0].measurements
        else:
            answers = {quantity: answer for quantity, (_, answer) in standing(kept).items()}
        for quantity, kind in zip(VERDICTS, _kinds(row.specimen_type), strict=True):
            answer = answers.get(quantity)
            if answer is not None and _is_answered(quantity, answer.status):
                yield kind, Earlier(on, answer)


@cache
def _kinds(specimen_type: str) -> tuple[Key, ...]:
    """Of each verdict, what answers are compared with each other."""
    return tuple((("" if one in _OF_ANY_TYPE else specimen_type), one) for one in VERDICTS)


@cache
def _is_answered(quantity: str, status: str) -> bool:
    return side(quantity, status) != "no answer"


def _tuples(
    connection: Connection, query: Select[Any], column: Column[Any], values: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """As `among`, as the driver gives rows: of those that are many, names cost half of the time."""
    for start in range(0, len(values), _TOGETHER):
        some = query.where(column.in_(values[start : start + _TOGETHER]))
        cursor: Any = connection.execute(some).cursor
        try:
            yield from cursor.fetchall()
        finally:
            cursor.close()


def _results_of(connection: Connection, of: Sequence[int]) -> Sequence[tuple[Any, ...]]:
    query = (
        select(
            results.c.id, results.c.entry, results.c.tube, results.c.template, results.c.content,
            tubes.c.specimen, tubes.c.kind, tubes.c.replaces, tubes.c.entry.label("came"),
        )
        .join(tubes, tubes.c.thing == results.c.tube)
        .where(tubes.c.withdrawn == 0, is_current(tubes))
    )  # fmt: skip
    return sorted(_tuples(connection, query, tubes.c.specimen, of))


class _Judge:
    """Reviews and signatures of results."""

    def __init__(self, connection: Connection, numbers: Sequence[int]) -> None:
        said = select(reviews).where(reviews.c.verdict != Review.EDITED.value)
        given = sorted(among(connection, said, reviews.c.result, numbers))
        self.rejected, self._approved = judged(given)
        signed = select(signatures, log.c.who).join(log, log.c.seq == signatures.c.entry)
        self._signed: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in sorted(among(connection, signed, signatures.c.result, numbers)):
            self._signed[row.result].append(row)

    def state(self, number: int, content: str, specimen: Row[Any], patient_id: str) -> State:
        reviewed = number in self._approved
        mine = self._signed.get(number)
        if mine is None:
            return State.REVIEWED if reviewed else State.AUTOMATIC
        bound = attribution(patient_id, specimen, content)
        return state_of(mine, bound, reviewed=reviewed)


def day_of(specimen: Row[Any]) -> date | None:
    """Day of collection; None where no list says it."""
    written: str = specimen.collected_on
    return date.fromisoformat(written) if written else None
