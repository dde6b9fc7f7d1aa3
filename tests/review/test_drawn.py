"""What a plot of a tube shows: each event that matters has a pixel, and words say what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cytomon.gating.bits import pack_rows, rows_of
from cytomon.model.gating import Envelope
from cytomon.pipeline import open_for_gating
from cytomon.review.frame import SIDE, Frame
from cytomon.review.plot import (
    BLASTS,
    BY_EYE,
    CHOSEN,
    PATH,
    REFERENCES,
    Chosen,
    Drawing,
    gate_of,
    pairs_of,
    paths_possible,
)
from cytomon.review.raster import PIXELS, Events, Marked, Picture, density, histogram, mark
from cytomon.review.session import Session

TUBES = Path(__file__).parents[2] / "sample_fcs"
PAIR = ("CD19", "CD10")


@pytest.fixture(scope="module")
def session() -> Session:
    """A marrow with 167 blasts without CD19, and one event to check by eye."""
    opened = open_for_gating(TUBES / "P003_d091_marrow_b_all_mrd.fcs")
    return Session(opened, specimen=None, file="marrow", who="anna")


@pytest.fixture
def drawing(session: Session) -> Drawing:
    """That tube, ready to be drawn."""
    return drawing_of(session)


def drawing_of(session: Session, most: int = 1_000_000) -> Drawing:
    return Drawing(events=Events(session.glance, most), few=Events(session.glance, 2000))


def frame_of(drawing: Drawing, session: Session, x: str, y: str) -> Frame:
    gate = gate_of(session.placement, "blasts")
    return drawing.frame(session.now, gate, (x, y))


def coloured(picture: Picture, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Pixels of exactly this colour, shape (PIXELS, PIXELS)."""
    return (picture[..., :3] == colour).all(axis=2) & (picture[..., 3] == 255)


def members(session: Session, name: str) -> Marked:
    return Marked(name=name, colour=CHOSEN, members=session.now.members[name])


