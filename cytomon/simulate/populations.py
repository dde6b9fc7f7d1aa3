"""The tables a simulated tube is drawn from: where each population lies, and how wide it is.

Medians and frequencies are packaged as CSV. A third table adds the markers of other panels
(CD16+CD56, a nuclear dye, CD81, CD73+CD304). Positions are on the scale L, ``x = 150 sinh(1.3 L)``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from cytomon.model.tube import FloatArray

LabelArray = NDArray[np.uint8]

COFACTOR = 150.0
STEEPNESS = 1.3

COLUMN_OF_MARKER: Mapping[str, str] = {
    "CD66c+CD123": "CD66c123",
    "CD33+CD14": "CD33_14",
    "Viability": "Viab",
    "CD16+CD56": "CD16_56",
    "Syto 41": "Nucleus",
    "CD73+CD304": "CD73_304",
}
SCATTER_COLUMNS = ("FSC_k", "FSCH_ratio", "SSC_k")

GRANULOCYTES = ("gran_mature", "gran_immature")
T_CELLS = ("T_CD4", "T_CD8", "T_CAR_activated", "T_CAR_CD19dim")
B_CELLS = ("B_naive", "B_memory", "B_transitional")
LYMPHOCYTES = (*T_CELLS, "NK", *B_CELLS)
HEMATOGONES = ("hematogone_I", "hematogone_II", "hematogone_III")
MIXED_BLASTS = "blast_any"
EXTRA_LABELS = ("T_CAR_CD19dim", "carry_over", "doublet", "doublet_T_blast", "doublet_B_T")


def to_linear(scaled: FloatArray) -> FloatArray:
    """Turn positions on L into detector units.

    Examples
    --------
    >>> [round(float(to_linear(np.float64(level)))) for level in (0, 1, 2)]
    [0, 255, 1004]
    """
    return COFACTOR * np.sinh(STEEPNESS * np.asarray(scaled))


def to_scale(linear: FloatArray) -> FloatArray:
    """Turn detector units into positions on L; the inverse of `to_linear`."""
    return np.asarray(np.arcsinh(np.asarray(linear) / COFACTOR) / STEEPNESS)


def is_blast(population: str) -> bool:
    """Whether a population counts as leukaemic."""
    return population.startswith("blast_") or population == "lineage_switch_mono"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Position:
    """One row of the tables, for the markers of one panel.

    Attributes
    ----------
    name : str
        Of the population.
    fsc, ssc : float
        Medians in detector units, above 0.
    height_ratio : float
        FSC-H over FSC-A of a single cell.
    medians : ndarray, shape (n_markers,)
        On L, in the panel's order.
    """

    name: str
    fsc: float
    ssc: float
    height_ratio: float
    medians: FloatArray


@cache
def population_names() -> tuple[str, ...]:
    """Populations of the table, in its order."""
    return tuple(_rows("populations.csv"))


@cache
def all_markers() -> tuple[str, ...]:
    """Canonical names of all markers in the tables."""
    marker_of = {column: marker for marker, column in COLUMN_OF_MARKER.items()}
    columns = [name for name in _row("T_CD4") if name not in ("population", *SCATTER_COLUMNS)]
    return tuple(marker_of.get(column, column) for column in columns)


@cache
def states() -> tuple[str, ...]:
    """Specimens whose composition is known: columns of the frequency table."""
    first = next(iter(_rows("frequencies.csv").values()))
    return tuple(name for name in first if name != "population")


def position(name: str, markers: tuple[str, ...]) -> Position:
    """Look a population up.

    Raises
    ------
    ValueError
        If the table has no such population or marker.
    """
    row = _row(name)
    columns = [COLUMN_OF_MARKER.get(marker, marker) for marker in markers]
    unknown = [marker for marker, column in zip(markers, columns, strict=True) if column not in row]
    if unknown:
        msg = f"markers without a column in the tables: {unknown}"
        raise ValueError(msg)
    fsc, ratio, ssc = (float(row[column]) for column in SCATTER_COLUMNS)
    return Position(
        name=name,
        fsc=1000 * fsc,
        ssc=1000 * ssc,
        height_ratio=ratio,
        medians=np.array([float(row[column]) for column in columns]),
    )


def frequencies(state: str) -> dict[str, float]:
    """Fractions of viable nucleated singlets in a state, as printed: they do not sum to 1.

    Raises
    ------
    ValueError
        If the state is not one of `states`.
    """
    if state not in states():
        msg = f"state {state!r}: expected one of {', '.join(states())}"
        raise ValueError(msg)
    return {name: float(row[state]) / 100 for name, row in _rows("frequencies.csv").items()}


@cache
def label_names() -> tuple[str, ...]:
    """Names of the labels; the position is the label."""
    return (*population_names(), *EXTRA_LABELS)


def _row(name: str) -> dict[str, str]:
    rows = _rows("populations.csv")
    if name not in rows:
        msg = f"population {name!r}: expected one of {', '.join(rows)}"
        raise ValueError(msg)
    return {**rows[name], **_rows("extra_markers.csv")[name]}


@cache
def _rows(table: str) -> dict[str, dict[str, str]]:
    text = resources.files("cytomon.simulate").joinpath(table).read_text(encoding="utf-8")
    return {row["population"]: row for row in csv.DictReader(text.splitlines())}
