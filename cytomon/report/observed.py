"""What other systems are told of each specimen: its measurements, and the events of the course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.course import KeptResult, KeptSpecimen, State
from cytomon.model.results import MRD_QUANTITIES, BCellStatus, Measurement
from cytomon.model.reviewed import Found, Reviewed
from cytomon.report.case import Case
from cytomon.report.reviews import (
    made_by,
    meant,
    rejections,
    shortened,
    standing_reviews,
)
from cytomon.report.told import Checked, Collected, Happened, Observed
from cytomon.report.words import B_CELLS, CALLS, mrd_says, qualified
from cytomon.track.reviews import gates_of, said_by, tube_of

TITLES = {row.code: row.title for row in CATALOGUE}
_ORDER = {row.code: place for place, row in enumerate(CATALOGUE)}


def specimens_of(case: Case) -> tuple[Collected, ...]:
    """Every specimen up to the day of the report, with what counts of it."""
    return tuple(_collected(case, one) for one in case.specimens)


def _collected(case: Case, specimen: KeptSpecimen) -> Collected:
    if specimen.collected_on is None:
        msg = "a specimen without its day"
        raise ValueError(msg)
    return Collected(
        specimen_id=specimen.specimen_id,
        specimen_type=specimen.specimen_type,
        collected_on=specimen.collected_on,
        received_on=specimen.received_on,
        day=case.day(specimen.collected_on),
        observed=tuple(_observed(case, specimen)),
        rejected=tuple(map(_checked, rejections(case, specimen))),
    )


def _observed(case: Case, specimen: KeptSpecimen) -> Iterator[Observed]:
    for quantity in in_order(specimen):
        result, measurement = specimen.standing[quantity]
        void = case.void_on(specimen.collected_on) if quantity == "b_fraction" else ""
        review = made_by(case, result)
        automatic = None
        if review:
            automatic = meant(case, review, review.automatic.measurements.get(quantity))
        if void:  # the number stays; that it means aplasia or recovery does not
            measurement = replace(measurement, status=BCellStatus.NOT_EVALUABLE)
        yield Observed(
            title=TITLES.get(quantity, quantity),
            says=f"void after the {void}" if void else says(case, result, measurement),
            measurement=measurement,
            method=method(result),
            file_sha256=result.sha256,
            signed=result.state is State.SIGNED,
            checked=tuple(map(_checked, standing_reviews(case, result))),
            automatic=automatic,
        )


def _checked(one: Reviewed) -> Checked:
    said = "; ".join((said_by(shortened(one)), *gates_of(one)))
    return Checked(by=one.by, at=one.at, says=f"{tube_of(one)}: {said}")


def in_order(specimen: KeptSpecimen) -> list[str]:
    """Quantities of a specimen in the order of the catalogue."""
    return sorted(specimen.standing, key=lambda code: (_ORDER.get(code, len(_ORDER)), code))


def method(result: KeptResult | Found) -> str:
    """What a result was measured with; empty where that is not known."""
    if not result.template:
        return ""
    return f"{result.template} {result.template_version}".strip()


def made_at(result: KeptResult | Found) -> str:
    """When a result was kept, by whom, and with what."""
    at = datetime.fromisoformat(result.saved_at).astimezone(UTC)
    program = f", cytomon {result.cytomon}" if result.cytomon else ""
    return f"{at:%Y-%m-%d %H:%M} UTC by {result.saved_by}{program}, {method(result) or 'elsewhere'}"


def says(case: Case, result: KeptResult, found: Measurement) -> str:
    """A status in words, with what narrows it."""
    if found.quantity in MRD_QUANTITIES:
        said = mrd_says(found, case.threshold(result))
    elif found.quantity.endswith("_blasts"):
        said = CALLS.get(found.status, found.status)
    elif found.quantity == "b_fraction":
        said = B_CELLS.get(found.status, found.status)
    else:
        said = "measured" if found.estimate else "not evaluable"
    return "; ".join((said, *qualified(found)))


def happened_to(case: Case) -> tuple[Happened, ...]:
    """Events of the course up to the day of the report."""
    return tuple(
        Happened(on=one.on, event=one.event, value=one.value, unit=one.unit)
        for one in case.course.events
        if one.on <= case.as_of
    )
