"""Gates moved with the mouse: where they come to stand, what is counted, and what is kept."""

from __future__ import annotations

import pytest

from cytomon.model.gating import Box, Ellipse, Polygon, Ranges
from cytomon.review.frame import SIDE, Span
from tests.review.screen.clinic import (
    ANNA,
    BLOOD,
    ESCAPED,
    SHAPES,
    Clinic,
    counted,
    counted_anew,
)
from tests.review.screen.person import Person
from tests.review.screen.rooms import Sit

WITHIN = 2.0
"""Pixels between where the mouse went and where the gate stands."""


def near(person: Person, span: Span, value: float | None, place: float) -> bool:
    """Whether a number of a gate is drawn where the mouse went."""
    assert value is not None
    return abs(span.to_plot(value) - place) <= WITHIN * person.unit


def at_once(person: Person) -> None:
    """Tree and verdict show at once what the engine of a batch counts in the gates as they are."""
    counts, roles = counted(person.session), person.session.placement.roles
    assert person.cells() == counts
    assert person.bar("B cells")[1].startswith(
        f"{counts[roles['b_cells']]:,} of {counts[roles['lymphocytes']]:,} "
    )
    if "blasts" in roles:
        assert person.bar("MRD")[1].startswith(f"{counts['blasts']:,} of {counts['nucleated']:,} ")


def in_the_end(person: Person, clinic: Clinic) -> None:
    """The same after the whole tube was measured anew; and the changes are in the store."""
    session = person.session
    person.settled()
    assert person.cells() == counted_anew(session, session.adjustments)
    at_once(person)
    assert person.widget.showing.bar.state.startswith("final")
    kept = clinic.kept()
    assert [change for _, _, change in kept] == list(session.adjustments)
    assert {said for said, _, _ in kept} == {"edit"}
    for _, at, change in kept:
        assert change is not None
        assert change.who == ANNA
        assert change.at[:16] <= at[:16]


@pytest.fixture
def anna(clinic: Clinic, sit: Sit) -> Person:
    """Anna, at a marrow with blasts."""
    return sit(clinic.desk(), clinic.items(ESCAPED))


@pytest.fixture
def shapes(clinic: Clinic, sit: Sit) -> Person:
    """Anna, at a tube with gates of every shape."""
    return sit(clinic.desk(template=str(SHAPES)), clinic.items(BLOOD))


def test_a_corner_and_an_edge_go_where_the_mouse_goes(anna: Person, clinic: Clinic):
    """A corner takes two numbers with it, an edge one; all others keep their very bits."""
    anna.show("lymphoid_scatter")
    frame, before = anna.plot.frame, anna.session.gate("lymphoid_scatter").shape
    corner = anna.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    to = (corner.at[0] - 120, corner.at[1] + 60)
    anna.drag(corner.at, to)
    at_once(anna)
    assert (anna.last.before, anna.last.on) == (before, ("CD45", "SSC-A"))
    assert isinstance(anna.last.after, Box)
    (low, open_right), (open_below, high) = anna.last.after.bounds
    assert (open_right, open_below) == (None, None)
    assert near(anna, frame.x, low, to[0])
    assert near(anna, frame.y, high, to[1])

    anna.show("monocytes")
    shape = anna.session.gate("monocytes").shape
    assert isinstance(shape, Box)
    edge = anna.grip("edge", ("SSC-A", "high"))
    to = (edge.at[0] + 90, edge.at[1] + 75)
    anna.drag(edge.at, to)
    at_once(anna)
    assert isinstance(anna.last.after, Box)
    cd33, (low, high), cd66b = anna.last.after.bounds
    assert (cd33, low, cd66b) == (shape.bounds[0], shape.bounds[1][0], shape.bounds[2])
    assert near(anna, anna.plot.frame.y, high, to[1])
    in_the_end(anna, clinic)


def test_the_inside_moves_a_gate_as_it_is(anna: Person, clinic: Clinic):
    """Each closed side goes with the mouse, and the gate keeps its size."""
    anna.show("monocytic_shape", ("SSC-A", "CD33+CD14"))
    frame, shape = anna.plot.frame, anna.session.gate("monocytic_shape").shape
    assert isinstance(shape, Box)
    start = (frame.x.to_plot(45_000), frame.y.to_plot(4.0))
    anna.drag(start, (start[0] + 80, start[1] + 40))
    at_once(anna)
    assert isinstance(anna.last.after, Box)
    (cd33_low, cd33_high), cd45, (low, high) = anna.last.after.bounds
    (cd33_stood, _), cd45_stood, (low_stood, high_stood) = shape.bounds
    assert (cd33_high, cd45) == (None, cd45_stood)
    assert (low or 0) - (high or 0) == pytest.approx((low_stood or 0) - (high_stood or 0))
    assert near(anna, frame.x, low, frame.x.to_plot(low_stood or 0) + 80)
    assert near(anna, frame.y, cd33_low, frame.y.to_plot(cd33_stood or 0) + 40)
    in_the_end(anna, clinic)


