"""The curves of one patient, drawn for a story (domain: 3.4)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cytomon.simulate.course.body import Body
from cytomon.simulate.course.clones import ANTIGENS, Clone
from cytomon.simulate.course.curves import (
    HEMATOGONES_FROM,
    RECOVERY_FRACTION,
    Comeback,
    Growth,
    Transgene,
)
from cytomon.simulate.course.stories import BCells, Disease, Story

RECOVERY_SHAPE = 2.2
RECOVERY_SCALE_DAYS = 87.0
"""Weibull law with quartiles on days 49, 74 and 101."""
_EARLIEST_RECOVERY, _LATEST_RECOVERY = 26.5, 179.5
"""The trial's earliest was day 27; the law alone would have some before aplasia."""
_RELAPSE_DETECTABLE = 1e-5
_BURDENS: Sequence[tuple[float, float, float]] = (
    (62, 0.001, 0.01),
    (72, 0.01, 0.15),
    (60, 0.15, 0.90),
)
"""The trial's patients by marrow burden before the infusion, and the ends of each band."""
_DIM_DELTA = -0.7


def draw_recovery_day(rng: np.random.Generator) -> float:
    """Days from the infusion until blood holds 1 % B cells, among those who recover early.

    Parameters
    ----------
    rng : Generator
        Of the patient.

    Returns
    -------
    float
        Within days 27 to 180. The law is cut, not scaled: its quartiles stay.
    """
    drawn = RECOVERY_SCALE_DAYS * rng.weibull(RECOVERY_SHAPE)
    return float(np.clip(drawn, _EARLIEST_RECOVERY, _LATEST_RECOVERY))


def draw_body(story: Story, days: Mapping[str, int], rng: np.random.Generator) -> Body:
    """Draw what happens in one patient.

    Parameters
    ----------
    story : Story
        What must happen.
    days : mapping of str to int
        Visit to day: what a visit is to show is drawn around it.
    rng : Generator
        Of the patient.
    """
    scale = float(rng.lognormal(0.0, 0.3))
    transplanted = int(rng.integers(46, 123)) if story.b_cells is BCells.DONOR else None
    blood, marrow, hematogones = _b_cells(story, days, transplanted, rng)
    growth = _growth(story, days, blood, rng)
    switches = story.disease is Disease.SWITCH
    return Body(
        burden=_burden(rng, band=2 if switches else None),
        residue=_log_uniform(rng, 2e-4, 1e-3) if switches else 0.0,
        growth=growth,
        switches=switches,
        before=_clone_before(story),
        after=_clone_after(story, rng),
        b_before=float(rng.uniform(0.02, 0.15)),
        scale=scale,
        b_blood=blood,
        b_marrow=marrow,
        hematogones=hematogones,
        transplanted_on=transplanted,
        cars=_cars(story, blood, growth, transplanted, rng),
    )


def _b_cells(
    story: Story, days: Mapping[str, int], transplanted: int | None, rng: np.random.Generator
) -> tuple[Comeback | None, Comeback | None, Comeback | None]:
    """Blood, marrow and hematogones: always in the reverse order."""
    if story.b_cells is BCells.STAY_AWAY:
        return None, None, None
    if story.b_cells is BCells.MARROW_FIRST:
        seen = days[str(rng.choice(["m2", "m3", "m6"]))]
        blood = seen + float(rng.uniform(14, 24))
        marrow = seen - float(rng.uniform(10, 16))
        hematogones = marrow - float(rng.uniform(3, 10))
    else:
        back = 0.0 if transplanted is None else transplanted + float(rng.uniform(50, 100))
        blood = back or draw_recovery_day(rng)
        hematogones = max(14.0, blood - float(rng.uniform(7, 28)))
        marrow = blood - float(rng.uniform(0, 0.5)) * (blood - hematogones)
    return (
        _lymphoid(blood, rng),
        _lymphoid(marrow, rng),
        Comeback(
            day=hematogones,
            fraction=HEMATOGONES_FROM,
            rise_days=float(rng.uniform(21, 56)),
            plateau=float(rng.uniform(0.03, 0.06)),
        ),
    )


def _lymphoid(day: float, rng: np.random.Generator) -> Comeback:
    return Comeback(
        day=day,
        fraction=RECOVERY_FRACTION,
        rise_days=float(rng.uniform(28, 70)),
        plateau=float(rng.uniform(0.10, 0.20)),
    )


def _growth(
    story: Story, days: Mapping[str, int], blood: Comeback | None, rng: np.random.Generator
) -> Growth | None:
    if story.disease is Disease.GONE:
        return None
    if story.disease is Disease.MRD:
        # slow enough that the course ends before it is a relapse
        seen, height = days[str(rng.choice(["m3", "m6"]))], _log_uniform(rng, 6e-4, 2e-3)
        return Growth(day=seen, fraction=height, doubling_days=float(rng.uniform(5.5, 8)))
    doubling = float(rng.uniform(4, 8))
    if story.disease is Disease.SWITCH:
        height = _log_uniform(rng, 3e-3, 1.5e-2)
        return Growth(day=days["m3"], fraction=height, doubling_days=doubling)
    if blood is None:
        begins = float(rng.uniform(30, 75))
    else:
        begins = max(45.0, blood.day + float(rng.uniform(-14, 70)))
    return Growth(day=begins, fraction=_RELAPSE_DETECTABLE, doubling_days=doubling)


def _clone_before(story: Story) -> Clone:
    own = "blast_proB_KMT2A" if story.disease is Disease.SWITCH else "blast_typical"
    return Clone(parts={own: 1.0}, cd22_delta=None)


def _clone_after(story: Story, rng: np.random.Generator) -> Clone:
    share = float(rng.uniform(0.30, 0.45)) if story.partner else 0.0
    parts = {story.blasts: 1 - share} | ({story.partner: share} if share else {})
    return Clone(parts=parts, cd22_delta=_DIM_DELTA if story.blasts == "blast_CD22dim" else 0.0)


def _cars(
    story: Story,
    blood: Comeback | None,
    growth: Growth | None,
    transplanted: int | None,
    rng: np.random.Generator,
) -> dict[str, Transgene]:
    """Both transgenes: one patient factor; what is lost goes when its target comes back."""
    factor = float(rng.lognormal(0.0, 1.0))
    offsets = rng.uniform(-14, 14, size=len(ANTIGENS))
    if transplanted is not None:
        around = float(transplanted) + 14  # after the conditioning nothing of them is left
    elif blood is not None:
        around = blood.day
    else:
        around = growth.reaches(1e-4) - 14 if growth else math.inf
    return {
        antigen: Transgene(
            antigen=antigen,
            factor=factor,
            lost_on=max(20, round(around + offset)) if antigen in story.lost else None,
        )
        for antigen, offset in zip(ANTIGENS, offsets.tolist(), strict=True)
    }


def _burden(rng: np.random.Generator, *, band: int | None) -> float:
    """Blasts before the infusion, log-uniform within one of the trial's bands."""
    weights = np.array([patients for patients, _, _ in _BURDENS])
    drawn = int(rng.choice(len(_BURDENS), p=weights / weights.sum()))
    _, low, high = _BURDENS[drawn if band is None else band]
    return _log_uniform(rng, low, high)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
