"""What the other tests with windows stand on: a screen, drawing that works, and no warning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from napari.settings import get_settings
from pytestqt.qtbot import QtBot
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QLabel

Make = Callable[..., Any]
RED, BACKGROUND = "#ff0000", "#0d1017"
UPWARD = ("up", "right")


def red(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which pixels are red, shape (rows, columns)."""
    return (picture[..., 0] > 200) & (picture[..., 1] < 60) & (picture[..., 2] < 60)


def test_the_screen_is_that_of_the_tests(qapp: QGuiApplication, screen: dict[str, str]):
    """Large enough for a whole window, and nobody's desktop."""
    if not screen:
        pytest.skip("Xvfb is not installed: windows are shown to whoever runs the tests")
    assert qapp.platformName() == "xcb"
    size = qapp.primaryScreen().size()
    assert (size.width(), size.height()) == (1600, 1000)


def test_the_users_settings_stay_alone(make_napari_viewer_proxy: Make):
    """What napari remembers of the user is neither read nor written."""
    make_napari_viewer_proxy()
    assert get_settings().config_path is None


@pytest.mark.parametrize("low", [True, False])
def test_up_is_up(make_napari_viewer_proxy: Make, low: bool):
    """A square at small coordinates is drawn in the lower half, one at large ones in the upper."""
    viewer = make_napari_viewer_proxy(show=True)
    viewer.canvas.background_color_override = BACKGROUND
    viewer.scene.camera.orientation2d = UPWARD
    viewer.add_image(np.zeros((100, 100)), blending="translucent_no_depth", opacity=0.1)
    y = 10 if low else 60
    square = [[y, 35], [y, 65], [y + 30, 65], [y + 30, 35]]
    viewer.add_shapes(
        [square],
        shape_type="polygon",
        face_color=RED,
        edge_width=0,
        opacity=1,
        blending="translucent_no_depth",
    )
    viewer.reset_view()

    picture = viewer.screenshot(flash=False)
    rows, columns = np.nonzero(red(picture))
    height, width = picture.shape[:2]
    assert len(rows) > 1000
    assert ((rows > height / 2) == low).all()
    assert columns.mean() == pytest.approx(width / 2, abs=width / 50)


def test_layers_text_and_docks_are_drawn(make_napari_viewer_proxy: Make, qtbot: QtBot):
    """Points with text in the canvas, and a widget beside it in the picture of the whole window."""
    viewer = make_napari_viewer_proxy(show=True)
    viewer.canvas.background_color_override = BACKGROUND
    viewer.add_image(np.eye(64), name="events")
    empty = viewer.screenshot(flash=False)
    viewer.add_points(
        [[10.0, 40.0]],
        size=0.001,
        features={"label": ["CD19"]},
        text={"string": "{label}", "color": RED, "size": 24, "rotation": -90},
        blending="translucent_no_depth",
    )
    lettered = viewer.screenshot(flash=False)
    assert not red(empty).any()
    assert red(lettered).sum() > 50

    label = QLabel("a dock")
    label.setStyleSheet(f"background-color: {RED}")
    label.setMinimumWidth(300)
    viewer.window.add_dock_widget(label, name="dock")
    qtbot.waitUntil(label.isVisible)
    whole = viewer.screenshot(flash=False, canvas_only=False)
    assert red(whole).sum() > 300 * 100
