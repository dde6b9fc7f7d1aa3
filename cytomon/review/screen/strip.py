"""Small plots of all gates in a row: the whole hierarchy at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QPointF, QSize, Qt, QTimer
from qtpy.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap, QPolygonF
from qtpy.QtWidgets import QListView, QListWidget, QListWidgetItem

from cytomon.glance import Look
from cytomon.review.frame import SIDE
from cytomon.review.plot import Drawing, Plot, paths_possible
from cytomon.review.screen.canvas import BACKGROUND, GATE

SIZE = 104
_AT_ONCE, _PAUSE = 2, 15
"""Plots drawn between two looks at mouse and keys, and milliseconds from one look to the next."""


class Strip(QListWidget):
    """One small plot for each gate with an outline; a click chooses it.

    Parameters
    ----------
    chosen : callable
        Is told the name of the gate that a person clicks on.
    """

    def __init__(self, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(SIZE, SIZE))
        self.setGridSize(QSize(SIZE + 14, SIZE + 26))
        self.setFixedHeight(SIZE + 48)
        self.setSpacing(0)
        self.setStyleSheet(f"QListWidget {{ background: {BACKGROUND}; font-size: 8pt; }}")
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.itemClicked.connect(lambda item: chosen(str(item.data(Qt.ItemDataRole.UserRole))))
        self._waiting: list[str] = []
        self._drawing: Drawing | None = None
        self._look: Look | None = None
        self._back = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._draw_some)

    def show_look(self, drawing: Drawing, look: Look, *, back: str = "") -> None:
        """Show the plots of a look; those that have not changed stay, the others follow soon."""
        before, same = self._look, drawing is self._drawing and back == self._back
        self._drawing, self._look, self._back = drawing, look, back
        gates = [gate for gate in look.placement.gates if paths_possible(gate)]
        names = [gate.name for gate in gates]
        if names != self.names():
            self.clear()
            for name in names:
                item = QListWidgetItem(name)
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setToolTip(name)
                item.setSizeHint(QSize(SIZE + 14, SIZE + 24))
                item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
                self.addItem(item)
            same = False
        old = {gate.name: gate for gate in before.placement.gates} if before and same else {}
        stale = [
            gate.name
            for gate in gates
            if not before
            or old.get(gate.name) != gate
            or before.members.get(gate.parent) is not look.members.get(gate.parent)
            or (back and before.members.get(back) is not look.members.get(back))
        ]
        self._waiting = list(dict.fromkeys([*stale, *(w for w in self._waiting if w in names)]))
        if self._waiting:
            self._timer.start()

    @property
    def is_drawn(self) -> bool:
        """Whether all plots show the newest look."""
        return not self._waiting

    def names(self) -> list[str]:
        """Gates in order."""
        return [str(self.item(row).data(Qt.ItemDataRole.UserRole)) for row in range(self.count())]

    def choose(self, name: str) -> None:
        """Mark a gate as the one that is looked at."""
        for row, other in enumerate(self.names()):
            if other == name:
                self.setCurrentRow(row)
                self.scrollToItem(self.item(row))
                return
        self.clearSelection()

    def stop(self) -> None:
        """Draw nothing more."""
        self._timer.stop()
        self._waiting = []

    def _draw_some(self) -> None:
        if self._drawing is None or self._look is None:
            return
        gates = {gate.name: gate for gate in self._look.placement.gates}
        rows, waiting = self.names(), self._seen_first()
        for name in waiting[:_AT_ONCE]:
            if name in gates and name in rows:
                plot = self._drawing.thumbnail(self._look, gates[name], 128, self._back)
                self.item(rows.index(name)).setIcon(_icon(pixmap(plot)))
        self._waiting = waiting[_AT_ONCE:]
        if not self._waiting:
            self._timer.stop()

    def _seen_first(self) -> list[str]:
        """Plots that wait, those that are in view first."""
        view, rows = self.viewport().rect(), self.names()
        seen = [
            name
            for name in self._waiting
            if name in rows and self.visualItemRect(self.item(rows.index(name))).intersects(view)
        ]
        return list(dict.fromkeys([*seen, *self._waiting]))


def _icon(picture: QPixmap) -> QIcon:
    """A picture that keeps its colours where it is chosen."""
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon


def pixmap(plot: Plot) -> QPixmap:
    """A small plot as a picture."""
    found = QPixmap(SIZE, SIZE)
    found.fill(QColor(BACKGROUND))
    upright = plot.picture[::-1].tobytes()
    height, width = plot.picture.shape[:2]
    image = QImage(upright, width, height, 4 * width, QImage.Format.Format_RGBA8888).scaled(
        SIZE,
        SIZE,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter = QPainter(found)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawImage(found.rect(), image)
    painter.setPen(QPen(QColor(GATE), 1.4))
    for path in plot.outline:
        painter.drawPolygon(QPolygonF([QPointF(*_to(point)) for point in path.points]))
    painter.setPen(QPen(QColor("#64748b"), 1))
    painter.drawRect(0, 0, SIZE - 1, SIZE - 1)
    painter.end()
    return found


def _to(point: Sequence[float]) -> tuple[float, float]:
    return point[0] / SIDE * SIZE, (1 - point[1] / SIDE) * SIZE
