"""Two cells that stick together are told by the sum of their lights and by their size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.gating.envelope.design import SCATTER, make_design, on_axes
from cytomon.gating.envelope.examine import examine
from cytomon.gating.envelope.mixture import begin
from cytomon.gating.envelope.pairs import likely_pair
from cytomon.gating.envelope.study import Fit
from cytomon.model.normal import LEUKAEMIC
from tests.gating.envelope.clouds import AXES, MARROW, cells, cloud, question


def linear(level: np.ndarray) -> np.ndarray:
    return 150 * np.sinh(1.3 * level)


def glued(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Light adds up in detector units, and so does forward scatter."""
    rows = []
    for axis, one, two in zip(AXES, first, second, strict=True):
        if axis in SCATTER:
            rows.append(one + two)
        else:
            rows.append(np.arcsinh((linear(one) + linear(two)) / 150) / 1.3)
    return np.array(rows)


def middle_of(name: str) -> np.ndarray:
    return np.array([[cloud(name).centre[axis]] for axis in AXES])


def resting(reference: object = MARROW) -> Fit:
    asked = question(middle_of("NK"))
    design = make_design(MARROW, AXES)
    return Fit(
        question=asked,
        reference=reference,  # type: ignore[arg-type]
        values=on_axes(AXES, asked.values),
        design=design,
        state=begin(design, 10_000),
    )


@pytest.mark.parametrize("frequent", MARROW.frequent)
@pytest.mark.parametrize("other", ["hematogone_I", "B_naive", "pDC"])
def test_a_pair_is_known_by_its_two_cells(frequent: str, other: str):
    """Any rare population stuck to a frequent one."""
    middle = on_axes(AXES, glued(middle_of(frequent), middle_of(other)))[:, 0]

    assert likely_pair(resting(), AXES, middle, 1)


@pytest.mark.parametrize("name", [one.name for one in MARROW.leukaemic])
def test_no_pattern_of_leukaemia_is_a_pair(name: str):
    """Nor is any that is half as large again."""
    middle = middle_of(name)
    large = middle.copy()
    large[AXES.index("FSC-A")] *= 1.5

    assert likely_pair(resting(), AXES, on_axes(AXES, middle)[:, 0], 1) == ""
    assert likely_pair(resting(), AXES, on_axes(AXES, large)[:, 0], 1) == ""


def test_a_pair_is_larger_than_its_cells():
    """The same lights at the size of one cell are no pair."""
    pair = glued(middle_of(MARROW.frequent[0]), middle_of("hematogone_I"))
    small = pair.copy()
    small[AXES.index("FSC-A")] = cloud("hematogone_I").centre["FSC-A"]

    assert likely_pair(resting(), AXES, on_axes(AXES, pair)[:, 0], 1)
    assert likely_pair(resting(), AXES, on_axes(AXES, small)[:, 0], 1) == ""


def test_without_frequent_cells_there_are_no_pairs():
    """A reference that names none, or a panel without forward scatter, cannot tell."""
    middle = on_axes(AXES, glued(middle_of(MARROW.frequent[0]), middle_of("B_naive")))[:, 0]

    assert likely_pair(resting(replace(MARROW, frequent=())), AXES, middle, 1) == ""
    keep = [row for row, axis in enumerate(AXES) if axis != "FSC-A"]
    axes = tuple(AXES[row] for row in keep)
    assert likely_pair(resting(), axes, middle[keep], 1) == ""


def test_pairs_are_few_beside_single_cells():
    """A cluster as large as the population itself is no pair, wherever it lies."""
    middle = on_axes(AXES, glued(middle_of(MARROW.frequent[0]), middle_of("B_naive")))[:, 0]

    assert likely_pair(resting(), AXES, middle, 50)
    assert likely_pair(resting(), AXES, middle, 5000) == ""


def test_pairs_are_not_counted_as_blasts():
    """A cluster of them beside the cells that they are made of."""
    rng = np.random.default_rng(380)
    early = cells(rng, "hematogone_I", 40)
    pairs = glued(early, cells(rng, MARROW.frequent[0], 40))
    normal = [
        cells(rng, name, n)
        for name, n in (("hematogone_I", 300), ("hematogone_II", 600), ("hematogone_III", 400))
    ]

    examination = examine(question(*normal, pairs), MARROW).examination

    assert examination.count(LEUKAEMIC) == 0
