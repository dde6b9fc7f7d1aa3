"""Worked courses of B cells, CAR and the time before: what the specification counts by hand."""

from __future__ import annotations

import pytest

from cytomon.track.clinical import burden_band, m_category
from cytomon.track.profile import Profile, read_profile
from cytomon.track.written import as_json, burden
from tests.track.builders import (
    Item,
    blood,
    course,
    day_of,
    event,
    followed,
    marrow,
    observed,
    raised,
)

NONE, SOME, FEW, MANY = 0, 39, 80, 120
"""B cells of 4000 lymphocytes: none, just below 1 %, 2 % and 3 %."""
GONE = blood(28, NONE)


def recovery_of(*items: Item, profile: Profile | None = None) -> tuple[int | None, ...]:
    """Onset, recovery by one specimen and confirmed, and the ends of its interval."""
    states = followed(*items, profile=profile).states
    days = (states.bca_onset, states.recovery_trial, states.recovery_confirmed)
    return tuple(day_of(one) for one in (*days, states.recovery_left, states.recovery_right))


# The worked sequences


def test_recovery_between_days_60_and_90():
    """Section 9, item 5: 0.1, 0.4, 1.2 and 2.0 % on days 28, 60, 90 and 97."""
    items = (blood(28, 4), blood(60, 16), blood(90, 48), blood(97, 80))
    states = followed(*items).states

    assert recovery_of(*items) == (28, 90, 90, 60, 90)
    assert (states.bca_2m, states.bca_3m) == ("PERSISTENT", "RECOVERED")


@pytest.mark.parametrize(("late", "half_year"), [(150, "UNKNOWN"), (153, "PERSISTENT")])
def test_old_aplasia_says_nothing_at_a_landmark(late: int, half_year: str):
    """Section 9, item 6: nothing between days 28 and 150 tells how it was at 3 months."""
    states = followed(GONE, blood(late, 8)).states

    assert (states.bca_3m, states.bca_6m) == ("UNKNOWN", half_year)


def test_leukaemic_b_cells_are_no_recovery():
    """Section 9, item 7: 30 % CD19+ of 10,000 lymphocytes are leukaemia; aplasia goes on."""
    full = blood(91, 0, 10_000 - 3_000)
    at = followed(GONE, full, upto=91)

    assert full.answers["b_fraction"].status == "APLASIA"
    assert at.states.bca_3m == "PERSISTENT"
    assert observed(at, "A4") == [(28, "-"), (91, "-")]


def test_mixed_blasts():
    """Section 9, item 9: 60 % with CD19 are PARTIAL, raise A6, and are plus for the trial."""
    mixed = marrow(91, 5000, 100_000, cd19_blasts=(3000, 5000), cd22_blasts=(5000, 5000))
    at = followed(marrow(28, 0), mixed, event(91, "relapse"))

    assert mixed.answers["cd19_blasts"].status == "PARTIAL"
    assert raised(at, "A6") == [(91, "critical")]
    assert at.states.relapse_phenotype == "CD19+/CD22+"


def test_who_counts_at_three_months():
    """Section 9, item 20: neither a relapse on day 80 nor a course without B cells is counted."""
    relapsed = followed(blood(60, NONE), event(80, "relapse")).states
    without = followed(marrow(91, 0)).states

    assert (relapsed.bca_2m, relapsed.bca_3m) == ("PERSISTENT", "NA")
    assert without.bca_3m == "UNKNOWN"


@pytest.mark.parametrize(
    ("percent", "category"), [(4.99, "M1"), (5.0, "M2"), (25.0, "M2"), (25.01, "M3")]
)
def test_m_status(percent: float, category: str):
    """Section 9, item 2; also as it was recorded before the infusion."""
    at = followed(event(-5, "morphology", f"{percent} %"))

    assert m_category(percent) == category
    assert burden(at)["morphology"] == category


