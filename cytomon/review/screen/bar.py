"""The verdict bar: what the tube says, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cytomon.review.plot import BLASTS, BY_EYE, CHOSEN, PATH
from cytomon.review.verdict import Line

_CHANGED, _FLIPS, _QUIET = "#fbbf24", "#fb7185", "#94a3b8"


class VerdictBar(QWidget):
    """Answers in lines: counts, fraction with interval, status; before, and after."""

    def __init__(self) -> None:
        super().__init__()
        self._table = QLabel()
        self._table.setTextFormat(Qt.TextFormat.RichText)
        self._table.setObjectName("verdict")
        self._state = QLabel()
        self._state.setObjectName("verdict state")
        self._state.setStyleSheet(f"color: {_QUIET}")
        legend = QLabel(_legend())
        legend.setTextFormat(Qt.TextFormat.RichText)
        legend.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        layout, upper = QVBoxLayout(self), QHBoxLayout()
        layout.setContentsMargins(10, 4, 14, 4)
        layout.setSpacing(2)
        upper.addWidget(self._table, 1)
        upper.addWidget(legend)
        layout.addLayout(upper)
        layout.addWidget(self._state)
        self.lines: tuple[Line, ...] = ()

    def show_lines(self, lines: Sequence[Line], state: str, *, blind: bool = False) -> None:
        """Show answers and how final they are.

        Parameters
        ----------
        lines : sequence of Line
            From `cytomon.review.verdict.lines`.
        state : str
            Whether they are final, in words.
        blind : bool, optional
            Whether what was said before is hidden.
        """
        self.lines = tuple(lines)
        head = f'<tr style="color:{_QUIET}"><td></td><td>automatic</td><td></td><td>now</td></tr>'
        rows = "".join(_row(line, blind=blind) for line in lines)
        self._table.setText(f'<table cellspacing="0" cellpadding="2">{head}{rows}</table>')
        self._state.setText(state)
        self._table.repaint()
        self._state.repaint()

    @property
    def text(self) -> str:
        """What is shown, as HTML."""
        return str(self._table.text())

    @property
    def state(self) -> str:
        """How final it is."""
        return str(self._state.text())


def _legend() -> str:
    """What the colours of events mean."""
    meant = (
        (BLASTS, "blasts"), (BY_EYE, "to check by eye"), (CHOSEN, "chosen or back-gated"),
        (PATH, "normal maturation"),
    )  # fmt: skip
    rows = (
        f'<tr><td><span style="color:#{r:02x}{g:02x}{b:02x}">&#9632;</span></td>'
        f'<td style="color:{_QUIET}">&nbsp;{escape(says)}</td></tr>'
        for (r, g, b), says in meant
    )
    return f'<table cellspacing="0" cellpadding="1">{"".join(rows)}</table>'


def _row(line: Line, *, blind: bool) -> str:
    before = "hidden" if blind else escape(line.before)
    after = escape(line.after or "not known yet")
    if line.flips and not blind:
        after = f'<b style="color:{_FLIPS}">{after}</b>'
    elif line.changed and not blind:
        after = f'<span style="color:{_CHANGED}">{after}</span>'
    arrow = "" if blind or not line.changed else "&#8594;"
    return (
        f"<tr><td><b>{escape(line.title)}</b>&nbsp;&nbsp;</td>"
        f'<td style="color:{_QUIET}">{before}&nbsp;&nbsp;</td><td>{arrow}&nbsp;&nbsp;</td>'
        f"<td>{after}</td></tr>"
    )
