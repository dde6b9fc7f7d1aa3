"""The gate review as a widget of napari: one person, one tube after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.compat import isalive
from qtpy.QtCore import QCoreApplication, QEvent, Qt, QTimer
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QMessageBox, QShortcut, QTabWidget, QVBoxLayout, QWidget

from cytomon.errors import CytomonError
from cytomon.glance import Look
from cytomon.model.adjustment import Change, Outline
from cytomon.model.gating import PlacedGate
from cytomon.review.desk import Desk, OnDesk
from cytomon.review.grips import Point, polygon_of
from cytomon.review.plot import Chosen, pairs_of, paths_possible
from cytomon.review.screen.keys import KEYS, help_page
from cytomon.review.screen.mouse import Mouse
from cytomon.review.screen.showing import Showing, first_gate, story
from cytomon.review.screen.side import Side
from cytomon.review.screen.sitting import Sitting
from cytomon.review.screen.tubes import TubeList
from cytomon.review.session import Session
from cytomon.review.worklist import Item
from cytomon.store.reviewing import Step

_WIDTH, _HEIGHT = 1560, 960
_OF_REGIONS = ("end_region", "drop_region")
_LIVE = 40
"""Milliseconds between two verdicts while a gate is dragged."""


class ReviewWidget(QWidget):
    """Reviews the gates of tubes in a napari window.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The window; as a plugin the widget is given a proxy of it.
    desk : Desk, optional
        Who reviews, and at which store; by default files are looked at, and nothing is kept.
    items : sequence of Item, optional
        The tubes that wait.
    """

    def __init__(
        self, napari_viewer: Any, desk: Desk | None = None, items: Sequence[Item] = ()
    ) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.chosen = Chosen(gate="")
        self.is_blind = False
        self._pairs: dict[str, tuple[str, str]] = {}
        self._region: Change | None = None
        self._dragged: Outline | None = None
        self.sitting = Sitting(desk or Desk(who=""), items, self, self)
        self._path = None if items else self._take_file()
        self._lists: QTabWidget | None = None
        self.side = Side(lambda name: getattr(self, name))
        self.showing = Showing(napari_viewer, self.choose_gate)
        self.tubes = TubeList(self.sitting.open_row)
        self.tubes.show_items(items)
        self.mouse = Mouse(napari_viewer, self.showing.canvas, self)
        self._live = QTimer(self)
        self._live.setSingleShot(True)
        self._live.setInterval(_LIVE)
        self._live.timeout.connect(self._follow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.side)
        self._of_regions: list[QShortcut] = []
        self._shortcuts = list(self._make_shortcuts())
        QCoreApplication.instance().aboutToQuit.connect(self.close_down)
        sitting = self.sitting  # a window that is closed tells its widgets nothing but this
        self.destroyed.connect(lambda *_: sitting.close())
        QTimer.singleShot(0, self._begin)

    # --- the window ---------------------------------------------------------------------------
    def _begin(self) -> None:
        window = self._viewer.window
        self._lists = lists = QTabWidget()
        lists.addTab(self.showing.tree, "Gates")
        if self.sitting.items:
            lists.addTab(self.tubes, f"Tubes ({len(self.sitting.items)})")
        window.add_dock_widget(self.showing.bar, name="verdict", area="top")
        window.add_dock_widget(self.showing.strip, name="all gates", area="bottom")
        window.add_dock_widget(lists, name="gates", area="left", add_vertical_stretch=False)
        for widget in (self.showing.bar, self.showing.strip, lists):
            widget.parentWidget().setTitleBarWidget(QWidget())  # nothing to close it with
        self.showing.show_layer_docks(self.window(), visible=False)
        self._make_room()
        if self.sitting.items:
            self.sitting.open_row(0)
        elif self._path is not None:
            self.sitting.open_file(self._path)
        else:
            self.say("open an FCS file, then this widget; or start `cytomon review`")
        QTimer.singleShot(0, self.fit)

    def _make_room(self) -> None:
        """Let the window be as large as plots and lists ask for, where the screen is."""
        screen, now = self.screen().availableSize(), self.window().size()
        wide, high = min(_WIDTH, screen.width()), min(_HEIGHT, screen.height())
        if now.width() < wide or now.height() < high:
            self._viewer.window.resize(max(now.width(), wide), max(now.height(), high))

    def _take_file(self) -> Path | None:
        """The file that was opened in the viewer; its layer makes room for the plots."""
        for layer in list(self._viewer.layers):
            known = layer.metadata.get("cytomon")
            if known:
                self._viewer.layers.remove(layer)
                return Path(known["path"])
        return None

    def _make_shortcuts(self) -> Any:
        for key in KEYS:
            for keys in key.keys.split(", "):
                shortcut = QShortcut(QKeySequence(keys), self)
                shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
                shortcut.activated.connect(getattr(self, key.action))
                if key.action in _OF_REGIONS:  # else Enter and Escape are those of lines and lists
                    shortcut.setEnabled(False)
                    self._of_regions.append(shortcut)
                yield shortcut

    def _sketches(self, *, begins: bool) -> None:
        """Let Enter and Escape mean the region that is being drawn, or no more."""
        for shortcut in self._of_regions:
            shortcut.setEnabled(begins)

    def close_down(self) -> None:
        """End the sitting: what was done is kept; the window may be gone already."""
        if isalive(self._live):
            self._live.stop()
        self.showing.stop()
        self.mouse.stop()
        self.sitting.close()

    def changeEvent(self, event: Any) -> None:
        """Leave the viewer as it was when the dock is taken out of its window."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None and self._lists:
            lists, self._lists = self._lists, None
            main = lists.window()
            self.close_down()
            for widget in (self.showing.bar, self.showing.strip, lists):
                self._viewer.window.remove_dock_widget(widget)
            self.showing.clear()
            self.showing.show_layer_docks(main, visible=True)
        super().changeEvent(event)

    def closeEvent(self, event: Any) -> None:
        """End with the window."""
        self.close_down()
        super().closeEvent(event)

    # --- what the sitting tells ----------------------------------------------------------------
    @property
    def session(self) -> Session | None:
        """The gates of the open tube."""
        return self.sitting.on_desk.session if self.sitting.on_desk else None

    def opened(self) -> None:
        """Show the tube that was opened."""
        session = self.session
        if session is None:
            return
        self._pairs.clear()
        self._leave_plot()
        self.side.reason.clear()
        names = {gate.name for gate in session.placement.gates}
        gate = self.chosen.gate if self.chosen.gate in names else first_gate(session)
        back = self.chosen.back if self.chosen.back in names else ""
        self.chosen = replace(self.chosen, gate=gate, back=back, pair=None)
        self.side.set_check(self.side.earlier, on=False)
        self.showing.open(session)
        self.side.set_choices(self.side.back, ["none", *names_of(session)], 0)
        self.tubes.choose(self.sitting.row)
        self._name_tube()
        self.changed()
        self.fit()

    def changed(self) -> None:
        """Show the tube as it is now."""
        session = self.session
        if session is None:
            return
        names = names_of(session)
        if self.chosen.gate not in names:
            self.chosen = replace(self.chosen, gate=first_gate(session), pair=None)
        if self.chosen.back not in names:
            self.chosen = replace(self.chosen, back="")
        self._show_verdict(session.now)  # first of all, and painted before the plots are drawn
        self.showing.show(session, self.chosen)
        self._describe()
        self.mouse.again()

    def earlier_opened(self, earlier: OnDesk | None) -> None:
        """Show the specimen before beside the open one."""
        self.side.set_check(self.side.earlier, on=earlier is not None)
        if earlier is None:
            self.say("the patient has no earlier specimen of this kind, measured with this panel")
            return
        self.say("")
        self.showing.show_second(earlier.session)
        self.changed()
        self.fit()

    def say(self, text: str) -> None:
        """Tell the person something; an empty text clears what was told."""
        self.side.says.setText(text)

    def judged(self, row: int, verdict: str) -> None:
        """Go on to the next tube."""
        self.side.reason.clear()
        if row >= 0:
            self.tubes.mark_done(row, verdict)
            if self.sitting.wanted != row:
                return  # the person has gone on already
            if row + 1 < len(self.sitting.items):
                self.sitting.open_row(row + 1)
            else:
                self.say(f"{verdict}, and kept; that was the last tube of the list")

    # --- what the mouse tells ------------------------------------------------------------------
    def held_gate(self) -> PlacedGate | None:
        """The gate that may be dragged."""
        session = self.session
        return session.gate(self.chosen.gate) if session else None

    def may_hold(self) -> bool:
        """Whether the gate may be moved."""
        session = self.session
        if session is None:
            return False
        why = session.refusal(self.chosen.gate)
        if why:
            self.say(f"{self.chosen.gate} is locked: {why}. Press L to ask for it to be opened")
        return not why

    def dragging(self, outline: Outline | None) -> None:
        """Follow a gate that is being dragged, a few times a second."""
        self._dragged = outline
        if not self._live.isActive():
            self._live.start()

    def dropped(self, outline: Outline) -> None:
        """Move the gate."""
        self._live.stop()
        self._dragged = None
        session, gate = self.session, self.chosen.gate
        if session is not None:
            self.sitting.change(Step.EDIT, lambda: session.move(gate, outline))

    def let_go(self) -> None:
        """Show the gate where it was."""
        self._live.stop()
        self._dragged = None
        self.changed()

    def sketched(self, points: list[Point]) -> None:
        """Put the events of a region in or out."""
        session, change, plot = self.session, self._region, self.showing.canvas.plot
        self._region = None
        self._sketches(begins=False)
        if session is None or change is None or plot is None or not points:
            self.say("")
            self.changed()
            return
        on = (plot.frame.x.label, plot.frame.y.label)
        region = polygon_of(points, on, plot.frame)
        gate = self.chosen.gate
        self.sitting.change(Step.EDIT, lambda: session.draw(gate, change, region, on))

    def _follow(self) -> None:
        session, outline = self.session, self._dragged
        if session is None or not self.mouse.is_holding:
            return
        try:
            look = session.drag(self.chosen.gate, outline) if outline else session.now
        except CytomonError as error:
            self.say(f"{error.what}: {error.fix}")
            return
        self.showing.show_drag(look, self.chosen)
        self._show_verdict(look)

    def _leave_plot(self) -> None:
        """Let go of the gate, and of the region that is being drawn."""
        if self.mouse.is_sketching:
            self.say("")
        self.mouse.let_loose()
        self._region = None
        self._sketches(begins=False)

    # --- what a person asks for ----------------------------------------------------------------
    def choose_gate(self, name: str) -> None:
        """Look at a gate."""
        if self.session is not None and name != self.chosen.gate:
            self._leave_plot()
            self.chosen = replace(self.chosen, gate=name, pair=self._pairs.get(name))
            self.changed()

    def next_gate(self) -> None:
        """Look at the next gate of the tree."""
        self._step_gate(1)

    def previous_gate(self) -> None:
        """Look at the gate before."""
        self._step_gate(-1)

    def _step_gate(self, by: int) -> None:
        names = self.showing.tree.names()
        if self.chosen.gate in names:
            self.choose_gate(names[(names.index(self.chosen.gate) + by) % len(names)])

    def choose_pair(self) -> None:
        """Look at the gate on other dimensions."""
        session = self.session
        if session is not None:
            self._leave_plot()
            pair = self._offered(session)[self.side.pair.currentIndex()]
            self._pairs[self.chosen.gate] = pair
            self.chosen = replace(self.chosen, pair=pair)
            self.changed()

    def choose_back(self) -> None:
        """Show a population in every plot."""
        text = self.side.back.currentText() if self.side.back.currentIndex() > 0 else ""
        self.chosen = replace(self.chosen, back=text)
        self.changed()

    def toggle_back_gate(self) -> None:
        """Show the gate's own events in every plot, or no more."""
        session = self.session
        if session is not None:
            back = "" if self.chosen.back == self.chosen.gate else self.chosen.gate
            self.chosen = replace(self.chosen, back=back)
            names = ["none", *names_of(session)]
            self.side.set_choices(self.side.back, names, names.index(back) if back else 0)
            self.changed()

    def toggle_path(self) -> None:
        """Show the normal path of maturation, or no more."""
        self.chosen = replace(self.chosen, path=not self.chosen.path)
        self.side.set_check(self.side.path, on=self.chosen.path)
        self.changed()

    def toggle_blind(self) -> None:
        """Hide what was said before, or show it again."""
        self.is_blind = not self.is_blind
        self.side.set_check(self.side.blind, on=self.is_blind)
        if self.is_blind and self.showing.before is not None:
            self.toggle_earlier()
        self.tubes.show_items(self.sitting.items, blind=self.is_blind)
        self._name_tube()
        self.changed()

    def toggle_earlier(self) -> None:
        """Show the patient's specimen before beside this one, or no more."""
        if self.showing.before is not None:
            self.showing.close_second()
            self.side.set_check(self.side.earlier, on=False)
            self.changed()
            self.fit()
        elif self.is_blind:
            self.side.set_check(self.side.earlier, on=False)
            self.say("earlier specimens are hidden: press B to end the blind review")
        else:
            self.sitting.open_earlier()

    def undo(self) -> None:
        """Take the last change back."""
        session = self.session
        if session is not None:
            self.sitting.change(Step.UNDO, session.undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        session = self.session
        if session is not None:
            self.sitting.change(Step.REDO, session.redo)

    def start_over(self) -> None:
        """Take all changes back."""
        session = self.session
        if session is not None and session.adjustments:
            self.sitting.change(Step.START_OVER, session.start_over)

    def pin(self) -> None:
        """Keep the gate where the template had placed it."""
        session, gate = self.session, self.chosen.gate
        if session is not None:
            self.sitting.change(Step.EDIT, lambda: session.pin(gate))

    def open_lock(self) -> None:
        """Ask for the gate to be opened; the reason stands in the line below."""
        session, gate = self.session, self.chosen.gate
        if session is None or not session.refusal(gate):
            self.say(f"{gate} is not locked")
        elif not self.side.reason.text().strip():
            self.say("write the reason into the line above Approve, then press L again")
            self.side.reason.setFocus()
        else:
            self.sitting.ask_to_open(gate, self.side.reason.text().strip())
            self.side.reason.clear()

    def draw_in(self) -> None:
        """Draw a region whose events belong to the population."""
        self._draw(Change.ADDED)

    def draw_out(self) -> None:
        """Draw a region whose events do not."""
        self._draw(Change.TAKEN_OUT)

    def _draw(self, change: Change) -> None:
        session, plot = self.session, self.showing.canvas.plot
        if session is None or plot is None or not self.may_hold():
            return
        gate = session.gate(self.chosen.gate)
        if paths_possible(gate):
            self.say(f"{gate.name} has an outline of its own: drag that instead")
        elif plot.frame.is_histogram:
            self.say("choose two dimensions first: a region is drawn on both")
        else:
            self._region = change
            self._sketches(begins=True)
            self.mouse.start_sketch()
            said = "belong to" if change is Change.ADDED else "do not belong to"
            self.say(
                f"click around the events that {said} {gate.name}; Enter or a double-click closes "
                "the region, Escape draws none"
            )

    def end_region(self) -> None:
        """Close the region that is being drawn."""
        if self.mouse.is_sketching:
            self.mouse.end_sketch()

    def drop_region(self) -> None:
        """Draw no region after all."""
        if self.mouse.is_sketching:
            self.mouse.drop_sketch()

    def fit(self) -> None:
        """Show the whole plot."""
        self.showing.fit()

    def next_tube(self) -> None:
        """Open the next tube of the list."""
        self.sitting.open_next()

    def previous_tube(self) -> None:
        """Open the tube before."""
        self.sitting.open_next(-1)

    def approve(self) -> None:
        """Keep the tube as it stands; a status that turns needs a reason."""
        reason, missing = self.side.reason.text().strip(), self.sitting.missing_reason()
        if missing and not reason:
            self.say(f"a reason is needed: {missing} changes. Write it above, press Enter, then A")
            self.side.reason.setFocus()
        else:
            self.sitting.approve(reason)

    def reject(self) -> None:
        """Take the result out of what counts; that needs a reason."""
        reason = self.side.reason.text().strip()
        if not reason:
            self.say("a reason is needed to reject. Write it above, press Enter, then R")
            self.side.reason.setFocus()
        else:
            self.sitting.reject(reason)

    def reason_given(self) -> None:
        """Leave the line of the reason, so that keys are keys again."""
        self._viewer.window.activate()
        self.showing.tree.setFocus()

    def help(self) -> None:
        """Say what keys and mouse do."""
        box = QMessageBox(self)
        box.setWindowTitle("cytomon review")
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setText(help_page())
        box.setModal(False)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.show()

    # --- words ---------------------------------------------------------------------------------
    def _name_tube(self) -> None:
        on_desk = self.sitting.on_desk
        if on_desk is None:
            return
        session, case = on_desk.session, on_desk.case
        lines = [session.file, f"template {session.automatic.template}"]
        if case is not None:
            day = case.specimen.day
            when = f"day {day}" if day is not None else str(case.kept.collected_on or "")
            whose = f"{case.patient_id} · {case.kept.specimen_id} · {case.kept.specimen_type}"
            lines = [whose, when, *lines]
            if not self.is_blind:
                lines.append(f"result: {case.result.state.value}")
        self.side.whose.setText("\n".join(lines))

    def _describe(self) -> None:
        """Say how the gate came to stand where it is, and offer its dimensions."""
        session = self.session
        if session is None:
            return
        gate = session.gate(self.chosen.gate)
        pairs = self._offered(session)
        shown = self.chosen.pair or pairs[0]
        texts = [" × ".join(pair) if pair[1] else f"{pair[0]} (histogram)" for pair in pairs]
        self.side.set_choices(self.side.pair, texts, pairs.index(shown) if shown in pairs else 0)
        why = session.refusal(gate.name)
        stood = {one.name: one for one in session.automatic.gates}
        told = [gate.name, story(gate, stood), f"locked: {why}" if why else ""]
        opening = self._opening(gate.name)
        self.side.about.setText("\n".join(one for one in (*told, opening) if one))
        self.side.buttons["undo"].setEnabled(session.can_undo)
        self.side.buttons["redo"].setEnabled(session.can_redo)

    def _opening(self, gate: str) -> str:
        on_desk = self.sitting.on_desk
        if on_desk is None or gate not in on_desk.session.locks:
            return ""
        asked = self.sitting.desk.openings(on_desk).get(gate)
        if asked is None:
            return ""
        state = "open" if asked.is_open else "waits for a second person"
        return f"{state}: asked by {', '.join(asked.persons)}: {asked.why}"

    def _offered(self, session: Session) -> tuple[tuple[str, str], ...]:
        gate = session.gate(self.chosen.gate)
        own = pairs_of(gate, session.placement)
        labels = dict.fromkeys(a.label for g in session.placement.gates for a in g.axes)
        first = own[0][0]
        others = [(first, label) for label in labels if label != first]
        return tuple(dict.fromkeys((*own, *others)))

    def _show_verdict(self, look: Look) -> None:
        session = self.session
        if session is None:
            return
        if look.waits:
            state = f"no verdict yet: {look.waits}"
        elif look is session.now and self.sitting.is_final:
            state = "final: measured as a batch would"
        elif look.held:
            state = "at once: events that came in are named by the fit as it was; being measured"
        else:
            state = "at once: every event counted; being measured as a batch would"
        self.showing.bar.show_lines(session.lines(look), state, blind=self.is_blind)


def names_of(session: Session) -> list[str]:
    """Gates of a tube as they are now, in order."""
    return [gate.name for gate in session.placement.gates]
