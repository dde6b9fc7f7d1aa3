"""The events of a cloud: antigen and size, before any instrument."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cytomon.model.tube import FloatArray
from cytomon.simulate.biology import Biology, Component, Path
from cytomon.simulate.populations import is_blast
from cytomon.simulate.spread import SD_NEGATIVE, scatter_cv

Float32Array = NDArray[np.float32]

CD19_CD22_CORRELATION = 0.3
FSC_CD45_CORRELATION = 0.2
HEIGHT_NOISE = 0.03
TAIL_FREEDOM = 5.0


def draw_events(
    component: Component,
    n_events: int,
    biology: Biology,
    rng: np.random.Generator,
) -> tuple[Float32Array, Float32Array]:
    """Draw the events of one cloud.

    Returns
    -------
    scaled : ndarray of float32, shape (n_events, n_markers)
        Positions on L without any noise of the instrument.
    scatter : ndarray of float32, shape (n_events, 3)
        FSC-A, FSC-H and SSC-A in detector units.
    """
    markers = biology.markers
    noise = rng.standard_normal((n_events, 3 + len(markers)), dtype=np.float32)
    _correlate(noise, component.label, markers)
    if biology.plan.realism.heavy_tails:
        noise[:, 3:] *= _tails((n_events, len(markers)), rng)
    fsc, ssc, medians = _centres(component, n_events, biology.path, rng)
    scaled = noise[:, 3:]
    scaled *= component.spread.astype(np.float32)
    scaled += medians
    _fold_partial(scaled, component.spread)
    cv_fsc, cv_ssc = scatter_cv(component.label)
    scatter = np.empty((n_events, 3), dtype=np.float32)
    scatter[:, 0] = fsc * np.exp(np.float32(cv_fsc) * noise[:, 0])
    scatter[:, 1] = scatter[:, 0] * np.float32(component.centre.height_ratio)
    scatter[:, 1] *= np.exp(np.float32(HEIGHT_NOISE) * noise[:, 2])
    scatter[:, 2] = ssc * np.exp(np.float32(cv_ssc) * noise[:, 1])
    return scaled, scatter


def _correlate(noise: Float32Array, label: str, markers: tuple[str, ...]) -> None:
    """Large cells carry a little more CD45; blasts rich in CD19 are rich in CD22."""
    pairs = [(0, 3 + markers.index("CD45"), FSC_CD45_CORRELATION)] if "CD45" in markers else []
    if is_blast(label) and {"CD19", "CD22"} <= set(markers):
        first, second = (3 + markers.index(name) for name in ("CD19", "CD22"))
        pairs.append((first, second, CD19_CD22_CORRELATION))
    for source, target, correlation in pairs:
        own = np.float32(np.sqrt(1 - correlation**2))
        noise[:, target] = own * noise[:, target] + np.float32(correlation) * noise[:, source]


def _tails(shape: tuple[int, int], rng: np.random.Generator) -> Float32Array:
    """Factors that turn normal noise into Student's t of the same standard deviation."""
    gamma = rng.standard_gamma(TAIL_FREEDOM / 2, shape, dtype=np.float32)
    factors: Float32Array = np.sqrt(np.float32(TAIL_FREEDOM / 2 - 1) / gamma)
    return factors


def _centres(
    component: Component, n_events: int, path: Path, rng: np.random.Generator
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """FSC, SSC and medians: one row for a cloud, a row per event on the path."""
    if component.path is None:
        place = component.centre
        features = np.array([[place.fsc, place.ssc, *place.medians]])
    else:
        stage = rng.uniform(*component.path, n_events)
        columns = [np.interp(stage, path.nodes, column) for column in path.features.T]
        features = np.stack(columns, axis=1)
    rows = features.astype(np.float32)
    return rows[:, 0], rows[:, 1], rows[:, 2:]


def _fold_partial(scaled: Float32Array, width: FloatArray) -> None:
    """Below zero there is no antigen left to vary: only the spread of a negative remains."""
    for column in np.flatnonzero(width > SD_NEGATIVE):
        values = scaled[:, column]
        np.multiply(values, np.float32(SD_NEGATIVE / width[column]), out=values, where=values < 0)
