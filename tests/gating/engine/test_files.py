"""Every kind of file, block by block, against the whole file at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytomon.fcs import events
from cytomon.fcs.events import FileEvents
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import read_events
from cytomon.gating.bits import unpack
from cytomon.gating.engine.stream import Stream
from cytomon.gating.engine.whole import WholeFile
from cytomon.gating.source import BLOCK, Table
from cytomon.model.gating import Axis, Box, PlacedGate, Placement, Ratio, Scale
from cytomon.model.tube import Channel, Role, Spillover
from tests.fcs.builders import chain, make_fcs
from tests.gating.engine.random_gates import Draw

KINDS = {
    "float": {},
    "float, big-endian": {"byteord": "4,3,2,1"},
    "double": {"datatype": "D"},
    "double, big-endian": {"datatype": "D", "byteord": "4,3,2,1"},
    "integer": {"datatype": "I", "bits": [16, 32, 16, 24, 16]},
    "integer, big-endian": {"datatype": "I", "bits": [16] * 5, "byteord": "4,3,2,1"},
    "logarithmic amplifiers": {
        "datatype": "I",
        "bits": [16] * 5,
        "keywords": {"$P3E": "4,1", "$P4E": "4,0.1", "$P5G": "2", "$P3R": "1024", "$P4R": "1024"},
    },
}
N_EVENTS = 70_003
CHANNEL, OTHER = (
    Channel(index=index, pnn=name, pns="", range=1024.0, role=Role.SCATTER)
    for index, name in enumerate("xy")
)


def spilling(detectors: tuple[str, ...]) -> Spillover:
    matrix = np.array([[1.0, 0.2, 0.05], [0.1, 1.0, 0.0], [0.02, 0.3, 1.0]])
    return Spillover(detectors=detectors, matrix=matrix, keyword="$SPILLOVER")


@pytest.fixture(params=[0, 10**9], ids=["block by block", "held"])
def held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tubes too large to be held, and small ones."""
    monkeypatch.setattr(events, "_HELD", request.param)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("kind", [*KINDS, "second data set"])
def test_any_kind_of_file(kind: str, tmp_path: Path):
    """Whole numbers tie with bounds all the time; three trees of thirty gates."""
    rng = np.random.default_rng(340)
    values = np.round(np.exp(rng.uniform(0, 6.9, (N_EVENTS, 5))))
    path = tmp_path / "tube.fcs"
    if kind in KINDS:
        path.write_bytes(make_fcs(values, **KINDS[kind]))  # type: ignore[arg-type]
        tube = open_tube(path)
    else:
        path.write_bytes(chain({"events": values[:7]}, {"events": values}, {}))
        tube = open_tube(path, dataset=2)
    source = FileEvents(tube)
    spillover = spilling(tuple(channel.pnn for channel in tube.channels[2:]))

    np.testing.assert_array_equal(
        np.concatenate([block.copy() for block in source.blocks(BLOCK)]), read_events(tube)
    )
    for seed in range(341, 344):
        draw = Draw(source.whole(), tube.channels, spillover, seed)
        placement = draw.placement(30)
        names = {gate.name for gate in placement.gates}
        stream, whole = (engine(source, placement.matrices) for engine in (Stream, WholeFile))
        ours, theirs = (engine.ask(placement, names) for engine in (stream, whole))
        listed = {row for _, row in stream.open_events}
        for name in names:
            rows = unpack(ours.bits[name] ^ theirs.bits[name], tube.n_events).nonzero()[0]
            assert set(rows.tolist()) <= listed


@pytest.mark.parametrize("n_events", [0, 1, 7, 32_767, 32_768, 32_769])
def test_any_number_of_events(n_events: int):
    """Blocks that are full, empty or one event too long."""
    tube = Table(events=np.arange(n_events, dtype=np.float64)[:, None], channels=[CHANNEL])
    gate = PlacedGate(
        name="g", parent="", shape=Box(bounds=((5.0, None),)), axes=(Axis(channel="x", label="x"),)
    )
    placement = Placement(template="t", version="", sha256="", gates=(gate,))

    answer = Stream(tube, {}).ask(placement, {"g"})

    assert answer.counts == {"": n_events, "g": max(0, n_events - 5)}
    np.testing.assert_array_equal(unpack(answer.bits["g"], n_events), np.arange(n_events) >= 5)


@pytest.mark.usefixtures("held")
def test_chosen_rows_are_those_of_the_file(tmp_path: Path):
    """Any rows in order, from one end to the other."""
    values = np.random.default_rng(1).normal(0, 100, (70_000, 5))
    path = tmp_path / "tube.fcs"
    path.write_bytes(make_fcs(values))
    source = FileEvents(open_tube(path))
    rows = np.array([0, 1, 32_767, 32_768, 40_000, 69_999])

    np.testing.assert_array_equal(source.rows(rows), source.whole()[rows])
    assert source.rows(np.zeros(0, dtype=np.int64)).shape == (0, 5)


LINEAR = Scale(kind="linear", t=1000.0)


@pytest.mark.parametrize("zero", [0.5, 2.0], ids=["no-zero", "zeros-below"])
@pytest.mark.parametrize(("scale", "left"), [(None, ()), (LINEAR, ("r",))], ids=["plain", "scaled"])
def test_what_the_stream_leaves_to_flowkit(zero: float, scale: Scale | None, left: tuple[str]):
    """A ratio on a scale is decided by FlowKit's arithmetic, and said to be; a plain one is not."""
    counted = np.random.default_rng(2).integers(-3, 9, (5000, 2)).astype(np.float64)
    tube = Table(events=counted, channels=[CHANNEL, OTHER])
    ratio = Axis(channel="x", label="r", scale=scale, ratio=Ratio(over="y", c=zero))
    ends = (0.5, 2.0) if scale is None else (0.0005, 0.002)
    gates = (
        PlacedGate(name="r", parent="", shape=Box(bounds=(ends,)), axes=(ratio,)),
        PlacedGate(
            name="x",
            parent="r",
            shape=Box(bounds=((1.0, None),)),
            axes=(Axis(channel="x", label="x"),),
        ),
    )
    placement = Placement(template="t", version="", sha256="", gates=gates)
    stream, whole = Stream(tube, {}), WholeFile(tube, {})

    ours, theirs = (engine.ask(placement, {"r", "x"}) for engine in (stream, whole))

    assert 0 < ours.counts["x"] < ours.counts["r"] < 5000
    np.testing.assert_array_equal(ours.bits["x"], theirs.bits["x"])
    assert (stream.by_flowkit, whole.by_flowkit) == (left, ())


@pytest.mark.parametrize("ends", [(None, None), (None, 0.5), (0.2, None)])
def test_what_has_no_value_on_a_scale(ends: tuple[float | None, float | None]):
    """Zero and less on a logarithmic axis: a side that is open at both ends asks for no value."""
    counted = np.arange(-50.0, 950.0)[:, None] * [1.0, 1.0]
    tube = Table(events=counted, channels=[CHANNEL, OTHER])
    scale = Scale(kind="log", t=1000.0, m=3.0)
    axes = (Axis(channel="x", label="x", scale=scale), Axis(channel="y", label="y"))
    gate = PlacedGate(name="g", parent="", shape=Box(bounds=(ends, (-20.0, None))), axes=axes)
    placement = Placement(template="t", version="", sha256="", gates=(gate,))

    ours, theirs = (engine(tube, {}).ask(placement, {"g"}) for engine in (Stream, WholeFile))

    assert ours.counts == theirs.counts
    np.testing.assert_array_equal(ours.bits["g"], theirs.bits["g"])
