"""What becomes of a template when a tube lacks optional markers, and how a tree is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.fcs.panel import Panel
from cytomon.gating.describe import describe_placed, describe_template
from cytomon.gating.lint import produced
from cytomon.gating.tailor import Tailored, tailor
from cytomon.gating.template import list_templates, load_template
from cytomon.pipeline import measure_tube, open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.gating.test_place import flat
from tests.gating.tubes import Opened, codes, gate, placed, synthetic, template

BOTH = {"CD19", "CD3", "FSC-A"}


def fitted(gates: str, columns: set[str] = BOTH) -> Tailored:
    return tailor(template(gates).spec, columns, where="t.fcs")


def names(found: Tailored) -> list[str]:
    return [g.name for g in found.gates]


PASSED = """
{name: clean, kind: interval, optional: pass, bounds: {CD10: {low: 1}}}
{name: child, parent: clean, kind: interval, bounds: {CD19: {low: 1}}}
{name: follower, parent: child, kind: ellipse, on: [CD19, CD3], mean: [0, 0], sd: [1, 1], of: clean}
"""


def test_pass_hangs_children_on_the_parent():
    """A cleaning gate without its marker hands its children to its own parent."""
    found = fitted(PASSED)

    assert names(found) == ["child", "follower"]
    assert found.gates[0].parent == ""
    assert found.stands_for["clean"] == ""


def test_with_the_marker_nothing_changes():
    """A tube that has every marker gets the template as written, and no finding."""
    found = fitted(PASSED, BOTH | {"CD10"})

    assert found.gates == template(PASSED).spec.gates
    assert found.findings == ()


def test_passes_in_a_row():
    """Two passed gates hand their children up two steps."""
    found = fitted(
        """
{name: top, kind: interval, bounds: {CD19: {low: 0}}}
{name: one, parent: top, kind: interval, optional: pass, bounds: {CD10: {low: 1}}}
{name: two, parent: one, kind: interval, optional: pass, bounds: {CD20: {low: 1}}}
{name: child, parent: two, kind: interval, bounds: {CD19: {low: 1}}}
"""
    )

    assert [(g.name, g.parent) for g in found.gates] == [("top", ""), ("child", "top")]


def test_drop_takes_what_hangs_on_it():
    """Evidence without its marker goes, with its children and all that needs it."""
    found = fitted(
        """
{name: seen, kind: interval, optional: drop, bounds: {CD10: {low: 1}}}
{name: child, parent: seen, kind: interval, bounds: {CD19: {low: 1}}}
{name: needs, kind: boolean, all: [seen]}
{name: read_from, kind: ellipse, on: [CD19, CD3], mean: [0, 0], sd: [1, 1], of: seen}
{name: free, kind: interval, bounds: {CD19: {low: 1}}}
"""
    )

    assert names(found) == ["free"]
    (said,) = found.findings
    assert said.code == "GATE_LEFT_OUT"
    assert "without CD10 the gates seen, child, needs, read_from are left out" in said.what


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("any: [here, gone]", ("any", ("here",))),
        ("none: [gone]", ("none", ())),
        ("all: [here], none: [gone]", ("none", ())),
        ("any: [gone]", None),
        ("all: [here, gone]", None),
        ("none: [gone], optional: drop", None),
        ("none: [here], optional: drop", ("none", ("here",))),
    ],
)
def test_boolean_gates_with_an_absent_operand(rule: str, left: tuple[str, tuple] | None):
    """One of `any` or of `none` may be absent; one of `all`, the last of `any`, may not."""
    found = fitted(
        "{name: gone, kind: interval, optional: drop, bounds: {CD10: {low: 1}}}\n"
        "{name: here, kind: interval, bounds: {CD19: {low: 1}}}\n"
        f"{{name: g, kind: boolean, {rule}}}"
    )

    if left is None:
        assert names(found) == ["here"]
    else:
        assert getattr(found.gates[-1], left[0]) == left[1]


@pytest.mark.parametrize(("at_least", "stays"), [(1, True), (2, True), (2.5, False)])
def test_score_loses_terms(at_least: float, stays: bool):
    """A score goes on with the evidence it has, as long as that can reach it."""
    found = fitted(
        "{name: gone, kind: interval, optional: drop, bounds: {CD10: {low: 1}}}\n"
        "{name: here, kind: interval, bounds: {CD19: {low: 1}}}\n"
        f"{{name: s, kind: score, terms: {{here: 2, gone: 1}}, at_least: {at_least}}}"
    )

    assert ("s" in names(found)) is stays
    if stays:
        assert found.gates[-1].terms == {"here": 2.0}


def test_ratio_needs_both_channels():
    """A ratio is absent when one of its channels is."""
    gates = "{name: r, kind: interval, optional: pass, bounds: {FSC-H/FSC-A: {low: 1}}}"

    assert names(fitted(gates)) == []
    assert names(fitted(gates, BOTH | {"FSC-H"})) == ["r"]


def test_time_gate_needs_a_clock():
    """Without a time channel the run can't be judged."""
    gates = "{name: t, kind: time, steady: {CD3: {low: 2}}, optional: pass}"

    assert names(fitted(gates)) == []
    assert names(fitted(gates, BOTH | {"Time"})) == ["t"]


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return synthetic(tmp_path_factory.mktemp("tailor") / "tube.fcs", **flat())


def without(tube: Opened, marker: str) -> Opened:
    """The same tube, its stain unknown."""
    columns = {name: index for name, index in tube.panel.columns.items() if name != marker}
    return Opened(tube.path, tube.tube, Panel(columns=columns, fluorochromes={}), tube.events)


