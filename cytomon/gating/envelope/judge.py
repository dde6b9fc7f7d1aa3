"""Who each event is, once the mixture is fitted, and whether its cluster is leukaemia."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.design import are_markers, cloud_names
from cytomon.gating.envelope.maturation import have_matured, standstills
from cytomon.gating.envelope.mixture import Design, State, blended, clouds, expect
from cytomon.gating.envelope.pairs import likely_pair
from cytomon.gating.envelope.study import Fit, Rows
from cytomon.gating.envelope.verdicts import (
    CLEAR,
    FEWEST,
    SAME_PLACE,
    Suspect,
    aberrant,
    astray,
    differs,
    improbable,
    refusal,
)
from cytomon.model.normal import LEUKAEMIC, PAIR, UNCLEAR, Cluster
from cytomon.model.tube import BoolArray, FloatArray

_SAME = 4.0
"""Clouds nearer to each other, in pooled standard deviations, are one cluster."""
_LEAST_CLOUD = 2.5
_BESIDE, _FAR_BESIDE = 2.5, 4.0
"""Usual spreads by which the median event of a population may miss it on one axis, and of
precursors at all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """What each event is called, and why.

    Attributes
    ----------
    called : ndarray of int16, shape (n_events,)
        Position in the reference's names.
    maturing : ndarray of float32, shape (n_events,)
        Probability of being a stage of the path before the last one.
    clusters : tuple of Cluster
        Leukaemic ones first, each group with the largest first.
    leukaemic : ndarray of bool, shape (n_clouds,)
        Clouds whose events are called leukaemic, the normal clouds first.
    """

    called: NDArray[np.int16]
    maturing: NDArray[np.float32]
    clusters: tuple[Cluster, ...]
    leukaemic: BoolArray


