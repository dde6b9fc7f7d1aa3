"""Gating-strategy figures: drawn for every tube, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from cytomon.gating.figures import draw_strategy
from cytomon.gating.paint import paint_density, paint_histogram
from cytomon.gating.panels import MOST_GATES, panels_of
from cytomon.gating.stories import see
from cytomon.model.gating import Axis, Box, Ellipse, PlacedGate
from cytomon.model.results import TubeResult
from cytomon.pipeline import measure_placed, open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import SimulatedTube, simulate_tube, write_tube
from tests.gating.tubes import rewritten

PLANS = {
    "b_all_mrd": TubePlan(
        state="BM_m3_BCA", n_events=3_000, seed=321, blasts={"blast_typical": 0.05}
    ),
    "b_all_mrd_aieop_bfm": TubePlan(
        state="BM_m3_BCA", n_events=3_000, seed=322, blasts={}, panel="aieop_bfm"
    ),
    "b_all_mrd_euroflow": TubePlan(
        state="BM_m3_BCA",
        n_events=3_000,
        seed=324,
        blasts={"blast_CD19neg": 0.05},
        panel="euroflow_2",
    ),
    "lymphocyte_subsets": TubePlan(
        state="PB_m3_recovering", n_events=3_000, seed=323, panel="lymphocyte_subsets"
    ),
}
WIDTH = 1620


@pytest.fixture(scope="module")
def small() -> SimulatedTube:
    return simulate_tube(PLANS["lymphocyte_subsets"])


@pytest.fixture(scope="module")
def with_blasts() -> SimulatedTube:
    return simulate_tube(PLANS["b_all_mrd"])


def draw(path: Path, png: Path) -> tuple[TubeResult, np.ndarray]:
    """Measure and draw a file; the picture as an array."""
    opened = open_for_gating(path)
    result = measure_placed(opened, place_on(opened), specimen=None, file="tube.fcs")
    draw_strategy(png, see(opened.tube, result, opened.events))
    return result, matplotlib.image.imread(png)


def share_of_red(picture: np.ndarray) -> float:
    """Part of the pixels that are clearly red, as only gates and their names are."""
    red, others = picture[..., 0], picture[..., 1:3].max(axis=-1)
    return float((red - others > 0.4).mean())


@pytest.mark.parametrize("name", PLANS)
def test_each_template_is_drawn(name: str, tmp_path: Path):
    """Every shipped template gives a picture of the usual width, with gates on densities."""
    result, picture = draw(
        write_tube(simulate_tube(PLANS[name]), tmp_path, "tube"), tmp_path / "deep" / "a.png"
    )

    assert result.placement.template == name
    assert picture.shape[1] == WIDTH
    assert share_of_red(picture) > 2e-3
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.png"]


@pytest.mark.parametrize("n_events", [0, 1])
@pytest.mark.parametrize("of", ["small", "with_blasts"])
def test_nearly_empty_tubes(of: str, n_events: int, tmp_path: Path, request: pytest.FixtureRequest):
    """Nothing to show is shown without a warning."""
    tube = request.getfixturevalue(of)
    opened = rewritten(tube, tube.events[:n_events], tmp_path / "tube.fcs")

    _, picture = draw(opened.path, tmp_path / "a.png")

    assert picture.shape[1] == WIDTH


@pytest.mark.parametrize("factor", [1e-9, -50.0, 1e9])
def test_events_outside_every_view(factor: float, small: SimulatedTube, tmp_path: Path):
    """Events far from where they should be lie on the border and break nothing."""
    events = small.events.copy()
    events[:, :-1] *= np.float32(factor)
    opened = rewritten(small, events, tmp_path / "tube.fcs")

    _, picture = draw(opened.path, tmp_path / "a.png")

    assert picture.shape[1] == WIDTH


def test_a_name_that_looks_like_a_formula(small: SimulatedTube, tmp_path: Path):
    """It is written as it is."""
    path = write_tube(small, tmp_path, "tube")
    opened = open_for_gating(path)
    result = measure_placed(opened, place_on(opened), specimen=None, file="$\\frac$.fcs")

    draw_strategy(tmp_path / "a.png", see(opened.tube, result, opened.events))

    assert matplotlib.image.imread(tmp_path / "a.png").shape[1] == WIDTH


def test_events_that_are_no_numbers(small: SimulatedTube, tmp_path: Path):
    """Events without a value are in no plot."""
    events = small.events.copy()
    events[::7, 5] = np.nan
    events[::11, 1] = np.inf
    opened = rewritten(small, events, tmp_path / "tube.fcs")

    result, _ = draw(opened.path, tmp_path / "a.png")

    assert "EVENTS_NOT_FINITE" in {finding.code for finding in result.findings}


def test_a_few_blasts_can_be_seen(with_blasts: SimulatedTube, tmp_path: Path):
    """Ten blasts among thousands of cells leave their colour in the picture; none leave none."""
    blast = with_blasts.labels == with_blasts.label_names.index("blast_typical")
    some, none = ~blast, ~blast
    some = some.copy()
    some[np.flatnonzero(blast)[:10]] = True
    seen = []
    for name, rows in (("some", some), ("none", none)):
        opened = rewritten(with_blasts, with_blasts.events[rows], tmp_path / f"{name}.fcs")
        result, picture = draw(opened.path, tmp_path / f"{name}.png")
        counts = {p.path[-1]: p.count for p in result.populations}
        seen.append((counts["blasts"], _blast_pixels(picture)))
    (n_some, pixels_some), (n_none, pixels_none) = seen

    assert n_some >= 8
    assert n_none == 0
    assert pixels_some - pixels_none > 12 * n_some


def _blast_pixels(picture: np.ndarray) -> int:
    return int((np.abs(picture[..., :3] * 255 - (0xD1, 0x49, 0x5B)).max(axis=-1) < 1.5).sum())


def test_the_same_tube_gives_the_same_bytes(small: SimulatedTube, tmp_path: Path):
    """A picture is a function of its tube."""
    path = write_tube(small, tmp_path, "tube")
    for name in ("a.png", "b.png"):
        draw(path, tmp_path / name)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def axes(n: int) -> tuple[Axis, ...]:
    return tuple(Axis(channel=f"C{i}", label=f"M{i}") for i in range(n))


@pytest.mark.parametrize(("n", "views"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)])
def test_every_dimension_is_in_some_view(n: int, views: int):
    """A box of many dimensions is seen from as few sides as show them all."""
    gate = PlacedGate(
        name="g",
        parent="",
        axes=axes(n),
        shape=Box(bounds=tuple((float(i), None) for i in range(n))),
    )

    panels = list(panels_of([gate]))

    assert len(panels) == views
    assert {axis.label for panel in panels for axis in panel.axes} == {f"M{i}" for i in range(n)}
    for panel in panels:
        (seen,) = panel.gates
        assert isinstance(seen.shape, Box)
        assert [side[0] for side in seen.shape.bounds] == [float(a.label[1:]) for a in panel.axes]
        assert bool(panel.views[0]) is (views > 1)


def test_shadow_of_an_ellipsoid():
    """An ellipsoid is seen by the block of its covariance that belongs to the view."""
    covariance = tuple(tuple(10.0 * i + j for j in range(3)) for i in range(3))
    shape = Ellipse(mean=(1.0, 2.0, 3.0), covariance=covariance, distance_square=9.0)

    last = list(panels_of([PlacedGate(name="g", parent="", axes=axes(3), shape=shape)]))[-1]

    seen = last.gates[0].shape
    assert isinstance(seen, Ellipse)
    assert seen.mean == (2.0, 3.0)
    assert seen.covariance == ((11.0, 12.0), (21.0, 22.0))


def test_gates_share_a_plot_until_it_is_full():
    """Gates of one parent and the same dimensions share plots, at most three in each."""
    gates = [
        PlacedGate(name=f"g{i}", parent="p", axes=axes(2), shape=Box(bounds=((i, None), (i, None))))
        for i in range(4)
    ]

    panels = list(panels_of(gates))

    assert [len(panel.gates) for panel in panels] == [MOST_GATES, 1]
    assert [g.name for panel in panels for g in panel.gates] == [g.name for g in gates]


@pytest.mark.parametrize("limits", [None, (-1.0, 1.0)])
def test_values_off_the_scale_are_left_out(limits: tuple[float, float] | None):
    """Events that a logarithmic scale has no place for are in no density and no histogram."""
    figure = Figure()
    values = np.array([np.nan, -np.inf, 0.1, 0.2, 0.3, np.inf])
    density, histogram = figure.subplots(1, 2)

    paint_density(density, values, values[::-1], limits, limits)
    paint_histogram(histogram, values, limits)

    (image,) = density.images
    assert np.expm1(image.get_array()).sum() == pytest.approx(2)
    (shape,) = histogram.patches or [a for a in histogram.artists if isinstance(a, StepPatch)]
    assert (np.asarray(shape.get_data().values) ** 2).sum() == pytest.approx(3)
    assert np.isfinite([*density.get_xlim(), *histogram.get_xlim()]).all()
