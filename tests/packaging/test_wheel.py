"""The wheel: what is in it, what is not, and that it works where nothing else of the project is."""

from __future__ import annotations

import os
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.packaging.needed import PROJECT, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of this source, without a download."""
    folder = tmp_path_factory.mktemp("dist")
    pip(
        "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, ROOT
    )  # fmt: skip
    (made,) = folder.glob("*.whl")
    return made


def pip(*words: object) -> None:
    """Run pip, in silence."""
    quiet = ("--quiet", "--disable-pip-version-check", *map(str, words))
    subprocess.run([sys.executable, "-m", "pip", *quiet], check=True, capture_output=True)  # noqa: S603


def names(wheel: Path) -> set[str]:
    """Names of its files."""
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def source(*patterns: str) -> set[str]:
    """Files of the source, relative to it."""
    return {
        found.relative_to(ROOT).as_posix()
        for pattern in patterns
        for found in ROOT.glob(pattern)
        if found.is_file() and "__pycache__" not in found.parts
    }


def test_all_that_runs_is_in_it(wheel: Path):
    """Modules, templates and references, pages and their styles, migrations, napari's manifest."""
    found = names(wheel)
    gates = {name.replace("gates/", "cytomon/_gates/", 1) for name in source("gates/**/*")}

    assert source("cytomon/**/*") <= found
    assert gates <= found
    assert {
        "cytomon/py.typed",
        "cytomon/napari.yaml",
        "cytomon/_gates/b_all_mrd.yaml",
        "cytomon/_gates/references/marrow.yaml",
        "cytomon/store/migrations/versions/layout_1.py",
    } <= found
    for pages in ("cytomon/report/pages/", "cytomon/cohort/pages/"):
        assert [name for name in found if name.startswith(pages) and name.endswith(".j2")]


def test_nothing_else_is_in_it(wheel: Path):
    """No tests, no tubes, no caches, nothing of who built it."""
    (about,) = {name.split("/")[0] for name in names(wheel)} - {"cytomon"}
    expected = source("cytomon/**/*") | {
        name.replace("gates/", "cytomon/_gates/", 1) for name in source("gates/**/*")
    }
    version = PROJECT["version"]

    assert about == f"cytomon-{version}.dist-info"
    assert {name for name in names(wheel) if name.startswith("cytomon/")} == expected
    assert not [name for name in names(wheel) if name.endswith((".fcs", ".pyc", ".db"))]
    with ZipFile(wheel) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert str(ROOT).encode() not in whole


def test_it_says_what_it_is(wheel: Path):
    """Licence with its text, requirements, extras, and the two ways in."""
    about = f"cytomon-{PROJECT['version']}.dist-info"
    with ZipFile(wheel) as archive:
        metadata = message_from_bytes(archive.read(f"{about}/METADATA"))
        licence = archive.read(f"{about}/licenses/LICENSE")
        entries = archive.read(f"{about}/entry_points.txt").decode()

    assert metadata["License-Expression"] == "Apache-2.0"
    assert licence == (ROOT / "LICENSE").read_bytes()
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert set(metadata.get_all("Provides-Extra") or ()) == set(PROJECT["optional-dependencies"])
    assert "cytomon = cytomon.__main__:run" in entries
    assert "[napari.manifest]" in entries


def test_it_works_elsewhere(wheel: Path, tmp_path: Path):
    """From an empty folder, with nothing of the source on the path."""
    target = tmp_path / "installed"
    pip("install", "--no-deps", "--no-index", "--target", target, wheel)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    (elsewhere / "p.csv").write_text("patient_id,infusion_date,product\nP1,2026-01-12,CD19\n")
    # -P: the folder in which it runs is not looked into; the target is, before what is there
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-P", "-c", STORY],
        cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(target)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    where, *said = done.stdout.splitlines()

    assert Path(where).is_relative_to(target)
    for template in (ROOT / "gates").glob("*.yaml"):
        assert any(template.stem in line for line in said)
    assert said[-1] == f"cytomon {PROJECT['version']}"
    assert (elsewhere / "s.db").exists()


STORY = """
import cytomon
from cytomon.cli.main import main
print(cytomon.__file__, flush=True)
assert main(["template", "list"]) == 0
assert main("import --patients p.csv --store sqlite:///s.db --user ada".split()) == 0
main(["--version"])
"""
