"""Events as pictures: a density behind, and on top every event of the populations that matter.

A large tube's density is drawn from a sample at even steps, which the plot says. Nothing here
touches a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.bits import Bits, rows_of, unpack
from cytomon.gating.source import Rows, evenly
from cytomon.glance import Glance
from cytomon.model.gating import Axis
from cytomon.model.tube import BoolArray
from cytomon.review.frame import Frame, Span, view_of

PIXELS = 512
MOST_SHOWN = 1_000_000
"""Events that a density is drawn from."""
COARSE = 256
"""Bins of a density in each direction: a byte tells in which one an event lies."""
_ENOUGH = 50_000
"""Events that the range of an axis is read off."""
_LEAST_SHAPE = 60
"""Events from which on a population has a shape."""
_SMOOTH = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0

Picture = NDArray[np.uint8]
"""Red, green, blue and how opaque, shape (height, width, 4); row 0 is the lowest y."""
Colour = tuple[int, int, int]

DENSITY: tuple[Colour, ...] = (
    (46, 72, 104), (52, 92, 138), (72, 124, 178), (122, 170, 214), (190, 216, 238), (248, 252, 255),
)  # fmt: skip
"""From a single event to the most: one hue, so that marked populations stand out."""
PARENT: Colour = (112, 140, 168)
# the fewer the events, the bigger their marks, in pixels
_MARKS = ((60, 7), (600, 5), (6000, 3), (60_000, 2), (np.inf, 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marked:
    """A population that is drawn event by event.

    Attributes
    ----------
    name : str
        Of its gate.
    colour : Colour
        Its colour.
    members : Bits
        Its events.
    """

    name: str
    colour: Colour
    members: Bits


class Events:
    """A tube's events for drawing.

    Parameters
    ----------
    glance : Glance
        The tube.
    most : int, optional
        Events that densities are drawn from.
    """

    def __init__(self, glance: Glance, most: int = MOST_SHOWN) -> None:
        self._glance = glance
        self.rows: Rows = evenly(glance.n_events, most)
        self._bins: dict[Axis, NDArray[np.uint8]] = {}
        self._views: dict[Axis, Span] = {}

    @property
    def is_sample(self) -> bool:
        """Whether some events are left out of densities."""
        return len(self.rows) < self._glance.n_events

    def bins(self, axis: Axis) -> NDArray[np.uint8]:
        """Of `COARSE` bins over its span that of each event of densities, shape (n_shown,)."""
        if axis not in self._bins:
            values = self._glance.held.scaled(axis, self.rows)
            self._bins[axis] = self.span(axis).bins(values, COARSE).astype(np.uint8)
        return self._bins[axis]

    def span(self, axis: Axis) -> Span:
        """An axis with the range that its events ask for."""
        if axis not in self._views:
            some = self.rows[:: max(1, len(self.rows) // _ENOUGH)]
            view = view_of(axis, self._glance.held.scaled(axis, some))
            self._views[axis] = Span(axis=axis, view=view)
        return self._views[axis]

    def among(self, members: Bits) -> BoolArray:
        """Which of the events of densities are of a population, shape (n_shown,)."""
        every = unpack(members, self._glance.n_events)
        return every if not self.is_sample else every[self.rows]

    def all_of(self, members: Bits, span: Span) -> NDArray[np.float64]:
        """Every event of a population on an axis."""
        rows = rows_of(members, self._glance.n_events)
        if span.axis is None:
            return np.zeros(len(rows))
        return self._glance.held.scaled(span.axis, rows)


def density(events: Events, frame: Frame, members: Bits, pixels: int = PIXELS) -> Picture:
    """A population as a density on two dimensions; `pixels` is 128, or a multiple of 256."""
    inside = events.among(members)
    fine = min(COARSE, pixels)
    columns, rows = (_bins(events, span, inside) for span in (frame.x, frame.y))
    if fine < COARSE:
        columns, rows = (one // (COARSE // fine) for one in (columns, rows))
    counts = np.bincount(rows.astype(np.int32) * fine + columns, minlength=fine * fine)
    smooth = _smoothed(counts.reshape(fine, fine).astype(np.float64))
    top = np.log1p(np.quantile(smooth[smooth > 0], 0.998)) if (smooth > 0).any() else 1.0
    levels = np.clip(np.log1p(smooth) / max(float(top), 1e-9), 0, 1)
    colours = _RAMP[(levels * 255).astype(np.int64)]
    colours[..., 3] = np.where(smooth >= 0.02, np.clip(140 + 460 * levels, 0, 255), 0)
    size = -(-pixels // fine)
    return np.ascontiguousarray(np.repeat(np.repeat(colours, size, axis=0), size, axis=1))


def histogram(events: Events, frame: Frame, members: Bits, references: Sequence[Marked]) -> Picture:
    """A population on one dimension, with reference populations behind; each at its own height."""
    picture = np.zeros((PIXELS, PIXELS, 4), dtype=np.uint8)
    _fill(picture, _heights(events, frame.x, members), PARENT, opaque=150)
    for one in references:
        _fill(picture, _heights(events, frame.x, one.members), one.colour, opaque=105)
    return picture


def mark(
    picture: Picture,
    events: Events,
    frame: Frame,
    marked: Sequence[Marked],
    *,
    small: bool = False,
) -> None:
    """Draw every event of some populations into a picture, the last on top.

    Parameters
    ----------
    picture : Picture
        Is drawn into.
    events, frame, marked : Events, Frame, sequence of Marked
        What is drawn, and where.
    small : bool, optional
        Whether the picture is shown much smaller: then lines would be lost.
    """
    for one in marked:
        x = frame.x.bins(events.all_of(one.members, frame.x), PIXELS)
        if frame.is_histogram:
            if len(x) >= _LEAST_SHAPE:
                heights = _scaled(np.bincount(x * COARSE // PIXELS, minlength=COARSE))
                if small:
                    _fill(picture, heights, one.colour, opaque=150)
                else:
                    _line(picture, heights, one.colour)
            else:  # too few for a shape: a stroke for each
                for right in range(-2, 3) if small else (0,):
                    columns = np.clip(x + right, 0, PIXELS - 1)
                    picture[: PIXELS // 10, columns] = (*one.colour, 255)
            continue
        y = frame.y.bins(events.all_of(one.members, frame.y), PIXELS)
        side = next(size for most, size in _MARKS if len(x) <= most)
        for right in range(-(side // 2), side - side // 2):
            for up in range(-(side // 2), side - side // 2):
                columns = np.clip(x + right, 0, PIXELS - 1)
                rows = np.clip(y + up, 0, PIXELS - 1)
                picture[rows, columns] = (*one.colour, 255)


def _bins(events: Events, span: Span, inside: BoolArray) -> NDArray[np.uint8]:
    if span.axis is None:
        return np.zeros(int(inside.sum()), dtype=np.uint8)
    return events.bins(span.axis)[inside]


def _heights(events: Events, span: Span, members: Bits) -> NDArray[np.int64]:
    inside = events.among(members)
    return _scaled(np.bincount(_bins(events, span, inside), minlength=COARSE))


def _scaled(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Heights in pixels; the highest bin that is not on the border reaches nearly to the top."""
    smooth = np.convolve(counts.astype(np.float64), _SMOOTH, mode="same")
    top = float(smooth[1:-1].max(initial=0.0)) or 1.0
    return np.clip(smooth / top * 0.92 * PIXELS, 0, PIXELS - 1).astype(np.int64)


