"""Reference pages say what the code does: columns, fields, quantities, commands, names."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Sequence
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

import cytomon
from cytomon.cli import main
from cytomon.fcs.mapping import MappingRow
from cytomon.gating import schema
from cytomon.gating.template import check_template, list_templates
from cytomon.measure.catalogue import CATALOGUE
from cytomon.pictures import DOUBTFUL
from cytomon.tables import FINDING_COLUMNS, MEASUREMENT_COLUMNS, POPULATION_COLUMNS
from cytomon.worklist import EventKind, EventRow, PatientRow, WorklistRow
from docs.command_line import page
from tests.docs.pages import DOCS, ROOT, blocks, first_column, read, section

FILES = read(DOCS / "reference" / "files.md")
TEMPLATES = read(DOCS / "reference" / "templates.md")
ARCHITECTURE = read(DOCS / "explanation" / "architecture.md")
PYTHON = read(DOCS / "reference" / "python.md")


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("measurements.csv", MEASUREMENT_COLUMNS),
        ("populations.csv", POPULATION_COLUMNS),
        ("findings.csv", FINDING_COLUMNS),
        ("worklist", tuple(WorklistRow.model_fields)),
        ("patients", tuple(PatientRow.model_fields)),
        ("events", tuple(EventRow.model_fields)),
        ("mapping", tuple(field.name for field in dataclasses.fields(MappingRow))),
    ],
)
def test_columns(heading: str, columns: Sequence[str]) -> None:
    """Each file's table lists its columns, in their order."""
    assert first_column(section(FILES, heading)) == list(columns)


def test_events() -> None:
    """Every kind of event is named."""
    assert set(get_args(EventKind)) <= set(re.findall(r"`(\w+)`", section(FILES, "events")))


def test_doubtful_figures() -> None:
    """What makes a tube doubtful is what the page says."""
    named = set(re.findall(r"`([A-Z_]+)`", section(FILES, "figures/")))

    assert named >= DOUBTFUL


def test_exit_codes() -> None:
    """The codes of the command line are those of the page."""
    listed = set(re.findall(r"^\| (\d+) \|", section(FILES, "Exit codes"), flags=re.MULTILINE))
    known = (main.DONE, main.USAGE, main.NOTHING, main.DEFECT, main.INTERRUPTED)

    assert listed == {"1", *(str(code) for code in known)}


def _models() -> list[type[BaseModel]]:
    found = [value for value in vars(schema).values() if isinstance(value, type)]
    return [m for m in found if issubclass(m, BaseModel) and m.__module__ != BaseModel.__module__]


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_template_fields(model: type[BaseModel]) -> None:
    """Every field that a template may have is described."""
    assert {name for name in model.model_fields if f"`{name}`" not in TEMPLATES} == set()


def test_template_example_is_sound() -> None:
    """The whole file on the page passes the check it describes."""
    whole = next(b for b in blocks(TEMPLATES, "yaml") if b.startswith("schema_version"))

    assert check_template(whole.encode()) == ()


def test_gate_examples_are_sound() -> None:
    """Every example of a gate is one, and every kind that is not in the whole file has one."""
    gate: TypeAdapter[schema.GateSpec] = TypeAdapter(schema.GateSpec)
    examples = [b for b in blocks(TEMPLATES, "yaml") if b.startswith("- ")]
    kinds = {
        gate.validate_python(yaml.load(example, yaml.BaseLoader)[0]).kind  # noqa: S506
        for example in examples
    }

    assert kinds >= {"rectangle", "polygon", "ellipse", "quadrant", "boolean", "score", "time"}


def test_quantities() -> None:
    """Every quantity of the catalogue has its line, and no other has."""
    listed = section(read(DOCS / "reference" / "measurements.md"), "Quantities")
    codes = [line.split("`")[1] for line in listed.splitlines() if line.startswith("| `")]

    assert codes == [row.code for row in CATALOGUE]


def test_templates() -> None:
    """Every shipped template has its section, and no other has."""
    trees = read(DOCS / "explanation" / "gating-trees.md")
    headings = re.findall(r"^## `(\w+)`", trees, flags=re.MULTILINE)

    assert sorted(headings) == sorted(t.name for t in list_templates())


def test_layers() -> None:
    """The layers that are drawn are those that are enforced."""
    settings = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in settings["contracts"] if c["type"] == "layers")
    (drawn, *_) = blocks(section(ARCHITECTURE, "Layers"), "text")

    assert drawn.split("\n")[:-1] == layers


def test_modules() -> None:
    """Every module and room of the package is explained."""
    package = ROOT / "cytomon"
    found = {p.stem for p in package.glob("[!_]*") if p.suffix == ".py" or p.is_dir()}
    listed = {
        name.removeprefix("cytomon.") for name in first_column(section(ARCHITECTURE, "Layers"))
    }

    assert listed == found


def test_commands() -> None:
    """The page of the command line is what the commands say of themselves."""
    found = read(DOCS / "reference" / "cli.md")

    assert found == page(), "run: python docs/command_line.py"


def test_public_names() -> None:
    """What the package gives is exactly this; a new name is a decision."""
    assert cytomon.__all__ == [
        "CytomonError",
        "Measurement",
        "Specimen",
        "SpecimenType",
        "TubeResult",
        "findings_frame",
        "list_templates",
        "load_template",
        "measure_tube",
        "measurements_frame",
        "populations_frame",
        "read_mapping",
    ]


@pytest.mark.parametrize("name", cytomon.__all__)
def test_public_name_is_explained(name: str) -> None:
    """A public name exists, says what it is, and stands on the page."""
    value = getattr(cytomon, name)

    assert value.__doc__
    assert f"`cytomon.{name}`" in PYTHON


def test_no_other_name_on_the_page() -> None:
    """The table of public names lists nothing that is not public."""
    listed = {name.removeprefix("cytomon.") for name in first_column(PYTHON)}

    assert listed == set(cytomon.__all__)
