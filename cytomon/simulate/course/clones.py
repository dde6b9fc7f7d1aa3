"""The leukaemia of a simulated patient: what its blasts are made of, and how they stain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytomon.model.phenotype import pair

ANTIGENS = ("CD19", "CD22")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stain:
    """One antigen on one kind of blast.

    Attributes
    ----------
    above : float
        Share of the blasts above the edge of the negative cells, in [0, 1].
    median : float
        On the scale L.
    """

    above: float
    median: float


_CD19 = Stain(above=0.98, median=3.3)
_CD22 = Stain(above=0.95, median=2.6)
_ABSENT = Stain(above=0.02, median=0.1)

STAINS: Mapping[str, Mapping[str, Stain]] = {
    "blast_typical": {"CD19": _CD19, "CD22": _CD22},
    "blast_CD19neg": {"CD19": _ABSENT, "CD22": Stain(above=0.95, median=2.4)},
    "blast_CD22dim": {"CD19": _CD19, "CD22": Stain(above=0.90, median=1.4)},
    "blast_proB_KMT2A": {
        "CD19": Stain(above=0.97, median=3.2),
        "CD22": Stain(above=0.89, median=1.2),
    },
}
"""Population of the tables to its antigens; medians as there, shares as its tubes show them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """Blasts of one or several kinds.

    Attributes
    ----------
    parts : mapping of str to float
        Population (`cytomon.simulate.populations`) to its share; the shares sum to 1.
    cd22_delta : float or None
        log10 of the median CD22 over that of the patient's blasts before the infusion; None for
        those blasts themselves.
    """

    parts: Mapping[str, float]
    cd22_delta: float | None = 0.0

    def above(self, antigen: str) -> float:
        """Expected share of the blasts above the edge of the negative cells."""
        return sum(share * STAINS[name][antigen].above for name, share in self.parts.items())

    @property
    def phenotype(self) -> str:
        """Pair of both antigens in the trial's categories, such as ``CD19-/CD22+``.

        Examples
        --------
        >>> Clone(parts={"blast_CD19neg": 1.0}).phenotype
        'CD19-/CD22+'
        """
        return pair(self.above("CD19"), self.above("CD22"))