@pytest.mark.parametrize(
    ("blasts", "band"),
    [(9_999, "<1"), (10_000, "1-<15"), (149_999, "1-<15"), (150_000, ">=15")],
)
def test_band(blasts: int, band: str):
    """Section 9, item 2: bands of a million cells, closed below and open above."""
    assert burden_band(blasts / 1e6) == band
    assert burden(followed(marrow(-5, blasts, 1_000_000)))["band"] == band


def test_burden_is_of_the_last_marrow_up_to_day_0():
    """Neither an earlier marrow, nor one of day 1, nor blood."""
    early, last, late = (marrow(d, k, 1000) for d, k in ((-9, 500), (0, 100), (1, 300)))
    smears = (event(d, "morphology", v) for d, v in ((-9, "M3"), (0, "M2"), (1, "M1")))
    found = burden(followed(early, last, late, *smears))

    assert (found["mrd"], found["mrd_day"], found["band"]) == (0.1, 0, "1-<15")
    assert (found["morphology"], found["morphology_day"]) == ("M2", 0)


def test_burden_of_several_on_one_day_is_the_highest():
    """They have no order; too few cells give no band, and a smear of its own day an M-status."""
    marrows = (marrow(-5, 200, 1000, specimen_id="a"), marrow(-5, 5, 1000, specimen_id="b"))
    smears = (event(-5, "morphology", "9"), event(-5, "morphology", "60"))
    found = burden(followed(*marrows, *smears))

    assert (found["band"], found["morphology"]) == (">=15", "M3")
    assert burden(followed(marrow(-5, 3, 100)))["band"] is None


# Onset and recovery


@pytest.mark.parametrize(
    ("items", "days"),
    [
        pytest.param((blood(0, NONE),), (None,) * 5, id="day-0-says-nothing"),
        pytest.param((blood(1, NONE),), (1, None, None, 1, None), id="day-1-does"),
        pytest.param((marrow(5, b_fraction=(4, 500)),), (5, None, None, 5, None), id="provisional"),
        pytest.param((blood(5, 0, 499),), (None,) * 5, id="too-few-lymphocytes"),
        pytest.param((blood(7, FEW), GONE), (28, None, None, 28, None), id="before-onset"),
        pytest.param((blood(28, FEW, specimen_id="x"), GONE), (28, None, None, 28, None), id="on"),
        pytest.param((GONE, blood(91, SOME)), (28, None, None, 91, None), id="below-1-percent"),
        pytest.param((GONE, blood(91, 40)), (28, 91, None, 28, 91), id="one-percent"),
        pytest.param(
            (GONE, blood(90, NONE), marrow(90, b_fraction=(80, 4000))),
            (28, 90, None, 28, 90),
            id="left-end-is-an-earlier-day",
        ),
        pytest.param(
            (GONE, blood(91, FEW), blood(122, NONE), blood(183, FEW)),
            (28, 91, None, 28, 91),
            id="aplasia-again-changes-nothing",
        ),
    ],
)
def test_recovery(items: tuple[Item, ...], days: tuple[int | None, ...]):
    """Onset, recovery by one specimen, confirmed, and the ends of the interval."""
    assert recovery_of(*items) == days


@pytest.mark.parametrize(
    ("items", "confirmed"),
    [
        pytest.param((blood(90, FEW), blood(97, FEW)), 90, id="seven-days-apart"),
        pytest.param((blood(90, FEW), blood(96, FEW)), None, id="six-days-apart"),
        pytest.param((blood(90, MANY),), 90, id="three-percent"),
        pytest.param((blood(90, MANY - 1),), None, id="just-below-three-percent"),
        pytest.param((blood(90, FEW), marrow(90, b_fraction=(80, 4000))), 90, id="both-that-day"),
        pytest.param((blood(90, FEW), marrow(96, b_fraction=(80, 4000))), 90, id="both-in-a-week"),
        pytest.param((blood(90, FEW), blood(93, NONE), blood(97, FEW)), None, id="aplasia-between"),
        pytest.param(
            (blood(90, FEW), blood(92, NONE), marrow(93, b_fraction=(80, 4000))),
            None,
            id="aplasia-between-blood-and-marrow",
        ),
        pytest.param(
            (blood(90, FEW), marrow(97, b_fraction=(0, 4000)), blood(97, FEW)),
            90,
            id="aplasia-of-that-day-is-not-between",
        ),
        pytest.param(
            (blood(90, FEW), blood(93, NONE), blood(97, FEW), blood(104, FEW)),
            97,
            id="the-first-set-without-one",
        ),
        pytest.param((blood(90, FEW), blood(97, FEW), blood(98, MANY)), 90, id="the-earliest-set"),
        pytest.param((blood(90, FEW), blood(91, NONE), blood(95, MANY)), 95, id="one-that-is-high"),
    ],
)
def test_confirmed(items: tuple[Item, ...], confirmed: int | None):
    """Each way to confirm a recovery from 2 %, and its edge."""
    assert recovery_of(GONE, *items)[2] == confirmed


