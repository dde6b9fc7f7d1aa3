"""Endpoints against an independent oracle, which knows the page and not the code."""

from __future__ import annotations

from collections import Counter
from functools import cache
from statistics import median

import pytest

from cytomon.cohort.analysed import analyse
from cytomon.cohort.endpoints import Person, person_of
from cytomon.track.follow import follow
from tests.cohort.asked import TRIAL, row_of, variant
from tests.cohort.courses import cohort_course
from tests.cohort.oracle import Facts, facts, group_at, person
from tests.cohort.oracle import Person as Asked
from tests.track.oracle_states import LANDMARKS

VARIANTS = {
    "trial": TRIAL,
    "confirmed": variant({"relapse_transplant": "censor"}, recovery="confirmed"),
    "by_mrd": variant({"remission_by_day": 28}, relapse_includes_mrd=True),
    "ignore": variant({"no_remission": "ignore", "second_infusion": "censor"}),
    "competing": variant({"relapse_transplant": "competing", "second_malignancy": "ignore"}),
}
SEEDS = range(50_000, 50_400)


drawn = cache(cohort_course)


@cache
def known(seed: int) -> Facts | None:
    """What the oracle knows of a course."""
    return facts(*drawn(seed))


@cache
def found(seed: int, name: str) -> Person | None:
    """What the code says of a course by the definitions of this name."""
    timeline, cut = drawn(seed)
    return person_of(follow(timeline, VARIANTS[name], cut))


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, 50))
def test_random_courses(first: int):
    """Endpoints, last contact, remission and landmarks of 400 random courses are the oracle's."""
    for seed in range(first, first + 50):
        for name, profile in VARIANTS.items():
            of, said = known(seed), found(seed, name)
            assert (said is None) == (of is None), (seed, name)
            if said is None or of is None:
                continue
            asked = person(of, profile)

            assert row_of(said) == asked.row, (seed, name)
            assert said.seen == asked.last_contact, (seed, name)
            assert said.remission == asked.remission, (seed, name)
            assert said.landmarks == asked.landmarks, (seed, name)


@pytest.mark.parametrize("name", VARIANTS)
def test_what_ended_it_is_named(name: str):
    """Every event of event-free survival has its kind, by all definitions, and nothing else has."""
    for seed in SEEDS:
        said = found(seed, name)
        if said is not None:
            assert bool(said.failure) == bool(said.efs.code), seed


def test_random_factors():
    """Baseline factors of the same patients."""
    for seed in SEEDS:
        of, said = known(seed), found(seed, "trial")
        if said is not None and of is not None:
            assert said.factors == person(of, TRIAL).factors, seed


def test_cohort_of_the_random_courses():
    """Who is in which group at a landmark, with how many events; remission; follow-up."""
    people = [one for seed in SEEDS if (one := found(seed, "trial")) is not None]
    asked = [person(of, TRIAL) for seed in SEEDS if (of := known(seed)) is not None]
    rows = {
        (one.analysis, one.group, one.estimand): one
        for one in analyse(people, TRIAL.cohort).estimates
        if one.analysis != "follow_up" or one.group.startswith("observed")
    }
    for name, day in LANDMARKS.items():
        groups = Counter(group_at(one, name) for one in asked)
        failed = Counter(group_at(one, name) for one in asked if fails(one, day))
        left = {
            group: rows["landmark_left_out", group, f"landmark({day})"].n
            for group in ("failed", "left", "NA")
        }
        assert left["NA"] == groups["NA"]
        assert left["failed"] + left["left"] == groups["before"]
        early = [one for one in asked if int(one.row["efs_days"]) <= day]
        assert left["failed"] == sum(one.row["efs_event"] == "1" for one in early)
        for group in ("PERSISTENT", "RECOVERED", "UNKNOWN"):
            row = rows["landmark_efs", group, f"landmark({day})"]
            assert (row.n, row.n_events) == (groups[group], failed[group])
    said = Counter(one.remission for one in asked)
    row = rows["remission", "assessed", "all_itt"]
    assert (row.n, row.n_events) == (said["yes"] + said["no"] + said["died"], said["yes"])
    assert rows["remission", "not_assessed", "all_itt"].n == said["unknown"]
    days = sorted(one.last_contact for one in asked)
    assert rows["follow_up", "observed:max", "all_itt"].estimate == days[-1]
    assert rows["follow_up", "observed:median", "all_itt"].estimate == median(days)


def fails(asked: Asked, day: int) -> bool:
    """Whether an event comes later than a landmark, up to a year."""
    return asked.row["efs_event"] == "1" and day < int(asked.row["efs_days"]) <= 365


def test_random_courses_come_to_every_end():
    """Each code of each endpoint, each answer and each level of a factor is there ten times."""
    seen: Counter[tuple[str, str]] = Counter()
    profile = VARIANTS["competing"]
    for seed in SEEDS:
        of = known(seed)
        if of is None:
            seen["nobody", ""] += 1
            continue
        asked = person(of, profile)
        seen.update((key, value) for key, value in asked.row.items() if key.endswith("_event"))
        seen.update(asked.landmarks.items())
        seen.update(asked.factors.items())
        seen["remission", asked.remission] += 1
        seen["hct_days", "some" if asked.row["hct_days"] else ""] += 1

    assert {key: seen[key] for key in EVERY_END if seen[key] < 10} == {}


EVERY_END = [
    ("nobody", ""),
    *((f"{name}_event", code) for name in ("efs", "efs_hct", "os") for code in "01"),
    *(("relapse_event", code) for code in "01234"),
    *(("bcr_event", code) for code in "012345"),
    *((f"bca_{month}m", state) for month in (2, 3, 4, 6)
      for state in ("NA", "PERSISTENT", "RECOVERED", "UNKNOWN")),
    *(("remission", word) for word in ("yes", "no", "died", "unknown")),
    *(("hct_days", word) for word in ("some", "")),
    *(("mrd", band) for band in ("<1", "1-<15", ">=15")),
    *(("marrow", level) for level in ("M1", "M2/M3")),
    *(("age", band) for band in ("<10", ">=10")),
    *(("cytogenetics", level) for level in ("high risk", "other")),
]  # fmt: skip
