"""The tree of gates, with counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from cytomon.glance import Look

COLUMNS = ("gate", "events", "% parent", "% nucl.", "")
_MARKED, _LOCKED, _PLAIN = "#fbbf24", "#94a3b8", "#e2e8f0"


class GateTree(QTreeWidget):
    """All gates of a tube.

    Parameters
    ----------
    chosen : callable
        Is told the name of the gate that a person clicks on.
    """

    def __init__(self, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self.setObjectName("gates")
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(list(COLUMNS))
        self.setMinimumWidth(470)
        self.setIndentation(9)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        header = self.header()
        header.setStretchLastSection(False)
        for column in range(len(COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._chosen = chosen
        self.currentItemChanged.connect(self._on_current)

    def show_look(self, look: Look, marks: Mapping[str, str]) -> None:
        """Show the counts of a look; the gates stay where they are when they are the same."""
        names = [gate.name for gate in look.placement.gates]
        if names != list(self._items):
            with QSignalBlocker(self):
                self._build(look)
        nucleated = look.counts.get(look.placement.roles.get("nucleated", ""), 0)
        for gate in look.placement.gates:
            count, parent = look.counts.get(gate.name), look.counts.get(gate.parent)
            told = "..." if count is None else f"{count:,}"
            of_nucleated = "" if (count or 0) > nucleated else _share(count, nucleated)
            shares = (_share(count, parent), of_nucleated)
            cells = (gate.name, told, *shares, marks.get(gate.name, ""))
            self._fill(self._items[gate.name], cells)

    def choose(self, name: str) -> None:
        """Make a gate the current one, without telling anybody."""
        item = self._items.get(name)
        if item is not None:
            with QSignalBlocker(self):
                self.setCurrentItem(item)
            self.scrollToItem(item)

    def row(self, name: str) -> tuple[str, ...]:
        """The cells of a gate."""
        item = self._items[name]
        return tuple(str(item.text(column)) for column in range(len(COLUMNS)))

    def names(self) -> tuple[str, ...]:
        """Gates in the order of the tree."""
        return tuple(self._items)

    def _build(self, look: Look) -> None:
        current = self.currentItem()
        name = current.text(0) if current else ""
        self.clear()
        self._items = {}
        for gate in look.placement.gates:
            above = self._items.get(gate.parent)
            item = QTreeWidgetItem(above) if above is not None else QTreeWidgetItem(self)
            for column in (1, 2, 3):
                item.setTextAlignment(
                    column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
            item.setToolTip(0, gate.name)
            self._items[gate.name] = item
        self.headerItem().setToolTip(3, "share of nucleated cells, in percent")
        self.expandAll()
        if name in self._items:
            self.setCurrentItem(self._items[name])

    def _fill(self, item: QTreeWidgetItem, cells: tuple[str, ...]) -> None:
        for column, text in enumerate(cells):
            if item.text(column) != text:
                item.setText(column, text)
        mark = cells[-1]
        colour = _PLAIN if not mark else _LOCKED if mark == "locked" else _MARKED
        for column in (0, len(cells) - 1):
            item.setForeground(column, QBrush(QColor(colour)))

    def _on_current(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if item is not None:
            self._chosen(str(item.text(0)))


def _share(count: int | None, whole: int | None) -> str:
    if count is None or not whole:
        return "-"
    share = 100 * count / whole
    return f"{share:.1f}" if share >= 10 else f"{share:.3g}"
