"""What the tubes of one day on one cytometer say of its detectors, taken together.

A detector that has moved has moved for every patient of the day; a patient who is off the table is
off it alone. So the populations of all patients are judged as if they were those of one tube, and
each tube is held against the others: what it does not share with them is its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from cytomon.measure.anchors import CONSEQUENCE, Limits, listed, moved
from cytomon.model.anchor import Anchor
from cytomon.model.findings import Finding, Severity

AGAINST_OTHERS = Limits(alone=4.5, three=8.0)
"""Wider than for a tube alone: both this and the judgement of the day may be wrong."""
WITHIN_A_DAY = 0.3
"""How far gains move within a day, as a part of their drift between days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTube:
    """One tube of the day.

    Attributes
    ----------
    name : str
        For findings.
    patient : str
        Tubes of one patient are averaged: the same cells, seen twice, are no second witness.
    anchors : tuple of Anchor
        What it says of its detectors.
    drift : float
        As in `cytomon.measure.anchors.detector_shifts`.
    """

    name: str
    patient: str
    anchors: tuple[Anchor, ...]
    drift: float


def check_day(tubes: Sequence[DayTube]) -> tuple[tuple[Finding, ...], ...]:
    """Judge the tubes of one day on one cytometer together.

    Parameters
    ----------
    tubes : sequence of DayTube
        Of at least two patients, better three.

    Returns
    -------
    tuple of tuple of Finding
        For each tube, instead of what it said of its gains alone.
    """
    by_patient: dict[str, list[tuple[Anchor, ...]]] = defaultdict(list)
    for tube in tubes:
        by_patient[tube.patient].append(tube.anchors)
    patients = {name: averaged(theirs) for name, theirs in by_patient.items()}
    everybody = [anchor for theirs in patients.values() for anchor in theirs]
    shared = moved(everybody, drift=max(tube.drift for tube in tubes))
    found = []
    for tube in tubes:
        others = [theirs for name, theirs in patients.items() if name != tube.patient]
        own = moved(
            against(tube.anchors, others), drift=WITHIN_A_DAY * tube.drift, limits=AGAINST_OTHERS
        )
        words = _Words(name=tube.name, n_tubes=len(tubes))
        of_tube = [words.all_moved(listed(shared))] if shared else []
        of_tube += [words.apart(listed(own))] if own else []
        alone = moved(tube.anchors, drift=tube.drift)
        found.append((*of_tube, *([words.cleared(listed(alone))] if alone and not of_tube else [])))
    return tuple(found)


def averaged(tubes: Sequence[Sequence[Anchor]]) -> tuple[Anchor, ...]:
    """The anchors of several tubes as if they were of one: means, population by population."""
    same: dict[tuple[str, ...], list[Anchor]] = defaultdict(list)
    for anchor in _usable(tubes):
        same[_key(anchor)].append(anchor)
    return tuple(
        replace(group[0], found=fmean(anchor.found for anchor in group)) for group in same.values()
    )


def against(anchors: Sequence[Anchor], others: Sequence[Sequence[Anchor]]) -> tuple[Anchor, ...]:
    """The same anchors, but expected where other tubes have them.

    Parameters
    ----------
    anchors : sequence of Anchor
        Of one tube. Those that no other tube has are left out.
    others : sequence of sequence of Anchor
        Of the others. The mean of n places is itself uncertain: `within` grows by the root of
        1 + 1/n.
    """
    places: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for anchor in _usable(others):
        places[_key(anchor)].append(anchor.found)
    return tuple(
        replace(
            anchor,
            expected=fmean(places[_key(anchor)]),
            within=anchor.within * (1 + 1 / len(places[_key(anchor)])) ** 0.5,
        )
        for anchor in anchors
        if _key(anchor) in places
    )


def _usable(tubes: Sequence[Sequence[Anchor]]) -> Iterator[Anchor]:
    return (anchor for anchors in tubes for anchor in anchors if anchor.usable)


def _key(anchor: Anchor) -> tuple[str, ...]:
    return anchor.population, anchor.marker, anchor.detector


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    name: str
    n_tubes: int

    def all_moved(self, shifts: str) -> Finding:
        return Finding(
            code="GAIN_SHIFT",
            severity=Severity.WARNING,
            what=f"normal populations lie off their places in the {self.n_tubes} tubes of this day "
            f"on this cytometer, taken together: {shifts}",
            where=self.name,
            fix=f"compare with the instrument's target values of the day; {CONSEQUENCE}",
        )

    def apart(self, shifts: str) -> Finding:
        return Finding(
            code="GAIN_SHIFT",
            severity=Severity.WARNING,
            what="normal populations do not lie where they lie in the other tubes of this day on "
            f"this cytometer ({self.n_tubes} tubes): {shifts}",
            where=self.name,
            fix="look whether this tube was acquired with other settings or stained otherwise; "
            f"{CONSEQUENCE}",
        )

    def cleared(self, shifts: str) -> Finding:
        return Finding(
            code="PLACES_UNUSUAL",
            severity=Severity.INFO,
            what=f"alone, this tube looks as if detectors had moved: {shifts}; the {self.n_tubes} "
            "tubes of this day on this cytometer, taken together, do not: its cells differ",
            where=self.name,
            fix="nothing has to be done about the instrument; look at gates that stand at fixed "
            "places on these markers",
        )
