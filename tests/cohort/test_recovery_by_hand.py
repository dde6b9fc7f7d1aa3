"""B-cell recovery of the cohort by hand, among what competes with it."""

from __future__ import annotations

import pytest

from cytomon.track.profile import Profile
from tests.cohort.asked import BACK, CONFIRMED, GONE, LAST, TRIAL, ends, variant
from tests.track.builders import Item, blood, csf, event, marrow


@pytest.mark.parametrize(
    ("kind", "code"),
    [("relapse", 2), ("relapse_extramedullary", 2), ("lineage_switch", 2), ("no_remission", 2),
     ("death", 3), ("second_malignancy", 3), ("transplant", 4), ("second_infusion", 5),
     ("rituximab", 5), ("Blincyto, cycle 2", 5), ("ATG", 5)],
)  # fmt: skip
def test_codes_of_recovery(kind: str, code: int):
    """Each on day 60 keeps the B cells of day 90 from counting."""
    drug = code == 5 and kind != "second_infusion"
    last = event(60, "drug", kind) if drug else event(60, kind)

    assert ends(GONE, last, BACK)["bcr"] == (60, code)


@pytest.mark.parametrize("what", ["methotrexate", "IVIG", "dasatinib"])
def test_other_drugs_remove_no_b_cells(what: str):
    """They change nothing."""
    assert ends(GONE, event(60, "drug", what), BACK)["bcr"] == (90, 1)


def test_a_drug_that_a_profile_does_not_count():
    """0 days: it removes no B cells, and ends nothing."""
    drug_days = TRIAL.drug_days | {"rituximab": 0}
    items = (GONE, event(60, "drug", "rituximab"), BACK)

    assert ends(*items, profile=variant(drug_days=drug_days))["bcr"] == (90, 1)
    assert ends(*items)["bcr"] == (60, 5)


@pytest.mark.parametrize(
    ("day", "end"), [(0, (0, 5)), (-1, (91, 0)), (-2, (90, 1)), (-61, (90, 1)), (-62, (90, 1))]
)
def test_drugs_count_from_day_0_on(day: int, end: tuple[int, int]):
    """Given before, 90 days of blinatumomab only void: with day 89 the aplasia goes unseen."""
    items = (event(day, "drug", "blinatumomab"), blood(89, 0), BACK, blood(91, 80))

    assert ends(*items)["bcr"] == end


@pytest.mark.parametrize(("profile", "day"), [(TRIAL, 90), (CONFIRMED, 120)])
def test_which_recovery_counts(profile: Profile, day: int):
    """1 % on day 90, aplasia again on day 100, then 2 % on days 120 and 150."""
    items = (GONE, blood(90, 40), blood(100, 0), blood(120, 80), blood(150, 80))

    assert ends(*items, profile=profile)["bcr"] == (day, 1)


def test_a_recovery_is_confirmed_after_a_relapse():
    """It is dated by its first specimen, which came before."""
    items = (GONE, BACK, event(95, "relapse"), blood(100, 80))

    assert ends(*items, profile=CONFIRMED)["bcr"] == (90, 1)


@pytest.mark.parametrize(
    ("items", "day"),
    [
        ((), 0),
        ((blood(-3, 80), blood(0, 80)), 0),
        ((blood(0, 80), blood(1, 80)), 1),
        ((blood(28, 80), blood(90, 80)), 90),
        ((GONE, blood(90, 0, 499)), 28),
        ((GONE, blood(90, 0, 500)), 90),
        ((GONE, marrow(90, 0), csf(100, 0)), 28),
        ((GONE, marrow(90, 0, b_fraction=(0, 4000))), 90),
    ],
)
def test_b_cells_that_have_not_come_back(items: tuple[Item, ...], day: int):
    """Censored at the last specimen that could tell; those without aplasia are observed too."""
    assert ends(*items, LAST)["bcr"] == (day, 0)


@pytest.mark.parametrize(
    ("kind", "when", "end"),
    [("transplant", 90, (90, 1)), ("transplant", 89, (89, 4)), ("second_infusion", 90, (90, 1)),
     ("relapse", 90, (90, 1)), ("relapse", 89, (89, 2)), ("death", 90, (90, 1)),
     ("no_remission", 90, (90, 1)), ("second_malignancy", 90, (90, 1))],
)  # fmt: skip
def test_a_specimen_counts_as_before_what_happened(kind: str, when: int, end: tuple[int, int]):
    """B cells on the day of the event are back; a day later they are not asked."""
    assert ends(GONE, event(when, kind), BACK)["bcr"] == end
