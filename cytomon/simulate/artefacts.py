"""What is no single cell of the patient: pairs, rubbish, other patients' cells, disturbed runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cytomon.model.tube import BoolArray
from cytomon.simulate.expression import Float32Array
from cytomon.simulate.plan import Artefacts
from cytomon.simulate.populations import B_CELLS, T_CELLS, LabelArray, is_blast, label_names

IndexArray = NDArray[np.int64]
Pairs = tuple[str, IndexArray, IndexArray]

PAIR_AREA = 0.95
PAIR_HEIGHT = 0.15
CLOG_SHIFT_SD = 0.15
CLOG_FSC = 0.85
CLOG_SLOWDOWN = 4.0
CARRIED_WITHIN = 0.05
GAP_SHARE = 0.05


def counts_on_top(wanted: Artefacts, n_events: int) -> dict[str, int]:
    """Events beside the patient's viable single cells, by population.

    Only those that are drawn like a population; pairs come from `draw_pairs`.
    """
    return {
        "debris": round(wanted.debris * n_events),
        "dead": round(wanted.dead * n_events),
        "carry_over": round(wanted.carry_over * n_events),
    }


def draw_pairs(
    labels: LabelArray, n_cells: int, wanted: Artefacts, rng: np.random.Generator
) -> tuple[Pairs, ...]:
    """Choose which cells stick together.

    Parameters
    ----------
    labels : ndarray of uint8, shape (n_events,)
        Of all events; the first `n_cells` are viable single cells.
    n_cells : int
        Viable single cells.
    wanted : Artefacts
        Rates.
    rng : numpy.random.Generator
        Of the tube.

    Returns
    -------
    tuple of (label, first, second)
        Rows of both partners.
    """
    cells = labels[:n_cells]
    names = label_names()
    rows = {
        kind: np.flatnonzero(np.isin(cells, [i for i, name in enumerate(names) if chosen(name)]))
        for kind, chosen in (
            ("T", lambda name: name in T_CELLS),
            ("B", lambda name: name in B_CELLS),
            ("blast", is_blast),
        )
    }
    everything = np.arange(n_cells)
    n_any = round(wanted.doublets * n_cells)
    n_blast = rng.binomial(len(rows["blast"]), wanted.t_blast_doublets) if len(rows["T"]) else 0
    n_b = rng.binomial(len(rows["B"]), wanted.b_t_doublets) if len(rows["T"]) else 0
    return (
        ("doublet", _some(everything, n_any, rng), _some(everything, n_any, rng)),
        ("doublet_T_blast", _some(rows["T"], n_blast, rng), _some(rows["blast"], n_blast, rng)),
        ("doublet_B_T", _some(rows["B"], n_b, rng), _some(rows["T"], n_b, rng)),
    )


def _some(rows: IndexArray, n: int, rng: np.random.Generator) -> IndexArray:
    return rows[rng.integers(0, len(rows), n)] if n else rows[:0]


def stick_together(scatter: Float32Array, first: IndexArray, second: IndexArray) -> Float32Array:
    """Scatter of pairs: areas add up to 0.95 of both, the height hardly grows.

    Two equal cells have 1.9 times the area and 1.15 times the height of one.
    """
    one, other = scatter[first], scatter[second]
    pair = np.float32(PAIR_AREA) * (one + other)
    high, low = np.maximum(one[:, 1], other[:, 1]), np.minimum(one[:, 1], other[:, 1])
    pair[:, 1] = high + np.float32(PAIR_HEIGHT) * low
    return np.asarray(pair, dtype=np.float32)


def running_order(labels: LabelArray, rng: np.random.Generator) -> IndexArray:
    """Rows in the order of measurement: at random, but what was carried over comes first."""
    keys = rng.random(len(labels))
    keys[labels == label_names().index("carry_over")] *= CARRIED_WITHIN
    return np.argsort(keys, kind="stable")


def clogged(n_events: int, fraction: float, rng: np.random.Generator) -> BoolArray:
    """Which events, in the order of measurement, lie within the disturbed part of the run."""
    inside = np.zeros(n_events, dtype=np.bool_)
    length = round(fraction * n_events)
    start = int(rng.integers(n_events // 5, max(n_events // 5 + 1, n_events - length)))
    inside[start : start + length] = True
    return inside


def disturb(values: Float32Array, inside: BoolArray, rng: np.random.Generator) -> None:
    """Shift the detectors during a clog, in place; the first column is FSC-A."""
    factors = np.exp(CLOG_SHIFT_SD * rng.standard_normal(values.shape[1])).astype(np.float32)
    factors[0] = CLOG_FSC
    values[inside] *= factors


def arrival_times(inside: BoolArray, rate: float, rng: np.random.Generator) -> Float32Array:
    """Time of each event in hundredths of a second, never falling.

    A clog begins with a gap and runs slowly.
    """
    steps = rng.standard_exponential(len(inside), dtype=np.float32).astype(np.float64)
    steps *= 100.0 / rate
    if inside.any():
        steps[inside] *= CLOG_SLOWDOWN
        steps[int(np.argmax(inside))] += GAP_SHARE * len(inside) * 100.0 / rate
    return np.cumsum(steps).astype(np.float32)
