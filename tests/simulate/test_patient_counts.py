"""What is counted in the specimens of simulated patients, and what that is called.

Seeds up to 9,999 are for tuning the simulation, those from 10,000 on for judging it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

import numpy as np
import pytest

from cytomon.measure.b_cells import b_cell_status
from cytomon.measure.mrd import mrd_status
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import AntigenCall, BCellStatus, Limits, Measurement, MrdStatus
from cytomon.simulate.course.clones import Clone
from cytomon.simulate.course.counting import Blasts, call_antigen
from cytomon.simulate.course.happenings import morphology
from cytomon.simulate.course.patient import SimulatedPatient, simulate_patient
from cytomon.simulate.course.stories import STORIES

MARROW = Specimen(specimen_type=SpecimenType.MARROW, day=91)


@cache
def everybody() -> tuple[SimulatedPatient, ...]:
    """Ten patients of each story."""
    return tuple(
        simulate_patient(story, seed=seed, patient_id="S1", day0=date(2026, 1, 12))
        for story in STORIES
        for seed in range(10_000, 10_010)
    )


def measured(quantity: str) -> Iterator[Measurement]:
    for patient in everybody():
        for specimen in patient.specimens:
            if quantity in specimen.measurements:
                yield specimen.measurements[quantity]


def test_mrd_statuses_agree_with_counts() -> None:
    """Each is what `cytomon.measure` says of the counts beside it."""
    for quantity in ("mrd", "mrd_wbc", "mrd_mnc"):
        for found in measured(quantity):
            assert found.numerator is not None
            assert found.denominator
            status = mrd_status(found.numerator, found.denominator, limits=Limits())
            assert found.status == status


def test_b_cell_statuses_agree_with_counts() -> None:
    """Likewise, and without an estimate where lymphocytes are too few."""
    for found in measured("b_fraction"):
        assert found.numerator is not None
        assert found.denominator
        status = b_cell_status(found.numerator, found.denominator, limits=Limits())
        assert found.status == status
        assert (found.estimate is None) == (status is BCellStatus.NOT_EVALUABLE)


def test_counts_lie_around_the_truth() -> None:
    """Blasts and B cells: the sum of squared standardised deviations is that of counting."""
    pulls = []
    for patient in everybody():
        for one in patient.specimens:
            found, state = one.measurements["b_fraction"], patient.truth.states[one.specimen_id]
            marrow = one.specimen_type is SpecimenType.MARROW
            expected = (found.denominator or 0) * (state.b_marrow if marrow else state.b_blood)
            if expected > 20:
                events = found.numerator or 0
                share = expected / (found.denominator or 1)
                pulls.append((events - expected) / np.sqrt(expected * (1 - share)))

    assert len(pulls) > 300
    assert np.mean(pulls) == pytest.approx(0, abs=0.15)
    assert np.std(pulls) == pytest.approx(1, abs=0.1)


def test_few_specimens_hold_too_few_cells() -> None:
    """Some marrows and bloods cannot answer, most can."""
    mrd = [one.status == MrdStatus.INSUFFICIENT_SENSITIVITY for one in measured("mrd")]
    blood = [one.status == BCellStatus.NOT_EVALUABLE for one in measured("b_fraction")]

    assert 0.01 < np.mean(mrd) < 0.12
    assert 0.01 < np.mean(blood) < 0.08


def test_antigen_calls_need_blasts() -> None:
    """None below 20 blasts; provisional below 50 and before day 28."""
    for patient in everybody():
        for one in patient.specimens:
            for name in {"cd19_blasts", "cd22_blasts"} & set(one.measurements):
                found = one.measurements[name]
                blasts = one.measurements["mrd"].numerator or 0
                assert found.denominator == blasts
                assert (found.status == AntigenCall.NOT_ASSESSABLE) == (blasts < 20)
                if 20 <= blasts < 50 or (blasts >= 20 and one.day < 28):
                    assert "PROVISIONAL" in found.qualifiers


@pytest.mark.parametrize(
    ("kinds", "antigen", "call"),
    [
        pytest.param({"blast_typical": 400}, "CD19", "POSITIVE", id="kept"),
        pytest.param({"blast_CD19neg": 400}, "CD19", "NEGATIVE", id="lost"),
        pytest.param({"blast_CD22dim": 400}, "CD22", "DIM", id="dim"),
        pytest.param({"blast_typical": 240, "blast_CD19neg": 160}, "CD19", "PARTIAL", id="mixed"),
        pytest.param({"blast_typical": 240, "blast_CD19neg": 160}, "CD22", "POSITIVE", id="both"),
        pytest.param({"blast_typical": 19}, "CD19", "NOT_ASSESSABLE", id="few"),
    ],
)
def test_calls_by_kind(kinds: dict[str, int], antigen: str, call: str) -> None:
    """What each kind of blast is called; a mixture only where both parts differ in the antigen."""
    total = sum(kinds.values())
    clone = Clone(parts={kind: n / total for kind, n in kinds.items()})
    blasts = Blasts(by_kind=kinds, clone=clone)
    found = call_antigen(antigen, blasts, MARROW, np.random.default_rng(10_000), mature_b=100)

    assert found.status == call
    assert found.qualifiers == (("TOO_FEW_BLASTS",) if call == "NOT_ASSESSABLE" else ())


def test_morphology_agrees_with_blasts() -> None:
    """M1 below 5 %, M3 above 25 %, on every day with a marrow."""
    for patient in everybody():
        told = {one.day: one.value for one in patient.events if one.event == "morphology"}
        marrow = SpecimenType.MARROW
        states = patient.truth.states
        expected = {
            one.day: morphology(states[one.specimen_id].blasts)
            for one in patient.specimens
            if one.specimen_type is marrow
        }

        assert told == expected
