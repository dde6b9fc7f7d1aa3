"""Event-free survival from a landmark, by B-cell aplasia there (domain: 5.7, 7.1 rows 15 and 19).

Who has relapsed, died or left before the landmark is in none of the groups: what is said holds for
those who came so far. A specimen up to a week after the landmark may still tell the state there
(domain: 5.3.5); nothing that is known later decides on a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cytomon.cohort.analyses.outcome import arrays, survival_line
from cytomon.cohort.analyses.transplant import Rows, hazard_rows, rows_of
from cytomon.cohort.endpoints import CENSORED, LANDMARKS, Outcome, Person
from cytomon.cohort.estimates import Estimate, Line, Part, landmark, of_test
from cytomon.cohort.statistics.logrank import logrank
from cytomon.model.states import Landmark
from cytomon.track.profile import CohortDefinitions

_TOLD_APART = (Landmark.PERSISTENT, Landmark.RECOVERED, Landmark.UNKNOWN)
_HALF_YEAR = "bca_6m"


def landmarks(people: Sequence[Person], definitions: CohortDefinitions) -> Part:
    """Survival from each landmark.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    definitions : CohortDefinitions
        Of the endpoints.
    """
    lines: list[Line] = []
    rows: list[Estimate] = []
    for name, day in LANDMARKS.items():
        here = [one for one in people if one.efs.days > day]
        groups = {
            state: [one for one in here if one.landmarks[name] is state] for state in _TOLD_APART
        }
        rows += _left_out(people, here, name, day)
        for state, group in groups.items():
            if group:
                efs = [one.efs for one in group]
                scale = definitions.survival_interval
                line = survival_line("landmark_efs", state.value, landmark(day), efs, scale)
                line = replace(line, begins=day)
                horizon = definitions.horizon_day
                rows += line.read_off((horizon,), always=horizon)
                lines.append(line)
        rows += _compared(groups, day, definitions.horizon_day)
    return Part(estimates=(*rows, *_together(people)), lines=tuple(lines))


def _left_out(
    people: Sequence[Person], here: Sequence[Person], name: str, day: int
) -> Iterator[Estimate]:
    over = sum(one.landmarks[name] is Landmark.NOT_APPLICABLE for one in here)
    before = [one.efs.code == CENSORED for one in people if one.efs.days <= day]
    for group, n, why in (
        ("failed", before.count(False), "failed before the landmark: in no group"),
        ("left", before.count(True), "observation ended before the landmark: in no group"),
        ("NA", over, "transplant or second infusion before the landmark: in no group"),
    ):
        yield Estimate(
            analysis="landmark_left_out", group=group, estimand=landmark(day), time_days=day, n=n,
            method=why,
        )  # fmt: skip


def _compared(groups: dict[Landmark, list[Person]], day: int, horizon: int) -> Iterator[Estimate]:
    """Persistent aplasia against recovery up to the horizon; the unknown are no group."""
    two = [(state, groups[state]) for state in (Landmark.PERSISTENT, Landmark.RECOVERED)]
    if not all(group for _, group in two):
        return
    stop, event = arrays([_up_to(horizon, one.efs) for _, group in two for one in group])
    names = np.array([state.value for state, group in two for _ in group])
    sizes = ", ".join(f"{state.value} (n = {len(group)})" for state, group in two)
    row = Estimate(
        analysis="landmark_logrank", group="PERSISTENT vs RECOVERED", estimand=landmark(day),
        n=len(stop), n_events=int(event.sum()),
        method=f"log-rank test up to day {horizon}; {sizes}",
    )  # fmt: skip
    yield of_test(row, logrank(stop, event, names))


def _up_to(horizon: int, outcome: Outcome) -> Outcome:
    return outcome if outcome.days <= horizon else Outcome(horizon, CENSORED)


def _together(people: Sequence[Person]) -> Iterator[Estimate]:
    """Aplasia at half a year and a later transplant in one model, from that landmark on."""
    day = LANDMARKS[_HALF_YEAR]
    known = (Landmark.PERSISTENT, Landmark.RECOVERED)
    here = [one for one in people if one.efs.days > day and one.landmarks[_HALF_YEAR] in known]
    kept = np.array([one.landmarks[_HALF_YEAR] is known[0] for one in here], dtype=float)
    if not here or len(set(kept)) < len(known):
        return
    cut = rows_of(here, "efs")
    # time before the landmark belongs to nobody's risk: all of them came through it
    seen = cut.stop > day
    cut = Rows(np.maximum(cut.entry, day)[seen], *(column[seen] for column in cut[1:]))
    names = ("aplasia at 6 months", "transplant")
    covariates = np.column_stack([kept[cut.person], cut.moved.astype(float)])
    wanted = [0, 1] if cut.moved.any() else [0]
    rows = [
        Estimate(analysis="cox_landmark", group=names[one], estimand=landmark(day), method="")
        for one in wanted
    ]
    yield from hazard_rows(rows, cut, covariates[:, wanted], [names[one] for one in wanted])
