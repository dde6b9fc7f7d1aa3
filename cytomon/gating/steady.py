"""Which parts of a run flowed steadily (domain: gate G01).

A clog changes the event rate, and the signals of every population at once. Medians of all events
jump when a detector has two modes of similar size, so medians are taken within one reference
population, on detectors on which that population is narrow, and several detectors and neighbouring
bins must agree before anything is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.methods import robust_spread
from cytomon.model.tube import BoolArray, FloatArray

EVENTS_PER_BIN = 500
FEWEST_BINS, MOST_BINS = 20, 200
FEWEST_EVENTS = EVENTS_PER_BIN * FEWEST_BINS
FEWEST_REFERENCE = 25
NARROW = 0.45
EFFECT = 0.12
DEVIATIONS = 4.0
CLOCK_PERCENTILES = (0.02, 99.98)
SLOWEST = 0.5
FASTEST = 1.6


def steady_ranges(
    time: FloatArray,
    edges: FloatArray | None,
    members: BoolArray,
    reference: BoolArray,
    signals: Sequence[FloatArray],
) -> tuple[tuple[float, float], ...]:
    """Ranges of the time axis to keep.

    Parameters
    ----------
    time : ndarray of float64, shape (n_events,)
        Time of each event, in any unit.
    edges : ndarray of float64, shape (n_bins + 1,), or None
        By `clock`.
    members, reference : ndarray of bool, shape (n_events,)
        Events to judge by rate, and the reference population to judge signals by.
    signals : sequence of ndarray of float64, shape (n_reference,)
        Scaled detectors of the reference population.

    Returns
    -------
    tuple of (float, float)
        Half-open ranges; one that holds everything when nothing is wrong or nothing can be judged.
    """
    everything = ((-np.inf, np.inf),)
    if edges is None:
        return everything
    n_bins = len(edges) - 1
    where = _bins(time, edges)
    rate = np.bincount(where[members], minlength=n_bins)
    bad = _odd_rate(rate) | _odd_signals(where, reference, signals, n_bins)
    bad = _with_neighbour(bad)
    if not bad.any():
        return everything
    return _kept(edges, bad)


def clock(time: FloatArray, members: BoolArray) -> FloatArray | None:
    """Edges of the bins in which a run is judged, or None where it cannot be.

    A run cannot be judged when it has too few events, or when its clock stands still or shows
    but a few times. One event with a wild time does not stretch the clock.
    """
    n = int(members.sum())
    if n < FEWEST_EVENTS:
        return None
    first, last = np.percentile(time[members], CLOCK_PERCENTILES)
    edges: FloatArray = np.linspace(first, last, min(MOST_BINS, n // EVENTS_PER_BIN) + 1)
    if not last > first or np.count_nonzero(np.bincount(_bins(time[members], edges))) < FEWEST_BINS:
        return None
    return edges


def _bins(time: FloatArray, edges: FloatArray) -> NDArray[np.int64]:
    return np.clip(np.searchsorted(edges, time, side="right") - 1, 0, len(edges) - 2)


def _odd_rate(rate: np.ndarray) -> BoolArray:
    median, spread = robust_spread(rate.astype(np.float64))
    far = np.abs(rate - median) > DEVIATIONS * max(spread, np.sqrt(median))
    # an empty bin is a pause: it holds nothing to cut, and its neighbours may be sound
    slow = (rate > 0) & (rate < SLOWEST * median)
    odd: BoolArray = far & (slow | (rate > FASTEST * median))
    return odd


def _odd_signals(
    where: np.ndarray, reference: BoolArray, signals: Sequence[FloatArray], n_bins: int
) -> BoolArray:
    bins = where[reference].astype(np.int16)  # few enough to be sorted by counting
    order = np.argsort(bins, kind="stable")
    starts = np.searchsorted(bins[order], np.arange(n_bins + 1))
    enough = np.diff(starts) >= FEWEST_REFERENCE
    votes = np.zeros(n_bins, dtype=np.int64)
    if not enough.any():
        return votes > 0
    for signal in signals:
        median, spread = robust_spread(signal)
        if spread > NARROW:
            continue
        values, medians = signal[order], np.full(n_bins, median)
        for index in np.flatnonzero(enough):
            medians[index] = _median(values[starts[index] : starts[index + 1]])
        _, between = robust_spread(medians[enough])
        votes += np.abs(medians - median) > max(EFFECT, DEVIATIONS * between)
    return votes >= 2


def _median(values: FloatArray) -> float:
    """As numpy's, without asking what kind of array it is, for many short ones."""
    middle = len(values) // 2
    values.partition([middle - 1, middle])
    return float(values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2)


def _with_neighbour(bad: BoolArray) -> BoolArray:
    """Drop lone bins: a disturbance lasts longer than a hundredth of a run, chance does not."""
    before = np.concatenate(([False], bad[:-1]))
    after = np.concatenate((bad[1:], [False]))
    return bad & (before | after)


def _kept(edges: FloatArray, bad: BoolArray) -> tuple[tuple[float, float], ...]:
    kept, start = [], -np.inf
    for index in range(len(bad)):
        if bad[index] and (index == 0 or not bad[index - 1]):
            if index:
                kept.append((float(start), float(edges[index])))
        elif not bad[index] and index and bad[index - 1]:
            start = edges[index]
    if not bad[-1]:
        kept.append((float(start), np.inf))
    return tuple(kept)
