"""What is true in the body of a simulated patient on every day; nothing of it is measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cytomon.simulate.course.clones import Clone
from cytomon.simulate.course.curves import Comeback, Growth, Transgene

_B_FLOOR = 2e-4
_HEMATOGONE_FLOOR = 3e-5
_NORMAL_HEMATOGONES = 0.02
_CLEARED_PER_DAY = 0.5
"""Decades of leukaemia and of B cells that the CARs take away each day."""
_RESIDUE_HALVES = 3.0
_RARE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyState:
    """One day.

    Attributes
    ----------
    day : int
        After the infusion.
    mrd : float
        Blasts of the B lineage, as a fraction of the nucleated cells of the marrow.
    switched : float
        Leukaemia that has left the B lineage, likewise.
    b_blood, b_marrow : float
        Mature and transitional B cells, as a fraction of the lymphocytes.
    hematogones : float
        Fraction of the nucleated cells of the marrow that are no blasts.
    car19, car22 : float
        Copies of the transgenes in blood, per ng of genomic DNA.
    """

    day: int
    mrd: float
    switched: float
    b_blood: float
    b_marrow: float
    hematogones: float
    car19: float
    car22: float

    @property
    def blasts(self) -> float:
        """All leukaemia, of whatever lineage, as a fraction of the nucleated cells."""
        return self.mrd + self.switched


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The curves of one patient.

    Attributes
    ----------
    burden : float
        Blasts before the infusion, as a fraction of the nucleated cells.
    residue : float
        Blasts that are left on day 28 and go after it; 0 for none.
    growth : Growth or None
        Of what comes back; None where nothing does.
    switches : bool
        Whether that has left the B lineage.
    before, after : Clone
        Blasts up to the day of the infusion, and those that come back.
    b_before : float
        B cells before the infusion, as a fraction of the lymphocytes.
    scale : float
        The patient's rare normal cells over what is usual, above 0.
    b_blood, b_marrow, hematogones : Comeback or None
        None where they stay away.
    transplanted_on : int or None
        Day of a transplant: B cells after it are a donor's.
    cars : mapping of str to Transgene
        By antigen.
    """

    burden: float
    residue: float
    growth: Growth | None
    switches: bool
    before: Clone
    after: Clone
    b_before: float
    scale: float
    b_blood: Comeback | None
    b_marrow: Comeback | None
    hematogones: Comeback | None
    transplanted_on: int | None
    cars: Mapping[str, Transgene]

    def on(self, day: int) -> BodyState:
        """What is true on a day after the infusion; up to it the state before holds."""
        grown = self.growth.at(day) if self.growth and day > 0 else 0.0
        precursors = _NORMAL_HEMATOGONES * self.scale
        return BodyState(
            day=day,
            mrd=self._blasts(day) + (0.0 if self.switches else grown),
            switched=grown if self.switches else 0.0,
            b_blood=self._normal(day, self.b_before, _B_FLOOR, self.b_blood),
            b_marrow=self._normal(day, self.b_before, _B_FLOOR, self.b_marrow),
            hematogones=self._normal(day, precursors, _HEMATOGONE_FLOOR, self.hematogones),
            car19=self.cars["CD19"].at(day),
            car22=self.cars["CD22"].at(day),
        )

    def clone(self, day: int) -> Clone:
        """The blasts of a day."""
        return self.before if day <= 0 else self.after

    def _blasts(self, day: int) -> float:
        """What the infusion has left of the blasts before it."""
        left = self.burden * _decades(-_CLEARED_PER_DAY * max(day, 0))
        if self.residue and day > 0:
            left = max(left, min(self.burden, self.residue * 2 ** ((28 - day) / _RESIDUE_HALVES)))
        return left if left >= _RARE else 0.0

    def _normal(self, day: int, before: float, floor: float, back: Comeback | None) -> float:
        """Cells that the infusion takes away down to a floor, and that may come back."""
        left = before * _decades(-_CLEARED_PER_DAY * max(day, 0))
        risen = back.at(day) if back and day > 0 else 0.0
        return max(left, floor * self.scale, risen)


def _decades(exponent: float) -> float:
    return math.pow(10, exponent)
