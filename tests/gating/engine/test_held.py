"""The engine that keeps what it decided, against the one that keeps nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.fcs import events as fcs_events
from cytomon.fcs.events import FileEvents
from cytomon.fcs.intake import open_tube
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.gating.bits import pack, rows_of, unpack
from cytomon.gating.columns import Columns
from cytomon.gating.count import memberships
from cytomon.gating.engine import held
from cytomon.gating.engine.answer import Answer
from cytomon.gating.engine.held import Held
from cytomon.gating.engine.stream import Stream
from cytomon.gating.late import split
from cytomon.gating.part import only
from cytomon.gating.passing import pass_through
from cytomon.gating.source import Source, Table
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Operand,
    PlacedGate,
    Placement,
    Polygon,
    Ranges,
    Ratio,
    Scale,
    Score,
    Shape,
)
from cytomon.model.tube import Channel, Role
from cytomon.pipeline import OpenedTube, open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.gating.by_hand import SAMPLES, reshaped, shifted
from tests.gating.engine.random_gates import SCALES, Draw
from tests.gating.engine.test_stream import NAMES, events_of

OUTLINED = Box | Polygon | Ellipse | Ranges


def channels(names: Sequence[str]) -> tuple[Channel, ...]:
    return tuple(
        Channel(index=index, pnn=name, pns="", range=262_144.0, role=Role.FLUORESCENCE)
        for index, name in enumerate(names)
    )


def holding(source: Source, *placements: Placement) -> Held:
    axes = [axis for one in placements for gate in one.gates for axis in gate.axes]
    return Held(source, placements[0].matrices, axes)


def same(found: Answer, placement: Placement, source: Source, *, say: object = "") -> None:
    """Count by count and event by event as the stream answers, which starts from nothing."""
    names = {gate.name for gate in placement.gates}
    expected = Stream(source, placement.matrices).ask(placement, names)
    assert found.counts == expected.counts, say
    assert set(found.bits) == set(expected.bits)
    for name, bits in expected.bits.items():
        assert found.bits[name].tobytes() == bits.tobytes(), (name, say)


# --- shipped templates --------------------------------------------------------------------------
def opened_of(template: str, tmp_path: Path) -> OpenedTube:
    files = {
        "b_all_mrd": "P007_d092_marrow_b_all_mrd.fcs",
        "b_all_mrd_aieop_bfm": "P001_d091_marrow_aieop_bfm.fcs",
        "lymphocyte_subsets": "P007_d092_blood_lymphocyte_subsets.fcs",
    }
    if template in files:
        return open_for_gating(SAMPLES / files[template], template=template)
    plan = TubePlan(
        state="BM_m3_recovering",
        n_events=9_000,
        seed=91,
        blasts={"blast_typical": 0.01},
        panel="euroflow_1",
    )
    return open_for_gating(write_tube(simulate_tube(plan), tmp_path, "tube"))


@pytest.mark.parametrize(
    "template", ["b_all_mrd", "b_all_mrd_aieop_bfm", "b_all_mrd_euroflow", "lymphocyte_subsets"]
)
def test_shipped_templates(template: str, tmp_path: Path):
    """Every gate of a tube, then with every outline a little to the side, then back again."""
    opened = opened_of(template, tmp_path)
    assert opened.template.spec.name == template
    early = split(place_on(opened)).early
    aside = replace(
        early,
        gates=tuple(
            replace(gate, shape=shifted(gate.shape, gate.axes, 0.07)) for gate in early.gates
        ),
    )
    engine = holding(opened.events, early)

    same(engine.ask(early, set()), early, opened.events)
    same(engine.ask(aside, set()), aside, opened.events)
    same(engine.ask(early, set()), early, opened.events)


def test_what_waits_for_an_envelope_and_flowkit(tmp_path: Path):
    """All gates of a small marrow, examination included, as the stream and FlowKit have them."""
    plan = TubePlan(
        state="BM_m3_recovering", n_events=4_000, seed=92, blasts={"blast_typical": 0.02}
    )
    opened = open_for_gating(write_tube(simulate_tube(plan), tmp_path, "tube"))
    placement, n_events = place_on(opened), opened.events.n_events
    engine = holding(opened.events, placement)
    found = pass_through(engine, placement, n_events, set(), {})
    stream = pass_through(
        Stream(opened.events, placement.matrices), placement, n_events, set(found.bits) - {""}, {}
    )
    theirs = memberships(
        opened.events, placement, engine="flowkit", examinations=stream.examinations
    )

    assert found.counts == stream.counts
    for name, one in stream.examinations.items():
        assert found.examinations[name].called.tobytes() == one.called.tobytes()
        assert found.examinations[name].maturing.tobytes() == one.maturing.tobytes()
    assert found.counts["blasts"] > 30
    for name, members in theirs.items():
        np.testing.assert_array_equal(unpack(found.bits[name], n_events), members, err_msg=name)


# --- random trees -------------------------------------------------------------------------------
@dataclass
class Tree:
    """A random placement over a tube in which some events are no numbers."""

    source: Table
    draw: Draw
    placement: Placement

    def moved(self) -> Placement:
        """One gate elsewhere: another shape, the shape of a gate of its kind, or its outside."""
        rng, gates = self.draw.rng, list(self.placement.gates)
        at = int(rng.integers(len(gates)))
        gate = gates[at]
        if isinstance(gate.shape, Boolean):
            shape = self.draw._logic(gates[:at]) if at else gate.shape
            gates[at] = replace(gate, shape=shape)
        elif rng.random() < 0.15:
            gates[at] = replace(gate, complement=not gate.complement)
        elif rng.random() < 0.15 and at:
            gates[at] = replace(gate, parent=str(rng.choice(["", *(g.name for g in gates[:at])])))
        else:
            gates[at] = replace(gate, shape=self._elsewhere(gate))
        return replace(self.placement, gates=tuple(gates))

    def _elsewhere(self, gate: PlacedGate) -> Shape:
        match gate.shape:
            case Box():
                return Box(bounds=tuple(map(self.draw._side, gate.axes)))
            case Polygon(vertices=vertices):
                number = int(self.draw.rng.integers(len(vertices)))
                corner = tuple(self.draw._value(axis) for axis in gate.axes)
                return Polygon(vertices=(*vertices[:number], corner, *vertices[number + 1 :]))
            case _:
                return self.draw._ellipse(gate.axes)


def tree(seed: int, n_events: int, n_gates: int) -> Tree:
    rng = np.random.default_rng(seed)
    values, spillover = events_of(rng, n_events)
    events = values.astype(np.float64)
    draw = Draw(events, channels(NAMES), spillover, seed)
    placement = draw.placement(n_gates)
    broken = events.copy()
    for row in rng.integers(0, n_events, n_events // 50):
        broken[row, rng.integers(len(NAMES))] = rng.choice([np.nan, np.inf, -np.inf])
    return Tree(Table(events=broken, channels=channels(NAMES)), draw, placement)


@pytest.mark.parametrize("seed", range(700, 703))
def test_random_moves(seed: int):
    """Many moves on each tree, ties and events that are no numbers among them; some taken back."""
    made = tree(seed, 300 + seed, 10)
    everything = [
        Axis(channel=n, label=n, matrix=m)
        for n in NAMES
        for m in ("", "tube")[: 1 + (n in made.draw.stained)]
    ]
    engine = Held(made.source, made.placement.matrices, everything)
    before: list[Placement] = []
    for number in range(45):
        same(engine.ask(made.placement, set()), made.placement, made.source, say=number)
        before.append(made.placement)
        taken_back = number % 7 == 6
        made.placement = before[-3] if taken_back else made.moved()

    assert made.draw.ties > 20


@pytest.mark.parametrize("block", [8, 64, 1_024, 1_032, 2_048, 131_072])
def test_any_size_of_block(block: int, monkeypatch: pytest.MonkeyPatch):
    """Tubes of less than one block, of whole blocks, and with one event more."""
    for n_events in (1_024, 1_025):
        made = tree(811, n_events, 10)
        monkeypatch.setattr(held, "_BLOCK", block)
        engine = holding(made.source, made.placement)

        same(engine.ask(made.placement, set()), made.placement, made.source, say=n_events)


def test_a_file_that_is_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Events close to a boundary are fetched from the file, block by block."""
    monkeypatch.setattr(fcs_events, "_HELD", 0)
    monkeypatch.setattr(held, "_BLOCK", 512)
    values, spillover = events_of(np.random.default_rng(812), 2_003)
    path = tmp_path / "tube.fcs"
    specs = [ChannelSpec(pnn=name) for name in NAMES]
    write_fcs(path, values, specs, spillover=spillover, keywords={})
    tube = open_tube(path)
    source = FileEvents(tube)
    draw = Draw(source.whole(), tube.channels, spillover, 812)
    placement = draw.placement(20)
    fetched: list[int] = []
    rows = FileEvents.rows

    def counted(self: FileEvents, wanted: Any) -> Any:  # noqa: ANN401
        fetched.append(len(wanted))
        return rows(self, wanted)

    monkeypatch.setattr(FileEvents, "rows", counted)
    engine = holding(source, placement)
    same(engine.ask(placement, set()), placement, source)

    assert fetched
    assert max(fetched) < 512


