"""When a CAR transgene had gone (domain: 5.5, 5.9.9)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cytomon.track.known import Car

ANTIGENS = ("CD19", "CD22")


def car_lost(samples: Sequence[Car], *, apart: int, recovered: int | None) -> int | None:
    """Day on which a transgene counts as lost.

    Parameters
    ----------
    samples : sequence of Car
        Of one transgene, by day.
    apart : int
        Days between two samples that confirm each other.
    recovered : int or None
        Day of B-cell recovery by a single specimen.

    Returns
    -------
    int or None
        Of the second of two neighbouring samples below the limit, so far apart, or of the first
        one below it on the day of recovery or later: the earlier of the two.
    """
    days = [
        second.day
        for first, second in pairwise(samples)
        if first.below and second.below and second.day - first.day >= apart
    ]
    if recovered is not None:
        days += [one.day for one in samples if one.below and one.day >= recovered]
    return min(days, default=None)
