"""The page of the store says what the code does: tables, roles, and what an audit can find."""

from __future__ import annotations

import re

from cytomon.model.people import MAY, Act
from cytomon.store.tables import SCHEMA, metadata
from tests.docs.pages import DOCS, ROOT, first_column, read, rows, section

PAGE = read(DOCS / "reference" / "store.md")


def test_tables() -> None:
    """Every table has its line, and no other."""
    assert sorted(first_column(section(PAGE, "Tables"))) == sorted(metadata.tables)


def test_roles() -> None:
    """Who may do what, role by role."""
    acts = ("enter", "correct", "review", "acknowledge", "sign", "appoint")
    listed = {}
    for line in section(PAGE, "Roles").splitlines():
        if line.startswith("| ") and not line.startswith(("| role", "|---")):
            name, *cells = (cell.strip(" `") for cell in line.split("|")[1:-1])
            role = "" if name == "none" else name
            listed[role] = {act for act, cell in zip(acts, cells, strict=True) if cell == "yes"}

    assert listed == {role.value: {act.value for act in may} for role, may in MAY.items()}
    assert set(acts) == {act.value for act in Act}


def test_audit_codes() -> None:
    """Every code that an audit can give."""
    source = read(ROOT / "cytomon" / "store" / "verify.py")
    raised = set(re.findall(r'code="([A-Z_]+)"', source))
    listed = [cells[0].strip("`") for cells in rows(section(PAGE, "What `audit verify` can find"))]

    assert sorted(listed) == sorted(raised)


def test_layout() -> None:
    """The number that this version writes."""
    assert f"writes layout {SCHEMA}." in section(PAGE, "Layouts")
