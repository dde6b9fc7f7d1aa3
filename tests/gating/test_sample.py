"""What gates are placed on, and what is looked at closely, is what counting decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from cytomon.gating import look as looking
from cytomon.gating.columns import Columns
from cytomon.gating.count import count, memberships
from cytomon.gating.look import look
from cytomon.gating.sample import Sample
from cytomon.gating.source import Table
from cytomon.model.gating import Axis, Placement
from cytomon.model.tube import Channel, Role, Spillover
from tests.gating.engine.random_gates import Draw

NAMES = ("Time", "FSC-A", "F1-A", "F2-A", "F3-A")
CHANNELS = tuple(
    Channel(index=index, pnn=name, pns="", range=262_144.0, role=Role.FLUORESCENCE)
    for index, name in enumerate(NAMES)
)
MATRIX = Spillover(
    detectors=NAMES[2:],
    matrix=np.array([[1.0, 0.2, 0.05], [0.1, 1.0, 0.0], [0.02, 0.3, 1.0]]),
    keyword="$SPILLOVER",
)


def some_events(seed: int, n_events: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    events = np.exp(rng.uniform(0, 10, (n_events, len(NAMES)))) - 300.0
    events[rng.random(n_events) < 0.01, 2] = np.nan
    return np.round(events)


@pytest.mark.parametrize("seed", range(365, 369))
def test_a_sample_of_all_events_is_decided_as_they_are(seed: int):
    """Thirty gates of a random tree, added one by one."""
    events = some_events(seed, 40_000)
    draw = Draw(events, CHANNELS, MATRIX, seed)
    placement = draw.placement(30)
    axes = [axis for gate in placement.gates for axis in gate.axes]
    sample = Sample(events, CHANNELS, placement.matrices, axes)
    for gate in placement.gates:
        sample.add(gate)

    members = memberships(Table(events=events, channels=CHANNELS), placement)

    assert sample.members("").sum() == np.isfinite(events).all(axis=1).sum()
    for name, inside in members.items():
        np.testing.assert_array_equal(sample.members(name), inside)
        np.testing.assert_array_equal(sample.rows(name), np.flatnonzero(inside))


AXES = tuple(Axis(channel=name, label=name, matrix="tube") for name in NAMES[2:])


def test_a_closer_look_block_by_block(monkeypatch: pytest.MonkeyPatch):
    """Populations that overlap, that are empty, and of which nothing is wanted but their rows."""
    monkeypatch.setattr(looking, "BLOCK", 1000)
    events = np.nan_to_num(some_events(369, 10_500))
    asked = {
        "odd": (np.arange(1, 10_500, 2), AXES[:2]),
        "late": (np.arange(9_990, 10_500), AXES[1:]),
        "none": (np.arange(0), AXES),
        "rows": (np.arange(5), ()),
    }
    columns = Columns(events, CHANNELS, {"tube": MATRIX})

    first, second = look(
        Table(events=events, channels=CHANNELS), {"tube": MATRIX}, asked, {"odd": asked["odd"]}
    )

    for name, (rows, axes) in asked.items():
        np.testing.assert_array_equal(first[name].rows, rows)
        assert set(first[name].linear) == set(first[name].scaled) == {axis.label for axis in axes}
        for axis in axes:
            expected = columns.linear(axis)[rows]
            np.testing.assert_allclose(first[name].linear[axis.label], expected, atol=1e-8)
    np.testing.assert_array_equal(second["odd"].linear["F1-A"], first["odd"].linear["F1-A"])


def test_a_sample_of_a_population(monkeypatch: pytest.MonkeyPatch):
    """Of the sampled rows those inside, and the gate's own count beside them."""
    monkeypatch.setattr("cytomon.gating.count._SAMPLE", 700)
    events = some_events(370, 7_000)
    draw = Draw(events, CHANNELS, MATRIX, 370)
    placement: Placement = draw.placement(12)
    table = Table(events=events, channels=CHANNELS)
    members: Mapping[str, np.ndarray] = memberships(table, placement)
    wanted = {gate.name: AXES[:1] for gate in placement.gates}

    counted = count(table, placement, keep=wanted, sample={**wanted, "no such gate": AXES})

    rows = np.linspace(0, 6_999, 700).astype(int)
    assert set(counted.sampled) == set(counted.kept) == set(members)
    for name, inside in members.items():
        np.testing.assert_array_equal(counted.kept[name].rows, np.flatnonzero(inside))
        np.testing.assert_array_equal(counted.sampled[name].rows, rows[inside[rows]])
