"""Key plots: every event of the answer is in them, and what stands beside it is the tube's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cytomon.gating.columns import Columns
from cytomon.gating.key_plots import (
    BINS,
    DOUBT,
    EVENT,
    FARTHEST,
    LEAST_REFERENCE,
    LEVELS,
    NARROWEST,
    SIDE,
    DensityPlot,
    KeyPlots,
    indexed,
    key_plots,
    most_pixels,
)
from cytomon.gating.paint import DENSITY
from cytomon.gating.stories import (
    MOST_GATES,
    MOST_POINTS,
    STORIES,
    Seen,
    gates_of,
    outlined,
    pairs_of,
    see,
    shown,
)
from cytomon.gating.views import L_VIEW, SCATTER_VIEW, bins
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Operand,
    PlacedGate,
    Placement,
    Polygon,
    Shape,
)
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Kept, TubeResult
from cytomon.model.tube import Channel, Role
from cytomon.pipeline import measure_placed, open_for_gating, place_on

SAMPLES = Path(__file__).parents[2] / "sample_fcs"
PNG = b"a picture"


def seen_in(name: str) -> Seen:
    opened = open_for_gating(SAMPLES / f"{name}.fcs")
    result = measure_placed(opened, place_on(opened), specimen=None, file=f"{name}.fcs")
    return see(opened.tube, result, opened.events)


@pytest.fixture(scope="module")
def some() -> Seen:
    """82 blasts, and one event to be checked by eye."""
    return seen_in("P002_d060_marrow_b_all_mrd")


@pytest.fixture(scope="module")
def many() -> Seen:
    """More than half of the cells are blasts."""
    return seen_in("P006_d180_marrow_b_all_mrd")


@pytest.fixture(scope="module")
def blood() -> Seen:
    """A tube for lymphocytes, which looks for no blasts."""
    return seen_in("P007_d092_blood_lymphocyte_subsets")


def pixels_of(plot: DensityPlot, seen: Seen, rows: np.ndarray) -> set[tuple[int, int]]:
    """Row and column of each event, counted out from the edges of the pixels."""
    axes = {axis.label: axis for gate in seen.result.placement.gates for axis in gate.axes}
    at = []
    for label, limits in ((plot.y, plot.y_view), (plot.x, plot.x_view)):
        values = np.clip(seen.columns.column(axes[label])[rows], *limits)
        edges = np.linspace(*limits, SIDE + 1)
        at.append(np.clip(np.searchsorted(edges, values, side="right") - 1, 0, SIDE - 1))
    return set(zip(*(place.tolist() for place in at), strict=True))


def marked(plot: DensityPlot, code: int) -> set[tuple[int, int]]:
    return set(map(tuple, np.argwhere(plot.raster == code).tolist()))


def near(pixels: set[tuple[int, int]], reach: int) -> set[tuple[int, int]]:
    steps = range(-reach, reach + 1)
    return {
        (row + down, column + right) for row, column in pixels for down in steps for right in steps
    }


# What is drawn of a tube


@pytest.mark.parametrize("name", ["some", "many"])
def test_every_blast_is_in_every_plot(name: str, request: pytest.FixtureRequest):
    """Found from the kept events: none is missing, and nothing far from one has their colour."""
    seen = request.getfixturevalue(name)
    blasts = seen.result.kept["blasts"]

    plots = key_plots(seen, PNG)

    assert len(plots.densities) == 4
    for plot in plots.densities:
        expected = pixels_of(plot, seen, blasts.rows)
        assert expected <= marked(plot, EVENT)
        assert marked(plot, EVENT) <= near(expected, 2)
        assert plot.n_events == blasts.n == seen.result["mrd"].numerator


def test_the_pixels_of_many_blasts_are_theirs_alone(many: Seen):
    """Where there are thousands, each has one pixel."""
    for plot in key_plots(many, PNG).densities:
        assert marked(plot, EVENT) == pixels_of(plot, many, many.result.kept["blasts"].rows)


def test_antigens_of_blasts_by_the_numbers_of_the_call(some: Seen):
    """On CD19 and CD22 an event lies where the number says that its call was made from."""
    (plot,) = (one for one in key_plots(some, PNG).densities if (one.x, one.y) == ("CD19", "CD22"))
    kept = some.result.kept["blasts"].scaled

    columns, rows = (
        np.floor((kept[marker] - L_VIEW[0]) / (L_VIEW[1] - L_VIEW[0]) * SIDE).astype(int)
        for marker in ("CD19", "CD22")
    )

    assert (plot.x_view, plot.y_view) == (L_VIEW, L_VIEW)
    assert (plot.raster[rows, columns] == EVENT).all()


def test_an_event_to_be_checked_by_eye_is_seen(some: Seen):
    """In its own colour, unless a blast has the very same pixel."""
    by_eye = some.result.kept["by_eye"]
    for plot in key_plots(some, PNG).densities:
        covered = pixels_of(plot, some, by_eye.rows) - marked(plot, DOUBT)

        assert plot.n_doubt == by_eye.n == 1
        assert covered <= pixels_of(plot, some, some.result.kept["blasts"].rows)
        assert marked(plot, DOUBT)


def test_few_events_have_bigger_marks(some: Seen, many: Seen):
    """Ten pixels or so for each of some dozens, fewer than one for each of thousands."""
    (few, *_), (lots, *_) = (key_plots(seen, PNG).densities for seen in (some, many))
    assert len(marked(few, EVENT)) > 3 * len(pixels_of(few, some, some.result.kept["blasts"].rows))
    assert len(marked(lots, EVENT)) < lots.n_events


def test_the_density_is_of_the_background(some: Seen):
    """A level wherever a nucleated cell lies, none where there is none, most where most lie."""
    nucleated = np.flatnonzero(some.members[some.result.placement.roles["nucleated"]])
    for plot in key_plots(some, PNG).densities:
        free = plot.raster <= LEVELS
        cells = np.zeros((SIDE, SIDE), dtype=bool)
        cells[tuple(np.array(list(pixels_of(plot, some, nucleated))).T)] = True

        assert ((plot.raster > 0) == cells)[free].all()
        assert plot.raster[free].max() == LEVELS


def test_which_plots_a_tube_has(some: Seen, blood: Seen):
    """The first four pairs that the panel allows: of the blasts, else of the B cells."""
    named = {
        name: [(one.x, one.y) for one in key_plots(seen, PNG).densities]
        for name, seen in (("some", some), ("blood", blood))
    }
    assert named["some"] == [
        ("CD45", "SSC-A"), ("CD19", "CD10"), ("CD10", "CD38"), ("CD19", "CD22"),
    ]  # fmt: skip
    assert named["blood"] == [
        ("CD45", "SSC-A"), ("CD19", "CD3"), ("CD19", "CD20"), ("CD19", "CD10"),
    ]  # fmt: skip


def test_a_panel_without_cd22_has_four_plots():
    """The next pair takes the place of the one that is not stained; no blasts are no obstacle."""
    plots = key_plots(seen_in("P001_d091_marrow_aieop_bfm"), PNG)

    assert [(one.x, one.y) for one in plots.densities][-1] == ("CD34", "CD45")
    assert {one.says for one in plots.densities} == {"0 blasts on nucleated cells"}
    assert plots.histograms == ()


def test_a_blood_tube_shows_its_b_cells(blood: Seen):
    """Each of them, on the lymphocytes; no antigen of blasts."""
    plots = key_plots(blood, PNG)
    rows = blood.result.kept["b_cells"].rows

    for plot in plots.densities:
        assert pixels_of(plot, blood, rows) <= marked(plot, EVENT)
        assert plot.says == f"{len(rows)} B cells on lymphocytes"
    assert plots.histograms == ()


def test_a_histogram_holds_what_the_call_was_made_from(some: Seen):
    """Counts from the kept events, threshold and call from the measurement."""
    found = key_plots(some, PNG).histograms

    assert [one.marker for one in found] == ["CD19", "CD22"]
    for one in found:
        call = some.result[f"{one.marker.lower()}_blasts"]
        assert (one.call, one.threshold) == (call.status, call.details["threshold"])
        assert call.estimate is not None
        assert one.fraction == call.estimate.value
        assert one.negative is not None
        for drawn in (one.blasts, one.negative):
            values = some.result.kept[drawn.role].scaled[one.marker]
            counts, _ = np.histogram(np.clip(values, *L_VIEW), bins=BINS, range=L_VIEW)
            assert drawn.n == len(values) == drawn.counts.sum()
            assert np.abs(drawn.counts.astype(int) - counts).sum() <= 2
        assert one.negative.role == call.details["negative_reference"]


@pytest.mark.parametrize("n", [LEAST_REFERENCE - 1, LEAST_REFERENCE])
def test_a_reference_of_a_few_cells_is_not_shown(some: Seen, n: int):
    """They have no shape."""
    t_cells = some.result.kept["t_cells"]
    few = Kept(
        rows=t_cells.rows[:n],
        linear={},
        scaled={marker: values[:n] for marker, values in t_cells.scaled.items()},
    )
    result = dataclasses.replace(some.result, kept={**some.result.kept, "mature_b": few})

    found = key_plots(dataclasses.replace(some, result=result), PNG).histograms

    assert [one.positive and one.positive.n for one in found] == [n if n >= 50 else None] * 2


def test_nothing_that_is_drawn_touches_a_count(some: Seen):
    """Members, kept events and populations are as they were."""
    members = {name: who.copy() for name, who in some.members.items()}
    kept = {role: one.rows.copy() for role, one in some.result.kept.items()}

    key_plots(some, PNG)

    assert all((some.members[name] == who).all() for name, who in members.items())
    assert all((some.result.kept[role].rows == rows).all() for role, rows in kept.items())
    assert {p.path[-1]: p.count for p in some.result.populations} == {
        name: int(who.sum()) for name, who in members.items() if name
    }


# The gates on the plots


def gates_on(plot: DensityPlot) -> list[str]:
    return [*(one.name for one in plot.outlines), *(one.name for one in plot.thresholds)]


def test_every_plot_shows_gates(some: Seen, blood: Seen):
    """Those that the population depends on, and the lymphocytes, under their own names."""
    named = {
        name: [gates_on(one) for one in key_plots(seen, PNG).densities]
        for name, seen in (("some", some), ("blood", blood))
    }
    assert named["some"] == [
        ["cd45_dim_small", "lymphoid_scatter"], ["cd19_above", "cd10_above"], ["cd10_above"],
        ["cd19_above", "cd22_above"],
    ]  # fmt: skip
    assert named["blood"] == [
        ["wide_scatter", "lymphoid_scatter"], ["cd19_clear", "cd3_pos"], ["cd19_clear", "cd20_pos"],
        ["cd19_clear", "cd10_pos"],
    ]  # fmt: skip


def test_a_gate_stands_where_it_was_placed(some: Seen):
    """Each line at a bound of its gate, each corner at one or just inside the frame."""
    gates = {gate.name: gate for gate in some.result.placement.gates}
    for plot in key_plots(some, PNG).densities:
        for line in plot.thresholds:
            shape = gates[line.name].shape
            assert isinstance(shape, Box)
            assert shape.bounds == ((line.at, None),)
        for one in plot.outlines:
            shape = gates[one.name].shape
            assert isinstance(shape, Box)
            (low, high), (_, top) = shape.bounds
            assert {x for x, _ in one.points} & {low, high}
            assert {y for _, y in one.points} & {top}


def test_a_gate_of_more_dimensions_that_holds_the_blasts():
    """Where no gate has CD19 alone, the side of the one that every blast has passed is shown."""
    seen = seen_in("P001_d091_marrow_aieop_bfm")
    cd19 = next(one for one in key_plots(seen, PNG).densities if (one.x, one.y) == ("CD19", "CD10"))
    assert gates_on(cd19) == ["cd19_pos", "cd10_above"]
    # the lymphocytes are bounded by CD45 too, and no blast has to be one
    cd45 = next(one for one in key_plots(seen, PNG).densities if (one.x, one.y) == ("CD34", "CD45"))
    assert gates_on(cd45) == ["cd34_above"]


# Laws on tubes that are made up

X, Y = Axis(channel="CD45-A", label="CD45"), Axis(channel="SSC-A", label="SSC-A")


def made_up(values: np.ndarray, blasts: np.ndarray, doubt: np.ndarray) -> Seen:
    """A tube of two dimensions, of which it is known what each event is."""
    gates = tuple(
        PlacedGate(name=name, parent="", axes=(X, Y), shape=Box(bounds=((None, None),) * 2))
        for name in ("blasts", "by_eye", "all")
    )
    placement = Placement(
        template="t", version="1", sha256="", gates=gates,
        roles={"blasts": "blasts", "by_eye": "by_eye", "nucleated": "all"},
    )  # fmt: skip
    channels = [
        Channel(index=i, pnn=axis.channel, pns="", range=1.0, role=Role.FLUORESCENCE)
        for i, axis in enumerate((X, Y))
    ]
    result = TubeResult(
        file="f", sha256="", specimen=Specimen(specimen_type=SpecimenType.MARROW),
        placement=placement, populations=(), measurements=(), findings=(), engine="",
    )  # fmt: skip
    everything = np.ones(len(values), dtype=bool)
    members = {"blasts": blasts, "by_eye": doubt, "all": everything, "": everything}
    return Seen(result=result, columns=Columns(values, channels, {}), members=members)


def gated(*gates: PlacedGate) -> Seen:
    """A tube whose blasts depend on these gates."""
    seen = made_up(np.zeros((3, 2)), np.ones(3, dtype=bool), np.zeros(3, dtype=bool))
    depends = Boolean(every=tuple(Operand(gate=gate.name) for gate in gates))
    blasts = PlacedGate(name="blasts", parent="", shape=depends)
    placement = dataclasses.replace(
        seen.result.placement, gates=(*gates, blasts), roles={"blasts": "blasts"}
    )
    result = dataclasses.replace(seen.result, placement=placement)
    return dataclasses.replace(seen, result=result)


def on_both(shape: Shape, axes: tuple[Axis, ...], **changes: str | bool) -> PlacedGate:
    gate = PlacedGate(name="gate", parent="", axes=axes, shape=shape)
    return dataclasses.replace(gate, **changes)  # type: ignore[arg-type]


VIEWS = ((-1.0, 5.0), (0.0, 100.0))
ELLIPSE = Ellipse(mean=(2.0, 50.0), covariance=((1.0, 4.0), (4.0, 100.0)), distance_square=4.0)


def test_an_outline_in_either_order():
    """A gate drawn with its axes turned is the same outline."""
    shapes: list[tuple[Shape, Shape]] = [
        (Box(bounds=((1, 2), (10, None))), Box(bounds=((10, None), (1, 2)))),
        (
            Polygon(vertices=((1, 10), (2, 20), (3, 5))),
            Polygon(vertices=((10, 1), (20, 2), (5, 3))),
        ),
    ]
    for straight, turned in shapes:
        found = [
            set(outlined(STORIES[0], gated(gate), (X, Y), VIEWS)[0][0].points)
            for gate in (on_both(straight, (X, Y)), on_both(turned, (Y, X)))
        ]
        assert found[0] == found[1]


def test_an_ellipse_is_drawn_by_points_on_its_edge():
    """Each at the distance that the gate allows."""
    ((found,), _) = outlined(STORIES[0], gated(on_both(ELLIPSE, (X, Y))), (X, Y), VIEWS)
    off = np.array(found.points) - ELLIPSE.mean
    distances = np.einsum("ni,ij,nj->n", off, np.linalg.inv(ELLIPSE.covariance), off)
    assert distances == pytest.approx(4.0)
    assert np.ptp(np.array(found.points), axis=0) == pytest.approx([4.0, 40.0], rel=0.01)


@pytest.mark.parametrize(
    "gate",
    [
        on_both(Polygon(vertices=((0.0, 0.0),) * (MOST_POINTS + 1)), (X, Y)),
        on_both(Polygon(vertices=((0.0, 0.0), (1.0, 1.0), (1e300, 0.0))), (X, Y)),
        on_both(Box(bounds=((9.0, None),)), (X,)),
        on_both(Box(bounds=((None, None),)), (Y,)),
        on_both(Boolean(), ()),
    ],
)
def test_gates_that_cannot_be_shown(gate: PlacedGate):
    """Corners without number or far away, lines outside the plot, and what has no dimensions."""
    assert outlined(STORIES[0], gated(gate), (X, Y), VIEWS) == ((), ())


def test_both_ends_of_a_gate_on_one_dimension():
    """Two lines of one name, by the axis of the plot."""
    _, found = outlined(STORIES[0], gated(on_both(Box(bounds=((10, 20),)), (Y,))), (X, Y), VIEWS)
    assert [(one.name, one.axis, one.at) for one in found] == [("gate", "y", 10), ("gate", "y", 20)]


def test_names_of_gates():
    """As in the gating strategy; the outside is said, and no name is without end."""
    box = Box(bounds=((1.0, None),))
    for changes, expected in (
        ({"complement": True}, "outside gate"),
        ({"name": "n" * 99}, "n" * 39 + "…"),
        ({"name": "a\nb\u202e"}, "a?b?"),
    ):
        seen = gated(on_both(box, (X,), **changes))  # type: ignore[arg-type]
        _, (found,) = outlined(STORIES[0], seen, (X, Y), VIEWS)
        assert found.name == expected


def test_not_too_many_gates():
    """The nearest to the population."""
    gates = [
        on_both(Box(bounds=((n, n + 1.0), (10.0, 20.0))), (X, Y), name=f"g{n}") for n in range(5)
    ]
    seen = gated(*gates, on_both(Box(bounds=((3.0, None),)), (X,), name="line"))
    outlines, thresholds = outlined(STORIES[0], seen, (X, Y), VIEWS)
    assert [one.name for one in outlines] == ["g0", "g1"]
    assert len(outlines) + len(thresholds) == MOST_GATES


def test_each_gate_is_met_once(some: Seen):
    """However many ways lead to it."""
    names = [gate.name for gate in gates_of(STORIES[0], some)]
    assert names[0] == "blasts"
    assert len(names) == len(set(names))


@pytest.mark.parametrize("n_blasts", [0, 1, 50, 51, 500, 501, 5000, 5001])
@pytest.mark.parametrize("n_doubt", [0, 1, 501])
def test_no_event_is_hidden(n_blasts: int, n_doubt: int):
    """Whatever covers whatever: each blast has its pixel, and each event in doubt where it may."""
    rng = np.random.default_rng(n_blasts + n_doubt)
    values = rng.normal([0, 100_000], [3, 60_000], (8000, 2))  # some beyond the scatter's view
    which = rng.permutation(8000)
    blasts, doubt = np.zeros(8000, dtype=bool), np.zeros(8000, dtype=bool)
    blasts[which[:n_blasts]], doubt[which[-n_doubt or 8000 :]] = True, True
    seen = made_up(values, blasts, doubt)

    (plot,) = key_plots(seen, PNG).densities

    own = pixels_of(plot, seen, np.flatnonzero(blasts))
    assert own <= marked(plot, EVENT) <= near(own, 2)
    assert pixels_of(plot, seen, np.flatnonzero(doubt)) - own <= marked(plot, DOUBT)
    assert (plot.n_events, plot.n_doubt) == (n_blasts, n_doubt)


@pytest.mark.parametrize(
    ("at", "pixel"),
    [((0.0, -1e9), (0, None)), ((0.0, 1e9), (SIDE - 1, None)), ((1.0, 5.0), (0, SIDE - 1))],
)
def test_events_outside_lie_on_the_border(at: tuple[float, float], pixel: tuple[int, int | None]):
    """They are seen where they left the plot."""
    values = np.vstack([np.column_stack([np.linspace(0, 1, 99), np.full(99, 9e4)]), at])
    blast = np.arange(100) == 99

    (plot,) = key_plots(made_up(values, blast, ~np.ones(100, dtype=bool)), PNG).densities

    assert plot.y_view == SCATTER_VIEW
    row, column = pixel
    chosen = plot.raster[row] if column is None else plot.raster[row, column]
    assert (chosen == EVENT).any()


def test_a_single_event_beside_a_crowd():
    """However many lie elsewhere, a cell that lies alone is seen."""
    values = np.array([[0.0, 1e5]] * 30_000 + [[1.0, 2e5]])
    nobody = np.zeros(len(values), dtype=bool)
    (plot,) = key_plots(made_up(values, nobody, nobody), PNG).densities
    assert sorted(plot.raster[plot.raster > 0].tolist()) == [1, LEVELS]


def test_events_without_a_place_are_left_out():
    """A logarithmic scale has none for some; they are counted all the same."""
    values = np.array([[0.0, 1e5], [np.nan, 1e5], [1.0, np.inf], [2.0, 2e5]])
    blasts = np.array([True, True, True, False])

    (plot,) = key_plots(made_up(values, blasts, np.zeros(4, dtype=bool)), PNG).densities

    assert plot.n_events == 3
    assert plot.x_view == (0.0, 2.0)
    assert pixels_of(plot, made_up(values, blasts, blasts), np.array([0])) <= marked(plot, EVENT)


@pytest.mark.parametrize("values", [(0.0, 1e30), (1e30, 1e30), (5.0, 5.0 + 1e-12), (-1e30, -1e30)])
def test_views_that_can_be_drawn(values: tuple[float, float]):
    """Neither beyond reason nor without width, whatever the events are."""
    lies = np.array([(one, 9e4) for one in values])
    nobody = np.zeros(2, dtype=bool)
    (plot,) = key_plots(made_up(lies, nobody, nobody), PNG).densities
    low, high = plot.x_view
    assert -FARTHEST <= low < low + NARROWEST / 2 <= high <= FARTHEST
    assert (plot.raster > 0).any()


@pytest.mark.parametrize("n", [0, 1, 50, 51, 500, 501, 5000, 5001, 8000])
def test_how_many_pixels_marks_can_take(n: int):
    """Never fewer than they do."""
    values = np.random.default_rng(n).normal([2, 130_000], [1, 50_000], (8000, 2))
    (plot,) = key_plots(
        made_up(values, np.arange(8000) < n, np.zeros(8000, dtype=bool)), PNG
    ).densities
    assert len(marked(plot, EVENT)) <= most_pixels(n)


def test_the_plots_name_their_population(some: Seen, blood: Seen):
    """By its role; whoever reads them can compare it."""
    assert [key_plots(seen, PNG).role for seen in (some, blood)] == ["blasts", "b_cells"]


def test_a_tube_without_events():
    """Empty plots, and nothing fails."""
    nobody = np.zeros(0, dtype=bool)
    (plot,) = key_plots(made_up(np.zeros((0, 2)), nobody, nobody), PNG).densities
    assert not plot.raster.any()


def test_a_tube_that_can_tell_nothing():
    """No role, no plot."""
    seen = made_up(np.zeros((3, 2)), np.ones(3, dtype=bool), np.zeros(3, dtype=bool))
    seen.result.placement.roles.clear()  # type: ignore[attr-defined]
    plots = key_plots(seen, PNG)

    assert isinstance(plots, KeyPlots)
    assert (plots.densities, plots.histograms, plots.strategy, plots.role) == ((), (), PNG, "")
    assert not any(list(pairs_of(story, seen)) for story in STORIES)


def test_a_story_without_doubt_or_background(some: Seen):
    """B cells have none in doubt; what has no background is shown on all events."""
    story = next(story for story in STORIES if story.role == "b_cells")
    assert not shown(story, some).doubt.any()


def test_bins_hold_their_edges():
    """The lower edge belongs to a bin; the upper one of all to the last."""
    found = bins(np.array([-9.0, 0.0, 0.99, 1.0, 9.99, 10.0, 99.0]), (0.0, 10.0), 10)
    assert found.tolist() == [0, 0, 0, 1, 9, 9, 9]


def test_few_colours_keep_thin_lines(tmp_path: Path):
    """The outline of a gate keeps the colour of its name, on however many shades of blue."""
    picture = np.full((600, 600, 3), 255, dtype=np.uint8)
    blue = np.random.default_rng(1).random((300, 600))
    picture[:300] = (255 * DENSITY(blue)[..., :3]).astype(np.uint8)
    lines = {310: (0xC1, 0x12, 0x1F), 320: (0x0A, 0x7D, 0x43), 330: (0x7B, 0x2C, 0xBF)}
    for row, colour in lines.items():
        picture[row, :20] = colour
    Image.fromarray(picture).save(tmp_path / "a.png")

    (tmp_path / "b.png").write_bytes(indexed(tmp_path / "a.png"))

    with Image.open(tmp_path / "b.png") as found:
        few = np.asarray(found.convert("RGB")).astype(int)
    assert len(np.unique(few.reshape(-1, 3), axis=0)) <= 48
    for row, colour in lines.items():
        assert np.abs(few[row, :20] - colour).max() < 16
