"""Everything once, on six simulated patients: what a newcomer runs first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from cytomon.batch import plan
from cytomon.inputs import Jobs, Lists
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import (
    SimulatedPatient,
    SimulatedSpecimen,
    simulate_patient,
)
from cytomon.simulate.course.tubes import write_tubes
from cytomon.task import Settings

AS_OF = date(2026, 11, 1)
"""The day of the demonstration: whenever it is run, the same visits are due."""
EVENTS = 300_000
"""Viable nucleated singlets of each tube."""
_SINCE_LAST = 3
"""Days from the last record of a course to the day of the demonstration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One of the six.

    Attributes
    ----------
    patient_id, story : str
        Pseudonym, and name in `cytomon.simulate.course.stories.STORIES`.
    seed : int
        Of the course; the flags of this seed are told in ``docs/tutorial/six-patients.md``.
    tubes : tuple of str
        Specimens that are measured in a tube, as ``marrow m3``; all others were measured before,
        by another program, and are imported.
    flags : tuple of str
        What a physician would expect to be told at the end of the story, and nothing else.
    """

    patient_id: str
    story: str
    seed: int
    tubes: tuple[str, ...]
    flags: tuple[str, ...]


SIX: tuple[Shown, ...] = (
    Shown(
        patient_id="D1",
        story="persistent_aplasia",
        seed=2,
        tubes=("marrow m12", "blood m12"),
        flags=(),
    ),
    Shown(
        patient_id="D2",
        story="early_recovery",
        seed=3,
        tubes=("marrow m12",),
        flags=("high A4", "high A5", "high A11 CD19", "high A11 CD22"),
    ),
    Shown(
        patient_id="D3",
        story="cd19_positive_relapse",
        seed=106,
        tubes=("marrow repeat",),
        flags=("critical A1", "critical A2", "high A4", "high A11 CD19", "high A11 CD22"),
    ),
    Shown(
        patient_id="D4",
        story="cd19_negative_relapse",
        seed=1,
        tubes=("marrow baseline", "marrow symptoms"),
        flags=("critical A1", "critical A2", "critical A6", "high A9", "medium A11 CD22"),
    ),
    Shown(
        patient_id="D5",
        story="cd22_downregulation",
        seed=4,
        tubes=("marrow baseline", "marrow repeat"),
        flags=("critical A2", "high A7"),
    ),
    Shown(
        patient_id="D6",
        story="lineage_switch",
        seed=1,
        tubes=("marrow symptoms",),
        flags=("critical A1", "critical A2", "critical A10", "medium A7"),
    ),
)


def draw_six() -> Iterator[tuple[Shown, SimulatedPatient]]:
    """Draw the six courses, each to end a few days before the demonstration."""
    for one in SIX:
        course = _draw(one, AS_OF)
        last = max([s.day for s in course.specimens] + [e.day for e in course.events])
        yield one, _draw(one, AS_OF - timedelta(days=last + _SINCE_LAST))


def _draw(one: Shown, day0: date) -> SimulatedPatient:
    return simulate_patient(one.story, seed=one.seed, patient_id=one.patient_id, day0=day0)


def write_six(folder: Path) -> Path:
    """Write the tubes of the six patients, their lists, and what was measured of them before.

    Parameters
    ----------
    folder : Path
        Created if it is not there.

    Returns
    -------
    Path
        The list of what was measured before.
    """
    measured, before = [], []
    for shown, patient in draw_six():
        tubes = [one for one in patient.specimens if _name(one) in shown.tubes]
        measured += [(patient, specimen) for specimen in tubes]
        others = tuple(one for one in patient.specimens if one not in tubes)
        before.append(replace(patient, specimens=others))
    write_tubes(folder, measured, EVENTS)
    write_patients(folder, before)
    return folder / "measurements.csv"


def _name(specimen: SimulatedSpecimen) -> str:
    return f"{specimen.specimen_type.value} {specimen.visit}"


def plan_demo(folder: Path) -> tuple[Jobs, Lists, Settings]:
    """Find the tubes of the six patients and their lists.

    Parameters
    ----------
    folder : Path
        Where `write_six` has put them.

    Returns
    -------
    Jobs, Lists, Settings
        For `cytomon.batch.run`; every tube gets a figure.
    """
    lists = Lists(
        worklist=folder / "worklist.csv",
        patients=folder / "patients.csv",
        events=folder / "events.csv",
    )
    settings = Settings(figures="all")
    return plan([folder], lists, settings), lists, settings


def stories() -> Sequence[str]:
    """One line for each of the six, for people."""
    from cytomon.simulate.course.stories import STORIES

    return [f"{one.patient_id}: {STORIES[one.story].summary}" for one in SIX]
