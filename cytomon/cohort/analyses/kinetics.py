"""Copies of the CAR transgenes over time (domain: 3.4, 7.1 row 20; the trial's Figure 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.stats import binom, wilcoxon

from cytomon.cohort.endpoints import Person
from cytomon.cohort.estimates import Estimate, Part

BINS = (
    (1, 3), (4, 6), (7, 10), (11, 14), (15, 30), (31, 60), (61, 90), (91, 180), (181, 360),
    (361, 660),
)  # fmt: skip
"""First and last days, as the trial formed them."""
ANTIGENS = ("CD19", "CD22")
PEAK_BY = 30
"""Day up to which a highest value is looked for."""
_SAMPLED = "sampled patients"
_LEAST = 3
"""Samples of the first weeks of which one can be called the highest."""

Values = dict[str, float]
"""Patient to a number."""


def kinetics(people: Sequence[Person]) -> Part:
    """Median copies by time, and the day of the peak.

    Parameters
    ----------
    people : sequence of Person
        At least one.
    """
    rows: list[Estimate] = []
    for bin_ in BINS:
        found = {antigen: in_bin(people, antigen, bin_) for antigen in ANTIGENS}
        rows += _medians("car_kinetics", f"{bin_[0]}-{bin_[1]}", found, day=bin_[1])
    peaks = {antigen: _peaks(people, antigen) for antigen in ANTIGENS}
    rows += _medians("car_peak_day", "peak", peaks, day=None)
    return Part(estimates=tuple(rows))


def in_bin(people: Sequence[Person], antigen: str, bin_: tuple[int, int]) -> Values:
    """One value for each patient sampled in a span of days: the median of the patient's own.

    What is below the limit of the assay is 0, the lowest: medians and ranks need no more.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for one in people:
        for sample in one.car:
            if sample.antigen == antigen and bin_[0] <= sample.day <= bin_[1]:
                found[one.patient_id].append(sample.copies or 0.0)
    return {whose: float(np.median(values)) for whose, values in found.items()}


def _peaks(people: Sequence[Person], antigen: str) -> Values:
    """Day of each patient's highest value of the first weeks, of those sampled often enough."""
    found: Values = {}
    for one in people:
        early = [s for s in one.car if s.antigen == antigen and s.day <= PEAK_BY]
        if len(early) >= _LEAST and any(sample.copies for sample in early):
            found[one.patient_id] = float(max(early, key=lambda s: s.copies or 0.0).day)
    return found


def _medians(
    analysis: str, group: str, found: Mapping[str, Values], *, day: int | None
) -> Iterator[Estimate]:
    for antigen in ANTIGENS:
        values = np.array(list(found[antigen].values()))
        low, high = median_interval(values)
        yield Estimate(
            analysis=analysis, group=f"{antigen}:{group}", estimand=_SAMPLED, time_days=day,
            n=len(values), estimate=float(np.median(values)) if len(values) else None,
            ci_low=low, ci_high=high,
            method="median of patients, distribution-free interval by order statistics"
            if len(values)
            else "no samples",
        )  # fmt: skip
    both = sorted(found["CD19"].keys() & found["CD22"].keys())
    pairs = np.array([[found[antigen][whose] for antigen in ANTIGENS] for whose in both])
    differ = len(both) > 0 and bool((pairs[:, 0] != pairs[:, 1]).any())
    yield Estimate(
        analysis=analysis, group=f"CD19 vs CD22:{group}", estimand=_SAMPLED, time_days=day,
        n=len(both), p_value=float(wilcoxon(*pairs.T).pvalue) if differ else None,
        method="Wilcoxon signed-rank test of patients with both",
    )  # fmt: skip


def median_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[float | None, ...]:
    """Interval of a median from the order statistics; None where so few values give none.

    Parameters
    ----------
    values : ndarray, shape (n,)
        In any order.
    level : float, optional
        Least coverage.

    References
    ----------
    W. J. Conover, "Practical Nonparametric Statistics", 3rd ed. 1999, section 3.2.

    Examples
    --------
    >>> median_interval(np.arange(1.0, 11.0))
    (2.0, 9.0)
    >>> median_interval(np.arange(5.0))
    (None, None)
    """
    rank = int(binom.ppf((1 - level) / 2, len(values), 0.5)) if len(values) else 0
    if rank < 1:
        return None, None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[len(values) - rank])
