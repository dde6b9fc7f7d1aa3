"""FlowJo 10 workspaces: FlowKit's membership event by event, stored counts, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from cytomon.cli.main import main
from cytomon.errors import CytomonError, InputError, TemplateError
from cytomon.fcs.read import read_events
from cytomon.gating.count import memberships
from cytomon.gating.exchange.workspace_file import MOST_WORKSPACE_BYTES
from cytomon.gating.source import Table
from cytomon.model.tube import Spillover
from cytomon.pipeline import open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.template_import import Wanted, import_template
from tests.gating.exchange.flowjo import (
    ARCSINH,
    LINEAR,
    LOG,
    LOGICLE,
    Population,
    Sample,
    biex,
    detectors,
    ellipse,
    flowkit_members,
    polygon,
    rectangle,
    workspace,
)

Captured = pytest.CaptureFixture[str]
MARKERS = {
    "CD45": biex(-100),
    "CD3": biex(-10, 0.5),
    "CD19": biex(-250),
    "CD16+CD56": LOGICLE,
    "CD20": ARCSINH,
    "CD38": LOG,
}


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flowjo")
    plan = TubePlan(state="PB_m6_recovered", n_events=6000, seed=31, panel="lymphocyte_subsets")
    write_tube(simulate_tube(plan), folder, "blood_a")
    write_tube(simulate_tube(plan), folder, "blood_b")
    return folder / "blood_a.fcs"


def scales(names: dict[str, str]) -> dict[str, str]:
    found = dict.fromkeys(["FSC-A", "FSC-H", "SSC-A", "Time"], LINEAR)
    for marker, scale in MARKERS.items():
        found |= {names[marker]: scale, names[marker].removeprefix("Comp-"): scale}
    return found


def tree(names: dict[str, str]) -> list[Population]:
    cd3, cd19, cd45, nk = (names[m] for m in ("CD3", "CD19", "CD45", "CD16+CD56"))
    cd20, cd38 = names["CD20"], names["CD38"]
    quadrants = [
        Population(name, rectangle({cd3: x, nk: y}))
        for name, x, y in (
            ("Q1: CD3- , NK+", (None, 700.5), (30.25, None)),
            ("Q2: CD3+ , NK+", (700.5, None), (30.25, None)),
            ("Q3: CD3+ , NK-", (700.5, None), (None, 30.25)),
            ("Q4: CD3- , NK-", (None, 700.5), (None, 30.25)),
        )
    ]
    b_cells = polygon((cd19, cd20), [(400, -300), (400, 90000), (200000, 200000), (150000, 150)])
    lymphocytes = [
        Population("CD19+", b_cells, [Population("CD38+", rectangle({cd38: (150.0, None)}))]),
        Population(
            "CD3+", polygon((cd3, cd19), [(900, -900), (900, 600), (9e4, 900), (9e4, -900)])
        ),
        *quadrants,
        Population("not B", "not", of=["Cells/Singlets/Lymphocytes/CD19+"]),
        Population(
            "B or T",
            "or",
            [Population("CD38+", rectangle({cd38: (150.0, 30000.0)}))],
            of=["Cells/Singlets/Lymphocytes/CD19+", "Cells/Singlets/Lymphocytes/CD3+"],
        ),
        Population(
            "T & NK",
            "and",
            of=["Cells/Singlets/Lymphocytes/CD3+", "Cells/Singlets/Lymphocytes/Q2: CD3+ , NK+"],
        ),
    ]
    around = polygon(
        ("FSC-A", "SSC-A"), [(1e4, 1e3), (2e5, 1e3), (2e5, 8e4), (1e4, 5e4)], inside=False
    )
    singlets = [
        Population("Lymphocytes", ellipse((cd45, "SSC-A"), (190, 30), (55, 26), 0.1), lymphocytes),
        Population("CD3+", rectangle({cd3: (1500.0, None)})),
        Population("elsewhere", around),
        Population("neither", rectangle({cd3: (500.0, 1e5), cd19: (-50.5, 400.0)}, inside=False)),
    ]
    doublets = [(15000, 9000), (15000, 26000), (250000, 260000), (250000, 180000)]
    return [
        Population(
            "Cells",
            rectangle({"FSC-A": (18000.0, None)}),
            [Population("Singlets", polygon(("FSC-A", "FSC-H"), doublets), singlets)],
        )
    ]


@pytest.fixture
def lab(tube: Path, tmp_path: Path) -> Path:
    """A workspace of the tube with FlowKit's own counts in it."""
    opened, names = detectors(tube)
    sample = Sample(tube.name, tree(names), scales(names), opened.spillover)
    path = tmp_path / "lab.wsp"
    path.write_text(workspace(sample))
    members = flowkit_members(path, tube, tube.name)
    sample.counts = {name: int(found.sum()) for name, found in members.items()}
    path.write_text(workspace(sample))
    return path


