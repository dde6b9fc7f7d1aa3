"""What explains each event of a tube: the story of one examination.

Enter broadly, then explain events away. Every normal population and several patterns of leukaemia
compete for the events (`cytomon.gating.envelope.mixture`). Clusters that win events are judged one
by one (`cytomon.gating.envelope.verdicts`). What is neither explained nor leukaemic is left to the
eye of a person, with its count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.design import SCATTER, cloud_names, log_scatter, make_design
from cytomon.gating.envelope.mixture import Design, State, begin, clouds, expect, fit
from cytomon.gating.envelope.verdicts import (
    FEWEST,
    Suspect,
    aberrant,
    dense_parts,
    improbable,
    refusal,
)
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Cluster, Examination, Reference
from cytomon.model.tube import BoolArray, FloatArray

_FIRST_LOOK, _FIRST_STEPS, _STEPS = 6000, 12, 40
_MOST_ODD = 12_000
_ODD = 1e-4
_SAME = 4.0
_LEAST_CLUSTER = 2.5

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """The events to be explained.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_events,)
        Rows of the events in the tube.
    axes : tuple of str
        Markers and scatter.
    values : ndarray of float64, shape (n_axes, n_events)
        On the template's scale; scatter in detector units.
    lineage, immature : mapping of str to ndarray of bool, shape (n_events,)
        Gate to membership.
    """

    rows: Rows
    axes: tuple[str, ...]
    values: FloatArray
    lineage: Mapping[str, BoolArray]
    immature: Mapping[str, BoolArray]


def examine(question: Question, reference: Reference) -> Examination:
    """Say of every event what explains it.

    Parameters
    ----------
    question : Question
        All events that could be leukaemic, and everything that could be mistaken for it.
    reference : Reference
        Normal populations and patterns of leukaemia.

    Returns
    -------
    Examination
        The same question gives the same answer, event by event.
    """
    if not len(question.rows):
        return _nothing(reference)
    values = _on_axes(question)
    study = _settle(question, reference, values, make_design(reference, question.axes))
    verdict = _judge(study)
    unclear = verdict.called == reference.populations.index(UNCLEAR)
    wider = _with_seeds(study.design, _seeds(values[:, unclear], study.design))
    if wider is not study.design:
        study = _settle(question, reference, values, wider)
        verdict = _judge(study)
    moved = np.abs(study.state.stage - study.design.start).max(axis=1)
    clouds_moved = zip(reference.normal, moved, strict=True)
    return Examination(
        names=reference.populations,
        rows=question.rows,
        called=verdict.called,
        clusters=verdict.clusters,
        moved={cloud.name: round(float(far), 3) for cloud, far in clouds_moved},
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    """A question with everything fitted to it."""

    question: Question
    reference: Reference
    values: FloatArray
    design: Design
    state: State


def _nothing(reference: Reference) -> Examination:
    return Examination(
        names=reference.populations,
        rows=np.zeros(0, dtype=np.int64),
        called=np.zeros(0, dtype=np.int16),
        clusters=(),
        moved={},
    )


def _on_axes(question: Question) -> FloatArray:
    columns = [
        log_scatter(column) if axis in SCATTER else column
        for axis, column in zip(question.axes, question.values, strict=True)
    ]
    return np.ascontiguousarray(columns)


def _settle(question: Question, reference: Reference, values: FloatArray, design: Design) -> _Study:
    """Fit: first on an even sample, then on all odd events and an even sample of the others."""
    n_events = values.shape[1]
    look = _evenly(np.arange(n_events), _FIRST_LOOK)
    state = begin(design, n_events)
    state = fit(values[:, look], _each(n_events, look), design, state, steps=_FIRST_STEPS)
    again = np.maximum(state.cluster_events, 10.0)
    state = replace(state, cluster_events=again)
    shares, _ = expect(values, design, state)
    odd = 1 - shares[: len(design.blend)].sum(axis=0) > _ODD
    strange, usual = np.flatnonzero(odd), np.flatnonzero(~odd)
    some, others = _evenly(strange, _MOST_ODD), _evenly(usual, _FIRST_LOOK)
    rows = np.concatenate([some, others])
    weights = np.concatenate([_each(len(strange), some), _each(len(usual), others)])
    state = fit(values[:, rows], weights, design, state, steps=_STEPS)
    return _Study(question, reference, values, design, state)


def _evenly(rows: Rows, most: int) -> Rows:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _each(n_events: int, rows: Rows) -> FloatArray:
    return np.full(len(rows), n_events / max(1, len(rows)))


@dataclass(frozen=True, slots=True, eq=False)
class _Verdict:
    called: NDArray[np.int16]
    clusters: tuple[Cluster, ...]


def _judge(study: _Study) -> _Verdict:
    names = study.reference.populations
    shares, _ = expect(study.values, study.design, study.state)
    n_normal = len(study.design.blend)
    normal, leukaemic = shares[:n_normal], shares[n_normal:]
    best = normal.argmax(axis=0)
    populations = [names.index(name) for name in cloud_names(study.reference)]
    called = np.array(populations, dtype=np.int16)[best]
    called[_unexplained(study, best, shares)] = names.index(UNCLEAR)
    group_of = _joined(study.design, study.state)
    groups = range(group_of.max() + 1)
    owner = np.array([leukaemic[group_of == group].sum(axis=0) for group in groups])
    taken = leukaemic.sum(axis=0) > 0.5
    judged = []
    for group in groups:
        inside = np.flatnonzero(taken & (owner.argmax(axis=0) == group))
        if len(inside):
            cluster = _judge_cluster(study, inside, group_of == group)
            judged.append(cluster)
            # what is refused was still taken from the normal populations: a person has to look
            called[inside] = names.index(UNCLEAR if cluster.refused else LEUKAEMIC)
    judged.sort(key=lambda cluster: (bool(cluster.refused), -cluster.events))
    return _Verdict(called, tuple(judged))


def _unexplained(study: _Study, best: Rows, shares: FloatArray) -> BoolArray:
    centre, spread = clouds(study.design, study.state)
    too_far = improbable(study.values, centre[best].T, spread[best].T)
    return np.asarray(too_far | (shares.sum(axis=0) < 0.5), dtype=np.bool_)


def _joined(design: Design, state: State) -> NDArray[np.int64]:
    """Number of the group of each leukaemic cloud: clouds on one spot are one cluster."""
    group = np.full(len(state.cluster), -1)
    count = 0
    for row in np.argsort(-state.cluster_events, kind="stable"):
        if state.cluster_events[row] < _LEAST_CLUSTER:
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


def _judge_cluster(study: _Study, inside: Rows, members: BoolArray) -> Cluster:
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


def _seeds(values: FloatArray, design: Design) -> FloatArray:
    """Centres of dense clusters among events that nothing explains: unexpected leukaemia."""
    if values.shape[1] < FEWEST:
        return np.zeros((0, len(values)))
    width = np.median(design.pattern_spread, axis=0)
    parts = dense_parts(values, width)
    rows = np.linspace(0, values.shape[1] - 1, len(parts)).astype(np.int64)
    found = [rows[parts == part] for part in range(3)]
    centres = [np.median(values[:, part], axis=1) for part in found if len(part) >= FEWEST]
    return np.array(centres).reshape(-1, len(values))


def _with_seeds(design: Design, seeds: FloatArray) -> Design:
    if not len(seeds):
        return design
    width = np.median(design.pattern_spread, axis=0)
    return replace(
        design,
        pattern=np.vstack([design.pattern, seeds]),
        pattern_spread=np.vstack([design.pattern_spread, np.tile(width, (len(seeds), 1))]),
    )
