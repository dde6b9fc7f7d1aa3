"""GatingML documents of ours: read again by us and by FlowKit, event by event."""

from __future__ import annotations

import re
from pathlib import Path

import flowkit
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import InputError, TemplateError
from cytomon.gating.count import memberships
from cytomon.gating.exchange.gatingml_read import read_gatingml
from cytomon.gating.exchange.gatingml_write import write_gatingml
from cytomon.gating.exchange.imagined import imagine
from cytomon.gating.exchange.probe import probes
from cytomon.gating.exchange.reread import refuse_unlike, refuse_unlike_in_flowkit
from cytomon.gating.exchange.spelled import spell_out, ways_to_reach
from cytomon.gating.place import place
from cytomon.gating.source import Table
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Operand,
    PlacedGate,
    Placement,
    Ranges,
    Ratio,
    Scale,
    Score,
)
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.template_export import Wanted, export_template
from cytomon.template_import import Wanted as WantedImport
from cytomon.template_import import import_template
from tests.gating.engine.random_gates import Draw
from tests.gating.tubes import Opened, opened, template

KINDS = """
{name: cells, kind: interval, bounds: {FSC-A: {low: 18000.5}}}
{name: singlets, parent: cells, kind: interval, bounds: {FSC-H/FSC-A: {low: 0.6, high: 1.02}}}
{name: b, parent: singlets, kind: rectangle, bounds: {CD19: {low: 1.9}, CD3: {high: 1.4}}}
{name: lymph, parent: singlets, kind: polygon, on: [CD19, SSC-A], vertices: [[-1, 0], [5, 0], [5, 40000], [-1, 30000]], complement: true}
{name: cloud, parent: cells, kind: ellipse, on: [CD19, CD3], mean: [0.4, 3.9], sd: [0.5, 0.3]}
{name: solid, parent: cells, kind: ellipsoid, on: [CD19, CD3, SSC-A], mean: [0.4, 3.9, 20000.0], covariance: [[0.3, 0.01, 0], [0.01, 0.2, 0], [0, 0, 4.0e+8]], distance_square: 6.25}
{name: sides, parent: cells, kind: quadrant, dividers: {CD19: -0.2, CD3: 1.5}, names: [ll, hl, lh, hh]}
{name: mixed, parent: cells, kind: boolean, all: [singlets], any: [b, cloud], none: [ll]}
{name: neither, parent: cells, kind: boolean, any: [b, cloud], complement: true}
{name: own, parent: cells, kind: boolean, all: [cells, b]}
{name: whole, parent: cells, kind: boolean, all: [cells]}
{name: one, parent: cells, kind: boolean, all: [b]}
{name: evidence, parent: cells, kind: score, terms: {b: 2, cloud: 1, hl: 1, lh: 0.5}, at_least: 2}
"""  # noqa: E501
NAMES = re.findall(r"name: (\w+),", KINDS)
GATES = sorted({*NAMES, "ll", "hl", "lh", "hh"} - {"sides"})


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    folder = tmp_path_factory.mktemp("export")
    plan = TubePlan(state="BM_d28_BCA", n_events=4000, seed=32, blasts={"blast_typical": 0.05})
    write_tube(simulate_tube(plan), folder, "marrow")
    return opened(folder / "marrow.fcs")


def placed(tube: Opened, gates: str = KINDS) -> Placement:
    return place(template(gates), tube.tube, tube.panel, tube.events)


