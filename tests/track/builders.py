"""Courses in two or three lines, whose statuses follow from their counts as cytomon measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, cast

from cytomon.measure.b_cells import b_cell_status
from cytomon.measure.intervals import binomial_interval
from cytomon.measure.mrd import mrd_from_counts
from cytomon.measure.phenotype import Staining, antigen_call
from cytomon.model.course import Acknowledgement
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import SpecimenType
from cytomon.model.record import ClinicalEvent
from cytomon.model.results import BCellStatus, Limits, Measurement
from cytomon.model.timeline import Answer, Dispute, Sample, Timeline
from cytomon.track.follow import Followed, follow
from cytomon.track.profile import Profile, read_profile
from cytomon.track.rules.catalogue import RULES

DAY0 = date(2024, 1, 1)
LIMITS = Limits()
POOR = Finding(code="QC_VIABILITY", severity=Severity.ERROR, what="dead", where="tube", fix="again")
FIELDS = {field.name for field in fields(Sample)}

Said = Answer | tuple[int, int] | tuple[Dispute, ...] | frozenset[str] | str | bool
"""An answer, ready or as its two counts, or a field of a sample."""

Item = Sample | ClinicalEvent | Acknowledgement


def on(day: int) -> date:
    """The date of a day."""
    return DAY0 + timedelta(days=day)


def day_of(when: date | None) -> int | None:
    """The day of a date."""
    return None if when is None else (when - DAY0).days


# Answers


def mrd(k: int, n: int, *, kind: str = "marrow", poor: bool = False) -> Answer:
    """MRD of counts; of a poor tube only what alarms is left."""
    found = mrd_from_counts(
        k,
        n,
        quantity="mrd",
        limits=LIMITS,
        specimen_type=SpecimenType(kind),
        failures=[POOR] if poor else [],
    )
    return _answer(found)


def _answer(found: Measurement) -> Answer:
    part = found.estimate
    ends = (part.value, part.low, part.high) if part else (None, None, None)
    counts, said = (found.numerator, found.denominator), ";".join(found.qualifiers)
    return Answer(found.quantity, *counts, *ends, found.lod, found.status, said)


def b_fraction(k: int, n: int) -> Answer:
    """B cells of lymphocytes."""
    status = b_cell_status(k, n, limits=LIMITS)
    if status is BCellStatus.NOT_EVALUABLE:
        return Answer("b_fraction", k, n, None, None, None, None, status, "")
    return share("b_fraction", k, n, status=status)


def antigen(quantity: str, k: int, n: int, *, dim: bool = False, said: str = "") -> Answer:
    """Call on an antigen by how many blasts carry it; fewer than 20 cannot be judged."""
    if n < LIMITS.lod_events:
        return Answer(quantity, k, n, None, None, None, None, "NOT_ASSESSABLE", "TOO_FEW_BLASTS")
    part = binomial_interval(k, n)
    median = 1.0 if dim else 4.0
    staining = Staining(estimate=part, threshold=1.0, median=median, delta=None, modes=None)
    status = antigen_call(quantity[:4].upper(), staining)
    return share(quantity, k, n, status=status, said=said)


def share(quantity: str, k: int, n: int, *, status: str = "MEASURED", said: str = "") -> Answer:
    """Any other fraction."""
    part = binomial_interval(k, n)
    return Answer(quantity, k, n, part.value, part.low, part.high, None, status, said)


def _answer_to(quantity: str, given: Said) -> Answer:
    if isinstance(given, Answer):
        return given
    k, n = cast(tuple[int, int], given)
    if quantity == "b_fraction":
        return b_fraction(k, n)
    build = antigen if quantity in {"cd19_blasts", "cd22_blasts"} else share
    return build(quantity, k, n)


# Specimens and events


def specimen(day: int, kind: str, **said: Said) -> Sample:
    """A specimen: answers by their quantity, as counts or ready, and fields of a sample."""
    given: dict[str, Any] = {name: value for name, value in said.items() if name in FIELDS}
    answers = {name: _answer_to(name, v) for name, v in said.items() if name not in FIELDS}
    name = given.pop("specimen_id", f"{kind[0].upper()}{day}")
    return Sample(specimen_id=name, specimen_type=kind, on=on(day), answers=answers, **given)


def marrow(
    day: int, k: int | None = None, n: int = 500_000, *, poor: bool = False, **said: Said
) -> Sample:
    """A marrow by its leukaemic of nucleated cells; without a count it has no MRD."""
    if k is not None:
        said["mrd"] = mrd(k, n, poor=poor)
    return specimen(day, "marrow", **said)


def csf(day: int, k: int, n: int = 500_000) -> Sample:
    """Cerebrospinal fluid by its leukaemic cells."""
    return specimen(day, "csf", mrd=mrd(k, n, kind="csf"))


def blood(day: int, k: int | None = None, n: int = 4000, **said: Said) -> Sample:
    """A blood by its B cells of lymphocytes."""
    if k is not None:
        said["b_fraction"] = (k, n)
    return specimen(day, "blood", **said)


def event(day: int, kind: str, value: str = "", unit: str = "") -> ClinicalEvent:
    """Something that was recorded."""
    return ClinicalEvent(patient_id="P1", on=on(day), event=kind, value=value, unit=unit)


def seen_by_somebody(rule: str, at: int, flagged: int | None = None) -> Acknowledgement:
    """An acknowledgement, for the day of a flag or for none in particular."""
    flagged_on = "" if flagged is None else on(flagged).isoformat()
    return Acknowledgement(
        rule=rule, flagged_on=flagged_on, at=f"{on(at)}T10:00:00+00:00", by="dr", why="seen"
    )


# Courses


def course(*items: Item, genotype: str = "", day0: date | None = DAY0) -> Timeline:
    """A patient, from specimens, events and acknowledgements in any order."""
    samples = [one for one in items if isinstance(one, Sample)]
    events = [one for one in items if isinstance(one, ClinicalEvent)]
    return Timeline(
        patient_id="P1",
        genotype=genotype,
        day0=day0,
        samples=tuple(sorted(samples, key=lambda s: (s.on, s.specimen_type, s.specimen_id))),
        events=tuple(sorted(events, key=lambda e: (e.on, e.event, e.value))),
        acknowledgements=tuple(one for one in items if isinstance(one, Acknowledgement)),
    )


def followed(
    *items: Item, upto: int = 400, profile: Profile | None = None, genotype: str = ""
) -> Followed:
    """The same patient followed to a day."""
    timeline = course(*items, genotype=genotype)
    return follow(timeline, profile or read_profile(), on(upto))


def raised(at: Followed, rule: str) -> list[tuple[int | None, str]]:
    """Day and severity of each flag of a rule."""
    return [(one.seen.day, one.urgency.word) for one in at.raised if one.rule == rule]


def observed(at: Followed, rule: str) -> list[tuple[int | None, str]]:
    """Day and severity of each observation of a rule, in order; ``-`` where it does not hold."""
    (asked,) = (one for one in RULES if one.code == rule)
    if at.known is None or at.course is None:
        return []
    return _sorted(
        (one.day, "-" if one.urgency is None else one.urgency.word)
        for one in asked.observe(at.known, at.course)
    )


def _sorted(found: Iterable[tuple[int | None, str]]) -> list[tuple[int | None, str]]:
    return sorted(found, key=lambda one: (one[0] or 0, one[1]))
