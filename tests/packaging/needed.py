"""What cytomon needs: the distributions that its requirements lead to, as they are installed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = tuple(name for name in PROJECT["optional-dependencies"] if name != "dev")
"""What users may install beside what is required; `dev` is for those who work on cytomon."""
BASE = "required"
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}
"""What the markers of requirements ask about another system than this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A distribution that somebody who installs cytomon gets.

    Attributes
    ----------
    found : Distribution or None
        As it is installed here; None for what another system needs alone.
    wanted_by : set of str
        `BASE`, and those of `EXTRAS` that lead to it.
    needs : set of str
        Canonical names of those that it requires itself.
    """

    found: Distribution | None
    wanted_by: set[str] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)


def requirements() -> Iterator[tuple[str, Requirement]]:
    """What `pyproject.toml` asks for, each with `BASE` or the extra that it stands under."""
    for text in PROJECT["dependencies"]:
        yield BASE, Requirement(text)
    for extra in EXTRAS:
        for text in PROJECT["optional-dependencies"][extra]:
            yield extra, Requirement(text)


def needed(system: Mapping[str, str] | None = None) -> dict[str, Needed]:
    """All distributions that cytomon leads to, by canonical name, in order.

    Parameters
    ----------
    system : mapping of str to str, optional
        Another system than this one: `WINDOWS`.

    Raises
    ------
    PackageNotFoundError
        If one that this system needs is not installed.
    """
    walk = _Walk(system)
    for extra, requirement in requirements():
        walk.follow(requirement, extra)
    return dict(sorted(walk.all.items()))


class _Walk:
    """From requirements to theirs."""

    def __init__(self, system: Mapping[str, str] | None) -> None:
        self.all: dict[str, Needed] = {}
        self._system = system
        self._seen: set[tuple[str, str, str]] = set()

    def follow(self, requirement: Requirement, extra: str) -> None:
        name = canonicalize_name(requirement.name)
        mine = self.all.get(name) or Needed(found=self._find(name))
        self.all[name] = mine
        mine.wanted_by.add(extra)
        for part in {"", *requirement.extras} - {
            p for n, p, e in self._seen if (n, e) == (name, extra)
        }:
            self._seen.add((name, part, extra))
            for text in (mine.found.requires if mine.found else None) or ():
                child = Requirement(text)
                if child.marker is None or child.marker.evaluate(self._about(part)):
                    mine.needs.add(canonicalize_name(child.name))
                    self.follow(child, extra)

    def _find(self, name: str) -> Distribution | None:
        try:
            return distribution(name)
        except PackageNotFoundError:
            if self._system is None:
                raise
            return None

    def _about(self, part: str) -> dict[str, str]:
        return {**(self._system or {}), "extra": part}
