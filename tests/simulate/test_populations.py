"""The packaged tables and the scale they are written in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.simulate import populations
from cytomon.simulate.populations import (
    all_markers,
    frequencies,
    population_names,
    position,
    states,
    to_linear,
    to_scale,
)
from cytomon.simulate.spread import spread


def table(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return {row["population"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", ["populations.csv", "frequencies.csv"])
def test_packaged_tables_are_the_specification(shared: Path, name: str):
    """Every cell of the packaged tables equals the specification's."""
    packaged = Path(populations.__file__).with_name(name)

    assert table(packaged) == table(shared / "simulation" / name)


def test_every_population_has_its_extra_markers():
    """The table of extra markers covers the same populations."""
    extra = table(Path(populations.__file__).with_name("extra_markers.csv"))

    assert tuple(extra) == population_names()


@given(st.floats(-4, 6))
def test_scale_and_linear_are_inverse(level: float):
    """L to detector units and back is the identity."""
    assert float(to_scale(to_linear(np.float64(level)))) == pytest.approx(level, abs=1e-12)


@pytest.mark.parametrize(
    ("level", "linear"), [(0, 0), (1, 255), (2, 1_000), (3, 3_700), (4, 13_600), (5, 50_000)]
)
def test_scale_matches_the_printed_anchors(level: float, linear: float):
    """The specification prints these anchors, rounded to two digits."""
    assert float(to_linear(np.float64(level))) == pytest.approx(linear, rel=0.02)


def test_markers_by_canonical_name():
    """Columns of the tables are found under the names that stains carry."""
    basophil = position("basophil", ("CD66c+CD123", "CD33+CD14", "Viability"))

    assert basophil.medians.tolist() == [4.2, 2.2, 0.1]
    assert {"CD16+CD56", "Syto 41"} <= set(all_markers())


def test_spread_of_the_specification():
    """Blasts are wide, negatives narrow, granulocytes wide in CD33+CD14."""
    markers = ("CD19", "CD3", "CD33+CD14", "CD20")

    assert spread("blast_typical", markers, np.array([3.3, 0, 0.4, 0.6])).tolist() == [
        0.35,
        0.15,
        0.15,
        0.8,
    ]
    assert spread("gran_mature", markers, np.array([0, 0, 2.0, 0])).tolist() == [
        0.15,
        0.15,
        0.7,
        0.15,
    ]


@pytest.mark.parametrize("state", states())
def test_frequencies_sum_to_about_one(state: str):
    """Printed percentages add up to 97.7 to 100.4, as the specification's sum row says."""
    assert 0.977 <= sum(frequencies(state).values()) <= 1.004


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: frequencies("BM_d29"), "BM_d28_BCA"),
        (lambda: position("blast", ("CD19",)), "blast_typical"),
        (lambda: position("NK", ("CD99",)), "CD99"),
    ],
)
def test_unknown_names_are_refused(call: Callable[[], object], says: str):
    """A name that is not in the tables is refused with those that are."""
    with pytest.raises(ValueError, match=says):
        call()
