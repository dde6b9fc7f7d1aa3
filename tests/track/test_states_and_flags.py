"""States and flags against an independent oracle, which knows the page and not the code."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cytomon.model.timeline import Timeline
from cytomon.track.follow import Followed, follow
from cytomon.track.profile import read_profile
from tests.track.courses import random_course
from tests.track.oracle import flags, states

PROFILE = read_profile()
SEEDS = range(20_000, 20_500)
"""For judging; seeds below 10,000 were looked at while the rules were written."""


@pytest.mark.parametrize("first", range(SEEDS.start, SEEDS.stop, 50))
def test_random_courses(first: int):
    """Every state and every flag of 500 random courses is the oracle's."""
    for seed in range(first, first + 50):
        timeline, as_of = random_course(seed)
        followed = follow(timeline, PROFILE, as_of)

        assert followed.states.row() == states(timeline, as_of), seed
        assert raised(followed) == flags(timeline, as_of), seed


@pytest.mark.long
@pytest.mark.parametrize("first", range(30_000, 40_000, 1000))
def test_many_random_courses(first: int):
    """The same, of ten thousand."""
    for seed in range(first, first + 1000):
        timeline, as_of = random_course(seed)
        followed = follow(timeline, PROFILE, as_of)

        assert followed.states.row() == states(timeline, as_of), seed
        assert raised(followed) == flags(timeline, as_of), seed


def test_every_flag_is_put_into_words():
    """Each has evidence, a day that it speaks of, and no word that would be a treatment."""
    for seed in range(20_000, 20_100):
        timeline, as_of = random_course(seed)
        for flag in follow(timeline, PROFILE, as_of).flags:
            assert flag.says
            assert flag.evidence
            assert flag.on <= max(as_of, *(one.on for one in flag.evidence)), (seed, flag)
            said = " ".join((flag.says, flag.confirms, *(one.what for one in flag.evidence)))
            assert not [word for word in TREATMENTS if word in said.casefold()], (seed, said)


TREATMENTS = (
    "mab", "globulin", "infusion of", "reinfus", "re-infus", "hct", "chemo", "prednis", "steroid",
    "blincyto", "besponsa", "atg", "ivig", "start ", "give ", "therapy", "treat",
)  # fmt: skip


def raised(followed: Followed) -> list[tuple[str, str, str, str, str]]:
    """Flags in the oracle's form."""
    return sorted(
        (
            one.rule,
            one.seen.subject,
            one.urgency.word,
            one.seen.on.isoformat(),
            "yes" if one.is_open else "no",
        )
        for one in followed.raised
    )


def test_a_later_day_takes_nothing_back():
    """Flags of a day are there on every later day, open or not, save those of the future."""
    for seed in range(20_000, 20_060):
        timeline, as_of = random_course(seed)
        before = _lasting(timeline, as_of - timedelta(days=60))
        after = {
            (rule, subject, on)
            for rule, subject, _, on, _ in raised(follow(timeline, PROFILE, as_of))
        }

        assert before <= after, seed


def _lasting(timeline: Timeline, as_of: date) -> set[tuple[str, str, str]]:
    found = raised(follow(timeline, PROFILE, as_of))
    return {(rule, subject, on) for rule, subject, _, on, _ in found if subject != "future"}
