"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared data: real tubes, compliance set, tables."""
    folder = Path(os.environ.get("CYTOMON_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip("shared data not found: set CYTOMON_SHARED to its folder")
    return folder
