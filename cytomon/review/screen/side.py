"""The panel beside the plot: whose tube it is, the gate that is looked at, and the buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

_QUIET = "color: #94a3b8"
_WARNS = "color: #fbbf24"


class Side(QWidget):
    """Labels and buttons; what they do is told by the owner.

    Parameters
    ----------
    does : callable
        Gives the owner's method of a name.
    """

    def __init__(self, does: Callable[[str], Callable[..., Any]]) -> None:
        super().__init__()
        self._does = does
        self.whose, self.about, self.says = (
            self._label(name) for name in ("whose", "gate", "says")
        )
        self.about.setStyleSheet(_QUIET)
        self.says.setStyleSheet(_WARNS)
        rolls, rolled = QScrollArea(), QWidget()
        upper, layout = QVBoxLayout(rolled), QVBoxLayout(self)
        for place in (upper, layout):
            place.setContentsMargins(6, 4, 6, 4)
        for part in (self.whose, self._views(), self._gate_buttons()):
            upper.addWidget(part)
        upper.addStretch(1)
        rolls.setWidget(rolled)
        rolls.setWidgetResizable(True)
        rolls.setFrameShape(QFrame.Shape.NoFrame)
        rolls.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(rolls, 1)
        # the verdict is in reach however low the window is
        layout.addWidget(self._verdict())
        layout.addWidget(self.says)
        self.setMinimumWidth(350)
        # else napari puts empty room under it
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _views(self) -> QGroupBox:
        box, form = QGroupBox("Plot"), QFormLayout()
        self.pair, self.back = QComboBox(), QComboBox()
        self.pair.setObjectName("pair")
        self.back.setObjectName("back")
        for combo in (self.pair, self.back):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(12)
            combo.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.pair.activated.connect(self._call("choose_pair"))
        self.back.activated.connect(self._call("choose_back"))
        form.addRow("dimensions", self.pair)
        form.addRow("back-gate", self.back)
        self.path = self._check("normal path of maturation", "toggle_path")
        self.earlier = self._check("specimen before, side by side", "toggle_earlier")
        self.blind = self._check("blind: hide earlier results", "toggle_blind")
        for check in (self.path, self.earlier, self.blind):
            form.addRow(check)
        box.setLayout(form)
        return box

    def _gate_buttons(self) -> QGroupBox:
        box, whole, grid = QGroupBox("Gate"), QVBoxLayout(), QGridLayout()
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        whole.addLayout(grid)
        whole.addWidget(self.about)
        buttons = (
            ("Undo", "undo"), ("Redo", "redo"), ("Draw events in", "draw_in"),
            ("Draw events out", "draw_out"), ("Pin", "pin"), ("Open lock", "open_lock"),
            ("Start over", "start_over"), ("Help", "help"),
        )  # fmt: skip
        self.buttons: dict[str, QPushButton] = {}
        for at, (text, name) in enumerate(buttons):
            grid.addWidget(self._button(text, name), at // 2, at % 2)
        box.setLayout(whole)
        return box

    def _verdict(self) -> QGroupBox:
        box, grid = QGroupBox("Verdict"), QGridLayout()
        self.reason = QLineEdit()
        self.reason.setObjectName("reason")
        self.reason.setPlaceholderText("reason or comment")
        self.reason.setMaxLength(1000)
        self.reason.returnPressed.connect(self._call("reason_given"))
        grid.addWidget(self.reason, 0, 0, 1, 2)
        buttons = (
            ("Approve", "approve"), ("Reject", "reject"),
            ("Previous", "previous_tube"), ("Next", "next_tube"),
        )  # fmt: skip
        for at, (text, name) in enumerate(buttons):
            grid.addWidget(self._button(text, name), 1 + at // 2, at % 2)
        box.setLayout(grid)
        return box

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        button.clicked.connect(self._call(name))
        self.buttons[name] = button
        return button

    def _check(self, text: str, name: str) -> QCheckBox:
        check = QCheckBox(text)
        check.setObjectName(name)
        check.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        check.clicked.connect(self._call(name))
        return check

    def _call(self, name: str) -> Callable[..., None]:
        """What Qt may call with whatever it has to say."""

        def call(*_: object) -> None:
            self._does(name)()

        return call

    def set_check(self, check: QCheckBox, *, on: bool) -> None:
        """Show a choice without telling anybody."""
        with QSignalBlocker(check):
            check.setChecked(on)

    def set_choices(self, combo: QComboBox, texts: Sequence[str], current: int) -> None:
        """Offer choices without telling anybody."""
        with QSignalBlocker(combo):
            combo.clear()
            combo.addItems(list(texts))
            combo.setCurrentIndex(current)
