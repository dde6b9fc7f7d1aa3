"""Antibodies that prove themselves in every tube, and detectors that ran out of range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytomon.model.findings import Finding, Severity

LEAST_EVENTS = 500
_MANY_AT_THE_END = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Stained:
    """What a lineage antibody did to cells that are known without it.

    Attributes
    ----------
    marker : str
        The antibody.
    population : str
        Gate of the cells known without it.
    positive, total : int
        Stained ones, and all of them.
    at_least : float
        Smallest share of stained ones in a sound tube.
    """

    marker: str
    population: str
    positive: int
    total: int
    at_least: float


def check_controls(controls: Sequence[Stained], *, where: str) -> Iterator[Finding]:
    """A lineage antibody that stains nothing is no antibody (domain: 6.3).

    Parameters
    ----------
    controls : sequence of Stained
        Those of fewer than 500 cells are not judged.
    where : str
        The tube, for the finding.
    """
    for control in controls:
        if control.total < LEAST_EVENTS or control.positive >= control.at_least * control.total:
            continue
        yield Finding(
            code="QC_MARKER",
            severity=Severity.ERROR,
            what=f"only {control.positive} of {control.total} {control.population} carry "
            f"{control.marker}; in a sound tube at least {control.at_least:.0%} do",
            where=where,
            fix=f"find out whether {control.marker} was added to this tube and whether its "
            "detector is named rightly; stain again",
        )


def check_margins(at_the_end: Mapping[str, float], *, where: str) -> Iterator[Finding]:
    """Events beyond a detector's range have no value that a gate could judge.

    Parameters
    ----------
    at_the_end : mapping of str to float
        Detector to the share of events at the end of its range, in [0, 1].
    where : str
        The tube, for the finding.
    """
    many = {name: share for name, share in at_the_end.items() if share > _MANY_AT_THE_END}
    if many:
        listed = ", ".join(f"{name} {share:.1%}" for name, share in sorted(many.items()))
        yield Finding(
            code="MARGIN_EVENTS",
            severity=Severity.WARNING,
            what=f"events at the end of a detector's range: {listed}; what they spill into other "
            "detectors cannot be compensated",
            where=where,
            fix="lower the voltage of the detector on the cytometer and acquire again, if the "
            "gates on it or on its neighbours matter",
        )
