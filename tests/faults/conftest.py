"""What the faults happen to: a few small tubes, and what an undisturbed batch makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.faults.commands import DONE, batch, run
from tests.store.conftest import postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def bloods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tubes of blood."""
    folder = tmp_path_factory.mktemp("bloods")
    for seed, name in enumerate(("a", "b", "c")):
        plan = TubePlan(
            state="PB_m6_recovered", n_events=3000, seed=seed, panel="lymphocyte_subsets"
        )
        write_tube(simulate_tube(plan), folder, name)
    return folder


@pytest.fixture(scope="session")
def whole(bloods: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a batch that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert run(batch(bloods, out)).returncode == DONE
    return out
