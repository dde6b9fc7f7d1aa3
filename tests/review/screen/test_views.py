"""What the window shows besides: the specimen before, back-gating, and nothing of what was said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtGui import QIcon, QImage

from cytomon.review.plot import BLASTS, CHOSEN, PATH, REFERENCES
from cytomon.review.screen.strip import SIZE
from tests.review.screen.clinic import ESCAPED, FEW, LATER, Clinic
from tests.review.screen.person import Person, is_colour, pixels_of
from tests.review.screen.rooms import Sit


def columns(found: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Columns in which there is anything."""
    return np.flatnonzero(found.any(axis=0))


def small_plots(person: Person, colour: tuple[int, int, int]) -> int:
    """Small plots in which there is a colour."""
    strip = person.widget.showing.strip
    return sum(
        bool(is_colour(pixels_of(_picture(strip.item(row).icon())), colour).any())
        for row in range(strip.count())
    )


def _picture(icon: QIcon) -> QImage:
    return icon.pixmap(SIZE, SIZE).toImage()


def test_the_specimen_before_stands_to_the_right(clinic: Clinic, sit: Sit):
    """On the same dimensions, with a title of its own; and both are wholly in the window."""
    person = sit(clinic.desk(), clinic.items(LATER))
    person.show("blasts", ("CD19", "CD10"))
    person.key("S")
    person.until(lambda: person.widget.showing.before is not None)
    person.settled()
    words = person.viewer.layers["before words"]
    texts = list(words.features["label"])
    assert "specimen before, 2026-02-16" in texts
    assert {"CD19", "10³", "10⁴", "10⁵"} <= set(texts)
    assert words.data[:, 1].min() > 1000

    blasts = is_colour(person.look(), BLASTS, 30)
    border = person.spot((1000.0, 0.0)).x()
    places = columns(blasts)
    n_left, n_right = blasts[:, :border].sum(), blasts[:, border:].sum()
    assert n_left > n_right > 0  # 82 and 26 of them
    for x in (person.spot((0.0, 0.0)).x(), person.spot((2330.0, 0.0)).x()):
        assert 0 < x < person.viewer.canvas.size[1]
    assert places.min() > person.spot((0.0, 0.0)).x()

    person.key("S")
    person.until(lambda: person.widget.showing.before is None)
    border = person.spot((1000.0, 0.0)).x()
    assert not is_colour(person.look(), BLASTS, 30)[:, border + 3 :].any()


def test_there_may_be_no_specimen_before(clinic: Clinic, sit: Sit):
    """It is said in words, and the box is not ticked."""
    person = sit(clinic.desk(), clinic.items(FEW))
    person.push("toggle_earlier")
    person.until(lambda: person.says.startswith("the patient has no earlier specimen"))
    assert not person.widget.side.earlier.isChecked()
    assert person.widget.showing.before is None


def test_a_blind_review_shows_nothing_that_was_said(clinic: Clinic, sit: Sit):
    """Neither in the bar, the list and the panel, nor beside the plot; and shows it again after."""
    person = sit(clinic.desk(), clinic.items(LATER, FEW))
    person.key("S")
    person.until(lambda: person.widget.showing.before is not None)
    stood, now = person.bar("MRD")
    bar, tubes = person.widget.showing.bar, person.widget.tubes
    assert "positive" in tubes.item(0, 0).text()
    assert "leash" in tubes.item(0, 1).text()

    person.key("B")
    assert person.widget.showing.before is None
    assert "hidden" in bar.text
    assert bar.text.count(now) == 1  # what the tube says now stays
    assert stood == now
    for row in range(2):
        assert "MRD" not in tubes.item(row, 0).text()
        assert tubes.item(row, 1).text() == ""
        assert "MRD" not in tubes.item(row, 0).toolTip()
    assert "result" not in person.widget.side.whose.text()
    person.key("S")
    assert "hidden" in person.says
    person.settled()
    assert person.widget.showing.before is None
    assert not person.widget.side.earlier.isChecked()

    person.push("toggle_blind")
    assert "hidden" not in bar.text
    assert "MRD positive" in tubes.item(0, 0).text()
    assert "result: automatic" in person.widget.side.whose.text()


def test_a_population_is_shown_in_every_plot(clinic: Clinic, sit: Sit):
    """Its events in a colour of their own, in the large plot and in the small ones."""
    person = sit(clinic.desk(), clinic.items(ESCAPED))
    person.show("nk")
    person.key("G")
    person.show("lymphoid_scatter")
    person.settled()
    assert "back-gated nk 590" in person.plot.note
    shown = is_colour(person.look(), CHOSEN, 12)
    for x, y in person.places("nk"):
        spot = person.spot((x, y))
        assert shown[spot.y() - 3 : spot.y() + 4, spot.x() - 3 : spot.x() + 4].any()
    assert small_plots(person, CHOSEN) > 20

    person.show("nk")
    person.key("G")
    person.show("lymphoid_scatter")
    person.settled()
    assert not is_colour(person.look(), CHOSEN, 12).any()
    assert small_plots(person, CHOSEN) == 0
    box = person.widget.side.back
    box.setCurrentIndex(box.findText("t_cells"))
    box.activated.emit(box.currentIndex())
    assert "back-gated t_cells 3,449" in person.plot.note


def test_normal_cells_are_shown_for_comparison(clinic: Clinic, sit: Sit):
    """The path of maturation in two dimensions, and the reference behind a histogram."""
    person = sit(clinic.desk(), clinic.items(ESCAPED))
    person.show("blasts", ("CD19", "CD10"))
    assert not is_colour(person.look(), PATH, 25).any()
    person.key("M")
    assert person.widget.side.path.isChecked()
    path = is_colour(person.look(), PATH, 25)
    assert path.sum() > 50
    corners = person.spot((0.0, 0.0)), person.spot((1000.0, 1000.0))
    rows = np.flatnonzero(path.any(axis=1))
    assert corners[0].x() <= columns(path).min() < columns(path).max() <= corners[1].x()
    assert corners[1].y() <= rows.min() < rows.max() <= corners[0].y()

    person.show("cd19_clear")
    assert "behind: t_cells (green)" in person.plot.note
    assert is_colour(person.look(), REFERENCES[0], 25).sum() > 100
