"""Who each event is, once the mixture is fitted, and whether its cluster is leukaemia."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.claims import Claims, chances_of, read_claims
from cytomon.gating.envelope.clusters import Group, cluster_of, find_groups
from cytomon.gating.envelope.design import are_markers, cloud_names
from cytomon.gating.envelope.maturation import have_matured, standstills
from cytomon.gating.envelope.mixture import blended, clouds
from cytomon.gating.envelope.pairs import likely_pair
from cytomon.gating.envelope.study import Fit, Rows
from cytomon.gating.envelope.verdicts import (
    CLEAR,
    FEWEST,
    SAME_PLACE,
    astray,
    differs,
    improbable,
)
from cytomon.model.normal import LEUKAEMIC, PAIR, UNCLEAR, Cluster
from cytomon.model.tube import BoolArray, FloatArray

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
    chances : ndarray of float64, shape (n_events,)
        Probability of each event to be of one of them.
    """

    called: NDArray[np.int16]
    maturing: NDArray[np.float32]
    clusters: tuple[Cluster, ...]
    leukaemic: BoolArray
    chances: FloatArray


def judge(fit: Fit, doubted: BoolArray | None = None) -> Verdict:
    """Call every event of a fit by name.

    Parameters
    ----------
    fit : Fit
        Where everything came to rest.
    doubted : ndarray of bool, shape (n_events,), optional
        Events that nothing explained before leukaemia was looked for among them.
    """
    claims = read_claims(fit)
    bench = _Bench(fit, claims, doubted)
    groups = list(find_groups(fit, claims.leukaemic))
    bench.leave_strays(groups, claims.leukaemic)
    doubtful = [group for group in groups if not bench.settled(group)]
    bench.settle_by_maturation(doubtful)
    bench.doubt_displaced()
    bench.let_mature()
    bench.judged.sort(key=lambda cluster: (bool(cluster.refused), -cluster.events))
    return Verdict(
        called=bench.called,
        maturing=claims.maturing,
        clusters=tuple(bench.judged),
        leukaemic=bench.leukaemic_clouds,
        chances=chances_of(fit, claims, bench.leukaemic_clouds),
    )


class _Bench:
    """What has been decided so far; events begin as the normal population they are nearest to."""

    def __init__(self, fit: Fit, claims: Claims, doubted: BoolArray | None = None) -> None:
        self._fit, self._names, self._doubted = fit, fit.reference.populations, doubted
        self._n_normal = len(fit.design.blend)
        self._best = claims.best
        self._of_cloud = np.array(
            [self._names.index(name) for name in cloud_names(fit.reference)], dtype=np.int16
        )
        self.called = self._of_cloud[claims.best]
        self._call(unexplained(fit, claims), UNCLEAR)
        self._call(self._astray(claims.normal > 0.5), UNCLEAR)
        self.judged: list[Cluster] = []
        self.leukaemic_clouds = np.zeros(self._n_normal + len(claims.leukaemic), dtype=np.bool_)

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

    def leave_strays(self, groups: list[Group], leukaemic: FloatArray) -> None:
        """One or two events are no cluster; normal they are not, so a person has to look."""
        strays = leukaemic.sum(axis=0) > 0.5
        for group in groups:
            strays[group.inside] = False
        self._call(strays, UNCLEAR)

    def settled(self, group: Group) -> bool:
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
            inside = self._worth_doubt(group)
            # what is refused was still taken from the normal populations: a person has to look
            self._call(inside, UNCLEAR if cluster.refused else LEUKAEMIC)
            self.leukaemic_clouds[self._n_normal :] |= group.members & (not cluster.refused)
            if len(inside):
                self.judged.append(replace(cluster, events=len(inside)))
        return True

    def _worth_doubt(self, group: Group) -> Rows:
        """A cluster that grew into a normal population, and did not get clear, proves nothing."""
        if self._doubted is None or group.cluster.distance >= CLEAR:
            return group.inside
        return group.inside[self._doubted[group.inside]]

    def _is_variant(self, cluster: Cluster) -> bool:
        """A B cell that has matured and differs in one marker is a B cell."""
        return cluster.nearest in self._fit.reference.mature and not differs(cluster.aberrant)

    def settle_by_maturation(self, doubtful: list[Group]) -> None:
        """A stage, and clusters like the earliest one, are normal if its neighbours are there."""
        path = [self._names.index(name) for name in self._fit.reference.path]
        for found in standstills(self._counts(path), self._beyond(), self._fit.question.n_whole):
            stages = [path[stage] for stage in found.stages]
            inside = np.flatnonzero(np.isin(self.called, stages))
            if not len(inside):
                continue
            self._call(inside, UNCLEAR if found.refused else LEUKAEMIC)
            self.judged.append(replace(cluster_of(self._fit, inside), refused=found.refused))
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
        one marker far off is enough, where it is not as far off on the tube's other populations:
        cells beside them are what leukaemia looks like.
        """
        names, markers = np.array(self._fit.question.axes), are_markers(self._fit.question.axes)
        inside, away = self._beside()
        usual = np.median(list(away.values()), axis=0) if away else 0.0
        for row, offset in away.items():
            population = self._names[self._of_cloud[row]]
            off = markers & (np.abs(offset) >= _BESIDE)
            far = markers & (np.abs(offset - usual) >= _FAR_BESIDE)
            precursors = population in self._fit.reference.path[:-1]
            if off.sum() >= 2 or (precursors and (off & far).any()):
                self._call(inside[row], UNCLEAR)
                where = f"beside {population} in {', '.join(names[off])}"
                cluster = cluster_of(self._fit, inside[row])
                self.judged.append(replace(cluster, refused=f"{where}, further than tubes differ"))

    def _beside(self) -> tuple[dict[int, Rows], dict[int, FloatArray]]:
        """Events of each normal cloud, and how far their median misses it, in usual spreads."""
        fit = self._fit
        centre, _ = clouds(fit.design, fit.state)
        _, usual = blended(fit.design, fit.design.start, fit.design.start_spread)
        inside: dict[int, Rows] = {}
        away: dict[int, FloatArray] = {}
        for row in range(self._n_normal):
            rows = np.flatnonzero((self._best == row) & (self.called == self._of_cloud[row]))
            if len(rows) >= FEWEST:
                inside[row] = rows
                away[row] = (np.median(fit.values[:, rows], axis=1) - centre[row]) / usual[row]
        return inside, away

    def let_mature(self) -> None:
        """The last precursors of blood are transitional B cells."""
        path = [self._names.index(name) for name in self._fit.reference.path]
        if have_matured(self._counts(path)):
            self.called[self.called == path[-2]] = path[-1]


def unexplained(fit: Fit, claims: Claims) -> BoolArray:
    """Events that no cloud is likely to have made, shape (n_events,)."""
    centre, spread = clouds(fit.design, fit.state)
    too_far = improbable(fit.values, centre[claims.best].T, spread[claims.best].T)
    explained = claims.normal + claims.leukaemic.sum(axis=0)
    return np.asarray(too_far | (explained < 0.5), dtype=np.bool_)
