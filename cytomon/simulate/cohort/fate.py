"""What becomes of a simulated patient: competing hazards, whoever watches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from cytomon.simulate.cohort.law import Delay, Law
from cytomon.simulate.cohort.person import Person

_SOONEST_RELAPSED_DEATH = 22.0
"""Days; a relapse has been found by then."""
_CLEAN_UNTIL = 30.0
_DOUBLINGS_TO_RELAPSE = 12.5
"""From 1 in 100,000 to 5 %."""
_DOUBLING = (4.0, 8.0)
"""Days (domain: 3.4)."""


class Relapse(StrEnum):
    """How leukaemia comes back."""

    NONE = ""
    KEEPS = "CD19+/CD22+"
    LOSES_CD19 = "CD19-/CD22+"
    LOSES_BOTH = "CD19-/CD22-"
    UNSTAINED = "in the marrow, not stained"
    OUTSIDE = "outside the marrow alone"
    SWITCH = "in another lineage"


class Cause(StrEnum):
    """Of what a patient dies."""

    NONE = ""
    TOXICITY = "toxicity of the infusion"
    INFECTION = "in remission, without a transplant"
    TRANSPLANT = "after a transplant, in remission"
    LEUKAEMIA = "after a relapse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Days after the infusion; infinite for what never happens. Follow-up may end before them.

    Attributes
    ----------
    remission : bool
        Whether there is remission on day 28.
    durable : bool
        Whether the CAR T cells stay.
    recovery_day : float
        On which the patient's own B cells reach 1 %, were there neither transplant nor death.
    transplant_day : float
        Of a transplant in remission.
    relapse_day : float
        With 5 % blasts in the marrow, or the first symptoms elsewhere.
    relapse : Relapse
        How.
    doubling_days : float
        Of the leukaemia that comes back.
    death_day : float
        Of death.
    cause : Cause
        Of what.
    """

    remission: bool
    durable: bool
    recovery_day: float
    transplant_day: float
    relapse_day: float
    relapse: Relapse
    doubling_days: float
    death_day: float
    cause: Cause


class _Luck(NamedTuple):
    """Independent numbers in [0, 1): a change in one part of a law moves nothing in the others."""

    early: float
    when_early: float
    responds: float
    lasts: float
    recovers: float
    transplanted: float
    relapses: float
    loses: float
    shown: float
    how_shown: float
    grows: float
    infected: float
    when_infected: float
    worn: float
    when_worn: float
    saved: float
    when_lost: float


def draw_fate(law: Law, person: Person, rng: np.random.Generator) -> Fate:
    """Draw what happens to one patient.

    Parameters
    ----------
    law : Law
        The hazards.
    person : Person
        Whose ratios multiply them.
    rng : Generator
        Of this patient; every patient takes the same draws from it.
    """
    luck = _Luck(*rng.random(len(_Luck._fields)).tolist())
    remission = luck.early >= law.toxic_death and luck.responds >= law.refractory
    durable = luck.lasts < law.durable
    recovery = (law.durable_loss if durable else law.recovery).days(luck.recovers)
    if not remission:
        return _without_remission(law, luck, durable=durable, recovery=recovery)
    transplant = _transplant(law, person, recovery, luck.transplanted)
    relapse, keeps = _relapse(law, person, luck, recovery=recovery, transplant=transplant)
    death, cause = _death_in_remission(law, luck, transplant)
    transplant = transplant if transplant < min(relapse, death) else math.inf
    if death < relapse:
        relapse = math.inf
    kind = Relapse.NONE
    if relapse < math.inf:
        kind = _kind(law, person, luck, keeps=keeps)
        death, cause = _death_after(law, person, luck, relapse)
    return Fate(
        remission=True,
        durable=durable,
        recovery_day=recovery,
        transplant_day=transplant,
        relapse_day=relapse,
        relapse=kind,
        doubling_days=_doubling(relapse, luck.grows),
        death_day=death,
        cause=cause,
    )


def _without_remission(law: Law, luck: _Luck, *, durable: bool, recovery: float) -> Fate:
    """Death by the infusion; or leukaemia that stays, of which some die."""
    toxic = luck.early < law.toxic_death
    first, last = law.toxic_death_days
    dies = toxic or luck.saved < law.salvage_death
    after = first + luck.when_early * (last - first)
    later = _CLEAN_UNTIL + _SOONEST_RELAPSED_DEATH
    when = after if toxic else later - law.salvage_death_days * math.log1p(-luck.when_lost)
    return Fate(
        remission=False,
        durable=durable,
        recovery_day=recovery,
        transplant_day=math.inf,
        relapse_day=math.inf,
        relapse=Relapse.NONE,
        doubling_days=math.inf,
        death_day=when if dies else math.inf,
        cause=(Cause.TOXICITY if toxic else Cause.LEUKAEMIA) if dies else Cause.NONE,
    )


