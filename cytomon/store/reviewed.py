"""Reviews read back, each with the numbers that it was about: also where they count no longer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from cytomon.model.adjustment import Adjustment, read_adjustments
from cytomon.model.people import Review
from cytomon.model.results import Measurement
from cytomon.model.reviewed import Found, Reviewed
from cytomon.store.current import among, is_current
from cytomon.store.kept import measurement_of
from cytomon.store.tables import log, measurements, results, reviews, specimens, tubes

_VERDICTS = tuple(one.value for one in (Review.APPROVED, Review.CHANGED, Review.REJECTED))
"""Whatever else stands in the table is no verdict: an edit on the screen, for one."""


def reviews_of(connection: Connection, patient: int) -> tuple[Reviewed, ...]:
    """Every verdict on results of tubes that a patient has now.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    patient : int
        Number of the patient.

    Returns
    -------
    tuple of Reviewed
        In the order in which they were given.
    """
    mine = select(specimens.c.thing).where(specimens.c.patient == patient, is_current(specimens))
    return tuple(_read(connection, tubes.c.specimen.in_(mine)).values())


def reviews_behind(
    connection: Connection, numbers: Sequence[int]
) -> dict[int, tuple[Reviewed, ...]]:
    """What was said of some results, and the reviews that made them.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    numbers : sequence of int
        Of the results in the store.

    Returns
    -------
    dict of int to tuple of Reviewed
        In order; results that nobody has looked at are left out.
    """
    tubes_of = select(results.c.tube)
    held = {row.tube for row in among(connection, tubes_of, results.c.id, numbers)}
    behind: dict[int, list[Reviewed]] = defaultdict(list)
    for one in _of_tubes(connection, sorted(held)):
        about = {one.found.number, *([one.made.number] if one.made else [])}
        for number in about.intersection(numbers):
            behind[number].append(one)
    return {number: tuple(said) for number, said in behind.items()}


def _of_tubes(connection: Connection, held: Sequence[int]) -> Iterable[Reviewed]:
    """Of many tubes, some thousands at a time: no review reaches from one tube to another."""
    for start in range(0, len(held), _TOGETHER):
        some = held[start : start + _TOGETHER]
        yield from _read(connection, tubes.c.thing.in_(some)).values()


_TOGETHER = 5_000


def _read(connection: Connection, which: Any) -> dict[int, Reviewed]:  # noqa: ANN401  (a condition)
    rows = sorted(connection.execute(_said(which)))
    numbers = {row.result for row in rows} | {row.outcome for row in rows} - {None}
    found = _found(connection, sorted(numbers))
    before: dict[int, int] = {}
    for row in rows:
        if row.outcome is not None:
            before.setdefault(row.outcome, row.result)
    return {
        row.id: Reviewed(
            by=row.who,
            at=row.at,
            verdict=row.verdict,
            comment=row.comment,
            adjustments=_adjustments(row.adjustments),
            specimen=row.specimen,
            specimen_id=row.specimen_id,
            specimen_type=row.specimen_type,
            collected_on=date.fromisoformat(row.collected_on) if row.collected_on else None,
            file=row.file,
            found=found[row.result],
            made=None if row.outcome is None else found[row.outcome],
            automatic=found[_first(row.result, before)],
        )
        for row in rows
    }


def _said(which: Any) -> Select[Any]:  # noqa: ANN401  (a condition)
    """Verdicts on results of tubes as they lie now."""
    return (
        select(
            reviews, log.c.at, log.c.who, tubes.c.file, tubes.c.specimen, specimens.c.specimen_id,
            specimens.c.specimen_type, specimens.c.collected_on,
        )
        .join(log, log.c.seq == reviews.c.entry)
        .join(results, results.c.id == reviews.c.result)
        .join(tubes, tubes.c.thing == results.c.tube)
        .join(specimens, specimens.c.thing == tubes.c.specimen)
        .where(
            which,
            reviews.c.verdict.in_(_VERDICTS),
            is_current(tubes),
            tubes.c.withdrawn == 0,
            is_current(specimens),
        )
    )  # fmt: skip


def _first(number: int, before: Mapping[int, int]) -> int:
    """The result that a result goes back to, review by review; never in circles."""
    seen = {number}
    while (earlier := before.get(number, number)) not in seen:
        seen.add(earlier)
        number = earlier
    return number


def _found(connection: Connection, numbers: Sequence[int]) -> dict[int, Found]:
    measured: dict[int, dict[str, Measurement]] = defaultdict(dict)
    for row in among(connection, select(measurements), measurements.c.result, numbers):
        measured[row.result][row.quantity] = measurement_of(row)
    kept = select(results, log.c.at, log.c.who).join(log, log.c.seq == results.c.entry)
    return {
        row.id: _of(row, measured[row.id]) for row in among(connection, kept, results.c.id, numbers)
    }


def _of(row: Row[Any], measured: Mapping[str, Measurement]) -> Found:
    return Found(
        number=row.id,
        template=row.template,
        template_version=row.template_version,
        cytomon=row.cytomon,
        saved_at=row.at,
        saved_by=row.who,
        measurements=measured,
    )


def _adjustments(text: str) -> tuple[Adjustment, ...] | None:
    """Adjustments as they were kept; None where they cannot be read."""
    try:
        return read_adjustments(text)
    except ValueError:
        return None
