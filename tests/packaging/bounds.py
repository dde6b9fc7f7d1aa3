"""The oldest versions that cytomon allows, as constraints: ``python -m tests.packaging.bounds``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from packaging.requirements import Requirement

from tests.packaging.needed import requirements


def oldest() -> Iterator[str]:
    """A line for each requirement of `pyproject.toml`: its name, held to its lower bound."""
    for _, requirement in requirements():
        yield f"{requirement.name}=={lower_bound(requirement)}"


def lower_bound(requirement: Requirement) -> str:
    """The oldest version that a requirement allows.

    Raises
    ------
    ValueError
        If it allows any.
    """
    found = [bound.version for bound in requirement.specifier if bound.operator == ">="]
    if len(found) != 1:
        raise ValueError(f"{requirement} names no oldest version")
    return found[0]


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in oldest())
