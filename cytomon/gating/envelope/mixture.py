"""Normal populations and leukaemic clusters compete for each event: a mixture, fitted on a leash.

Every population is a cloud with its own centre and spread on each axis and Student tails: one
marker far out does not make an event impossible, several do. Normal clouds keep near the reference;
the clouds between two stages of maturation have no freedom of their own and follow their
neighbours. Leukaemic clouds start at known patterns and go where events are. They take part from
the first step on: a normal population fitted without them would learn leukaemia as normal.

Estimation is by expectation and maximisation with priors on centres and spreads (Dempster, Laird
and Rubin 1977); Student tails as in Peel and McLachlan (2000), for each axis by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import exp, lgamma, pi, sqrt

import numpy as np

from cytomon.model.tube import BoolArray, FloatArray

FREEDOM = 5.0
"""Degrees of freedom of the tails; their density is a third power, for (FREEDOM + 1) / 2 is 3."""
_PRIOR_EVENTS = 30.0
_PRIOR_EVENTS_LEUKAEMIC = 20.0
_NARROWEST, _NARROWEST_LEUKAEMIC, _WIDEST_LEUKAEMIC = 0.6, 0.5, 1.4
_NOWHERE, _MOST_NOWHERE = 1e-4, 1e-3
"""Share of events that no population explains, before the tube has been seen, and at most."""
_BREADTH = 4.4
"""Such events may lie anywhere within so many units on each axis."""
_TOUCHED = 1e-3
_CHUNK, _PIECE = 8192, 65_536


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """What a tube cannot move.

    Attributes
    ----------
    blend : ndarray, shape (n_normal, n_stages)
        Each normal cloud as a mean of the reference's clouds; rows sum to 1.
    stride : ndarray, shape (n_normal, n_axes)
        Extra spread of clouds between two stages, which stand for a stretch of the path.
    start, start_spread : ndarray, shape (n_stages, n_axes)
        Of the reference.
    pattern, pattern_spread : ndarray, shape (n_patterns, n_axes)
        Where leukaemic clouds start.
    usual, most, widest, leukaemic : float
        See `cytomon.model.normal.Leash`.
    slack : ndarray, shape (n_axes,), or float
        Multiple by which each axis lets centres go further than the leash says.
    """

    blend: FloatArray
    stride: FloatArray
    start: FloatArray
    start_spread: FloatArray
    pattern: FloatArray
    pattern_spread: FloatArray
    usual: float
    most: float
    widest: float
    leukaemic: float
    slack: FloatArray | float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """Where everything lies in this tube; `events` are expected counts.

    Attributes
    ----------
    stage, stage_spread : ndarray, shape (n_stages, n_axes)
        Of the normal clouds before blending.
    normal_events : ndarray, shape (n_normal,)
        Events of each blended cloud.
    cluster, cluster_spread : ndarray, shape (n_patterns, n_axes)
        Of the leukaemic clouds.
    cluster_events : ndarray, shape (n_patterns,)
        Their events.
    nowhere : float
        Share of events that no cloud explains.
    """

    stage: FloatArray
    stage_spread: FloatArray
    normal_events: FloatArray
    cluster: FloatArray
    cluster_spread: FloatArray
    cluster_events: FloatArray
    nowhere: float = _NOWHERE


def begin(design: Design, n_events: float, *, clusters: float = 10.0) -> State:
    """Everything where the reference says, all normal clouds alike in number."""
    n_normal = len(design.blend)
    return State(
        stage=design.start,
        stage_spread=design.start_spread,
        normal_events=np.full(n_normal, n_events / n_normal),
        cluster=design.pattern,
        cluster_spread=design.pattern_spread,
        cluster_events=np.full(len(design.pattern), clusters),
    )


def fit(
    values: FloatArray, weights: FloatArray, design: Design, state: State, *, steps: int
) -> State:
    """Improve a state until the likelihood stands still.

    Parameters
    ----------
    values : ndarray of float64, shape (n_axes, n_events)
        Events on the axes of the design.
    weights : ndarray of float64, shape (n_events,)
        How many events of the tube each one stands for.
    design, state : Design, State
        What may move how far, and where to begin.
    steps : int
        At most so many.
    """
    before = -np.inf
    for _ in range(steps):
        shares, level = expect(values, design, state)
        shares *= weights
        state = _improve(values, shares, design, state, float(weights.sum()))
        now = float((weights * level).sum() / weights.sum())
        if abs(now - before) < 1e-4:
            break
        before = now
    return state


def clouds(design: Design, state: State) -> tuple[FloatArray, FloatArray]:
    """Centres and spreads of all clouds, the normal ones first; shape (n_clouds, n_axes)."""
    centre, spread = blended(design, state.stage, state.stage_spread)
    return np.vstack([centre, state.cluster]), np.vstack([spread, state.cluster_spread])


def blended(design: Design, stage: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centres and spreads of the normal clouds, from those of the reference's clouds."""
    width: FloatArray = np.sqrt(design.blend @ spread**2 + design.stride**2)
    return design.blend @ stage, width


def expect(values: FloatArray, design: Design, state: State) -> tuple[FloatArray, FloatArray]:
    """What each event is, as probabilities.

    Returns
    -------
    shares : ndarray, shape (n_clouds, n_events)
        The rest to 1 is the probability of belonging to nothing known.
    level : ndarray, shape (n_events,)
        Log likelihood.
    """
    centre, spread = clouds(design, state)
    events = np.concatenate([state.normal_events, state.cluster_events])
    prior = np.maximum(events, 1e-9) / state.normal_events.sum()
    shares = density(values, centre, spread)
    shares *= prior[:, None]
    likelihood = shares.sum(axis=0) + state.nowhere * _BREADTH ** -len(values)
    shares /= likelihood
    return shares, np.log(likelihood)


