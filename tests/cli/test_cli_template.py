"""`cytomon template` and `cytomon simulate`."""

from __future__ import annotations

from pathlib import Path

import pytest

import cytomon
from cytomon.cli.main import main

Captured = pytest.CaptureFixture[str]


def test_every_template_is_listed(capsys: Captured):
    """A row for each, with its version and its markers."""
    assert main(["template", "list"]) == 0
    out = capsys.readouterr().out
    for template in cytomon.list_templates():
        assert template.name in out
        assert template.spec.version in out


@pytest.mark.parametrize("name", [t.name for t in cytomon.list_templates()])
def test_every_shipped_template_is_shown_and_sound(name: str, capsys: Captured):
    """Its gate tree as text, and no mistake in its file."""
    assert main(["template", "show", name]) == 0
    assert "lymphocytes" in capsys.readouterr().out
    path = cytomon.load_template(name).path
    assert main(["template", "check", str(path)]) == 0
    assert capsys.readouterr().out == f"{path.name}: sound\n"


def test_a_template_is_shown_on_a_tube(tubes: Path, tmp_path: Path, capsys: Captured):
    """With the count of each gate, and as a picture."""
    png = tmp_path / "deep" / "a.png"
    tube = str(tubes / "blood_a.fcs")
    assert main(["template", "show", "lymphocyte_subsets", "--tube", tube, "--png", str(png)]) == 0
    said = capsys.readouterr()
    counted = cytomon.measure_tube(tube).populations
    assert all(str(population.count) in said.out.replace(",", "") for population in counted)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert str(png) in said.err


def test_a_mistake_in_a_template_is_named_by_its_line(tmp_path: Path, capsys: Captured):
    """With exit code 1, and the sound files are said to be sound."""
    good = cytomon.load_template("lymphocyte_subsets").path
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.read_text().replace("version:", "verson:", 1))
    assert main(["template", "check", str(bad), str(good)]) == 1
    out = capsys.readouterr().out
    assert "bad.yaml:" in out
    assert f"{good.name}: sound" in out


def test_a_simulated_tube_has_its_truth_beside_it(tmp_path: Path, capsys: Captured):
    """And the same seed gives the same bytes."""
    for name in ("one", "two"):
        path = tmp_path / name / "t.fcs"
        line = ["simulate", "tube", str(path), "--events", "2000", "--seed", "9"]
        assert main([*line, "--blasts", "blast_typical=0.01"]) == 0
        assert capsys.readouterr().out == f"{path}\n"
        names = {found.name for found in path.parent.iterdir()}
        assert names == {"t.fcs", "t.truth.json", "t.truth.npz"}
    one, two = (tmp_path / name / "t.fcs" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
