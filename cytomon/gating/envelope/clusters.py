"""Which events are a cluster together, and what it looks like beside the normal populations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.design import are_markers, cloud_names
from cytomon.gating.envelope.mixture import Design, State, clouds
from cytomon.gating.envelope.study import Fit, Rows
from cytomon.gating.envelope.verdicts import Suspect, aberrant, refusal
from cytomon.model.normal import Cluster
from cytomon.model.tube import BoolArray, FloatArray

_SAME = 4.0
"""Clouds nearer to each other, in pooled standard deviations, are one cluster."""
_LEAST_CLOUD = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Leukaemic clouds that are one cluster, the events they took, and what they look like."""

    members: BoolArray
    inside: Rows
    middle: FloatArray
    cluster: Cluster


def find_groups(fit: Fit, leukaemic: FloatArray) -> Iterator[Group]:
    """Clusters of the events that the leukaemic clouds win.

    Parameters
    ----------
    fit : Fit
        Where everything came to rest.
    leukaemic : ndarray, shape (n_patterns, n_events)
        Probability of each leukaemic cloud for each event.
    """
    group_of = _joined(fit.design, fit.state)
    numbers = range(group_of.max() + 1)
    owner = np.array([leukaemic[group_of == number].sum(axis=0) for number in numbers])
    taken = owner.sum(axis=0) > 0.5
    for number in numbers:
        inside = np.flatnonzero(taken & (owner.argmax(axis=0) == number))
        if len(inside):
            members = group_of == number
            middle = np.median(fit.values[:, inside], axis=1)
            yield Group(members, inside, middle, cluster_of(fit, inside, members))


def _joined(design: Design, state: State) -> NDArray[np.int64]:
    """Number of the group of each leukaemic cloud: clouds on one spot are one cluster."""
    group = np.full(len(state.cluster), -1)
    count = 0
    for row in np.argsort(-state.cluster_events, kind="stable"):
        if state.cluster_events[row] < _LEAST_CLOUD:
            continue
        for other in np.flatnonzero(group >= 0):
            width = (state.cluster_spread[row] ** 2 + state.cluster_spread[other] ** 2) / 2
            apart = (state.cluster[row] - state.cluster[other]) / np.sqrt(width)
            if np.linalg.norm(apart) < _SAME:
                group[row] = group[other]
                break
        else:
            group[row] = count
            count += 1
    return group


def cluster_of(fit: Fit, inside: Rows, members: BoolArray | None = None) -> Cluster:
    """Verdict on some events, by the width of the leukaemic clouds `members`, else of them all."""
    question, state, axes = fit.question, fit.state, fit.question.axes
    events_of = (
        state.cluster_events if members is None else np.where(members, state.cluster_events, -1)
    )
    spread = state.cluster_spread[int(np.argmax(events_of))]
    n_normal = len(fit.design.blend)
    centre, normal_spread = (part[:n_normal] for part in clouds(fit.design, state))
    events = fit.values[:, inside]
    away = (np.median(events, axis=1) - centre) / np.sqrt((normal_spread**2 + spread**2) / 2)
    nearest = int(np.linalg.norm(away, axis=1).argmin())
    suspect = Suspect(
        values=events,
        spread=spread,
        nearest=cloud_names(fit.reference)[nearest],
        away=away[nearest],
        lineage={gate: float(held[inside].mean()) for gate, held in question.lineage.items()},
        immature={gate: float(held[inside].mean()) for gate, held in question.immature.items()},
    )
    markers = are_markers(axes)
    middle = np.median(question.values[:, inside], axis=1)
    return Cluster(
        events=len(inside),
        centre={axis: round(float(at), 3) for axis, at in zip(axes, middle, strict=True)},
        nearest=suspect.nearest,
        distance=round(float(np.linalg.norm(suspect.away)), 2),
        aberrant=aberrant(suspect, axes, markers),
        refused=refusal(suspect, axes, markers),
    )