def test_every_kind_of_gate_comes_back(tube: Opened, tmp_path: Path):
    """Event by event, by our reader on both engines, and by FlowKit's own parser and gates."""
    placement = placed(tube)
    spelled = spell_out(placement)
    path = tmp_path / "d.xml"
    path.write_bytes(write_gatingml(spelled.plain, comment="a test"))
    again = read_gatingml(path, tube.tube)

    assert not spelled.refused
    for engine in ("stream", "flowkit"):
        ours = memberships(tube.table, placement, engine=engine)
        theirs = memberships(tube.table, again, engine=engine)
        assert sorted(ours) == GATES
        for name, members in ours.items():
            assert 0 < members.sum() < len(members), name
            np.testing.assert_array_equal(members, theirs[name], err_msg=name)

    sample = flowkit.Sample(str(tube.path))
    results = flowkit.parse_gating_xml(str(path)).gate_sample(sample)
    counted = results.report.set_index("gate_name")["count"]
    assert {name: counted[name] for name in ours} == {n: m.sum() for n, m in ours.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32 - 1), n_gates=st.integers(1, 14))
def test_any_tree_comes_back(seed: int, n_gates: int, tube: Opened):
    """Random trees with exact ties: nobody who reads the document gets another event."""
    draw = Draw(tube.events, tube.tube.channels, tube.tube.spillover, seed)
    placement = draw.placement(n_gates)
    spelled = spell_out(placement)
    kept = {gate.name for gate in spelled.said.gates}
    assert kept | set(spelled.refused) == {gate.name for gate in placement.gates}
    if not kept:
        return
    content = write_gatingml(spelled.plain, comment="a test")
    around = probes(spelled.plain, tube.tube.channels, np.median(tube.events, axis=0))
    events = np.concatenate([around, tube.events])
    refuse_unlike(content, spelled, tube.tube, events)
    refuse_unlike_in_flowkit(spelled, tube.tube, events)
    ours, part = (
        memberships(Table(events=events, channels=tube.tube.channels), one)
        for one in (placement, spelled.said)
    )
    assert all(np.array_equal(ours[name], part[name]) for name in kept)


@pytest.mark.parametrize(
    ("spoil", "gate"),
    {
        "a bound by a last bit": ((b"18000.5", b"18000.500000000004"), "cells"),
        "a side": ((b'gating:min="1.9"', b'gating:max="1.9"'), "b"),
        "a complement": ((b' gating:use-as-complement="true"', b""), "mixed"),
        "a scale": ((b'T="254.757"', b'T="254.758"'), "b"),
        "a matrix": ((b'"FCS"', b'"uncompensated"'), "b"),
        "a parent": (
            (b'id="b" gating:parent_id="singlets"', b'id="b" gating:parent_id="cells"'),
            "b",
        ),
        "and for or": ((b"gating:or>", b"gating:and>"), "evidence"),
    }.values(),
    ids=str,
)
def test_a_slip_of_the_writer_is_noticed(spoil: tuple[bytes, bytes], gate: str, tube: Opened):
    """The document is refused with the gates that would have been others."""
    spelled = spell_out(placed(tube))
    content = write_gatingml(spelled.plain, comment="a test")
    spoiled = content.replace(*spoil)
    assert spoiled != content
    refuse_unlike(content, spelled, tube.tube, tube.events)
    with pytest.raises(TemplateError, match="not written") as error:
        refuse_unlike(spoiled, spelled, tube.tube, tube.events)
    assert gate in error.value.what or "5" in error.value.what or "," in error.value.what


def one_gate(gate: PlacedGate, *more: PlacedGate) -> Placement:
    return Placement(template="t", version="", sha256="", gates=(gate, *more))


BIEX = Axis(
    channel="B530-A", label="x", scale=Scale(kind="biex", t=262144.0, m=4.4, w=-10.0, a=0.0)
)


