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

    def dragging(self, outline: Outline) -> None:
        """The gate is being dragged; nothing is kept."""

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
        if event.button == 2:
            fewer = without_vertex(gate, grip)
            if fewer is not None:
                self._hands.dropped(fewer)
            return
        yield from self._drag(gate, grip, start, event)

    def _drag(
        self,
        gate: PlacedGate,
        grip: Grip,
        start: Point,
        event: Any,
    ) -> Iterator[None]:
        frame = self._canvas.plot.frame if self._canvas.plot else None
        last: Outline | None = None
        with self._canvas.still():
            yield
            while event.type == "mouse_move" and frame is not None:
                now = self._canvas.place_of(event.position)
                # from where the grip is, not from where the mouse took it
                to = (grip.at[0] + now[0] - start[0], grip.at[1] + now[1] - start[1])
                if max(abs(now[0] - start[0]), abs(now[1] - start[1])) >= _LEAST:
                    last = dragged(gate, frame, grip, to)
                    self._hands.dragging(last)
                yield
        if last is None or last == gate.shape:
            self._hands.let_go()
        else:
            self._hands.dropped(last)

    def _double(self, _viewer: Any, event: Any) -> None:
        plot, gate = self._canvas.plot, self._hands.held_gate()
        if plot is None or gate is None:
            return
        if self._sketch is not None:
            self.end_sketch()
            return
        mouse = self._canvas.place_of(event.position)
        more = with_vertex(gate, plot.frame, mouse, self._reach)
        if more is not None and self._hands.may_hold():
            self._hands.dropped(more)
