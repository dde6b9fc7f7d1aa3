"""Regions drawn around events: into a population, and out of it."""

from __future__ import annotations

from cytomon.model.adjustment import Change
from cytomon.model.gating import Polygon
from cytomon.review.grips import Point
from tests.review.screen.clinic import FEW, Clinic, counted, counted_anew
from tests.review.screen.person import Person
from tests.review.screen.rooms import Sit

PAIR = ("CD19", "CD10")


def around(places: list[Point], room: float = 15.0) -> list[Point]:
    """Corners of a rectangle around some events."""
    x, y = ([place[at] for place in places] for at in (0, 1))
    left, right = min(x) - room, max(x) + room
    below, above = min(y) - room, max(y) + room
    return [(left, below), (right, below), (right, above), (left, above)]


def is_drawn(person: Person, corners: list[Point]) -> None:
    """The newest change is the region that was clicked, in the order of its corners."""
    region, frame = person.last.after, person.plot.frame
    assert person.last.on == PAIR
    assert isinstance(region, Polygon)
    assert len(region.vertices) == len(corners)
    for (right, up), (x, y) in zip(region.vertices, corners, strict=True):
        assert abs(frame.x.to_plot(right) - x) <= 2 * person.unit
        assert abs(frame.y.to_plot(up) - y) <= 2 * person.unit


def test_events_are_drawn_out_and_in(clinic: Clinic, sit: Sit):
    """Clicks are corners, and Enter closes: blasts leave, others come, and every count follows."""
    person = sit(clinic.desk(), clinic.items(FEW))
    person.show("blasts", PAIR)
    corners = around(person.places("blasts"))
    n_blasts = person.session.now.counts["blasts"]
    person.key("X")
    for corner in corners:
        person.click(corner)
    person.key("Return")
    assert person.last.change is Change.TAKEN_OUT
    is_drawn(person, corners)
    assert person.bar("MRD")[1].startswith("0 of 45,027 ")
    assert person.cells() == counted(person.session)
    person.settled()
    assert person.cells() == counted_anew(person.session, person.session.adjustments)
    assert person.bar("MRD")[0].startswith(f"{n_blasts} of 45,027 ")

    person.key("U")
    assert person.cells()["blasts"] == n_blasts
    corners = around(person.places("stage0_progenitors"))
    person.push("draw_in")
    for corner in corners[:-1]:
        person.click(corner)
    person.double_click(corners[-1])
    assert person.last.change is Change.ADDED
    is_drawn(person, corners)
    assert person.cells() == counted(person.session)
    assert person.cells()["blasts"] >= n_blasts + person.cells()["stage0_progenitors"]
    person.settled()
    assert person.cells() == counted_anew(person.session, person.session.adjustments)
    assert [(said, change) for said, _, change in clinic.kept()] == [
        ("edit", clinic.kept()[0][2]),
        ("undo", None),
        ("edit", person.last),
    ]


def test_a_region_can_be_left(clinic: Clinic, sit: Sit):
    """Escape draws none; two corners are none; another gate ends it; and gates are not dragged."""
    person = sit(clinic.desk(), clinic.items(FEW))
    person.show("blasts", PAIR)
    corners = around(person.places("blasts"))
    for end in ("Escape", "Return", "J"):
        person.show("blasts")
        person.key("D")
        assert person.says.startswith("click around the events that belong to blasts")
        for corner in corners[:2]:
            person.click(corner)
        person.key(end)
        assert not person.widget.mouse.is_sketching
        assert person.says == ""
    person.show("lymphoid_scatter")
    person.key("D")
    assert person.says == "lymphoid_scatter has an outline of its own: drag that instead"
    person.settled()
    assert (person.session.adjustments, clinic.kept()) == ((), [])


def test_a_region_stays_in_sight_while_the_tube_is_measured(clinic: Clinic, sit: Sit):
    """What the pipeline says meanwhile does not wipe out the corners that were clicked."""
    person = sit(clinic.desk(), clinic.items(FEW))
    person.show("lymphoid_scatter")
    corner = person.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    person.drag(corner.at, (corner.at[0] - 60, corner.at[1]))
    person.show("blasts", PAIR)
    corners = around(person.places("blasts"))
    person.key("X")
    for place in corners:
        person.click(place)
    assert person.widget.sitting.is_busy
    person.settled()
    assert person.widget.showing.bar.state.startswith("final")
    assert len(person.viewer.layers["tube grips"].data) == len(corners)
    person.key("Return")
    is_drawn(person, corners)
