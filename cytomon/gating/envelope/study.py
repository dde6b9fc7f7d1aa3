"""What is asked of the events of a tube, and the fit that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.envelope.mixture import Design, State
from cytomon.model.normal import Examination, Reference
from cytomon.model.tube import BoolArray, FloatArray

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
    n_whole : int
        Nucleated events of the tube.
    """

    rows: Rows
    axes: tuple[str, ...]
    values: FloatArray
    lineage: Mapping[str, BoolArray]
    immature: Mapping[str, BoolArray]
    n_whole: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A question with everything fitted to it.

    Attributes
    ----------
    question : Question
        What was asked.
    reference : Reference
        Normal populations and patterns of leukaemia.
    values : ndarray of float64, shape (n_axes, n_events)
        The question's events; scatter on a logarithmic axis.
    design, state : Design, State
        The mixture, and where it came to rest.
    """

    question: Question
    reference: Reference
    values: FloatArray
    design: Design
    state: State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """The answer to a question, and the fit it stands on.

    Attributes
    ----------
    examination : Examination
        What each event was taken for.
    fit : Fit or None
        None where there was no event.
    leukaemic : ndarray of bool, shape (n_clouds,)
        Clouds whose events are called leukaemic, the normal clouds first.
    chances : ndarray of float64, shape (n_events,)
        Probability of each event of the question to be of one of them.
    """

    examination: Examination
    fit: Fit | None
    leukaemic: BoolArray
    chances: FloatArray