# --- boundaries, by hand ------------------------------------------------------------------------
LINE = Axis(channel="X", label="x")
OTHER = Axis(channel="Y", label="y")


def table(*columns: Sequence[float]) -> Table:
    events = np.array(columns, dtype=np.float64).T
    return Table(events=events, channels=channels(("X", "Y")[: len(columns)]))


def one_gate(shape: Shape, *axes: Axis, complement: bool = False) -> Placement:
    gate = PlacedGate(name="g", parent="", shape=shape, axes=axes, complement=complement)
    return Placement(template="t", version="", sha256="", gates=(gate,))


def inside(source: Table, placement: Placement) -> list[bool]:
    answer = holding(source, placement).ask(placement, set())
    return unpack(answer.bits["g"], source.n_events).tolist()


def test_events_on_a_boundary():
    """The low end belongs to a box, the high end does not; to the last bit."""
    low, high = 1.0, np.nextafter(3.0, 4)
    source = table([np.nextafter(low, 0), low, 2.0, np.nextafter(high, 0), high])
    box = Box(bounds=((low, high),))

    assert inside(source, one_gate(box, LINE)) == [False, True, True, True, False]
    assert inside(source, one_gate(box, LINE, complement=True)) == [True, False, False, False, True]
    kept = Ranges(kept=((low, 2.0), (high, np.inf)))
    assert inside(source, one_gate(kept, LINE)) == [False, True, False, False, True]


