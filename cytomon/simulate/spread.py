"""How wide the populations are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cytomon.model.tube import FloatArray
from cytomon.simulate.populations import GRANULOCYTES, is_blast

SD_NEGATIVE = 0.15
NEGATIVE_BELOW = 0.45
SD: Mapping[str, float] = {
    "CD45": 0.15,
    "CD19": 0.22,
    "CD3": 0.15,
    "CD66c+CD123": 0.4,
    "CD24": 0.3,
    "CD66b": 0.3,
    "CD33+CD14": 0.3,
    "cyCD79a": 0.35,
    "Viability": 0.3,
    "CD16+CD56": 0.4,
    "Syto 41": 0.15,
    "CD73+CD304": 0.4,
}
SD_OTHER_MARKERS = 0.25
SD_BLAST: Mapping[str, float] = {
    "CD19": 0.35,
    "CD22": 0.40,
    "CD10": 0.40,
    "CD20": 0.8,
    "CD34": 0.5,
    "CD38": 0.4,
    "CD58": 0.35,
    "CD66c+CD123": 0.8,
    "CD81": 0.4,
    "CD73+CD304": 0.8,
}
SD_UNSPECIFIC = 0.5


def spread(name: str, markers: tuple[str, ...], medians: FloatArray) -> FloatArray:
    """Within-population standard deviations on L; shape (n_markers,).

    Negative markers are narrow, blasts are wide, dead cells and debris take up dye at random.
    """
    blast = SD_BLAST if is_blast(name) else {}
    wide = np.array([blast.get(marker, SD.get(marker, SD_OTHER_MARKERS)) for marker in markers])
    if name in GRANULOCYTES and "CD33+CD14" in markers:
        wide[markers.index("CD33+CD14")] = 0.7
    if name in ("dead", "debris"):
        return np.where(medians < NEGATIVE_BELOW, 2 * SD_NEGATIVE, np.maximum(wide, SD_UNSPECIFIC))
    partly = np.array([marker == "CD20" and is_blast(name) for marker in markers])
    return np.where((medians < NEGATIVE_BELOW) & ~(partly & (medians > 0.2)), SD_NEGATIVE, wide)


def scatter_cv(name: str) -> tuple[float, float]:
    """Coefficients of variation of FSC and SSC."""
    if name in GRANULOCYTES:
        return 0.10, 0.15
    if name == "monocyte" or is_blast(name):
        return 0.12, 0.20
    if name in ("dead", "debris"):
        return 0.30, 0.35
    return 0.08, 0.15
