"""Return of B cells: loss of aplasia among competing events, and when (domain: 7.1, 12 to 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from cytomon.cohort.analyses.outcome import EXACT
from cytomon.cohort.endpoints import EVENT, Outcome, Person
from cytomon.cohort.estimates import ALL, Estimate, Line, Part, of_fraction
from cytomon.cohort.statistics.competing import aalen_johansen
from cytomon.cohort.statistics.interval_censored import turnbull
from cytomon.cohort.statistics.survival import kaplan_meier
from cytomon.track.profile import CohortDefinitions

_CENSORED_COMPETING = "competing events as censoring"
_SAME = 1e-9
_BY = 35
"""Day by which aplasia is looked for, the end of the window of the four-week visit."""


def recovery(people: Sequence[Person], definitions: CohortDefinitions) -> Part:
    """Cumulative incidence of the return of B cells.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    found = [one.recovery for one in people]
    line = incidence_line("cif_bcr", "all", found, definitions.incidence_interval)
    days = sorted({91, definitions.recovery_by_day, definitions.horizon_day})
    return Part(
        estimates=(
            *_aplasia(people),
            *line.read_off(days, always=definitions.recovery_by_day),
            *_when(people),
            *_between_visits(people, sorted({61, 91, 122, definitions.recovery_by_day})),
        ),
        lines=(line,),
    )


def incidence_line(
    analysis: str, group: str, found: Sequence[Outcome], scale: Literal["linear", "log-log"]
) -> Line:
    """Cumulative incidence of the event of some outcomes among the others, at least one."""
    stop = np.array([one.days for one in found], dtype=np.float64)
    cause = np.array([one.code for one in found], dtype=np.int64)
    curve = aalen_johansen(stop, cause, scale=scale)
    return Line(analysis=analysis, group=group, estimand=ALL, curve=curve)


def _aplasia(people: Sequence[Person]) -> Iterator[Estimate]:
    """Aplasia by the four-week visit, of those with a specimen that could show it."""
    looked = [one for one in people if one.aplasia is not None or one.looked_by(_BY)]
    found = sum(one.aplasia is not None and one.aplasia <= _BY for one in looked)
    row = Estimate(
        analysis="aplasia", group="all", estimand=ALL, time_days=_BY, n=len(looked),
        n_events=found, method=EXACT if looked else "nobody was looked at: cannot say",
    )  # fmt: skip
    yield of_fraction(row)


def _when(people: Sequence[Person]) -> Iterator[Estimate]:
    """Of those whose B cells came back, when: describes them, and predicts nothing for others."""
    days = [one.recovery.days for one in people if one.recovery.code == EVENT]
    for name, share in (("min", 0), ("q1", 25), ("median", 50), ("q3", 75), ("max", 100)):
        yield Estimate(
            analysis="bcr_time", group=name, estimand="recoverers only (descriptive)",
            n=len(days), n_events=len(days),
            estimate=float(np.percentile(days, share)) if days else None,
            method="days to the specimen that dates it" if days else "nobody recovered",
        )  # fmt: skip


def _between_visits(people: Sequence[Person], days: Sequence[int]) -> Iterator[Estimate]:
    """The same, knowing only that B cells came back between two specimens.

    Beside it the curve that takes the later of both as the day, under the same censoring: their
    distance is what dating by specimens does. Neither is the cumulative incidence.
    """
    among = [one for one in people if one.aplasia is not None]
    if not among:
        return
    left, right = (np.array(ends, dtype=float) for ends in zip(*map(_span, among), strict=True))
    is_back = np.isfinite(right)
    found = turnbull(left, right)
    dated = kaplan_meier(np.where(is_back, right, left), is_back)
    for day in days:
        most, least = found.at(day)
        low, high = 1 - least, 1 - most
        whole = Estimate(
            analysis="bcr_interval_censored", group="aplasia", estimand=_CENSORED_COMPETING,
            time_days=day, n=len(among), n_events=int((right <= day).sum()),
            estimate=high if high - low < _SAME else None,
            method=f"Turnbull's NPMLE; the specimens leave {low:.4f} to {high:.4f} open",
        )  # fmt: skip
        yield whole
        later = dated.at(day).estimate
        yield replace(
            whole, group="aplasia, dated at the later specimen",
            estimate=None if later is None else 1 - later,
            method="one minus Kaplan-Meier, no interval: shown to compare the dating",
        )  # fmt: skip


def _span(one: Person) -> tuple[float, float]:
    left = one.recovery_left or 0
    if one.recovery_right is not None:
        return left, one.recovery_right
    return min(left, one.recovery.days), np.inf
