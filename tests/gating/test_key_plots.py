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
    LEAST_REFERENCE,
    LEVELS,
    SIDE,
    DensityPlot,
    KeyPlots,
    indexed,
    key_plots,
)
from cytomon.gating.paint import DENSITY
from cytomon.gating.stories import STORIES, Seen, pairs_of, see, shown
from cytomon.gating.views import L_VIEW, SCATTER_VIEW, bins
from cytomon.model.gating import Axis, Box, PlacedGate, Placement
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
    assert (plots.densities, plots.histograms, plots.strategy) == ((), (), PNG)
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
