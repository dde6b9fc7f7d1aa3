"""Documents from which another count would come in silence: each is refused, or said."""

from __future__ import annotations

import codecs
import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cytomon.cli.main import main
from cytomon.errors import CytomonError, TemplateError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.mapping import read_mapping
from cytomon.fcs.read import read_events
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.model.tube import Spillover
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.template_import import Wanted, import_template
from tests.gating.exchange.flowjo import (
    Population,
    Sample,
    detectors,
    polygon,
    rectangle,
    workspace,
)

Captured = pytest.CaptureFixture[str]
STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0"
BOX = Population("cells", rectangle({"FSC-A": (60_000.0, None)}))


def gatingml(name: str, *, matrix: str = "uncompensated", more: str = "", scale: str = "") -> str:
    """A document with one gate from 100 on."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<gating:Gating-ML xmlns:gating="{STANDARD}/gating" xmlns:data-type="{STANDARD}/datatypes"
 xmlns:transforms="{STANDARD}/transformations">{more}
<gating:RectangleGate gating:id="high">
<gating:dimension gating:compensation-ref="{matrix}" {scale} gating:min="100">
<data-type:fcs-dimension data-type:name="{name}"/></gating:dimension></gating:RectangleGate>
</gating:Gating-ML>"""


@pytest.fixture(scope="module")
def blood(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = TubePlan(state="PB_m6_recovered", n_events=4000, seed=32, panel="lymphocyte_subsets")
    return write_tube(simulate_tube(plan), tmp_path_factory.mktemp("blood"), "blood")


def two_colours(path: Path, first: str, second: str, *, matrix: bool = True) -> Path:
    """A tube of two stains."""
    events = np.random.default_rng(33).uniform(0, 1000, (500, 3)).astype(np.float32)
    stained = [
        ChannelSpec(pnn="FSC-A"),
        ChannelSpec(pnn="FL1-A", pns=first),
        ChannelSpec(pnn="FL2-A", pns=second),
    ]
    spill = Spillover(
        detectors=("FL1-A", "FL2-A"), matrix=np.array([[1, 0.2], [0.1, 1]]), keyword=""
    )
    write_fcs(path, events, stained, spillover=spill if matrix else None, keywords={})
    return path


def imported(source: Path | str, tube: Path, folder: Path, **more: object) -> str:
    """The template of a document."""
    path = folder / "document.xml"
    if isinstance(source, str):
        path.write_text(source)
    out = folder / "lab.yaml"
    wanted = Wanted(source=path if isinstance(source, str) else source, tubes=(tube,), out=out)
    import_template(replace(wanted, force=True, **more))  # type: ignore[arg-type]
    return out.read_text()


INVERTED = (
    '<transforms:spectrumMatrix transforms:id="m" transforms:matrix-inverted-already="{word}">'
    '<transforms:fluorochromes><data-type:fcs-dimension data-type:name="a"/>'
    '<data-type:fcs-dimension data-type:name="b"/></transforms:fluorochromes>'
    '<transforms:detectors><data-type:fcs-dimension data-type:name="FL1-A"/>'
    '<data-type:fcs-dimension data-type:name="FL2-A"/></transforms:detectors>'
    + "".join(
        "<transforms:spectrum>"
        + "".join(f'<transforms:coefficient transforms:value="{v}"/>' for v in row)
        + "</transforms:spectrum>"
        for row in ((1, 0.2), (0.1, 1))
    )
    + "</transforms:spectrumMatrix>"
)


def test_a_matrix_that_is_inverted_already(tmp_path: Path):
    """FlowKit would invert it once more."""
    tube = two_colours(tmp_path / "t.fcs", "CD3 A", "CD19 B")
    plain = gatingml("a", matrix="m", more=INVERTED.format(word="false"))
    assert "values" in imported(plain, tube, tmp_path)
    for word in ("true", "1"):
        with pytest.raises(TemplateError, match="inverted already"):
            imported(gatingml("a", matrix="m", more=INVERTED.format(word=word)), tube, tmp_path)


@pytest.mark.parametrize("end", ["boundMin", "boundMax"])
def test_a_scale_with_bounds(end: str, tmp_path: Path):
    """FlowKit would leave the bound out."""
    tube = two_colours(tmp_path / "t.fcs", "CD3 A", "CD19 B")
    scale = (
        f'<transforms:transformation transforms:id="s" transforms:{end}="0.5">'
        '<transforms:flin transforms:T="1000" transforms:A="0"/></transforms:transformation>'
    )
    with pytest.raises(TemplateError, match="scale with bounds"):
        imported(
            gatingml("FL1-A", more=scale, scale='gating:transformation-ref="s"'), tube, tmp_path
        )


def test_a_doctype_in_disguise(tmp_path: Path):
    """In another encoding its bytes look otherwise."""
    tube = two_colours(tmp_path / "t.fcs", "CD3 A", "CD19 B")
    text = gatingml("FL1-A").replace("UTF-8", "UTF-7", 1)
    hidden = codecs.encode("<!DOCTYPE a [<!ENTITY e 'x'>]>", "utf-7")
    (tmp_path / "d.xml").write_bytes(text.encode().replace(b"\n<gating", hidden + b"<gating", 1))
    with pytest.raises(TemplateError, match="DOCTYPE or is not UTF-8"):
        imported(tmp_path / "d.xml", tube, tmp_path)


def test_the_laboratorys_own_word_counts(tmp_path: Path):
    """Where labels are exchanged and the mapping says so, a gate on CD19 stands on CD19."""
    tube = two_colours(tmp_path / "t.fcs", "CD19", "CD22")
    (tmp_path / "map.csv").write_text("detector,marker\nFL1-A,CD22\nFL2-A,CD19\n")
    mapping = read_mapping(tmp_path / "map.csv")

    assert "required: [CD19]" in imported(gatingml("CD19"), tube, tmp_path, mapping=mapping)
    assert "required: [CD19]" in imported(gatingml("CD19"), tube, tmp_path)


def test_a_stain_of_two_detectors_is_not_guessed(tmp_path: Path):
    """Nor is a name that is one detector's, and another's in the matrix."""
    tube = two_colours(tmp_path / "t.fcs", "Stain", "Stain")
    with pytest.raises(TemplateError, match="FL1-A or FL2-A"):
        imported(gatingml("Stain"), tube, tmp_path)
    crossed = INVERTED.format(word="false").replace('name="a"', 'name="FL2-A"')
    with pytest.raises(TemplateError, match="FL1-A or FL2-A"):
        imported(gatingml("FL2-A", matrix="m", more=crossed), tube, tmp_path)


def test_a_tube_without_matrix_says_nothing_of_others(tmp_path: Path):
    """A gate on compensated values does not become one on raw values for every tube."""
    document = gatingml("FL1-A", matrix="FCS")
    tube = two_colours(tmp_path / "t.fcs", "CD3 A", "CD19 B")
    assert "matrix: tube" in imported(document, tube, tmp_path)
    without = two_colours(tmp_path / "n.fcs", "CD3 A", "CD19 B", matrix=False)
    with pytest.raises(TemplateError, match="this tube has none"):
        imported(document, without, tmp_path)


def test_nothing_that_is_read_is_written_over(blood: Path, tmp_path: Path, capsys: Captured):
    """Neither the tube nor the workspace nor the template, whatever is forced."""
    tube = tmp_path / "blood.fcs"
    shutil.copy(blood, tube)
    path = tmp_path / "lab.wsp"
    path.write_text(workspace(Sample(tube.name, [BOX], {})))
    before = (tube.read_bytes(), path.read_bytes())
    start = ["template", "import", str(path), "--tube", str(tube), "--force"]
    out = ["--out", str(tmp_path / "lab.yaml")]
    (tmp_path / "own.csv").write_text("mine\n")
    for table in (tube, path, tmp_path / "lab.yaml", tmp_path / "own.csv"):
        assert main([*start, *out, "--concordance", str(table)]) == 2
    assert not (tmp_path / "lab.yaml").exists()
    shutil.copy(tube, tmp_path / "x.yaml")
    assert main([*start[:3], "--tube", str(tmp_path / "x.yaml"), "--out", str(tmp_path / "x.yaml")])
    words = ["template", "export", "b_all_mrd", "--tube", str(tube), "--leave-out", "--force"]
    assert main([*words, "--out", str(tube)]) == 2
    assert (tube.read_bytes(), path.read_bytes()) == before
    assert "written over" in capsys.readouterr().err


def test_other_matrices_are_other_samples(blood: Path, tmp_path: Path):
    """Of a tube that the workspace does not know, the order of samples decides nothing."""
    tube, _ = detectors(blood)
    assert tube.spillover is not None
    other = replace(tube.spillover, matrix=tube.spillover.matrix + 0.02)
    path = tmp_path / "lab.wsp"
    gate = Population("cells", rectangle({f"Comp-{tube.spillover.detectors[0]}": (100.0, None)}))
    one, two = (Sample(f"{n}.fcs", [gate], {}, m) for n, m in (("x", other), ("y", tube.spillover)))
    for samples in ((one, two), (two, one), (one, Sample("y.fcs", [gate], {}))):
        path.write_text(workspace(*samples))
        with pytest.raises(CytomonError):
            imported(path, blood, tmp_path)
    path.write_text(workspace(one, two))
    assert "matrices" in imported(path, blood, tmp_path, sample="x.fcs")
    assert "matrices" not in imported(path, blood, tmp_path, sample="y.fcs")


def test_a_tube_with_another_matrix_is_said(blood: Path, tmp_path: Path, capsys: Captured):
    """Two tubes of one workspace that compensates one of them by hand."""
    tube, _ = detectors(blood)
    assert tube.spillover is not None
    other = replace(tube.spillover, matrix=tube.spillover.matrix + 0.02)
    for name in ("a.fcs", "b.fcs"):
        shutil.copy(blood, tmp_path / name)
    gate = Population("cells", rectangle({f"Comp-{tube.spillover.detectors[0]}": (100.0, None)}))
    path = tmp_path / "lab.wsp"
    samples = [Sample("a.fcs", [gate], {}, tube.spillover), Sample("b.fcs", [gate], {}, other)]
    path.write_text(workspace(*samples))
    words = ["template", "import", str(path), "--out", str(tmp_path / "l.yaml")]
    for name in ("a.fcs", "b.fcs"):
        words += ["--tube", str(tmp_path / name)]
    main(words)
    assert "b.fcs: the workspace compensates it by another matrix" in capsys.readouterr().err


def test_counts_are_compared_with_the_tubes_own(blood: Path, tmp_path: Path, capsys: Captured):
    """Two tubes of one name, or two samples, are not compared by chance."""
    for folder in ("p1", "p2"):
        (tmp_path / folder).mkdir()
        shutil.copy(blood, tmp_path / folder / "t.fcs")
    path = tmp_path / "lab.wsp"
    words = ["template", "import", str(path), "--force", "--out", str(tmp_path / "l.yaml")]
    words += ["--tube"]
    path.write_text(workspace(Sample("t.fcs", [BOX], {}, counts={"cells": 5})))
    assert main([*words, str(tmp_path)]) == 1
    assert "several tubes have this name" in capsys.readouterr().err
    samples = [Sample("t.fcs", [BOX], {}, counts={"cells": n}) for n in (5, 777)]
    path.write_text(workspace(*samples))
    assert main([*words, str(tmp_path / "p1")]) == 1
    assert "several samples of the workspace have this name" in capsys.readouterr().err


def test_only_binning_is_forgiven(blood: Path, tmp_path: Path, capsys: Captured):
    """Four events of a rectangle are marked, of a polygon not; no stored count is no agreement."""
    events = read_events(open_tube(blood))
    inside = int((events[:, 0] >= 60_000).sum())
    corners = [(60_000, -1e5), (3e5, -1e5), (3e5, 3e5), (60_000, 3e5)]
    binned = Population("cells", polygon(("FSC-A", "SSC-A"), corners))
    path, table = tmp_path / "lab.wsp", tmp_path / "c.csv"
    words = ["template", "import", str(path), "--tube", str(blood), "--force"]
    words += ["--out", str(tmp_path / "l.yaml"), "--concordance", str(table)]
    for gate, off, code in ((BOX, 0, 0), (BOX, 1, 0), (BOX, 4, 1), (binned, 4, 0)):
        path.write_text(workspace(Sample(blood.name, [gate], {}, counts={"cells": inside - off})))
        assert main(words) == code, (gate.gate, off)
        (row,) = csv.DictReader(table.read_text().splitlines())
        assert int(row["count"]) == inside
        assert bool(row["marked"]) == bool(code)
    path.write_text(workspace(Sample(blood.name, [BOX], {})))
    assert main(words) == 1
    assert "no counts were compared" in capsys.readouterr().err
