"""Remission, follow-up, event-free and overall survival (domain: 7.1, rows 3, 4, 7 to 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from cytomon.cohort.endpoints import CENSORED, EVENT, Outcome, Person
from cytomon.cohort.estimates import (
    ALL,
    CENSOR_AT_HCT,
    NEVER_HCT,
    Estimate,
    Line,
    Part,
    of_fraction,
    times,
)
from cytomon.cohort.statistics.limits import Scale
from cytomon.cohort.statistics.survival import kaplan_meier
from cytomon.track.profile import CohortDefinitions

EXACT = "exact binomial (Clopper-Pearson) interval"


def outcomes(people: Sequence[Person], definitions: CohortDefinitions) -> Part:
    """Survival under each estimand, and what it rests on.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    lines = tuple(_survival(people, definitions))
    days = times(definitions.horizon_day)
    return Part(
        estimates=(
            *_remission(people),
            *_followed(people),
            *(row for line in lines for row in line.read_off(days, always=definitions.horizon_day)),
        ),
        lines=lines,
    )


def survival_line(
    analysis: str, group: str, estimand: str, found: Sequence[Outcome], scale: Scale
) -> Line:
    """Kaplan-Meier curve of some outcomes, at least one."""
    stop, event = arrays(found)
    curve = kaplan_meier(stop, event, scale=scale)
    return Line(analysis=analysis, group=group, estimand=estimand, curve=curve)


def arrays(found: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """Days, and whether the event came."""
    return (
        np.array([one.days for one in found], dtype=np.float64),
        np.array([one.code == EVENT for one in found], dtype=np.bool_),
    )


def _survival(people: Sequence[Person], definitions: CohortDefinitions) -> Iterator[Line]:
    scale = definitions.survival_interval
    efs = [one.efs for one in people]
    yield survival_line("efs", "all", ALL, efs, scale)
    yield survival_line("os", "all", ALL, [one.os for one in people], scale)
    censored = [one.efs_hct for one in people]
    yield survival_line("efs_censor_hct", "all", CENSOR_AT_HCT, censored, scale)
    for name in ("efs", "os"):
        yield from never_lines(name, "never_hct", [(getattr(p, name), p) for p in people], scale)


def never_lines(
    analysis: str, group: str, found: Sequence[tuple[Outcome, Person]], scale: Scale
) -> Iterator[Line]:
    """The curve of those without a transplant before the end, where that are some and not all."""
    never = [outcome for outcome, one in found if not outcome.ends_after(one.transplant)]
    if never and len(never) < len(found):
        yield survival_line(analysis, group, NEVER_HCT, never, scale)


def _remission(people: Sequence[Person]) -> Iterator[Estimate]:
    """Remission among those who were assessed or died before; the others are told apart."""
    said = Counter(one.remission for one in people)
    assessed = len(people) - said["unknown"]
    row = Estimate(
        analysis="remission", group="assessed", estimand=ALL, n=assessed, n_events=said["yes"],
        method=EXACT if assessed else "nobody was assessed: cannot say",
    )  # fmt: skip
    yield of_fraction(row)
    yield Estimate(
        analysis="remission", group="not_assessed", estimand=ALL, n=said["unknown"],
        method="neither remission nor no_remission recorded in time",
    )  # fmt: skip


def _followed(people: Sequence[Person]) -> Iterator[Estimate]:
    days = np.array([one.os.days for one in people], dtype=np.float64)
    for name, share in (("min", 0), ("q1", 25), ("median", 50), ("q3", 75), ("max", 100)):
        yield Estimate(
            analysis="follow_up", group=f"observed:{name}", estimand=ALL, n=len(people),
            estimate=float(np.percentile(days, share)),
            method="days to death or last contact, of all patients",
        )  # fmt: skip
    # those who died would have been followed on: their deaths are the censoring here
    alive = np.array([one.os.code == CENSORED for one in people], dtype=np.bool_)
    middle, low, high = kaplan_meier(days, alive).median()
    yield Estimate(
        analysis="follow_up", group="reverse_km:median", estimate=middle, ci_low=low, ci_high=high,
        estimand=ALL, n=len(people), method="reverse Kaplan-Meier (Schemper and Smith 1996), days",
    )  # fmt: skip
