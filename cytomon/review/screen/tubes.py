"""The list of tubes that wait for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from cytomon.review.worklist import Item

COLUMNS = ("tube", "why", "")
_WHY, _VERDICT = 1, 2
_DONE = "#94a3b8"
_WIDTH = 200
"""Of the tubes' own column, in pixels."""


class TubeList(QTableWidget):
    """Tubes, the most urgent first.

    Parameters
    ----------
    chosen : callable
        Is told the place of the tube that a person wants to open.
    """

    def __init__(self, chosen: Callable[[int], None]) -> None:
        super().__init__(0, len(COLUMNS))
        self.setObjectName("tubes")
        self.setHorizontalHeaderLabels(list(COLUMNS))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().setVisible(False)
        self.setWordWrap(True)
        self._soon = QTimer(self)  # rows are as high as their words, once columns are as wide
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.resizeRowsToContents)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(_WHY, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(0, _WIDTH)
        header.sectionResized.connect(lambda *_: self._soon.start())
        self.cellDoubleClicked.connect(lambda row, _column: chosen(int(row)))
        self._items: Sequence[Item] = ()

    def show_items(self, items: Sequence[Item], *, blind: bool = False) -> None:
        """Show tubes; with `blind` neither results nor reasons."""
        done = {
            self._items[row].result: self.verdict(row)
            for row in range(min(self.rowCount(), len(self._items)))
        }
        self._items = items
        self.setRowCount(len(items))
        for row, item in enumerate(items):
            why = "\n".join(item.reasons[:3]) or "nothing doubtful"
            verdict = done.get(item.result, "")
            cells = (_lines(item, blind=blind), "" if blind else why, verdict)
            for column, text in enumerate(cells):
                self.setItem(row, column, QTableWidgetItem(text))
                self.item(row, column).setToolTip(text)
            if verdict:
                self.mark_done(row, verdict)
        self._soon.start()

    def choose(self, row: int) -> None:
        """Mark the tube that is open."""
        self.selectRow(row)

    def mark_done(self, row: int, verdict: str) -> None:
        """Say what became of a tube."""
        for column in range(self.columnCount()):
            cell = self.item(row, column)
            if cell is not None:
                cell.setForeground(QBrush(QColor(_DONE)))
        self.item(row, _VERDICT).setText(verdict)

    def verdict(self, row: int) -> str:
        """What became of a tube; empty while it waits."""
        cell = self.item(row, _VERDICT)
        return str(cell.text()) if cell is not None else ""

    def keyPressEvent(self, event: object) -> None:
        """Enter opens the tube that is marked."""
        key = getattr(event, "key", lambda: None)()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentRow() >= 0:
            self.cellDoubleClicked.emit(self.currentRow(), 0)
            return
        super().keyPressEvent(event)


def _lines(item: Item, *, blind: bool) -> str:
    """Whose tube it is, and what it said of MRD."""
    day = str(item.collected_on or "day not recorded")
    mrd = item.statuses.get("mrd", "").replace("_", " ").lower()
    told = (f"{item.patient_id} {item.specimen_id}", f"{item.specimen_type} · {day}", item.file)
    return "\n".join((*told, f"MRD {mrd}") if mrd and not blind else told)