def test_events_that_are_no_numbers():
    """They are in no gate, not even outside of one, and not among all events."""
    source = table([1.0, np.nan, np.inf, 5.0, 1.0], [1.0, 1.0, 1.0, 1.0, -np.inf])
    box = Box(bounds=((0.0, 2.0), (None, 2.0)))
    for complement, expected in (
        (False, [True, False, False, False, False]),
        (True, [False, False, False, True, False]),
    ):
        placement = one_gate(box, LINE, OTHER, complement=complement)
        assert inside(source, placement) == expected
        assert holding(source, placement).ask(placement, set()).counts[""] == 2


def test_ratios_and_scales_that_flowkit_decides():
    """A ratio with nothing below it, a ratio on a scale, a surface that is no ellipse."""
    rng = np.random.default_rng(813)
    source = Table(events=np.round(rng.uniform(-2, 9, (900, 2)), 1), channels=channels(("X", "Y")))
    ratio = Axis(channel="X", label="r", ratio=Ratio(over="Y"))
    scaled = replace(ratio, scale=Scale(kind="logicle", t=10.0, m=4.5, w=0.5))
    saddle = Ellipse(mean=(1.0, 1.0), covariance=((1.0, 2.0), (2.0, 1.0)), distance_square=1.0)
    for shape, axes in (
        (Box(bounds=((0.5, 2.0),)), (ratio,)),
        (Box(bounds=((0.5, None),)), (scaled,)),
        (saddle, (LINE, OTHER)),
    ):
        placement = one_gate(shape, *axes)
        same(holding(source, placement).ask(placement, set()), placement, source)


# --- nothing there ------------------------------------------------------------------------------
def test_no_events():
    """A tube without events has gates without events."""
    source = Table(events=np.empty((0, 2)), channels=channels(("X", "Y")))
    placement = one_gate(Box(bounds=((0.0, 1.0),)), LINE)
    engine = holding(source, placement)

    assert engine.ask(placement, set()).counts == {"": 0, "g": 0}
    assert engine.linear(LINE, np.zeros(0, dtype=np.int64)).shape == (0,)
    assert engine.n_events == 0


def test_an_empty_parent():
    """A gate without events has children without events, whatever their outline."""
    nothing = PlacedGate(name="p", parent="", shape=Box(bounds=((9.0, 1.0),)), axes=(LINE,))
    child = PlacedGate(
        name="c", parent="p", shape=Box(bounds=((None, None),)), axes=(LINE,), complement=True
    )
    grand = PlacedGate(
        name="n", parent="c", shape=Boolean(every=(Operand(gate="p", complement=True),))
    )
    placement = Placement(template="t", version="", sha256="", gates=(nothing, child, grand))
    source = table([1.0, 2.0, 3.0])
    engine = holding(source, placement)

    assert engine.ask(placement, set()).counts == {"": 3, "p": 0, "c": 0, "n": 0}
    opened = reshaped(placement, p=Box(bounds=((2.0, None),)), c=Box(bounds=((3.0, None),)))
    assert engine.ask(opened, set()).counts == {"": 3, "p": 2, "c": 1, "n": 0}


