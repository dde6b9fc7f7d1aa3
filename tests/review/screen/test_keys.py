"""The keyboard: what each key does, and when letters are letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QShortcut

from cytomon.review.desk import Desk
from cytomon.review.screen.keys import KEYS, help_page
from cytomon.review.screen.widget import ReviewWidget
from tests.review.screen.clinic import ANNA, ESCAPED, Clinic, counted
from tests.review.screen.person import CTRL, LEFT, NONE, SHIFT, Person
from tests.review.screen.rooms import Sit

ALL = [one for key in KEYS for one in key.keys.split(", ")]


def test_no_key_has_two_meanings():
    """Each is named once, with a method of the widget, and on the page that explains it."""
    assert len(ALL) == len(set(ALL))
    assert len({key.action for key in KEYS}) == len(KEYS)
    for key in KEYS:
        assert callable(getattr(ReviewWidget, key.action))
        assert key.says in help_page().replace("&#x27;", "'")


def test_every_key_does_its_own_thing_in_a_window(make_napari_viewer: Any, qtbot: QtBot):
    """None clashes with a key of napari, and none of napari's reaches the plots."""
    done: Counter[str] = Counter()

    def noted(action: str) -> Callable[[Any], None]:
        return lambda _self: done.update([action])

    deaf = type("Deaf", (ReviewWidget,), {key.action: noted(key.action) for key in KEYS})
    viewer = make_napari_viewer(show=True)
    widget = deaf(viewer, desk=Desk(who=ANNA))
    viewer.window.add_dock_widget(widget, name="gate review", area="right")
    person = Person(viewer=viewer, widget=widget, qtbot=qtbot)
    person.active()
    widget._sketches(begins=True)
    unclear: list[str] = []
    for shortcut in widget.findChildren(QShortcut):
        shortcut.activatedAmbiguously.connect(lambda: unclear.append("two at once"))
    layers = [(layer.name, len(layer.data)) for layer in viewer.layers]
    for key in KEYS:
        for keys in key.keys.split(", "):
            QTest.keySequence(person.canvas, QKeySequence(keys))
            assert (dict(done), unclear) == ({key.action: 1}, []), keys
            done.clear()
    for keys in ("1", "2", "3", "4", "5", "6", "7", "Z", "E", "T", "Delete", "Ctrl+A", "Ctrl+V"):
        QTest.keySequence(person.canvas, QKeySequence(keys))
    person.click((500.0, 500.0))
    assert [(layer.name, len(layer.data)) for layer in viewer.layers] == layers
    assert {layer.mode for layer in viewer.layers} == {"pan_zoom"}
    assert viewer.layers.selection.active is None
    assert not done


@pytest.fixture
def anna(clinic: Clinic, sit: Sit) -> Person:
    """Anna, at a marrow with blasts."""
    return sit(clinic.desk(), clinic.items(ESCAPED))


def test_changes_are_taken_back_and_done_again(anna: Person, clinic: Clinic):
    """By keys and buttons; each step is kept, and the next sitting stands where this one ends."""
    before = anna.cells()
    anna.show("lymphoid_scatter")
    corner = anna.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    anna.drag(corner.at, (corner.at[0] - 120, corner.at[1] + 60))
    moved, change = anna.cells(), anna.last
    assert moved != before

    steps: list[tuple[Callable[[], None], bool]] = [
        (lambda: anna.key("U"), False),
        (lambda: anna.key("Y", CTRL), True),
        (lambda: anna.key("Z", CTRL), False),
        (lambda: anna.key("Z", CTRL | SHIFT), True),
        (lambda: anna.push("undo"), False),
        (lambda: anna.push("redo"), True),
        (lambda: anna.push("start_over"), False),
    ]
    for step, is_moved in steps:
        step()
        assert anna.cells() == (moved if is_moved else before)
        assert anna.session.adjustments == ((change,) if is_moved else ())
    assert not anna.widget.side.buttons["undo"].isEnabled()
    anna.key("U")
    anna.key("I")
    assert anna.last.gate == "lymphoid_scatter"
    assert anna.last.change.value == "pinned"
    assert anna.widget.showing.tree.row("lymphoid_scatter")[-1] == "pinned"
    anna.settled()
    assert clinic.said() == ["edit", *["undo", "redo"] * 3, "start over", "edit"]
    (case,) = clinic.desk().cases("P003", anna.widget.sitting.items[0].specimen)
    again = clinic.desk().take_up(case)
    assert again.session.adjustments == anna.session.adjustments
    assert counted(again.session) == anna.cells()


def test_letters_are_letters_in_the_line_for_the_reason(anna: Person, clinic: Clinic):
    """Nothing is approved, rejected or opened by typing; Enter makes keys keys again."""
    anna.widget.side.reason.setFocus()
    anna.until(lambda: anna.focus_name() == "reason")
    anna.type("a narrow lymphoid gate: 0 debris")
    assert anna.widget.side.reason.text() == "a narrow lymphoid gate: 0 debris"
    anna.key("Z", CTRL)
    assert anna.widget.side.reason.text() == ""
    assert (clinic.kept(), anna.widget.is_blind, anna.widget.sitting.row) == ([], False, 0)

    anna.key("Return")
    assert anna.focus_name() == "gates"
    anna.key("B")
    assert anna.widget.is_blind


def test_gates_are_walked_through(anna: Person):
    """With keys down and up the tree, and around its ends; arrows and clicks do the same."""
    names = anna.widget.showing.tree.names()
    anna.show(names[-1])
    for key, expected in (("J", names[0]), ("K", names[-1]), ("K", names[-2])):
        anna.key(key)
        assert anna.widget.chosen.gate == expected
        assert anna.plot.title.startswith(anna.session.gate(expected).parent or "all events")
    anna.widget.showing.tree.setFocus()
    anna.key("Down")
    assert anna.widget.chosen.gate == names[-1]
    strip = anna.widget.showing.strip
    item = strip.item(3)
    strip.scrollToItem(item)
    QTest.mouseClick(strip.viewport(), LEFT, NONE, strip.visualItemRect(item).center())
    assert anna.widget.chosen.gate == strip.names()[3]


def test_help_says_every_key(anna: Person):
    """In a window of its own, beside which the review goes on."""
    anna.key("F1")
    boxes = [one for one in QApplication.topLevelWidgets() if one.windowTitle() == "cytomon review"]
    (box,) = [one for one in boxes if one is not anna.viewer.window._qt_window]
    assert not box.isModal()
    box.close()
