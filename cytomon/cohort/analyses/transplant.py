"""Transplant as what it is: something that happens on the way (domain: 5.7, 7.1 row 10).

Everybody starts without a transplant and moves over on its day. The curve of those without one is
that of everybody censored at the transplant; the other begins once enough of them are at risk. Both
show what was seen and compare nothing: the comparison is the hazard ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cytomon.cohort.endpoints import EVENT, Outcome, Person
from cytomon.cohort.estimates import ALL, TD_HCT, Estimate, Line, Part, times
from cytomon.cohort.statistics.hazards import cox
from cytomon.cohort.statistics.penalised import firth
from cytomon.cohort.statistics.survival import kaplan_meier
from cytomon.track.profile import CohortDefinitions

WITHOUT, WITH = "no_transplant", "transplant"


class Rows(NamedTuple):
    """Time under observation cut at the transplant: (entry, stop], and whose it is."""

    entry: np.ndarray
    stop: np.ndarray
    event: np.ndarray
    moved: np.ndarray
    person: np.ndarray


def transplants(people: Sequence[Person], definitions: CohortDefinitions) -> Part:
    """Event-free and overall survival by transplant.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    lines, rows = [], []
    for name in ("efs", "os"):
        cut = rows_of(people, name)
        lines += list(transplant_lines(f"{name}_td_hct", cut, definitions))
        rows.append(_ratio(name, cut))
    days = times(definitions.horizon_day)
    read = (row for line in lines for row in line.read_off(days, always=definitions.horizon_day))
    return Part(estimates=(*read, *rows), lines=tuple(lines))


def rows_of(people: Sequence[Person], name: str) -> Rows:
    """Each patient's time before and after the transplant.

    Parameters
    ----------
    people : sequence of Person
        Whose.
    name : str
        ``efs`` or ``os``.
    """
    found = [
        (number, *row)
        for number, one in enumerate(people)
        for row in _pieces(getattr(one, name), one.transplant)
    ]
    person, entry, stop, event, moved = (np.array(column) for column in zip(*found, strict=True))
    return Rows(entry.astype(float), stop.astype(float), event, moved, person)


def _pieces(outcome: Outcome, transplant: int | None) -> Iterator[tuple[int, int, bool, bool]]:
    """What happens on the day of the transplant happens before it."""
    happened = outcome.code == EVENT
    if transplant is None or not outcome.ends_after(transplant):
        yield 0, outcome.days, happened, False
        return
    yield 0, transplant, False, False
    yield transplant, outcome.days, happened, True


def transplant_lines(
    analysis: str, cut: Rows, definitions: CohortDefinitions, *, prefix: str = ""
) -> Iterator[Line]:
    """Curves without and with a transplant, from the time under observation."""
    scale = definitions.survival_interval
    if not cut.moved.all():
        stop, event = cut.stop[~cut.moved], cut.event[~cut.moved]
        curve = kaplan_meier(stop, event, scale=scale)
        yield Line(analysis=analysis, group=f"{prefix}{WITHOUT}", estimand=TD_HCT, curve=curve)
    entry, stop, event = cut.entry[cut.moved], cut.stop[cut.moved], cut.event[cut.moved]
    start = _start(entry, stop, definitions)
    if start is not None:
        here = stop > start
        entry = np.maximum(entry[here], start)
        curve = kaplan_meier(stop[here], event[here], entry=entry, scale=scale)
        group = f"{prefix}{WITH}"
        yield Line(analysis=analysis, group=group, estimand=TD_HCT, curve=curve, begins=start)


def _start(entry: np.ndarray, stop: np.ndarray, definitions: CohortDefinitions) -> int | None:
    """First day, from that of the definitions on, with enough under observation after a transplant.

    A day that depended on the number of patients alone would make another question of each cohort.
    """
    first = definitions.transplant_curve_from_day
    for day in np.unique(np.maximum(entry, first)):
        if int(((entry <= day) & (stop > day)).sum()) >= definitions.least_at_risk:
            return int(day)
    return None


def _ratio(name: str, cut: Rows) -> Estimate:
    """Hazard after a transplant over that without one."""
    row = Estimate(analysis="cox_hct", group=name, estimand=ALL, method="")
    if not cut.moved.any():
        return replace(row, n=0, n_events=0, method="nobody was transplanted: cannot say")
    return hazard_rows([row], cut, cut.moved[:, None].astype(float), ("transplant",))[0]


def hazard_rows(
    rows: Sequence[Estimate], cut: Rows, covariates: np.ndarray, names: Sequence[str]
) -> list[Estimate]:
    """Rows with the hazard ratios of a model, one for each covariate.

    By Cox's model; where its likelihood has no maximum, as in a group without events, by Firth's,
    and the reason is said.

    Parameters
    ----------
    rows : sequence of Estimate
        What is known of each row already.
    cut : Rows
        Time under observation.
    covariates : ndarray, shape (n_rows, n_covariates)
        By row of `cut`.
    names : sequence of str
        Of the covariates.
    """
    # day 0 is a day on which things happen; only the order of days counts
    at_once = (cut.entry == 0) & ~cut.moved
    stop, entry = cut.stop + 1, np.where(at_once, 0, cut.entry + 1)
    given = (stop, cut.event, covariates, names)
    persons = cut.person.tolist()
    fit = cox(*given, entry=entry, persons=persons)
    whys = [one.why for one in fit.coefficients]
    if any(whys) and cut.event.any():
        fit = firth(*given, entry=entry, persons=persons)
    return [
        replace(
            row,
            n=found.n,
            n_events=found.n_events,
            estimate=found.hazard_ratio,
            ci_low=found.low,
            ci_high=found.high,
            p_value=found.p,
            method="; ".join(dict.fromkeys(one for one in (fit.method, why, found.why) if one)),
        )
        for row, found, why in zip(rows, fit.coefficients, whys, strict=True)
    ]
