"""What is read off the drawn values before any noise."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.simulate.cells import Cells, look_before_noise
from cytomon.simulate.populations import label_names

MARKERS = ("CD45", "CD19", "CD10", "CD34")
T_CELL = ("T_CD4", 4.6, 0.0, 0.0, 0.0, 15_000)
MATURE = ("B_naive", 4.5, 3.5, 0.0, 0.0, 14_000)


def cells(*rows: tuple[str, float, float, float, float, float]) -> Cells:
    names = label_names()
    values = np.array([row[1:] for row in rows], dtype=np.float32)
    scatter = np.repeat(values[:, 4:], 3, axis=1)
    labels = np.array([names.index(row[0]) for row in rows], dtype=np.uint8)
    return Cells(scaled=values[:, :4], scatter=scatter, labels=labels, n_viable=len(rows))


@pytest.mark.parametrize(
    ("third", "fraction"),
    [
        pytest.param(("B_memory", 4.5, 3.6, 0.0, 0.0, 16_000), 2 / 3, id="mature"),
        pytest.param(("B_transitional", 4.2, 3.5, 1.5, 0.0, 15_000), 2 / 3, id="transitional"),
        pytest.param(("hematogone_III", 3.9, 3.4, 1.8, 0.0, 13_000), 1 / 3, id="hematogone III"),
        pytest.param(("hematogone_I", 3.7, 2.4, 0.0, 3.2, 14_000), 1 / 3, id="CD34"),
        pytest.param(("hematogone_II", 3.0, 3.1, 3.4, 0.1, 13_000), 1 / 2, id="CD45 moderate"),
        pytest.param(("B_naive", 4.5, 3.5, 0.0, 0.0, 31_000), 1 / 2, id="side scatter"),
        pytest.param(("T_CAR_CD19dim", 4.4, 1.6, 0.0, 0.0, 22_000), 1 / 3, id="T with CD19"),
        pytest.param(("monocyte", 4.0, 0.1, 0.0, 0.0, 29_000), 1 / 2, id="monocyte"),
        pytest.param(("blast_typical", 4.0, 3.3, 0.0, 0.0, 16_000), 1 / 2, id="blast"),
    ],
)
def test_b_fraction_by_value(third: tuple, fraction: float):
    """A third event beside a T and a B cell counts as the definition says."""
    assert look_before_noise(cells(T_CELL, MATURE, third), MARKERS).b_fraction == fraction


def test_precursors_among_lymphocytes():
    """Hematogones with the CD45 of lymphocytes, whatever else the cut on CD10 makes of them."""
    bright = ("hematogone_III", 3.9, 3.4, 0.5, 0.0, 13_000)
    moderate = ("hematogone_II", 3.0, 3.1, 3.4, 0.1, 13_000)
    seen = look_before_noise(cells(T_CELL, MATURE, bright, moderate, bright), MARKERS)

    assert seen.n_bright_precursors == 2


def test_no_lymphocytes_no_fraction():
    """0 of 0 is no fraction."""
    nothing = cells(("erythroblast", 0.4, 0.0, 0.0, 0.0, 14_000))

    assert look_before_noise(nothing, MARKERS).b_fraction is None


def test_blast_medians():
    """The median of CD19 is of all blasts; CD22 is not in this panel."""
    blasts = [("blast_typical", 1.6, level, 4.4, 3.0, 16_000) for level in (3.0, 3.2, 3.6)]
    found = look_before_noise(cells(T_CELL, *blasts), MARKERS).blast_medians

    assert found == {"CD19": pytest.approx(3.2)}
