"""A window that is closed in the middle: nothing that was done is lost, and nothing runs on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from qtpy.QtWidgets import QDockWidget

from tests.review.screen.clinic import ESCAPED, Clinic
from tests.review.screen.person import Person
from tests.review.screen.rooms import Sit

GATE, CORNER = "lymphoid_scatter", (("CD45", "low"), ("SSC-A", "high"))


def dropped(person: Person) -> None:
    """A gate was let go, and nothing else has happened since."""
    person.widget.choose_gate(GATE)
    corner = person.grip("corner", *CORNER)
    person.drag(corner.at, (corner.at[0] - 120, corner.at[1] + 60), steps=1)


def held(person: Person) -> None:
    """The next drag is on its way: what is held is not done."""
    dropped(person)
    corner = person.grip("corner", *CORNER)
    person.pull(corner.at, (corner.at[0] + 50, corner.at[1] + 20))
    person.pause()


def being_measured(person: Person) -> None:
    """The tube is being measured anew."""
    dropped(person)
    person.until(lambda: not person.widget.sitting.is_waiting)


def next_one_opens(person: Person) -> None:
    """The next tube is being opened."""
    dropped(person)
    person.key("N")


def nothing_runs(person: Person) -> bool:
    """Whether no thread of a review is left."""
    names = [thread.name for thread in threading.enumerate()]
    return not any(name.startswith(("measure", "write")) for name in names)


@pytest.mark.parametrize("moment", [dropped, held, being_measured, next_one_opens])
def test_what_was_dropped_is_there_again(
    clinic: Clinic, sit: Sit, moment: Callable[[Person], None]
):
    """Whenever the window is closed, the next sitting goes on with every edit that was dropped."""
    items = clinic.items(ESCAPED)
    person = sit(clinic.desk(), [*items, *items])
    moment(person)
    done = person.session.adjustments
    assert len(done) == 1

    person.viewer.close()
    person.until(lambda: nothing_runs(person))
    (case,) = clinic.desk().cases(items[0].patient_id, items[0].specimen)
    assert clinic.desk().take_up(case).session.adjustments == done
    assert clinic.said() == ["edit"]
    assert person.widget.sitting.lost == ()


def test_a_window_closes_while_its_first_tube_opens(clinic: Clinic, sit: Sit):
    """No thread is left, and nothing is shown in a window that is not there."""
    person = sit(clinic.desk(), clinic.items(ESCAPED), wait=False)
    person.until(lambda: person.widget.sitting.is_busy)

    person.viewer.close()
    person.until(lambda: nothing_runs(person))
    assert person.widget.session is None


def test_a_dock_that_is_closed_ends_the_review(clinic: Clinic, sit: Sit):
    """What was done is kept, and the viewer is an ordinary one again."""
    person = sit(clinic.desk(), clinic.items(ESCAPED))
    dropped(person)
    window: Any = person.viewer.window
    window.remove_dock_widget(person.widget)

    assert clinic.said() == ["edit"]
    assert nothing_runs(person)
    assert list(person.viewer.layers) == []
    person.until(
        lambda: (
            {
                dock.objectName()
                for dock in window._qt_window.findChildren(QDockWidget)
                if dock.isVisible()
            }
            == {"layer list", "layer controls"}
        )
    )
