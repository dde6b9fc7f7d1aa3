"""The matrix of a file, in every spelling, or the reason why not."""

from __future__ import annotations

from pathlib import Path

import flowio
import flowutils
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.fcs.intake import open_tube
from cytomon.fcs.spillover import KEYWORDS, read_spillover
from cytomon.model.tube import Channel, Role
from tests.fcs.builders import make_fcs, write

NAMES = ("FSC-A", "FITC-A", "PE-A", "PE-H", "APC-A")
CHANNELS = tuple(
    Channel(index=i, pnn=name, pns="", range=1024, role=Role.FLUORESCENCE)
    for i, name in enumerate(NAMES)
)
MATRIX = [[1.0, 0.2], [0.05, 1.0]]


def read(text: str, keyword: str = "$SPILLOVER"):
    """Read one keyword."""
    return read_spillover({keyword: text}, CHANNELS, where="tube.fcs")


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword(keyword: str) -> None:
    """A matrix with detector names is read under any of the names that writers use."""
    spillover, findings = read("2,FITC-A,PE-A,1,0.2,0.05,1", keyword)

    assert spillover is not None
    assert (spillover.keyword, findings) == (keyword, ())
    assert spillover.detectors == ("FITC-A", "PE-A")
    assert spillover.matrix.tolist() == MATRIX


@pytest.mark.parametrize(
    "names",
    [
        "FITC-A,PE-A",
        " FITC-A , PE-A ",
        "2,3",
        "Comp-FITC-A,Comp-PE-A",
        "<FITC-A>,<PE-A>",
        "fitc-a,pe-a",
        "FITC-A :: CD20,PE-A :: CD10",
    ],
)
def test_detector_spellings(names: str) -> None:
    """Detectors are found by name, by number and through the marks of analysis programs."""
    spillover, findings = read(f"2,{names},1,0.2,0.05,1")

    assert spillover is not None
    assert (spillover.detectors, findings) == (("FITC-A", "PE-A"), ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "does not begin with the number"),
        ("0", "does not begin with the number"),
        ("99999,a", "does not begin with the number"),
        ("2,FITC-A,PE-A,1,0.2,0.05", "has 6 entries, 2 detectors need 7"),
        ("2,FITC-A,PE-A", "has 3 entries"),
        ("2,FITC-A,APC-H7-A,1,0,0,1", "detector number 2 is none of the tube's"),
        ("2,FITC-A,FITC-A,1,0,0,1", "names a detector twice"),
        ("2,FITC-A,PE-A,1,nan,0,1", "1 of its entries are not finite"),
        ("2,FITC-A,PE-A,1,,0,1", "1 of its entries are not finite"),
        ("2,FITC-A,PE-A,100,20,5,100", "diagonal is 100 at FITC-A"),
        ("2,FITC-A,PE-A,1,1,1,1", "cannot be inverted"),
        ("/etc/passwd", "does not begin with the number"),
    ],
)
def test_unreadable(text: str, reason: str) -> None:
    """A matrix that cannot be used leaves the tube without one, with an error that says why."""
    spillover, (finding,) = read(text)

    assert spillover is None
    assert (finding.code, finding.severity.value) == ("SPILLOVER_UNREADABLE", "error")
    assert reason in finding.what


@pytest.mark.parametrize("text", ["2,1,0.2,0.05,1", "2,0,-10.5,0,0"])
def test_compensation_of_fcs_3_0(text: str) -> None:
    """`$COMP` without names tells what was subtracted already; using it would do it twice."""
    spillover, (finding,) = read(text, "$COMP")

    assert spillover is None
    assert "subtracted already" in finding.what


