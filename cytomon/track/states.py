"""All states of a patient on one day, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cytomon.model.states import RelapseLevel, States
from cytomon.track.attendance import Asked, Attended, asked_of, attended
from cytomon.track.b_cells import (
    Aplasia,
    aplasia_at_half_year,
    aplasia_of,
    landmarks,
)
from cytomon.track.car import ANTIGENS, car_lost
from cytomon.track.known import Car, Known
from cytomon.track.relapse import RANK, Reached, first_relapse, highest, levels_reached, phenotype

_ENDING = ("transplant", "second_infusion", "death")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the rules look at beside the samples: days after the infusion.

    Attributes
    ----------
    aplasia : Aplasia
        B-cell aplasia and recovery.
    reached : tuple of Reached
        Every level of relapse, each time.
    relapsed, ended : int or None
        First relapse; and first of relapse, transplant, second infusion and death, after which the
        calendar of visits no longer holds.
    why_ended : str
        Which of them it was.
    car_lost : mapping of str to int or None
        Antigen to the day on which its transgene had gone.
    car : mapping of str to sequence of Car
        Antigen to the samples of its transgene.
    asked : mapping of str to tuple of Asked
        Question of a visit to the specimens that could answer it.
    visits : tuple of Attended
        Visits whose window has begun.
    """

    aplasia: Aplasia
    reached: tuple[Reached, ...]
    relapsed: int | None
    ended: int | None
    why_ended: str
    car_lost: Mapping[str, int | None]
    car: Mapping[str, Sequence[Car]]
    asked: Mapping[str, tuple[Asked, ...]]
    visits: tuple[Attended, ...]


def course_of(known: Known) -> Course:
    """Work out what states and rules have in common."""
    aplasia = aplasia_of(known)
    reached = levels_reached(known)
    relapsed = first_relapse(known, reached)
    over = [(known.first(kind), kind.replace("_", " ")) for kind in _ENDING]
    ends = [(day, why) for day, why in (*over, (relapsed, "relapse")) if day is not None]
    ended, why = min(ends, default=(None, ""))
    car = {antigen: known.car(antigen) for antigen in ANTIGENS}
    apart = known.profile.car_apart_days
    asked = asked_of(known)
    return Course(
        aplasia=aplasia,
        reached=reached,
        relapsed=relapsed,
        ended=ended,
        why_ended=why,
        car_lost={
            antigen: car_lost(samples, apart=apart, recovered=aplasia.trial)
            for antigen, samples in car.items()
        },
        car=car,
        asked=asked,
        visits=tuple(attended(known, asked, ended=ended)),
    )


def states_of(known: Known, course: Course) -> States:
    """The states of a patient.

    Parameters
    ----------
    known : Known
        The patient, as of a day.
    course : Course
        From `course_of`.

    Returns
    -------
    States
    """
    aplasia, relapsed = course.aplasia, course.relapsed
    top = highest(course.reached)
    ways = [one for one in course.reached if top and one[:2] == top[:2]]
    level = RelapseLevel.NONE if top is None else top.level
    typed = RANK[level] >= RANK[RelapseLevel.EXTRAMEDULLARY_RELAPSE]
    at: dict[str, Any] = dict(landmarks(known, aplasia, relapsed=relapsed))

    def on(day: int | None) -> date | None:
        return None if day is None else known.on(day)

    return States(
        patient_id=known.timeline.patient_id,
        bca_onset=on(aplasia.onset),
        recovery_trial=on(aplasia.trial),
        recovery_confirmed=on(aplasia.confirmed),
        recovery_left=on(aplasia.left),
        recovery_right=on(aplasia.trial),
        bca_ge_6m=aplasia_at_half_year(known, aplasia, relapsed=relapsed),
        relapse_level=level,
        relapse_date=on(top.day if top else None),
        relapse_phenotype=phenotype(known, ways) if typed else "",
        car19_lost=on(course.car_lost["CD19"]),
        car22_lost=on(course.car_lost["CD22"]),
        **at,
    )
