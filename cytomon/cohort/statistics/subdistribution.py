"""What Gray's test is made of: risk sets as they would be without competing events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrayRisks:
    """Of each group (columns) at each time with an event (rows), in the letters of the paper.

    `h` is the number at risk over the survival just before, what the risk set would be without
    any event; `pooled` the incidence of all groups, its step at each time `step`.
    """

    n: FloatArray
    events: IntArray
    others: IntArray
    before: FloatArray
    after: FloatArray
    h: FloatArray
    step: FloatArray
    pooled: FloatArray
    expected: FloatArray


def gray_risks(at_risk: IntArray, events: IntArray, others: IntArray) -> GrayRisks:
    """Survival, incidence and expected events; groups with nobody left carry theirs on."""
    n = at_risk.astype(np.float64)
    some = np.maximum(n, 1.0)
    first = ((1, 0), (0, 0))
    after: FloatArray = np.cumprod(1 - (events + others) / some, axis=0, dtype=np.float64)
    before = np.pad(after, first, constant_values=1.0)[:-1]
    incidence = np.cumsum(before * events / some, axis=0)
    free = 1 - np.pad(incidence, first)[:-1]
    h = np.where(n > 0, n / np.where(before > 0, before, 1.0), 0.0)
    risk = h * free
    total = events.sum(axis=1)
    step = total / np.maximum(h.sum(axis=1), 1.0)
    all_risk = risk.sum(axis=1)
    rate = np.where(total > 0, total / np.where(all_risk > 0, all_risk, 1.0), 0.0)
    return GrayRisks(
        n=n,
        events=events,
        others=others,
        before=before,
        after=after,
        h=h,
        step=step,
        pooled=np.cumsum(step),
        expected=rate @ risk,
    )


def gray_covariance(risks: GrayRisks) -> FloatArray:
    """Covariance of observed minus expected: each group's events move all the scores.

    An event in group k at t changes score i at once, and through the incidence and the survival
    of k at all later times; `later` holds what is still to come.
    """
    n_groups = risks.n.shape[1]
    total = risks.events.sum(axis=1)
    all_h = np.maximum(risks.h.sum(axis=1), 1.0)
    left = 1 - (risks.pooled - risks.step)
    rate = np.where(left > 0, risks.step / np.where(left > 0, left, 1.0), 0.0)
    covariance = np.zeros((n_groups, n_groups))
    for k in range(n_groups):
        h, n, before = risks.h[:, k], risks.n[:, k], risks.before[:, k]
        here = -risks.h * (h / all_h)[:, None]
        here[:, k] += h
        come = np.cumsum(here * rate[:, None], axis=0)
        later = come[-1:] - come
        alive = risks.after[:, k] > 0
        ahead = np.where(alive, (1 - risks.pooled) / np.where(alive, risks.after[:, k], 1.0), 0.0)

        watched = n > 0
        own = risks.step * before / np.where(watched, n, 1.0) * tied(total, all_h * before)
        moved = here + (1 - ahead)[:, None] * later
        covariance += (moved * np.where(watched, own, 0.0)[:, None]).T @ moved
        weight = (before / np.where(watched, n, 1.0)) ** 2
        weight *= risks.others[:, k] * tied(risks.others[:, k], n)
        moved = ahead[:, None] * later
        covariance += (moved * weight[:, None]).T @ moved
    return covariance


def tied(events: IntArray, at_risk: FloatArray) -> FloatArray:
    """Share of the binomial variance that is left when several events fall on one day."""
    several = events > 1
    return 1 - np.where(several, events - 1, 0) / np.where(several, at_risk - 1, 1.0)
