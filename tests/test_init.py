"""What a notebook finds when it imports cytomon."""

from __future__ import annotations

from pathlib import Path

import pytest

import cytomon
from cytomon.errors import FcsError, InputError, TemplateError


def test_what_is_public_is_written_down():
    """Exactly these names, each of which is there, and no other shows in a star import."""
    assert sorted(cytomon.__all__) == [
        "CytomonError", "Measurement", "Specimen", "SpecimenType", "TubeResult", "findings_frame",
        "list_templates", "load_template", "measure_tube", "measurements_frame",
        "populations_frame", "read_mapping",
    ]  # fmt: skip
    assert all(getattr(cytomon, name) is not None for name in cytomon.__all__)
    space: dict[str, object] = {}
    exec("from cytomon import *", space)  # noqa: S102
    assert set(cytomon.__all__) == set(space) - {"__builtins__"}


def test_names_complete_and_unknown_ones_fail():
    """Tab completion shows what is public; a slip is an AttributeError."""
    assert set(cytomon.__all__) <= set(dir(cytomon))
    with pytest.raises(AttributeError, match="mesure_tube"):
        _ = cytomon.mesure_tube


def test_the_version_is_that_of_the_package():
    """One number in one place."""
    from importlib.metadata import version

    assert cytomon.__version__ == version("cytomon")


def test_a_quantity_that_was_not_measured_is_a_key_error(tubes: Path):
    """A result is asked by the quantity's name."""
    result = cytomon.measure_tube(tubes / "blood_a.fcs")
    assert result["b_fraction"].status == "RECOVERED"
    with pytest.raises(KeyError, match="mrd"):
        _ = result["mrd"]


def test_a_specimen_may_be_given(tubes: Path):
    """Its words reach the table."""
    specimen = cytomon.Specimen(specimen_type=cytomon.SpecimenType.BLOOD, patient_id="P9")
    result = cytomon.measure_tube(tubes / "blood_a.fcs", specimen=specimen, file="x/a.fcs")
    frame = cytomon.measurements_frame([result])
    assert set(frame["patient_id"]) == {"P9"}
    assert set(frame["file"]) == {"x/a.fcs"}


@pytest.mark.parametrize(
    ("name", "how", "error"),
    [
        ("broken.fcs", {}, FcsError),
        ("none.fcs", {}, FcsError),
        ("blood_a.fcs", {"template": "none"}, TemplateError),
        ("blood_a.fcs", {"template": "b_all_mrd"}, cytomon.CytomonError),
    ],
)
def test_what_cannot_be_measured_raises(
    tubes: Path, name: str, how: dict[str, str], error: type[Exception]
):
    """One kind of error to catch, with what, where and fix."""
    with pytest.raises(error) as caught:
        cytomon.measure_tube(tubes / name, **how)  # type: ignore[arg-type]
    assert isinstance(caught.value, cytomon.CytomonError)
    assert caught.value.what
    assert caught.value.fix


def test_a_mapping_from_a_file_overrides(tubes: Path, tmp_path: Path):
    """A detector that the tube has not is refused where the row names the tube."""
    path = tmp_path / "m.csv"
    path.write_text("file,detector,marker\nblood_a.fcs,None-A,CD19\n")
    with pytest.raises(cytomon.CytomonError, match="None-A"):
        cytomon.measure_tube(tubes / "blood_a.fcs", mapping=cytomon.read_mapping(path))
    path.write_text("detector,marker\nNone-A,CD19\n")
    result = cytomon.measure_tube(tubes / "blood_a.fcs", mapping=cytomon.read_mapping(path))
    assert "MAPPING_UNUSED" in {finding.code for finding in result.findings}


def test_errors_say_input_where_it_is_the_input():
    """The kinds of errors are kept apart."""
    assert issubclass(InputError, cytomon.CytomonError)
    assert not issubclass(InputError, FcsError)


def test_a_slip_in_the_code_is_no_matter_of_the_tube(tubes: Path):
    """An engine that does not exist is the caller's mistake."""
    with pytest.raises(ValueError, match="magic"):
        cytomon.measure_tube(tubes / "blood_a.fcs", engine="magic")
