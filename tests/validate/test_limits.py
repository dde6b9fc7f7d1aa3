"""Limits in words: never below what a status needs, and no curve across an empty decade."""

from __future__ import annotations

import pytest

from cytomon.validate.answers.limits import blank_limits, tables
from cytomon.validate.answers.positives import (
    classical_words,
    curve,
    probit_words,
    quantified_words,
)
from cytomon.validate.rows import TubeRow
from tests.validate.rows import blank, row


def at(level: float, *hits: bool, cells: int = 1_000_000) -> list[TubeRow]:
    """Tubes of a level, each a little off it, hit or missed."""
    return [
        row(
            f"{level}{n}", level=level, true_fraction=level * (1 + 0.04 * n),
            blasts=round(level * cells) + n, nucleated=cells, lod_events=20,
            status="DETECTED_BELOW_THRESHOLD" if hit else "BELOW_LOD",
        )
        for n, hit in enumerate(hits)
    ]  # fmt: skip


def limit(rows: list[TubeRow], label: str) -> str:
    (found,) = [cells[1] for cells in tables(rows)[0].rows if label in cells[0]]
    return found


def test_the_lod_begins_at_what_the_status_needs():
    """With clean blanks it would stand at 1.645 SD, where no status can call anything."""
    rows = [*[blank(f"b{n}", nucleated=1_000_000) for n in range(60)], *at(3e-5, *[True] * 6)]
    said = limit(rows, "LOD, decision limit")
    assert 20 < float(said.split()[0]) < 25
    assert "what the status needs, more than the LOB" in said
    assert limit(rows, "decision limit: what the status needs") == "20.0 (20 events)"


def test_a_high_background_decides_itself():
    """A limit of blank above the least events is the one that the LOD begins at."""
    noisy = [blank(f"b{n}", blasts=40, nucleated=1_000_000) for n in range(60)]
    said = classical_words(noisy, {5e-5: [5e-5, 5.2e-5]}, 2e-5)
    assert float(said.split()[0]) > 40
    assert said.endswith("(from the LOB)")


@pytest.mark.parametrize(
    ("blanks", "levels", "needed", "reason"),
    [
        ([], {1e-5: [1e-5, 2e-5]}, 2e-5, "no blanks"),
        ([blank()], {1e-3: [1e-3, 1e-3], 3e-5: [3e-5]}, 2e-5, "no two tubes"),
        ([blank()], {1e-5: [1e-5, 1e-5]}, 2e-5, "just above 20"),
        ([blank()], {1e-5: [1e-5, 2e-5]}, None, "how many events"),
    ],
)
def test_no_lod_without_a_reason(
    blanks: list[TubeRow], levels: dict[float, list[float]], needed: float | None, reason: str
):
    """A dash says why."""
    said = classical_words(blanks, levels, needed)
    assert said.startswith("–")
    assert reason in said


def test_no_curve_over_an_empty_decade():
    """One high miss and one low hit by their true fractions determine a curve that nobody saw."""
    low = [r.model_copy(update={"true_fraction": 3e-5}) for r in at(1e-5, False)]
    high = [r.model_copy(update={"true_fraction": 2.5e-5}) for r in at(1e-4, True)]
    rows = [*at(1e-5, *[False] * 8), *at(1e-4, *[True] * 8), *low, *high]
    said = probit_words(rows, 2e-5)
    assert said == "– (no level between 10 and 100)"
    assert curve(rows)[0] is None


def test_a_curve_held_by_levels_has_an_interval():
    """A level hit in some tubes and missed in others holds it; so do levels close together."""
    rows = [
        *at(1e-5, *[False] * 7, True),
        *at(3e-5, *[False, True] * 4),
        *at(1e-4, *[True] * 8, False),
        *at(3e-4, *[True] * 8),
    ]
    said = probit_words(rows, 2e-5)
    value, low, high = (
        float(word.strip("()")) for word in said.split() if word.strip("()")[0] in "0.123456789"
    )
    assert low < value < high
    assert 30 < value < 300


def test_the_probit_is_never_below_what_the_status_needs():
    """Where the curve says less, the floor stands first and both are named."""
    rows = [*at(1e-5, *[False, True] * 4), *at(3e-5, *[True] * 9, False), *at(1e-4, *[True] * 8)]
    plain = probit_words(rows, 1e-6)
    floored = probit_words(rows, 9e-5)
    assert not plain.startswith("90")
    assert floored.startswith("90: what the status needs; the curve alone would say")


def test_no_curve_beyond_the_levels():
    """A rate that reaches 95 % only above the highest level is no limit."""
    rows = [*at(1e-5, *[False] * 8), *at(3e-5, *[False, True] * 4), *at(1e-4, *[True, False] * 4)]
    assert "outside the levels" in probit_words(rows, 2e-5)


def test_no_curve_where_all_or_none_is_hit_or_the_rate_falls():
    """The dash says which."""
    low = row("a", true_fraction=1e-5, status="BELOW_LOD")
    high = row("b", true_fraction=1e-3)
    assert "between 10, missed as all below, and 1000" in probit_words([low, high], None)
    assert "every tube was detected" in probit_words([high], None)
    assert "no tube was detected" in probit_words([low], None)
    fallen = [row("c", true_fraction=1e-5), row("d", true_fraction=1e-3, status="BELOW_LOD")]
    assert "does not rise" in probit_words(fallen, None)


def test_the_lloq_lies_between_two_levels():
    """It is a bracket, below which lies a level that varies too much or what a status needs."""
    levels = {1e-5: [1.0, 3.0], 3e-5: [1.0, 1.1], 1e-4: [1.0, 1.0]}
    assert quantified_words(levels, 0.3, None) == "between 10 and 30"
    assert quantified_words(levels, 0.3, 2e-5) == "between 20 and 30"
    assert quantified_words({1e-4: [1.0, 1.0]}, 0.3, None) == "at most 100"
    assert quantified_words({1e-4: [1.0, 9.0]}, 0.3, None) == "above 100"
    assert quantified_words({1e-4: [1.0]}, 0.3, None).startswith("–")


def test_few_blanks_are_said_beside_their_limit():
    """EP17 asks for sixty: with fewer, page and terminal say so; with sixty, they do not."""
    few = [blank(f"b{n}") for n in range(18)]
    many = [blank(f"b{n}") for n in range(60)]
    assert limit(few, "LOB, non") == "0.0 (of 18 blanks; EP17 asks for at least 60)"
    assert limit(many, "LOB, non") == "0.0"
    (said,) = blank_limits(few)
    assert said.startswith("limit of blank per million, plain: 0.0")
    assert "of 18 blanks; EP17 asks for at least 60" in said
    assert "EP17" not in blank_limits(many)[0]
    assert blank_limits([row()]) == ()
