"""What is taken hold of with the mouse, and what it becomes: one number moves, or one point."""

from __future__ import annotations

from math import inf, isclose

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cytomon.model.gating import Boolean, Box, Ellipse, PlacedGate, Polygon, Ranges
from cytomon.review.frame import SIDE
from cytomon.review.grips import (
    Grip,
    Path,
    Point,
    dragged,
    grip_at,
    grips,
    paths,
    polygon_of,
    with_vertex,
    without_vertex,
)
from tests.review.planes import CD10, CD19, CD45, SSC, TIME, gate, plane

PLANE, TURNED, HISTOGRAM = plane(CD19, CD10), plane(CD10, CD19), plane(CD19, None)
SHIFTS = st.floats(-1500, 1500)
PLACES = st.floats(-1.5, 6.5)
REACH = 9.0


@st.composite
def sides(draw: st.DrawFn) -> tuple[float | None, float | None]:
    """Ends of a side, of which either may be open."""
    low, high = sorted((draw(PLACES), draw(PLACES)))
    assume(high - low > 0.1)
    return (low if draw(st.booleans()) else None, high if draw(st.booleans()) else None)


@st.composite
def boxes(draw: st.DrawFn) -> PlacedGate:
    """A gate on two markers that are shown, and one that is not."""
    bounds = (draw(sides()), draw(sides()), draw(sides()))
    assume(any(end is not None for side in bounds[:2] for end in side))
    return gate(Box(bounds=bounds), CD19, CD10, CD45)


def polygon(*points: Point) -> PlacedGate:
    return gate(polygon_of(points, ("CD19", "CD10"), PLANE), CD19, CD10)


SQUARE = polygon((200, 300), (600, 300), (600, 700), (200, 700))
ROUND = gate(
    Ellipse(mean=(2.0, 3.0), covariance=((0.5, 0.2), (0.2, 0.4)), distance_square=4.6), CD19, CD10
)


def ends(box: Box) -> dict[tuple[str, str], float | None]:
    """Every number of a box by its label and end."""
    labels = ("CD19", "CD10", "CD45")
    return {
        (label, end): value
        for label, side in zip(labels, box.bounds, strict=True)
        for end, value in zip(("low", "high"), side, strict=True)
    }


@given(one=boxes(), x=SHIFTS, y=SHIFTS, data=st.data())
def test_a_drag_changes_the_numbers_that_are_held_and_no_other(
    one: PlacedGate, x: float, y: float, data: st.DataObject
):
    """An edge moves one, a corner two; the others keep their very bits, and open ones stay so."""
    held = data.draw(st.sampled_from(grips(one, PLANE)))
    after = dragged(one, PLANE, held, (held.at[0] + x, held.at[1] + y))
    assert isinstance(one.shape, Box)
    assert isinstance(after, Box)
    before, now = ends(one.shape), ends(after)
    changed = {edge for edge in before if before[edge] != now[edge]}
    assert changed <= set(held.edges)
    assert len(held.edges) == {"edge": 1, "corner": 2}[held.kind]


@given(one=boxes(), x=SHIFTS, y=SHIFTS, data=st.data())
def test_a_dragged_edge_is_where_the_mouse_is(
    one: PlacedGate, x: float, y: float, data: st.DataObject
):
    """Or at the frame, or just before the other edge, which it never crosses."""
    held = data.draw(st.sampled_from([grip for grip in grips(one, PLANE) if grip.kind == "edge"]))
    ((label, end),) = held.edges
    span, which = (PLANE.x, 0) if label == "CD19" else (PLANE.y, 1)
    to = held.at[which] + (x, y)[which]
    after = dragged(one, PLANE, held, (held.at[0] + x, held.at[1] + y))
    assert isinstance(after, Box)
    low, high = after.bounds[which]
    at = ends(after)[label, end]
    assert at is not None
    place = span.to_plot(at)
    assert -1e-6 <= place <= SIDE + 1e-6
    if low is not None and high is not None:
        assert low < high
        room = span.to_plot(high) - span.to_plot(low)
        if room > 4.5:  # not stopped by the other edge
            assert place == pytest.approx(min(max(to, 0), SIDE), abs=1e-6)
    else:
        assert place == pytest.approx(min(max(to, 0), SIDE), abs=1e-6)


