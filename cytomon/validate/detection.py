"""Limits of blank, detection and quantification, as CLSI EP17-A2 defines them.

Pure functions of numbers. Values are whatever the caller measures in (here events per nucleated
cell); nothing is clipped or rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

ALPHA = 0.05
_Z = 1.6448536269514722
"""95th percentile of the standard normal law."""


def blank_limit(blanks: Sequence[float]) -> float:
    """Limit of blank without an assumption on the law of the blanks.

    Parameters
    ----------
    blanks : sequence of float
        Results of disease-free tubes, at least one.

    Returns
    -------
    float
        Value at rank ``0.5 + 0.95 n`` of the sorted results, between ranks on a straight line;
        the largest result where there are too few for that rank.

    Raises
    ------
    ValueError
        If there are no results.

    References
    ----------
    .. [1] CLSI EP17-A2, "Evaluation of Detection Capability for Clinical Laboratory Measurement
       Procedures", 2012, the classical approach, non-parametric option.
    """
    if not len(blanks):
        msg = "no blanks: expected at least one"
        raise ValueError(msg)
    ranked = np.sort(np.asarray(blanks, dtype=np.float64))
    rank = 0.5 + (1 - ALPHA) * len(ranked)
    return float(np.interp(rank, np.arange(1, len(ranked) + 1), ranked))


def blank_limit_normal(blanks: Sequence[float], *, n_samples: int = 1) -> float:
    """Limit of blank of normally distributed blanks: mean + 1.645 SD, corrected for few results.

    Parameters
    ----------
    blanks : sequence of float
        Results of disease-free tubes, more than `n_samples`.
    n_samples : int, optional
        Specimens that the results come from; each costs one degree of freedom.

    Raises
    ------
    ValueError
        If there are too few results.
    """
    values = np.asarray(blanks, dtype=np.float64)
    return float(values.mean()) + _multiplier(len(values), n_samples) * float(values.std(ddof=1))


def detection_limit(limit_of_blank: float, low_positives: Sequence[Sequence[float]]) -> float:
    """Limit of detection: the limit of blank and 1.645 pooled SD of low positives.

    Parameters
    ----------
    limit_of_blank : float
        From `blank_limit`.
    low_positives : sequence of sequence of float
        Results, one inner sequence for each low level; those with fewer than two are left out.

    Raises
    ------
    ValueError
        If no level has two results.
    """
    levels = [np.asarray(group, dtype=np.float64) for group in low_positives if len(group) > 1]
    n_results = sum(len(level) for level in levels)
    multiplier = _multiplier(n_results, len(levels))
    squares = sum(float(((level - level.mean()) ** 2).sum()) for level in levels)
    return limit_of_blank + multiplier * float(np.sqrt(squares / (n_results - len(levels))))


def _multiplier(n_results: int, n_samples: int) -> float:
    """EP17's factor: a standard deviation from few results is too small on average."""
    freedom = n_results - n_samples
    if freedom < 1 or n_samples < 1:
        msg = f"{n_results} results of {n_samples} samples: expected more results than samples"
        raise ValueError(msg)
    return _Z / (1 - 1 / (4 * freedom))


def counting_limit(lod_events: int, total: int, *, recall: float = 1.0) -> float:
    """Fraction at which a tube of this size is called detected in 95 %, by counting alone.

    Parameters
    ----------
    lod_events : int
        Events from which a cluster is called detected, at least 1.
    total : int
        Nucleated cells of the tube, at least 1.
    recall : float, optional
        Share of the blasts that is found, in (0, 1].

    Examples
    --------
    >>> f"{counting_limit(20, 279_000):.4%}"
    '0.0100%'
    """
    expected = float(stats.gamma.ppf(1 - ALPHA, lod_events))
    return expected / (total * recall)


def variation(results: Sequence[float]) -> float | None:
    """Coefficient of variation, SD over mean; None below two results or at a mean of 0."""
    values = np.asarray(results, dtype=np.float64)
    if len(values) < 2 or values.mean() <= 0:
        return None
    return float(values.std(ddof=1) / values.mean())


def quantification_bracket(
    results: Mapping[float, Sequence[float]], *, most: float = 0.30
) -> tuple[float | None, float | None]:
    """The two levels between which the coefficient of variation becomes good enough.

    Parameters
    ----------
    results : mapping of float to sequence of float
        Nominal level to the results of its tubes; levels with fewer than two say nothing.
    most : float, optional
        Largest coefficient of variation that is accepted.

    Returns
    -------
    above, reached : float or None
        Highest level that varies too much, and the lowest above it; None where there is none. A
        level below one that varies too much is luck.
    """
    reached = None
    for level in sorted(results, reverse=True):
        spread = variation(results[level])
        if spread is not None and spread > most:
            return level, reached
        reached = level if spread is not None else reached
    return None, reached


def blank_rate(false_events: Sequence[int], totals: Sequence[int]) -> float:
    """False events per nucleated cell, for `lob_rate` of a template.

    The template takes the 95 % Poisson limit of this rate as what a clean tube may show. Blanks
    that differ more than Poisson would exceed it too often with the mean rate; therefore the rate
    is the larger of the mean and the one that 95 % of the tubes stay within.

    Parameters
    ----------
    false_events : sequence of int
        Of each blank.
    totals : sequence of int
        Nucleated cells of each blank, above 0.

    Raises
    ------
    ValueError
        If there are no blanks.
    """
    counts, cells = np.asarray(false_events), np.asarray(totals)
    # the Poisson limit steps up at these rates: a hair above them a tube is within it
    steps = stats.gamma.ppf(ALPHA, np.maximum(counts, 1)) * (1 + 1e-6)
    needed = np.where(counts > 0, steps, 0.0) / cells
    return max(float(counts.sum() / cells.sum()), blank_limit([float(rate) for rate in needed]))
