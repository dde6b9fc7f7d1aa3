"""The pages under test, and how their tables and examples are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FACE = tuple(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))


def every_page() -> tuple[Path, ...]:
    """All pages of the project, those of the repository's face included."""
    built = DOCS / "_build"
    return (*FACE, *(p for p in sorted(DOCS.rglob("*.md")) if built not in p.parents))


def read(path: Path) -> str:
    """Text of a page."""
    return path.read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands between a heading of the second level and the next one."""
    _, found, rest = text.partition(f"\n## {heading}\n")
    assert found, f"no section {heading!r}"
    return rest.partition("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """Cells of every row of Markdown tables that begins with a code in backticks."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def first_column(text: str) -> list[str]:
    """Codes in the first cells of tables, in their order."""
    return [code for cells in rows(text) for code in re.findall(r"`([^`]+)`", cells[0])]


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of one language, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]
