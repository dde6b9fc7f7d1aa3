"""`cytomon template import` and `export`, as somebody uses them who is tired."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.cli.main import main
from tests.gating.exchange.flowjo import Population, Sample, detectors, rectangle, workspace

Captured = pytest.CaptureFixture[str]
RANGE = """<?xml version="1.0" encoding="UTF-8"?>
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">
<gating:RectangleGate gating:id="cells">
<gating:dimension gating:compensation-ref="uncompensated" gating:min="20000">
<data-type:fcs-dimension data-type:name="FSC-A"/></gating:dimension></gating:RectangleGate>
</gating:Gating-ML>"""


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    path = tmp_path / "gates.xml"
    path.write_text(RANGE)
    return path


def test_gates_go_in_and_out_again(gates: Path, tubes: Path, tmp_path: Path, capsys: Captured):
    """A document becomes a sound template, which counts in a batch and becomes a document."""
    tube, out = str(tubes / "blood_a.fcs"), str(tmp_path / "lab.yaml")
    assert main(["template", "import", str(gates), "--tube", tube, "--out", out]) == 0
    assert "gates: 1" in capsys.readouterr().err
    assert main(["template", "check", out]) == 0
    assert main(["template", "show", out, "--tube", tube]) == 0
    assert "cells" in capsys.readouterr().out
    results = tmp_path / "results"
    assert main(["batch", tube, "--template", out, "--out", str(results), "--jobs", "1"]) == 0
    table = (results / "populations.csv").read_text().splitlines()
    assert table[1].startswith("blood_a.fcs,cells,")
    assert len((results / "measurements.csv").read_text().splitlines()) == 1
    document = tmp_path / "again.xml"
    assert main(["template", "export", out, "--out", str(document)]) == 0
    assert 'gating:min="20000.0"' in document.read_text()


def refused(arguments: list[str], capsys: Captured) -> str:
    """What is said; nothing but an error with a place and a fix will do."""
    assert main(["template", *arguments]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert {"error:", "where:", "fix:"} <= set(said.err.split())
    return said.err


@pytest.mark.parametrize(
    ("content", "words"),
    {
        "an FCS file": (b"FCS3.1         256    1024", "not valid GatingML"),
        "a template": (b"schema_version: 1\n", "not valid GatingML"),
        "another XML": (b"<a/>", "not valid GatingML"),
        "a DOCTYPE": (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        "ten megabytes": (b" " * 10_000_000, "larger than"),
        "nothing": (b"", "not valid GatingML"),
        "a workspace of nothing": (b'<Workspace flowJoVersion="10.8"/>', "no sample with gates"),
    }.values(),
    ids=str,
)
def test_what_is_no_document(
    content: bytes, words: str, tubes: Path, tmp_path: Path, capsys: Captured
):
    """Whatever it is, it is said, and nothing is written."""
    path, out = tmp_path / "file", tmp_path / "lab.yaml"
    path.write_bytes(content)
    tube = str(tubes / "blood_a.fcs")
    assert words in refused(["import", str(path), "--tube", tube, "--out", str(out)], capsys)
    assert not out.exists()


def test_what_is_missing_or_misspelt(gates: Path, tubes: Path, tmp_path: Path, capsys: Captured):
    """Each slip has words of its own."""
    tube, out = str(tubes / "blood_a.fcs"), str(tmp_path / "lab.yaml")
    document = str(gates)
    empty = tmp_path / "empty"
    empty.mkdir()
    slips = {
        "mean nothing without a tube": ["import", document, "--out", out],
        "not said where the template": ["import", document, "--tube", tube],
        "a template is a YAML file": ["import", document, "--tube", tube, "--out", "lab.xml"],
        "that is a folder": ["import", document, "--tube", tube, "--out", f"{empty}.yaml"],
        "only a workspace has samples": [
            *("import", document, "--tube", tube, "--out", out, "--sample", "a"),
        ],
        "cannot be opened": ["import", str(empty), "--tube", tube, "--out", out],
        "no such file": ["import", document, "--tube", f"{tube}x", "--out", out],
        "no tube in the folder": ["import", document, "--tube", str(empty), "--out", out],
        "use letters, digits": [
            *("import", document, "--tube", tube, "--out", out, "--name", "B-ALL 1"),
        ],
        "not said where the document": ["export", "lymphocyte_subsets", "--tube", tube],
        "find their place in a tube": ["export", "lymphocyte_subsets", "--out", f"{out}.xml"],
        "what explains an event": [
            *("export", "lymphocyte_subsets", "--tube", tube, "--out", f"{out}.xml"),
        ],
        "there is no template": ["export", "lymphocytes", "--out", f"{out}.xml"],
    }
    Path(f"{empty}.yaml").mkdir()
    for words, arguments in slips.items():
        assert words in refused(arguments, capsys), arguments
    assert not Path(out).exists()


def test_gates_that_are_left_out_are_listed(tubes: Path, tmp_path: Path, capsys: Captured):
    """With the exit code of what is done in part."""
    tube, out = str(tubes / "marrow.fcs"), tmp_path / "a.xml"
    arguments = ["template", "export", "b_all_mrd", "--tube", tube, "--out", str(out)]
    assert main([*arguments, "--leave-out"]) == 1
    said = capsys.readouterr().err
    assert "left out: blasts: what explains an event" in said
    assert "left out: erythroid: it rests on blasts" in said
    assert "read again and the same on" in said


def test_a_tube_that_is_no_sample(tubes: Path, tmp_path: Path, capsys: Captured):
    """A table was asked for and there is nothing in it: that is said, with exit code 1."""
    tube = tubes / "blood_a.fcs"
    opened, _ = detectors(tube)
    cells = Population("cells", rectangle({"FSC-A": (20000.0, None)}))
    path, table = tmp_path / "lab.wsp", tmp_path / "c.csv"
    path.write_text(workspace(Sample("other.fcs", [cells], {}, opened.spillover)))
    out = str(tmp_path / "a.yaml")
    arguments = ["template", "import", str(path), "--tube", str(tube), "--out", out]
    assert main(arguments) == 0
    capsys.readouterr()
    assert main([*arguments, "--concordance", str(table)]) == 1
    assert "none of the tubes is a sample" in capsys.readouterr().err
    assert "other.fcs" not in table.read_text()


def test_a_broken_tube_beside_a_sound_one(tubes: Path, tmp_path: Path, capsys: Captured):
    """It is named with its reason; the template and the other counts are there."""
    tube = tubes / "blood_a.fcs"
    opened, _ = detectors(tube)
    cells = Population("cells", rectangle({"FSC-A": (20000.0, None)}))
    path, out = tmp_path / "lab.wsp", tmp_path / "a.yaml"
    samples = [Sample(name, [cells], {}, opened.spillover) for name in (tube.name, "broken.fcs")]
    path.write_text(workspace(*samples))
    arguments = ["template", "import", str(path), "--tube", str(tube), "--out", str(out)]
    assert main([*arguments, "--tube", str(tubes / "broken.fcs")]) == 1
    said = capsys.readouterr()
    assert "not compared: broken.fcs" in said.err
    assert "blood_a.fcs  cells" in said.out