def imported(path: Path, tube: Path, tmp_path: Path, **more: object) -> Path:
    out = tmp_path / "lab.yaml"
    import_template(Wanted(source=path, tubes=(tube,), out=out, **more))
    return out


@pytest.mark.parametrize("engine", ["stream", "flowkit"])
def test_every_population_is_flowkits_event_by_event(
    engine: str, lab: Path, tube: Path, tmp_path: Path
):
    """On FlowJo's scales, nested, turned inside out, combined, by the template that was written."""
    theirs = flowkit_members(lab, tube, tube.name)
    out = imported(lab, tube, tmp_path)
    opened = open_for_gating(tube, template=str(out))
    placement = place_on(opened)
    table = Table(events=read_events(opened.tube), channels=opened.tube.channels)
    ours = memberships(table, placement, engine=engine)
    comments = {gate.name: gate.comment or gate.name for gate in opened.template.spec.gates}

    assert len(ours) == len(theirs) == 17
    for name, members in ours.items():
        assert 0 < members.sum() < len(members)
        np.testing.assert_array_equal(members, theirs[comments[name]], err_msg=comments[name])


def test_names_are_readable_and_the_path_is_kept(lab: Path, tube: Path, tmp_path: Path):
    """The same name under several parents is told apart by them."""
    spec = open_for_gating(tube, template=str(imported(lab, tube, tmp_path))).template.spec
    comments = {gate.name: gate.comment for gate in spec.gates}

    assert comments["Lymphocytes_CD3p"] == "Cells/Singlets/Lymphocytes/CD3+"
    assert comments["Singlets_CD3p"] == "Cells/Singlets/CD3+"
    assert comments["Q1_CD3n_NKp"] == "Cells/Singlets/Lymphocytes/Q1: CD3- , NK+"
    assert "CD19" in spec.markers.required
    compensated = {name for name, one in spec.dimensions.items() if one.matrix == "tube"}
    assert {*spec.dimensions} - compensated == {"SSC_A_linear"}
    assert not spec.matrices


def test_the_concordance_of_what_flowkit_counted(
    lab: Path, tube: Path, tmp_path: Path, capsys: Captured
):
    """Every population has both counts, none differs, and the table is written."""
    table, out = tmp_path / "c.csv", tmp_path / "lab.yaml"
    arguments = ["template", "import", str(lab), "--tube", str(tube), "--out", str(out)]
    assert main([*arguments, "--concordance", str(table)]) == 0
    rows = list(csv.DictReader(table.read_text().splitlines()))

    assert len(rows) == 17
    assert {(row["file"], row["difference"], row["marked"]) for row in rows} == {
        (tube.name, "0", "")
    }
    assert all(row["count"] == row["flowjo_count"] for row in rows)
    assert "Cells/Singlets/CD3+" in capsys.readouterr().out


