"""Cox's partial likelihood of rows that enter and leave, with its score and its information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray, IntArray
from cytomon.cohort.statistics.rows import BoolArray, Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, slots=True, eq=False)
class AtRisk:
    """Rows arranged so that sums over those at risk need few additions and no subtraction.

    Time is replaced by the number of the event time: a row is at risk at the event times
    ``first <= i < last``. Rows at risk at none of them say nothing and are left out.

    Attributes
    ----------
    first, last : ndarray of int, shape (n_kept,)
        See above.
    event : ndarray of bool, shape (n_kept,)
        Whether there is an event at event time ``last - 1``.
    covariates : ndarray, shape (n_kept, n_covariates)
        Centred, in units of `scale`.
    scale : ndarray, shape (n_covariates,)
        Standard deviation of each covariate; 1 for one that does not vary.
    ties : {"efron", "breslow"}
        How events at the same time share their risk set.
    events : ndarray of int, shape (n_events,)
        The rows with an event, in the order of time.
    time_of : ndarray of int, shape (n_events,)
        Event time of each of them.
    passed : ndarray, shape (n_events, 1)
        Share of the tied events that is no longer at risk for each of them (Efron).
    blocks : sparse array, shape (n_blocks, n_kept)
        Which rows are at risk throughout a block of event times (and not of a larger one).
    of_blocks : sparse array, shape (n_times, n_blocks)
        In which blocks an event time lies.
    """

    first: IntArray
    last: IntArray
    event: BoolArray
    covariates: FloatArray
    scale: FloatArray
    ties: Ties
    events: IntArray
    time_of: IntArray
    passed: FloatArray
    blocks: csr_array
    of_blocks: csr_array

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums of rows of `values` over the risk set of each event, shape (n_events, ...)."""
        found = self.of_blocks @ (self.blocks @ values)
        if not self.passed.any():
            return np.asarray(found[self.time_of])
        starts = np.searchsorted(self.time_of, np.arange(len(found)))
        tied = np.add.reduceat(values[self.events], starts, axis=0)
        return np.asarray(found[self.time_of] - self.passed * tied[self.time_of])

    def only(self, columns: IntArray) -> AtRisk:
        """The same rows with some of the covariates."""
        return arranged(
            Intervals(self.first, self.last, self.event),
            self.covariates[:, columns],
            self.scale[columns],
            self.ties,
        )


class Intervals(NamedTuple):
    """Event times ``first <= i < last`` at which rows are at risk; an event is at ``last - 1``."""

    first: IntArray
    last: IntArray
    event: BoolArray


class Slope(NamedTuple):
    """A function at a point: its value, gradient and (negative, perhaps expected) curvature."""

    value: float
    gradient: FloatArray
    curvature: FloatArray


def arrange(rows: Rows, *, ties: Ties = "efron") -> AtRisk:
    """Number the event times, of which there is one, and keep the rows at risk at any of them.

    They are sorted by their end, which makes what follows faster.
    """
    times = np.unique(rows.stop[rows.event])
    first = np.searchsorted(times, rows.entry, side="right")
    last = np.searchsorted(times, rows.stop, side="right")
    order = np.lexsort((first, last))
    kept = order[first[order] < last[order]]
    table = rows.covariates[kept]
    spread = table.std(axis=0)
    scale = np.where(spread > 1e-12 * np.abs(table).max(axis=0), spread, 1.0)
    intervals = Intervals(first[kept], last[kept], rows.event[kept])
    return arranged(intervals, table / scale, scale, ties)


def arranged(intervals: Intervals, covariates: FloatArray, scale: FloatArray, ties: Ties) -> AtRisk:
    """Find the events, in the order of time, and the blocks of time that rows are at risk in."""
    events = np.flatnonzero(intervals.event)
    events = events[np.argsort(intervals.last[events], kind="stable")]
    time_of = intervals.last[events] - 1
    starts = np.searchsorted(time_of, time_of)
    passed = (np.arange(len(events)) - starts) / np.bincount(time_of)[time_of]
    blocks, of_blocks = _blocks(intervals, int(time_of[-1]) + 1)
    return AtRisk(
        first=intervals.first,
        last=intervals.last,
        event=intervals.event,
        # rounding grows with the distance from zero
        covariates=covariates - covariates.mean(axis=0),
        scale=scale,
        ties=ties,
        events=events,
        time_of=time_of,
        passed=(passed if ties == "efron" else np.zeros_like(passed))[:, None],
        blocks=blocks,
        of_blocks=of_blocks,
    )


