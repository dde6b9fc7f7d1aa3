"""GatingML documents as template files: the compliance set through YAML, and what has no form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cytomon.errors import TemplateError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.panel import match_panel
from cytomon.fcs.read import read_events
from cytomon.gating.count import memberships
from cytomon.gating.exchange.as_template import as_template
from cytomon.gating.exchange.document import Document
from cytomon.gating.exchange.gatingml_read import gatingml_document
from cytomon.gating.exchange.proof import differing
from cytomon.gating.place import place
from cytomon.gating.source import Table
from cytomon.gating.template import parse_template
from cytomon.model.gating import Axis, Boolean, Box, Operand, PlacedGate, Placement, Polygon
from cytomon.model.tube import Panel, Tube
from tests.gating.tubes import Opened, synthetic


@pytest.fixture(scope="module")
def isac(shared: Path) -> tuple[Path, Tube, Panel]:
    """Folder, tube, and a panel in which the second CD8 has a name of its own."""
    folder = shared / "gatingml"
    tube = open_tube(folder / "data1.fcs")
    return folder, tube, match_panel(tube, mapping={"FL4-H": "Dim8"})


@pytest.mark.parametrize("engine", ["stream", "flowkit"])
def test_the_compliance_set_comes_through_the_template(engine: str, isac: tuple[Path, Tube, Panel]):
    """All 49 gates have the published membership of every event, after a file that people read."""
    folder, tube, panel = isac
    document = gatingml_document(folder / "gml" / "gml_all_gates.xml", tube)
    content = as_template(document, tube, panel, name="isac", specimen="blood")
    events = read_events(tube)
    placement = place(parse_template(content, Path("isac.yaml")), tube, panel, events)
    found = memberships(Table(events=events, channels=tube.channels), placement, engine=engine)
    names = {path[-1]: name for name, path in document.paths.items()}
    cases = json.loads((folder / "manifest.json").read_text())["all_gates"]["gates"]

    assert len(cases) == 49
    for case in cases:
        truth = np.loadtxt(folder / case["truth"], dtype=int).astype(bool)
        np.testing.assert_array_equal(found[names[case["gate"]]], truth, err_msg=case["gate"])


def test_markers_are_called_by_their_names(isac: tuple[Path, Tube, Panel]):
    """So that the template fits other tubes of the panel; scatter as it is needs no entry."""
    folder, tube, panel = isac
    document = gatingml_document(folder / "gml" / "gml_all_gates.xml", tube)
    content = as_template(document, tube, panel, name="isac", specimen="blood")
    spec = parse_template(content, Path("isac.yaml")).spec

    assert spec.markers.required == ("CD4", "CD8", "CD3", "Dim8")
    assert spec.dimensions["CD4_logicle"].channel == "CD4"
    assert spec.dimensions["CD4_logicle"].matrix == "MySpill"
    assert spec.dimensions["CD8_over_FL2_A_log"].over == "FL2-A"
    assert "FSC-H" not in {one.channel for one in spec.dimensions.values()}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    rng = np.random.default_rng(5)
    columns = {"CD19": rng.normal(2, 1, 400), "CD3": rng.normal(2, 1, 400)}
    return synthetic(tmp_path_factory.mktemp("small") / "t.fcs", **columns)


def document_of(small: Opened, *gates: PlacedGate) -> Document:
    placement = Placement(template="d", version="", sha256="", gates=gates)
    paths = {gate.name: (gate.name,) for gate in gates}
    return Document(format="test", sha256="0", placement=placement, paths=paths)


def written(small: Opened, *gates: PlacedGate) -> Placement:
    document = document_of(small, *gates)
    content = as_template(document, small.tube, small.panel, name="t", specimen="blood")
    again = parse_template(content, Path("t.yaml"))
    return place(again, small.tube, small.panel, small.events)


def axis_of(small: Opened, marker: str) -> Axis:
    return Axis(channel=small.tube.channels[small.panel.columns[marker]].pnn, label=marker)


def box(small: Opened, name: str, marker: str, low: float) -> PlacedGate:
    axes = (axis_of(small, marker),)
    return PlacedGate(name=name, parent="", shape=Box(bounds=((low, None),)), axes=axes)


@pytest.mark.parametrize("way", ["every", "some"])
@pytest.mark.parametrize("flips", [(False, False), (False, True), (True, False), (True, True)])
def test_booleans_with_complements_mean_the_same(way: str, flips: tuple[bool, bool], small: Opened):
    """De Morgan where a template has no other word, event by event."""
    operands = tuple(
        Operand(gate=name, complement=flip) for name, flip in zip("ab", flips, strict=True)
    )
    shape = Boolean(every=operands) if way == "every" else Boolean(some=operands)
    gates = (
        box(small, "a", "CD19", 900.0),
        box(small, "b", "CD3", 900.0),
        PlacedGate(name="c", parent="a", shape=shape),
        PlacedGate(name="d", parent="", shape=shape, complement=True),
    )
    first = Placement(template="", version="", sha256="", gates=gates)
    again = written(small, *gates)

    assert differing(first, again) == ()
    for engine in ("stream", "flowkit"):
        ours = memberships(small.table, first, engine=engine)
        theirs = memberships(small.table, again, engine=engine)
        assert all(np.array_equal(ours[name], theirs[name]) for name in "abcd")
        assert 0 < ours["d"].sum() < 400


@pytest.mark.parametrize(
    ("bounds", "what"),
    [
        (((None, None),), "has no bound"),
        (((3.0, 3.0),), "lower end above"),
    ],
)
def test_a_box_without_a_form_is_named(
    bounds: tuple[tuple[float | None, float | None]], what: str, small: Opened
):
    """Instead of a template that nobody can load."""
    gate = PlacedGate(name="g", parent="", shape=Box(bounds=bounds), axes=(axis_of(small, "CD19"),))
    with pytest.raises(TemplateError, match=what) as error:
        written(small, gate)
    assert error.value.where == "g"


def test_the_same_channel_twice(small: Opened):
    """No template can say it."""
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    axes = (axis_of(small, "CD19"), axis_of(small, "CD19"))
    gate = PlacedGate(name="g", parent="", shape=Polygon(vertices=corners), axes=axes)
    with pytest.raises(TemplateError, match="same channel twice"):
        written(small, gate)


def test_every_other_number_is_noticed(small: Opened):
    """The proof that a file says what its document says: no last bit escapes it."""
    gate = box(small, "a", "CD19", 900.1)
    other = box(small, "a", "CD19", float(np.nextafter(900.1, 1e9)))
    negated = PlacedGate(**{**{k: getattr(gate, k) for k in gate.__slots__}, "complement": True})
    first = Placement(template="", version="", sha256="", gates=(gate,))
    for changed in (other, negated, box(small, "a", "CD3", 900.1), box(small, "b", "CD19", 900.1)):
        second = Placement(template="", version="", sha256="", gates=(changed,))
        assert differing(first, second)
    assert differing(first, first) == ()