def test_what_gatingml_cannot_say_is_refused_by_name_with_all_that_rests_on_it():
    """FlowJo's scale, an empty run, too many ways; booleans, scores and children of these."""
    gates = (
        PlacedGate(name="a", parent="", shape=Box(bounds=((1.0, None),)), axes=(BIEX,)),
        PlacedGate(name="run", parent="", shape=Ranges(kept=()), axes=(BIEX,)),
        PlacedGate(name="b", parent="", shape=Boolean(every=(Operand(gate="a"),))),
        PlacedGate(name="c", parent="b", shape=Boolean(every=(Operand(gate="run"),))),
        PlacedGate(name="d", parent="", shape=Score(terms=(("a", 1.0),), at_least=1.0)),
    )
    spelled = spell_out(one_gate(*gates))

    assert list(spelled.refused) == ["a", "run", "b", "c", "d"]
    assert "FlowJo" in spelled.refused["a"]
    assert spelled.refused["b"] == "it rests on a"
    assert spelled.refused["c"] == "it rests on b, run"
    assert not spelled.said.gates


def test_a_score_is_bounded():
    """Eight of sixteen are more ways than anybody wants to read."""
    raw = Axis(channel="FSC-A", label="x")
    parts = [
        PlacedGate(name=f"g{i}", parent="", shape=Box(bounds=((float(i), None),)), axes=(raw,))
        for i in range(16)
    ]
    terms = tuple((gate.name, 1.0) for gate in parts)
    score = PlacedGate(name="s", parent="", shape=Score(terms=terms, at_least=8.0))
    assert "64 ways" in spell_out(one_gate(*parts, score)).refused["s"]
    assert len(ways_to_reach(Score(terms=terms[:6], at_least=3.0))) == 20


@pytest.mark.parametrize(
    "kept", [((0.0, 5.0),), ((-np.inf, 3.0), (4.0, np.inf)), ((-np.inf, np.inf),)]
)
def test_a_run_with_parts_left_out(kept: tuple[tuple[float, float], ...], tube: Opened):
    """Ranges of time, with open ends; the whole of the run, too."""
    axis = Axis(channel="Time", label="Time")
    spelled = spell_out(
        one_gate(PlacedGate(name="run", parent="", shape=Ranges(kept=kept), axes=(axis,)))
    )
    content = write_gatingml(spelled.plain, comment="a test")
    refuse_unlike(content, spelled, tube.tube, tube.events)
    assert refuse_unlike_in_flowkit(spelled, tube.tube, tube.events) == ()


def test_what_flowkit_cannot_decide_is_not_asked(tube: Opened):
    """A compensated ratio, an open one, two matrices; what lies below is asked nevertheless."""
    fsc, ssc = (Axis(channel=name, label=name) for name in ("FSC-A", "SSC-A"))
    ratio = Axis(channel="FSC-H", label="r", ratio=Ratio(over="FSC-A"))
    gates = (
        PlacedGate(name="open", parent="", shape=Box(bounds=((0.5, None),)), axes=(ratio,)),
        PlacedGate(name="below", parent="open", shape=Box(bounds=((2e4, None),)), axes=(fsc,)),
        PlacedGate(name="of", parent="", shape=Boolean(some=(Operand(gate="open"),))),
        PlacedGate(name="plain", parent="of", shape=Box(bounds=((None, 6e4),)), axes=(ssc,)),
    )
    spelled = spell_out(one_gate(*gates))
    content = write_gatingml(spelled.plain, comment="a test")
    refuse_unlike(content, spelled, tube.tube, tube.events)
    assert refuse_unlike_in_flowkit(spelled, tube.tube, tube.events) == ("open", "of")


def lab_file(folder: Path, gates: str = KINDS) -> Path:
    spec = template(gates).spec
    head = "\n".join(
        [
            "schema_version: 1",
            "name: lab",
            "version: 1.2.3",
            "title: t",
            "specimen: marrow",
            f"markers: {{required: {list(spec.markers.names)}}}",
            "roles: {}",
            "quantities: []",
            "gates:",
        ]
    )
    path = folder / "lab.yaml"
    path.write_text(head + "\n" + "\n".join(f"  - {g}" for g in gates.strip().splitlines()))
    return path


