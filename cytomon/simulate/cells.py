"""The single events of a tube, before they stick together and meet the instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.model.tube import BoolArray
from cytomon.simulate.artefacts import counts_on_top
from cytomon.simulate.biology import Biology
from cytomon.simulate.composition import draw_counts
from cytomon.simulate.expression import Float32Array, draw_events
from cytomon.simulate.populations import (
    HEMATOGONES,
    T_CELLS,
    LabelArray,
    is_blast,
    label_names,
)
from cytomon.simulate.truth import ANTIGENS, NoiseFree


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Single events, population by population.

    Attributes
    ----------
    scaled : ndarray of float32, shape (n_events, n_markers)
        Positions on L, free of noise.
    scatter : ndarray of float32, shape (n_events, 3)
        FSC-A, FSC-H, SSC-A in detector units.
    labels : ndarray of uint8, shape (n_events,)
        What each event is.
    n_viable : int
        The first so many are the patient's viable nucleated singlets.
    """

    scaled: Float32Array
    scatter: Float32Array
    labels: LabelArray
    n_viable: int


def draw_cells(biology: Biology, rng: np.random.Generator) -> Cells:
    """Draw every event that is no pair: the patient's viable cells first, then the rest."""
    viable = draw_counts(biology.plan, rng)
    n_viable = sum(viable.values())
    on_top = counts_on_top(biology.plan.artefacts, n_viable)
    n_events = n_viable + sum(on_top.values())
    scaled = np.empty((n_events, len(biology.markers)), dtype=np.float32)
    scatter = np.empty((n_events, 3), dtype=np.float32)
    labels = np.empty(n_events, dtype=np.uint8)
    row = 0
    for name, count in (*viable.items(), *on_top.items()):
        for label, drawn_scaled, drawn_scatter in _draw_population(name, count, biology, rng):
            rows = slice(row, row + len(drawn_scaled))
            scaled[rows], scatter[rows] = drawn_scaled, drawn_scatter
            labels[rows] = label_names().index(label)
            row = rows.stop
    return Cells(scaled=scaled, scatter=scatter, labels=labels, n_viable=n_viable)


def _draw_population(
    name: str, count: int, biology: Biology, rng: np.random.Generator
) -> Iterator[tuple[str, Float32Array, Float32Array]]:
    carried = name == "carry_over"
    components = biology.components(biology.plan.artefacts.carried if carried else name)
    shares = rng.multinomial(count, [component.weight for component in components])
    for component, share in zip(components, shares, strict=True):
        label = name if carried else component.label
        yield label, *draw_events(component, int(share), biology, rng)


def look_before_noise(cells: Cells, markers: tuple[str, ...]) -> NoiseFree:
    """Read off the drawn values what no instrument can tell so exactly."""
    scaled, labels = cells.scaled[: cells.n_viable], cells.labels[: cells.n_viable]
    columns = {marker: scaled[:, column] for column, marker in enumerate(markers)}
    leukaemic = _are(labels, is_blast)
    medians = {
        antigen: float(np.median(columns[antigen][leukaemic]))
        for antigen in ANTIGENS
        if antigen in columns and leukaemic.any()
    }
    bright = (columns["CD45"] > 3.6) & (cells.scatter[: cells.n_viable, 2] < 30_000)
    lymphocytes = bright & ~leukaemic & ~_are(labels, lambda name: name == "monocyte")
    mature = _mature_b(columns) & ~_are(labels, lambda name: name in T_CELLS)
    n_lymphocytes = int(lymphocytes.sum())
    n_b_cells = int((lymphocytes & mature).sum())
    return NoiseFree(
        b_fraction=n_b_cells / n_lymphocytes if n_lymphocytes else None,
        n_bright_precursors=int((lymphocytes & _are(labels, lambda n: n in HEMATOGONES)).sum()),
        blast_medians=medians,
    )


def _are(labels: LabelArray, wanted: Callable[[str], bool]) -> BoolArray:
    return np.array([wanted(name) for name in label_names()])[labels]


def _mature_b(columns: Mapping[str, Float32Array]) -> BoolArray:
    precursors = (columns["CD10"] > 1) & (columns["CD45"] < 4.05) | (columns["CD34"] > 1)
    return (columns["CD19"] > 1.5) & ~precursors
