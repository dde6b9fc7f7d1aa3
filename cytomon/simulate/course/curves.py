"""Curves over the days since infusion: leukaemia, B cells, CAR transgenes (domain: 3.4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

CAR_DAYS = (2.0, 5.0, 8.5, 12.5, 22.5, 45.5, 75.5, 135.5, 270.5, 510.5)
"""Middle days of the trial's intervals."""
CAR_MEDIANS: Mapping[str, tuple[float, ...]] = {
    "CD19": (190.7, 468.8, 809.7, 310.1, 251.6, 170.4, 29.4, 30.1, 13.0, 7.9),
    "CD22": (81.9, 133.5, 248.4, 347.0, 236.0, 130.7, 33.0, 7.1, 5.9, 6.5),
}
"""The trial's medians in those intervals, copies/ng genomic DNA."""
CAR_LIMIT = 0.1
"""Limit of quantification, copies/ng."""
RECOVERY_FRACTION = 0.01
"""Of the lymphocytes, from which B cells are back."""
HEMATOGONES_FROM = 0.001
"""Of nucleated cells, from which hematogones are a sign of regeneration."""

_CEILING = 0.95
_NOBODY = 1e-8
_FADING_DAYS = 21
_NEARLY = math.log(9)
"""Log odds of 90 % of the plateau."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Leukaemia that doubles in equal times, until it fills the marrow.

    Attributes
    ----------
    day, fraction : float
        A day, and the fraction of nucleated cells on it, in (0, 0.95).
    doubling_days : float
        While it is rare.
    """

    day: float
    fraction: float
    doubling_days: float

    def at(self, day: float) -> float:
        """Fraction of nucleated cells; 0 below 1 in 100 million."""
        odds = _log_odds(self.fraction) + self._rate * (day - self.day)
        fraction = _CEILING / (1 + math.exp(-odds))
        return fraction if fraction >= _NOBODY else 0.0

    def reaches(self, fraction: float) -> float:
        """Day on which it is a fraction in (0, 0.95).

        Examples
        --------
        >>> growth = Growth(day=60, fraction=1e-4, doubling_days=6)
        >>> round(growth.reaches(0.05) - 60)  # nine doublings
        54
        """
        return self.day + (_log_odds(fraction) - _log_odds(self.fraction)) / self._rate

    @property
    def _rate(self) -> float:
        return math.log(2) / self.doubling_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Comeback:
    """Cells that come back along a logistic curve.

    Attributes
    ----------
    day, fraction : float
        The day on which they reach a fraction below `plateau`.
    rise_days : float
        From then to 90 % of the plateau.
    plateau : float
        Fraction in the end.
    """

    day: float
    fraction: float
    rise_days: float
    plateau: float

    def at(self, day: float) -> float:
        """Fraction on a day."""
        start = math.log(self.fraction / (self.plateau - self.fraction))
        odds = start + (_NEARLY - start) * (day - self.day) / self.rise_days
        return self.plateau / (1 + math.exp(-odds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transgene:
    """One CAR in blood.

    Attributes
    ----------
    antigen : str
        ``CD19`` or ``CD22``.
    factor : float
        The patient's copies over the trial's median.
    lost_on : int or None
        Day from which nothing is left; it fades for three weeks before.
    """

    antigen: str
    factor: float
    lost_on: int | None = None

    def at(self, day: float) -> float:
        """Copies/ng genomic DNA; 0 before the infusion and once lost."""
        if day <= 0 or (self.lost_on is not None and day >= self.lost_on):
            return 0.0
        copies = self.factor * car_template(self.antigen, day)
        if self.lost_on is None:
            return copies
        faded = min(1.0, max(0.0, 1 - (self.lost_on - day) / _FADING_DAYS))
        return min(copies, math.pow(copies, 1 - faded) * math.pow(CAR_LIMIT, faded))


def car_template(antigen: str, day: float) -> float:
    """The trial's median on a day: straight lines on a log scale between its intervals.

    Examples
    --------
    >>> round(car_template("CD19", 8.5), 1)
    809.7
    """
    return float(np.exp(np.interp(day, CAR_DAYS, np.log(CAR_MEDIANS[antigen]))))


def _log_odds(fraction: float) -> float:
    return math.log(fraction / (_CEILING - fraction))