@pytest.mark.parametrize("with_tube", [True, False])
def test_the_second_round_gives_the_same_bytes(with_tube: bool, tube: Opened, tmp_path: Path):
    """Template, document, template, document, template: from the second on nothing changes."""
    first = tmp_path / "1.xml"
    where = str(tube.path) if with_tube else ""
    export_template(Wanted(template=str(lab_file(tmp_path)), tube=where, out=first))
    documents, files = [], []
    for number in (1, 2):
        source = tmp_path / f"{number}.xml"
        out = tmp_path / f"again{number}.yaml"
        import_template(WantedImport(source=source, tubes=(tube.path,), out=out, name="again"))
        document = tmp_path / f"{number + 1}.xml"
        export_template(Wanted(template=str(out), tube=where, out=document))
        files.append(out.read_bytes())
        documents.append(document.read_bytes())

    assert documents[0] == documents[1]
    assert files[0] == files[1]
    assert without_comment(first.read_bytes()) == without_comment(documents[0])


def without_comment(content: bytes) -> bytes:
    return re.sub(rb"<!--.*?-->", b"", content)


def test_the_document_names_the_template_and_nobody_else(tube: Opened, tmp_path: Path):
    """Name, version and hash; no file, no path."""
    out = tmp_path / "1.xml"
    export_template(Wanted(template=str(lab_file(tmp_path)), tube=str(tube.path), out=out))
    text = out.read_text()

    assert re.search(r"<!-- cytomon template lab 1\.2\.3, sha256 [0-9a-f]{64} -->", text)
    assert "marrow" not in text
    assert "lab.yaml" not in text
    assert str(tmp_path) not in text


def test_without_a_tube_channels_are_called_as_the_template_does(tmp_path: Path):
    """For programs that know a tube's stains."""
    out = tmp_path / "1.xml"
    found = export_template(Wanted(template=str(lab_file(tmp_path)), out=out))

    assert found.n_events > 100
    assert 'data-type:name="CD19"' in out.read_text()


def test_gates_that_move_need_a_tube(tmp_path: Path):
    """They are named."""
    gates = """
{name: a, kind: interval, bounds: {CD19: {low: 1}}}
{name: b, kind: interval, bounds: {CD3: {low: {start: 1, by: ref_neg, of: a, leash: [0, 2]}}}}
"""
    with pytest.raises(InputError, match="find their place in a tube: b") as error:
        export_template(Wanted(template=str(lab_file(tmp_path, gates)), out=tmp_path / "1.xml"))
    assert error.value.where == "--tube"


def test_an_envelope_is_refused_or_left_out(tube: Opened, tmp_path: Path):
    """With everything that rests on it; the rest is exported on request."""
    out = tmp_path / "1.xml"
    with pytest.raises(TemplateError, match="blasts: what explains an event"):
        export_template(Wanted(template="b_all_mrd", tube=str(tube.path), out=out))
    assert not out.exists()
    found = export_template(
        Wanted(template="b_all_mrd", tube=str(tube.path), out=out, leave_out=True)
    )

    assert found.missing["erythroid"] == "it rests on blasts"
    assert found.n_gates > 50
    names = re.findall(r'Gate gating:id="(\w+)"', out.read_text())
    assert not {*found.missing} & {*names}


def test_probes_lie_on_the_boundaries():
    """For each bound an event that is on it exactly, and one on either side."""
    spec = template("{name: g, kind: interval, bounds: {FSC-A: {low: 1234.5, high: 9e4}}}").spec
    tube, panel = imagine(spec)
    nothing = np.empty((0, len(tube.channels)))
    gates = place(
        template("{name: g, kind: interval, bounds: {FSC-A: {low: 1234.5, high: 9e4}}}"),
        tube,
        panel,
        nothing,
    )
    found = probes(gates, tube.channels, np.full(len(tube.channels), 5e4))
    column = found[:, panel.columns["FSC-A"]]
    for bound in (1234.5, 9e4):
        beside = np.nextafter(bound, [-np.inf, np.inf])
        assert {bound, *beside} <= set(column)
