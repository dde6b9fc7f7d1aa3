"""The list of tubes that wait for a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from cytomon.review.worklist import Item

COLUMNS = ("tube", "MRD", "why", "")
_DONE = "#94a3b8"


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
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.cellDoubleClicked.connect(lambda row, _column: chosen(int(row)))
        self._items: Sequence[Item] = ()

    def show_items(self, items: Sequence[Item], *, blind: bool = False) -> None:
        """Show tubes; with `blind` neither results nor reasons."""
        done = {
            self._items[row].result: self.item(row, 3).text()
            for row in range(min(self.rowCount(), len(self._items)))
        }
        self._items = items
        self.setRowCount(len(items))
        for row, item in enumerate(items):
            day = f" · {item.collected_on}" if item.collected_on else ""
            whose = f"{item.patient_id} {item.specimen_id} {item.specimen_type}{day}\n{item.file}"
            mrd = item.statuses.get("mrd", "").replace("_", " ").lower()
            why = "\n".join(item.reasons[:3]) or "nothing doubtful"
            cells = (whose, "" if blind else mrd, "" if blind else why, done.get(item.result, ""))
            for column, text in enumerate(cells):
                self.setItem(row, column, QTableWidgetItem(text))
        self.resizeRowsToContents()

    def choose(self, row: int) -> None:
        """Mark the tube that is open."""
        self.selectRow(row)

    def mark_done(self, row: int, verdict: str) -> None:
        """Say what became of a tube."""
        for column in range(self.columnCount()):
            cell = self.item(row, column)
            if cell is not None:
                cell.setForeground(QBrush(QColor(_DONE)))
        self.item(row, 3).setText(verdict)

    def verdict(self, row: int) -> str:
        """What became of a tube; empty while it waits."""
        cell = self.item(row, 3)
        return str(cell.text()) if cell is not None else ""

    def keyPressEvent(self, event: object) -> None:
        """Enter opens the tube that is marked."""
        key = getattr(event, "key", lambda: None)()
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentRow() >= 0:
            self.cellDoubleClicked.emit(self.currentRow(), 0)
            return
        super().keyPressEvent(event)
