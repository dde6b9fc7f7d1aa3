"""Results of specimens, read back with how far each has come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, select

from cytomon.model.course import RANK, KeptResult, KeptSpecimen, Signed, State, side
from cytomon.model.people import Meaning, Review
from cytomon.model.record import Kind, Source
from cytomon.model.results import MRD_QUANTITIES, Estimate, Measurement
from cytomon.model.timeline import Answer
from cytomon.store.chain import hash_text, spell
from cytomon.store.current import among, is_current
from cytomon.store.specimens import moved_since
from cytomon.store.tables import (
    log,
    measurements,
    patients,
    results,
    reviews,
    signatures,
    tubes,
)


def attribution(patient_id: str, specimen: Row[Any], content: str) -> str:
    """Hash of a result together with whose it is: what a signature is bound to (21 CFR 11.70)."""
    whose = (patient_id, specimen.specimen_id, specimen.collected_on, specimen.specimen_type)
    return hash_text(spell([*whose, content]))


def read_specimens(connection: Connection, rows: Sequence[Row[Any]]) -> list[KeptSpecimen]:
    """Specimens with all their results.

    Parameters
    ----------
    connection : Connection
        To the store.
    rows : sequence of Row
        Current rows of `cytomon.store.tables.specimens`.
    """
    by_thing = {row.thing: row for row in rows}
    ids = _patient_ids(connection, {row.patient for row in rows})
    at = select(tubes, log.c.seq.label("since")).join(log, log.c.seq == tubes.c.entry)
    held = {
        row.thing: row
        for row in among(connection, at.where(is_current(tubes)), tubes.c.specimen, list(by_thing))
        if not row.withdrawn
    }
    since = moved_since(connection, list(by_thing))
    found: dict[int, list[KeptResult]] = defaultdict(list)
    reading = _Reading(connection, list(held))
    for row in reading.results:
        tube = held[row.tube]
        specimen = by_thing[tube.specimen]
        bound = attribution(ids[specimen.patient], specimen, row.content)
        moved = row.entry < max(since[specimen.thing], tube.entry if tube.replaces else 0)
        found[specimen.thing].append(reading.kept(row, tube, bound, moved=moved))
    return [_specimen(row, found[row.thing]) for row in rows]


@dataclass(slots=True, kw_only=True)
class LightResult:
    """A result of a timeline, as light as can be: a worklist holds hundreds of thousands."""

    number: int
    tube: int
    kind: Kind
    state: State
    template: str
    content: str
    moved: bool
    measurements: dict[str, Answer] = field(default_factory=dict)


ResultType = TypeVar("ResultType", KeptResult, LightResult)


def standing(kept: Iterable[ResultType]) -> dict[str, tuple[ResultType, Any]]:
    """Of each quantity the measurement that counts, and its result (domain: 0.1, 1.1).

    Of one tube the newest that has come farthest: signed before reviewed before automatic. Of
    several tubes that which has come farthest; then all tubes together before one; then of MRD the
    higher, of anything else that with more cells. None of it depends on which tube came first.
    """
    known = sorted(kept, key=attrgetter("number"))
    of_tube: dict[tuple[int, str], ResultType] = {}
    for result in known:
        for quantity in result.measurements:
            place = (result.tube, quantity)
            before = of_tube.get(place)
            if before is None or RANK[result.state] >= RANK[before.state]:
                of_tube[place] = result
    stale = {one.number for one in known if one.kind is Kind.POOLED and _is_stale(one, of_tube)}
    best: dict[str, ResultType] = {}
    for (_, quantity), result in of_tube.items():
        before = best.get(quantity)
        if before is None or _weight(result, quantity, stale) > _weight(before, quantity, stale):
            best[quantity] = result
    return {quantity: (result, result.measurements[quantity]) for quantity, result in best.items()}


def _weight(result: ResultType, quantity: str, stale: Collection[int]) -> tuple[object, ...]:
    """What is weighed between two tubes of a specimen."""
    one = result.measurements[quantity]
    cells = one.denominator or 0
    share = (one.numerator or 0) / cells if cells else -1.0
    mrd = quantity in MRD_QUANTITIES
    return (
        RANK[result.state],
        result.kind is Kind.POOLED and result.number not in stale,
        mrd and side("mrd", one.status) == "positive",
        share if mrd else cells,
        cells,
        one.status,
        result.content,
    )


def _is_stale(pooled: ResultType, of_tube: Mapping[tuple[int, str], ResultType]) -> bool:
    """Whether the tubes say another MRD by now than what was put together.

    It is their sum, or that of one of them where they do not agree or one is not evaluable.
    """
    mine = _counts(pooled)
    tubes = [
        _counts(result)
        for (_, quantity), result in of_tube.items()
        if quantity == "mrd" and result.kind is Kind.FILE
    ]
    if mine is None or not tubes:
        return False
    known = [one for one in tubes if one is not None]
    total = (sum(one[0] for one in known), sum(one[1] for one in known))
    return mine != total and mine not in known


def _counts(result: ResultType) -> tuple[int, int] | None:
    one = result.measurements.get("mrd")
    if one is None or one.numerator is None or one.denominator is None:
        return None
    return one.numerator, one.denominator


def _specimen(row: Row[Any], kept: Sequence[KeptResult]) -> KeptSpecimen:
    return KeptSpecimen(
        number=row.thing,
        specimen_id=row.specimen_id,
        specimen_type=row.specimen_type,
        collected_on=_day(row.collected_on),
        received_on=_day(row.received_on),
        pull=row.pull,
        cd19_clone=row.cd19_clone,
        cd22_clone=row.cd22_clone,
        instrument_qc=row.instrument_qc,
        viability=row.viability,
        results=tuple(kept),
        standing=standing(kept),
    )


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


def _patient_ids(connection: Connection, things: Iterable[int]) -> dict[int, str]:
    query = select(patients.c.thing, patients.c.patient_id).where(is_current(patients))
    return {
        row.thing: row.patient_id
        for row in among(connection, query, patients.c.thing, sorted(things))
    }


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What people have said of a result."""

    state: State
    amended: bool
    signatures: tuple[Signed, ...]


