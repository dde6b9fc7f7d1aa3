"""What cytomon is made of, for machines: ``python -m tests.packaging.sbom FILE``.

A software bill of materials in CycloneDX 1.6 (ECMA-424), of what is installed here. The tools of
those who work on cytomon are left out, and so is the time: the same set makes the same file.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from packaging.utils import canonicalize_name

from tests.packaging.licences import licence_of
from tests.packaging.needed import BASE, EXTRAS, PROJECT, Needed, needed, requirements

_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
Piece = dict[str, Any]


def bill() -> Piece:
    """The document."""
    all_ = needed()
    own = {
        "type": "application", "name": PROJECT["name"], "version": version(PROJECT["name"]),
        "bom-ref": PROJECT["name"], "licenses": [{"license": {"id": PROJECT["license"]}}],
        "description": PROJECT["description"],
    }  # fmt: skip
    made: Piece = {
        "metadata": {"component": own},
        "components": [_component(name, one) for name, one in all_.items()],
        "dependencies": [
            {"ref": PROJECT["name"], "dependsOn": _direct(all_)},
            *({"ref": name, "dependsOn": sorted(one.needs)} for name, one in all_.items()),
        ],
    }
    serial = uuid5(NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX",
        "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1, **made,
    }  # fmt: skip


def _component(name: str, one: Needed) -> Piece:
    if one.found is None:
        raise ValueError(name)
    about, licence = one.found.metadata, licence_of(one.found)
    spelled: Piece = {"license": {"name": licence}}
    if "License-Expression" in about and _EXPRESSION.fullmatch(licence):
        spelled = {"expression": licence}
    return {
        "type": "library", "name": str(about["Name"]), "version": one.found.version,
        "bom-ref": name, "purl": f"pkg:pypi/{name}@{one.found.version}",
        "scope": "required" if BASE in one.wanted_by else "optional",
        "licenses": [spelled],
        "properties": [
            {"name": "cytomon:extra", "value": extra} for extra in EXTRAS if extra in one.wanted_by
        ],
    }  # fmt: skip


def _direct(all_: dict[str, Needed]) -> list[str]:
    names = {canonicalize_name(requirement.name) for _, requirement in requirements()}
    return sorted(names & all_.keys())


if __name__ == "__main__":
    text = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
