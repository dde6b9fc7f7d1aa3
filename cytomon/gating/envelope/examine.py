"""What explains each event of a tube: the story of one examination.

Enter broadly, then explain events away. Every normal population and several patterns of leukaemia
compete for the events (`cytomon.gating.envelope.mixture`). Clusters that win events are judged one
by one (`cytomon.gating.envelope.verdicts`). What is neither explained nor leukaemic is left to the
eye of a person, with its count.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cytomon.gating.envelope.design import make_design, on_axes
from cytomon.gating.envelope.judge import judge
from cytomon.gating.envelope.mixture import Design, begin, fit, share_of
from cytomon.gating.envelope.study import Fit, Question, Rows, Study
from cytomon.gating.envelope.verdicts import FEWEST, dense_parts
from cytomon.model.normal import UNCLEAR, Examination, Reference
from cytomon.model.tube import FloatArray

_FIRST_LOOK, _FIRST_STEPS, _STEPS = 6000, 12, 40
_MOST_ODD = 12_000
_ODD = 1e-4


def examine(question: Question, reference: Reference) -> Study:
    """Say of every event what explains it.

    Parameters
    ----------
    question : Question
        All events that could be leukaemic, and everything that could be mistaken for it.
    reference : Reference
        Normal populations and patterns of leukaemia.

    Returns
    -------
    Study
        The same question gives the same answer, event by event.
    """
    if not len(question.rows):
        return _nothing(reference)
    values = on_axes(question.axes, question.values)
    fitted = _settle(question, reference, values, make_design(reference, question.axes))
    verdict = judge(fitted)
    unclear = verdict.called == reference.populations.index(UNCLEAR)
    wider = _with_seeds(fitted.design, _seeds(values[:, unclear], fitted.design))
    if wider is not fitted.design:
        fitted = _settle(question, reference, values, wider)
        verdict = judge(fitted, unclear)
    moved = np.abs(fitted.state.stage - fitted.design.start).max(axis=1)
    clouds_moved = zip(reference.normal, moved, strict=True)
    examination = Examination(
        names=reference.populations,
        rows=question.rows,
        called=verdict.called,
        maturing=verdict.maturing,
        clusters=verdict.clusters,
        moved={cloud.name: round(float(far), 3) for cloud, far in clouds_moved},
    )
    return Study(
        examination=examination,
        fit=fitted,
        leukaemic=verdict.leukaemic,
        chances=verdict.chances,
    )


def _nothing(reference: Reference) -> Study:
    examination = Examination(
        names=reference.populations,
        rows=np.zeros(0, dtype=np.int64),
        called=np.zeros(0, dtype=np.int16),
        maturing=np.zeros(0, dtype=np.float32),
        clusters=(),
        moved={},
    )
    nothing = np.zeros(0)
    return Study(
        examination=examination, fit=None, leukaemic=nothing.astype(np.bool_), chances=nothing
    )


def _settle(question: Question, reference: Reference, values: FloatArray, design: Design) -> Fit:
    """Fit: first on an even sample, then on all odd events and an even sample of the others."""
    n_events = values.shape[1]
    look = _evenly(np.arange(n_events), _FIRST_LOOK)
    state = begin(design, n_events)
    state = fit(values[:, look], _each(n_events, look), design, state, steps=_FIRST_STEPS)
    again = np.maximum(state.cluster_events, 10.0)
    state = replace(state, cluster_events=again)
    normal = np.arange(len(design.blend) + len(design.pattern)) < len(design.blend)
    odd = 1 - share_of(values, design, state, normal) > _ODD
    strange, usual = np.flatnonzero(odd), np.flatnonzero(~odd)
    some, others = _evenly(strange, _MOST_ODD), _evenly(usual, _FIRST_LOOK)
    rows = np.concatenate([some, others])
    weights = np.concatenate([_each(len(strange), some), _each(len(usual), others)])
    state = fit(values[:, rows], weights, design, state, steps=_STEPS)
    return Fit(question=question, reference=reference, values=values, design=design, state=state)


def _evenly(rows: Rows, most: int) -> Rows:
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _each(n_events: int, rows: Rows) -> FloatArray:
    return np.full(len(rows), n_events / max(1, len(rows)))


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