def judge(fit: Fit) -> Verdict:
    """Call every event of a fit by name."""
    shares, _ = expect(fit.values, fit.design, fit.state)
    bench = _Bench(fit, shares)
    leukaemic = shares[len(fit.design.blend) :]
    groups = list(_groups(fit, leukaemic))
    bench.leave_strays(groups, leukaemic)
    doubtful = [group for group in groups if not bench.settled(group)]
    bench.settle_by_maturation(doubtful)
    bench.doubt_displaced()
    bench.let_mature()
    bench.judged.sort(key=lambda cluster: (bool(cluster.refused), -cluster.events))
    stages = [name in fit.reference.path[:-1] for name in cloud_names(fit.reference)]
    return Verdict(
        called=bench.called,
        maturing=shares[: len(stages)][stages].sum(axis=0).astype(np.float32),
        clusters=tuple(bench.judged),
        leukaemic=bench.leukaemic_clouds,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Leukaemic clouds that are one cluster, the events they took, and what they look like."""

    members: BoolArray
    inside: Rows
    middle: FloatArray
    cluster: Cluster


def _groups(fit: Fit, leukaemic: FloatArray) -> Iterator[_Group]:
    group_of = _joined(fit.design, fit.state)
    numbers = range(group_of.max() + 1)
    owner = np.array([leukaemic[group_of == number].sum(axis=0) for number in numbers])
    taken = owner.sum(axis=0) > 0.5
    for number in numbers:
        inside = np.flatnonzero(taken & (owner.argmax(axis=0) == number))
        if len(inside):
            members = group_of == number
            middle = np.median(fit.values[:, inside], axis=1)
            yield _Group(members, inside, middle, _judge_cluster(fit, inside, members))


class _Bench:
    """What has been decided so far; events begin as the normal population they are nearest to."""

    def __init__(self, fit: Fit, shares: FloatArray) -> None:
        self._fit, self._names = fit, fit.reference.populations
        self._n_normal = len(fit.design.blend)
        self._best = best = shares[: self._n_normal].argmax(axis=0)
        self._of_cloud = np.array(
            [self._names.index(name) for name in cloud_names(fit.reference)], dtype=np.int16
        )
        self.called = self._of_cloud[best]
        self._call(_unexplained(fit, best, shares), UNCLEAR)
        self._call(self._astray(shares[: self._n_normal].sum(axis=0) > 0.5), UNCLEAR)
        self.judged: list[Cluster] = []
        self.leukaemic_clouds = np.zeros(len(shares), dtype=np.bool_)

    def _call(self, rows: Rows | BoolArray, name: str) -> None:
        self.called[rows] = self._names.index(name)

    def _astray(self, normal: BoolArray) -> Rows:
        """Precursors that carry what precursors do not; all stages and nodes as one population."""
        precursors = [self._names.index(name) for name in self._fit.reference.path[:-1]]
        inside = np.flatnonzero(normal & np.isin(self.called, precursors))
        centre, spread = clouds(self._fit.design, self._fit.state)
        nearest = self._best[inside]
        away = (self._fit.values[:, inside] - centre[nearest].T) / spread[nearest].T
        return inside[astray(away, are_markers(self._fit.question.axes))]

    def leave_strays(self, groups: list[_Group], leukaemic: FloatArray) -> None:
        """One or two events are no cluster; normal they are not, so a person has to look."""
        strays = leukaemic.sum(axis=0) > 0.5
        for group in groups:
            strays[group.inside] = False
        self._call(strays, UNCLEAR)

    def settled(self, group: _Group) -> bool:
        """Decide on a cluster by what it is; False where only its successors can tell."""
        cluster = group.cluster
        if cluster.distance < CLEAR and cluster.nearest in self._fit.reference.path[:1]:
            self._call(group.inside, cluster.nearest)
            return False
        pair = likely_pair(self._fit, self._fit.question.axes, group.middle, len(group.inside))
        if pair:
            self._call(group.inside, PAIR)
            refused = f"lies where pairs of {pair} lie"
            self.judged.append(replace(cluster, refused=refused, pair=pair))
        elif self._is_variant(cluster):
            self._call(group.inside, cluster.nearest)
        elif cluster.distance >= SAME_PLACE:
            # what is refused was still taken from the normal populations: a person has to look
            self._call(group.inside, UNCLEAR if cluster.refused else LEUKAEMIC)
            self.leukaemic_clouds[self._n_normal :] |= group.members & (not cluster.refused)
            self.judged.append(cluster)
        return True

    def _is_variant(self, cluster: Cluster) -> bool:
        """A B cell that has matured and differs in one marker is a B cell."""
        return cluster.nearest in self._fit.reference.mature and not differs(cluster.aberrant)

    def settle_by_maturation(self, doubtful: list[_Group]) -> None:
        """A stage, and clusters like the earliest one, are normal if its neighbours are there."""
        path = [self._names.index(name) for name in self._fit.reference.path]
        for found in standstills(self._counts(path), self._beyond(), self._fit.question.n_whole):
            stages = [path[stage] for stage in found.stages]
            inside = np.flatnonzero(np.isin(self.called, stages))
            if not len(inside):
                continue
            self._call(inside, UNCLEAR if found.refused else LEUKAEMIC)
            self.judged.append(replace(_judge_cluster(self._fit, inside), refused=found.refused))
            like_first, doubtful = (doubtful, []) if 0 in found.stages else ([], doubtful)
            if not found.refused:
                self.leukaemic_clouds[: self._n_normal] |= np.isin(self._of_cloud, stages)
                for group in like_first:
                    self.leukaemic_clouds[self._n_normal :] |= group.members
        for group in doubtful:
            if group.cluster.distance >= SAME_PLACE:
                self._call(group.inside, UNCLEAR)
                self.judged.append(group.cluster)

    def _counts(self, names: Sequence[int]) -> list[int]:
        return [int(np.count_nonzero(self.called == name)) for name in names]

    def _beyond(self) -> int | None:
        """Mature cells that the path does not end with; None where the reference has no such."""
        mature = set(self._fit.reference.mature) - set(self._fit.reference.path)
        if not mature:
            return None
        return sum(self._counts([self._names.index(name) for name in sorted(mature)]))

    def doubt_displaced(self) -> None:
        """A normal population whose events lie beside it has taken in something else.

        The leash holds the cloud; what pulled at it shows by where its events lie. Of precursors
        one marker far off is enough: cells beside them are what leukaemia looks like.
        """
        fit = self._fit
        centre, _ = clouds(fit.design, fit.state)
        _, usual = blended(fit.design, fit.design.start, fit.design.start_spread)
        names, markers = np.array(fit.question.axes), are_markers(fit.question.axes)
        for row in range(self._n_normal):
            inside = np.flatnonzero((self._best == row) & (self.called == self._of_cloud[row]))
            if len(inside) < FEWEST:
                continue
            away = np.abs(np.median(fit.values[:, inside], axis=1) - centre[row]) / usual[row]
            population = self._names[self._of_cloud[row]]
            off = markers & (away >= _BESIDE)
            far = population in fit.reference.path[:-1] and (away[markers] >= _FAR_BESIDE).any()
            if off.sum() >= 2 or far:
                self._call(inside, UNCLEAR)
                where = f"beside {population} in {', '.join(names[off])}"
                cluster = _judge_cluster(fit, inside)
                self.judged.append(replace(cluster, refused=f"{where}, further than tubes differ"))

    def let_mature(self) -> None:
        """The last precursors of blood are transitional B cells."""
        path = [self._names.index(name) for name in self._fit.reference.path]
        if have_matured(self._counts(path)):
            self.called[self.called == path[-2]] = path[-1]


def _unexplained(fit: Fit, best: Rows, shares: FloatArray) -> BoolArray:
    centre, spread = clouds(fit.design, fit.state)
    too_far = improbable(fit.values, centre[best].T, spread[best].T)
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


def _judge_cluster(fit: Fit, inside: Rows, members: BoolArray | None = None) -> Cluster:
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
