"""Membership equals that of FlowKit's own engine, event by event."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import GatingError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import read_events
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.gating.count import count, memberships
from cytomon.gating.source import Table
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Envelope,
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
from cytomon.model.tube import Channel, Spillover
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


ENGINES = ("stream", "flowkit")


def differences(path: Path, engine: str) -> dict[str, int]:
    """Events that an engine and FlowKit itself decide differently, by gate."""
    opened = open_for_gating(path)
    placement = place_on(opened)
    ours = memberships(opened.events, placement, engine=engine)
    by_envelope = {gate.name for gate in placement.gates if isinstance(gate.shape, Envelope)}
    theirs = flowkit_memberships(path, placement, {name: ours[name] for name in by_envelope})
    assert len(ours) == len(placement.gates) > 15
    return {name: int((ours[name] != theirs[name]).sum()) for name in ours}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PLANS)
def test_every_gate_of_a_shipped_template_agrees(name: str, engine: str, tmp_path: Path):
    """Every gate of every shipped template holds the events that FlowKit puts into it."""
    path = write_tube(simulate_tube(PLANS[name]), tmp_path, "tube")

    assert set(differences(path, engine).values()) == {0}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_real_tube_agrees(engine: str, shared: Path):
    """On a real marrow tube, too."""
    path = shared / "real_fcs" / "b_all_panel_marrow.fcs"

    assert set(differences(path, engine).values()) == {0}


LOGICLE = Scale(kind="logicle", t=262_144.0, m=4.5, w=0.5)
ASINH = Scale(kind="asinh", t=254.757, m=0.564583)
NAMES = ("FSC-A", "SSC-A", "F1-A", "F2-A", "F3-A")


@dataclass(frozen=True)
class Sheet:
    """A file whose whole numbers tie with bounds all the time."""

    path: Path
    channels: tuple[Channel, ...]
    events: np.ndarray
    spillover: Spillover

    @property
    def table(self) -> Table:
        """The events, as the engines take them."""
        return Table(events=self.events, channels=self.channels)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    rng = np.random.default_rng(1)
    values = rng.integers(-3, 12, (700, len(NAMES))).astype(np.float32)
    values[:, 0] += 5
    values[:60, 2:] *= 1000
    matrix = np.array([[1.0, 0.25, 0.0], [0.5, 1.0, 0.125], [0.0, 0.0625, 1.0]])
    spillover = Spillover(detectors=NAMES[2:], matrix=matrix, keyword="$SPILLOVER")
    path = tmp_path_factory.mktemp("sheet") / "sheet.fcs"
    channels = tuple(ChannelSpec(pnn=name) for name in NAMES)
    write_fcs(path, values, channels, spillover=spillover, keywords={})
    tube = open_tube(path)
    return Sheet(path, tube.channels, read_events(tube), spillover)


numbers = st.one_of(
    st.integers(-4, 13).map(float), st.floats(-5, 14), st.sampled_from([0.0, 0.2, 0.5, 1.0, 400.0])
)
scales = st.sampled_from([None, LOGICLE, ASINH, Scale(kind="linear", t=10.0, a=1.0)])


def axis(name: str, matrix: str, scale: Scale | None) -> Axis:
    return Axis(channel=name, label=name, matrix=matrix, scale=scale)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[Shape, tuple[Axis, ...]]:
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    matrices = [draw(st.sampled_from(["", "tube"])) for _ in chosen]
    sides = []
    for _ in chosen:
        low, high = draw(st.none() | numbers), draw(st.none() | numbers)
        # FlowKit asks for one bound at least
        sides.append((0.0, None) if low is None and high is None else (low, high))
    axes = tuple(axis(n, m, draw(scales)) for n, m in zip(chosen, matrices, strict=True))
    return Box(bounds=tuple(sides)), axes


@st.composite
def ratios(draw: st.DrawFn) -> tuple[Shape, tuple[Axis, ...]]:
    ratio = Ratio(
        over="SSC-A",
        a=draw(st.floats(0.1, 10)),
        b=draw(st.sampled_from([0.0, 1.0, 2.5])),
        c=draw(st.sampled_from([0.0, -4.0, 3.0])),
    )
    low = draw(numbers)
    side = draw(st.sampled_from([(low, low + 2), (None, low), (low, None)]))
    return Box(bounds=(side,)), (Axis(channel="FSC-A", label="r", ratio=ratio),)


@st.composite
def polygons(draw: st.DrawFn) -> tuple[Shape, tuple[Axis, ...]]:
    vertices = tuple(draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=7)))
    chosen = draw(st.sampled_from([("F1-A", "F2-A"), ("FSC-A", "SSC-A"), ("SSC-A", "F3-A")]))
    scale, matrix = draw(scales), draw(st.sampled_from(["", "tube"]))
    return Polygon(vertices=vertices), tuple(axis(name, matrix, scale) for name in chosen)


@st.composite
def ellipses(draw: st.DrawFn) -> tuple[Shape, tuple[Axis, ...]]:
    n = draw(st.integers(2, 3))
    spread = np.array([[draw(st.floats(-1, 1)) for _ in range(n)] for _ in range(n)])
    covariance = spread @ spread.T + np.eye(n) * draw(st.floats(0.1, 3))
    shape = Ellipse(
        mean=tuple(draw(st.floats(-3, 10)) for _ in range(n)),
        covariance=tuple(tuple(row) for row in covariance.tolist()),
        distance_square=draw(st.floats(0.5, 12)),
    )
    scale, matrix = draw(scales), draw(st.sampled_from(["", "tube"]))
    return shape, tuple(axis(name, matrix, scale) for name in NAMES[-n:])


@st.composite
def ranges(draw: st.DrawFn) -> tuple[Shape, tuple[Axis, ...]]:
    kept = []
    for _ in range(draw(st.integers(1, 3))):
        low = draw(numbers)
        kept.append((low, low + draw(st.sampled_from([0.0, 1.0, 4.0]))))
    return Ranges(kept=tuple(kept)), (axis("FSC-A", "", None),)


@st.composite
def trees(draw: st.DrawFn) -> tuple[PlacedGate, ...]:
    """Up to seven gates: geometry under any earlier gate, then booleans and scores of them."""
    kinds = st.one_of(boxes(), ratios(), polygons(), ellipses(), ranges())
    gates: list[PlacedGate] = []
    for number in range(draw(st.integers(1, 4))):
        parent = draw(st.sampled_from(["", *(gate.name for gate in gates)]))
        shape, axes = draw(kinds)
        gates.append(
            PlacedGate(
                name=f"g{number}", parent=parent, shape=shape, axes=axes,
                complement=draw(st.booleans()),
            )
        )  # fmt: skip
    for number in range(draw(st.integers(0, 3))):
        known = [gate.name for gate in gates]
        chosen = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
        some = draw(st.lists(st.sampled_from(known), max_size=2, unique=True))
        logic: Shape = Boolean(
            every=tuple(Operand(gate=name, complement=draw(st.booleans())) for name in chosen),
            some=tuple(Operand(gate=name, complement=draw(st.booleans())) for name in some),
        )
        if draw(st.booleans()):
            weights = [draw(st.sampled_from([0.5, 1.0, 1.5])) for _ in chosen]
            least = draw(st.sampled_from([0.5, 1.0, 2.0]))
            if least <= sum(weights):
                terms = tuple(zip(chosen, weights, strict=True))
                logic = Score(terms=terms, at_least=least)
        parent = draw(st.sampled_from(["", *known]))
        gates.append(PlacedGate(name=f"l{number}", parent=parent, shape=logic))
    return tuple(gates)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(gates=trees())
def test_any_tree_agrees(gates: tuple[PlacedGate, ...], sheet: Sheet):
    """Any tree of gates, with exact ties and empty parents, is decided as FlowKit decides it."""
    placement = Placement(
        template="t", version="", sha256="", gates=gates, matrices={"tube": sheet.spillover}
    )
    with np.errstate(all="ignore"):
        theirs = flowkit_memberships(sheet.path, placement, {})

    for engine in ENGINES:
        ours = memberships(sheet.table, placement, engine=engine)

        assert {name: int((ours[name] != theirs[name]).sum()) for name in ours} == dict.fromkeys(
            ours, 0
        )


def test_an_event_that_is_no_number_is_in_no_gate(sheet: Sheet):
    """What FlowKit lets into a negative gate (NaN through logicle) is in no population here."""
    events = sheet.events.copy()
    events[:5, 2] = np.nan
    events[5:9, 0] = np.inf
    gates = (
        PlacedGate(
            name="g", parent="", shape=Box(bounds=((None, 0.9),)), axes=(axis("F1-A", "", LOGICLE),)
        ),
        PlacedGate(
            name="not_g", parent="", shape=Boolean(every=(Operand(gate="g", complement=True),))
        ),
    )
    placement = Placement(template="t", version="", sha256="", gates=gates)

    table = Table(events=events, channels=sheet.channels)
    members = memberships(table, placement)
    counted = count(table, placement)

    assert not members["g"][:9].any()
    assert not members["not_g"][:9].any()
    assert counted.n_root == len(events) - 9
    assert [finding.code for finding in counted.findings] == ["EVENTS_NOT_FINITE"]
    assert counted.count("g") + counted.count("not_g") == counted.n_root


def test_kept_events_are_those_that_were_counted(sheet: Sheet):
    """Kept rows are the members of their gate, with the values that the gate saw."""
    x, y = axis("F1-A", "tube", ASINH), axis("F2-A", "tube", ASINH)
    gate = PlacedGate(name="g", parent="", shape=Box(bounds=((0.0, None),)), axes=(x,))
    placement = Placement(
        template="t", version="", sha256="", gates=(gate,), matrices={"tube": sheet.spillover}
    )

    counted = count(sheet.table, placement, keep={"g": (x, y)})

    kept = counted.kept["g"]
    assert kept.n == counted.count("g") > 0
    clean = np.linalg.solve(sheet.spillover.matrix.T, sheet.events[:, 2:].T)[:2, kept.rows]
    assert kept.linear["F1-A"] == pytest.approx(clean[0], abs=1e-9)
    assert kept.linear["F2-A"] == pytest.approx(clean[1], abs=1e-9)
    assert kept.scaled["F1-A"] == pytest.approx(np.arcsinh(clean[0] / 150) / 1.3, abs=1e-4)
    assert (kept.scaled["F1-A"] >= 0).all()


def test_a_detector_that_is_not_there(sheet: Sheet):
    """A placement for another panel is refused by the detector's name."""
    gate = PlacedGate(
        name="g", parent="", shape=Box(bounds=((0.0, None),)), axes=(axis("F9-A", "", None),)
    )
    placement = Placement(template="t", version="", sha256="", gates=(gate,))

    with pytest.raises(GatingError, match="'F9-A'"):
        memberships(sheet.table, placement)


def test_an_engine_that_does_not_exist(sheet: Sheet):
    """An engine is named, not guessed."""
    placement = Placement(template="t", version="", sha256="", gates=())

    with pytest.raises(ValueError, match="unknown engine 'magic'"):
        count(sheet.table, placement, engine="magic")


@pytest.mark.parametrize(("weights", "least"), [((0.7, 0.1), 0.8), ((0.1, 0.2), 0.3)])
def test_weights_add_up_as_written(weights: tuple[float, float], least: float, sheet: Sheet):
    """Weights whose sum is the cut-off on paper reach it, whatever binary rounding says."""
    everything = Box(bounds=((-100.0, None),))
    gates = (
        PlacedGate(name="a", parent="", shape=everything, axes=(axis("FSC-A", "", None),)),
        PlacedGate(name="b", parent="", shape=everything, axes=(axis("FSC-A", "", None),)),
        PlacedGate(
            name="s",
            parent="",
            shape=Score(terms=(("a", weights[0]), ("b", weights[1])), at_least=least),
        ),
    )
    placement = Placement(template="t", version="", sha256="", gates=gates)

    assert memberships(sheet.table, placement)["s"].all()
