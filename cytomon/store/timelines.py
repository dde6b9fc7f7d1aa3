"""Timelines of patients, many at a time: what counts of each specimen, and little else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from cytomon.model.course import Acknowledgement, State
from cytomon.model.record import ClinicalEvent, Kind
from cytomon.model.timeline import FOLLOWED, Answer, Sample, Timeline
from cytomon.store.current import by_entry, is_current
from cytomon.store.kept import LightResult, attribution, judged, state_of
from cytomon.store.sample import sample_of
from cytomon.store.specimens import moved_since
from cytomon.store.tables import (
    acknowledgements,
    events,
    infusions,
    log,
    measurements,
    patients,
    results,
    reviews,
    signatures,
    specimens,
    tubes,
)
from cytomon.store.tubes import data_set

_AT_ONCE = 10_000
"""Rows fetched together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Patients by their numbers, the last one included, as they were after an entry of the log.

    Attributes
    ----------
    first, last : int
        Numbers of patients.
    until : int or None
        The entry; None for now.
    """

    first: int
    last: int
    until: int | None = None


def spans(connection: Connection, *, size: int) -> list[Span]:
    """All patients of a store, a few hundred at a time."""
    most = connection.scalar(select(func.max(patients.c.thing))) or 0
    things = connection.scalars(
        select(patients.c.thing).where(patients.c.replaces.is_(None)).order_by(patients.c.thing)
    ).all()
    cuts = [*things[::size], most + 1]
    return [Span(first=first, last=after - 1) for first, after in pairwise(cuts)]


def read_timelines(connection: Connection, span: Span) -> Iterator[Timeline]:
    """Read the timelines of patients.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    span : Span
        Which patients.

    Yields
    ------
    Timeline
        By the number of the patient.
    """
    reading = _Reading(connection, span)
    samples = reading.samples()
    happened = reading.events()
    given = reading.acknowledgements()
    infused = {row.patient: row for row in reading.of_patients(infusions)}
    for row in sorted(reading.patients, key=attrgetter("thing")):
        infusion = infused.get(row.thing)
        yield Timeline(
            patient_id=row.patient_id,
            genotype=row.genotype,
            product=infusion.product if infusion else "",
            sex=row.sex,
            birth_year=row.birth_year,
            day0=date.fromisoformat(infusion.infused_on) if infusion else None,
            samples=tuple(sorted(samples[row.thing], key=_place_of_sample)),
            events=tuple(sorted(happened[row.thing], key=_place_of_event)),
            acknowledgements=tuple(given[row.thing]),
        )


def _place_of_sample(one: Sample) -> tuple[object, ...]:
    return one.on, one.specimen_type, one.specimen_id


def _place_of_event(one: ClinicalEvent) -> tuple[object, ...]:
    return one.on, one.event, one.value, one.unit, one.comment


class _Reading:
    """What one span of patients needs, each kind of rows by one query."""

    def __init__(self, connection: Connection, span: Span) -> None:
        self._connection = connection
        self._span = span
        self._until = span.until

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(query).all()

    def _tuples(self, query: Select[Any]) -> Iterable[tuple[Any, ...]]:
        """Rows as the driver gives them: of those that are many, names cost half of the time."""
        cursor: Any = self._connection.execute(query).cursor
        try:
            while some := cursor.fetchmany(_AT_ONCE):
                yield from some
        finally:
            cursor.close()

    def of_patients(self, table: Any, *, column: str = "patient") -> Sequence[Row[Any]]:  # noqa: ANN401
        """Current rows of a versioned table, of these patients."""
        among = table.c[column].between(self._span.first, self._span.last)
        return self._rows(select(table).where(among, is_current(table, until=self._until)))

    def events(self) -> dict[int, list[ClinicalEvent]]:
        """Events of each patient."""
        ids = self.patient_ids()
        columns = (
            events.c.patient, events.c.date, events.c.event, events.c.value, events.c.unit,
            events.c.comment,
        )  # fmt: skip
        query = select(*columns).where(
            events.c.patient.between(self._span.first, self._span.last),
            events.c.withdrawn == 0,
            is_current(events, until=self._until),
        )
        found: dict[int, list[ClinicalEvent]] = defaultdict(list)
        for patient, on, event, value, unit, comment in self._tuples(query):
            found[patient].append(
                ClinicalEvent(
                    patient_id=ids[patient],
                    on=date.fromisoformat(on),
                    event=event,
                    value=value,
                    unit=unit,
                    comment=comment,
                )
            )
        return found

    def acknowledgements(self) -> dict[int, list[Acknowledgement]]:
        query = (
            select(acknowledgements, log.c.at, log.c.who, log.c.why)
            .join(log, log.c.seq == acknowledgements.c.entry)
            .where(acknowledgements.c.patient.between(self._span.first, self._span.last))
            .order_by(acknowledgements.c.id)
        )
        found: dict[int, list[Acknowledgement]] = defaultdict(list)
        for row in self._rows(by_entry(query, acknowledgements, self._until)):
            found[row.patient].append(
                Acknowledgement(
                    rule=row.rule, flagged_on=row.flagged_on, at=row.at, by=row.who, why=row.why
                )
            )
        return found

    def samples(self) -> dict[int, list[Sample]]:
        """Specimens of each patient, with what counts of them."""
        rows = {row.thing: row for row in self.of_patients(specimens)}
        kept, shared = self._results(rows)
        found: dict[int, list[Sample]] = defaultdict(list)
        for thing, row in rows.items():
            if row.collected_on:  # no list lets one in without
                found[row.patient].append(sample_of(row, kept[thing], duplicate=thing in shared))
        return found

    def _results(self, rows: dict[int, Row[Any]]) -> tuple[dict[int, list[LightResult]], set[int]]:
        """Results by specimen, and specimens with a tube whose bytes another one has too."""
        held = self._held()
        judge = _Judge(self, rows)
        since = moved_since(
            self._connection,
            [thing for thing, row in rows.items() if row.replaces],
            until=self._until,
        )
        kept: dict[int, list[LightResult]] = defaultdict(list)
        numbered: dict[int, LightResult] = {}
        shared = set()
        for row in held:
            if row.shared and self._is_shared(row):
                shared.add(row.specimen)
            if row.id in judge.rejected:
                continue
            moved = max(since.get(row.specimen, 0), row.came if row.replaces else 0)
            one = LightResult(
                number=row.id,
                tube=row.tube,
                kind=Kind(row.kind),
                state=judge.state(row),
                template=row.template,
                content=row.content,
                moved=row.entry < moved,
            )
            numbered[row.id] = one
            kept[row.specimen].append(one)
        self._measure(numbered)
        return kept, shared

    def _measure(self, numbered: dict[int, LightResult]) -> None:
        parts = measurements.c
        columns = (
            parts.result, parts.quantity, parts.numerator, parts.denominator, parts.value,
            parts.ci_low, parts.ci_high, parts.lod, parts.status, parts.qualifiers,
        )  # fmt: skip
        # "+": all of a result lie side by side, and are quicker read through than looked up singly
        wanted = (parts.quantity + "").in_(FOLLOWED)
        query = self._of_results(select(*columns), measurements).where(wanted)
        beside = {one.number: (one.template, one.state.value) for one in numbered.values()}
        for row in self._tuples(query):
            if row[0] in beside:
                numbered[row[0]].measurements[row[1]] = Answer._make(row[1:] + beside[row[0]])

    def _held(self) -> Sequence[Row[Any]]:
        """Results of these patients with their tubes."""
        other = tubes.alias()
        shared = exists().where(
            other.c.sha256 == tubes.c.sha256,
            tubes.c.sha256 != "",
            other.c.thing != tubes.c.thing,
        )
        query = select(
            results.c.id, results.c.entry, results.c.tube, results.c.template, results.c.content,
            tubes.c.specimen, tubes.c.kind, tubes.c.file, tubes.c.sha256, tubes.c.replaces,
            tubes.c.entry.label("came"), shared.label("shared"),
        )  # fmt: skip
        return sorted(self._rows(self._of_tubes(query.select_from(results))))

    def _of_results(self, query: Select[Any], table: Any) -> Select[Any]:  # noqa: ANN401
        """Rows about results of these patients."""
        return self._of_tubes(
            query.select_from(table).join(results, results.c.id == table.c.result)
        )

    def _of_tubes(self, query: Select[Any]) -> Select[Any]:
        """Results of tubes that are now in specimens of these patients."""
        whole = (
            query.join(tubes, tubes.c.thing == results.c.tube)
            .join(specimens, specimens.c.thing == tubes.c.specimen)
            .where(
                specimens.c.patient.between(self._span.first, self._span.last),
                is_current(specimens, until=self._until),
                is_current(tubes, until=self._until),
                tubes.c.withdrawn == 0,
            )
        )
        return by_entry(whole, results, self._until)

    def judgements(self) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
        """Reviews and signatures of results of these patients, oldest first."""
        if not self._any(reviews) and not self._any(signatures):
            return (), ()
        said = self._of_results(select(reviews), reviews)
        signed = self._of_results(select(signatures, log.c.who), signatures).join(
            log, log.c.seq == signatures.c.entry
        )
        return (
            sorted(self._rows(by_entry(said, reviews, self._until))),
            sorted(self._rows(by_entry(signed, signatures, self._until))),
        )

    def _any(self, table: Any) -> bool:  # noqa: ANN401
        return self._connection.scalar(select(table.c.id).limit(1)) is not None

    @cached_property
    def patients(self) -> Sequence[Row[Any]]:
        """Current rows of the patients."""
        return self.of_patients(patients, column="thing")

    def patient_ids(self) -> dict[int, str]:
        """Pseudonyms by number."""
        return {row.thing: row.patient_id for row in self.patients}

    def _is_shared(self, row: Row[Any]) -> bool:
        """Whether another specimen has the same data set of the same bytes now."""
        query = select(tubes).where(
            tubes.c.sha256 == row.sha256,
            tubes.c.specimen != row.specimen,
            tubes.c.withdrawn == 0,
            is_current(tubes, until=self._until),
        )
        return any(data_set(o.file) == data_set(row.file) for o in self._rows(query))


class _Judge:
    """How far each result has come."""

    def __init__(self, reading: _Reading, rows: dict[int, Row[Any]]) -> None:
        said, signed = reading.judgements()
        self.rejected, self._approved = judged(said)
        self._rows = rows
        self._signed: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in signed:
            self._signed[row.result].append(row)
        self._ids = reading.patient_ids() if signed else {}

    def state(self, row: Row[Any]) -> State:
        reviewed = row.id in self._approved
        mine = self._signed.get(row.id)
        if mine is None:
            return State.REVIEWED if reviewed else State.AUTOMATIC
        specimen = self._rows[row.specimen]
        bound = attribution(self._ids[specimen.patient], specimen, row.content)
        return state_of(mine, bound, reviewed=reviewed)
