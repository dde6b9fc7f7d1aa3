"""The mixture finds what was drawn, never leaves its leash, and does not care about order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from cytomon.gating.envelope.design import make_design
from cytomon.gating.envelope.mixture import (
    FREEDOM,
    Design,
    State,
    begin,
    clouds,
    density,
    expect,
    fit,
)
from tests.gating.envelope.clouds import design, drawn, small_reference

TWO = ((0.0, 0.0, 0.0), (2.0, 2.0, 2.0))


def fitted(values: np.ndarray, made: Design, steps: int = 40) -> State:
    n_events = values.shape[1]
    return fit(values, np.ones(n_events), made, begin(made, n_events), steps=steps)


def test_density_is_a_product_of_student_densities():
    """Scipy's, axis by axis; more events than are looked at in one go change nothing."""
    rng = np.random.default_rng(201)
    values = rng.normal(0, 3, (4, 50_100))
    centre, spread = rng.normal(0, 1, (3, 4)), rng.uniform(0.1, 0.8, (3, 4))

    found = np.log(density(values, centre, spread))

    for row in range(3):
        by_axis = stats.t.logpdf(values, FREEDOM, centre[row][:, None], spread[row][:, None])
        np.testing.assert_allclose(found[row], by_axis.sum(axis=0), rtol=1e-9, atol=1e-9)


def test_shares_leave_room_for_nothing_known():
    """Probabilities sum to at most 1: near 1 in a cloud, near 0 far from all of them."""
    rng = np.random.default_rng(202)
    made = design(TWO)
    values = np.concatenate([drawn(rng, TWO[0], 500), np.full((3, 5), -8.0)], axis=1)

    shares, level = expect(values, made, begin(made, 505))

    total = shares.sum(axis=0)
    assert (shares >= 0).all()
    assert (total <= 1 + 1e-12).all()
    assert np.median(total[:500]) > 0.999
    assert total[500:].max() < 0.01
    assert np.isfinite(level).all()


@pytest.mark.parametrize("seed", range(210, 216))
def test_known_centres_are_found(seed: int):
    """Within four standard errors and the pull of the leash; spreads within a tenth, counts too."""
    rng = np.random.default_rng(seed)
    truth = (np.array([0.25, -0.2, 0.1]), np.array([1.8, 2.2, 2.1]))
    sizes = (1500, 500)
    values = np.concatenate([drawn(rng, t, n) for t, n in zip(truth, sizes, strict=True)], axis=1)
    made = design(TWO)

    state = fitted(values, made)

    for row, (centre, size) in enumerate(zip(truth, sizes, strict=True)):
        # Fisher information of the place of a t distribution: (v + 1) / (v + 3) / s^2
        error = 0.3 * np.sqrt((FREEDOM + 3) / (FREEDOM + 1) / size)
        pull = np.abs(centre - made.start[row]) * error**2 / (error**2 + made.usual**2)
        assert (np.abs(state.stage[row] - centre) < 4 * error + 2 * pull).all()
        assert state.stage_spread[row] == pytest.approx(0.3, rel=0.1)
        assert state.normal_events[row] == pytest.approx(size, rel=0.02)


@pytest.mark.parametrize("off", [0.9, -1.4])
def test_no_stage_leaves_its_leash(off: float):
    """Cells that lie too far off and are too broad move a cloud to the end of its leash."""
    rng = np.random.default_rng(203)
    values = drawn(rng, [off, 0.0, 0.0], 4000, spread=0.8)
    made = design([[0.0, 0.0, 0.0]], pattern=np.full((1, 3), 50.0))

    for steps in (1, 3, 60):
        state = fitted(values, made, steps)
        assert (np.abs(state.stage - made.start) <= made.most + 1e-12).all()
        assert (state.stage_spread <= made.widest * made.start_spread + 1e-12).all()
    assert state.stage[0, 0] == pytest.approx(np.sign(off) * made.most)
    assert state.stage_spread[0] == pytest.approx(made.widest * 0.3)


def test_no_stage_shrinks_to_nothing():
    """Cells that all show one value leave a cloud of six tenths of its width."""
    made = design([[0.0, 0.0, 0.0]])

    state = fitted(np.zeros((3, 5000)), made)

    assert state.stage_spread[0] == pytest.approx(0.6 * 0.3)


def test_leukaemic_clouds_keep_a_width():
    """Between half and 1.4 times the pattern's, whatever the events do."""
    rng = np.random.default_rng(204)
    made = design([[0.0, 0.0, 0.0]])
    far = [5.0, 5.0, 5.0]

    narrow = fitted(np.tile(np.array(far)[:, None], 2000), made).cluster_spread
    broad = fitted(drawn(rng, far, 4000, spread=0.9), made).cluster_spread

    assert narrow[0] == pytest.approx(0.5 * 0.3)
    assert broad[0] == pytest.approx(1.4 * 0.3)


