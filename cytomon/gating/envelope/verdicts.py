"""Is a cluster leukaemia? Every reason against it is a sentence, and the first one is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, pdtrc, stdtr, stdtrit

from cytomon.gating.envelope.mixture import FREEDOM
from cytomon.model.tube import BoolArray, FloatArray

FEWEST = 4
"""Fewer events are no cluster."""
SAME_PLACE, CLEAR = 3.0, 4.0
"""Nearer to a normal population, in pooled standard deviations over all axes, is that population;
between the two a person has to look."""
_ABERRANT, _FAR = 1.5, 4.0
_MYELOID, _MYELOID_FROM = "CD33+CD14", 2.5
_NEIGHBOURS = 3
_LOOKED_AT = 600
_REACH = 1.15
_IMPROBABLE = 1e-6
_FAR_OUT, _TAILS = (5.0, 8.0, 12.0), 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suspect:
    """A cluster that asks for a verdict.

    Attributes
    ----------
    values : ndarray, shape (n_axes, n_events)
        Its events.
    spread : ndarray, shape (n_axes,)
        The width that a leukaemic population of this pattern has.
    nearest : str
        The nearest normal population.
    away : ndarray, shape (n_axes,)
        From there, in pooled standard deviations.
    lineage, immature : mapping of str to float
        Gate to the share of events inside.
    """

    values: FloatArray
    spread: FloatArray
    nearest: str
    away: FloatArray
    lineage: Mapping[str, float]
    immature: Mapping[str, float]


def aberrant(suspect: Suspect, axes: Sequence[str], markers: BoolArray) -> dict[str, float]:
    """Markers, scatter left out, on which a cluster differs from the nearest normal population."""
    order = np.argsort(-np.abs(suspect.away))
    return {
        axes[axis]: round(float(suspect.away[axis]), 2)
        for axis in order
        if markers[axis] and abs(suspect.away[axis]) >= _ABERRANT
    }


def differs(different: Mapping[str, float]) -> bool:
    """Whether markers differ enough for another cell: two of them, or one by far."""
    return len(different) >= 2 or any(abs(away) >= _FAR for away in different.values())


def refusal(suspect: Suspect, axes: Sequence[str], markers: BoolArray) -> str:
    """Why a cluster is not called leukaemic; empty where nothing speaks against it."""
    return next(_reasons(suspect, axes, markers), "")


def _reasons(suspect: Suspect, axes: Sequence[str], markers: BoolArray) -> Iterator[str]:
    n_events = suspect.values.shape[1]
    if n_events < FEWEST:
        yield f"only {n_events} events"
    if float(np.linalg.norm(suspect.away)) < CLEAR:
        yield f"no clear distance from {suspect.nearest}"
    different = aberrant(suspect, axes, markers)
    if not differs(different):
        yield f"differs from {suspect.nearest} in {', '.join(different) or 'no marker'} only"
    shown = [gate for gate, share in suspect.lineage.items() if share > 0.5]
    immature = any(share > 0.5 for share in suspect.immature.values())
    if len(shown) + immature < 2:
        yield "its lineage cannot be assigned; sorting, FISH or sequencing may tell"
    if _MYELOID in axes:
        level = float(np.median(suspect.values[axes.index(_MYELOID)]))
        if level >= _MYELOID_FROM:
            yield f"{_MYELOID} as bright as on myeloid cells"
    if not compact(suspect.values, suspect.spread):
        yield "scattered, not compact"


def compact(values: FloatArray, spread: FloatArray) -> bool:
    """Whether half of the events or more lie together as densely as one population does.

    Parameters
    ----------
    values : ndarray, shape (n_axes, n_events)
        Events.
    spread : ndarray, shape (n_axes,)
        Width of a leukaemic population.

    Notes
    -----
    DBSCAN, because it needs no number of clusters and calls strays strays. Its radius is known
    here, and that decides: two events of one cloud of this width lie, on n axes, sqrt(2 n) of its
    standard deviations apart. HDBSCAN, which looks for a radius of its own, calls thirty events on
    fourteen axes noise; a Gaussian mixture always finds as many clusters as it is asked for.
    """
    return bool(np.count_nonzero(dense_parts(values, spread) == 0) >= 0.5 * _shown(values))


def dense_parts(values: FloatArray, spread: FloatArray) -> np.ndarray:
    """Number of the dense part that each event (of at most 600, evenly taken) is in, -1 for none.

    The largest part is number 0.
    """
    from sklearn.cluster import DBSCAN

    rows = np.linspace(0, values.shape[1] - 1, _shown(values)).astype(np.int64)
    scaled = (values[:, rows] / spread[:, None]).T
    radius = _REACH * np.sqrt(2 * len(values))
    found = DBSCAN(eps=radius, min_samples=_NEIGHBOURS).fit(scaled).labels_
    parts, sizes = np.unique(found[found >= 0], return_counts=True)
    ranks = {int(part): rank for rank, part in enumerate(parts[np.argsort(-sizes, kind="stable")])}
    return np.array([ranks.get(int(part), -1) for part in found])


def _shown(values: FloatArray) -> int:
    return min(int(values.shape[1]), _LOOKED_AT)


def improbable(values: FloatArray, centre: FloatArray, spread: FloatArray) -> BoolArray:
    """Events that lie too far out on too many axes to belong to the cloud they were given to.

    Parameters
    ----------
    values, centre, spread : ndarray, shape (n_axes, n_events)
        Each event, and the cloud it was given to.

    Notes
    -----
    For each k, the chance that k or more axes are as far out as the k-th furthest one, by the
    binomial distribution on Student tails; the smallest of these chances decides (Berk and Jones
    1979). One axis far out is an outlier of that detector; three are another cell.
    """
    out = np.abs(values - centre) / spread
    out.sort(axis=0)
    return np.asarray((out > _too_far_out(len(values))[:, None]).any(axis=0), dtype=np.bool_)


def _too_far_out(n_axes: int) -> FloatArray:
    """How far out the axes may be, the nearest first, in spreads of their cloud.

    The k-th furthest axis decides where k or more axes with its tail have less than the chance.
    """
    at_least = np.arange(n_axes, 0, -1)
    tail = betaincinv(at_least, n_axes - at_least + 1, _IMPROBABLE / n_axes)
    return np.asarray(-stdtrit(FREEDOM, tail / 2))


def astray(away: FloatArray, markers: BoolArray) -> BoolArray:
    """Events that lie far out on one marker, and are too many there to be its tail.

    Parameters
    ----------
    away : ndarray, shape (n_axes, n_events)
        Events of one population, from their clouds, in standard deviations.
    markers : ndarray of bool, shape (n_axes,)
        Axes that are looked at.

    Notes
    -----
    A single event far out on one axis is an outlier of that detector; many on one side of one
    marker are cells that carry it. Too many are those that a Poisson count of three times what
    Student tails would put there reaches with a probability below 10⁻⁶.
    """
    n_events = away.shape[1]
    found = np.zeros(n_events, dtype=np.bool_)
    for axis in np.flatnonzero(markers):
        for side in (away[axis], -away[axis]):
            for far in _FAR_OUT:
                out = side > far
                usual = _TAILS * n_events * float(stdtr(FREEDOM, -far))
                if out.any() and pdtrc(np.count_nonzero(out) - 1, usual) < _IMPROBABLE:
                    found |= out
                    break
    return found
