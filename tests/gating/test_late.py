"""Gates that wait for an envelope give what they would give in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytomon.gating.bits import combine_bits, pack, pack_rows, rows_of, size, unpack
from cytomon.gating.evaluate import combine
from cytomon.gating.late import split
from cytomon.gating.part import rests_on
from cytomon.model.gating import Boolean, Envelope, Operand, PlacedGate, Score
from cytomon.pipeline import open_for_gating, place_on

SAMPLES = Path(__file__).parents[2] / "sample_fcs"


@pytest.mark.parametrize("n_events", [0, 1, 7, 8, 9, 1001])
def test_bits_keep_every_event(n_events: int):
    """Also where the last byte is not full."""
    members = np.random.default_rng(n_events).random(n_events) < 0.4
    bits = pack(members)

    np.testing.assert_array_equal(unpack(bits, n_events), members)
    np.testing.assert_array_equal(rows_of(bits, n_events), np.flatnonzero(members))
    np.testing.assert_array_equal(pack_rows(np.flatnonzero(members), n_events), bits)
    assert size(bits) == members.sum()


@pytest.mark.parametrize(
    "shape",
    [
        Boolean(every=(Operand(gate="a"), Operand(gate="b", complement=True))),
        Boolean(some=(Operand(gate="a"), Operand(gate="b", complement=True))),
        Boolean(every=(Operand(gate="a", complement=True),), some=(Operand(gate="b"),)),
        Score(terms=(("a", 1.0), ("b", 0.5)), at_least=1.0),
    ],
)
def test_bits_combine_as_members_do(shape: Boolean | Score):
    """An event of no gate stays outside, in the padding of the last byte too."""
    rng = np.random.default_rng(7)
    members = {name: rng.random(1003) < 0.5 for name in ("p", "a", "b")}
    gate = PlacedGate(name="g", parent="p", shape=shape)

    found = combine_bits(gate, {name: pack(one) for name, one in members.items()}, 1003)

    np.testing.assert_array_equal(unpack(found, 1003), combine(gate, members))
    assert size(found) == combine(gate, members).sum()


def test_nothing_early_rests_on_an_envelope():
    """Each gate is in one part or, where it has a geometry, in both; none is lost."""
    opened = open_for_gating(SAMPLES / "P007_d092_marrow_b_all_mrd.fcs")
    placement = place_on(opened)
    parts = split(placement)
    early = {gate.name for gate in parts.early.gates}
    late = {gate.name for gate in parts.late}

    assert early | late == {gate.name for gate in placement.gates}
    assert {"leukaemic", "b_cells"} & late
    assert not any(isinstance(gate.shape, Envelope) for gate in parts.early.gates)
    for gate in parts.early.gates:
        assert set(rests_on(gate)) <= early - late
    both = early & late
    assert both
    assert all(not isinstance(g.shape, Boolean | Score) for g in parts.late if g.name in both)


def test_the_outside_of_a_boolean_by_bits():
    """As event by event: what lies in the parent and is not meant."""
    rng = np.random.default_rng(270)
    members = {name: rng.random(203) < 0.5 for name in ("", "a", "b")}
    every = (Operand(gate="a"), Operand(gate="b", complement=True))
    for shape in (Boolean(every=every), Boolean(some=every), Boolean(every=every[:1], some=every)):
        gate = PlacedGate(name="g", parent="", shape=shape, complement=True)
        bits = combine_bits(gate, {name: pack(one) for name, one in members.items()}, 203)
        np.testing.assert_array_equal(unpack(bits, 203), combine(gate, members))