def test_few_events_hardly_move_a_cloud():
    """One event says less than the reference; a thousand say more."""
    made = design([[0.0, 0.0, 0.0]])
    one, many = np.full((3, 1), 0.4), np.full((3, 1000), 0.4)

    assert fitted(one, made).stage[0, 0] < 0.2
    assert fitted(many, made).stage[0, 0] == pytest.approx(0.4, abs=0.01)


def test_between_stages_there_is_no_freedom():
    """Clouds between two stages lie on the line from one to the other, wherever those go."""
    rng = np.random.default_rng(205)
    centres = {"early": [0.0, 0.0, 0.0], "late": [2.0, 1.0, -1.0], "other": [-3.0, 3.0, 3.0]}
    made = make_design(small_reference(centres, path=("early", "late")), ("M0", "M1", "M2"))
    # the way between them bends: only the stages may follow
    values = np.concatenate(
        [drawn(rng, at, 400, 0.25) for at in ([0.2, 0.3, 0], [1.0, 1.2, -0.2], [2.2, 0.8, -1])],
        axis=1,
    )

    state = fitted(values, made)
    centre, spread = clouds(made, state)

    n_normal = len(made.blend)
    assert np.abs(state.stage[:2] - made.start[:2]).max() > 0.1
    for row in range(n_normal):
        share = made.blend[row]
        assert share.sum() == pytest.approx(1)
        np.testing.assert_allclose(centre[row], share @ state.stage, atol=1e-12)
    between = np.flatnonzero((made.blend > 0).sum(axis=1) == 2)
    assert len(between) == 4
    early, late = state.stage[0], state.stage[1]
    for row in between:
        along = (centre[row] - early) @ (late - early) / ((late - early) @ (late - early))
        np.testing.assert_allclose(centre[row], early + along * (late - early), atol=1e-12)
        assert 0 < along < 1
        # they stand for a quarter of the way, evenly filled: a variance of length^2 / 12
        stretch = np.array([2.0, 1.0, 1.0]) / 4
        expected = made.blend[row] @ state.stage_spread**2 + stretch**2 / 12
        np.testing.assert_allclose(spread[row] ** 2, expected, rtol=1e-9)


def test_leukaemia_is_not_learned_as_normal():
    """Beside a normal cloud, leukaemic cells go to their own cloud and the normal one stays."""
    rng = np.random.default_rng(206)
    normal, ill = [0.0, 0.0, 0.0, 0.0], [0.8, -0.8, 0.8, 0.8]
    made = design(
        [normal], pattern=np.array([[1.0, -1.0, 1.0, 1.0]]), pattern_spread=np.full((1, 4), 0.3)
    )
    values = np.concatenate([drawn(rng, normal, 1500), drawn(rng, ill, 500)], axis=1)

    together = fitted(values, made)
    alone = fitted(values, replace(made, pattern=np.full((1, 4), 60.0)))

    assert together.cluster_events[0] == pytest.approx(500, rel=0.05)
    np.testing.assert_allclose(together.stage[0], normal, atol=0.05)
    np.testing.assert_allclose(together.cluster[0], ill, atol=0.08)
    # what the normal cloud would have done without a rival
    assert np.abs(alone.stage[0]).max() > 0.1
    shares, _ = expect(values, made, together)
    assert shares[1, 1500:].mean() > 0.95
    assert shares[1, :1500].mean() < 0.02


def test_same_events_same_bytes():
    """Nothing is drawn: two fits of the same events are equal to the last bit."""
    values = drawn(np.random.default_rng(207), [0.1, 0.0, 0.2], 800)
    one, two = fitted(values, design(TWO)), fitted(values.copy(), design(TWO))

    for part in State.__slots__:
        assert np.asarray(getattr(one, part)).tobytes() == np.asarray(getattr(two, part)).tobytes()


def test_order_of_events_does_not_matter():
    """Sums may round differently, and nothing else."""
    rng = np.random.default_rng(208)
    values = np.concatenate([drawn(rng, TWO[0], 600), drawn(rng, TWO[1], 300)], axis=1)
    shuffled = values[:, rng.permutation(900)]

    one, two = fitted(values, design(TWO)), fitted(shuffled, design(TWO))

    for part in State.__slots__:
        np.testing.assert_allclose(getattr(one, part), getattr(two, part), rtol=1e-8, atol=1e-9)


def test_a_weight_stands_for_so_many_events():
    """Every event with weight three is every event three times."""
    values = drawn(np.random.default_rng(209), [0.2, -0.1, 0.0], 400)
    made = design(TWO)
    state = begin(made, 1200)

    weighed = fit(values, np.full(400, 3.0), made, state, steps=30)
    thrice = fit(np.tile(values, 3), np.ones(1200), made, state, steps=30)

    for part in State.__slots__:
        np.testing.assert_allclose(getattr(weighed, part), getattr(thrice, part), rtol=1e-8)
