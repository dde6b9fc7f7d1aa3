"""What is true in the body of a simulated patient of a cohort, as curves over the days."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from cytomon.simulate.cohort.fate import Fate, Relapse
from cytomon.simulate.cohort.person import Person
from cytomon.simulate.course.body import Body, BodyState
from cytomon.simulate.course.clones import ANTIGENS, Clone
from cytomon.simulate.course.curves import (
    HEMATOGONES_FROM,
    RECOVERY_FRACTION,
    Comeback,
    Growth,
    Transgene,
)
from cytomon.simulate.course.visits import RELAPSE_FROM

_CD19_LOST = 4 / 9
"""Of the relapses without CD19 that the trial tested; all nine had lost the CD22 CAR."""
_NEVER = 2_000
"""Days; no follow-up is as long."""
_AFTER = {
    Relapse.LOSES_CD19: "blast_CD19neg",
    Relapse.LOSES_BOTH: "blast_dualneg",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """One patient with the patient's own B cells, and from a transplant on with a donor's.

    Attributes
    ----------
    own, donors : Body
        The same but for the B cells.
    transplant_day : float
        Infinite without one.
    """

    own: Body
    donors: Body
    transplant_day: float

    def on(self, day: int) -> BodyState:
        """What is true on a day."""
        return (self.own if day <= self.transplant_day else self.donors).on(day)


def draw_bodies(person: Person, fate: Fate, rng: np.random.Generator) -> Bodies:
    """Draw the curves that carry out a fate.

    Parameters
    ----------
    person : Person
        With the burden before the infusion.
    fate : Fate
        With the days.
    rng : Generator
        Of this patient; every patient takes the same draws from it.
    """
    scale, factor = rng.lognormal(0.0, (0.3, 1.0)).tolist()
    before_b, lead, rise, plateau, donor, lost19, *offsets = rng.random(8).tolist()
    recovery = fate.recovery_day
    # marrow first, by up to two weeks
    blood = _comeback(recovery + 14 * lead, rise, plateau)
    early = Comeback(
        day=max(14.0, recovery - 14), fraction=HEMATOGONES_FROM, rise_days=35, plateau=0.04
    )
    returns = recovery < _NEVER
    own = Body(
        burden=person.burden,
        residue=0.0,
        growth=_growth(person, fate),
        switches=fate.relapse is Relapse.SWITCH,
        before=_clone(person, Relapse.NONE),
        after=_clone(person, fate.relapse),
        b_before=0.02 + 0.13 * before_b,
        scale=scale,
        b_blood=blood if returns else None,
        b_marrow=replace(blood, day=recovery) if returns else None,
        hematogones=early if returns else None,
        transplanted_on=None,
        cars=_cars(fate, factor, offsets, lost19=lost19),
    )
    back = fate.transplant_day + 50 + 50 * donor
    donors = own if math.isinf(back) else _with_donor(own, _comeback(back, rise, plateau))
    return Bodies(own=own, donors=donors, transplant_day=fate.transplant_day)


def _comeback(day: float, rise: float, plateau: float) -> Comeback:
    return Comeback(
        day=day, fraction=RECOVERY_FRACTION, rise_days=28 + 42 * rise, plateau=0.1 + 0.1 * plateau
    )


def _with_donor(own: Body, back: Comeback) -> Body:
    return replace(own, b_blood=back, b_marrow=back)


def _growth(person: Person, fate: Fate) -> Growth | None:
    if fate.relapse in (Relapse.NONE, Relapse.OUTSIDE):
        # without remission what was there before is there on day 28
        stays = not fate.remission
        return Growth(day=28, fraction=person.burden, doubling_days=30) if stays else None
    return Growth(day=fate.relapse_day, fraction=RELAPSE_FROM, doubling_days=fate.doubling_days)


def _clone(person: Person, relapse: Relapse) -> Clone:
    own = "blast_proB_KMT2A" if "KMT2A" in person.genotype else "blast_typical"
    return Clone(parts={_AFTER.get(relapse, own): 1.0})


def _cars(
    fate: Fate, factor: float, offsets: list[float], *, lost19: float
) -> dict[str, Transgene]:
    """Both transgenes go when B cells come back; before a relapse in aplasia, the CD22 CAR goes."""
    escapes = fate.relapse_day < fate.recovery_day
    gone = min(fate.recovery_day, fate.transplant_day + 14)
    hidden = fate.relapse_day - 56
    keeps19 = fate.relapse is Relapse.LOSES_BOTH or lost19 >= _CD19_LOST
    days = {
        "CD19": gone if not escapes or keeps19 else hidden,
        "CD22": hidden if escapes else gone,
    }
    return {
        antigen: Transgene(antigen=antigen, factor=factor, lost_on=_lost(days[antigen], offset))
        for antigen, offset in zip(ANTIGENS, offsets, strict=True)
    }


def _lost(day: float, offset: float) -> int | None:
    return None if math.isinf(day) else max(20, round(day + 28 * offset - 14))
