"""Who is treated: what is known of a simulated patient before the infusion."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cytomon.model.genotype import is_high_risk, may_switch_lineage
from cytomon.simulate.cohort.law import Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One patient before the infusion.

    Attributes
    ----------
    age : float
        Years at infusion.
    sex, genotype : str
        As in a list of patients.
    burden : float
        Blasts in the marrow, as a fraction of the nucleated cells.
    band : int
        0, 1 or 2: below 1 %, below 15 %, above.
    extramedullary : bool
        Disease outside the marrow too; no list has a column for it.
    bridged : str
        Drug within weeks before the infusion that hides B cells; empty for none.
    infused_after : int
        Days from the first infusion that the cohort may have to this one.
    seen_until : int
        Day after the infusion of the last contact before the data cut, where nothing ends the
        follow-up earlier.
    """

    age: float
    sex: str
    genotype: str
    burden: float
    band: int
    extramedullary: bool
    bridged: str
    infused_after: int
    seen_until: int

    @property
    def high_risk(self) -> bool:
        """Whether the genotype is one of the trial's high-risk ones."""
        return is_high_risk(self.genotype)

    @property
    def prone(self) -> bool:
        """Whether the genotype is one of those for which a transplant was planned."""
        return may_switch_lineage(self.genotype)

    def risk(self, law: Law) -> float:
        """Ratio of the patient's hazard of relapse."""
        return (
            law.burden_ratios[self.band]
            * (law.male_ratio if self.sex == "M" else 1.0)
            * (law.extramedullary_ratio if self.extramedullary else 1.0)
            * (law.high_risk_ratio if self.high_risk else 1.0)
        )


def draw_person(law: Law, rng: np.random.Generator) -> Person:
    """Draw one patient and the day of the infusion.

    Parameters
    ----------
    law : Law
        Says how often what is.
    rng : Generator
        Of this patient; every patient takes the same draws from it.
    """
    named, boxed, within, sex, outside, drug, which, contact = rng.random(8)
    youngest, oldest = law.age_range
    band = _pick([patients for patients, *_ in law.burdens], boxed)
    _, low, high, power = law.burdens[band]
    followed = round(law.shortest_days + law.accrual_days * rng.beta(*law.accrual))
    age = law.age_median * math.exp(law.age_sd * rng.standard_normal())
    return Person(
        age=min(max(age, youngest), oldest),
        sex="F" if sex < law.female else "M",
        genotype=law.genotypes[_pick([weight for _, weight in law.genotypes], named)][0],
        burden=low * (high / low) ** (within ** (1 / power)),
        band=band,
        extramedullary=bool(outside < law.extramedullary),
        bridged=("blinatumomab" if which < 0.5 else "inotuzumab") if drug < law.bridged else "",
        infused_after=law.data_cut - followed,
        seen_until=followed - int(contact * (law.contact_days + 1)),
    )


def _pick(weights: list[int], drawn: float) -> int:
    """Position that a number in [0, 1) falls on, when each takes a part of its weight."""
    left = drawn * sum(weights)
    for position, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return position
    return len(weights) - 1
