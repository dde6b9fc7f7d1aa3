"""All that is shown of an open tube: plots, tree, strip, verdict; and where it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qtpy.QtWidgets import QDockWidget

from cytomon.glance import Look
from cytomon.model.gating import PlacedGate
from cytomon.review.frame import SIDE
from cytomon.review.plot import Chosen, Drawing
from cytomon.review.raster import Events
from cytomon.review.screen.bar import VerdictBar
from cytomon.review.screen.canvas import BACKGROUND, Canvas
from cytomon.review.screen.strip import Strip
from cytomon.review.screen.tree import GateTree
from cytomon.review.session import Session

_APART = 1320.0
"""From one plot to the other, where two stand side by side."""
_LEFT, _RIGHT, _BELOW, _ABOVE = 150.0, 60.0, 110.0, 90.0


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

    def open(self, session: Session) -> None:
        """Show another tube."""
        self.drawing = Drawing(events=Events(session.glance))
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
        self.before = (session, Drawing(events=Events(session.glance)))
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
        title = f"before, {day or 'day not recorded'}: {plot.title}"
        self._second.show(replace(plot, title=title, grips=()))

    def fit(self) -> None:
        """Show the whole plot, or both."""
        camera, (height, width) = self._viewer.scene.camera, self._viewer.canvas.size
        right = SIDE + (_APART if self.before is not None else 0.0)
        whole = (_LEFT + right + _RIGHT, _BELOW + SIDE + _ABOVE)
        camera.center = ((SIDE + _ABOVE - _BELOW) / 2, (right + _RIGHT - _LEFT) / 2)
        camera.zoom = max(0.05, min(width / whole[0], height / whole[1]))

    def hide_layer_docks(self, window: Any) -> None:
        """Put napari's own lists away: layers are not what a reviewer works with."""
        for dock in window.findChildren(QDockWidget):
            if dock.objectName() in {"layer list", "layer controls"}:
                dock.setVisible(False)

    def stop(self) -> None:
        """Draw nothing more."""
        self.strip.stop()


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


def story(gate: PlacedGate) -> str:
    """How the numbers of a gate came about."""
    told = []
    for bound in gate.bounds:
        said = f"{bound.where} {bound.value:.4g}"
        if bound.method == "by_hand":
            said += ", by hand"
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
