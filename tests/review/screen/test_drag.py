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
    """The same after the whole tube was measured anew; and the change is in the store."""
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


def test_a_corner_moves_both_its_numbers(anna: Person, clinic: Clinic):
    """Both go where the mouse went; sides that were open stay open."""
    anna.widget.choose_gate("lymphoid_scatter")
    before = anna.session.gate("lymphoid_scatter").shape
    corner = anna.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    to = (corner.at[0] - 120, corner.at[1] + 60)

    anna.drag(corner.at, to)
    at_once(anna)
    assert (anna.last.before, anna.last.on) == (before, ("CD45", "SSC-A"))
    assert isinstance(anna.last.after, Box)
    (low, open_right), (open_below, high) = anna.last.after.bounds
    assert (open_right, open_below) == (None, None)
    assert near(anna, anna.plot.frame.x, low, to[0])
    assert near(anna, anna.plot.frame.y, high, to[1])
    in_the_end(anna, clinic)


def test_an_edge_moves_one_number(anna: Person, clinic: Clinic):
    """Its own; the mouse may go up and down on the way, and all others keep their very bits."""
    anna.widget.choose_gate("monocytes")
    before = anna.session.gate("monocytes").shape
    assert isinstance(before, Box)
    edge = anna.grip("edge", ("SSC-A", "high"))
    to = (edge.at[0] + 90, edge.at[1] + 75)

    anna.drag(edge.at, to)
    at_once(anna)
    assert isinstance(anna.last.after, Box)
    cd33, (low, high), *others = anna.last.after.bounds
    assert [cd33, low, *others] == [before.bounds[0], before.bounds[1][0], *before.bounds[2:]]
    assert near(anna, anna.plot.frame.y, high, to[1])
    in_the_end(anna, clinic)


def test_the_inside_moves_a_gate_as_it_is(anna: Person, clinic: Clinic):
    """Every closed side goes with the mouse, and the gate keeps its size."""
    anna.widget.choose_gate("monocytic_shape")
    anna.widget.side.pair.setCurrentIndex(1)
    anna.widget.choose_pair()
    frame = anna.plot.frame
    assert (frame.x.label, frame.y.label) == ("SSC-A", "CD33+CD14")
    before = anna.session.gate("monocytic_shape").shape
    assert isinstance(before, Box)
    start = (frame.x.to_plot(45_000), frame.y.to_plot(4.0))

    anna.drag(start, (start[0] + 80, start[1] + 40))
    at_once(anna)
    assert isinstance(anna.last.after, Box)
    (cd33, none), cd45, (low, high) = anna.last.after.bounds
    (cd33_before, _), cd45_before, (low_before, high_before) = before.bounds
    assert (none, cd45) == (None, cd45_before)
    assert low is not None
    assert high is not None
    assert low_before is not None
    assert high_before is not None
    assert high - low == pytest.approx(high_before - low_before)
    assert near(anna, frame.x, low, frame.x.to_plot(low_before) + 80)
    assert cd33_before is not None
    assert near(anna, frame.y, cd33, frame.y.to_plot(cd33_before) + 40)
    in_the_end(anna, clinic)


def test_the_edge_of_an_interval_moves_in_a_histogram(anna: Person, clinic: Clinic):
    """A gate on one dimension is a band in a histogram, and is taken by its edge at any height."""
    anna.widget.choose_gate("cd20_clear")
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


def test_a_vertex_moves_alone(shapes: Person, clinic: Clinic):
    """Of a polygon's corners that one which the mouse has taken."""
    shapes.widget.choose_gate("lymphocytes")
    before = shapes.session.gate("lymphocytes").shape
    assert isinstance(before, Polygon)
    vertex = shapes.grip("vertex", index=3)
    to = (vertex.at[0] - 30, vertex.at[1] + 110)

    shapes.drag(vertex.at, to)
    at_once(shapes)
    after = shapes.last.after
    assert isinstance(after, Polygon)
    assert near(shapes, shapes.plot.frame.x, after.vertices[3][0], to[0])
    assert near(shapes, shapes.plot.frame.y, after.vertices[3][1], to[1])
    assert (*after.vertices[:3], after.vertices[4]) == (*before.vertices[:3], before.vertices[4])
    in_the_end(shapes, clinic)


def test_a_double_click_makes_a_vertex_and_a_right_click_takes_one(shapes: Person, clinic: Clinic):
    """One more where the line was clicked on, between its neighbours; then one less."""
    shapes.widget.choose_gate("lymphocytes")
    before = shapes.session.gate("lymphocytes").shape
    assert isinstance(before, Polygon)
    first, second = (shapes.grip("vertex", index=index).at for index in (0, 1))
    middle = ((first[0] + second[0]) / 2, first[1])

    shapes.double_click(middle)
    at_once(shapes)
    after = shapes.last.after
    assert isinstance(after, Polygon)
    assert (after.vertices[0], *after.vertices[2:]) == before.vertices
    assert near(shapes, shapes.plot.frame.x, after.vertices[1][0], middle[0])
    assert near(shapes, shapes.plot.frame.y, after.vertices[1][1], middle[1])

    shapes.click(shapes.grip("vertex", index=4).at, "right")
    at_once(shapes)
    last = shapes.last.after
    assert isinstance(last, Polygon)
    assert last.vertices == (*after.vertices[:4], after.vertices[5])
    in_the_end(shapes, clinic)


def test_the_end_of_an_ellipse_moves_alone(shapes: Person, clinic: Clinic):
    """One half axis gets longer; centre, level and the other half axis stay."""
    shapes.widget.choose_gate("t_cells")
    before = shapes.session.gate("t_cells").shape
    assert isinstance(before, Ellipse)
    frame = shapes.plot.frame
    right = max((one for one in shapes.plot.grips), key=lambda one: one.at[0])
    to = (right.at[0] + 45, right.at[1])

    shapes.drag(right.at, to)
    at_once(shapes)
    after = shapes.last.after
    assert isinstance(after, Ellipse)
    assert (after.mean, after.distance_square) == (before.mean, before.distance_square)
    reach = (after.distance_square * after.covariance[0][0]) ** 0.5
    assert near(shapes, frame.x, after.mean[0] + reach, to[0])
    assert after.covariance[1][1] == pytest.approx(before.covariance[1][1])
    in_the_end(shapes, clinic)


def test_the_end_of_a_run_is_cut_off(shapes: Person, clinic: Clinic):
    """A run without an end gets one where its edge is dragged to."""
    shapes.widget.choose_gate("time_ok")
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


def test_a_click_moves_nothing(anna: Person, clinic: Clinic):
    """Neither does a gate that is dragged away and back again."""
    anna.widget.choose_gate("lymphoid_scatter")
    corner = anna.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    anna.click(corner.at)
    anna.pull(corner.at, (corner.at[0] - 200, corner.at[1]))
    anna.move(corner.at)
    anna.release(corner.at)
    anna.settled()

    assert anna.session.adjustments == ()
    assert clinic.kept() == []
    assert anna.widget.showing.bar.state.startswith("final")
