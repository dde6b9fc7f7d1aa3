"""Baseline factors, one at a time: the forms of the trial's Tables 1 and 2 (domain: 7.1).

Each is looked at by itself and none is corrected for the others, nor for their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cytomon.cohort.analyses.outcome import arrays, never_lines
from cytomon.cohort.analyses.transplant import Rows, hazard_rows, rows_of, transplant_lines
from cytomon.cohort.endpoints import Person
from cytomon.cohort.estimates import ALL, Estimate, Part, of_test
from cytomon.cohort.statistics.competing import gray
from cytomon.cohort.statistics.logrank import logrank
from cytomon.track.profile import CohortDefinitions

FACTORS = ("age", "sex", "mrd", "marrow", "cytogenetics", "genotype")
_MANY = ("genotype",)
"""Of too many levels for a hazard ratio each."""
_REFERENCE = {"mrd": "1-<15", "marrow": "M1", "cytogenetics": "other"}
"""Level that others are compared with, as in the trial; else the first by its name."""
_RARE = 5
_FEWEST = 2
"""Patients of a subgroup that is shown by transplant."""


def factors(people: Sequence[Person], definitions: CohortDefinitions) -> Part:
    """What each baseline factor has to do with the endpoints.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    rows: list[Estimate] = []
    for factor in FACTORS:
        known = _together([one for one in people if factor in one.factors], factor)
        levels = _levels(known, factor)
        if len(levels) < 2:
            continue
        rows += _tests(known, factor, levels)
        if factor not in _MANY:
            rows += _ratios(known, factor, list(levels))
            rows += _by_transplant(known, factor, list(levels), definitions)
    return Part(estimates=tuple(rows))


def _together(known: Sequence[Person], factor: str) -> Sequence[Person]:
    """Rare levels of free text as one: a group of one compares nothing, and may be known."""
    if factor not in _MANY:
        return known
    counts = Counter(one.factors[factor] for one in known)
    rare = {name for name, count in counts.items() if count < _RARE}
    return [
        replace(one, factors={**one.factors, factor: "rare"})
        if one.factors[factor] in rare
        else one
        for one in known
    ]


def _levels(known: Sequence[Person], factor: str) -> Mapping[str, int]:
    """Level to its patients, the reference first."""
    counts = Counter(one.factors[factor] for one in known)
    first = _REFERENCE.get(factor, "")
    return {name: counts[name] for name in sorted(counts, key=lambda one: (one != first, one))}


def _tests(known: Sequence[Person], factor: str, levels: Mapping[str, int]) -> Iterator[Estimate]:
    """Whether curves differ between levels."""
    groups = np.array([one.factors[factor] for one in known])
    sizes = ", ".join(f"{name} (n = {count})" for name, count in levels.items())
    for name in ("efs", "os"):
        stop, event = arrays([getattr(one, name) for one in known])
        row = Estimate(
            analysis="logrank", group=f"{name}:{factor}", estimand=ALL, n=len(known),
            n_events=int(event.sum()), method=f"log-rank test; {sizes}",
        )  # fmt: skip
        yield of_test(row, logrank(stop, event, groups))
    for name, what in (("relapse", "relapse"), ("bcr", "recovery")):
        found = [getattr(one, what) for one in known]
        stop, event = arrays(found)
        cause = np.array([one.code for one in found])
        row = Estimate(
            analysis="gray", group=f"{name}:{factor}", estimand=ALL, n=len(known),
            n_events=int(event.sum()), method=f"Gray's test; {sizes}",
        )  # fmt: skip
        yield of_test(row, gray(stop, cause, groups))


def _ratios(known: Sequence[Person], factor: str, levels: Sequence[str]) -> Iterator[Estimate]:
    """Hazard of each level over that of the reference."""
    reference, *others = levels
    for name in ("efs", "os"):
        cut = _whole(known, name)
        covariates = np.array(
            [[float(one.factors[factor] == level) for level in others] for one in known]
        )
        rows = [
            Estimate(
                analysis=f"cox_{name}", group=f"{factor}: {level} vs {reference}", estimand=ALL,
                method="",
            )
            for level in others
        ]  # fmt: skip
        yield from hazard_rows(rows, cut, covariates, others)


def _whole(known: Sequence[Person], name: str) -> Rows:
    """Time under observation, in one piece."""
    stop, event = arrays([getattr(one, name) for one in known])
    nothing = np.zeros(len(stop))
    return Rows(nothing, stop, event, nothing.astype(bool), np.arange(len(stop)))


def _by_transplant(
    known: Sequence[Person], factor: str, levels: Sequence[str], definitions: CohortDefinitions
) -> Iterator[Estimate]:
    """Event-free survival of each level by transplant, and what the transplant did there."""
    for level in levels:
        here = [one for one in known if one.factors[factor] == level]
        if len(here) < _FEWEST:
            continue
        cut = rows_of(here, "efs")
        prefix = f"{factor}={level}: "
        scale, day = definitions.survival_interval, definitions.horizon_day
        found = [(one.efs, one) for one in here]
        for line in (
            *transplant_lines("efs_subgroup", cut, definitions, prefix=prefix),
            *never_lines("efs_subgroup", f"{prefix}never_hct", found, scale),
        ):
            yield from line.read_off((day,), always=day)
        if cut.moved.any() and cut.event.any():
            row = Estimate(
                analysis="cox_hct_subgroup", group=f"efs|{factor}={level}", estimand=ALL, method=""
            )
            yield from hazard_rows([row], cut, cut.moved[:, None].astype(float), ("transplant",))
