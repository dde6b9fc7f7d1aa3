"""What is known of a patient beside the endpoints: baseline factors and the CAR transgenes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cytomon.model.genotype import is_high_risk, is_plain
from cytomon.track.clinical import M1, copies
from cytomon.track.follow import Followed
from cytomon.track.known import Known
from cytomon.track.profile import CohortDefinitions
from cytomon.track.states import Course
from cytomon.track.written import burden


class Copies(NamedTuple):
    """A sample of a CAR transgene; copies/ng, None below the limit of the assay."""

    antigen: str
    day: int
    copies: float | None


def factors_of(
    followed: Followed, at: Known, definitions: CohortDefinitions
) -> Iterator[tuple[str, str]]:
    """Baseline factors that are recorded."""
    timeline = at.timeline
    if timeline.sex:
        yield "sex", timeline.sex
    if timeline.birth_year is not None:
        cut = definitions.age_from_years
        is_older = at.day0.year - timeline.birth_year >= cut
        yield "age", f">={cut}" if is_older else f"<{cut}"
    if timeline.genotype.strip():
        yield "genotype", timeline.genotype
        if is_plain(timeline.genotype):
            yield "cytogenetics", "high risk" if is_high_risk(timeline.genotype) else "other"
    before = burden(followed)
    if before["band"]:
        yield "mrd", before["band"]
    if before["morphology"]:
        yield "marrow", "M1" if before["morphology"] == M1 else "M2/M3"


def copies_of(at: Known) -> Iterator[Copies]:
    """Samples of both transgenes, by day."""
    for antigen in ("CD19", "CD22"):
        for one in at.car(antigen):
            amount = copies(one.event.value, one.event.unit)
            # what was measured in another unit says that it is there, and not how much
            if amount is None or amount < float("inf"):
                yield Copies(antigen, one.day, amount)


_AROUND_RELAPSE = 30
"""Days before a relapse, and 7 after it, in which a sample of a transgene speaks of it."""


def transgenes_at_relapse(at: Known, course: Course) -> Iterator[tuple[str, bool]]:
    """Antigen, and whether its transgene was there around the relapse, where somebody looked."""
    relapsed = course.relapsed
    if relapsed is None:
        return
    first, last = relapsed - _AROUND_RELAPSE, relapsed + 7
    for antigen in ("CD19", "CD22"):
        near = [one for one in at.car(antigen) if first <= one.day <= last]
        if near:
            closest = min(near, key=lambda one: abs(one.day - relapsed))
            yield antigen, not closest.below
