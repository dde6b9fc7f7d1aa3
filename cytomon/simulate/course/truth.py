"""What was true of a simulated course, whatever was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cytomon.model.patient import Specimen
from cytomon.model.phenotype import UNKNOWN
from cytomon.simulate.course.body import Body, BodyState
from cytomon.simulate.course.curves import HEMATOGONES_FROM, RECOVERY_FRACTION
from cytomon.simulate.course.visits import RELAPSE_FROM

_CLEARED_ON = 15
"""From here on all B cells that the infusion found are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientTruth:
    """What was true; days after the infusion, None for what did not happen within the course.

    Attributes
    ----------
    blood_recovery_day, marrow_recovery_day : int or None
        First day after the first two weeks on which the patient's own B cells are 1 % of the
        lymphocytes or more.
    donor_recovery_day : int or None
        The same in blood, of a donor's B cells after a transplant.
    hematogones_day : int or None
        First day after the first two weeks with 0.1 % hematogones, whosever they are.
    relapse_day : int or None
        First day with 5 % blasts in the marrow, of whatever lineage.
    doubling_days : float or None
        Of the leukaemia that comes back.
    phenotype : str
        Of the blasts that come back, in the trial's categories, whether or not they become a
        relapse; ``unknown`` after a lineage switch; empty where none come back.
    kinds : mapping of str to float
        Populations of those blasts to their shares.
    car19_lost_day, car22_lost_day : int or None
        First day without any copy.
    states : mapping of str to BodyState
        Specimen to the true fractions and copies of its day, in both compartments.
    """

    blood_recovery_day: int | None
    marrow_recovery_day: int | None
    donor_recovery_day: int | None
    hematogones_day: int | None
    relapse_day: int | None
    doubling_days: float | None
    phenotype: str
    kinds: Mapping[str, float]
    car19_lost_day: int | None
    car22_lost_day: int | None
    states: Mapping[str, BodyState]


def truth_of(body: Body, taken: Sequence[Specimen], last: int) -> PatientTruth:
    """Read the truth off the curves of a patient.

    Parameters
    ----------
    body : Body
        The curves.
    taken : sequence of Specimen
        With their days.
    last : int
        Day of the last contact.
    """
    states = [body.on(day) for day in range(_CLEARED_ON, last + 1)]

    def first(holds: Callable[[BodyState], bool]) -> int | None:
        return next((state.day for state in states if holds(state)), None)

    blood = first(lambda state: state.b_blood >= RECOVERY_FRACTION)
    marrow = first(lambda state: state.b_marrow >= RECOVERY_FRACTION)
    donor = body.transplanted_on is not None
    return PatientTruth(
        blood_recovery_day=None if donor else blood,
        marrow_recovery_day=None if donor else marrow,
        donor_recovery_day=blood if donor else None,
        hematogones_day=first(lambda state: state.hematogones >= HEMATOGONES_FROM),
        relapse_day=first(lambda state: state.blasts >= RELAPSE_FROM),
        doubling_days=body.growth.doubling_days if body.growth else None,
        phenotype=_phenotype(body),
        kinds=_kinds(body),
        car19_lost_day=_within(body.cars["CD19"].lost_on, last),
        car22_lost_day=_within(body.cars["CD22"].lost_on, last),
        states={one.specimen_id: body.on(one.day or 0) for one in taken},
    )


def _phenotype(body: Body) -> str:
    if body.growth is None:
        return ""
    return UNKNOWN if body.switches else body.after.phenotype


def _kinds(body: Body) -> Mapping[str, float]:
    if body.growth is None:
        return {}
    return {"lineage_switch_mono": 1.0} if body.switches else body.after.parts


def _within(day: int | None, last: int) -> int | None:
    return day if day is not None and day <= last else None
