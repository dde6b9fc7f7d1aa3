"""Who each event is, once the mixture is fitted, and whether its cluster is leukaemia."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.design import SCATTER, cloud_names
from cytomon.gating.envelope.mixture import Design, State, clouds, expect
from cytomon.gating.envelope.study import Rows, Study
from cytomon.gating.envelope.verdicts import (
    CLEAR,
    SAME_PLACE,
    Suspect,
    aberrant,
    arrest,
    improbable,
    refusal,
)
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Cluster
from cytomon.model.tube import BoolArray, FloatArray

_SAME = 4.0
"""Clouds nearer to each other, in pooled standard deviations, are one cluster."""
_LEAST_CLOUD = 2.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """What each event is called, and why.

    Attributes
    ----------
    called : ndarray of int16, shape (n_events,)
        Position in the reference's names.
    clusters : tuple of Cluster
        Leukaemic ones first, each group with the largest first.
    """

    called: NDArray[np.int16]
    clusters: tuple[Cluster, ...]


def judge(study: Study) -> Verdict:
    """Call every event of a study by name."""
    names = study.reference.populations
    shares, _ = expect(study.values, study.design, study.state)
    n_normal = len(study.design.blend)
    best = shares[:n_normal].argmax(axis=0)
    populations = [names.index(name) for name in cloud_names(study.reference)]
    called = np.array(populations, dtype=np.int16)[best]
    called[_unexplained(study, best, shares)] = names.index(UNCLEAR)
    judged = []
    doubtful: list[tuple[Cluster, Rows]] = []
    for members, inside in _groups(study, shares[n_normal:]):
        cluster = _judge_cluster(study, inside, members)
        if cluster.distance < CLEAR and cluster.nearest in study.reference.path[:1]:
            called[inside] = names.index(cluster.nearest)
            doubtful.append((cluster, inside))
        elif cluster.distance >= SAME_PLACE:
            # what is refused was still taken from the normal populations: a person has to look
            called[inside] = names.index(UNCLEAR if cluster.refused else LEUKAEMIC)
            judged.append(cluster)
    still = _standing_still(study, called)
    if still is None:
        for cluster, inside in doubtful:
            if cluster.distance >= SAME_PLACE:
                called[inside] = names.index(UNCLEAR)
                judged.append(cluster)
    else:
        judged.append(still)
    judged.sort(key=lambda cluster: (bool(cluster.refused), -cluster.events))
    return Verdict(called=called, clusters=tuple(judged))


def _groups(study: Study, leukaemic: FloatArray) -> Iterator[tuple[BoolArray, Rows]]:
    """Leukaemic clouds that are one cluster, and the events they took."""
    group_of = _joined(study.design, study.state)
    numbers = range(group_of.max() + 1)
    owner = np.array([leukaemic[group_of == number].sum(axis=0) for number in numbers])
    taken = leukaemic.sum(axis=0) > 0.5
    for number in numbers:
        inside = np.flatnonzero(taken & (owner.argmax(axis=0) == number))
        if len(inside):
            yield group_of == number, inside


def _standing_still(study: Study, called: NDArray[np.int16]) -> Cluster | None:
    """The earliest stage without its successors, which is no maturation; changes `called`."""
    names, path = study.reference.populations, study.reference.path
    if len(path) < 2:
        return None
    stages = [names.index(name) for name in path]
    early = np.flatnonzero(called == stages[0])
    later = int(np.isin(called, stages[1:]).sum())
    refused = arrest(len(early), later, study.question.n_whole)
    if refused is None:
        return None
    called[early] = names.index(UNCLEAR if refused else LEUKAEMIC)
    all_clouds = np.ones(len(study.state.cluster), dtype=np.bool_)
    return replace(_judge_cluster(study, early, all_clouds), refused=refused)


def _unexplained(study: Study, best: Rows, shares: FloatArray) -> BoolArray:
    centre, spread = clouds(study.design, study.state)
    too_far = improbable(study.values, centre[best].T, spread[best].T)
    return np.asarray(too_far | (shares.sum(axis=0) < 0.5), dtype=np.bool_)


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


def _judge_cluster(study: Study, inside: Rows, members: BoolArray) -> Cluster:
    """Verdict on the events of the leukaemic clouds `members`."""
    question, state, axes = study.question, study.state, study.question.axes
    spread = state.cluster_spread[int(np.argmax(np.where(members, state.cluster_events, -1)))]
    n_normal = len(study.design.blend)
    centre, normal_spread = (part[:n_normal] for part in clouds(study.design, state))
    events = study.values[:, inside]
    away = (np.median(events, axis=1) - centre) / np.sqrt((normal_spread**2 + spread**2) / 2)
    nearest = int(np.linalg.norm(away, axis=1).argmin())
    suspect = Suspect(
        values=events,
        spread=spread,
        nearest=cloud_names(study.reference)[nearest],
        away=away[nearest],
        lineage={gate: float(held[inside].mean()) for gate, held in question.lineage.items()},
        immature={gate: float(held[inside].mean()) for gate, held in question.immature.items()},
    )
    markers = np.array([axis not in SCATTER for axis in axes])
    middle = np.median(question.values[:, inside], axis=1)
    return Cluster(
        events=len(inside),
        centre={axis: round(float(at), 3) for axis, at in zip(axes, middle, strict=True)},
        nearest=suspect.nearest,
        distance=round(float(np.linalg.norm(suspect.away)), 2),
        aberrant=aberrant(suspect, axes, markers),
        refused=refusal(suspect, axes, markers),
    )
