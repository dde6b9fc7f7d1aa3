"""Remission, states at the landmarks and baseline factors by hand."""

from __future__ import annotations

import pytest

from tests.cohort.asked import GONE, patient, variant
from tests.cohort.oracle import HIGH_RISK
from tests.track.builders import DAY0, Item, blood, csf, event, marrow

# Remission


@pytest.mark.parametrize(
    ("items", "word"),
    [
        ((), "unknown"),
        ((event(28, "remission"),), "yes"),
        ((event(0, "remission"),), "yes"),
        ((event(-1, "remission"),), "unknown"),
        ((event(35, "remission"),), "yes"),
        ((event(36, "remission"),), "unknown"),
        ((event(28, "no_remission"),), "no"),
        ((event(36, "no_remission"),), "unknown"),
        ((event(20, "remission"), event(35, "no_remission")), "no"),
        ((event(28, "no_remission"), event(30, "remission")), "no"),
        ((event(28, "remission"), event(36, "no_remission")), "yes"),
        ((event(10, "death"),), "died"),
        ((event(35, "death"),), "died"),
        ((event(36, "death"),), "unknown"),
        ((event(28, "remission"), event(30, "death")), "yes"),
        ((event(28, "no_remission"), event(30, "death")), "no"),
        ((event(28, "morphology", "M1"), marrow(28, 0)), "unknown"),
    ],
)
def test_remission(items: tuple[Item, ...], word: str):
    """From day 0 to day 35, and what is not written down is not known."""
    assert patient(*items).remission == word


@pytest.mark.parametrize(("upto", "word"), [(28, "yes"), (27, "unknown")])
def test_remission_by_another_day(upto: int, word: str):
    """The last day of the assessment is in the profile."""
    by = variant({"remission_by_day": upto})

    assert patient(event(28, "remission"), profile=by).remission == word


# Landmarks


@pytest.mark.parametrize(
    ("items", "states"),
    [
        ((blood(61, 0), blood(122, 0), blood(183, 0)), "PERSISTENT PERSISTENT PERSISTENT"),
        ((blood(61, 0), blood(91, 40), blood(183, 0)), "PERSISTENT RECOVERED RECOVERED"),
        ((blood(61, 0), event(122, "transplant")), "PERSISTENT NA NA"),
        ((blood(61, 0), event(123, "second_infusion")), "PERSISTENT UNKNOWN NA"),
        ((blood(61, 0), event(-9, "transplant"), blood(190, 0)), "PERSISTENT UNKNOWN PERSISTENT"),
        ((blood(61, 0), event(-9, "death"), blood(190, 0)), "PERSISTENT UNKNOWN PERSISTENT"),
        ((blood(61, 0), event(62, "relapse")), "PERSISTENT NA NA"),
        ((blood(61, 0), event(120, "last_contact"), blood(122, 0)), "PERSISTENT UNKNOWN UNKNOWN"),
    ],
)
def test_states_at_the_landmarks(items: tuple[Item, ...], states: str):
    """At 2, 4 and 6 months."""
    found = patient(*items).landmarks

    assert [found[f"bca_{month}m"] for month in (2, 4, 6)] == states.split()


# Baseline factors


def test_what_is_not_recorded_is_no_factor():
    """No level is made up."""
    assert patient(GONE).factors == {}


@pytest.mark.parametrize(
    ("born", "from_years", "band"),
    [(2014, 10, ">=10"), (2015, 10, "<10"), (2017, 7, ">=7"), (2018, 7, "<7"), (2024, 10, "<10")],
)
def test_age_by_calendar_years(born: int, from_years: int, band: str):
    """Infused in 2024."""
    found = patient(birth_year=born, profile=variant({"age_from_years": from_years}))

    assert DAY0.year == 2024
    assert found.factors == {"age": band}


@pytest.mark.parametrize(("genotype", "high"), HIGH_RISK.items())
def test_cytogenetics(genotype: str, high: bool):
    """The trial's list, as laboratories write it."""
    expected = {"genotype": genotype, "cytogenetics": "high risk" if high else "other"}

    assert patient(genotype=genotype, sex="f").factors == {"sex": "f", **expected}


@pytest.mark.parametrize(
    ("items", "band"),
    [
        ((marrow(-5, 0),), "<1"),
        ((marrow(-5, 4999),), "<1"),
        ((marrow(-5, 5000),), "1-<15"),
        ((marrow(-5, 74_999),), "1-<15"),
        ((marrow(-5, 75_000),), ">=15"),
        ((marrow(-30, 75_000), marrow(0, 5000)), "1-<15"),
        ((marrow(-5, 5000), marrow(1, 75_000)), "1-<15"),
        ((marrow(-30, 5000), marrow(-1)), "1-<15"),
        ((marrow(-30, 5000), marrow(-1, 0, poor=True)), "1-<15"),
        ((marrow(-30, 5000), marrow(-1, 0, 2000)), "1-<15"),
        ((marrow(-5, 0, specimen_id="B"), marrow(-5, 75_000, specimen_id="A")), ">=15"),
        ((marrow(-5, 0, specimen_id="A"), marrow(-5, 75_000, specimen_id="B")), ">=15"),
        ((marrow(-1, 0, 2000),), None),
        ((csf(-1, 75_000),), None),
    ],
)
def test_burden_before_the_infusion(items: tuple[Item, ...], band: str | None):
    """Of the last marrow with an evaluable MRD, the highest of one day."""
    assert patient(*items).factors.get("mrd") == band


@pytest.mark.parametrize(
    ("smears", "level"),
    [
        ({-5: ["M1"]}, "M1"),
        ({-5: ["M2"]}, "M2/M3"),
        ({0: ["M3"], -3: ["M1"]}, "M2/M3"),
        ({-3: ["M3"], 0: ["4.9 %"]}, "M1"),
        ({-3: ["5"]}, "M2/M3"),
        ({-3: ["M1"], 1: ["M3"]}, "M1"),
        ({-3: ["26", "M1"]}, "M2/M3"),
        ({-3: ["M1", "M2"]}, "M2/M3"),
        ({1: ["M3"]}, None),
    ],
)
def test_marrow_before_the_infusion(smears: dict[int, list[str]], level: str | None):
    """Of the last smear, the highest of one day."""
    items = [event(day, "morphology", value) for day, said in smears.items() for value in said]

    assert patient(*items).factors.get("marrow") == level