@given(one=boxes(), x=SHIFTS, y=SHIFTS)
def test_the_inside_moves_a_box_as_it_is(one: PlacedGate, x: float, y: float):
    """However far it is dragged, it keeps its size, and it stays in the frame."""
    after = dragged(one, PLANE, Grip(kind="inside", at=(500, 500)), (500 + x, 500 + y))
    assert isinstance(one.shape, Box)
    assert isinstance(after, Box)
    assert after.bounds[2] == one.shape.bounds[2]
    for span, before, now in zip((PLANE.x, PLANE.y), one.shape.bounds, after.bounds, strict=False):
        assert [end is None for end in now] == [end is None for end in before]
        if None not in before:
            assert now[1] - now[0] == pytest.approx(before[1] - before[0])  # type: ignore[operator]
        assert all(-1e-6 <= span.to_plot(end) <= SIDE + 1e-6 for end in now if end is not None)


def test_a_drag_along_one_axis_leaves_the_other():
    """A corner that goes straight to the right keeps its height to the last bit."""
    one = gate(Box(bounds=((1.1, None), (None, 3.3))), CD19, CD10)
    corner = next(grip for grip in grips(one, PLANE) if grip.kind == "corner")
    after = dragged(one, PLANE, corner, (corner.at[0] + 100, corner.at[1]))
    assert isinstance(after, Box)
    assert after.bounds[1] == (None, 3.3)
    assert after.bounds[0][0] == pytest.approx(1.1 + 0.82)
    assert dragged(one, PLANE, corner, corner.at) == one.shape


def test_an_edge_beyond_the_frame_is_taken_from_the_frame():
    """A number that lies outside of what is shown goes where the mouse goes all the same."""
    one = gate(Box(bounds=((-2.5, 9.0), (None, None))), CD19, CD10)
    low, high = (grip for grip in grips(one, PLANE) if grip.kind == "edge")
    assert (low.at[0], high.at[0]) == (0.0, SIDE)
    after = dragged(one, PLANE, high, (800.0, 500.0))
    assert isinstance(after, Box)
    assert after.bounds[0][0] == -2.5
    assert PLANE.x.to_plot(after.bounds[0][1] or 0.0) == pytest.approx(800)


def test_two_edges_stay_apart():
    """An edge that is dragged over the other one stops two pixels before it."""
    one = gate(Box(bounds=((1.0, 2.0), (None, None))), CD19, CD10)
    low, high = (grip for grip in grips(one, PLANE) if grip.kind == "edge")
    for held, to in ((low, 900.0), (high, 100.0)):
        after = dragged(one, PLANE, held, (to, 500.0))
        assert isinstance(after, Box)
        places = [PLANE.x.to_plot(end) for end in after.bounds[0] if end is not None]
        assert places[1] - places[0] == pytest.approx(4.0)


@pytest.mark.parametrize("frame", [PLANE, TURNED])
def test_axes_may_be_shown_either_way(frame: object):
    """A gate that is shown with its dimensions exchanged is dragged as it is seen."""
    one = gate(Box(bounds=((1.0, 2.0), (3.0, 4.0))), CD19, CD10)
    shown = PLANE if frame is PLANE else TURNED
    (path,) = paths(one, shown)
    wide = max(x for x, _ in path.points) - min(x for x, _ in path.points)
    assert wide == pytest.approx(SIDE / 8.2)
    held = next(grip for grip in grips(one, shown) if grip.edges == (("CD19", "high"),))
    by = (50.0, 0.0) if shown is PLANE else (0.0, 50.0)
    after = dragged(one, shown, held, (held.at[0] + by[0], held.at[1] + by[1]))
    assert isinstance(after, Box)
    assert after.bounds[1] == (3.0, 4.0)
    assert after.bounds[0] == (1.0, pytest.approx(2.0 + 50 * 8.2 / SIDE))