@pytest.mark.parametrize(("later", "confirmed"), [(104, 90), (105, None)])
def test_blood_and_marrow_confirm_within_14_days(later: int, confirmed: int | None):
    """Where a laboratory wants a month between two specimens of one kind."""
    profile = read_profile().model_copy(update={"confirmed_apart_days": 30})
    items = (GONE, blood(90, FEW), marrow(later, b_fraction=(80, 4000)))

    assert recovery_of(*items, profile=profile)[2] == confirmed


@pytest.mark.parametrize(
    ("drug", "days"),
    [
        ("rituximab", 183),
        ("obinutuzumab", 183),
        ("blinatumomab", 90),
        ("inotuzumab", 90),
        ("alemtuzumab", 90),
        ("antithymocyte globulin", 90),
    ],
)
@pytest.mark.parametrize("dose", [-20, 28])
def test_drug_window(drug: str, days: int, dose: int):
    """From the day after the dose to the last day; the dose may have been before day 0."""
    given, last = event(dose, "drug", drug), dose + days

    assert recovery_of(given, blood(max(dose + 1, 1), NONE), blood(last, NONE))[0] is None
    assert recovery_of(given, blood(last, NONE), blood(last + 1, NONE))[0] == last + 1
    if dose > 0:
        assert recovery_of(given, blood(dose, NONE))[0] == dose


def test_other_drugs_void_nothing():
    """Immunoglobulin does not change B cells."""
    assert recovery_of(event(20, "drug", "IVIG"), GONE)[0] == 28


@pytest.mark.parametrize("kind", ["transplant", "second_infusion"])
def test_recovery_after_other_cells(kind: str):
    """What comes back after them says nothing; a specimen of their day comes before them."""
    given = event(60, kind)

    assert recovery_of(GONE, given, blood(61, MANY))[1] is None
    assert recovery_of(GONE, given, blood(60, MANY))[1] == 60
    assert recovery_of(GONE, event(-1, kind), blood(61, MANY))[1] == 61


# Landmarks


