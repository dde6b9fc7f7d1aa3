"""Each story keeps what it promises, whatever is drawn for it.

Seeds up to 9,999 are for tuning the simulation, those from 10,000 on for judging it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest

from cytomon.model.patient import SpecimenType
from cytomon.model.results import AntigenCall, BCellStatus, MrdStatus
from cytomon.simulate.course.patient import SimulatedPatient, SimulatedSpecimen, simulate_patient
from cytomon.simulate.course.stories import STORIES
from cytomon.simulate.course.visits import CALENDAR

JUDGING = range(10_000, 10_030)
BACK = (BCellStatus.RECOVERED, BCellStatus.PROVISIONAL_RECOVERED)
AWAY = (BCellStatus.APLASIA, BCellStatus.PROVISIONAL_APLASIA)
FOUND = (MrdStatus.POSITIVE, MrdStatus.POSITIVE_BELOW_LOQ)
RELAPSES = ("cd19_positive_relapse", "cd19_negative_relapse", "mixed_relapse")


@cache
def course(story: str, seed: int) -> SimulatedPatient:
    return simulate_patient(story, seed=seed, patient_id="S1", day0=date(2026, 1, 12))


def courses(*stories: str) -> Iterator[SimulatedPatient]:
    """Thirty patients of each story."""
    return (course(story, seed) for story in stories for seed in JUDGING)


def marrows(patient: SimulatedPatient, after: int = 0) -> list[SimulatedSpecimen]:
    kind = SpecimenType.MARROW
    return [one for one in patient.specimens if one.specimen_type is kind and one.day > after]


def b_statuses(patient: SimulatedPatient, first: int, last: int = 999) -> set[str]:
    taken = (one for one in patient.specimens if first <= one.day <= last)
    return {one.measurements["b_fraction"].status for one in taken}


def days(patient: SimulatedPatient, event: str) -> list[int]:
    return [one.day for one in patient.events if one.event == event]


def last_copies(patient: SimulatedPatient, gene: str) -> str:
    return [one.value for one in patient.events if one.event == f"car{gene}_copies"][-1]


def relapse_marrow(patient: SimulatedPatient) -> SimulatedSpecimen:
    """The first marrow that holds 5 % blasts."""
    states = patient.truth.states
    return next(one for one in marrows(patient) if states[one.specimen_id].blasts >= 0.05)


def calls(specimen: SimulatedSpecimen) -> tuple[str, str]:
    found = specimen.measurements
    return found["cd19_blasts"].status, found["cd22_blasts"].status


def test_aplasia_persists() -> None:
    """No B cells in any specimen of a year, no leukaemia, and both CARs are there in the end."""
    for patient in courses("persistent_aplasia"):
        truth = patient.truth

        assert not b_statuses(patient, 1) & set(BACK)
        assert (truth.blood_recovery_day, truth.marrow_recovery_day) == (None, None)
        assert all(one.measurements["mrd"].status not in FOUND for one in marrows(patient))
        assert patient.specimens[-1].visit == "m12"
        assert "<0.1" not in {last_copies(patient, "19"), last_copies(patient, "22")}


def test_b_cells_recover_early() -> None:
    """Aplasia, then B cells within half a year; both CARs are lost, and leukaemia is not seen."""
    for patient in courses("early_recovery"):
        blood = patient.truth.blood_recovery_day

        assert blood is not None
        assert blood <= 180
        assert b_statuses(patient, 1, blood) & set(AWAY)
        assert b_statuses(patient, 244) <= {*BACK, BCellStatus.NOT_EVALUABLE}
        assert all(one.measurements["mrd"].status not in FOUND for one in marrows(patient))
        assert last_copies(patient, "19") == last_copies(patient, "22") == "<0.1"


def test_relapse_after_recovery_keeps_both_antigens() -> None:
    """Both CARs go, B cells come back, then leukaemia with CD19 and CD22."""
    for patient in courses("cd19_positive_relapse"):
        truth, shown = patient.truth, relapse_marrow(patient)

        assert truth.blood_recovery_day is not None
        assert truth.relapse_day is not None
        assert truth.blood_recovery_day < truth.relapse_day
        assert max(truth.car19_lost_day or 999, truth.car22_lost_day or 999) < truth.relapse_day
        assert b_statuses(patient, truth.blood_recovery_day, shown.day) & set(BACK)
        assert calls(shown) == (AntigenCall.POSITIVE, AntigenCall.POSITIVE)
        assert truth.phenotype == "CD19+/CD22+"


def test_relapse_in_aplasia_has_lost_cd19() -> None:
    """B cells stay away, the CD22 CAR goes and the CD19 CAR stays; blasts have no CD19."""
    for patient in courses("cd19_negative_relapse"):
        truth, shown = patient.truth, relapse_marrow(patient)

        assert not b_statuses(patient, 1) & set(BACK)
        assert truth.relapse_day is not None
        assert truth.car22_lost_day is not None
        assert truth.car22_lost_day < truth.relapse_day < 200
        assert (last_copies(patient, "22"), truth.car19_lost_day) == ("<0.1", None)
        assert calls(shown) == (AntigenCall.NEGATIVE, AntigenCall.POSITIVE)
        assert shown.measurements["mrd_b_only"].numerator
        assert truth.phenotype == "CD19-/CD22+"


def test_cd22_goes_down() -> None:
    """MRD without a relapse, CD22 dim and below what the patient's own blasts had before."""
    for patient in courses("cd22_downregulation"):
        baseline = patient.specimens[0].measurements["cd22_blasts"]
        seen = [one for one in marrows(patient) if one.measurements["mrd"].status in FOUND]
        assessed = [one for one in seen if calls(one)[1] != AntigenCall.NOT_ASSESSABLE]

        assert patient.truth.relapse_day is None
        assert baseline.status == AntigenCall.POSITIVE
        assert assessed
        for specimen in assessed:
            assert calls(specimen) == (AntigenCall.POSITIVE, AntigenCall.DIM)
            assert "DECREASED" in specimen.measurements["cd22_blasts"].qualifiers


