"""What the table of cells says is what the outline says; doubt is only where the outline runs."""

from __future__ import annotations

import numpy as np
import pytest
from flowutils.gating import points_in_polygon
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.gating.engine.bounds import cuts
from cytomon.gating.engine.raster import CLOSE, INSIDE, Raster, extent, make_raster
from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Ellipse, Polygon, Scale
from tests.gating.engine.random_gates import SCALES

LINE = Axis(channel="x", label="x")
CURVES = [Axis(channel="y", label="y", scale=scale) for scale in SCALES if scale is not None]
places = st.floats(0.05, 0.95)
corners = st.lists(st.tuples(places, places), min_size=3, max_size=9)


def raster_of(shape: Polygon | Ellipse, axes: tuple[Axis, Axis]) -> Raster | None:
    low, high = (side.tolist() for side in extent(shape))
    ends = [cuts(axis.scale, pair) for axis, *pair in zip(axes, low, high, strict=True)]
    return make_raster(shape, axes, ends)  # type: ignore[arg-type]


def looked_up(raster: Raster, linear: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What the table says of the points within its ends, and which those are."""
    within = np.ones(len(linear[0]), dtype=bool)
    for ruler, values in zip(raster.rulers, linear, strict=True):
        within &= (values >= ruler.low) & (values < ruler.high)
    return raster.look_up(*(values[within] for values in linear)), within


def points(rng: np.random.Generator, n: int) -> list[np.ndarray]:
    """Many near zero, many bright ones, on both axes."""
    return [
        np.concatenate([rng.normal(0, 400, n), np.exp(rng.uniform(0, 12.4, n))])[
            rng.permutation(2 * n)
        ]
        for _ in range(2)
    ]


@settings(max_examples=60, deadline=None)  # the first example fills the caches of the scales
@given(corners=corners, kinds=st.tuples(st.sampled_from([LINE, *CURVES]), st.sampled_from(CURVES)))
def test_polygons(corners: list[tuple[float, float]], kinds: tuple[Axis, Axis]):
    """Any polygon, crossing itself too: no event is on the other side than FlowKit has it."""
    spans = [(0.0, 260_000.0) if axis.scale is None else span(axis.scale) for axis in kinds]
    vertices = tuple(
        tuple(low + part * (high - low) for part, (low, high) in zip(corner, spans, strict=True))
        for corner in corners
    )
    raster = raster_of(Polygon(vertices=vertices), kinds)
    if raster is None:
        return
    linear = points(np.random.default_rng(1), 3000)
    found, within = looked_up(raster, linear)
    scaled = np.column_stack(
        [to_scale(values, axis.scale) for values, axis in zip(linear, kinds, strict=True)]
    )
    inside = points_in_polygon(np.array(vertices), np.ascontiguousarray(scaled)).astype(bool)

    assert not inside[~within].any()
    sure = found != CLOSE
    np.testing.assert_array_equal(found[sure] == INSIDE, inside[within][sure])


def span(scale: Scale) -> tuple[float, float]:
    low, high = to_scale(np.array([1.0 if scale.kind == "log" else -800.0, 260_000.0]), scale)
    return float(low), float(high)


@pytest.mark.parametrize("seed", range(12))
def test_ellipses(seed: int):
    """By the squared distance itself."""
    rng = np.random.default_rng(320 + seed)
    axes = (LINE if seed % 3 == 0 else CURVES[seed % len(CURVES)], CURVES[(seed + 1) % len(CURVES)])
    units = [4096.0 if axis.scale and axis.scale.kind == "biex" else 1.0 for axis in axes]
    sizes = [
        20_000.0 if axis.scale is None else 0.1 * unit
        for axis, unit in zip(axes, units, strict=True)
    ]
    mixed = rng.standard_normal((2, 2)) + np.eye(2)
    covariance = np.outer(sizes, sizes) * (mixed @ mixed.T)
    centre = np.array(
        [
            60_000.0 if axis.scale is None else 0.55 * unit
            for axis, unit in zip(axes, units, strict=True)
        ]
    )
    shape = Ellipse(
        mean=tuple(centre),
        covariance=tuple(map(tuple, ((covariance + covariance.T) / 2).tolist())),
        distance_square=2.0,
    )
    raster = raster_of(shape, axes)
    assert raster is not None
    linear = points(rng, 20_000)
    found, within = looked_up(raster, linear)
    scaled = np.column_stack(
        [to_scale(values, axis.scale) for values, axis in zip(linear, axes, strict=True)]
    )
    away = scaled - centre
    inside = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away) <= 2.0

    assert not inside[~within].any()
    sure = found != CLOSE
    assert (found == INSIDE).any()
    np.testing.assert_array_equal(found[sure] == INSIDE, inside[within][sure])


def test_few_cells_are_close():
    """That is what the table is for."""
    square = Polygon(vertices=((0.3, 0.3), (0.3, 0.7), (0.7, 0.7), (0.7, 0.3)))
    raster = raster_of(square, (CURVES[0], CURVES[0]))

    assert raster is not None
    assert (raster.table == CLOSE).mean() < 0.06


def test_events_between_two_cells():
    """Cells are found in single precision: who stands on their border may land beside."""
    steep = Polygon(vertices=((0.42, 0.2), (0.48, 0.9), (0.55, 0.88), (0.5, 0.25)))
    axes = (CURVES[0], CURVES[0])
    raster = raster_of(steep, axes)
    assert raster is not None
    ruler, other = raster.rulers
    borders = np.array([
        np.int32((cell + ruler.first) << 18).view(np.float32) + ruler.origin
        for cell in range(1, ruler.n_cells)
    ])  # fmt: skip
    rng = np.random.default_rng(2)
    first = np.repeat(borders, 3000) * (1 + 3e-8 * rng.standard_normal(3000 * len(borders)))
    second = rng.uniform(other.low, other.high, len(first))
    found, within = looked_up(raster, [first, second])
    scaled = np.column_stack(
        [
            to_scale(values[within], axis.scale)
            for values, axis in zip((first, second), axes, strict=True)
        ]
    )
    inside = points_in_polygon(np.array(steep.vertices), np.ascontiguousarray(scaled)).astype(bool)
    sure = found != CLOSE

    np.testing.assert_array_equal(found[sure] == INSIDE, inside[sure])
