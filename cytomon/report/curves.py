"""What the figure of a course is drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cytomon.model.course import KeptSpecimen
from cytomon.model.record import ClinicalEvent
from cytomon.model.results import Measurement
from cytomon.report.case import Case, Standing
from cytomon.report.told import Curves, Point
from cytomon.report.verdict_escape import ANTIGENS
from cytomon.track.clinical import copies
from cytomon.track.known import SILENT

_MARKED = {
    "transplant": "transplant",
    "second_infusion": "second infusion",
    "relapse": "relapse",
    "relapse_extramedullary": "relapse outside the marrow",
    "lineage_switch": "lineage switch",
    "second_malignancy": "second malignancy",
    "death": "death",
    "drug": "drug",
}
"""Events that are marked on the axis of time."""
_LEAST_BLASTS = 20


def curves_of(case: Case) -> Curves:
    """The curves of a patient up to the day of the report.

    Parameters
    ----------
    case : Case
        The patient; without a day of infusion there is no axis, and no curve.
    """
    if case.followed.timeline.day0 is None:
        return Curves()
    last = case.day(case.as_of) or 0
    return Curves(
        mrd=tuple(_points(case, "mrd")),
        b_cells=tuple(_b_cells(case)),
        antigens=tuple(_antigens(case)),
        intensities=tuple(_intensities(case)),
        copies=tuple(_copies(case)),
        happened=tuple(_happened(case)),
        recovery=_recovery(case),
        last=max(last, 1),
    )


def _points(case: Case, quantity: str) -> Iterator[Point]:
    for specimen in case.specimens:
        day = case.day(specimen.collected_on)
        if quantity in specimen.standing and day is not None:
            yield _point(day, specimen.specimen_type, specimen.standing[quantity][1])


def _point(day: int, kind: str, found: Measurement) -> Point:
    estimate = found.estimate
    shown = "value"
    if found.status in SILENT or estimate is None:
        shown = "silent"
    elif not estimate.value:
        shown = "censored"
    elif found.lod is not None and estimate.value < found.lod:
        shown = "weak"
    return Point(
        day=day,
        kind=kind,
        value=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        limit=found.lod,
        shown=shown,
    )


def _b_cells(case: Case) -> Iterator[Point]:
    voids = case.followed.known.voids if case.followed.known else ()
    for point in _points(case, "b_fraction"):
        if any(void.holds(point.day) for void in voids):
            yield Point(
                day=point.day, kind=point.kind, value=point.value, low=point.low,
                high=point.high, limit=None, shown="silent",
            )  # fmt: skip
        elif point.kind != "csf":
            yield point


def _antigens(case: Case) -> Iterator[Point]:
    for day, specimen in _marrows(case):
        for quantity, antigen in ANTIGENS.items():
            if quantity in specimen.standing:
                found = specimen.standing[quantity][1]
                if found.estimate is not None:
                    point = _point(day, antigen, found)
                    yield point if point.value else _at_zero(point)


def _at_zero(point: Point) -> Point:
    """No blast above the threshold is a value like any other."""
    return Point(
        day=point.day, kind=point.kind, value=0.0, low=point.low, high=point.high, limit=None,
        shown="value",
    )  # fmt: skip


def _marrows(case: Case) -> Iterator[tuple[int, KeptSpecimen]]:
    for specimen in case.specimens:
        day = case.day(specimen.collected_on)
        if specimen.specimen_type == "marrow" and day is not None:
            yield day, specimen


def _intensities(case: Case) -> Iterator[Point]:
    """log10 of the blasts' median over that of the patient's own baseline (domain: 4.2.3).

    Of one antibody clone and one template only: other stainings are no measure of each other.
    """
    for quantity, antigen in ANTIGENS.items():
        base = baseline(case, quantity)
        for day, specimen in _marrows(case):
            change = intensity_change(case, specimen, quantity, base)
            if change is not None:
                yield Point(
                    day=day, kind=antigen, value=change, low=None, high=None, limit=None,
                    shown="value",
                )  # fmt: skip


def baseline(case: Case, quantity: str) -> KeptSpecimen | None:
    """The last marrow up to day 0 whose blasts have a median of their own."""
    found = [
        specimen
        for day, specimen in _marrows(case)
        if day <= 0 and _median(case, specimen, quantity) is not None
    ]
    return found[-1] if found else None


def intensity_change(
    case: Case, specimen: KeptSpecimen, quantity: str, base: KeptSpecimen | None
) -> float | None:
    """log10 of the ratio of two medians; None where they cannot be compared."""
    if base is None or not _comparable(specimen, base, quantity):
        return None
    here, there = _median(case, specimen, quantity), _median(case, base, quantity)
    if here is None or there is None:
        return None
    return math.log10(here / there)


def _median(case: Case, specimen: KeptSpecimen, quantity: str) -> float | None:
    """Median of the blasts, linear; at or below background as one channel."""
    standing = specimen.standing.get(quantity)
    if standing is None or (standing[1].denominator or 0) < _LEAST_BLASTS:
        return None
    median = case.details(standing[0], quantity).get("median_linear")
    return max(float(median), 1.0) if isinstance(median, int | float) else None


def _comparable(one: KeptSpecimen, other: KeptSpecimen, quantity: str) -> bool:
    clone = f"{ANTIGENS[quantity].lower()}_clone"
    return getattr(one, clone) == getattr(other, clone) and _template(
        one.standing.get(quantity)
    ) == _template(other.standing.get(quantity))


def _template(standing: Standing | None) -> str:
    return standing[0].template if standing else ""


def _events(case: Case) -> Iterator[tuple[int, ClinicalEvent]]:
    for event in case.course.events:
        day = case.day(event.on)
        if day is not None and event.on <= case.as_of:
            yield day, event


def _copies(case: Case) -> Iterator[Point]:
    limit = case.followed.known.profile.car_limit_copies if case.followed.known else 0.1
    for day, event in _events(case):
        if event.event not in {"car19_copies", "car22_copies"}:
            continue
        amount = copies(event.value, event.unit)
        below = amount is None or amount < limit
        yield Point(
            day=day,
            kind=f"CD{event.event[3:5]}",
            value=None if below else amount,
            low=None,
            high=None,
            limit=limit,
            shown="censored" if below else "value",
        )


def _happened(case: Case) -> Iterator[tuple[int, str]]:
    product = case.course.infusion.product if case.course.infusion else ""
    yield 0, f"infusion {product}".strip()
    for day, event in _events(case):
        if event.event in _MARKED:
            name = event.value if event.event == "drug" else ""
            yield day, name or _MARKED[event.event]


def _recovery(case: Case) -> tuple[int, int] | None:
    states = case.followed.states
    left, right = case.day(states.recovery_left), case.day(states.recovery_right)
    return None if left is None or right is None else (left, right)
