"""Lymphocytes are T, B and NK cells and their precursors, however bright their neighbours are."""

from __future__ import annotations

from pathlib import Path

import pytest

import cytomon
from cytomon.simulate.plan import Realism, TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube


def test_bright_basophils_are_no_lymphocytes(tmp_path: Path):
    """Where basophils and pDC have the CD45 of lymphocytes: they used to be 5 % of them."""
    plan = TubePlan(state="BM_norm_child", n_events=60_000, seed=192, realism=Realism.full())
    tube = simulate_tube(plan)
    result = cytomon.measure_tube(write_tube(tube, tmp_path, "t"))
    gates = {population.path[-1]: population.count for population in result.populations}

    # of 1,031 NK cells by gate 142 were neighbours, and B cells 22.6 % of lymphocytes
    assert gates["nk"] == pytest.approx(tube.truth.counts["NK"], rel=0.02)
    assert result["b_fraction"].estimate.value == pytest.approx(0.2324, abs=0.001)
    assert abs(0.2324 - tube.truth.b_fraction) < abs(0.2257 - tube.truth.b_fraction)