def test_a_gate_on_one_marker_is_a_band():
    """From the lower to the upper end of the plot, in a histogram and on two dimensions."""
    one = gate(Box(bounds=((1.0, None),)), CD19)
    for frame in (HISTOGRAM, PLANE):
        (path,) = paths(one, frame)
        assert {y for _, y in path.points} == {0.0, SIDE}
        assert [grip.kind for grip in grips(one, frame)] == ["edge"]
    assert paths(one, plane(CD10, CD45)) == ()
    assert grips(one, plane(CD10, CD45)) == ()


# --- ranges -----------------------------------------------------------------------------------
RUN = gate(Ranges(kept=((-inf, 100.0), (200.0, inf))), TIME)


def test_parts_of_a_run_stay_apart_and_in_order():
    """An edge stops before the other end of its part, and before the next part."""
    from cytomon.review.frame import Frame, Span
    from tests.review.planes import EVENTS

    frame = Frame(x=Span(axis=TIME, view=(0.0, 300.0)), y=EVENTS)
    first, second = (grip for grip in grips(RUN, frame) if grip.index == 0)
    assert (first.at[0], second.at[0]) == (0.0, pytest.approx(SIDE / 3))
    after = dragged(RUN, frame, second, (900.0, 500.0))
    assert isinstance(after, Ranges)
    assert after.kept[1] == (200.0, inf)
    assert 100 < after.kept[0][1] < 200
    after = dragged(RUN, frame, first, (950.0, 500.0))
    assert isinstance(after, Ranges)
    assert 0 < after.kept[0][0] < after.kept[0][1] == 100.0


def test_a_run_moves_with_the_mouse_along_time_alone():
    """However far the mouse goes up and down, only its way along the axis counts."""
    from cytomon.review.frame import Frame, Span
    from tests.review.planes import span

    time = Span(axis=TIME, view=(0.0, 300.0))
    for frame, to in (
        (Frame(x=time, y=span(SSC)), (400.0, 900.0)),
        (Frame(x=span(SSC), y=time), (900.0, 400.0)),
    ):
        held = next(
            grip for grip in grips(RUN, frame) if grip.index == 0 and grip.edges[0][1] == "high"
        )
        after = dragged(RUN, frame, held, to)
        assert isinstance(after, Ranges)
        assert after.kept[0] == (-inf, pytest.approx(120))
    whole = Grip(kind="inside", at=(100, 100))
    assert dragged(RUN, Frame(x=time, y=span(SSC)), whole, (300, 300)) == RUN.shape


# --- polygons ---------------------------------------------------------------------------------
@given(x=SHIFTS, y=SHIFTS, index=st.integers(0, 3))
def test_a_vertex_moves_alone_and_stays_in_the_frame(x: float, y: float, index: int):
    """The others keep their very bits."""
    held = next(grip for grip in grips(SQUARE, PLANE) if grip.index == index)
    after = dragged(SQUARE, PLANE, held, (held.at[0] + x, held.at[1] + y))
    assert isinstance(SQUARE.shape, Polygon)
    assert isinstance(after, Polygon)
    for at, (before, now) in enumerate(zip(SQUARE.shape.vertices, after.vertices, strict=True)):
        assert at == index or now == before
    (path,) = paths(gate(after, CD19, CD10), PLANE)
    assert all(0 <= one <= SIDE for point in path.points for one in point)
    to = (np.clip(held.at[0] + x, 0, SIDE), np.clip(held.at[1] + y, 0, SIDE))
    moved = after.vertices[index]
    assert PLANE.x.to_plot(moved[0]) == pytest.approx(to[0], abs=1e-6)
    assert PLANE.y.to_plot(moved[1]) == pytest.approx(to[1], abs=1e-6)


@given(x=SHIFTS, y=SHIFTS)
def test_a_polygon_keeps_its_form_when_all_of_it_moves(x: float, y: float):
    """Every corner goes as far as the first that comes to the frame."""
    after = dragged(SQUARE, PLANE, Grip(kind="inside", at=(400, 500)), (400 + x, 500 + y))
    assert isinstance(SQUARE.shape, Polygon)
    assert isinstance(after, Polygon)
    steps = np.array(after.vertices) - np.array(SQUARE.shape.vertices)
    assert np.ptp(steps, axis=0) == pytest.approx((0, 0), abs=1e-9)
    for label, span, at in (("x", PLANE.x, 0), ("y", PLANE.y, 1)):
        places = [span.to_plot(vertex[at]) for vertex in after.vertices]
        assert min(places) > -1e-6, label
        assert max(places) < SIDE + 1e-6, label


