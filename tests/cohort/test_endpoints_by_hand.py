"""Endpoints by hand: a course of a few lines for each sentence of the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cytomon.cohort.endpoints import person_of
from cytomon.track.follow import follow
from cytomon.track.profile import Profile
from tests.cohort.asked import (
    BY_MRD,
    GONE,
    LAST,
    TRIAL,
    cohort,
    ends,
    patient,
    row_of,
)
from tests.track.builders import Item, blood, course, csf, event, marrow, on

# Who, and up to when


@pytest.mark.parametrize(("upto", "there"), [(-1, False), (0, True)])
def test_who_is_in_the_cohort(upto: int, there: bool):
    """Who has an infusion up to the day of the cut."""
    timeline = course(marrow(-5, 5000))
    found = person_of(follow(timeline, TRIAL, on(upto)))
    without = person_of(follow(replace(timeline, day0=None), TRIAL, on(upto)))

    assert (found is not None, without) == (there, None)


def test_what_is_dated_after_the_cut_is_left_out():
    """A relapse on day 200 is none on day 199, when the last thing known is day 120."""
    items = (GONE, blood(120, 0), event(200, "relapse"), event(210, "death"))

    assert ends(*items, upto=199)["efs"] == (120, 0)
    assert ends(*items, upto=200)["efs"] == (200, 1)
    assert ends(*items, upto=209)["os"] == (200, 0)


@pytest.mark.parametrize(
    "kind",
    ["relapse", "relapse_extramedullary", "lineage_switch", "no_remission", "second_malignancy",
     "death", "transplant", "second_infusion"],
)  # fmt: skip
def test_events_before_day_0_are_none(kind: str):
    """They end nothing, not even the transplant that came before the infusion."""
    items = (event(-1, kind), GONE, LAST)
    found = ends(*items, profile=cohort(relapse_transplant="competing", second_infusion="censor"))

    assert found == dict.fromkeys(("efs", "efs_hct", "os", "relapse"), (300, 0)) | {"bcr": (28, 0)}
    assert row_of(patient(*items))["hct_days"] == ""


# Last contact


@pytest.mark.parametrize(
    ("items", "day"),
    [
        ((), 0),
        ((marrow(-10, 5000),), 0),
        ((marrow(-10, 5000), csf(50, 0), event(40, "last_contact")), 50),
        ((csf(50, 0), event(77, "alc", "0.4")), 77),
        ((csf(50, 0), event(60, "last_contact"), event(60, "fish", "negative")), 60),
    ],
)
def test_last_contact(items: tuple[Item, ...], day: int):
    """The latest day of any specimen or event, at least day 0."""
    found = ends(*items)

    assert found == dict.fromkeys(("efs", "efs_hct", "os", "relapse"), (day, 0)) | {"bcr": (0, 0)}


def test_nothing_is_known_after_death():
    """What was collected or recorded later does not move the end."""
    found = ends(GONE, event(100, "death"), blood(101, 80), event(150, "relapse"), LAST)

    assert found["os"] == found["efs"] == found["efs_hct"] == (100, 1)
    assert (found["relapse"], found["bcr"]) == ((100, 2), (100, 3))


# Event-free and overall survival


@pytest.mark.parametrize(
    ("kind", "survives"),
    [("relapse", True), ("relapse_extramedullary", True), ("lineage_switch", True),
     ("no_remission", True), ("second_malignancy", True), ("death", False)],
)  # fmt: skip
def test_events_of_event_free_survival(kind: str, survives: bool):
    """Any of them on day 35; of these only death ends overall survival."""
    found = ends(event(35, kind), LAST)

    assert found["efs"] == found["efs_hct"] == (35, 1)
    assert found["os"] == ((300, 0) if survives else (35, 1))


@pytest.mark.parametrize("kind", ["remission", "transplant", "second_infusion", "drug"])
def test_what_is_no_event_of_event_free_survival(kind: str):
    """What is given or answers well."""
    assert ends(event(35, kind, "rituximab"), LAST)["efs"] == (300, 0)


def test_the_first_event_counts():
    """Of several, whatever they are."""
    found = ends(event(200, "death"), event(90, "second_malignancy"), event(120, "relapse"))

    assert (found["efs"], found["os"], found["relapse"]) == ((90, 1), (200, 1), (90, 3))


@pytest.mark.parametrize(
    ("moved", "end"), [(99, (99, 0)), (100, (100, 1)), (101, (100, 1)), (0, (0, 0))]
)
def test_observed_up_to_the_transplant(moved: int, end: tuple[int, int]):
    """Censored there only if it is on an earlier day: a relapse of that day is an event."""
    items = (event(100, "relapse"), event(moved, "transplant"), event(200, "transplant"))

    assert (ends(*items)["efs"], ends(*items)["efs_hct"]) == ((100, 1), end)
    assert row_of(patient(*items))["hct_days"] == str(moved)


def test_a_transplant_on_the_last_day():
    """Censored on that day in any case, once."""
    found = ends(event(100, "transplant"))

    assert found["efs"] == found["efs_hct"] == (100, 0)


# Relapse


@pytest.mark.parametrize(
    ("kind", "code"),
    [("relapse", 1), ("relapse_extramedullary", 1), ("lineage_switch", 1), ("no_remission", 3),
     ("second_malignancy", 3), ("death", 2)],
)  # fmt: skip
def test_codes_of_relapse(kind: str, code: int):
    """Each alone on day 60."""
    assert ends(event(60, kind), LAST)["relapse"] == (60, code)


@pytest.mark.parametrize(
    ("means", "end"), [("follow", (120, 1)), ("censor", (60, 0)), ("competing", (60, 4))]
)
def test_what_a_transplant_is_for_relapse(means: str, end: tuple[int, int]):
    """A relapse on day 120, after a transplant on day 60."""
    items = (event(60, "transplant"), event(120, "relapse"))

    assert ends(*items, profile=cohort(relapse_transplant=means))["relapse"] == end


def test_relapse_is_on_the_day_of_the_first_of_them():
    """CSF positive on days 80 and 94, then the marrow, which is the higher level."""
    items = (csf(80, 600), csf(94, 600), marrow(28, 0), event(130, "relapse"))

    assert ends(*items)["relapse"] == ends(*items)["efs"] == (94, 1)


@pytest.mark.parametrize(("profile", "day", "state"), [(TRIAL, 120, "UNKNOWN"), (BY_MRD, 60, "NA")])
def test_relapse_by_mrd(profile: Profile, day: int, state: str):
    """0.12 % on day 60 after a negative marrow is a relapse where the profile says so."""
    items = (marrow(28, 0), marrow(60, 600), GONE, event(120, "relapse"))
    found = ends(*items, profile=profile)

    assert found["efs"] == found["relapse"] == (day, 1)
    assert found["bcr"] == (day, 2)
    assert patient(*items, profile=profile).landmarks["bca_2m"] == state


# What stands first of one day


@pytest.mark.parametrize(
    ("first", "then", "relapse", "bcr"),
    [
        ("relapse", "no_remission", 1, 2),
        ("relapse", "second_malignancy", 1, 2),
        ("relapse", "death", 1, 2),
        ("relapse", "transplant", 1, 2),
        ("no_remission", "death", 3, 2),
        ("no_remission", "second_malignancy", 3, 2),
        ("second_malignancy", "death", 3, 3),
        ("second_malignancy", "transplant", 3, 3),
        ("no_remission", "transplant", 3, 2),
        ("death", "transplant", 2, 3),
        ("transplant", "second_infusion", 4, 4),
        ("transplant", "drug", 4, 4),
    ],
)
def test_two_of_one_day(first: str, then: str, relapse: int, bcr: int):
    """In the order of the page, where a transplant competes with relapse."""
    items = (event(70, first, "ATG"), event(70, then, "ATG"), LAST)
    found = ends(*items, profile=cohort(relapse_transplant="competing"))

    assert (found["relapse"], found["bcr"]) == ((70, relapse), (70, bcr))
    well = first == "transplant"
    assert (found["efs"], found["efs_hct"]) == (((300, 0), (70, 0)) if well else ((70, 1), (70, 1)))


def test_a_relapse_on_the_day_that_would_end_the_observation():
    """Transplant and second infusion on the day of a relapse, where both censor."""
    items = (event(70, "relapse"), event(70, "transplant"), event(70, "second_infusion"))
    found = ends(*items, profile=cohort(relapse_transplant="censor", second_infusion="censor"))

    assert found["efs"] == found["efs_hct"] == found["relapse"] == (70, 1)


# Definitions


@pytest.mark.parametrize("kind", ["no_remission", "second_malignancy"])
def test_what_a_profile_ignores(kind: str):
    """It is nothing for survival and relapse; B cells are still not asked after it."""
    items = (GONE, event(60, kind), event(120, "relapse"))
    code = 2 if kind == "no_remission" else 3
    kept, ignored = ends(*items), ends(*items, profile=cohort(**{kind: "ignore"}))

    assert (kept["efs"], kept["relapse"]) == ((60, 1), (60, 3))
    assert (ignored["efs"], ignored["relapse"]) == ((120, 1), (120, 1))
    assert kept["bcr"] == ignored["bcr"] == (60, code)


def test_a_second_infusion_that_ends_the_observation():
    """Of event-free survival and relapse, on its day; not of overall survival."""
    items = (event(60, "second_infusion"), event(80, "second_infusion"), event(120, "death"))
    followed, ended = ends(*items), ends(*items, profile=cohort(second_infusion="censor"))

    assert (followed["efs"], followed["relapse"]) == ((120, 1), (120, 2))
    assert ended["efs"] == ended["efs_hct"] == ended["relapse"] == (60, 0)
    assert followed["os"] == ended["os"] == (120, 1)
