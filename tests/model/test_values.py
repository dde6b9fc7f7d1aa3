"""The vocabulary keeps its invariants."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon import errors
from cytomon.model import findings, gating, patient, results
from cytomon.model import tube as tubes
from cytomon.model.gating import Box, PlacedGate, Placement
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Estimate, Kept, Measurement, Population, TubeResult
from cytomon.model.tube import Channel, DataLayout, Role, Spillover, Tube

KINDS = [
    errors.CytomonError,
    errors.FcsError,
    errors.PanelError,
    errors.TemplateError,
    errors.GatingError,
    errors.InputError,
]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_travel_between_processes(kind: type[errors.CytomonError]):
    """An error unpickled says what, where and how to mend, and is of its kind."""
    sent = kind("it is torn", where="page 3", fix="mend it")

    got = pickle.loads(pickle.dumps(sent))  # noqa: S301

    assert type(got) is kind
    assert (got.what, got.where, got.fix) == ("it is torn", "page 3", "mend it")
    assert str(got) == "it is torn\n  where: page 3\n  fix:   mend it"


def test_errors_have_codes_of_their_own():
    """Each kind of error can be told apart in a table, and all are caught as one."""
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    assert all(issubclass(kind, errors.CytomonError) for kind in KINDS)


VALUES = [
    value
    for module in (findings, gating, patient, results, tubes)
    for value in vars(module).values()
    if dataclasses.is_dataclass(value) and value.__module__ == module.__name__
]


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_values_are_frozen(kind: type):
    """No value of the vocabulary can be changed after it was made."""
    assert kind.__dataclass_params__.frozen
    assert not hasattr(kind, "__dict__") or "__slots__" in vars(kind)


def test_all_values_were_looked_at():
    """The list above is not empty by accident."""
    assert {"Placement", "Tube", "Measurement", "Specimen", "Finding"} <= {
        kind.__name__ for kind in VALUES
    }


@given(st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)))
def test_an_estimate_lies_in_its_interval(numbers: tuple[float, float, float]):
    """An interval that does not hold its value, or leaves [0, 1], can't be made."""
    low, value, high = numbers
    if 0 <= low <= value <= high <= 1:
        assert Estimate(value=value, low=low, high=high).value == value
    else:
        with pytest.raises(ValueError, match="interval"):
            Estimate(value=value, low=low, high=high)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_an_estimate_is_a_number(bad: float):
    """NaN and infinity are no estimates."""
    with pytest.raises(ValueError, match="interval"):
        Estimate(value=bad, low=0.0, high=1.0)


def test_nothing_of_nothing_is_no_fraction():
    """0 of 0 has no fraction; 0 of 5 is 0."""
    empty = Population(path=("a",), count=0, parent_count=0)

    assert empty.fraction_of_parent is None
    assert dataclasses.replace(empty, parent_count=5).fraction_of_parent == 0.0
    assert dataclasses.replace(empty, count=2, parent_count=5).fraction_of_parent == 0.4


def test_spillover_is_square():
    """A matrix has one row and one column for each detector."""
    with pytest.raises(ValueError, match=r"2 detectors has shape \(3, 3\)"):
        Spillover(detectors=("A", "B"), matrix=np.eye(3), keyword="SPILL")


def test_spillover_is_a_value_of_its_own():
    """The matrix can't be changed, neither in place nor through the array it came from."""
    source = np.eye(2)
    spillover = Spillover(detectors=("A", "B"), matrix=source, keyword="SPILL")
    source[0, 1] = 0.5

    assert spillover.matrix[0, 1] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        spillover.matrix[0, 1] = 0.5


def gate(name: str, parent: str) -> PlacedGate:
    return PlacedGate(name=name, parent=parent, shape=Box(bounds=()))


def test_path_of_a_gate():
    """A path leads from below the root to the gate."""
    placement = Placement(
        template="t", version="1", sha256="", gates=(gate("a", ""), gate("b", "a"), gate("c", "b"))
    )

    assert placement.path("c") == ("a", "b", "c")
    assert placement.path("a") == ("a",)
    with pytest.raises(KeyError):
        placement.path("d")


def a_tube(n_datasets: int) -> Tube:
    return Tube(
        path=Path("folder/marrow.lmd"),
        dataset=2,
        n_datasets=n_datasets,
        sha256="",
        version="FCS3.1",
        n_events=0,
        channels=(Channel(index=0, pnn="FSC-A", pns="", range=1024.0, role=Role.SCATTER),),
        spillover=None,
        keywords={"$SRC": "Somebody"},
        layout=DataLayout(begin=0, datatype="F", little_endian=True, row_bytes=4, file_bytes=0),
    )


def test_name_of_a_tube():
    """A tube is called by its file, and by its data set where the file holds several."""
    assert a_tube(1).name == "marrow.lmd"
    assert a_tube(3).name == "marrow.lmd#2"


def test_a_tube_does_not_show_its_keywords():
    """Keywords may name a person, so that no log shows them by accident."""
    assert "Somebody" not in repr(a_tube(1))


def test_kept_events_know_their_number():
    """The number of kept events is that of their rows."""
    assert Kept(rows=np.array([3, 5]), linear={}, scaled={}).n == 2


def test_a_result_is_asked_by_quantity():
    """A measurement is found by the name of its quantity, and a missing one is a KeyError."""
    mrd = Measurement(
        quantity="mrd", numerator=0, denominator=None, estimate=None, status="NOT_EVALUABLE"
    )
    result = TubeResult(
        file="a.fcs",
        sha256="",
        specimen=patient.Specimen(specimen_type=patient.SpecimenType.MARROW),
        placement=Placement(template="t", version="1", sha256="", gates=()),
        populations=(),
        measurements=(mrd,),
        findings=(),
        engine="flowkit",
    )

    assert result["mrd"] is mrd
    with pytest.raises(KeyError, match="b_fraction"):
        result["b_fraction"]


def test_a_specimen_takes_words_for_what_they_mean():
    """A word is as good as the enumeration's member: marrow is marrow."""
    found = Specimen(specimen_type="marrow", masked=("cd22",))

    assert found.specimen_type is SpecimenType.MARROW
    assert found.masked == ("CD22",)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"specimen_type": "marow"}, ValueError),
        ({"specimen_type": "marrow", "viability": 85}, ValueError),
        ({"specimen_type": "marrow", "instrument_qc": "Fail"}, ValueError),
        ({"specimen_type": "marrow", "pull": 0}, ValueError),
        ({"specimen_type": "marrow", "collected_on": "2026-03-20"}, TypeError),
    ],
)
def test_a_specimen_refuses_what_means_nothing(wrong: dict[str, Any], kind: type[Exception]):
    """What a worklist would refuse, a specimen made by hand refuses too."""
    with pytest.raises(kind):
        Specimen(**wrong)