def _transplant(law: Law, person: Person, recovery: float, drawn: float) -> float:
    """Two constant hazards, before and after B cells are back."""
    ratio = law.transplant_prone_ratio if person.prone else 1.0
    in_aplasia, when_back = law.transplant_until
    pieces = (
        (law.transplant_from, min(recovery, in_aplasia), law.transplant_aplasia),
        (max(law.transplant_from, recovery), when_back, law.transplant_recovered),
    )
    left = -math.log1p(-drawn)
    for first, last, hazard in pieces:
        used = ratio * hazard * max(0.0, last - first)
        if left < used:
            return first + left / (ratio * hazard)
        left -= used
    return math.inf


class _Route(NamedTuple):
    """One way to relapse: a cumulative hazard spread over the days from one day to another."""

    hazard: float
    delay: Delay
    begins: float
    ends: float

    def by(self, day: float) -> float:
        """Cumulative hazard by a day."""
        return self.hazard * self.delay.share(min(day, self.ends) - self.begins)

    def at(self, hazard: float) -> float:
        """Day on which it has come to so much."""
        return self.begins + self.delay.days(hazard / self.hazard)


def _relapse(
    law: Law, person: Person, luck: _Luck, *, recovery: float, transplant: float
) -> tuple[float, bool]:
    """Day of relapse, and whether the blasts keep CD19."""
    risk = person.risk(law)
    late = max(0.0, recovery - law.keeper_from)
    fading = math.exp(-late / law.keeper_fades)
    # what a transplant ends is the CAR T cells: from then on blasts need to hide no longer
    gone = min(recovery, transplant)
    escape = _Route(risk * law.escape_hazard, law.escape, 0.0, recovery)
    keeper = _Route(risk * law.keeper_hazard * fading, law.keeper, gone, math.inf)
    left = -math.log1p(-luck.relapses)
    for route in (escape, keeper):
        before = route.by(transplant)
        whole = before + law.transplant_ratio * (route.by(math.inf) - before)
        if left < whole:
            after = before + (left - before) / law.transplant_ratio
            return route.at(left if left < before else after), route is keeper
        left -= whole
    return math.inf, False


def _death_in_remission(law: Law, luck: _Luck, transplant: float) -> tuple[float, Cause]:
    """The earlier of both; after a transplant only that one."""
    first, last = law.infection_death_days
    day = first + luck.when_infected * (last - first)
    if luck.infected < law.infection_death and day < transplant:
        return day, Cause.INFECTION
    if transplant < math.inf and luck.worn < law.transplant_death:
        after = -law.transplant_death_days * math.log1p(-luck.when_worn)
        return transplant + 1 + after, Cause.TRANSPLANT
    return math.inf, Cause.NONE


def _death_after(law: Law, person: Person, luck: _Luck, relapse: float) -> tuple[float, Cause]:
    odds = law.salvage_death / (1 - law.salvage_death)
    odds *= law.salvage_high_risk_ratio if person.high_risk else 1.0
    if luck.saved >= odds / (1 + odds):
        return math.inf, Cause.NONE
    after = -law.salvage_death_days * math.log1p(-luck.when_lost)
    return relapse + _SOONEST_RELAPSED_DEATH + after, Cause.LEUKAEMIA


def _kind(law: Law, person: Person, luck: _Luck, *, keeps: bool) -> Relapse:
    if luck.shown < law.unknown_share:
        if luck.how_shown < law.unstained_share:
            return Relapse.UNSTAINED
        switched = luck.how_shown < law.unstained_share + law.switch_share
        return Relapse.SWITCH if switched and person.prone else Relapse.OUTSIDE
    if keeps:
        return Relapse.KEEPS
    return Relapse.LOSES_BOTH if luck.loses < law.dual_share else Relapse.LOSES_CD19


def _doubling(relapse: float, drawn: float) -> float:
    """Fast enough that the marrow of day 28 shows nothing."""
    if relapse == math.inf:
        return math.inf
    fastest, slowest = _DOUBLING
    usual = fastest + drawn * (slowest - fastest)
    return min(usual, max(1.0, (relapse - _CLEAN_UNTIL) / _DOUBLINGS_TO_RELAPSE))