def _blocks(intervals: Intervals, n_times: int) -> tuple[csr_array, csr_array]:
    """A segment tree: each row lies in few blocks of 1, 2, 4, ... times, each time in few too.

    Differences of cumulative sums would be as fast, but lose all digits of a risk set that
    weighs little beside rows that are not yet in it.
    """
    from scipy.sparse import csr_array

    levels = (n_times - 1).bit_length()
    begin, end = intervals.first + (1 << levels), intervals.last + (1 << levels)
    at, who = [], []
    for _ in range(levels + 1):
        left = np.flatnonzero((begin < end) & (begin % 2 == 1))
        right = np.flatnonzero((begin < end) & (end % 2 == 1))
        at += [begin[left], end[right] - 1]
        who += [left, right]
        begin, end = (begin + 1) // 2, end // 2
    rows, columns = np.concatenate(at), np.concatenate(who)
    shape = 2 << levels, len(begin)
    blocks = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    leaf = np.arange(n_times)
    block = np.concatenate([(leaf + (1 << levels)) >> level for level in range(levels + 1)])
    time = np.tile(leaf, levels + 1)
    of_blocks = csr_array((np.ones(len(time)), (time, block)), shape=(n_times, 2 << levels))
    return blocks, of_blocks


class Moments(NamedTuple):
    """The weights of the rows, and what they make of each event's risk set."""

    weights: FloatArray
    total: FloatArray
    mean: FloatArray
    covariance: FloatArray
    log_likelihood: float


def moments(sets: AtRisk, coefficients: FloatArray) -> Moments | None:
    """Weighted moments of the covariates at each event, or None where numbers underflow."""
    table = sets.covariates
    n_rows, n_columns = table.shape
    predictor = table @ coefficients
    highest = predictor.max()
    weights = np.exp(predictor - highest)
    squares = (table[:, :, None] * table[:, None, :]).reshape(n_rows, n_columns**2)
    summed = sets.sums(weights[:, None] * np.hstack([np.ones((n_rows, 1)), table, squares]))
    total = summed[:, :1]
    if not (total > 0).all():
        return None
    mean = summed[:, 1 : 1 + n_columns] / total
    second = (summed[:, 1 + n_columns :] / total).reshape(len(total), n_columns, n_columns)
    covariance = second - mean[:, :, None] * mean[:, None, :]
    value = (predictor[sets.events] - highest).sum() - np.log(total).sum()
    return Moments(weights, total, mean, covariance, float(value))


def partial_likelihood(sets: AtRisk, coefficients: FloatArray) -> Slope:
    """Logarithm of the partial likelihood with its score and its observed information.

    Parameters
    ----------
    sets : AtRisk
        With at least one event.
    coefficients : ndarray, shape (n_covariates,)
        Log hazard ratios, for covariates in units of `sets.scale`.

    Returns
    -------
    Slope
        Its value is minus infinity where the numbers do not hold so steep a point.

    Notes
    -----
    A person who enters at a time is not yet at risk at it, one who leaves at it still is [1]_.
    Of d events at one time the k-th sees the risk set less k/d of the d (k from 0) [2]_.
    The work grows with n log n of the rows.

    References
    ----------
    .. [1] P. K. Andersen, R. D. Gill, "Cox's Regression Model for Counting Processes: A Large
       Sample Study", Annals of Statistics 10(4), 1100-1120, 1982. doi:10.1214/aos/1176345976
    .. [2] B. Efron, "The Efficiency of Cox's Likelihood Function for Censored Data", Journal of
       the American Statistical Association 72, 557-565, 1977. doi:10.2307/2286217
    """
    at = moments(sets, coefficients)
    if at is None:
        n_columns = len(coefficients)
        return Slope(-np.inf, np.zeros(n_columns), np.eye(n_columns))
    score = (sets.covariates[sets.events] - at.mean).sum(axis=0)
    return Slope(at.log_likelihood, score, at.covariance.sum(axis=0))
