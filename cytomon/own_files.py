"""The folder for what cytomon remembers of its user's work, which may be removed at any time."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from cytomon.errors import InputError
from cytomon.tables import whole

VARIABLE = "CYTOMON_CACHE"
"""Names the folder; ``none`` for no file at all."""


def own_folder() -> Path | None:
    """The folder, which need not be there; None where the user wants none."""
    said = os.environ.get(VARIABLE, "")
    if said.casefold() == "none":
        return None
    return Path(said) if said else _usual()


def write_own(path: Path, text: str) -> None:
    """Write a file that its user alone can read; where that fails, nothing is lost."""
    with suppress(OSError, InputError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole(path, mode=0o600) as part:
            part.write_text(text, encoding="utf-8")


def _usual() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "cytomon"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cytomon"
