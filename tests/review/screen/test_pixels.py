"""The plot on the screen, pixel by pixel: up is up, and nothing that matters is left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, QRect

from cytomon.model.gating import Box
from cytomon.review.frame import SIDE
from cytomon.review.grips import Point
from cytomon.review.plot import BLASTS, CHOSEN
from tests.review.screen.clinic import ESCAPED, FEW, Clinic
from tests.review.screen.person import Person, is_colour
from tests.review.screen.rooms import Sit

WHITE = (255, 255, 255)
_BACKGROUND = (13, 16, 23)


def is_lit(pixels: NDArray[np.uint8], person: Person, place: Point) -> bool:
    """Whether there is anything but background around a place of the plot."""
    spot = person.spot(place)
    around = pixels[spot.y() - 2 : spot.y() + 3, spot.x() - 2 : spot.x() + 3]
    return not is_colour(around, _BACKGROUND, 12).all()


def line_at(pixels: NDArray[np.uint8], person: Person, place: Point, *, upright: bool) -> bool:
    """Whether a white line runs through a place."""
    spot, along = person.spot(place), 6  # between two grips
    rows, columns = (along, 2) if upright else (2, along)
    around = pixels[
        spot.y() - rows : spot.y() + rows + 1, spot.x() - columns : spot.x() + columns + 1
    ]
    return bool(is_colour(around, WHITE, 60).any(axis=1 if upright else 0).all())


def test_up_is_up_and_right_is_right(clinic: Clinic, sit: Sit):
    """Populations and edges of gates are drawn where their values say, and not mirrored."""
    person = sit(clinic.desk(), clinic.items(ESCAPED))
    person.show("t_cells")
    person.key("G")
    middle = person.spot((SIDE / 2, SIDE / 2))
    for gate, is_high, is_right in (
        ("bright_monocytes", True, False),
        ("wide_scatter", False, True),
    ):
        person.show(gate)  # CD45 of T cells is high; so it is to the right, and their scatter low
        rows, columns = np.nonzero(is_colour(person.look(), CHOSEN, 12))
        assert (rows < middle.y()).mean() == float(is_high)
        assert ((columns > middle.x()).mean() > 0.99) == is_right

    person.show("t_cells")
    person.key("G")
    person.show("lymphoid_scatter")
    pixels = person.look()
    shape = person.session.gate("lymphoid_scatter").shape
    assert isinstance(shape, Box)
    left = person.plot.frame.x.to_plot(shape.bounds[0][0] or 0)
    top = person.plot.frame.y.to_plot(shape.bounds[1][1] or 0)
    assert line_at(pixels, person, ((left + 2 * SIDE) / 3, top), upright=False)
    assert line_at(pixels, person, (left, top * 0.75), upright=True)
    assert not line_at(pixels, person, ((left + 2 * SIDE) / 3, SIDE - top), upright=False)
    assert not line_at(pixels, person, (SIDE - left, top * 0.75), upright=True)

    labels = person.viewer.layers["tube words"].features["label"]
    places = dict(zip(labels, person.viewer.layers["tube words"].data, strict=True))
    assert places["10³"][1] < places["10⁴"][1] < places["10⁵"][1]
    assert places["50k"][0] < places["100k"][0] < places["200k"][0]
    assert (places["10³"][0], places["50k"][1]) < (0, 0)
    for label in ("10³", "100k"):
        assert is_lit(pixels, person, (places[label][1], places[label][0]))


def test_each_blast_has_its_pixels(clinic: Clinic, sit: Sit):
    """All 26 where they are expected, and their colour is nowhere else in the plot."""
    person = sit(clinic.desk(), clinic.items(FEW))
    person.show("blasts", ("CD19", "CD10"))
    places = person.places("blasts")
    assert len(places) == 26
    orange = is_colour(person.look(), BLASTS, 12)
    near = np.zeros_like(orange)
    for place in places:
        spot = person.spot(place)
        assert orange[spot.y() - 2 : spot.y() + 3, spot.x() - 2 : spot.x() + 3].any()
        near[spot.y() - 9 : spot.y() + 10, spot.x() - 9 : spot.x() + 10] = True
    assert not (orange & ~near).any()


def test_a_small_window_holds_all_that_a_verdict_needs(clinic: Clinic, sit: Sit):
    """On a screen of 1280 by 800 nothing is pushed out, and words stay in the plot's part."""
    person = sit(clinic.desk(), clinic.items(ESCAPED))
    person.viewer.window.resize(1280, 770)
    person.show("bright_monocytes")
    person.settled()
    window = person.viewer.window._qt_window
    assert (window.width(), window.height()) == (1280, 770)
    whole = QRect(QPoint(0, 0), window.size())
    side = person.widget.side
    for part in (side.reason, *(side.buttons[name] for name in ("approve", "reject", "next_tube"))):
        there = QRect(part.mapTo(window, QPoint(0, 0)), part.size())
        assert whole.contains(there)
        assert not part.visibleRegion().isEmpty()
    assert not person.widget.showing.strip.visibleRegion().isEmpty()
    height, width = person.viewer.canvas.size
    words = person.viewer.layers["tube words"]
    for text, (up, right) in zip(words.features["label"], words.data, strict=True):
        spot, half = person.spot((right, up)), 4.2 * len(text)
        assert 0 < spot.x() - half < spot.x() + half < width, text
        assert 6 < spot.y() < height - 6, text
    lines = is_colour(person.look(), _BACKGROUND, 12)
    assert lines[:2].all()
    assert lines[-2:].all()
