"""All that is shown of an open tube: plots, tree, strip, verdict; and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from qtpy.compat import isalive
from qtpy.QtWidgets import QDockWidget

from cytomon.gating.adjust import BY_HAND
from cytomon.glance import Look
from cytomon.model.gating import Boolean, Envelope, PlacedGate, Score
from cytomon.review.frame import SIDE
from cytomon.review.plot import Chosen, Drawing
from cytomon.review.raster import Events
from cytomon.review.screen.bar import VerdictBar
from cytomon.review.screen.canvas import BACKGROUND, Canvas
from cytomon.review.screen.strip import Strip
from cytomon.review.screen.tree import GateTree
from cytomon.review.session import Session

_APART = 1330.0
"""From one plot to the other, where two stand side by side."""
_FEW = 100_000
"""Events that a small plot is drawn from."""
_LEFT, _RIGHT, _BELOW, _ABOVE = 74.0, 18.0, 58.0, 66.0
"""Pixels around the plots, for their words."""


class Showing:
    """The plots and lists around one open tube.

    Parameters
    ----------
    viewer : napari.Viewer
        Or the proxy that a plugin is given.
    chosen : callable
        Is told the name of a gate that a person clicks on.
    """

    def __init__(self, viewer: Any, chosen: Any) -> None:
        self._viewer = viewer
        viewer.scene.camera.orientation2d = ("up", "right")
        viewer.canvas.background_color_override = BACKGROUND
        self.canvas = Canvas(viewer, "tube")
        self._second: Canvas | None = None
        self.tree, self.strip, self.bar = GateTree(chosen), Strip(chosen), VerdictBar()
        self.drawing: Drawing | None = None
        self.before: tuple[Session, Drawing] | None = None
        viewer.canvas.events.size.connect(self._on_size)

    def open(self, session: Session) -> None:
        """Show another tube."""
        self.drawing = drawing_of(session)
        self.close_second()

    def show(self, session: Session, chosen: Chosen) -> None:
        """Show all of a tube as it is now."""
        self.show_plot(session, session.now, chosen)
        if self.drawing is not None:
            self.strip.show_look(self.drawing, session.now, back=chosen.back)
        self.tree.show_look(session.now, marks(session))
        self.tree.choose(chosen.gate)
        self.strip.choose(chosen.gate)
        self._show_second(session, chosen)

    def show_plot(self, session: Session, look: Look, chosen: Chosen) -> None:
        """Show the plot of a gate, as a look has it."""
        if self.drawing is not None:
            plot = self.drawing.plot(look, chosen)
            self.canvas.show(plot, locked=bool(session.refusal(chosen.gate)))

    def show_drag(self, look: Look, chosen: Chosen) -> None:
        """Show the gate where it is being dragged to."""
        plot = self.canvas.plot
        if plot is not None and self.drawing is not None:
            self.canvas.show_gate(self.drawing.outlined(plot, look, chosen))

    def show_second(self, session: Session) -> None:
        """Show another tube beside this one."""
        self.before = (session, drawing_of(session))
        if self._second is None:
            self._second = Canvas(self._viewer, "before", right=_APART)
        self._second.unhide()

    def close_second(self) -> None:
        """Show one tube only."""
        self.before = None
        if self._second is not None:
            self._second.hide()

    def _show_second(self, session: Session, chosen: Chosen) -> None:
        if self.before is None or self._second is None or self.canvas.plot is None:
            return
        other, drawing = self.before
        names = {gate.name for gate in other.placement.gates}
        if chosen.gate not in names:
            return
        back = chosen.back if chosen.back in names else ""
        frame = self.canvas.plot.frame
        pair = (frame.x.label, "" if frame.is_histogram else frame.y.label)
        plot = drawing.plot(other.now, replace(chosen, back=back, pair=pair))
        day = other.specimen.collected_on if other.specimen else None
        title = f"specimen before, {day or 'day not recorded'}"
        self._second.show(replace(plot, title=title, note=plot.title, grips=()))

    def fit(self) -> None:
        """Show the whole plot, or both."""
        camera, (height, width) = self._viewer.scene.camera, self._viewer.canvas.size
        right = SIDE + (_APART if self.before is not None else 0.0)
        wide, high = width - _LEFT - _RIGHT, height - _BELOW - _ABOVE
        zoom = max(0.05, min(wide / right, high / SIDE))
        camera.center = (
            SIDE / 2 + (_ABOVE - _BELOW) / 2 / zoom,
            right / 2 + (_RIGHT - _LEFT) / 2 / zoom,
        )
        camera.zoom = zoom
        room = width if self.before is None else _APART * zoom
        for canvas in (self.canvas, self._second):
            if canvas is not None:
                canvas.set_zoom(zoom, room)

    def _on_size(self, _event: object = None) -> None:
        self.fit()

    def show_layer_docks(self, window: Any, *, visible: bool) -> None:
        """Put napari's own lists away: layers are not what a reviewer works with; or back."""
        for dock in window.findChildren(QDockWidget):
            if dock.objectName() in {"layer list", "layer controls"}:
                dock.setVisible(visible)

    def stop(self) -> None:
        """Draw nothing more; the window may be gone already."""
        self._viewer.canvas.events.size.disconnect(self._on_size)
        if isalive(self.strip):
            self.strip.stop()

    def clear(self) -> None:
        """Take the plots out of the viewer."""
        for canvas in (self.canvas, self._second):
            for layer in canvas.layers if canvas is not None else ():
                if layer in self._viewer.layers:
                    self._viewer.layers.remove(layer)
        self._viewer.canvas.background_color_override = None