class _Reading:
    """Results of tubes with their measurements, signatures and reviews."""

    def __init__(self, connection: Connection, held: Sequence[int]) -> None:
        query = select(results, log.c.at, log.c.who).join(log, log.c.seq == results.c.entry)
        reviewed = select(reviews).join(results, results.c.id == reviews.c.result)
        rejected, approved = judged(sorted(among(connection, reviewed, results.c.tube, held)))
        self.results = sorted(
            row for row in among(connection, query, results.c.tube, held) if row.id not in rejected
        )
        self._approved = approved
        numbers = [row.id for row in self.results]
        self._measured: dict[int, dict[str, Measurement]] = defaultdict(dict)
        for row in among(connection, select(measurements), measurements.c.result, numbers):
            self._measured[row.result][row.quantity] = measurement_of(row)
        self._signed: dict[int, list[Row[Any]]] = defaultdict(list)
        signed = select(signatures, log.c.at, log.c.who).join(log, log.c.seq == signatures.c.entry)
        for row in sorted(among(connection, signed, signatures.c.result, numbers)):
            self._signed[row.result].append(row)

    def kept(self, row: Row[Any], tube: Row[Any], bound: str, *, moved: bool) -> KeptResult:
        judged = self._judge(row, bound)
        return KeptResult(
            number=row.id,
            tube=row.tube,
            kind=Kind(tube.kind),
            file=tube.file,
            sha256=tube.sha256,
            source=Source(row.source),
            external=bool(row.external),
            template=row.template,
            template_version=row.template_version,
            cytomon=row.cytomon,
            engine=row.engine,
            analysis=row.analysis,
            content=row.content,
            saved_at=row.at,
            saved_by=row.who,
            state=judged.state,
            amended=judged.amended,
            signatures=judged.signatures,
            measured_elsewhere=moved,
            measurements=self._measured[row.id],
        )

    def _judge(self, row: Row[Any], bound: str) -> _Judgement:
        mine = self._signed[row.id]
        approving = [o for o in mine if o.content == bound and o.meaning == Meaning.APPROVED]
        state = state_of(mine, bound, reviewed=row.id in self._approved)
        said = tuple(
            Signed(
                by=one.who,
                at=one.at,
                meaning=one.meaning,
                stands=one.content == bound,
                needs=one.needs,
            )
            for one in mine
        )
        amended = state is State.SIGNED and any(one.amends is not None for one in approving)
        return _Judgement(state=state, amended=amended, signatures=said)


def judged(rows: Iterable[Row[Any]]) -> tuple[set[int], set[int]]:
    """Results that a reviewer has rejected, and those that one has approved or made.

    Parameters
    ----------
    rows : iterable of Row
        Of `cytomon.store.tables.reviews`, oldest first; the newest word on a result counts.
    """
    verdicts: dict[int, str] = {}
    made: set[int] = set()
    for row in rows:
        if row.verdict == Review.EDITED:
            continue
        verdicts[row.result] = row.verdict
        if row.outcome is not None:
            # the same gates may be kept once more, after another person has rejected them
            verdicts.pop(row.outcome, None)
            made.add(row.outcome)
    rejected = {number for number, verdict in verdicts.items() if verdict == "rejected"}
    approved = {number for number, verdict in verdicts.items() if verdict == "approved"}
    return rejected, made | approved


def state_of(signed: Sequence[Row[Any]], bound: str, *, reviewed: bool) -> State:
    """How far a result has come.

    Parameters
    ----------
    signed : sequence of Row
        Its signatures, and who gave them.
    bound : str
        What they have to be bound to (`attribution`).
    reviewed : bool
        Whether a reviewer has approved or made it.
    """
    holds = [one for one in signed if one.content == bound]
    approving = [one for one in holds if one.meaning == Meaning.APPROVED]
    persons = {one.who for one in approving}
    if approving and len(persons) >= max(one.needs for one in approving):
        return State.SIGNED
    return State.REVIEWED if holds or reviewed else State.AUTOMATIC


def measurement_of(row: Row[Any]) -> Measurement:
    """A measurement from its row."""
    estimate = None
    if row.value is not None:
        estimate = Estimate(value=row.value, low=row.ci_low, high=row.ci_high)
    return Measurement(
        quantity=row.quantity,
        numerator=row.numerator,
        denominator=row.denominator,
        estimate=estimate,
        status=row.status,
        lod=row.lod,
        loq=row.loq,
        qualifiers=tuple(one for one in row.qualifiers.split(";") if one),
    )
