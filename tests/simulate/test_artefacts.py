"""Artefacts come on top, carry their own labels and look as they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.simulate.artefacts import stick_together
from cytomon.simulate.plan import Artefacts, TubePlan, Variation
from cytomon.simulate.tube import SimulatedTube, simulate_tube

PLAN = TubePlan(
    state="BM_d28_BCA",
    n_events=60_000,
    seed=31,
    blasts={"blast_typical": 0.02},
    variation=Variation.none(),
    artefacts=Artefacts(),
)


def with_artefacts(**wanted: float | dict[str, float]) -> SimulatedTube:
    return simulate_tube(replace(PLAN, artefacts=replace(PLAN.artefacts, **wanted)))


def of(tube: SimulatedTube, name: str) -> np.ndarray:
    return tube.labels == tube.label_names.index(name)


def column(tube: SimulatedTube, marker: str) -> np.ndarray:
    names = [(channel.pns or channel.pnn).split()[0] for channel in tube.channels]
    stains = [i for i, channel in enumerate(tube.channels) if channel.pns]
    events = tube.events.astype(np.float64)
    events[:, stains] = np.linalg.solve(tube.spillover.matrix.T, events[:, stains].T).T
    return events[:, names.index(marker)]


@pytest.mark.parametrize(
    ("label", "fraction"), [("doublet", 0.05), ("dead", 0.04), ("debris", 0.15)]
)
def test_fractions_of_the_viable_singlets(label: str, fraction: float):
    """Doublets, dead cells and debris are counted against the viable singlets, on top of them."""
    truth = simulate_tube(PLAN).truth

    assert truth.counts[label] == fraction * PLAN.n_events
    assert truth.n_nucleated == PLAN.n_events


def test_two_equal_cells():
    """A pair of equal cells: area x 1.9, height x 1.15, side scatter x 1.9."""
    one = np.array([[100.0, 90.0, 20.0]], dtype=np.float32)
    pair = stick_together(one, np.array([0]), np.array([0]))

    assert pair == pytest.approx(np.array([[190.0, 103.5, 38.0]]))


def test_pairs_shine_like_both():
    """Fluorescence of doublets adds up: on average twice that of single cells."""
    tube = simulate_tube(PLAN)
    single = ~(of(tube, "doublet") | of(tube, "debris") | of(tube, "dead"))

    assert column(tube, "CD24")[of(tube, "doublet")].mean() == pytest.approx(
        2 * column(tube, "CD24")[single].mean(), rel=0.05
    )


def test_t_cells_on_blasts():
    """T-blast pairs are CD3+, CD10+ and a fixed share of the blasts."""
    tube = with_artefacts(t_blast_doublets=0.2)
    pairs = of(tube, "doublet_T_blast")

    assert pairs.sum() == pytest.approx(0.2 * tube.truth.n_blasts, rel=0.25)
    assert np.median(column(tube, "CD3")[pairs]) > 5_000
    assert np.median(column(tube, "CD10")[pairs]) > 10_000


def test_trogocytosis():
    """A tenth of the activated CAR T cells show CD19, dimly; their label says so."""
    tube = with_artefacts(trogocytosis=0.1)
    dim, activated = of(tube, "T_CAR_CD19dim"), of(tube, "T_CAR_activated")

    assert dim.sum() / (dim.sum() + activated.sum()) == pytest.approx(0.1, abs=0.03)
    assert 300 < np.median(column(tube, "CD19")[dim]) < 1_500
    assert np.median(column(tube, "CD3")[dim]) > 5_000


def test_dead_cells_take_up_the_dye():
    """Viability separates the dead from all others."""
    tube = simulate_tube(PLAN)

    assert np.percentile(column(tube, "Viability")[of(tube, "dead")], 2) > np.percentile(
        column(tube, "Viability")[of(tube, "T_CD8")], 99
    )


def test_clog():
    """One stretch of the run: after a gap, slow, with FSC-A at 85 %; labels stay."""
    clean, tube = simulate_tube(PLAN), with_artefacts(clog=0.08)
    inside = np.flatnonzero(tube.in_clog)
    time = tube.events[:, -1].astype(np.float64)
    steps = np.diff(time)

    assert not clean.in_clog.any()
    assert len(inside) == round(0.08 * len(tube.events)) == inside[-1] - inside[0] + 1
    assert np.argmax(steps) == inside[0] - 1
    assert np.median(steps[inside[1:] - 1]) > 2 * np.median(steps)
    t_cells = of(tube, "T_CD8")
    fsc = tube.events[:, 0]
    ratio = np.median(fsc[t_cells & tube.in_clog]) / np.median(fsc[t_cells & ~tube.in_clog])
    assert ratio == pytest.approx(0.85, abs=0.02)
    assert tube.truth.n_in_clog == len(inside)


def test_carry_over_comes_first():
    """Carried-over blasts are no blasts of this patient and come early in the run."""
    tube = with_artefacts(carry_over=0.01)
    rows = np.flatnonzero(of(tube, "carry_over"))

    assert len(rows) == 600
    assert tube.truth.n_blasts == of(tube, "blast_typical").sum()
    assert np.median(rows) < 0.1 * len(tube.events)


def test_tandem_breakdown_is_unknown_to_the_matrix():
    """Broken PE-Cy7 shows up in PE after compensation, where CD19 is bright."""
    medians = [
        np.median(column(tube, "CD66c+CD123")[of(tube, "blast_typical")])
        - np.median(column(tube, "CD19")[of(tube, "blast_typical")]) * lost
        for tube, lost in ((with_artefacts(), 0.0), (with_artefacts(tandem_breakdown=0.2), 0.25))
    ]

    assert medians[1] == pytest.approx(medians[0], rel=0.3)


def test_matrix_error_is_relative():
    """Each stored spill is off by the fraction asked for; the events are the same."""
    right, wrong = with_artefacts(), with_artefacts(matrix_error=0.03)
    spills = right.spillover.matrix[right.spillover.matrix != 1]
    ratio = wrong.spillover.matrix[right.spillover.matrix != 1][spills > 0] / spills[spills > 0]

    assert set(np.round(ratio, 6)) == {0.97, 1.03}
    assert np.array_equal(right.events, wrong.events)


def test_fractions_outside_their_range_are_refused():
    """A percent in place of a fraction does not pass."""
    with pytest.raises(ValueError, match="dead=4"):
        Artefacts(dead=4.0)


def test_shifted_gain_moves_one_detector():
    """A shift on purpose moves the positive population by as much on L, and no other marker."""
    usual, shifted = with_artefacts(), with_artefacts(shifted={"CD3": 0.3})
    t_cells = of(usual, "T_CD4")

    for marker, factor in (("CD3", np.exp(1.3 * 0.3)), ("CD45", 1.0)):
        before, after = (np.median(column(tube, marker)[t_cells]) for tube in (usual, shifted))
        assert after / before == pytest.approx(factor, rel=0.005)


def test_shift_of_a_marker_that_is_not_there_is_refused():
    """A misspelt marker would shift nothing and look like a result."""
    with pytest.raises(ValueError, match="shifted CD 3: panel b_all_mrd has CD45"):
        with_artefacts(shifted={"CD 3": 0.3})
