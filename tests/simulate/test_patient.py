"""Courses of simulated patients: times, heights, counts and what is called true.

Seeds up to 9,999 are for tuning the simulation, those from 10,000 on for judging it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from cytomon.model.patient import Specimen, SpecimenType
from cytomon.simulate.course.body import Body
from cytomon.simulate.course.curves import CAR_DAYS, CAR_MEDIANS, Transgene
from cytomon.simulate.course.fates import draw_body, draw_recovery_day
from cytomon.simulate.course.patient import SimulatedPatient, simulate_patient
from cytomon.simulate.course.stories import STORIES
from cytomon.simulate.course.visits import CALENDAR, draw_visits

JUDGING = range(10_000, 10_030)
DAYS = {name: target for name, (_, target, _, _) in CALENDAR.items()}
RELAPSES = ("cd19_positive_relapse", "cd19_negative_relapse", "mixed_relapse", "lineage_switch")
MARROW = Specimen(specimen_type=SpecimenType.MARROW, day=91)


@cache
def course(story: str, seed: int) -> SimulatedPatient:
    return simulate_patient(story, seed=seed, patient_id="S1", day0=date(2026, 1, 12))


def everybody() -> Iterator[SimulatedPatient]:
    """Ten patients of each story."""
    return (course(story, seed) for story in STORIES for seed in JUDGING[:10])


def body(story: str, seed: int) -> Body:
    return draw_body(STORIES[story], DAYS, np.random.default_rng(seed))


@pytest.mark.parametrize("story", STORIES)
def test_seed_decides(story: str) -> None:
    """The same seed gives the same course, another seed another one."""
    again = simulate_patient(story, seed=10_000, patient_id="S1", day0=date(2026, 1, 12))

    assert again == course(story, 10_000)
    assert again.specimens != course(story, 10_001).specimens


def test_stories_of_one_seed_share_nothing() -> None:
    """Whoever uses one seed for all stories does not get the same counts ten times."""
    sizes = {
        course(story, 10_000).specimens[0].measurements["mrd"].denominator for story in STORIES
    }

    assert len(sizes) == len(STORIES)


def test_unknown_story_is_refused() -> None:
    """The nearest names are offered."""
    with pytest.raises(ValueError, match="did you mean mixed_relapse"):
        simulate_patient("mixed_relaps", seed=1, patient_id="S1", day0=date(2026, 1, 12))


def test_visits_lie_in_their_windows() -> None:
    """Each visit once, within its window, one after the other, a marrow where one is asked for."""
    for seed in range(10_000, 10_300):
        visits = draw_visits(np.random.default_rng(seed))

        assert [visit.name for visit in visits] == list(CALENDAR)
        assert all(np.diff([visit.day for visit in visits]) >= 5)
        for visit in visits:
            first, _, last, marrow = CALENDAR[visit.name]
            assert first <= visit.day <= last
            assert visit.marrow == marrow


def test_specimens_and_events_are_in_order() -> None:
    """Days never go back, ids are unique, and nothing comes after the last contact."""
    for patient in everybody():
        collected = [one.day for one in patient.specimens]
        told = [one.day for one in patient.events]
        names = [one.specimen_id for one in patient.specimens]

        assert collected == sorted(collected)
        assert told == sorted(told)
        assert len(set(names)) == len(names)
        assert max(*collected, *told) == patient.events[-1].day
        assert patient.events[-1].event == "last_contact"


def test_recovery_times_have_the_trials_quartiles() -> None:
    """Weibull(2.2, 87 d): 49, 74 and 101 days, before visits make steps of it."""
    rng = np.random.default_rng(10_000)
    drawn = np.array([draw_recovery_day(rng) for _ in range(4000)])

    assert np.quantile(drawn, [0.25, 0.5, 0.75]) == pytest.approx([49, 74, 101], abs=2.5)
    assert 26 < drawn.min() < 27
    assert drawn.max() < 180


def test_recovery_is_the_first_day_with_one_percent() -> None:
    """In each compartment the true fraction is below 1 % before that day and not from it on."""
    for patient in everybody():
        truth = patient.truth
        if truth.donor_recovery_day is not None:
            continue
        for state in truth.states.values():
            if state.day < 15:
                continue
            blood, marrow = truth.blood_recovery_day or 999, truth.marrow_recovery_day or 999
            assert (state.b_blood >= 0.01) == (state.day >= blood)
            assert (state.b_marrow >= 0.01) == (state.day >= marrow)


@pytest.mark.parametrize("story", ["early_recovery", "cd19_positive_relapse"])
def test_recovery_begins_in_the_marrow(story: str) -> None:
    """Hematogones come 1 to 4 weeks before blood B cells, which rise to 10 to 20 %."""
    for seed in JUDGING:
        found = body(story, seed)
        assert found.b_blood is not None
        assert found.b_marrow is not None
        assert found.hematogones is not None
        lead = found.b_blood.day - found.hematogones.day

        assert 7 <= lead <= 28
        assert found.hematogones.day <= found.b_marrow.day <= found.b_blood.day
        risen = found.b_blood.at(found.b_blood.day + 70)
        assert 0.09 <= risen <= 0.20


@pytest.mark.parametrize("story", [*RELAPSES, "cd22_downregulation"])
def test_leukaemia_doubles(story: str) -> None:
    """Every 4 to 8 days while it is rare, and it never fills more than the marrow."""
    for seed in JUDGING:
        growth = body(story, seed).growth
        assert growth is not None
        start = growth.reaches(1e-4)

        assert 4 <= growth.doubling_days <= 8
        assert growth.at(start + growth.doubling_days) == pytest.approx(2e-4, rel=0.001)
        assert growth.at(start + 2000) <= 0.95


def test_nine_doublings_to_a_relapse() -> None:
    """From 0.01 % to 5 % it takes 9.0 doublings, to 25 % 11.3 (and more: the marrow fills up)."""
    growth = body("cd19_negative_relapse", 10_000).growth
    assert growth is not None
    start = growth.reaches(1e-4)
    to_five, to_quarter = (
        (growth.reaches(fraction) - start) / growth.doubling_days for fraction in (0.05, 0.25)
    )

    assert to_five == pytest.approx(9.0, abs=0.1)
    assert to_quarter == pytest.approx(11.3, abs=0.5)


@pytest.mark.parametrize("story", RELAPSES)
def test_relapse_is_the_first_day_with_five_percent(story: str) -> None:
    """True blasts of each specimen are on the right side of that day, and double as told."""
    for seed in JUDGING:
        truth = course(story, seed).truth
        assert truth.relapse_day is not None
        assert truth.doubling_days is not None
        later = [state for state in truth.states.values() if state.day >= 25]
        grown = {one.day: one.switched or one.mrd for one in later}
        rare = [(day, share) for day, share in grown.items() if 1e-7 < share < 1e-3]

        assert all((one.blasts >= 0.05) == (one.day >= truth.relapse_day) for one in later)
        for (day, share), (other, more) in pairwise(rare):
            if story == "lineage_switch" and day < DAYS["m2"]:
                continue  # these are what the infusion has left
            doublings = np.log2(more / share)
            assert (other - day) / doublings == pytest.approx(truth.doubling_days, rel=0.01)


@pytest.mark.parametrize("antigen", ["CD19", "CD22"])
def test_car_copies_follow_the_trial(antigen: str) -> None:
    """Over 300 patients the medians are the trial's, with a log-normal spread of 1 between them."""
    patients = [body("persistent_aplasia", seed).cars[antigen] for seed in range(10_000, 10_300)]
    logs = np.log([[gene.at(day) for day in CAR_DAYS] for gene in patients])

    assert np.median(logs, axis=0) == pytest.approx(np.log(CAR_MEDIANS[antigen]), abs=0.2)
    assert logs.std(axis=0) == pytest.approx(np.ones(len(CAR_DAYS)), abs=0.12)


def test_car_fades_before_it_is_lost() -> None:
    """Three weeks on a straight line of logarithms down to the limit, then nothing."""
    gene = Transgene(antigen="CD19", factor=1.0, lost_on=100)
    kept = replace(gene, lost_on=None)
    faded = [gene.at(day) for day in range(79, 100)]

    assert gene.at(79) == pytest.approx(kept.at(79))
    assert faded == sorted(faded, reverse=True)
    assert 0.1 < gene.at(99) < 0.2
    assert (gene.at(100), gene.at(0)) == (0.0, 0.0)


def test_copies_below_the_limit_are_written_so() -> None:
    """Only at blood visits after the infusion; ``<0.1`` where nothing is left, else a number."""
    for patient in everybody():
        states = {state.day: state for state in patient.truth.states.values()}
        for one in patient.events:
            if one.event not in {"car19_copies", "car22_copies"}:
                continue
            state = states[one.day]
            true = state.car19 if one.event == "car19_copies" else state.car22
            assert (one.unit, one.day > 0) == ("copies/ng", True)
            if true < 0.05 or true > 0.2:
                assert (one.value == "<0.1") == (true < 0.1)
            if one.value != "<0.1":
                assert float(one.value) == pytest.approx(true, rel=0.8, abs=0.1)