def test_a_vertex_is_put_where_the_line_was_clicked_on():
    """Between its neighbours, the last and the first among them; elsewhere there is none."""
    after = with_vertex(SQUARE, PLANE, (201.0, 500.0), REACH)
    assert after is not None
    assert isinstance(SQUARE.shape, Polygon)
    assert after.vertices[:4] == SQUARE.shape.vertices
    assert PLANE.y.to_plot(after.vertices[4][1]) == pytest.approx(500)
    assert with_vertex(SQUARE, PLANE, (400.0, 500.0), REACH) is None
    assert with_vertex(ROUND, PLANE, (400.0, 500.0), REACH) is None


def test_three_vertices_are_the_fewest():
    """A triangle stays one."""
    held = next(grip for grip in grips(SQUARE, PLANE) if grip.index == 1)
    triangle = without_vertex(SQUARE, held)
    assert triangle is not None
    assert isinstance(SQUARE.shape, Polygon)
    assert triangle.vertices == (SQUARE.shape.vertices[0], *SQUARE.shape.vertices[2:])
    assert without_vertex(gate(triangle, CD19, CD10), held) is None
    assert without_vertex(SQUARE, Grip(kind="inside", at=(400, 500))) is None
    assert without_vertex(ROUND, held) is None


def test_what_lies_outside_is_not_drawn():
    """Of a polygon that leaves the frame the part inside is shown; its corners can be taken."""
    one = gate(Polygon(vertices=((3.0, 3.0), (9.0, 3.0), (3.0, 9.0))), CD19, CD10)
    (path,) = paths(one, PLANE)
    assert all(-1e-9 <= at <= SIDE + 1e-9 for point in path.points for at in point)
    assert len(path.points) == 5  # its long side cuts the corner of the frame off
    assert [grip.at for grip in grips(one, PLANE)][1:] == [
        (SIDE, pytest.approx(560.98, abs=0.01)),
        (pytest.approx(560.98, abs=0.01), SIDE),
    ]
    after = dragged(one, PLANE, grips(one, PLANE)[1], (900.0, 400.0))
    assert isinstance(after, Polygon)
    assert PLANE.x.to_plot(after.vertices[1][0]) == pytest.approx(900)
    away = gate(Polygon(vertices=((8.0, 8.0), (9.0, 8.0), (8.0, 9.0))), CD19, CD10)
    assert paths(away, PLANE) == ()


# --- ellipses ---------------------------------------------------------------------------------
def axes_of(one: Ellipse) -> tuple[list[float], np.ndarray]:
    lengths, directions = np.linalg.eigh(np.array(one.covariance))
    return [float(length) for length in np.sqrt(lengths * one.distance_square)], directions