@pytest.mark.parametrize(
    ("items", "value"),
    [
        pytest.param((blood(61, NONE),), "PERSISTENT", id="30-days-before"),
        pytest.param((blood(60, NONE),), "UNKNOWN", id="31-days-before"),
        pytest.param((blood(98, NONE),), "PERSISTENT", id="7-days-after"),
        pytest.param((blood(99, NONE),), "UNKNOWN", id="8-days-after"),
        pytest.param((GONE, blood(91, FEW)), "RECOVERED", id="recovered-on-the-day"),
        pytest.param((GONE, blood(92, FEW)), "UNKNOWN", id="recovered-a-day-after"),
        pytest.param((GONE, blood(98, FEW)), "UNKNOWN", id="recovered-a-week-after"),
        pytest.param((blood(70, NONE), blood(92, FEW)), "PERSISTENT", id="recovered-after"),
        pytest.param((blood(20, FEW), blood(70, NONE)), "PERSISTENT", id="before-onset"),
        pytest.param((GONE, blood(50, FEW), blood(90, NONE)), "RECOVERED", id="aplasia-again"),
        pytest.param((blood(70, NONE), event(91, "transplant")), "NA", id="transplant-on-it"),
        pytest.param((blood(70, NONE), event(92, "transplant")), "PERSISTENT", id="later"),
        pytest.param((blood(70, NONE), event(0, "transplant")), "NA", id="transplant-on-day-0"),
        pytest.param((blood(70, NONE), event(-1, "transplant")), "PERSISTENT", id="earlier"),
        pytest.param((blood(70, NONE), event(91, "second_infusion")), "NA", id="infusion-on-it"),
        pytest.param((blood(70, NONE), event(91, "relapse")), "NA", id="relapse-on-it"),
        pytest.param((blood(70, NONE), event(92, "relapse")), "PERSISTENT", id="relapse-after"),
        pytest.param((blood(70, NONE), event(91, "relapse_extramedullary")), "NA", id="outside"),
        pytest.param((GONE, blood(60, FEW), event(70, "relapse")), "NA", id="relapse-wins"),
        pytest.param((blood(70, NONE), event(90, "death")), "UNKNOWN", id="died-before"),
        pytest.param((GONE, blood(60, FEW), event(90, "death")), "UNKNOWN", id="death-wins"),
        pytest.param((blood(70, NONE), event(91, "death")), "PERSISTENT", id="died-on-it"),
        pytest.param((blood(70, NONE), event(90, "last_contact")), "UNKNOWN", id="lost-before"),
        pytest.param((blood(70, NONE), event(91, "last_contact")), "PERSISTENT", id="seen-on-it"),
        pytest.param(
            (blood(70, NONE), event(80, "last_contact"), event(91, "last_contact")),
            "PERSISTENT",
            id="last-of-the-contacts",
        ),
        pytest.param((blood(70, NONE), event(-1, "last_contact")), "PERSISTENT", id="contact-pre"),
        pytest.param((event(80, "death"), event(85, "transplant")), "NA", id="na-before-unknown"),
    ],
)
def test_landmark(items: tuple[Item, ...], value: str):
    """Aplasia at 3 months, day 91."""
    assert followed(*items).states.bca_3m == value


@pytest.mark.parametrize(
    ("name", "day"), [("bca_2m", 61), ("bca_3m", 91), ("bca_4m", 122), ("bca_6m", 183)]
)
def test_landmark_days(name: str, day: int):
    """Each landmark has its day: until then nobody knows, and recovery counts up to it."""
    gone, back = blood(day - 10, NONE), blood(day, FEW)

    assert getattr(followed(gone, upto=day - 1).states, name) == "UNKNOWN"
    assert getattr(followed(gone, upto=day).states, name) == "PERSISTENT"
    assert getattr(followed(gone, back, upto=day).states, name) == "RECOVERED"
    assert getattr(followed(gone, event(day, "relapse")).states, name) == "NA"


@pytest.mark.parametrize(
    ("items", "value"),
    [
        pytest.param((blood(183, NONE),), True, id="on-the-day"),
        pytest.param((blood(182, NONE),), False, id="a-day-before"),
        pytest.param((GONE, blood(182, FEW), blood(190, NONE)), False, id="recovered-before"),
        pytest.param(
            (GONE, blood(190, NONE), marrow(190, b_fraction=(80, 4000))), True, id="both-that-day"
        ),
        pytest.param((blood(183, NONE), event(182, "relapse")), False, id="relapse-before"),
        pytest.param((blood(183, NONE), event(183, "relapse")), True, id="relapse-on-it"),
        pytest.param((blood(183, NONE), event(182, "transplant")), False, id="transplant-before"),
        pytest.param((blood(183, NONE), event(183, "transplant")), True, id="transplant-on-it"),
        pytest.param((blood(190, NONE), event(185, "transplant")), False, id="after-transplant"),
    ],
)
def test_half_a_year(items: tuple[Item, ...], value: bool):
    """`bca_ge_6m` wants aplasia at day 183 or later, and no recovery on an earlier day."""
    assert followed(*items).states.bca_ge_6m is value


# CAR transgene


