"""The mouse on a plot: a gate is taken hold of and dragged, or a region is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from cytomon.model.adjustment import Outline
from cytomon.model.gating import PlacedGate
from cytomon.review.grips import Grip, Point, dragged, grip_at, with_vertex, without_vertex
from cytomon.review.screen.canvas import Canvas

_REACH = 9.0
"""Pixels by which the mouse may miss what it takes hold of."""
_LEAST = 2.0
"""Units of the square: a gate that was only clicked on is not moved."""


class Hands(Protocol):
    """Who is told what the mouse does."""

    def held_gate(self) -> PlacedGate | None:
        """The gate that may be dragged; None where nothing is open."""

    def may_hold(self) -> bool:
        """Whether the gate may be moved; says why where not."""

    def dragging(self, outline: Outline | None) -> None:
        """The gate is being dragged, None back to where it was; nothing is kept."""

    def dropped(self, outline: Outline) -> None:
        """The gate was let go."""

    def let_go(self) -> None:
        """The gate was taken hold of, and not moved."""

    def sketched(self, points: list[Point]) -> None:
        """A region was drawn."""


class Mouse:
    """Turns what the mouse does in a plot into changes of a gate.

    Parameters
    ----------
    viewer : napari.Viewer
        Or the proxy that a plugin is given.
    canvas : Canvas
        The plot.
    hands : Hands
        Who is told.
    """

    def __init__(self, viewer: Any, canvas: Canvas, hands: Hands) -> None:
        self._viewer, self._canvas, self._hands = viewer, canvas, hands
        self._sketch: list[Point] | None = None
        self._hold: object | None = None
        self._last: Outline | None = None
        viewer.mouse_drag_callbacks.append(self._press)
        viewer.mouse_double_click_callbacks.append(self._double)

    def stop(self) -> None:
        """Listen no more."""
        for callbacks, own in (
            (self._viewer.mouse_drag_callbacks, self._press),
            (self._viewer.mouse_double_click_callbacks, self._double),
        ):
            if own in callbacks:
                callbacks.remove(own)

    def let_loose(self) -> None:
        """Hold nothing any more, and draw nothing: another plot is shown."""
        self._hold = self._last = self._sketch = None

    def again(self) -> None:
        """Show what is being done, after the plot was drawn anew."""
        if self._sketch is not None:
            self._canvas.sketch(self._sketch)
        elif self._last is not None:
            self._hands.dragging(self._last)

    @property
    def is_holding(self) -> bool:
        """Whether a gate is being dragged."""
        return self._hold is not None

    @property
    def is_sketching(self) -> bool:
        """Whether a region is being drawn."""
        return self._sketch is not None

    def start_sketch(self) -> None:
        """Take clicks as corners of a region."""
        self._sketch = []
        self._canvas.sketch([])

    def end_sketch(self) -> None:
        """Close the region; one of less than three corners is none."""
        points, self._sketch = self._sketch or [], None
        self._hands.sketched(points if len(points) > 2 else [])

    def drop_sketch(self) -> None:
        """Draw no region after all."""
        self._sketch = None
        self._hands.sketched([])

    @property
    def _reach(self) -> float:
        return _REACH / max(float(self._viewer.scene.camera.zoom), 1e-6)

    def _press(self, _viewer: Any, event: Any) -> Iterator[None]:
        plot, gate = self._canvas.plot, self._hands.held_gate()
        if plot is None or gate is None:
            return
        start = self._canvas.place_of(event.position)
        if self._sketch is not None:
            if event.button == 1:
                self._sketch.append(start)
                self._canvas.sketch(self._sketch)
            return
        grip = grip_at(gate, plot.frame, start, self._reach)
        if grip is None or not self._hands.may_hold():
            return
        if event.button == 1:
            yield from self._drag(grip, start, event)
        elif event.button == 2:
            fewer = without_vertex(gate, grip)
            if fewer is not None:
                self._hands.dropped(fewer)

    def _drag(self, grip: Grip, start: Point, event: Any) -> Iterator[None]:
        hold = self._hold = object()
        has_moved, last = False, None
        with self._canvas.still():
            yield
            while self._hold is hold:
                last = self._pulled(grip, start, self._canvas.place_of(event.position))
                if event.type != "mouse_move":
                    break  # let go: moves just before it may have been left out
                if last is not None or has_moved:
                    has_moved, self._last = True, last
                    self._hands.dragging(last)
                yield
        if self._hold is not hold:
            return
        self.let_loose()
        if last is None:
            self._hands.let_go()
        else:
            self._hands.dropped(last)

    def _pulled(self, grip: Grip, start: Point, now: Point) -> Outline | None:
        """What the gate becomes; None where it stays as it is."""
        plot, gate = self._canvas.plot, self._hands.held_gate()
        far = max(abs(now[0] - start[0]), abs(now[1] - start[1])) >= _LEAST
        if plot is None or gate is None or not far:
            return None
        # from where the grip is, not from where the mouse took it
        to = (grip.at[0] + now[0] - start[0], grip.at[1] + now[1] - start[1])
        outline = dragged(gate, plot.frame, grip, to)
        return None if outline == gate.shape else outline

    def _double(self, _viewer: Any, event: Any) -> None:
        plot, gate = self._canvas.plot, self._hands.held_gate()
        if plot is None or gate is None:
            return
        if self._sketch is not None:
            self.end_sketch()
            return
        mouse = self._canvas.place_of(event.position)
        held = grip_at(gate, plot.frame, mouse, self._reach)
        if held is not None and held.kind == "vertex":
            return
        more = with_vertex(gate, plot.frame, mouse, self._reach)
        if more is not None and self._hands.may_hold():
            self._hands.dropped(more)