def test_two_that_differ() -> None:
    """Two different matrices leave the tube without one; two equal ones are one."""
    first, second = "2,FITC-A,PE-A,1,0.2,0.05,1", "2,FITC-A,PE-A,1,0.3,0.05,1"

    spillover, (finding,) = read_spillover(
        {"$SPILLOVER": first, "SPILL": second}, CHANNELS, where="x"
    )
    assert spillover is None
    assert "$SPILLOVER and SPILL differ" in finding.what

    spillover, findings = read_spillover({"$SPILLOVER": first, "SPILL": first}, CHANNELS, where="x")
    assert spillover is not None
    assert findings == ()


def test_order_of_detectors() -> None:
    """One matrix is the same in whatever order it names its detectors; a transposed one is not."""
    first = "3,FITC-A,PE-A,APC-A,1,0.2,0,0.05,1,0.3,0,0.01,1"
    turned = "3,APC-A,FITC-A,PE-A,1,0,0.01,0,1,0.2,0.3,0.05,1"
    transposed = "3,APC-A,FITC-A,PE-A,1,0,0.3,0,1,0.05,0.01,0.2,1"

    spillover, findings = read_spillover(
        {"$SPILLOVER": first, "SPILL": turned}, CHANNELS, where="x"
    )
    assert spillover is not None
    assert (spillover.detectors, findings) == (("FITC-A", "PE-A", "APC-A"), ())

    spillover, (finding,) = read_spillover(
        {"$SPILLOVER": first, "SPILL": transposed}, CHANNELS, where="x"
    )
    assert spillover is None
    assert "differ" in finding.what


def test_identity() -> None:
    """A matrix that compensates nothing is used, with a warning."""
    spillover, (finding,) = read("2,FITC-A,PE-A,1,0,0,1")

    assert spillover is not None
    assert (finding.code, finding.severity.value) == ("SPILLOVER_IDENTITY", "warning")
    assert "nothing was compensated" in finding.what


@pytest.mark.parametrize(("spill", "codes"), [("1", []), ("1.01", ["SPILLOVER_STRANGE"])])
def test_more_than_all(spill: str, codes: list[str]) -> None:
    """A dye that shows more in another detector than in its own gets a warning with both names."""
    spillover, findings = read(f"2,FITC-A,PE-A,1,0.2,{spill},1")

    assert spillover is not None
    assert [finding.code for finding in findings] == codes
    assert all("PE-A spills 1.01 into FITC-A" in finding.what for finding in findings)
    assert all(finding.severity.value == "warning" for finding in findings)


def test_missing() -> None:
    """A file without a matrix is a file without a matrix; whether that matters is not said here."""
    assert read_spillover({"SPILL": " "}, CHANNELS, where="x") == (None, ())


def test_text_is_no_path(tmp_path: Path) -> None:
    """A keyword that is the path of a matrix file is not opened."""
    matrix = tmp_path / "matrix.csv"
    matrix.write_text("FITC-A,PE-A\n1,0.9\n0.9,1\n")

    tube = open_tube(write(tmp_path, make_fcs(keywords={"$SPILLOVER": str(matrix)}, delimiter="|")))

    assert tube.spillover is None
    assert [finding.code for finding in tube.findings] == ["SPILLOVER_UNREADABLE"]


def test_orientation(tmp_path: Path) -> None:
    """Row i is what fluorochrome i sends into each detector, as FlowUtils understands it."""
    text = "2,FITC-A,PE-A,1,0.2,0.05,1"
    path = write(tmp_path, make_fcs(keywords={"$SPILLOVER": text}))
    matrix, _ = flowutils.compensate.get_spill(flowio.FlowData(path).text["spillover"])

    spillover = open_tube(path).spillover

    assert spillover is not None
    np.testing.assert_array_equal(spillover.matrix, matrix)


@given(st.text(st.sampled_from("012,.-eFITC-A PE<>:"), max_size=60))
def test_any_text(text: str) -> None:
    """Any text is a matrix or a reason."""
    spillover, findings = read(text)

    assert (spillover is None) == ([f.code for f in findings] == ["SPILLOVER_UNREADABLE"]) or (
        not text.strip()
    )