def in_pieces(
    values: FloatArray, design: Design, state: State
) -> Iterator[tuple[slice, FloatArray]]:
    """As `expect`, the shares of some events at a time: all at once would fill the memory."""
    for first in range(0, values.shape[1], _PIECE):
        some = slice(first, first + _PIECE)
        yield some, expect(values[:, some], design, state)[0]


def share_of(values: FloatArray, design: Design, state: State, members: BoolArray) -> FloatArray:
    """Probability of each event to be of one of these clouds, shape (n_events,)."""
    found = np.empty(values.shape[1])
    for some, shares in in_pieces(values, design, state):
        found[some] = shares[members].sum(axis=0)
    return found


@np.errstate(over="ignore")  # so far away that nothing is left
def density(values: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    """Density of each event in each cloud; shape (n_clouds, n_events)."""
    n_axes, n_events = values.shape
    peak = exp(lgamma((FREEDOM + 1) / 2) - lgamma(FREEDOM / 2)) / sqrt(FREEDOM * pi)
    heights = peak**n_axes / spread.prod(axis=1)
    narrow = 1 / (spread * sqrt(FREEDOM))
    found = np.empty((len(centre), n_events))
    for first in range(0, n_events, _CHUNK):
        part = np.ascontiguousarray(values[:, first : first + _CHUNK])
        away = np.empty_like(part)
        for row, (middle, scale) in enumerate(zip(centre, narrow, strict=True)):
            np.subtract(part, middle[:, None], out=away)
            away *= scale[:, None]
            away *= away
            away += 1
            odds = away.prod(axis=0)
            found[row, first : first + _CHUNK] = heights[row] / (odds * odds * odds)
    return found


@dataclass(slots=True)
class _Sums:
    """What the events of one cloud say: precision, pull and squares on each axis."""

    precision: FloatArray
    pull: FloatArray
    squares: FloatArray
    events: float


def _sums(
    values: FloatArray, share: FloatArray, centre: FloatArray, spread: FloatArray
) -> _Sums | None:
    touched = share > _TOUCHED
    if not touched.any():
        return None
    away = values[:, touched] - centre[:, None]
    pull = (away / spread[:, None]) ** 2
    # an event far out on an axis says little about the centre of that axis
    weight = share[touched] * (FREEDOM + 1) / (FREEDOM + pull)
    pulled = weight * away
    variance = spread**2
    return _Sums(
        precision=weight.sum(axis=1) / variance,
        pull=pulled.sum(axis=1) / variance,
        squares=(pulled * away).sum(axis=1),
        events=float(share.sum()),
    )


def _improve(
    values: FloatArray, shares: FloatArray, design: Design, state: State, n_all: float
) -> State:
    centre, spread = clouds(design, state)
    n_normal = len(design.blend)
    found = [_sums(values, *row) for row in zip(shares, centre, spread, strict=True)]
    # half an event each: a cloud that lost all its events may come back
    normal_events = np.array([0.5 + (one.events if one else 0.0) for one in found[:n_normal]])
    moved = _move_stages(found[:n_normal], design, state)
    return replace(
        _move_clusters(found[n_normal:], design, state),
        stage=moved[0],
        stage_spread=moved[1],
        normal_events=normal_events,
        nowhere=float(np.clip(1 - shares.sum() / n_all, _NOWHERE, _MOST_NOWHERE)),
    )


def _move_stages(
    found: list[_Sums | None], design: Design, state: State
) -> tuple[FloatArray, FloatArray]:
    shape = state.stage.shape
    precision, pull, squares = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    events = np.zeros(shape[0])
    for part, one in zip(design.blend, found, strict=True):
        if one is None:
            continue
        precision += np.outer(part, one.precision)
        pull += np.outer(part, one.pull)
        squares += np.outer(part, one.squares)
        events += part * one.events
    held = 1 / (design.usual * design.slack) ** 2
    step = (pull + held * (design.start - state.stage)) / (precision + held)
    reach = design.most * design.slack
    low, high = design.start - reach, design.start + reach
    moved: FloatArray = np.clip(state.stage + step, low, high)
    prior: FloatArray = _PRIOR_EVENTS * design.start_spread**2
    spread = np.sqrt((squares + prior) / (events[:, None] + _PRIOR_EVENTS))
    low, high = _NARROWEST * design.start_spread, design.widest * design.start_spread
    return moved, np.clip(spread, low, high)


def _move_clusters(found: list[_Sums | None], design: Design, state: State) -> State:
    cluster, spread = state.cluster.copy(), state.cluster_spread.copy()
    events = np.zeros(len(cluster))
    held = np.broadcast_to(1 / (design.leukaemic * design.slack) ** 2, state.cluster.shape[1:])
    for row, one in enumerate(found):
        if one is None:
            continue
        start, width = design.pattern[row], design.pattern_spread[row]
        cluster[row] += (one.pull + held * (start - cluster[row])) / (one.precision + held)
        prior = _PRIOR_EVENTS_LEUKAEMIC * width**2
        free = np.sqrt((one.squares + prior) / (one.events + _PRIOR_EVENTS_LEUKAEMIC))
        spread[row] = np.clip(free, _NARROWEST_LEUKAEMIC * width, _WIDEST_LEUKAEMIC * width)
        events[row] = one.events
    return replace(state, cluster=cluster, cluster_spread=spread, cluster_events=events)