def _fill(picture: Picture, heights: NDArray[np.int64], colour: Colour, *, opaque: int) -> None:
    wide = np.repeat(heights, PIXELS // COARSE)
    under = np.arange(PIXELS)[:, None] < wide[None, :]
    share = opaque / 255
    shown = picture[..., 3] > 0
    for channel in range(3):
        behind = picture[..., channel]
        mixed = np.where(shown, (1 - share) * behind + share * colour[channel], colour[channel])
        picture[..., channel] = np.where(under, mixed, behind)
    picture[..., 3] = np.where(under, np.maximum(picture[..., 3], opaque), picture[..., 3])
    _line(picture, heights, colour)


def _line(picture: Picture, heights: NDArray[np.int64], colour: Colour) -> None:
    """The upper edge of a histogram."""
    wide = np.repeat(heights, PIXELS // COARSE)
    before = np.concatenate([wide[:1], wide[:-1]])
    low, high = np.minimum(wide, before), np.maximum(wide, before)
    rows = np.arange(PIXELS)[:, None]
    edge = (rows >= low[None, :] - 1) & (rows <= high[None, :] + 1) & (high[None, :] > 0)
    picture[edge] = (*colour, 255)


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """A little blur in both directions: single events stay, and bins do not flicker."""
    padded = np.pad(counts, 1)
    across = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    return np.asarray(0.25 * across[:-2] + 0.5 * across[1:-1] + 0.25 * across[2:])


def _ramp() -> Picture:
    """The colours of a density, shape (256, 4)."""
    steps = np.linspace(0, len(DENSITY) - 1, 256)
    channels = [
        np.interp(steps, np.arange(len(DENSITY)), [colour[at] for colour in DENSITY])
        for at in range(3)
    ]
    return np.column_stack([*channels, np.full(256, 255)]).astype(np.uint8)


_RAMP = _ramp()