def test_an_envelope_is_nobody_to_decide():
    """It needs all of its events at once: refused, as by the stream."""
    opened = open_for_gating(SAMPLES / "P007_d092_blood_lymphocyte_subsets.fcs")
    placement = place_on(opened)
    engine = holding(opened.events, placement)

    with pytest.raises(TypeError, match="cannot be decided"):
        engine.ask(placement, set())


# --- what is kept -------------------------------------------------------------------------------
@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the gates whose geometry is decided, in order."""
    names: list[str] = []
    decide = held.decide

    def counted(ready: Any, *rest: Any) -> Any:  # noqa: ANN401
        names.append(ready.gate.name)
        return decide(ready, *rest)

    monkeypatch.setattr(held, "decide", counted)
    return names


def forest() -> tuple[Table, Placement]:
    """Six boxes in a row, each in the one before, and a boolean and a score on them."""
    source = Table(
        events=np.random.default_rng(814).uniform(0, 10, (500, 2)), channels=channels(("X", "Y"))
    )
    gates = [
        PlacedGate(
            name=f"b{number}",
            parent=f"b{number - 1}" if number else "",
            shape=Box(bounds=((0.5 * number, 9.5), (0.1 * number, None))),
            axes=(LINE, OTHER),
        )
        for number in range(6)
    ]
    any_of = Boolean(some=(Operand(gate="b3"), Operand(gate="b5")))
    gates.append(PlacedGate(name="some", parent="b1", shape=any_of))
    score = Score(terms=(("b2", 1.0), ("some", 0.5)), at_least=1.5)
    gates.append(PlacedGate(name="score", parent="", shape=score))
    return source, Placement(template="t", version="", sha256="", gates=tuple(gates))


def test_only_what_moved_is_decided(decided: list[str]):
    """One geometry for one gate that moved; none for what was known before."""
    source, placement = forest()
    engine = holding(source, placement)
    engine.ask(placement, set())
    assert decided == [f"b{number}" for number in range(6)]
    decided.clear()

    there = reshaped(placement, b2=Box(bounds=((3.0, 9.0), (None, 5.0))))
    same(engine.ask(there, set()), there, source)
    assert decided == ["b2"]
    same(engine.ask(placement, set()), placement, source)
    same(engine.ask(there, set()), there, source)
    # neither the name nor the parent is a part of what is decided
    gates = [replace(gate, parent="") if gate.name == "b4" else gate for gate in there.gates]
    twin = replace(there.gates[2], name="twin", parent="b5")
    again = replace(there, gates=(*gates, twin))
    same(engine.ask(again, set()), again, source)
    assert decided == ["b2"]


def test_a_part_between_two_of_the_whole(decided: list[str], monkeypatch: pytest.MonkeyPatch):
    """What stands behind the part is still known, even where nothing may be kept beside."""
    monkeypatch.setattr(held, "_MOST_BYTES", 0)
    source, placement = forest()
    engine = holding(source, placement)
    engine.ask(placement, set())
    decided.clear()
    for low in (1.0, 1.5, 2.0):
        there = reshaped(placement, b1=Box(bounds=((low, 9.0), (None, 5.0))))
        engine.ask(replace(there, gates=there.gates[:2]), set())
        same(engine.ask(there, set()), there, source, say=low)

    assert decided == ["b1", "b1", "b1"]


def test_memory_does_not_grow(decided: list[str], monkeypatch: pytest.MonkeyPatch):
    """After hundreds of moves no more is kept than is allowed; the last ones are."""
    source, placement = forest()
    monkeypatch.setattr(held, "_MOST_BYTES", 20 * len(pack(np.zeros(500, dtype=np.bool_))))
    engine = holding(source, placement)
    places = [
        reshaped(placement, b3=Box(bounds=((0.01 * number, 9.0), (None, 5.0))))
        for number in range(300)
    ]
    for place in places:
        engine.ask(place, set())
        assert len(engine._geometries) <= 20 + len(placement.gates)
        assert len(engine._members) == len(placement.gates)
    decided.clear()

    for place in reversed(places[-20:]):
        same(engine.ask(place, set()), place, source)
    assert decided == []
    same(engine.ask(places[0], set()), places[0], source)
    assert decided == ["b3"]


def test_an_answer_stays_what_it_was():
    """Nothing that is asked later writes into it."""
    source, placement = forest()
    engine = holding(source, placement)
    first = engine.ask(placement, set())
    before = {name: bits.copy() for name, bits in first.bits.items()}
    for number in range(6):
        there = reshaped(placement, **{f"b{number}": Box(bounds=((3.0, 9.0), (None, 5.0)))})
        pass_through(engine, there, source.n_events, set(), {})

    for name, bits in before.items():
        np.testing.assert_array_equal(first.bits[name], bits)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=25))
def test_nothing_depends_on_what_was_asked_before(steps: list[tuple[int, int]]):
    """Any order of places of any gate: as if each were the first question."""
    source, placement = forest()
    places = [Box(bounds=((float(k), 9.0 - k), (None, 4.0 + k))) for k in range(4)]
    engine = holding(source, placement)
    columns = Columns(source.events, source.channels, {})
    x, y = columns.column(LINE), columns.column(OTHER)
    stands = {gate.name: gate.shape for gate in placement.gates}
    for number, k in steps:
        stands[f"b{number}"] = places[k]
        answer = engine.ask(reshaped(placement, **stands), set())
        members = np.ones(500, dtype=np.bool_)
        expected = {}
        for name in (f"b{i}" for i in range(6)):
            (x0, x1), (y0, y1) = stands[name].bounds  # type: ignore[union-attr]
            members = members & (x >= x0) & (x < x1)
            members = members & (y >= (-np.inf if y0 is None else y0))
            members = members & (y < (np.inf if y1 is None else y1))
            expected[name] = members
        some = expected["b1"] & (expected["b3"] | expected["b5"])
        expected |= {"some": some, "score": expected["b2"] & some}
        for name, one in expected.items():
            np.testing.assert_array_equal(unpack(answer.bits[name], 500), one)
            assert answer.counts[name] == one.sum()


# --- values -------------------------------------------------------------------------------------
@pytest.mark.parametrize("block", [64, 256, 131_072])
def test_values_of_some_events(block: int, monkeypatch: pytest.MonkeyPatch):
    """On every scale, compensated or not, from whatever blocks; as FlowKit has them."""
    monkeypatch.setattr(held, "_BLOCK", block)
    rng = np.random.default_rng(815)
    values, spillover = events_of(rng, 1_003)
    source = Table(events=values.astype(np.float64), channels=channels(NAMES))
    axes = [
        Axis(channel=name, label=name, matrix=matrix, scale=scale)
        for name in ("F1-A", "F5-A")
        for matrix in ("", "tube")
        for scale in SCALES[:4]
    ]
    ratio = Axis(channel="FSC-A", label="r", ratio=Ratio(over="SSC-A"))
    engine = Held(source, {"tube": spillover}, [*axes, ratio])
    some = np.sort(rng.choice(1_003, 90, replace=False))
    for rows in (some, np.array([0, 1_002]), np.arange(1_003), np.arange(64, 128)):
        columns = Columns(source.events[rows], source.channels, {"tube": spillover})
        for axis in (*axes, ratio):
            np.testing.assert_allclose(
                engine.linear(axis, rows), columns.linear(axis), rtol=1e-9, atol=1e-7
            )
            np.testing.assert_allclose(
                engine.scaled(axis, rows), columns.column(axis), rtol=1e-9, atol=1e-9
            )
        np.testing.assert_array_equal(engine.columns(rows).column(axes[0]), columns.column(axes[0]))


def test_values_of_nobody():
    """No rows, no values."""
    source, placement = forest()
    rows = rows_of(pack(np.zeros(500, dtype=np.bool_)), 500)

    assert holding(source, placement).scaled(LINE, rows).shape == (0,)


def test_a_part_is_enough():
    """Gates that are not asked for need no place; their axes are held all the same."""
    source, placement = forest()
    part = only(placement, ["b2"])

    same(holding(source, placement).ask(part, set()), part, source)


def test_it_does_not_tell_what_it_left_open():
    """It also decides on events of no parent: the stream says where FlowKit's answer is open."""
    source, placement = forest()
    engine = holding(source, placement)
    engine.ask(placement, set())

    assert engine.open_events == ()
    assert engine.by_flowkit == ()
