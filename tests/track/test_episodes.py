"""From observations to flags: raised once, raised again, suppressed, answered."""

from __future__ import annotations

from itertools import permutations

import pytest

from cytomon.model.course import Acknowledgement
from cytomon.model.flags import Urgency
from cytomon.track.episodes import Observation, raise_flags
from tests.track.builders import blood, day_of, followed, on, raised, seen_by_somebody

MEDIUM, HIGH, CRITICAL = Urgency.MEDIUM, Urgency.HIGH, Urgency.CRITICAL

Look = tuple[int, Urgency | None]
Shown = tuple[int | None, str, bool, list[int | None]]


def looks(*seen: Look, subject: str = "") -> list[Observation]:
    """Observations by day and severity; None where the rule does not hold."""
    return [Observation(on(day), day, urgency, None, subject) for day, urgency in seen]


def ack(at: int, flagged: int | None = None, rule: str = "A2") -> Acknowledgement:
    """An acknowledgement of A2."""
    return seen_by_somebody(rule, at, flagged)


def flags(seen: list[Observation], *given: Acknowledgement) -> list[Shown]:
    """Day, severity, whether it is open, and what was suppressed, of each flag."""
    return [
        (
            one.seen.day,
            one.urgency.word,
            one.is_open,
            [day_of(other.on) for other in one.suppressed],
        )
        for one in raise_flags("A2", seen, given)
    ]


def opened(seen: list[Observation], *given: Acknowledgement) -> list[tuple[int | None, bool]]:
    """Day of each flag, and whether it is open."""
    return [(day, is_open) for day, _, is_open, _ in flags(seen, *given)]


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        pytest.param((), [], id="nothing"),
        pytest.param(((10, None),), [], id="holds-never"),
        pytest.param(((10, HIGH),), [(10, "high", True, [])], id="holds"),
        pytest.param(
            ((10, HIGH), (20, HIGH), (30, HIGH)), [(10, "high", True, [20, 30])], id="counted"
        ),
        pytest.param(((10, HIGH), (20, MEDIUM)), [(10, "high", True, [20])], id="less-urgent"),
        pytest.param(
            ((10, HIGH), (20, None), (30, HIGH)), [(10, "high", True, [30])], id="nobody-answered"
        ),
        pytest.param(
            ((10, MEDIUM), (15, MEDIUM), (20, HIGH), (30, MEDIUM), (40, HIGH), (50, CRITICAL)),
            [
                (10, "medium", True, [15]),
                (20, "high", True, [30, 40]),
                (50, "critical", True, []),
            ],
            id="more-urgent",
        ),
    ],
)
def test_unanswered(seen: tuple[Look, ...], shown: list[Shown]):
    """One episode until somebody answers, whose flags are its first and each more urgent one."""
    assert flags(looks(*seen)) == shown


