"""The licences of what cytomon needs, as a page: ``python -m tests.packaging.licences``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution

from tests.packaging.needed import BASE, EXTRAS, ROOT, Needed, needed

PAGE = ROOT / "docs" / "reference" / "licences.md"
_GENERAL_PUBLIC = re.compile(r"(?<!L)GPL|Affero|(?<!Lesser )General Public", re.IGNORECASE)
_KNOWN = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|LGPL|Zlib|CC0)\b"
)
_HEAD = """# Licences

cytomon is under the Apache License 2.0. What it needs is below, with what each package says of its
licence in its own metadata: of the versions in `constraints.txt`, on Linux, with what they need in
turn. Nothing that is required is under the GPL or the AGPL.

- `psycopg`, the driver for PostgreSQL, is under the LGPL: programs under any licence may use it.
  It comes with the extra `postgres` only.
- The extra `gui` leaves the choice of Qt to you. PySide6 is under the LGPL. PyQt6 is under the GPL
  or a commercial licence; cytomon uses it in its own tests only.

This page is written by `make licences`.
"""


def licence_of(found: Distribution) -> str:
    """What a package says of its licence, in one line; empty if it says nothing."""
    about = found.metadata
    # another reader of metadata may be installed, to which a key that is not there is an error
    if "License-Expression" in about:
        return str(about["License-Expression"])
    classes = [name.rsplit(" :: ", 1)[-1] for name in about.get_all("Classifier") or ()
               if name.startswith("License :: ")]  # fmt: skip
    said = str(about.get("License", "")).strip()
    short = said if "\n" not in said and len(said) < 60 and said != "UNKNOWN" else ""
    return " OR ".join(classes) or short


def is_general_public(licence: str) -> bool:
    """Whether it is the GPL or the AGPL, or might be; the LGPL is neither."""
    return bool(_GENERAL_PUBLIC.search(licence))


def is_known(licence: str) -> bool:
    """Whether somebody has looked at what it asks for."""
    return bool(_KNOWN.search(licence))


def page() -> str:
    """The page, with a table of what is required and one of each extra."""
    all_ = needed()
    parts = [_HEAD]
    for group in (BASE, *EXTRAS):
        title = "Required" if group == BASE else f"With the extra `{group}`"
        rows = "".join(_rows(all_, group))
        parts.append(f"\n## {title}\n\n| package | licence |\n|---|---|\n{rows}")
    return "".join(parts)


def _rows(all_: dict[str, Needed], group: str) -> Iterator[str]:
    for one in all_.values():
        if group in one.wanted_by and (group == BASE or BASE not in one.wanted_by) and one.found:
            yield f"| {one.found.metadata['Name']} | {licence_of(one.found)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
