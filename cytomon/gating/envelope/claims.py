"""What the clouds of a fit claim of each event, without all claims of all events at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.design import cloud_names
from cytomon.gating.envelope.mixture import in_pieces, share_of
from cytomon.gating.envelope.study import Fit
from cytomon.model.tube import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claims:
    """Probabilities of each event.

    Attributes
    ----------
    best : ndarray of int16, shape (n_events,)
        The likeliest normal cloud.
    normal : ndarray of float64, shape (n_events,)
        To be of any normal cloud.
    maturing : ndarray of float32, shape (n_events,)
        To be a stage of the path before the last one.
    leukaemic : ndarray of float64, shape (n_patterns, n_events)
        To be of each leukaemic cloud.
    """

    best: NDArray[np.int16]
    normal: FloatArray
    maturing: NDArray[np.float32]
    leukaemic: FloatArray


def read_claims(fit: Fit) -> Claims:
    """Ask all clouds about every event."""
    n_normal, n_events = len(fit.design.blend), fit.values.shape[1]
    stages = [name in fit.reference.path[:-1] for name in cloud_names(fit.reference)]
    best, normal = np.empty(n_events, dtype=np.int16), np.empty(n_events)
    maturing = np.empty(n_events, dtype=np.float32)
    leukaemic = np.empty((len(fit.design.pattern), n_events))
    for some, shares in in_pieces(fit.values, fit.design, fit.state):
        best[some] = shares[:n_normal].argmax(axis=0)
        normal[some] = shares[:n_normal].sum(axis=0)
        maturing[some] = shares[:n_normal][stages].sum(axis=0)
        leukaemic[:, some] = shares[n_normal:]
    return Claims(best=best, normal=normal, maturing=maturing, leukaemic=leukaemic)


def chances_of(fit: Fit, claims: Claims, members: BoolArray) -> FloatArray:
    """Probability of each event to be of one of these clouds, shape (n_events,)."""
    n_normal = len(fit.design.blend)
    if members[:n_normal].any():
        return share_of(fit.values, fit.design, fit.state, members)
    return np.asarray(claims.leukaemic[members[n_normal:]].sum(axis=0))