ROLE = """
{name: by_dye, kind: interval, optional: drop, bounds: {CD10: {low: -1}}}
{name: by_scatter, kind: interval, bounds: {FSC-A: {low: 0}}}
"""


def test_roles_go_to_the_first_gate_that_exists(tube: Opened):
    """A role takes its stand-in where the preferred gate is absent, and says so for the nuclei."""
    roles = "{nucleated: [by_dye, by_scatter], blasts: by_dye}"

    full = placed(ROLE, tube, roles=roles)
    poor = placed(ROLE, without(tube, "CD10"), roles=roles)

    assert full.roles == {"nucleated": "by_dye", "blasts": "by_dye"}
    assert "NUCLEATED_BY_SCATTER" not in codes(full)
    assert poor.roles == {"nucleated": "by_scatter"}
    assert "NUCLEATED_BY_SCATTER" in codes(poor)


def test_reference_follows_a_passed_gate(tube: Opened):
    """A bound read from a passed gate is read from what stands for it."""
    gates = (
        "{name: t, kind: interval, bounds: {CD3: {low: 2}}}\n"
        "{name: clean, parent: t, kind: interval, optional: pass, bounds: {CD10: {low: -5}}}\n"
        "{name: g, kind: interval, bounds: "
        "{CD19: {low: {start: 1, by: ref_neg, of: clean, leash: [0, 2]}}}}"
    )
    (whole,) = gate(placed(gates, tube), "g").bounds
    (passed,) = gate(placed(gates, without(tube, "CD10")), "g").bounds

    assert (whole.reference, passed.reference) == ("clean", "t")
    assert passed.value == whole.value


OPTIONAL = sorted(
    {(t.name, marker) for t in list_templates() for marker in t.spec.markers.optional}
)


@pytest.mark.parametrize(("name", "marker"), OPTIONAL)
def test_shipped_templates_do_without_each_optional_marker(name: str, marker: str):
    """Without any one optional marker, every shipped template keeps its key roles."""
    spec = load_template(name).spec
    channels = {"FSC-A", "FSC-H", "FSC-W", "SSC-A", "Time"}
    columns = {*spec.markers.required, *spec.markers.optional, *channels} - {marker}

    found = tailor(spec, columns, where="t.fcs")

    left = {name for one in found.gates for name in produced(one)}
    key = ("nucleated", "blasts", "b_cells", "lymphocytes")
    for role in set(spec.roles) & set(key):
        candidates = spec.roles[role]
        wanted = (candidates,) if isinstance(candidates, str) else candidates
        assert left & set(wanted), role


@pytest.mark.parametrize("name", [t.name for t in list_templates()])
def test_a_template_with_required_markers_only(name: str):
    """The bare panel keeps every reference in order: parents and operands come first."""
    spec = load_template(name).spec
    columns = {*spec.markers.required, "FSC-A", "SSC-A"}

    found = tailor(spec, columns, where="t.fcs")

    known = {""}
    for one in found.gates:
        assert one.parent in known
        known.update(produced(one))
    assert found.findings


def test_describe_template():
    """The text of a template names every gate under its parent, with roles and leashes."""
    text = describe_template(load_template("b_all_mrd_aieop_bfm"))

    for spec in load_template("b_all_mrd_aieop_bfm").spec.gates:
        assert f"─ {spec.name}  " in text
    assert "← blasts" in text
    assert "leash" in text
    lines = text.splitlines()
    cells = next(line for line in lines if "─ cells  " in line)
    nucleated = next(line for line in lines if "─ nucleated  " in line)
    assert nucleated.index("─") > cells.index("─")


def test_describe_every_kind():
    """Each kind of gate has words of its own."""
    gates = """
{name: i, kind: interval, bounds: {CD19: {low: 1, high: 2}}}
{name: p, kind: polygon, on: [CD19, CD3], vertices: [[0, 0], [1, 0], [1, 1]]}
{name: e, kind: ellipse, on: [CD19, CD3], mean: [0, 0], sd: [1, 1]}
{name: q, kind: quadrant, dividers: {CD19: 1, CD3: 2}, names: [qa, qb, qc, qd]}
{name: b, kind: boolean, all: [i], none: [p], any: [e, qa]}
{name: s, kind: score, terms: {i: 1.5, p: 1}, at_least: 2}
{name: below, parent: qb, kind: boolean, all: [i]}
{name: t, kind: time, steady: {CD3: {low: 2}}}
"""
    text = describe_template(template(gates))

    for words in (
        "CD19 ≥ 1, CD19 < 2",
        "polygon on CD19 × CD3",
        "ellipse on CD19 × CD3",
        "CD19 at 1 × CD3 at 2",
        "└─ below  i",
        "i and not p and any of (e, qa)",
        "evidence ≥ 2 of i 1.5, p 1",
        "steady parts of the run",
    ):
        assert words in text


def test_describe_placed(tmp_path: Path):
    """The text of a measured tube gives count, share, position and method of each gate."""
    plan = TubePlan(state="PB_m3_recovering", n_events=3_000, seed=341, panel="lymphocyte_subsets")
    path = write_tube(simulate_tube(plan), tmp_path, "tube")
    result = measure_tube(path)

    text = describe_placed(result)

    opened = open_for_gating(path)
    assert opened.template.name in text
    for population in result.populations:
        assert f"─ {population.path[-1]}  {population.count}  " in text
    assert "(valley)" in text
    assert place_on.__name__ not in text
