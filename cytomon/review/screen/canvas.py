"""One plot in napari's canvas: layers that stay, and take new data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from textwrap import wrap
from typing import Any

import numpy as np

from cytomon.review.frame import SIDE, Span
from cytomon.review.grips import Path, Point
from cytomon.review.plot import Plot
from cytomon.review.raster import PIXELS, Colour

GATE = "#ffffff"
LOCKED = "#f87171"
FRAME = "#64748b"
TEXT = "#e2e8f0"
BACKGROUND = "#0d1017"
_BLENDING = "translucent_no_depth"
"""Any other blending hides shapes and text behind an image in some runs of napari."""
_TICK, _MINOR = 8.0, 4.0
_THIN, _BOLD, _GRIP = 1.6, 2.2, 8.0
"""Lengths of ticks, widths of lines and sizes of grips, in pixels."""
_LETTER = 9.2
"""About how wide a letter is, in pixels."""
Drawn = tuple[Path, str, float, bool]
"""A line, its colour, its width, and whether it is closed."""


class Canvas:
    """Layers that show one plot.

    Parameters
    ----------
    viewer : napari.Viewer
        Or the proxy that a plugin is given.
    name : str
        Begin of the layers' names.
    right : float, optional
        How far to the right of the first plot it stands.
    """

    def __init__(self, viewer: Any, name: str, right: float = 0.0) -> None:
        self._viewer, self._name, self._right = viewer, name, right
        scale = SIDE / PIXELS
        shift = (scale / 2, scale / 2 + right)
        self._events = viewer.add_image(
            np.zeros((PIXELS, PIXELS, 4), dtype=np.uint8),
            rgb=True,
            name=f"{name} events",
            scale=(scale, scale),
            translate=shift,
            blending=_BLENDING,
            interpolation2d="nearest",
        )
        self._lines = self._shapes("axes")
        self._gate = self._shapes("gate")
        self._grips = viewer.add_points(
            np.zeros((0, 2)),
            name=f"{name} grips",
            size=14,
            face_color=BACKGROUND,
            border_color=GATE,
            border_width=0.16,
            blending=_BLENDING,
        )
        self._words = self._texts("words", 0)
        self._sideways = self._texts("sideways", 90)
        for layer in self.layers:
            layer.mouse_pan = False
        # else napari's own keys would draw points and shapes of their own into it
        viewer.layers.selection.active = None
        viewer.scene.camera.mouse_pan = False
        self.plot: Plot | None = None
        self._locked = False
        self._unit, self._room = 2.0, SIDE / 2.0
        self._shown: dict[int, object] = {}

    @property
    def layers(self) -> tuple[Any, ...]:
        """All of them, from behind to the front."""
        return (
            self._events, self._lines, self._gate, self._grips, self._words, self._sideways,
        )  # fmt: skip

    def show(self, plot: Plot, *, locked: bool = False) -> None:
        """Show a plot."""
        self.plot = plot
        with self._events.events.extent.blocker():
            self._events.data = plot.picture
        self._draw_axes(plot)
        self._locked = locked
        self.show_gate(plot)
        self._say_sideways(plot)

    def show_gate(self, plot: Plot) -> None:
        """Show the gate of a plot, and what is said of it: as it is being dragged, too."""
        colour = LOCKED if self._locked else GATE
        self._set(self._gate, [(path, colour, _BOLD, True) for path in plot.outline])
        self._mark([grip.at for grip in plot.grips], colour)
        self._say(plot)

    def sketch(self, points: Sequence[Point]) -> None:
        """Show a region that is being drawn."""
        path = Path(points=tuple(points))
        drawn = [(path, "#fde047", _BOLD, False)] if len(points) > 1 else []
        self._set(self._gate, drawn)
        self._mark(points, GATE)

    def set_zoom(self, zoom: float, room: float) -> None:
        """Keep widths of lines and places of words, however small the plot is.

        Parameters
        ----------
        zoom : float
            Pixels to a unit of the square.
        room : float
            Pixels that words over the plot may take from left to right.
        """
        self._unit, self._room = 1.0 / zoom, room
        self._grips.current_size = _GRIP * self._unit
        if self.plot is not None:
            self._draw_axes(self.plot)
            self.show_gate(self.plot)
            self._say_sideways(self.plot)

    def hide(self) -> None:
        """Show nothing."""
        self.plot = None
        for layer in self.layers:
            layer.visible = False

    def unhide(self) -> None:
        """Show the layers again."""
        for layer in self.layers:
            layer.visible = True

    def place_of(self, position: Sequence[float]) -> Point:
        """A position in the world of napari as a place in the square."""
        return float(position[-1]) - self._right, float(position[-2])

    def _at(self, point: Point) -> tuple[float, float]:
        return point[1], point[0] + self._right

    def _shapes(self, what: str) -> Any:
        return self._viewer.add_shapes(
            None, ndim=2, name=f"{self._name} {what}", blending=_BLENDING, opacity=1.0
        )

    def _texts(self, what: str, turned: int) -> Any:
        layer = self._viewer.add_points(
            np.zeros((0, 2)),
            name=f"{self._name} {what}",
            size=1,
            opacity=1.0,
            blending=_BLENDING,
            features={"label": np.array([], dtype=object)},
            text={
                "string": "{label}",
                "color": TEXT,
                "size": 9,
                "anchor": "center",
                "rotation": -turned,
            },
        )
        layer.face_color = "transparent"
        layer.border_color = "transparent"
        return layer

    def _set(self, layer: Any, drawn: Sequence[Drawn]) -> None:
        """Give a layer of shapes other lines; those that it has already stay."""
        places = [np.array([self._at(at) for at in path.points]) for path, *_ in drawn]
        looks = [(colour, width * self._unit, closed) for _, colour, width, closed in drawn]
        before = self._shown.get(id(layer))
        now = (looks, [place.tobytes() for place in places])
        if before == now:
            return
        self._shown[id(layer)] = now
        with layer.events.extent.blocker():  # napari would measure the whole world anew
            if isinstance(before, tuple) and before[0] == looks and looks:
                layer.data = places
                return
            layer.data = []
            for closed in (True, False):
                some = [at for at, one in enumerate(drawn) if one[3] is closed]
                if some:
                    layer.add(
                        [places[at] for at in some],
                        shape_type="polygon" if closed else "path",
                        edge_color=[looks[at][0] for at in some],
                        face_color="transparent",
                        edge_width=[looks[at][1] for at in some],
                    )
            layer.selected_data = set()

    def _draw_axes(self, plot: Plot) -> None:
        square = Path(points=((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)))
        drawn: list[Drawn] = [(square, FRAME, _THIN, True)]
        for span, is_x in ((plot.frame.x, True), (plot.frame.y, False)):
            drawn += [(path, FRAME, _THIN, False) for path in _ticks(span, self._unit, is_x=is_x)]
        drawn += [(line.path, _hex(line.colour), _THIN, line.closed) for line in plot.lines]
        self._set(self._lines, drawn)

    def _say(self, plot: Plot) -> None:
        self._write(self._words, list(_words(plot, self._unit, self._room)))

    def _say_sideways(self, plot: Plot) -> None:
        title = "share of the highest bin" if plot.frame.is_histogram else plot.frame.y.label
        away = 14.0 if plot.frame.is_histogram else 58.0
        self._write(self._sideways, [(title, (-away * self._unit, SIDE / 2))])

    def _write(self, layer: Any, words: Sequence[tuple[str, Point]]) -> None:
        places = np.array([self._at(at) for _, at in words]).reshape(-1, 2)
        texts = [text for text, _ in words]
        now = (texts, places.tobytes())
        before = self._shown.get(id(layer))
        if before == now:
            return
        self._shown[id(layer)] = now
        with layer.events.extent.blocker():
            if not isinstance(before, tuple) or len(before[0]) != len(texts):
                layer.data = places
                layer.face_color = "transparent"
                layer.border_color = "transparent"
            elif before[1] != now[1]:
                layer.data = places
            if not isinstance(before, tuple) or before[0] != texts:
                layer.features = {"label": np.array(texts, dtype=object)}
                layer.refresh_text()

    def _mark(self, points: Sequence[Point], colour: str) -> None:
        """Show where a gate can be taken hold of."""
        places = np.array([self._at(point) for point in points]).reshape(-1, 2)
        now = (colour, self._unit, places.tobytes())
        before = self._shown.get(id(self._grips))
        if before != now:
            self._shown[id(self._grips)] = now
            with self._grips.events.extent.blocker():
                self._grips.data = places
                if len(places) and (not isinstance(before, tuple) or before[:2] != now[:2]):
                    self._grips.border_color = colour
                    self._grips.size = _GRIP * self._unit

    @contextmanager
    def still(self) -> Iterator[None]:
        """While a gate is dragged the camera stays where it is."""
        camera = self._viewer.scene.camera
        before = camera.mouse_pan
        camera.mouse_pan = False
        try:
            yield
        finally:
            camera.mouse_pan = before


def _ticks(span: Span, unit: float, *, is_x: bool) -> Iterator[Path]:
    for tick in span.ticks():
        length = (_TICK if tick.label else _MINOR) * unit
        ends = (
            ((tick.at, 0.0), (tick.at, -length)) if is_x else ((0.0, tick.at), (-length, tick.at))
        )
        yield Path(points=ends)


def _words(plot: Plot, unit: float, broad: float) -> Iterator[tuple[str, Point]]:
    """Texts and where they stand; `unit` is the length of a pixel, `broad` their room in pixels."""
    for tick in plot.frame.x.ticks():
        if tick.label:
            yield tick.label, (tick.at, -20 * unit)
    for tick in plot.frame.y.ticks():
        if tick.label:
            yield tick.label, (-28 * unit, tick.at)
    yield plot.frame.x.label, (SIDE / 2, -42 * unit)
    letters = max(20, int(broad / _LETTER))
    told = [line for text in (plot.title, plot.note) for line in wrap(text, letters)]
    for row, line in enumerate(reversed(told)):
        yield line, (SIDE / 2, SIDE + (14 + 20 * row) * unit)
    for word in plot.words:
        room = min(len(word.text) * _LETTER * unit, SIDE) / 2
        above = 14 * unit if word.at[1] + 22 * unit < SIDE else -14 * unit
        yield word.text, (float(np.clip(word.at[0], room, SIDE - room)), word.at[1] + above)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
