"""An antibody that stains nothing fails the tube; a detector out of range is said."""

from __future__ import annotations

import pytest

from cytomon.measure.controls import Stained, check_controls, check_margins
from cytomon.model.findings import Severity


def stained(positive: int, total: int) -> Stained:
    return Stained(
        marker="CD66b", population="granulocytes", positive=positive, total=total, at_least=0.3
    )


@pytest.mark.parametrize(
    ("positive", "total", "said"),
    [
        pytest.param(300, 1000, 0, id="just-enough"),
        pytest.param(299, 1000, 1, id="too-few"),
        pytest.param(0, 500, 1, id="none"),
        pytest.param(0, 499, 0, id="neutropenia-is-no-failure"),
    ],
)
def test_lineage_antibodies(positive: int, total: int, said: int):
    """Judged on at least 500 cells that are known without the antibody."""
    findings = list(check_controls([stained(positive, total)], where="t.fcs"))

    assert [(f.code, f.severity) for f in findings] == [("QC_MARKER", Severity.ERROR)] * said


def test_it_says_which_cells():
    """The marker, the cells, how many and how many are usual."""
    (finding,) = check_controls([stained(12, 4000)], where="t.fcs")

    assert finding.what == (
        "only 12 of 4000 granulocytes carry CD66b; in a sound tube at least 30% do"
    )


def test_margin_events():
    """From above 1 %, each detector with its share."""
    (finding,) = check_margins({"Y586-A": 0.034, "V450-A": 0.01, "B530-A": 0.0}, where="t.fcs")

    assert finding.code == "MARGIN_EVENTS"
    assert "range: Y586-A 3.4%;" in finding.what
    assert list(check_margins({"V450-A": 0.01}, where="t")) == []