def test_an_interval_follows_its_edge_in_a_histogram(anna: Person, clinic: Clinic):
    """A gate on one dimension is a band there, and is taken by its edge at any height."""
    anna.show("cd20_clear")
    assert anna.plot.frame.is_histogram
    edge = anna.grip("edge", ("CD20", "low"))
    to = (edge.at[0] - 70, 300.0)

    anna.drag((edge.at[0], 700.0), to)
    at_once(anna)
    assert isinstance(anna.last.after, Box)
    ((low, high),) = anna.last.after.bounds
    assert high is None
    assert near(anna, anna.plot.frame.x, low, to[0])
    in_the_end(anna, clinic)


def test_a_polygon_gains_and_loses_vertices_and_one_moves_alone(shapes: Person, clinic: Clinic):
    """A drag moves one, a double click on the line makes one, and a right click takes one away."""
    shapes.show("lymphocytes")
    frame, before = shapes.plot.frame, shapes.session.gate("lymphocytes").shape
    assert isinstance(before, Polygon)
    vertex = shapes.grip("vertex", index=3)
    to = (vertex.at[0] - 30, vertex.at[1] + 110)
    shapes.drag(vertex.at, to)
    at_once(shapes)
    moved = shapes.last.after
    assert isinstance(moved, Polygon)
    assert near(shapes, frame.x, moved.vertices[3][0], to[0])
    assert near(shapes, frame.y, moved.vertices[3][1], to[1])
    assert (*moved.vertices[:3], moved.vertices[4]) == (*before.vertices[:3], before.vertices[4])

    first, second = (shapes.grip("vertex", index=index).at for index in (0, 1))
    middle = ((first[0] + second[0]) / 2, first[1])
    shapes.double_click(middle)
    at_once(shapes)
    more = shapes.last.after
    assert isinstance(more, Polygon)
    assert (more.vertices[0], *more.vertices[2:]) == moved.vertices
    assert near(shapes, frame.x, more.vertices[1][0], middle[0])
    assert near(shapes, frame.y, more.vertices[1][1], middle[1])

    shapes.click(shapes.grip("vertex", index=4).at, "right")
    at_once(shapes)
    fewer = shapes.last.after
    assert isinstance(fewer, Polygon)
    assert fewer.vertices == (*more.vertices[:4], more.vertices[5])
    assert len(shapes.session.adjustments) == 3
    in_the_end(shapes, clinic)


def test_an_ellipse_and_a_run_follow_their_ends(shapes: Person, clinic: Clinic):
    """One half axis gets longer, and all else of it stays; a run gets an end where it had none."""
    shapes.show("t_cells")
    before = shapes.session.gate("t_cells").shape
    assert isinstance(before, Ellipse)
    right = max(shapes.plot.grips, key=lambda one: one.at[0])
    to = (right.at[0] + 45, right.at[1])
    shapes.drag(right.at, to)
    at_once(shapes)
    after = shapes.last.after
    assert isinstance(after, Ellipse)
    assert (after.mean, after.distance_square) == (before.mean, before.distance_square)
    reach = (after.distance_square * after.covariance[0][0]) ** 0.5
    assert near(shapes, shapes.plot.frame.x, after.mean[0] + reach, to[0])
    assert after.covariance[1][1] == pytest.approx(before.covariance[1][1])

    shapes.show("time_ok")
    edge = shapes.grip("edge", ("Time", "high"))
    assert edge.at[0] == SIDE
    to = (SIDE - 200, 480.0)
    shapes.drag(edge.at, to)
    at_once(shapes)
    assert isinstance(shapes.last.after, Ranges)
    ((low, high),) = shapes.last.after.kept
    assert low == float("-inf")
    assert near(shapes, shapes.plot.frame.x, high, to[0])
    in_the_end(shapes, clinic)


def test_numbers_follow_while_the_button_is_down(anna: Person, clinic: Clinic):
    """The verdict shows what was and what is, and nothing is kept before the gate is let go."""
    anna.show("lymphoid_scatter")
    before, _ = anna.bar("B cells")
    corner = anna.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    to = (corner.at[0] - 150, corner.at[1] + 80)

    anna.pull(corner.at, to)
    anna.until(lambda: anna.bar("B cells")[1] != before)
    stood, now = anna.bar("B cells")
    assert stood == before
    shown = anna.widget.showing.bar.text
    assert before in shown
    assert f'&#8594;&nbsp;&nbsp;</td><td><span style="color:#fbbf24">{now}' in shown
    assert anna.widget.showing.bar.state.startswith("at once")
    assert (anna.session.adjustments, clinic.kept()) == ((), [])

    anna.release(to)
    at_once(anna)
    assert len(anna.session.adjustments) == 1
    anna.settled()
    assert clinic.said() == ["edit"]


def test_what_is_not_dropped_changes_nothing(anna: Person, clinic: Clinic):
    """A click, a drag back to where it began, and one during which another plot was asked for."""
    anna.show("lymphoid_scatter")
    corner = anna.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    anna.click(corner.at)
    away = (corner.at[0] - 200, corner.at[1])
    anna.pull(corner.at, away)
    anna.move(corner.at)
    anna.release(corner.at)
    assert anna.session.adjustments == ()

    anna.pull(corner.at, away)
    anna.key("J")
    assert anna.widget.chosen.gate == "lymphocytes"
    anna.release(away)
    anna.settled()
    assert (anna.session.adjustments, clinic.kept()) == ((), [])
    assert anna.widget.showing.bar.state.startswith("final")
    assert anna.cells() == counted(anna.session)