@given(index=st.integers(0, 3), share=st.floats(0.3, 2.0))
def test_an_end_of_an_ellipse_goes_where_it_is_dragged(index: int, share: float):
    """One half axis gets longer or shorter; the other, both directions and the centre stay."""
    held = next(grip for grip in grips(ROUND, PLANE) if grip.index == index)
    middle = (PLANE.x.to_plot(2.0), PLANE.y.to_plot(3.0))
    to = (
        middle[0] + share * (held.at[0] - middle[0]),
        middle[1] + share * (held.at[1] - middle[1]),
    )
    after = dragged(ROUND, PLANE, held, to)
    assert isinstance(ROUND.shape, Ellipse)
    assert isinstance(after, Ellipse)
    before, directions = axes_of(ROUND.shape)
    expected = [length * (share if at == index // 2 else 1) for at, length in enumerate(before)]
    assert sorted(axes_of(after)[0]) == pytest.approx(sorted(expected))
    assert (after.mean, after.distance_square) == (ROUND.shape.mean, ROUND.shape.distance_square)
    turned = directions.T @ np.array(after.covariance) @ directions
    assert turned[0, 1] == pytest.approx(0, abs=1e-9)
    assert after.covariance[0][1] == after.covariance[1][0]
    there = [grip.at for grip in grips(gate(after, CD19, CD10), PLANE)]
    assert min(np.hypot(at[0] - to[0], at[1] - to[1]) for at in there) < 1e-6


@given(x=SHIFTS, y=SHIFTS)
def test_an_ellipse_moves_by_its_inside_and_back(x: float, y: float):
    """Its form stays, and the way back leads to where it was."""
    held = Grip(kind="inside", at=(400, 500))
    there = dragged(ROUND, PLANE, held, (400 + x, 500 + y))
    assert isinstance(ROUND.shape, Ellipse)
    assert isinstance(there, Ellipse)
    assert there.covariance == ROUND.shape.covariance
    back = dragged(gate(there, CD19, CD10), PLANE, held, (400 - x, 500 - y))
    assert isinstance(back, Ellipse)
    assert back.mean == pytest.approx(ROUND.shape.mean, abs=1e-9)


def test_an_ellipse_is_drawn_where_its_events_are():
    """Each point of its line is as far from the centre, in Mahalanobis' sense, as the gate says."""
    (path,) = paths(ROUND, PLANE)
    assert isinstance(ROUND.shape, Ellipse)
    points = np.array([(PLANE.x.from_plot(x), PLANE.y.from_plot(y)) for x, y in path.points])
    away = points - np.array(ROUND.shape.mean)
    inverse = np.linalg.inv(np.array(ROUND.shape.covariance))
    assert np.einsum("ij,jk,ik->i", away, inverse, away) == pytest.approx(4.6)


# --- what is under the mouse ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("mouse", "kind"),
    [
        ((203.0, 296.0), "vertex"),
        ((400.0, 500.0), "inside"),
        ((210.0, 500.0), "inside"),
        ((100.0, 100.0), ""),
    ],
)
def test_the_nearest_thing_is_taken(mouse: Point, kind: str):
    """A vertex before the inside, and nothing where the mouse is far from the gate."""
    found = grip_at(SQUARE, PLANE, mouse, REACH)
    assert (found.kind if found else "") == kind


@pytest.mark.parametrize(
    ("mouse", "kind"),
    [
        ((318.0, 560.0), "corner"),
        ((318.0, 700.0), "edge"),
        ((600.0, 562.0), "edge"),
        ((600.0, 800.0), "inside"),
        ((318.0, 300.0), ""),
    ],
)
def test_an_edge_is_taken_where_it_is_drawn(mouse: Point, kind: str):
    """Along its whole length, and not beyond its end."""
    one = gate(Box(bounds=((1.0, None), (3.0, None))), CD19, CD10)
    found = grip_at(one, PLANE, mouse, REACH)
    assert (found.kind if found else "") == kind


def test_what_is_made_of_other_gates_has_no_outline():
    """There is nothing to take hold of."""
    one = gate(Boolean(), CD19, CD10)
    assert paths(one, PLANE) == ()
    assert grips(one, PLANE) == ()
    assert grip_at(one, PLANE, (500, 500), REACH) is None
    with pytest.raises(TypeError, match="no outline"):
        dragged(one, PLANE, Grip(kind="inside", at=(0, 0)), (1, 1))


@given(st.lists(st.tuples(st.floats(0, SIDE), st.floats(0, SIDE)), min_size=3, max_size=8))
def test_a_region_that_was_drawn_is_shown_where_it_was_drawn(points: list[Point]):
    """To the scale of the gates and back."""
    one = polygon(*points)
    assert isinstance(one.shape, Polygon)
    placed = [(PLANE.x.to_plot(x), PLANE.y.to_plot(y)) for x, y in one.shape.vertices]
    for point, place in zip(points, placed, strict=True):
        assert all(isclose(a, b, abs_tol=1e-6) for a, b in zip(point, place, strict=True))
    assert all(isinstance(path, Path) for path in paths(one, PLANE))
