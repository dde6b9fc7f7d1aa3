"""Tubes that do what a test needs; other processes find them by this module's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A tube whose answer is known beforehand, and which leaves a mark when it is asked."""

    tube: str
    marks: str
    says: str = "POSITIVE"
    version: str = "1"
    condition: str = "plain"
    series: str = ""

    def said(self) -> dict[str, Any]:
        """What is known beforehand."""
        return {"suite": "dilution", "condition": self.condition, "series": self.series}

    def inputs(self) -> str:
        """Changes with the version."""
        return self.version

    def judged(self, folder: Path) -> dict[str, Any]:
        """Leave a mark, and answer as scripted."""
        (folder / "left_behind.fcs").write_bytes(b"x")
        with (Path(self.marks) / self.tube).open("a") as stream:
            stream.write("asked\n")
        if self.says == "break":
            msg = "as asked"
            raise ZeroDivisionError(msg)
        return {"status": self.says}
