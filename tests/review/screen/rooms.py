"""Fixtures: a laboratory's store, and windows at which persons sit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from cytomon.review.desk import Desk
from cytomon.review.screen.widget import ReviewWidget
from cytomon.review.worklist import Item
from tests.review.screen.clinic import Clinic, clinic_of, measure
from tests.review.screen.person import Person

Sit = Callable[..., Person]
_WIDTH, _HEIGHT = 1590, 980


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four tubes and the store that they were measured into."""
    folder = tmp_path_factory.mktemp("clinic")
    measure(folder)
    return folder


@pytest.fixture
def clinic(measured: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A store of the test's own."""
    with clinic_of(measured, tmp_path) as one:
        yield one


@pytest.fixture
def sit(make_napari_viewer: Callable[..., Any], qtbot: QtBot) -> Sit:
    """Sits somebody down at a window with tubes; waits until the first is open and measured."""

    def sit_down(desk: Desk, items: Sequence[Item] = (), *, wait: bool = True) -> Person:
        viewer = make_napari_viewer(show=True, title="cytomon review")
        viewer.window.resize(_WIDTH, _HEIGHT)
        viewer.window._qt_window.move(0, 0)
        widget = ReviewWidget(viewer, desk=desk, items=items)
        viewer.window.add_dock_widget(widget, name="gate review", area="right")
        person = Person(viewer=viewer, widget=widget, qtbot=qtbot)
        person.active()
        if wait and items:
            person.settled()
        return person

    return sit_down
