"""What clouds claim of events, asked in pieces."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.gating.envelope import mixture
from cytomon.gating.envelope.claims import chances_of, read_claims
from cytomon.gating.envelope.design import cloud_names
from cytomon.gating.envelope.mixture import expect
from tests.gating.envelope.clouds import MARROW
from tests.gating.envelope.test_judge import resting


def test_pieces_are_the_whole(monkeypatch: pytest.MonkeyPatch):
    """Events asked seven at a time, and all at once."""
    monkeypatch.setattr(mixture, "_PIECE", 7)
    rng = np.random.default_rng(259)
    middle = np.array([cloud.centre[axis] for cloud in MARROW.normal[:3] for axis in MARROW.axes])
    values = np.repeat(middle.reshape(3, -1).T, 20, axis=1)
    fit = resting(MARROW, values * np.exp(0.1 * rng.standard_normal(values.shape)))
    shares, _ = expect(fit.values, fit.design, fit.state)
    n_normal = len(fit.design.blend)
    stages = [name in MARROW.path[:-1] for name in cloud_names(MARROW)]

    claims = read_claims(fit)

    np.testing.assert_array_equal(claims.best, shares[:n_normal].argmax(axis=0))
    np.testing.assert_allclose(claims.normal, shares[:n_normal].sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(claims.leukaemic, shares[n_normal:], rtol=1e-12)
    np.testing.assert_allclose(
        claims.maturing, shares[:n_normal][stages].sum(axis=0), rtol=1e-6, atol=1e-12
    )
    for members in (np.arange(len(shares)) % 3 == 0, np.arange(len(shares)) >= n_normal):
        np.testing.assert_allclose(
            chances_of(fit, claims, members), shares[members].sum(axis=0), rtol=1e-12
        )