def test_a_count_that_binning_does_not_explain_is_marked(
    lab: Path, tube: Path, tmp_path: Path, capsys: Captured
):
    """With exit code 1; a difference of a few events, or of less than a percent, is not."""
    text = lab.read_text()
    before, after = text.split('name="Singlets"')
    count = int(after.split('count="')[1].split('"')[0])
    for shift, code in ((0, 0), (5, 0), (count // 110, 0), (count // 50, 1), (-count // 50, 1)):
        changed = after.replace(f'count="{count}"', f'count="{count + shift}"', 1)
        lab.write_text(before + 'name="Singlets"' + changed)
        arguments = ["template", "import", str(lab), "--tube", str(tube)]
        assert main([*arguments, "--out", str(tmp_path / f"a{shift}.yaml")]) == code
        assert ("look at these gates" in capsys.readouterr().err) == bool(code)


def test_a_matrix_that_only_the_workspace_has(tube: Path, tmp_path: Path):
    """It comes with the template, under its name, and the counts are FlowKit's with it."""
    opened, names = detectors(tube)
    own = opened.spillover
    other = Spillover(detectors=own.detectors, matrix=own.matrix + 0.02, keyword="")
    path = tmp_path / "lab.wsp"
    path.write_text(workspace(Sample(tube.name, tree(names), scales(names), other)))
    theirs = flowkit_members(path, tube, tube.name)
    found = open_for_gating(tube, template=str(imported(path, tube, tmp_path)))
    table = Table(events=read_events(found.tube), channels=found.tube.channels)
    ours = memberships(table, place_on(found))

    assert list(found.template.spec.matrices) == ["Acquisition_defined"]
    for gate in found.template.spec.gates:
        np.testing.assert_array_equal(ours[gate.name], theirs[gate.comment or gate.name])


def test_a_parameter_without_the_prefix_is_as_measured(tube: Path, tmp_path: Path):
    """FlowJo's plain detector is not compensated, also where its compensated form exists."""
    opened, names = detectors(tube)
    raw = names["CD19"].removeprefix("Comp-")
    gate = Population("raw", rectangle({raw: (1000.0, None)}))
    path = tmp_path / "lab.wsp"
    path.write_text(workspace(Sample(tube.name, [gate], scales(names), opened.spillover)))
    found = open_for_gating(tube, template=str(imported(path, tube, tmp_path)))
    table = Table(events=read_events(found.tube), channels=found.tube.channels)
    column = next(c.index for c in opened.channels if c.pnn == raw)

    expected = table.events[:, column] >= 1000.0
    np.testing.assert_array_equal(memberships(table, place_on(found))["raw"], expected)


def test_nothing_that_a_workspace_points_to_is_opened(
    lab: Path, tube: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A path to a file that is there, as address of the sample, is left alone."""
    bait = tmp_path / "bait" / tube.name
    bait.parent.mkdir()
    bait.write_bytes(tube.read_bytes())
    text = lab.read_text().replace("file:/V:/somewhere", f"file://{bait.parent}")
    assert str(bait) in text
    lab.write_text(text)
    opened: list[str] = []
    import sys

    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open":
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    imported(lab, tube, tmp_path)
    watching = False

    assert any(tube.name in name for name in opened)
    assert not any("bait" in name for name in opened)


def small(tube: Path, **gates: str) -> str:
    """A workspace of simple gates, one for each keyword."""
    opened, names = detectors(tube)
    populations = [Population(name, gate) for name, gate in gates.items()]
    return workspace(Sample(tube.name, populations, scales(names), opened.spillover))


BOX = rectangle({"FSC-A": (20000.0, None)})
Spoil = Callable[[str], str]


SPOILED: dict[str, tuple[Spoil, str]] = {
    "FlowJo 11": (lambda t: t.replace("10.8.1", "11.0.1"), "FlowJo 11"),
    "FlowJo 9": (lambda t: t.replace("10.8.1", "9.9.6"), "FlowJo 9"),
    "a version that is none": (lambda t: t.replace("10.8.1", "Doe, Jane"), "another version"),
    "a DOCTYPE": (
        lambda t: t.replace("<Workspace", '<!DOCTYPE a [<!ENTITY b "c">]><Workspace', 1),
        "DOCTYPE",
    ),
    "too large": (lambda t: t + " " * MOST_WORKSPACE_BYTES, "larger than"),
    "too many gates": (
        lambda t: t.replace("<Subpopulations>", "<Subpopulations>" + 300 * _more(t), 1),
        "at most 300",
    ),
    "cut short": (lambda t: t[: len(t) // 2], "not XML"),
    "curly quadrants": (
        lambda t: t.replace("gating:RectangleGate", "gating:CurlyQuad"),
        "'CurlyQuad'",
    ),
    "a derived parameter": (lambda t: t.replace('name="FSC-A"', 'name="tSNE_1"'), "'tSNE_1'"),
    "a scale nobody knows": (
        lambda t: t.replace("transforms:linear", "transforms:miltenyi"),
        "'miltenyi'",
    ),
    "another length": (
        lambda t: t.replace("transforms:linear ", 'transforms:biex transforms:length="128" ')
        .replace("transforms:linear>", "transforms:biex>"),
        "cannot be read",
    ),
    "no gate in it": (lambda t: t.replace(BOX, ""), "no gate of its own"),
    "a bound in words": (lambda t: t.replace("20000.0", "many"), "cannot be read"),
    "an infinite bound": (lambda t: t.replace("20000.0", "INF"), "not a number"),
    "the same name twice": (
        lambda t: t.replace("<Subpopulations>", "<Subpopulations>" + _more(t), 1),
        "is there twice",
    ),
    "a cluster": (
        lambda t: t.replace("<Population", "<ClusterPopulation").replace(
            "</Population", "</ClusterPopulation"
        ),
        "a kind that is not read",
    ),
    "a spectral matrix": (lambda t: t.replace('spectral="0"', 'spectral="1"'), "spectral"),
    "half a matrix": (lambda t: t.replace("<transforms:coefficient", "<x", 1), "not whole"),
    "no sample": (lambda t: t.replace("SampleList", "Samples"), "no sample with gates"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "words"), SPOILED.values(), ids=SPOILED.keys())
def test_what_cannot_be_read_is_named(
    spoil: Spoil, words: str, tube: Path, tmp_path: Path, capsys: Captured
):
    """In words with a place and a fix, exit code 2, and no template is written."""
    sound = small(tube, cells=BOX).replace('gain="1"', "")
    spoiled = spoil(sound)
    assert spoiled != sound
    path, out = tmp_path / "lab.wsp", tmp_path / "lab.yaml"
    path.write_text(spoiled)

    assert main(["template", "import", str(path), "--tube", str(tube), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "where:" in said
    assert "fix:" in said
    assert not out.exists()


def _more(text: str) -> str:
    start = text.index("<Population")
    return text[start : text.index("</Population>") + len("</Population>")]


@pytest.mark.parametrize("kind", ["and", "or", "not"])
def test_a_population_that_rests_on_itself(kind: str, tube: Path, tmp_path: Path):
    """By way of one below it."""
    opened, names = detectors(tube)
    below = [Population("below", BOX)]
    loop = Population("loop", kind, below, of=["loop/below"])
    path = tmp_path / "lab.wsp"
    path.write_text(workspace(Sample(tube.name, [loop], scales(names), opened.spillover)))
    with pytest.raises(TemplateError, match="rests on itself"):
        imported(path, tube, tmp_path)


def test_a_combination_of_what_is_not_there(tube: Path, tmp_path: Path):
    """Its path is named."""
    opened, names = detectors(tube)
    lost = Population("lost", "and", of=["cells", "gone"])
    path = tmp_path / "lab.wsp"
    sample = Sample(tube.name, [Population("cells", BOX), lost], scales(names), opened.spillover)
    path.write_text(workspace(sample))
    with pytest.raises(TemplateError) as error:
        imported(path, tube, tmp_path)
    assert error.value.where == "lost"


def test_a_name_with_a_slash_may_have_children(tube: Path, tmp_path: Path):
    """FlowJo writes paths with slashes, and lets them stand in names."""
    opened, names = detectors(tube)
    child = Population("CD3+", rectangle({names["CD3"]: (900.0, None)}))
    parent = Population("CD4/CD8", BOX, [child])
    combined = Population("T", "and", of=["CD4/CD8", "CD4/CD8/CD3+"])
    path = tmp_path / "lab.wsp"
    sample = Sample(tube.name, [parent, combined], scales(names), opened.spillover)
    path.write_text(workspace(sample))
    spec = open_for_gating(tube, template=str(imported(path, tube, tmp_path))).template.spec

    assert [(gate.name, gate.parent) for gate in spec.gates] == [
        ("CD4_CD8", ""),
        ("CD3p", "CD4_CD8"),
        ("T", ""),
    ]


def two_samples(tube: Path, first: str, second: str) -> str:
    opened, names = detectors(tube)
    return workspace(
        *(
            Sample(name, [Population("cells", gate)], scales(names), opened.spillover)
            for name, gate in ((first, BOX), (second, BOX.replace("20000", "30000")))
        )
    )


def test_samples_with_other_gates_are_told_apart_by_name(tube: Path, tmp_path: Path):
    """The tube's own sample is taken; where it has none, one has to be named."""
    path = tmp_path / "lab.wsp"
    path.write_text(two_samples(tube, "x.fcs", tube.name))
    assert "30000" in imported(path, tube, tmp_path).read_text()
    assert "20000" in imported(path, tube, tmp_path, sample="x.fcs", force=True).read_text()

    path.write_text(two_samples(tube, "x.fcs", "y.fcs"))
    with pytest.raises(TemplateError) as error:
        imported(path, tube, tmp_path)
    assert "--sample" in error.value.fix
    assert "x.fcs" not in str(error.value)
    with pytest.raises(TemplateError, match="no such sample"):
        imported(path, tube, tmp_path, sample="z.fcs")


def test_samples_with_the_same_gates_are_one(tube: Path, tmp_path: Path, capsys: Captured):
    """Any of them is taken, and each tube of a folder is compared with its own counts."""
    opened, names = detectors(tube)
    path, table = tmp_path / "lab.wsp", tmp_path / "c.csv"
    samples = [
        Sample(name, tree(names), scales(names), opened.spillover, {"Cells": 1})
        for name in ("blood_a.fcs", "blood_b.fcs")
    ]
    path.write_text(workspace(*samples))
    out = tmp_path / "lab.yaml"
    arguments = ["template", "import", str(path), "--tube", str(tube.parent), "--out", str(out)]
    assert main([*arguments, "--concordance", str(table)]) == 1
    rows = list(csv.DictReader(table.read_text().splitlines()))

    assert [row["file"] for row in rows if row["path"] == "Cells"] == ["blood_a.fcs", "blood_b.fcs"]
    assert all(bool(row["marked"]) == (row["path"] == "Cells") for row in rows)
    assert sum(row["flowjo_count"] == "" for row in rows) == 2 * 16


def test_an_edited_template_is_not_replaced(lab: Path, tube: Path, tmp_path: Path):
    """The same import again is no harm; what somebody changed stays, unless forced."""
    out = imported(lab, tube, tmp_path)
    first = out.read_bytes()
    assert imported(lab, tube, tmp_path).read_bytes() == first
    out.write_bytes(first.replace(b"version: 1.0.0", b"version: 1.0.1"))
    with pytest.raises(InputError, match="another file"):
        imported(lab, tube, tmp_path)
    assert imported(lab, tube, tmp_path, force=True).read_bytes() == first


@pytest.mark.parametrize("part", ["flowJoVersion", "gating:", "data-type:", "transforms:", "name="])
def test_a_workspace_cut_anywhere_is_never_a_traceback(
    part: str, lab: Path, tube: Path, tmp_path: Path
):
    """Whatever word is missing: an error in words, or a template."""
    text = lab.read_text()
    for number in range(0, text.count(part), max(1, text.count(part) // 12)):
        pieces = text.split(part)
        at = number + 1
        lab.write_text(part.join(pieces[:at]) + "x" + part.join(pieces[at:]))
        with suppress(CytomonError):
            imported(lab, tube, tmp_path, force=True)