def drawing_of(session: Session) -> Drawing:
    """A tube, ready to be drawn."""
    return Drawing(events=Events(session.glance), few=Events(session.glance, _FEW))


def marks(session: Session) -> dict[str, str]:
    """One word for each gate that asks for attention."""
    found = {name: "locked" for name in session.locks if name not in session.open_gates}
    for gate in session.placement.gates:
        if any(bound.fallback for bound in gate.bounds):
            found[gate.name] = "at its start"
        elif any(bound.at_leash for bound in gate.bounds):
            found[gate.name] = "at its leash"
    return {**found, **session.marks()}


def first_gate(session: Session) -> str:
    """What is looked at first: the blasts, or else the B cells."""
    roles = session.placement.roles
    names = [gate.name for gate in session.placement.gates]
    wanted = (roles.get(role, "") for role in ("blasts", "b_cells"))
    return next((name for name in wanted if name in names), names[-1])


def story(gate: PlacedGate, automatic: Mapping[str, PlacedGate]) -> str:
    """How the numbers of a gate came about, or what it is made of.

    Parameters
    ----------
    gate : PlacedGate
        Where it stands now.
    automatic : mapping of str to PlacedGate
        The gates as the template placed them.
    """
    told = list(_made_of(gate))
    stood = automatic.get(gate.name)
    before = {bound.where: bound.value for bound in stood.bounds} if stood else {}
    for bound in gate.bounds:
        said = f"{bound.where} {_number(bound.value)}"
        if bound.method == BY_HAND:
            placed = before.get(bound.where)
            said += ", by hand" + (f" (placed at {_number(placed)})" if placed is not None else "")
        elif bound.method != "fixed":
            said += f", {bound.method.replace('_', ' ')} on {bound.reference or gate.parent}"
            said += f" ({bound.n_reference:,} events)"
        else:
            said += ", as in the template"
        if bound.fallback:
            said += f": stays at its start, {bound.reason}"
        elif bound.at_leash:
            said += ": stopped by its leash"
        told.append(said)
    return "\n".join(told)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _made_of(gate: PlacedGate) -> Iterator[str]:
    match gate.shape:
        case Boolean(every=every, some=some):
            inside = [one.gate for one in every if not one.complement]
            outside = [one.gate for one in every if one.complement]
            for words, names in (
                ("inside all of", inside), ("inside any of", [one.gate for one in some]),
                ("outside of", outside),
            ):  # fmt: skip
                if names:
                    yield f"{words}: {', '.join(names)}"
        case Score(terms=terms, at_least=at_least):
            weights = ", ".join(f"{name} {weight:g}" for name, weight in terms)
            yield f"weights {weights} add up to {at_least:g}"
        case Envelope(holds=holds):
            yield f"events of {gate.parent} that are called {' or '.join(holds)}"
