"""Relapse: how often, and with which antigens (domain: 4.3, 7.1 rows 5, 6 and 21)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cytomon.cohort.analyses.outcome import EXACT
from cytomon.cohort.analyses.recovery import incidence_line
from cytomon.cohort.endpoints import EVENT, Person
from cytomon.cohort.estimates import ALL, Estimate, Part, of_fraction, of_test, times
from cytomon.cohort.statistics.tables import mcnemar
from cytomon.model.phenotype import UNKNOWN
from cytomon.track.profile import CohortDefinitions

PHENOTYPES = ("CD19+/CD22+", "CD19-/CD22+", "CD19-/CD22-", "CD19+/CD22-", UNKNOWN)
_RELAPSED = "relapses only"


def relapse(people: Sequence[Person], definitions: CohortDefinitions) -> Part:
    """Incidence of relapse, and its phenotypes.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    found = [one.relapse for one in people]
    line = incidence_line("cif_relapse", "all", found, definitions.incidence_interval)
    relapsed = [one for one in people if one.phenotype]
    return Part(
        estimates=(
            *line.read_off(times(definitions.horizon_day), always=definitions.horizon_day),
            _crude(people),
            *_phenotypes(relapsed),
            *_lost(relapsed),
            *_transgenes(relapsed),
        ),
        lines=(line,),
    )


def _crude(people: Sequence[Person]) -> Estimate:
    n, k = len(people), sum(one.relapse.code == EVENT for one in people)
    row = Estimate(
        analysis="relapse_crude", group="all", estimand=ALL, n=n, n_events=k,
        method=f"{EXACT}; too low as a risk while patients are still being followed",
    )  # fmt: skip
    return of_fraction(row)


def _phenotypes(relapsed: Sequence[Person]) -> Iterator[Estimate]:
    counts = Counter(one.phenotype for one in relapsed)
    for name in PHENOTYPES:
        row = Estimate(
            analysis="phenotype", group=name, estimand=_RELAPSED, n=len(relapsed),
            n_events=counts[name], method=EXACT if relapsed else "no relapse: cannot say",
        )  # fmt: skip
        yield of_fraction(row)


def _lost(relapsed: Sequence[Person]) -> Iterator[Estimate]:
    """Whether one antigen is lost more often than the other, in the same leukaemias."""
    counts = Counter(one.phenotype for one in relapsed)
    typed = sum(counts[name] for name in PHENOTYPES[:-1])
    only19, only22 = counts["CD19-/CD22+"], counts["CD19+/CD22-"]
    row = Estimate(
        analysis="phenotype_mcnemar", group="CD19 vs CD22 lost", estimand=_RELAPSED, n=typed,
        n_events=only19 + only22,
        method=f"exact McNemar test; only CD19 lost {only19}, only CD22 lost {only22}",
    )  # fmt: skip
    yield of_test(row, mcnemar(only19, only22)) if only19 + only22 else row


def _transgenes(relapsed: Sequence[Person]) -> Iterator[Estimate]:
    """Which CAR T cells are still there around a relapse, by its phenotype."""
    for name in PHENOTYPES:
        for antigen in ("CD19", "CD22"):
            seen = [
                one.car_at_relapse[antigen]
                for one in relapsed
                if one.phenotype == name and antigen in one.car_at_relapse
            ]
            if seen:
                row = Estimate(
                    analysis="car_at_relapse", group=f"{name}: {antigen} CAR there",
                    estimand=_RELAPSED, n=len(seen), n_events=sum(seen), method=EXACT,
                )  # fmt: skip
                yield of_fraction(row)
