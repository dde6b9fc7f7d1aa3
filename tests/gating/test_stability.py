"""Counts under jittered boundaries spread as far as theory says, and no further."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cytomon.gating.count import count
from cytomon.gating.engine.stream import Stream
from cytomon.gating.stability import DRAWS, Jitter, jitter
from cytomon.model.gating import PlacedBound, PlacedGate, Placement
from cytomon.pipeline import open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.gating.tubes import Opened, opened, placed, synthetic

EVENTS = 20_000


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """CD19 even between 0 and 4: 5000 events to one unit, wherever a boundary lies."""
    rng = np.random.default_rng(260)
    columns = {
        "FSC_A": rng.normal(60_000, 3000, EVENTS),
        "CD19": rng.permutation(np.linspace(0.0, 4.0, EVENTS)),
        "CD3": rng.permutation(np.linspace(0.0, 4.0, EVENTS)),
    }
    return synthetic(tmp_path_factory.mktemp("flat") / "tube.fcs", **columns)


def with_jitter(placement: Placement, jitters: dict[str, float]) -> Placement:
    """The same gates, their only boundaries as unsure as is said."""

    def unsure(gate: PlacedGate) -> PlacedGate:
        if gate.name not in jitters:
            return gate
        (axis,) = gate.axes
        (side,) = gate.shape.bounds  # type: ignore[union-attr]
        ends = zip(("low", "high"), side, strict=True)
        bounds = tuple(
            PlacedBound(
                where=f"{axis.label} {end}",
                value=value,
                start=value,
                method="ref_neg",
                jitter=jitters[gate.name],
            )
            for end, value in ends
            if value is not None
        )
        return replace(gate, bounds=bounds)

    return replace(placement, gates=tuple(unsure(gate) for gate in placement.gates))


def counts(tube: Opened, placement: Placement, target: str) -> Jitter:
    return jitter(Stream(tube.table, placement.matrices), placement, target, None)


ONE = "{name: g, kind: interval, bounds: {CD19: {low: 2}}}"


def test_a_sure_boundary_gives_the_same_count_in_every_draw(flat: Opened):
    """Without jitter nothing moves; a gate of few events is counted, not scaled."""
    placement = placed("{name: g, kind: interval, bounds: {CD19: {low: 3.5}}}", flat)

    found = counts(flat, placement, "g")

    assert found.moving == 0
    assert found.counts.tolist() == [EVENTS // 8] * DRAWS


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("sd", [0.002, 0.02, 0.1])
def test_the_spread_of_a_count_is_density_times_jitter(flat: Opened, sd: float, end: str):
    """A boundary through an even population: SD of the count = events to a unit, times SD."""
    gates = f"{{name: g, kind: interval, bounds: {{CD19: {{{end}: 2}}}}}}"
    found = counts(flat, with_jitter(placed(gates, flat), {"g": sd}), "g")

    expected = 5000 * sd
    # SD of a sample of n has a relative error of 1 / sqrt(2 (n - 1)); four of these
    assert np.std(found.counts, ddof=1) == pytest.approx(expected, rel=4 / np.sqrt(2 * (DRAWS - 1)))
    assert np.mean(found.counts) == pytest.approx(EVENTS / 2, abs=4 * expected / np.sqrt(DRAWS) + 4)
    # sixty draws reach beyond one standard deviation to either side
    assert found.counts.max() > EVENTS / 2 + 1.2 * expected
    assert found.counts.min() < EVENTS / 2 - 1.2 * expected
    assert found.moving == 1


def test_two_boundaries_add_up_in_squares(flat: Opened):
    """Each is drawn for itself: low and high ends move a count like a sum of two."""
    gates = "{name: g, kind: interval, bounds: {CD19: {low: 1, high: 3}}}"
    found = counts(flat, with_jitter(placed(gates, flat), {"g": 0.05}), "g")

    expected = 5000 * 0.05 * np.sqrt(2)
    assert np.std(found.counts, ddof=1) == pytest.approx(expected, rel=0.37)
    assert found.moving == 2


def test_the_boundaries_of_parents_move_too(flat: Opened):
    """A target on a jittered parent owes it its spread."""
    gates = f"{ONE}\n{{name: inner, parent: g, kind: interval, bounds: {{CD3: {{low: 2}}}}}}"
    found = counts(flat, with_jitter(placed(gates, flat), {"g": 0.05}), "inner")

    # half of the events that change sides at the parent are in the target
    assert np.std(found.counts, ddof=1) == pytest.approx(2500 * 0.05, rel=0.37)


@pytest.mark.parametrize(
    ("rest", "moves"),
    [
        ("kind: boolean, none: [g]", "g"),
        ("kind: boolean, all: [g], complement: true", "g"),
        ("kind: interval, bounds: {CD19: {low: 2}}, complement: true", "rest"),
    ],
)
def test_what_a_gate_excludes_moves_it_too(rest: str, moves: str, flat: Opened):
    """A boundary under a complement lets events in when it moves away from them."""
    gates = f"{ONE}\n{{name: rest, {rest}}}"
    found = counts(flat, with_jitter(placed(gates, flat), {moves: 0.05}), "rest")

    assert np.std(found.counts, ddof=1) == pytest.approx(5000 * 0.05, rel=0.37)
    assert np.mean(found.counts) == pytest.approx(EVENTS / 2, rel=0.02)


def test_boundaries_of_other_gates_move_nothing(flat: Opened):
    """Only what the target depends on is drawn."""
    gates = f"{ONE}\n{{name: other, kind: interval, bounds: {{CD3: {{low: 2}}}}}}"
    found = counts(flat, with_jitter(placed(gates, flat), {"other": 0.5}), "g")

    assert found.moving == 0
    assert len(set(found.counts.tolist())) == 1


@pytest.mark.parametrize("low", [0.4, 1.0, 2.7])
def test_large_counts_from_a_sample_are_unbiased(flat: Opened, low: float):
    """Of more than 4000 events a sample is counted and scaled: the mean is the whole count."""
    gates = f"{{name: g, kind: interval, bounds: {{CD19: {{low: {low}}}}}}}"
    truth = EVENTS * (4 - low) / 4
    assert truth > 4000

    sd = 0.01
    found = counts(flat, with_jitter(placed(gates, flat), {"g": sd}), "g")

    # even steps through a shuffled tube: a sample of 4000 without replacement
    loose = truth + EVENTS / 4 * 4 * sd
    share = truth / loose
    sampling = loose * np.sqrt(share * (1 - share) / 4000)
    drawing = 5000 * sd / np.sqrt(DRAWS)
    assert np.mean(found.counts) == pytest.approx(truth, abs=4 * np.hypot(sampling, drawing) + 4)


def test_the_same_tube_gives_the_same_draws(flat: Opened):
    """Nothing depends on a clock or on what was counted before."""
    placement = with_jitter(placed(ONE, flat), {"g": 0.05})

    np.testing.assert_array_equal(
        counts(flat, placement, "g").counts, counts(flat, placement, "g").counts
    )


def test_an_empty_gate_stays_empty(flat: Opened):
    """No event near: nothing to change sides."""
    gates = "{name: g, kind: interval, bounds: {CD19: {low: 9}}}"

    found = counts(flat, with_jitter(placed(gates, flat), {"g": 0.1}), "g")

    assert set(found.counts.tolist()) == {0}


def tube_of(folder: Path, **changes: object) -> tuple[Opened, Placement]:
    plan = TubePlan(state="BM_d28_BCA", n_events=60_000, seed=261, **changes)  # type: ignore[arg-type]
    path = write_tube(simulate_tube(plan), folder, "tube")
    tube = opened(path)
    return tube, place_on(open_for_gating(path))


def jittered(tube: Opened, placement: Placement) -> tuple[int, Jitter]:
    counted = count(tube.table, placement, jittered=["blasts"])
    return counted.count("blasts"), counted.jitters["blasts"]


@pytest.mark.parametrize("level", [2e-3, 2e-2])
def test_clear_blasts_are_stable(level: float, tmp_path: Path):
    """Blasts far from every boundary: all draws within the error of counting."""
    tube, placement = tube_of(tmp_path, blasts={"blast_typical": level})
    still = replace(
        placement,
        gates=tuple(
            replace(gate, bounds=tuple(replace(one, jitter=0.0) for one in gate.bounds))
            for gate in placement.gates
        ),
    )

    k, found = jittered(tube, still)

    assert found.moving == 0
    assert k == pytest.approx(60_000 * level, rel=0.25)
    # the clouds themselves are known to about sd / sqrt(k) on each axis
    assert np.abs(found.counts - k).max() <= max(3, stats.poisson.isf(1e-4, k) - k)
    assert np.median(found.counts) == pytest.approx(k, rel=0.03, abs=1)


def test_draws_of_an_envelope_are_repeatable(tmp_path: Path):
    """Boundaries and clouds are drawn from one fixed stream."""
    tube, placement = tube_of(tmp_path, blasts={"blast_CD19neg": 2e-3})

    (k, one), (_, two) = jittered(tube, placement), jittered(tube, placement)

    np.testing.assert_array_equal(one.counts, two.counts)
    assert one.counts.shape == (DRAWS,)
    assert one.moving > 0
    assert np.percentile(one.counts, 2.5) <= k <= np.percentile(one.counts, 97.5) + 1


def test_no_blasts_in_no_draw(tmp_path: Path):
    """A blank does not become positive by moving its boundaries."""
    tube, placement = tube_of(tmp_path, blasts={})

    k, found = jittered(tube, placement)

    assert k == 0
    assert found.counts.max() <= 2
