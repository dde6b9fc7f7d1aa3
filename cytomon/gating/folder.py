"""Where the templates and references are that come with cytomon."""

from __future__ import annotations

from pathlib import Path


def gate_folder() -> Path:
    """Folder of the templates; its folder ``references`` holds what they refer to."""
    packaged = Path(__file__).parents[1] / "_gates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "gates"
