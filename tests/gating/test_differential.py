"""Membership equals that of FlowKit's own engine, event by event."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.fcs.read import read_events
from cytomon.gating.count import memberships
from cytomon.pipeline import open_for_gating, place_on
from cytomon.simulate.plan import Artefacts, Realism, TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.gating.flowkit_answers import flowkit_memberships

PLANS = {
    "b_all_mrd": TubePlan(
        state="BM_m3_recovering",
        n_events=9_000,
        seed=301,
        blasts={"blast_typical": 0.01, "blast_CD22neg": 0.01},
        realism=Realism.full(),
    ),
    "aieop_bfm": TubePlan(
        state="BM_d28_BCA", n_events=9_000, seed=302, blasts={"blast_typical": 0.02},
        panel="aieop_bfm",
    ),
    "lymphocyte_subsets": TubePlan(
        state="PB_m3_recovering", n_events=9_000, seed=303, panel="lymphocyte_subsets"
    ),
    "clogged": TubePlan(
        state="BM_d28_BCA", n_events=45_000, seed=304, blasts={"blast_typical": 0.02},
        artefacts=Artefacts(clog=0.08),
    ),
}  # fmt: skip


def differences(path: Path) -> dict[str, int]:
    """Events that the two engines decide differently, by gate."""
    opened = open_for_gating(path)
    events = read_events(opened.tube)
    placement = place_on(opened, events)
    ours = memberships(events, opened.tube.channels, placement)
    theirs = flowkit_memberships(path, placement)
    assert len(ours) == len(placement.gates) > 15
    return {name: int((ours[name] != theirs[name]).sum()) for name in ours}


@pytest.mark.parametrize("name", PLANS)
def test_every_gate_of_a_shipped_template_agrees(name: str, tmp_path: Path):
    """Every gate of every shipped template holds the events that FlowKit puts into it."""
    path = write_tube(simulate_tube(PLANS[name]), tmp_path, "tube")

    assert set(differences(path).values()) == {0}


def test_the_real_tube_agrees(shared: Path):
    """On a real marrow tube, too."""
    assert set(differences(shared / "real_fcs" / "b_all_panel_marrow.fcs").values()) == {0}
