"""Bounds on the linear axis decide as the scale does, but for a narrow band."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.gating.engine.bounds import BAND, cuts, reach
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Scale
from tests.gating.engine.random_gates import SCALES

CURVED = [scale for scale in SCALES if scale is not None]


@pytest.mark.parametrize("scale", CURVED, ids=lambda scale: f"{scale.kind}-{scale.m}")
def test_outside_the_band_the_answer_is_the_scales(scale: Scale):
    """Values right at the ends of the band, and anywhere: the scale says the same."""
    rng = np.random.default_rng(310)
    events = np.concatenate([rng.normal(0, 300, 2000), np.exp(rng.uniform(0, 12, 2000))])
    scaled = to_scale(events, scale)
    bounds = [*rng.choice(scaled[np.isfinite(scaled)], 40), 0.0, 0.5, -0.01]
    for bound, cut in zip(bounds, cuts(scale, bounds), strict=True):
        with np.errstate(invalid="ignore"):
            reaches = scaled >= bound
        assert not reaches[events < cut.below].any()
        assert reaches[events >= cut.reached].all()
        assert cut.below < cut.reached
        ends = np.array([np.nextafter(cut.below, -np.inf), cut.reached])
        if np.isfinite(ends).all():
            assert (to_scale(ends, scale) >= bound).tolist() == [False, True]
            unit = 4096 if scale.kind == "biex" else 1  # FlowJo's channels
            assert np.diff(to_scale(ends, scale)) < 10 * BAND * max(unit, abs(bound))


def test_a_bound_without_a_scale_is_itself():
    """Nothing is left open on a linear axis."""
    (cut,) = cuts(None, [17.25])

    assert (cut.below, cut.reached) == (17.25, 17.25)


def test_bounds_beyond_the_scale():
    """What everything reaches, and what nothing does."""
    logarithm = Scale(kind="log", t=262_144.0, m=4.5)
    low, high = cuts(logarithm, [-400.0, 400.0])

    assert low.reached <= 1e-6
    assert high.below == high.reached == np.inf or high.below > 1e9


def test_a_logarithm_ends_at_zero():
    """Below zero it has no value, and every other scale has one everywhere."""
    ends = {scale.kind: reach(scale) for scale in CURVED}

    assert ends["log"] is not None
    assert (ends["log"].low, ends["log"].nothing_below) == (0.0, True)
    assert not any(one.nothing_below for kind, one in ends.items() if one and kind != "log")


def test_a_scale_that_turns_back_is_not_inverted():
    """FlowKit takes any parameters; a falling line is left to it."""
    assert reach(Scale(kind="linear", t=-100.0, a=0.0)) is None
