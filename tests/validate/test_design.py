"""The list of tubes: complete, numbered, and the same every time."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from cytomon.simulate.plan import Realism
from cytomon.validate.answers.choose import USUAL_KINDS
from cytomon.validate.design import Case, design_study
from cytomon.validate.suites import KINDS, SIZES, SUBSETS


@pytest.fixture(scope="module")
def usual() -> tuple[Case, ...]:
    return design_study(SIZES["usual"], start=200)


@pytest.mark.parametrize("size", SIZES)
def test_names_are_unique(size: str):
    """A row is known by the name of its tube."""
    names = Counter(case.tube for case in design_study(SIZES[size], start=200))
    assert [name for name, times in names.items() if times > 1] == []


def test_the_same_study_twice(usual: tuple[Case, ...]):
    """Equal arguments, equal tubes; another start, no seed in common when far enough."""
    assert design_study(SIZES["usual"], start=200) == usual
    other = design_study(SIZES["usual"], start=600)
    assert {case.plan.seed for case in other}.isdisjoint(case.plan.seed for case in usual)
    assert min(case.plan.seed for case in usual) == 200


def test_seeds_are_shared_by_twins_alone(usual: tuple[Case, ...]):
    """Every other tube has a seed of its own, over both conditions."""
    seeds = Counter(case.plan.seed for case in usual if case.wish.suite != "instrument")
    assert set(seeds.values()) == {1}


def test_an_altered_tube_is_its_twin_but_for_the_alteration(usual: tuple[Case, ...]):
    """Same seed, same batch, same everything but the artefacts."""
    by_name = {case.tube: case for case in usual}
    altered = [case for case in usual if case.pair]
    assert len(altered) == 2 * 4 * 5
    for case in altered:
        twin = by_name[case.pair]
        assert twin.plan != case.plan
        assert replace(case.plan, artefacts=twin.plan.artefacts) == twin.plan


def test_what_was_asked_for_is_there(usual: tuple[Case, ...]):
    """Every kind at every level, hard cases enough, both conditions alike."""
    plain, full = (
        [case.wish for case in usual if case.condition == name] for name in ("plain", "realism")
    )
    assert plain == full
    assert len(plain) >= 60
    series = {(wish.kind, wish.level) for wish in plain if wish.suite == "dilution"}
    assert series == {(kind, level) for kind in KINDS for level in SIZES["usual"].levels}
    assert set(USUAL_KINDS) < set(KINDS)
    hard = [wish for wish in plain if wish.hard]
    assert len(hard) >= 10
    assert {wish.kind for wish in hard} == {"typical", "CD19neg"}


@pytest.mark.parametrize("size", ["usual", "full"])
def test_no_decade_around_the_limit_of_detection_is_empty(size: str):
    """A limit between two levels is only as good as they are close."""
    levels = sorted(level for level in SIZES[size].levels if level <= 1e-3)
    assert levels[0] == 1e-5
    assert max(b / a for a, b in itertools.pairwise(levels)) < 3.5


def test_realism_tubes_share_batches(usual: tuple[Case, ...]):
    """Three to five tubes of one batch have one matrix; plain tubes stand alone."""
    sizes: dict[int | None, set[int]] = defaultdict(set)
    for case in usual:
        realism = case.condition == "realism"
        assert (case.plan.realism == Realism.full()) == realism
        assert (case.plan.batch is not None) == realism
        if realism:
            sizes[case.plan.batch].add(case.plan.seed)
    assert max(map(len, sizes.values())) >= 3


def test_the_full_study_has_large_tubes():
    """Some blanks of five times as many events, and some with very few blasts."""
    large = [case for case in design_study(SIZES["full"], start=200) if case.wish.times > 1]
    assert {case.plan.n_events for case in large} == {5_000_000}
    assert {case.wish.suite for case in large} == {"blank", "dilution"}


def test_a_panel_without_blasts_is_asked_for_b_cells_alone():
    """Lymphocyte subsets say nothing of MRD."""
    study = design_study(SIZES["usual"], start=200, panel=SUBSETS)
    assert {case.wish.suite for case in study} == {"b_cells"}
    assert {case.plan.panel for case in study} == {SUBSETS}


def test_a_panel_with_fewer_markers_shifts_what_it_has():
    """No gain of a detector that is not there."""
    study = design_study(SIZES["usual"], start=200, panel="aieop_bfm")
    assert not [case for case in study if case.wish.altered.startswith("gain +0.3")]
