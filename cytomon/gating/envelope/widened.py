"""What was examined, for a population that has grown or shrunk since: the fit is held.

An examination fits every cloud to the events at hand, which takes longer than a mouse button is
held down. While a gate is being moved, events that have come in are named by the fit as it is, and
those that went out are let go. Whether clusters are leukaemic is not judged again: that is for the
examination that follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cytomon.gating.envelope.claims import chances_of, read_claims
from cytomon.gating.envelope.design import cloud_names, on_axes
from cytomon.gating.envelope.judge import unexplained
from cytomon.gating.envelope.study import Fit, Rows, Study
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Examination, Reference
from cytomon.model.tube import FloatArray

MOST_NEW = 20_000
"""Events that are named while a gate is being moved; more take longer than anyone waits."""


def widened(
    study: Study, rows: Rows, values_of: Callable[[Rows], FloatArray]
) -> Examination | None:
    """The examination of a population that holds other events by now.

    Parameters
    ----------
    study : Study
        Of the population as it was.
    rows : ndarray of int64, shape (n_events,)
        Its events now, in ascending order.
    values_of : callable
        Gives the events of some rows on the axes of the study's question, shape (n_axes, n_rows),
        as `cytomon.gating.envelope.study.Question.values`.

    Returns
    -------
    Examination or None
        None where more events have come in than `MOST_NEW`, or there is no fit to name them by.
    """
    before = study.examination
    stay = np.isin(before.rows, rows, assume_unique=True)
    new = np.setdiff1d(rows, before.rows, assume_unique=True)
    if len(new) and (study.fit is None or len(new) > MOST_NEW):
        return None
    kept = replace(
        before,
        rows=before.rows[stay],
        called=before.called[stay],
        maturing=before.maturing[stay],
    )
    if not len(new) or study.fit is None:
        return kept
    called, maturing = _named(study, study.fit, values_of(new))
    every = np.concatenate([kept.rows, new])
    order = np.argsort(every, kind="stable")
    return replace(
        kept,
        rows=every[order],
        called=np.concatenate([kept.called, called])[order],
        maturing=np.concatenate([kept.maturing, maturing])[order],
    )


def _named(study: Study, fit: Fit, values: FloatArray) -> tuple[np.ndarray, np.ndarray]:
    """Names of events that the fit has not seen, and how surely they are precursors."""
    names = study.examination.names
    seen = replace(fit, values=on_axes(fit.question.axes, values))
    claims = read_claims(seen)
    of_cloud = np.array([names.index(name) for name in cloud_names(fit.reference)], dtype=np.int16)
    called = of_cloud[claims.best]
    if _have_matured(study.examination, fit.reference):
        last, grown = (names.index(name) for name in fit.reference.path[-2:])
        called[called == last] = grown
    # what a pattern takes that was not judged leukaemic is normal no more than a stray is
    normal_no_more = unexplained(seen, claims) | (claims.leukaemic.sum(axis=0) > 0.5)
    called[normal_no_more] = names.index(UNCLEAR)
    called[chances_of(seen, claims, study.leukaemic) > 0.5] = names.index(LEUKAEMIC)
    return called, claims.maturing


def _have_matured(before: Examination, reference: Reference) -> bool:
    """Whether the last precursors of a tube were taken for what they become, as in blood."""
    if len(reference.path) < 3:
        return False
    last, grown = (before.names.index(name) for name in reference.path[-2:])
    as_grown = before.maturing[before.called == grown]
    return bool(np.all(before.called != last) and np.any(as_grown > 0.5))
