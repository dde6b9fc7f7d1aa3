"""What cytomon needs: every bound holds, every licence is known, and the lists are complete."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.packaging.bounds import lower_bound
from tests.packaging.licences import PAGE, is_general_public, is_known, licence_of, page
from tests.packaging.needed import BASE, ROOT, needed, requirements
from tests.packaging.sbom import bill
from tests.packaging.wheelhouse import keep_what_runs_everywhere, to_fetch


@pytest.fixture(scope="module")
def tested() -> dict[str, str]:
    """Versions in `constraints.txt`."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}


@pytest.mark.parametrize("requirement", [pytest.param(r, id=r.name) for _, r in requirements()])
def test_every_requirement_names_its_oldest_version(
    requirement: Requirement, tested: dict[str, str]
):
    """And the tested one is allowed."""
    lowest = lower_bound(requirement)
    assert requirement.specifier.contains(lowest)
    assert requirement.specifier.contains(tested[canonicalize_name(requirement.name)])
    assert Version(lowest) <= Version(tested[canonicalize_name(requirement.name)])


def test_every_distribution_that_users_get_has_a_tested_version(tested: dict[str, str]):
    """Also those that are needed by what is needed."""
    assert needed().keys() - tested.keys() == set()


def test_every_licence_is_known():
    """No GPL or AGPL, required or not; the LGPL in the extra for PostgreSQL alone."""
    all_ = needed()
    licences = {name: licence_of(one.found) for name, one in all_.items() if one.found}

    assert licences.keys() == all_.keys()
    assert [name for name, licence in licences.items() if not is_known(licence)] == []
    assert [name for name, licence in licences.items() if is_general_public(licence)] == []
    assert {name for name, licence in licences.items() if "LGPL" in licence} == {
        name for name, one in all_.items() if one.wanted_by == {"postgres"}
    }


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GNU Affero General Public License v3", True),
        ("MIT OR GPL-2.0-only", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("BSD-3-Clause", False),
    ],
)
def test_the_general_public_licence_is_recognised(licence: str, *, expected: bool):
    """In SPDX's words and in those of classifiers."""
    assert is_general_public(licence) is expected


def test_the_page_of_licences_is_of_what_is_installed():
    """The command ``make licences`` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_bill_of_materials_is_complete():
    """Each distribution once, with version, licence and what it needs, and no tool of ours."""
    made, all_ = bill(), needed()
    components = {part["bom-ref"]: part for part in made["components"]}
    needs = {part["ref"]: part["dependsOn"] for part in made["dependencies"]}

    assert list(components) == list(all_)
    assert all(part["version"] == version(name) for name, part in components.items())
    assert all(part["licenses"][0] for part in components.values())
    assert {name for name, part in components.items() if part["scope"] == "required"} == {
        name for name, one in all_.items() if BASE in one.wanted_by
    }
    assert needs.keys() == components.keys() | {"cytomon"}
    assert {child for children in needs.values() for child in children} <= components.keys()
    assert "numpy" in needs["cytomon"]
    assert not components.keys() & {"pytest", "ruff", "mypy", "sphinx", "pyqt6"}
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", made["serialNumber"])
    assert json.dumps(made) == json.dumps(bill())


def test_another_system_gets_what_only_it_needs(tmp_path: Path):
    """On Windows click colours a terminal with colorama; what runs everywhere is not fetched."""
    for name in ("flowio-1.4.0-py3-none-any.whl", "numpy-2.4.6-cp311-cp311-linux_x86_64.whl"):
        (tmp_path / name).touch()
    there = keep_what_runs_everywhere(tmp_path)
    lines = list(to_fetch(there))

    assert there == {"flowio"}
    assert [path.name for path in tmp_path.iterdir()] == ["flowio-1.4.0-py3-none-any.whl"]
    assert "colorama" in lines
    assert f"numpy=={version('numpy')}" in lines
    assert not [line for line in lines if line.startswith(("flowio", "pexpect", "ptyprocess"))]