def pixels_of(
    events: Events, frame: Frame, one: Marked
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each event of a population."""
    rows, columns = (
        span.to_plot(0.0) + events.all_of(one.members, span) * (span.to_plot(1) - span.to_plot(0))
        for span in (frame.y, frame.x)
    )
    pixels = [np.clip(place / SIDE * PIXELS, 0, PIXELS - 1) for place in (rows, columns)]
    return pixels[0].astype(np.int64), pixels[1].astype(np.int64)


@pytest.mark.parametrize("most", [1_000_000, 500])
@pytest.mark.parametrize("name", ["by_eye", "blasts", "cd34_myeloid", "t_cells"])
def test_every_marked_event_has_its_pixel(session: Session, most: int, name: str):
    """However few or many they are, and however few events the density is drawn from."""
    drawing = drawing_of(session, most)
    events, frame, one = drawing.events, frame_of(drawing, session, *PAIR), members(session, name)
    assert events.is_sample == (most < 17_000)
    picture = np.zeros((PIXELS, PIXELS, 4), dtype=np.uint8)
    mark(picture, events, frame, [one])
    rows, columns = pixels_of(events, frame, one)
    found = coloured(picture, CHOSEN)
    assert len(rows) == session.now.counts[name]
    assert found[rows, columns].all()
    near = np.zeros_like(found)
    for up in range(-4, 5):
        for right in range(-4, 5):
            near[np.clip(rows + up, 0, 511), np.clip(columns + right, 0, 511)] = True
    assert not (found & ~near).any()


def test_a_single_event_is_marked_large(session: Session, drawing: Drawing):
    """One event among thousands can be seen without knowing where to look."""
    frame, one = frame_of(drawing, session, *PAIR), members(session, "by_eye")
    assert session.now.counts["by_eye"] == 1
    picture = np.zeros((PIXELS, PIXELS, 4), dtype=np.uint8)
    mark(picture, drawing.events, frame, [one])
    assert coloured(picture, CHOSEN).sum() == 49


def test_the_last_population_lies_on_top(session: Session, drawing: Drawing):
    """Blasts are not hidden by what they are among."""
    frame = frame_of(drawing, session, *PAIR)
    above = Marked(name="blasts", colour=BLASTS, members=session.now.members["blasts"])
    picture = np.zeros((PIXELS, PIXELS, 4), dtype=np.uint8)
    mark(picture, drawing.events, frame, [members(session, "nucleated"), above])
    rows, columns = pixels_of(drawing.events, frame, above)
    assert coloured(picture, BLASTS)[rows, columns].all()


def test_a_density_is_high_where_events_are(session: Session, drawing: Drawing):
    """Row 0 is the lowest y: granulocytes lie above lymphocytes on side scatter."""
    frame = frame_of(drawing, session, "CD45", "SSC-A")
    centres = {}
    for name in ("granulocytes", "t_cells"):
        picture = density(drawing.events, frame, session.now.members[name])
        rows, columns = pixels_of(drawing.events, frame, members(session, name))
        seen = picture[..., 3] > 0
        assert seen[rows, columns].mean() > 0.99
        centres[name] = np.argwhere(seen).mean(axis=0)[0]
    assert centres["granulocytes"] > centres["t_cells"] + 100


def test_a_density_of_nobody_is_empty(session: Session, drawing: Drawing):
    """Nothing is drawn, and nothing is divided by nothing."""
    nobody = pack_rows(np.array([], dtype=np.int64), session.glance.n_events)
    frame = frame_of(drawing, session, *PAIR)
    assert (density(drawing.events, frame, nobody)[..., 3] == 0).all()
    flat = drawing.frame(session.now, gate_of(session.placement, "cd20_clear"), None)
    assert (histogram(drawing.events, flat, nobody, ())[..., 3] == 0).sum() > 0


def test_a_histogram_has_its_top_where_most_events_are(session: Session, drawing: Drawing):
    """And the reference stands behind in a colour of its own."""
    gate = gate_of(session.placement, "cd3_pos")
    frame = drawing.frame(session.now, gate, None)
    assert frame.is_histogram
    picture = histogram(drawing.events, frame, session.now.members[gate.parent], ())
    heights = (picture[..., 3] > 0).sum(axis=0)
    values = drawing.events.all_of(session.now.members[gate.parent], frame.x)
    counts, edges = np.histogram(values, bins=128, range=frame.x.view)
    top = frame.x.to_plot((edges[counts.argmax()] + edges[counts.argmax() + 1]) / 2)
    assert abs(heights.argmax() / PIXELS * SIDE - top) < 2 * SIDE / 128
    assert heights.max() == pytest.approx(0.92 * PIXELS, abs=4)


def test_few_events_are_strokes_in_a_histogram(session: Session, drawing: Drawing):
    """One for each, where it lies; many are a line."""
    frame = drawing.frame(session.now, gate_of(session.placement, "cd20_clear"), None)
    picture = np.zeros((PIXELS, PIXELS, 4), dtype=np.uint8)
    mark(picture, drawing.events, frame, [members(session, "b_cells")])
    values = drawing.events.all_of(session.now.members["b_cells"], frame.x)
    strokes = np.unique(frame.x.bins(values, PIXELS))
    assert set(np.flatnonzero(coloured(picture, CHOSEN).any(axis=0))) == set(strokes)


def test_a_small_plot_shows_every_event_of_the_chosen_population(session: Session):
    """Also where its density is drawn from a sample that misses them."""
    drawing = drawing_of(session)
    gate = gate_of(session.placement, "wide_scatter")
    plot = drawing.thumbnail(session.now, gate, 128, "by_eye")
    one = members(session, "by_eye")
    rows, columns = pixels_of(drawing.events, plot.frame, one)
    assert coloured(plot.picture, CHOSEN)[rows, columns].all()
    flat = drawing.thumbnail(session.now, gate_of(session.placement, "cd3_pos"), 128, "t_cells")
    cyan = (flat.picture[..., 2] > flat.picture[..., 0] + 60) & (flat.picture[..., 3] > 0)
    assert cyan.sum() > 500


# --- words ------------------------------------------------------------------------------------
def test_a_plot_says_what_it_shows(session: Session, drawing: Drawing):
    """The parent with its events, what is drawn one by one, and the gate with its share."""
    plot = drawing.plot(session.now, Chosen(gate="lymphoid_scatter", back="nk"))
    assert plot.title == "nucleated: 15,004 events"
    assert plot.note == "drawn one by one: by_eye 1, blasts 167, back-gated nk 590"
    assert [word.text for word in plot.words] == ["lymphoid_scatter  27.1 %"]
    assert plot.outline
    assert {grip.kind for grip in plot.grips} == {"corner", "edge"}
    for colour in (BLASTS, BY_EYE, CHOSEN):
        assert coloured(plot.picture, colour).any()


def test_a_sample_is_said_to_be_one(session: Session):
    """A density of part of the events is never taken for all of them."""
    plot = drawing_of(session, 500).plot(session.now, Chosen(gate="lymphoid_scatter"))
    assert plot.note.endswith("density of 500 events at even steps")


def test_a_histogram_names_what_stands_behind(session: Session, drawing: Drawing):
    """The population that a number was read off, with its colour."""
    plot = drawing.plot(session.now, Chosen(gate="cd19_clear"))
    assert plot.frame.is_histogram
    assert plot.note == "behind: t_cells (green)  ·  lines: by_eye 1, blasts 167"
    assert coloured(plot.picture, REFERENCES[0]).any()


def test_the_path_of_maturation_is_drawn_on_request(session: Session, drawing: Drawing):
    """A line through the stages with a ring around each; on dimensions that have no path, none."""
    for pair, known in ((PAIR, True), (("CD45", ""), False)):
        shown, hidden = (
            [
                line
                for line in drawing.plot(
                    session.now, Chosen(gate="blasts", pair=pair, path=path)
                ).lines
                if line.colour == PATH
            ]
            for path in (True, False)
        )
        assert hidden == []
        assert bool(shown) == known
        assert all(0 <= at <= SIDE for line in shown for point in line.path.points for at in point)
    shape = gate_of(session.placement, "blasts").shape
    assert isinstance(shape, Envelope)
    assert [line.closed for line in shown] == [False] * len(shown)


def test_sisters_are_drawn_and_other_gates_are_not(session: Session, drawing: Drawing):
    """Gates on the same dimensions of the same parent, in grey."""
    plot = drawing.plot(session.now, Chosen(gate="lymphoid_scatter"))
    expected = {
        gate.name
        for gate in session.placement.gates
        if gate.parent == "nucleated"
        and {axis.label for axis in gate.axes} == {"CD45", "SSC-A"}
        and gate.name != "lymphoid_scatter"
    }
    assert len(plot.lines) == len(expected) > 1


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("cd20_clear", [("CD20", ""), ("CD20", "SSC-A")]),
        ("side_scatter_high", [("SSC-A", "")]),
        ("lymphoid_scatter", [("CD45", "SSC-A")]),
        ("monocytes", [("CD33+CD14", "SSC-A"), ("CD66b", "CD33+CD14")]),
        ("t_cells", [("CD45", "SSC-A"), ("CD3", "CD19")]),
    ],
)
def test_gates_are_shown_on_their_own_dimensions(
    session: Session, name: str, pairs: list[tuple[str, str]]
):
    """Two at a time; one alone as a histogram first."""
    assert list(pairs_of(gate_of(session.placement, name), session.placement)) == pairs


def test_a_population_without_an_outline_is_shown_where_blasts_are_looked_for(session: Session):
    """On the usual pairs, and on those of the gates that it is made of."""
    gate = gate_of(session.placement, "lymphocytes_wide_normal")
    assert not paths_possible(gate)
    found = pairs_of(gate, session.placement)
    assert found[0] == ("CD45", "SSC-A")
    assert PAIR in found


def test_every_gate_can_be_drawn(session: Session, drawing: Drawing):
    """Each on each of its own pairs, with a picture of the right size."""
    for gate in session.placement.gates:
        for pair in pairs_of(gate, session.placement):
            plot = drawing.plot(session.now, Chosen(gate=gate.name, pair=pair, path=True))
            assert plot.picture.shape == (PIXELS, PIXELS, 4)


def test_a_gate_that_is_not_there_is_not_drawn(session: Session):
    """It is asked for by a name that the tube does not have."""
    with pytest.raises(KeyError, match="nobody"):
        gate_of(session.placement, "nobody")


def test_rows_are_those_of_the_file(session: Session, drawing: Drawing):
    """What is drawn of a population are its own events."""
    frame, one = frame_of(drawing, session, *PAIR), members(session, "blasts")
    rows = rows_of(one.members, session.glance.n_events)
    axis = frame.x.axis
    assert axis is not None
    expected = session.glance.held.scaled(axis, rows)
    assert (drawing.events.all_of(one.members, frame.x) == expected).all()
