"""Rows as a study would write them, for tests of what is made of rows."""

from __future__ import annotations

from typing import Any

from cytomon.validate.rows import TubeRow


def row(tube: str = "t", **said: Any) -> TubeRow:  # noqa: ANN401  (a field each)
    """A plain tube of the dilution series with 100 of 100,000 blasts, all of them found."""
    usual: dict[str, Any] = {
        "suite": "dilution",
        "condition": "plain",
        "kind": "typical",
        "level": 1e-3,
        "state": "BM_m3_BCA",
        "seed": 200,
        "events": 100_000,
        "true_blasts": 100,
        "true_nucleated": 100_000,
        "true_status": "POSITIVE",
        "blasts": 100,
        "nucleated": 100_000,
        "found": 100,
        "status": "POSITIVE",
    }
    said = usual | said
    if "true_fraction" not in said and said["true_blasts"] is not None:
        said["true_fraction"] = said["true_blasts"] / said["true_nucleated"]
    return TubeRow(tube=tube, **said)


def blank(tube: str = "b", blasts: int = 0, **said: Any) -> TubeRow:  # noqa: ANN401  (same)
    """A plain tube without leukaemia."""
    usual: dict[str, Any] = {
        "suite": "blank",
        "kind": "",
        "level": None,
        "true_blasts": 0,
        "true_status": "NOT_DETECTED",
        "blasts": blasts,
        "found": 0,
        "status": "NOT_DETECTED",
    }
    return row(tube, **(usual | said))
