"""Scales are FlowKit's to the last bit, whoever is asked."""

from __future__ import annotations

import numpy as np
import pytest
from flowkit import transforms

from cytomon.gating.transforms import from_scale, to_scale
from cytomon.model.gating import Scale

KINDS = {
    "linear": transforms.LinearTransform(262_144.0, 100.0),
    "log": transforms.LogTransform(262_144.0, 4.5),
    "asinh": transforms.AsinhTransform(254.757, 0.564583, 0.2),
    "logicle": transforms.LogicleTransform(262_144.0, 0.7, 4.5, 0.3),
    "hyperlog": transforms.HyperlogTransform(262_144.0, 0.7, 4.5, 0.3),
}
PARAMETERS = {
    "linear": {"t": 262_144.0, "a": 100.0},
    "log": {"t": 262_144.0, "m": 4.5},
    "asinh": {"t": 254.757, "m": 0.564583, "a": 0.2},
    "logicle": {"t": 262_144.0, "w": 0.7, "m": 4.5, "a": 0.3},
    "hyperlog": {"t": 262_144.0, "w": 0.7, "m": 4.5, "a": 0.3},
}


@pytest.mark.parametrize("kind", KINDS)
def test_scales_are_those_of_flowkit(kind: str):
    """Every value of a wide range, NaN and the ends of the numbers too, bit for bit."""
    rng = np.random.default_rng(360)
    values = np.concatenate(
        [rng.normal(0, 300, 5000), np.exp(rng.uniform(0, 14, 5000)), [0.0, -0.0, 1e300, np.nan]]
    )
    with np.errstate(all="ignore"):
        theirs = KINDS[kind].apply(values[:, np.newaxis])[:, 0]

    np.testing.assert_array_equal(to_scale(values, Scale(kind=kind, **PARAMETERS[kind])), theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind: str):
    """The inverse comes back to the value."""
    scale = Scale(kind=kind, **PARAMETERS[kind])
    values = np.geomspace(1.0, 2e5, 300)

    np.testing.assert_allclose(from_scale(to_scale(values, scale), scale), values, rtol=1e-6)


def test_an_unknown_scale():
    """What nobody knows is not guessed."""
    with pytest.raises(ValueError, match="unknown scale 'guess'"):
        to_scale(np.ones(3), Scale(kind="guess", t=1.0))
