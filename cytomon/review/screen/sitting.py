"""A sitting: tubes are opened one after the other, measured beside the window, and judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from cytomon.errors import CytomonError, InputError
from cytomon.model.adjustment import Adjustment
from cytomon.review.case import Case
from cytomon.review.desk import Desk, OnDesk
from cytomon.review.screen.background import Background
from cytomon.review.session import Settled
from cytomon.review.verdict import title_of
from cytomon.review.worklist import Item
from cytomon.store.reviewing import Step

_WAIT = 250
"""Milliseconds after a change before the tube is measured again: the next change may follow."""


class Room(Protocol):
    """Who shows what happens."""

    def opened(self) -> None:
        """A tube is open."""

    def changed(self) -> None:
        """Gates stand elsewhere, or the pipeline has spoken."""

    def earlier_opened(self, earlier: OnDesk | None) -> None:
        """The specimen before is open; None where there is none."""

    def say(self, text: str) -> None:
        """Something that the person should know."""

    def judged(self, row: int, verdict: str) -> None:
        """A tube of the list has its verdict."""


class Sitting(QObject):
    """One person at the tubes of a list, or at one file.

    Parameters
    ----------
    desk : Desk
        Who, and at which store.
    items : sequence of Item
        The tubes that wait; none for looking at files.
    room : Room
        Who shows what happens.

    Attributes
    ----------
    row : int
        Place in the list of the tube that is open; -1 where none is.
    wanted : int
        That of the one that was asked for last.
    lost : tuple of BaseException
        Once it has ended: why something that was done could not be written.
    """

    def __init__(self, desk: Desk, items: Sequence[Item], room: Room, parent: QObject) -> None:
        super().__init__(parent)
        self.desk, self.items, self._room = desk, items, room
        self.on_desk: OnDesk | None = None
        self.row = self.wanted = -1
        self._asked: Callable[[], OnDesk] | None = None
        self._done = ""
        self._judging = False
        self._measuring = Background("measure", self)
        self._writing = Background("write", self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT)
        self._soon.timeout.connect(self._measure)
        self._closed = False
        self.lost: tuple[BaseException, ...] = ()

    # --- opening ------------------------------------------------------------------------------
    def open_row(self, row: int) -> None:
        """Open a tube of the list."""
        if not 0 <= row < len(self.items):
            self._room.say("there is no further tube in the list")
            return
        item = self.items[row]
        self.wanted = row
        self._open(lambda: self.desk.take_up(self._case_of(item)))

    def open_next(self, by: int = 1) -> None:
        """Open a tube after or before the one that was asked for last."""
        self.open_row(self.wanted + by)

    def open_file(self, path: Path) -> None:
        """Open a file by itself."""
        self._open(lambda: self.desk.take_up_file(path))

    def open_earlier(self) -> None:
        """Open the specimen before, beside the one that is open."""
        current = self.on_desk
        if current is None:
            return

        def then(earlier: OnDesk | None) -> None:
            if self.on_desk is current:
                self._room.earlier_opened(earlier)

        self._room.say("the specimen before is being opened")
        self._measuring.run(lambda: self.desk.earlier(current), then, self._failed)

    def _open(self, work: Callable[[], OnDesk]) -> None:
        row = self.wanted
        self._soon.stop()
        self._measuring.drop_waiting()
        self._asked = work

        def then(on_desk: OnDesk) -> None:
            if self._asked is work:  # else another one was asked for meanwhile
                self.row = row
                self._opened(on_desk)

        self._room.say("; ".join(one for one in (self._done, "the tube is being opened") if one))
        self._measuring.run(work, then, self._failed)

    def _case_of(self, item: Item) -> Case:
        cases = self.desk.cases(item.patient_id, item.specimen)
        found = [case for case in cases if case.automatic.file == item.file]
        if not found:
            raise InputError(
                "the tube has been moved or withdrawn since the list was made",
                where=item.file,
                fix="start the review again for a new list",
            )
        return found[0]

    def _opened(self, on_desk: OnDesk) -> None:
        self.on_desk = on_desk
        told = [self.desk.obstacle(on_desk)]
        if on_desk.session.misfit:
            told.append(f"the gates of the last review are left out: {on_desk.session.misfit}")
        if on_desk.resumed:
            told.append(f"{on_desk.resumed} steps of an earlier sitting were taken up again")
        self._room.opened()
        self._room.say("; ".join(one for one in told if one) or self._done)
        self._done = ""
        # first as the template has it: what the verdict is compared with, and the check that
        # this program counts what the batch counted
        self._measure_with(())
        if on_desk.session.adjustments:
            self._measure_with(on_desk.session.adjustments)

    # --- changing -----------------------------------------------------------------------------
    def change(self, step: Step, do: Callable[[], Adjustment | bool | None]) -> None:
        """Do something to the gates, keep it, and measure again soon."""
        on_desk = self.on_desk
        if on_desk is None:
            return
        if self._judging:
            self._room.changed()
            self._room.say("the verdict is being written")
            return
        try:
            done = do()
        except CytomonError as error:
            self._room.say(f"{error.what}: {error.fix}")
            self._room.changed()
            return
        if done is False:
            return
        adjustment = done if isinstance(done, Adjustment) else None
        self._writing.run(
            lambda: self.desk.keep(on_desk, step, adjustment), lambda _: None, self._failed
        )
        self._room.say("")
        self._room.changed()
        if on_desk.session.settled is None:
            self._soon.start()

    def ask_to_open(self, gate: str, why: str) -> None:
        """Ask for a locked gate to be opened, or agree."""
        on_desk = self.on_desk
        if on_desk is None:
            return

        def then(is_open: bool) -> None:  # noqa: FBT001  (the answer of a job)
            self._room.changed()
            self._room.say(
                f"{gate} is open" if is_open else f"asked: a second person has to agree on {gate}"
            )

        self._writing.run(lambda: self.desk.ask_to_open(on_desk, gate, why), then, self._failed)

    # --- measuring ----------------------------------------------------------------------------
    @property
    def is_final(self) -> bool:
        """Whether the pipeline has spoken on the gates as they stand."""
        return self.on_desk is not None and self.on_desk.session.settled is not None

    def _measure(self) -> None:
        if self.on_desk is not None:
            self._measuring.drop_passing()
            self._measure_with(self.on_desk.session.adjustments)

    def _measure_with(self, adjustments: Sequence[Adjustment]) -> None:
        on_desk = self.on_desk
        if on_desk is None:
            return

        def then(settled: Settled) -> None:
            if self.on_desk is not on_desk:
                return
            on_desk.check(settled)
            on_desk.session.take(settled)
            self._room.changed()
            if on_desk.differs:
                self._room.say(self.desk.obstacle(on_desk))

        self._measuring.run(
            lambda: on_desk.session.settle(adjustments),
            then,
            self._failed,
            passing=bool(adjustments),
        )

    # --- judging ------------------------------------------------------------------------------
    def approve(self, comment: str) -> None:
        """Keep the tube as it stands."""
        self._judge("changed" if self._is_changed else "approved", self.desk.approve, comment)

    def reject(self, comment: str) -> None:
        """Take the result of the tube out of what counts."""
        self._judge("rejected", self.desk.reject, comment)

    def missing_reason(self) -> str:
        """What a reason is needed for before the tube can be approved; empty where none is."""
        on_desk = self.on_desk
        if on_desk is None:
            return ""
        turned = self.desk.needs_reason(on_desk)
        return ", ".join(title_of(quantity) for quantity in turned) if self._is_changed else ""

    @property
    def _is_changed(self) -> bool:
        return self.on_desk is not None and self.on_desk.session.is_changed

    def _judge(self, verdict: str, give: Callable[[OnDesk, str], None], comment: str) -> None:
        on_desk, row = self.on_desk, self.row
        if on_desk is None or self._judging:
            return

        def then(_: object) -> None:
            self._judging = False
            self._done = f"{on_desk.session.file}: {verdict}, and kept"
            self._room.say(self._done)
            self._room.judged(row, verdict)

        def failed(error: BaseException) -> None:
            self._judging = False
            self._failed(error)

        self._judging = True
        self._writing.run(lambda: give(on_desk, comment), then, failed)

    # --- ending -------------------------------------------------------------------------------
    @property
    def is_waiting(self) -> bool:
        """Whether the next change is waited for before the tube is measured."""
        return bool(self._soon.isActive())

    @property
    def is_busy(self) -> bool:
        """Whether something is being measured or written, or will be soon."""
        return self._measuring.is_busy or self._writing.is_busy or self.is_waiting

    def close(self) -> None:
        """End: what was done is written, what is being measured is let go."""
        if not self._closed:
            self._closed = True
            if isalive(self._soon):
                self._soon.stop()
            self.lost = self._writing.close(finish=True)
            self._measuring.close(finish=False)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, CytomonError):
            self._room.say(f"{error.where}: {error.what}; {error.fix}")
        else:
            self._room.say(
                f"cytomon failed here ({type(error).__name__}); what was done before is kept"
            )


def name_of(item: Any) -> str:
    """How a tube of the list is called."""
    return f"{item.patient_id} {item.specimen_id}"
