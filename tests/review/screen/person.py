"""A person at the window: what is done with mouse and keys, and what is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QImage, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from cytomon.model.adjustment import Adjustment
from cytomon.review.grips import Grip, Point
from cytomon.review.plot import Plot
from cytomon.review.screen.widget import ReviewWidget
from cytomon.review.session import Session

PATIENCE = 120_000
"""Milliseconds until a person gives up; a busy computer may need many of them."""
_BETWEEN = 15
"""Milliseconds between two moves of the mouse: some of what comes faster napari passes over."""
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

Pixels = NDArray[np.uint8]
"""Red, green and blue, shape (rows, columns, 3), the uppermost row first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Person:
    """A person at one window.

    Attributes
    ----------
    viewer : napari.Viewer
        The window.
    widget : ReviewWidget
        The review in it.
    qtbot : QtBot
        Waits.
    """

    viewer: Any
    widget: ReviewWidget
    qtbot: QtBot

    # --- waiting ------------------------------------------------------------------------------
    def until(self, is_so: Callable[[], object]) -> None:
        """Wait for something."""
        self.qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE)

    def settled(self) -> None:
        """Wait until a tube is open, measured, and drawn everywhere."""
        widget = self.widget
        self.until(
            lambda: (
                widget.session is not None
                and not widget.sitting.is_busy
                and widget.showing.strip.is_drawn
            )
        )

    def opened(self, file: str) -> None:
        """Wait until a tube is open and measured."""
        self.until(lambda: self.widget.session is not None and self.session.file == file)
        self.settled()

    def active(self) -> None:
        """Bring the window to the front: keys go to it."""
        self.viewer.window.activate()
        self.until(lambda: QApplication.activeWindow() is not None)

    def pause(self) -> None:
        """Look on for a moment, until napari has taken up every move of the mouse."""
        self.qtbot.wait(2 * _BETWEEN)

    # --- what there is -----------------------------------------------------------------------
    @property
    def session(self) -> Session:
        """The open tube."""
        session = self.widget.session
        assert session is not None
        return session

    @property
    def plot(self) -> Plot:
        """The plot that is shown."""
        plot = self.widget.showing.canvas.plot
        assert plot is not None
        return plot

    @property
    def canvas(self) -> QWidget:
        """The part of the window with the plots."""
        found: QWidget = self.viewer.window._qt_viewer.canvas.native
        return found

    @property
    def unit(self) -> float:
        """Units of the plot's square that a pixel is wide."""
        return 1.0 / float(self.viewer.scene.camera.zoom)

    @property
    def says(self) -> str:
        """What the person is told."""
        return str(self.widget.side.says.text())

    @property
    def last(self) -> Adjustment:
        """The newest change."""
        return self.session.adjustments[-1]

    def grip(self, kind: str, *edges: tuple[str, str], index: int | None = None) -> Grip:
        """Something of the gate that can be taken hold of."""
        (found,) = [
            one
            for one in self.plot.grips
            if one.kind == kind
            and (not edges or one.edges == edges)
            and (index is None or one.index == index)
        ]
        return found

    def cells(self) -> dict[str, int]:
        """Counts in the tree, as they are read."""
        tree = self.widget.showing.tree
        rows = [tree.row(name) for name in tree.names()]
        return {row[0]: int(row[1].replace(",", "")) for row in rows}

    def bar(self, title: str) -> tuple[str, str]:
        """A line of the verdict: before and now."""
        (line,) = [one for one in self.widget.showing.bar.lines if one.title == title]
        return line.before, line.after

    def focus_name(self) -> str:
        """Name of what has the keyboard."""
        widget = QApplication.focusWidget()
        return str(widget.objectName()) if widget is not None else ""

    def places(self, name: str) -> list[Point]:
        """Where each event of a population is drawn in the plot."""
        drawing, frame = self.widget.showing.drawing, self.plot.frame
        assert drawing is not None
        members = self.session.now.members[name]
        x, y = (drawing.events.all_of(members, span) for span in (frame.x, frame.y))
        return [
            (frame.x.to_plot(float(right)), frame.y.to_plot(float(up)))
            for right, up in zip(x, y, strict=True)
        ]

    def show(self, gate: str, pair: tuple[str, str] | None = None) -> None:
        """Look at a gate, on some of its dimensions."""
        self.widget.choose_gate(gate)
        if pair is not None:
            choices = self.widget.side.pair
            choices.setCurrentIndex(choices.findText(f"{pair[0]} × {pair[1]}"))
            choices.activated.emit(choices.currentIndex())
            assert (self.plot.frame.x.label, self.plot.frame.y.label) == pair

    # --- the mouse ----------------------------------------------------------------------------
    def spot(self, place: Point) -> QPoint:
        """The pixel of the canvas where a place of the square is drawn."""
        camera, (height, width) = self.viewer.scene.camera, self.viewer.canvas.size
        y, x = camera.center[-2:]
        return QPointF(
            (place[0] - x) * camera.zoom + width / 2, height / 2 - (place[1] - y) * camera.zoom
        ).toPoint()

    def place(self, spot: QPoint) -> Point:
        """The place of the square that is drawn at the middle of a pixel's upper left corner."""
        camera, (height, width) = self.viewer.scene.camera, self.viewer.canvas.size
        y, x = camera.center[-2:]
        return (
            (spot.x() - width / 2) / camera.zoom + x,
            (height / 2 - spot.y()) / camera.zoom + y,
        )

    def press(self, place: Point, button: Qt.MouseButton = LEFT) -> None:
        """Press a button of the mouse."""
        self._send(QEvent.Type.MouseButtonPress, place, button, button)

    def move(self, place: Point, button: Qt.MouseButton = LEFT) -> None:
        """Move the mouse with the button held down, no faster than a hand does."""
        self.qtbot.wait(_BETWEEN)
        self._send(QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, button)

    def release(self, place: Point, button: Qt.MouseButton = LEFT) -> None:
        """Let the button go."""
        self._send(QEvent.Type.MouseButtonRelease, place, button, Qt.MouseButton.NoButton)

    def pull(self, start: Point, end: Point, steps: int = 5) -> None:
        """Press, and move while the button is held down."""
        self.press(start)
        for step in range(1, steps + 1):
            share = step / steps
            self.move(
                (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            )

    def drag(self, start: Point, end: Point, steps: int = 5) -> None:
        """Take hold, pull, and let go."""
        self.pull(start, end, steps)
        self.release(end)

    def click(self, place: Point, which: str = "left") -> None:
        """Press and let go."""
        button = LEFT if which == "left" else RIGHT
        self.press(place, button)
        self.release(place, button)

    def double_click(self, place: Point) -> None:
        """Click twice, as Qt tells it: the second time it tells of nothing but a double click."""
        self.click(place)
        self._send(QEvent.Type.MouseButtonDblClick, place, LEFT, LEFT)
        self.release(place)

    def _send(
        self, kind: QEvent.Type, place: Point, button: Qt.MouseButton, buttons: Qt.MouseButton
    ) -> None:
        at = QPointF(self.spot(place))
        event = QMouseEvent(
            kind,
            at,
            QPointF(self.canvas.mapToGlobal(at.toPoint())),
            button,
            buttons,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(self.canvas, event)

    def push(self, name: str) -> None:
        """Click on a button or a box."""
        widget = self.widget.findChild(QWidget, name)
        assert widget.isEnabled()
        where = QPoint(12, widget.height() // 2)
        QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, where)

    # --- the keyboard -------------------------------------------------------------------------
    def key(self, key: str, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Press a key, wherever the keyboard is."""
        self.active()
        goes_to = QApplication.focusWidget() or self.canvas
        QTest.keyClick(goes_to, getattr(Qt.Key, f"Key_{key}"), modifier)

    def type(self, text: str) -> None:
        """Type a text, wherever the keyboard is."""
        self.active()
        for letter in text:
            QTest.keyClick(QApplication.focusWidget() or self.canvas, letter)

    # --- looking ------------------------------------------------------------------------------
    def look(self) -> Pixels:
        """The plots as they are on the screen."""
        self.active()
        self.qtbot.wait(0)
        self.viewer.window._qt_viewer.canvas._scene_canvas.update()
        self.canvas.repaint()
        QApplication.processEvents()
        corner = self.canvas.mapToGlobal(QPoint(0, 0))
        height, width = self.viewer.canvas.size
        return screen(corner.x(), corner.y(), width, height)


def screen(x: int, y: int, width: int, height: int) -> Pixels:
    """A part of the screen, whoever has drawn on it."""
    grabbed = QApplication.primaryScreen().grabWindow(0, x, y, width, height)
    return pixels_of(grabbed.toImage())


def pixels_of(picture: QImage) -> Pixels:
    """A picture of Qt as numbers."""
    image = picture.convertToFormat(QImage.Format.Format_RGB888)
    data = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), dtype=np.uint8)
    rows = data.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return rows.reshape(image.height(), image.width(), 3).copy()


def is_colour(pixels: Pixels, colour: tuple[int, int, int], within: int = 40) -> NDArray[np.bool_]:
    """Which pixels have about a colour, shape (rows, columns)."""
    away = np.abs(pixels.astype(int) - np.array(colour)).max(axis=2)
    return np.asarray(away <= within)