def copies(*days_and_values: tuple[int, str], unit: str = "copies/ng") -> tuple[Item, ...]:
    """Samples of the CD19 CAR."""
    return tuple(event(day, "car19_copies", value, unit) for day, value in days_and_values)


@pytest.mark.parametrize(
    ("items", "lost"),
    [
        pytest.param(copies((30, "0"), (44, "0")), 44, id="14-days-apart"),
        pytest.param(copies((30, "0"), (43, "0")), None, id="13-days-apart"),
        pytest.param(copies((30, "0"), (40, "0"), (50, "0")), None, id="neighbours-too-near"),
        pytest.param(copies((30, "0"), (40, "9"), (54, "0")), None, id="not-neighbours"),
        pytest.param(copies((30, "<5"), (44, "<5")), 44, id="below-the-assay"),
        pytest.param(copies((30, "0.09"), (44, "0.1")), None, id="on-the-limit"),
        pytest.param(copies((30, "99"), (44, "99"), unit="copies/ug"), 44, id="per-microgram"),
        pytest.param(copies((30, "0"), (44, "100"), unit="copies/µg"), None, id="ug-on-limit"),
        pytest.param(copies((30, "0"), (44, "0"), (44, "9")), None, id="one-above-that-day"),
        pytest.param(copies((0, "0"), (14, "0")), None, id="day-0-does-not-count"),
        pytest.param(copies((1, "0"), (15, "0")), 15, id="day-1-does"),
        pytest.param((GONE, blood(91, FEW), *copies((91, "0"))), 91, id="on-the-day-of-recovery"),
        pytest.param((GONE, blood(91, FEW), *copies((90, "0"))), None, id="the-day-before"),
        pytest.param((GONE, blood(91, FEW), *copies((120, "0"))), 120, id="after-recovery"),
        pytest.param(
            (GONE, blood(40, FEW), *copies((30, "0"), (41, "0"), (44, "0"))), 41, id="the-earlier"
        ),
    ],
)
def test_car_lost(items: tuple[Item, ...], lost: int | None):
    """Two neighbouring samples below the limit, or one from recovery on."""
    states = followed(*items).states

    assert day_of(states.car19_lost) == lost
    assert states.car22_lost is None


# Aplasia and the MRD beside it


@pytest.mark.parametrize(
    ("items", "due", "says"),
    [
        pytest.param((GONE,), 101, "no marrow since the infusion", id="none"),
        pytest.param((GONE, marrow(30, 0)), 131, "NOT_DETECTED (0 %) on day 30", id="negative"),
        pytest.param((GONE, marrow(30, 60)), 131, "POSITIVE (0.0120 %) on day 30", id="positive"),
    ],
)
def test_aplasia_never_stands_alone(items: tuple[Item, ...], due: int, says: str):
    """A17 says the last MRD, and so does the file."""
    at = followed(*items, upto=due)
    (flag,) = (one for one in at.flags if one.rule == "A17")
    beside = as_json(at)["b_cells"]

    assert flag.day == due
    assert flag.says.endswith(says)
    assert (beside["mrd_beside"] is None) == (len(items) == 1)
    assert beside["newest"]["status"] == "APLASIA"


def test_recovery_has_the_mrd_beside():
    """A4 rests on the newest marrow up to its day, too, and on the CAR."""
    car = event(80, "car19_copies", "12", "copies/ng")
    at = followed(marrow(28, 0), marrow(95, 60), GONE, blood(91, FEW), car)
    (flag,) = (one for one in at.flags if one.rule == "A4")

    assert [one.day for one in flag.evidence] == [91, 28, 28, 80]
    assert [one.answer.quantity for one in flag.evidence if one.answer] == [
        "b_fraction", "b_fraction", "mrd",
    ]  # fmt: skip


def test_order_of_arrival_is_nothing():
    """A course is made of days, not of the order in which its parts were put in."""
    items = (GONE, blood(91, FEW), event(61, "ngs", "0.01"), marrow(28, 0))

    assert course(*items) == course(*reversed(items))
