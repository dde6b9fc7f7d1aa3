"""The documentation builds, its notebook runs, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built once, where a warning is an error."""
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q"]
    done = subprocess.run(  # noqa: S603
        [*command, "-d", str(out / "doctrees"), str(DOCS), str(out / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return out / "html"


def test_every_page_is_built(built: Path) -> None:
    """No page is left out of the tree."""
    sources = {p.relative_to(DOCS).with_suffix("") for p in DOCS.rglob("*.md")}
    sources = {path for path in sources if path.parts[0] != "_build"}

    assert {s for s in sources if not (built / s).with_suffix(".html").is_file()} == set()


def test_notebook_was_executed(built: Path) -> None:
    """The notebook's page shows what the code gave: a table, a picture, an error's three parts."""
    page = (built / "tutorial" / "notebook.html").read_text(encoding="utf-8")

    assert "POSITIVE 82 of 15010" in page
    assert "<td>stage0_progenitors</td>" in page
    assert re.search(r'<img[^>]+src="[^"]+\.png"', page)
    assert "does not begin like an FCS file" in page


def test_nothing_is_fetched(built: Path) -> None:
    """No page loads a script, style, font or picture from another machine."""
    loads = re.compile(r'<(?:script|img|iframe)[^>]+src="https?:|<link[^>]+href="https?:')
    found = [p.name for p in built.rglob("*.html") if loads.search(p.read_text(encoding="utf-8"))]

    assert found == []


def test_documented_values_have_attributes(built: Path) -> None:
    """The page of values shows what each value holds, not its name alone."""
    page = (built / "reference" / "data-model.html").read_text(encoding="utf-8")

    assert page.count("Attributes<span") >= 18