def test_mixed_relapse_is_partial() -> None:
    """At relapse some blasts have no CD19, which is plus for the trial; somebody records it."""
    for patient in courses("mixed_relapse"):
        shown = relapse_marrow(patient)

        assert calls(shown) == (AntigenCall.PARTIAL, AntigenCall.POSITIVE)
        assert days(patient, "relapse") == [shown.day]
        assert patient.truth.phenotype == "CD19+/CD22+"


def test_lineage_switch_falls_silent_first() -> None:
    """MRD after the infusion, then none while tree D finds cells, then the event."""
    for patient in courses("lineage_switch"):
        shown, states = relapse_marrow(patient), patient.truth.states
        signs = [
            one.day
            for one in marrows(patient)
            if "LINEAGE_SWITCH_SUSPECTED" in one.measurements["mrd"].qualifiers
        ]
        first = marrows(patient)[0]

        assert patient.genotype.startswith("KMT2A")
        assert states[first.specimen_id].mrd > 1e-5
        assert all(one.measurements["mrd"].status not in FOUND for one in marrows(patient, 48))
        assert signs[0] < shown.day
        assert days(patient, "lineage_switch") == [shown.day]
        assert patient.truth.phenotype == "unknown"


def test_marrow_goes_before_blood() -> None:
    """Hematogones, then B cells in marrow, then weeks later in blood; mostly this is measured."""
    measured = 0
    for patient in courses("discordant_compartments"):
        truth = patient.truth
        assert truth.hematogones_day is not None
        assert truth.marrow_recovery_day is not None
        assert truth.blood_recovery_day is not None
        assert truth.hematogones_day <= truth.marrow_recovery_day
        assert truth.blood_recovery_day - truth.marrow_recovery_day >= 21
        blood = {
            one.day: one.measurements["b_fraction"].status
            for one in patient.specimens
            if one.specimen_type is SpecimenType.BLOOD
        }
        measured += any(
            one.measurements["b_fraction"].status in BACK and blood[one.day] in AWAY
            for one in marrows(patient)
        )

    assert measured >= 25


def test_visits_are_missed() -> None:
    """At least three visits after remission are missing, month 3 among them; month 12 is there."""
    for patient in courses("missed_visits"):
        missing = set(CALENDAR) - {one.visit for one in patient.specimens}

        assert len(missing) >= 3
        assert "m3" in missing
        assert not missing & {"baseline", "d28", "m12"}


def test_donor_cells_are_no_recovery() -> None:
    """Aplasia until a transplant at 1.5 to 4 months; B cells after it are the donor's."""
    for patient in courses("transplant"):
        (day,) = days(patient, "transplant")
        truth = patient.truth

        assert 46 <= day <= 122
        assert not b_statuses(patient, 1, day) & set(BACK)
        assert b_statuses(patient, 244) & set(BACK)
        assert (truth.blood_recovery_day, truth.marrow_recovery_day) == (None, None)
        assert truth.donor_recovery_day is not None
        assert truth.donor_recovery_day > day


def test_everybody_reaches_remission() -> None:
    """Remission and M1 stand on the day of the day-28 marrow."""
    for patient in courses(*STORIES):
        (day,) = days(patient, "remission")
        visits = {one.visit for one in marrows(patient) if one.day == day}
        (status,) = [e.value for e in patient.events if (e.day, e.event) == (day, "morphology")]

        assert (visits, status) == ({"d28"}, "M1")


@pytest.mark.parametrize("story", [*RELAPSES, "lineage_switch"])
def test_relapse_is_seen_and_ends_the_course(story: str) -> None:
    """A marrow with M2 or M3 within three weeks, unless one was due; some weeks on, the end."""
    for patient in courses(story):
        shown, states = relapse_marrow(patient), patient.truth.states
        relapse = patient.truth.relapse_day
        blasts = states[shown.specimen_id].blasts
        (status,) = [
            one.value
            for one in patient.events
            if one.event == "morphology" and one.day == shown.day
        ]

        assert relapse is not None
        assert 0 <= shown.day - relapse <= 21
        assert status == ("M3" if blasts > 0.25 else "M2")
        assert 14 <= days(patient, "last_contact")[0] - shown.day <= 42
