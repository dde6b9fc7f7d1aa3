"""All analyses of one cohort, in the order of its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cytomon.cohort.analyses.factors import factors
from cytomon.cohort.analyses.kinetics import kinetics
from cytomon.cohort.analyses.landmarks import landmarks
from cytomon.cohort.analyses.outcome import outcomes
from cytomon.cohort.analyses.recovery import recovery
from cytomon.cohort.analyses.relapse import relapse
from cytomon.cohort.analyses.transplant import transplants
from cytomon.cohort.endpoints import Person
from cytomon.cohort.estimates import Estimate, Line
from cytomon.track.profile import CohortDefinitions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysed:
    """What a cohort says.

    Attributes
    ----------
    people : tuple of Person
        By pseudonym.
    estimates : tuple of Estimate
        Rows of estimates.csv.
    lines : tuple of Line
        Curves behind them.
    """

    people: tuple[Person, ...]
    estimates: tuple[Estimate, ...]
    lines: tuple[Line, ...]

    def line(self, analysis: str, group: str = "all", estimand: str | None = None) -> Line | None:
        """A curve by its name; None where there is none."""
        for one in self.lines:
            if (one.analysis, one.group) == (analysis, group) and estimand in (None, one.estimand):
                return one
        return None

    def of(self, *analyses: str) -> tuple[Estimate, ...]:
        """Rows of some analyses."""
        return tuple(one for one in self.estimates if one.analysis in analyses)


def analyse(people: Sequence[Person], definitions: CohortDefinitions) -> Analysed:
    """Ask everything of a cohort.

    Parameters
    ----------
    people : sequence of Person
        At least one, in any order.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    ordered = tuple(sorted(people, key=lambda one: one.patient_id))
    parts = (
        outcomes(ordered, definitions),
        transplants(ordered, definitions),
        relapse(ordered, definitions),
        recovery(ordered, definitions),
        landmarks(ordered, definitions),
        factors(ordered, definitions),
        kinetics(ordered),
    )
    return Analysed(
        people=ordered,
        estimates=tuple(row for part in parts for row in part.estimates),
        lines=tuple(line for part in parts for line in part.lines),
    )