@pytest.mark.parametrize(
    ("seen", "given", "shown"),
    [
        pytest.param(
            ((10, HIGH), (20, None)), (ack(25),), [(10, False)], id="after-it-held-no-more"
        ),
        pytest.param(
            ((10, HIGH), (20, None)), (ack(25, 10),), [(10, False)], id="after-for-its-day"
        ),
        pytest.param(((10, HIGH), (20, None)), (ack(20),), [(10, False)], id="on-that-day"),
        pytest.param(((10, HIGH), (20, None)), (ack(15),), [(10, False)], id="before"),
        pytest.param(((10, HIGH), (20, None)), (ack(15, 10),), [(10, False)], id="before-for-day"),
        pytest.param(((10, HIGH), (20, None)), (ack(10),), [(10, False)], id="on-its-day"),
        pytest.param(((10, HIGH), (20, None)), (ack(9),), [(10, True)], id="before-it-began"),
        pytest.param(
            ((10, HIGH), (20, None)), (ack(9, 10),), [(10, False)], id="early-for-its-day"
        ),
        pytest.param(((10, HIGH), (20, None)), (ack(25, 11),), [(10, True)], id="other-day"),
        pytest.param(
            ((10, HIGH), (20, None)), (ack(25, rule="A3"),), [(10, True)], id="other-rule"
        ),
        pytest.param(((10, HIGH),), (ack(15),), [(10, True)], id="it-still-holds"),
        pytest.param(((10, HIGH), (20, HIGH)), (ack(15),), [(10, True)], id="it-holds-later"),
        pytest.param(
            ((10, HIGH), (20, HIGH), (30, None)), (ack(15),), [(10, False)], id="holds-then-not"
        ),
        pytest.param(
            ((10, HIGH), (20, HIGH), (30, None)), (ack(40, 20),), [(10, True)], id="suppressed-day"
        ),
        pytest.param(
            ((10, HIGH), (20, None), (30, HIGH)),
            (ack(15),),
            [(10, False), (30, True)],
            id="a-new-one",
        ),
        pytest.param(
            ((10, HIGH), (20, None), (30, HIGH)),
            (ack(25),),
            [(10, False), (30, True)],
            id="a-new-one-after-the-answer",
        ),
        pytest.param(
            ((10, HIGH), (20, None), (30, HIGH)), (ack(30),), [(10, True)], id="answered-too-late"
        ),
        pytest.param(
            ((10, HIGH), (20, None), (30, HIGH), (40, None)),
            (ack(15), ack(45)),
            [(10, False), (30, False)],
            id="both-answered",
        ),
        pytest.param(
            ((10, HIGH), (20, None), (30, HIGH), (40, None)),
            (ack(15), ack(45, 10)),
            [(10, False), (30, True)],
            id="only-the-first-answered",
        ),
        pytest.param(
            ((10, MEDIUM), (20, HIGH), (30, None)),
            (ack(15),),
            [(10, True), (20, True)],
            id="answered-before-it-was-urgent",
        ),
        pytest.param(
            ((10, MEDIUM), (20, HIGH), (30, None)),
            (ack(20),),
            [(10, False), (20, False)],
            id="answered-when-it-was-urgent",
        ),
        pytest.param(
            ((10, MEDIUM), (20, HIGH), (30, None)),
            (ack(15, 20),),
            [(10, False), (20, False)],
            id="answered-for-the-urgent-day",
        ),
        pytest.param(
            ((10, MEDIUM), (15, None), (20, HIGH)),
            (ack(12),),
            [(10, False), (20, True)],
            id="urgent-after-it-was-closed",
        ),
        pytest.param(
            ((10, HIGH), (20, None), (20, HIGH)), (ack(15),), [(10, True)], id="two-of-a-day"
        ),
    ],
)
def test_answered(
    seen: tuple[Look, ...],
    given: tuple[Acknowledgement, ...],
    shown: list[tuple[int, bool]],
):
    """An acknowledgement closes an episode once the rule does not hold at the newest look."""
    assert opened(looks(*seen), *given) == shown


def test_nothing_is_suppressed_across_episodes():
    """Each episode counts its own days."""
    seen = looks((10, HIGH), (12, HIGH), (20, None), (30, MEDIUM), (33, MEDIUM))

    assert flags(seen, ack(15)) == [(10, "high", False, [12]), (30, "medium", True, [33])]


def test_answers_are_kept():
    """A flag names who has answered it, open or not; no answer to anything else."""
    given = (ack(15), ack(9), ack(16, 10), ack(16, rule="A3"))
    (flag,) = raise_flags("A2", looks((10, HIGH)), given)

    assert flag.is_open
    assert flag.answers == (given[0], given[2])


def test_subjects_apart():
    """What one subject does is nothing to another; an answer for a day finds its own."""
    seen = [
        *looks((10, HIGH), (20, None), subject="a"),
        *looks((11, HIGH), (20, None), subject="b"),
    ]

    assert opened(seen) == [(10, True), (11, True)]
    assert opened(seen, ack(25, 10)) == [(10, False), (11, True)]
    assert opened(seen, ack(25)) == [(10, False), (11, False)]


def test_another_subject_closes_nothing():
    """A look at something else that does not hold is no answer."""
    seen = [*looks((10, HIGH), subject="a"), *looks((20, None), subject="b")]

    assert opened(seen, ack(25)) == [(10, True)]


def test_two_looks_on_one_day():
    """What holds weighs more than what does not, the more urgent more than the less."""
    for seen in permutations(looks((10, None), (10, MEDIUM), (10, CRITICAL), (10, HIGH))):
        assert flags(list(seen)) == [(10, "critical", True, [])]


def test_order_is_nothing():
    """The same flags, in whatever order observations come."""
    seen = looks((10, MEDIUM), (20, HIGH), (30, None), (40, HIGH))
    found = flags(seen, ack(25))

    assert found == [(10, "medium", False, []), (20, "high", False, []), (40, "high", True, [])]
    for order in permutations(seen):
        assert flags(list(order), ack(25)) == found


def test_answer_after_the_day():
    """Of a course that is looked at as of an earlier day, later answers count."""
    items = (blood(28, 0), blood(91, 80), blood(98, 0))
    (flag,) = (
        one
        for one in followed(*items, seen_by_somebody("A4", 300), upto=100).raised
        if one.rule == "A4"
    )

    assert not flag.is_open
    assert raised(followed(*items, upto=100), "A4") == [(91, "high")]
