"""The findings of this room: each is raised by a file, and each is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cytomon.fcs.intake import open_tube
from tests.fcs.builders import make_fcs, write

ROOT = Path(__file__).parents[2]


def test_every_code_is_explained() -> None:
    """A code that the package can raise has its line on the reference page, and no other has."""
    quoted = re.compile(r'"((?:FCS|SPILLOVER|PANEL)_[A-Z_]+)"')
    raised = {
        code
        for path in (ROOT / "cytomon" / "fcs").glob("*.py")
        for code in quoted.findall(path.read_text(encoding="utf-8"))
    }
    page = (ROOT / "docs" / "reference" / "fcs.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)) == raised


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (make_fcs(raw=b"NOTE/a/NOTE/b/"), "FCS_KEYWORD_TWICE"),
        (
            make_fcs(keywords={"$COM": "early"}, supplement=b"/$COM/late/$EXP/x/"),
            "FCS_STEXT_DIFFERS",
        ),
        (make_fcs(datatype="I", keywords={"$P1E": "4,1", "$P1G": "2"}), "FCS_GAIN_ON_LOG"),
        (make_fcs(keywords={"$P4N": "Time", "$TIMESTEP": "soon"}), "FCS_TIMESTEP_UNREADABLE"),
    ],
)
def test_raised(tmp_path: Path, content: bytes, code: str) -> None:
    """The defect alone gives the finding alone."""
    assert [finding.code for finding in open_tube(write(tmp_path, content)).findings] == [code]


def test_primary_text_counts(tmp_path: Path) -> None:
    """Supplemental keywords are added, and never replace those of the primary TEXT."""
    content = make_fcs(keywords={"$COM": "early"}, supplement=b"/$COM/late/$EXP/x/")

    tube = open_tube(write(tmp_path, content))

    assert (tube.keywords["$COM"], tube.keywords["$EXP"]) == ("early", "x")


def test_doubled_names(tmp_path: Path) -> None:
    """Equal names are told apart by column number; the others stay."""
    tube = open_tube(write(tmp_path, make_fcs(keywords={"$P4N": "FITC-A"})))

    assert [c.pnn for c in tube.channels] == ["FSC-A", "SSC-A", "FITC-A [P3]", "FITC-A [P4]"]
