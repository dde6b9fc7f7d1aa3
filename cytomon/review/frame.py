"""The frame of a plot: which two dimensions it shows, over which range, with which ticks.

Everything that is drawn lies in one square of `SIDE` units, x to the right and y upwards: events,
gates, ticks. A place on the scale of a gate becomes a place in the square and comes back the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cytomon.gating.transforms import to_scale
from cytomon.gating.views import SCATTER_VIEW, View
from cytomon.model.gating import Axis
from cytomon.model.tube import FloatArray

SIDE = 1000.0
"""Length of a side of the plot: gates are drawn with lines of a few units."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DECADES = range(2, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis.

    Attributes
    ----------
    at : float
        Place in the square.
    label : str
        Empty for a minor one.
    """

    at: float
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One dimension of a plot.

    Attributes
    ----------
    axis : Axis or None
        None where events are counted: the height of a histogram.
    view : (float, float)
        What it reaches over, on the scale of the gates.
    """

    axis: Axis | None
    view: View

    @property
    def label(self) -> str:
        """What a person calls it."""
        return "events" if self.axis is None else self.axis.label

    def to_plot(self, value: float) -> float:
        """Place in the square."""
        low, high = self.view
        return (value - low) / (high - low) * SIDE

    def from_plot(self, at: float) -> float:
        """Value on the scale of the gates."""
        low, high = self.view
        return low + at / SIDE * (high - low)

    def bins(self, values: FloatArray, number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Bin of each value; what lies outside the view, or nowhere, is on the border."""
        low, high = self.view
        share = np.nan_to_num((values - low) / (high - low) * number, nan=0.0)
        return np.clip(share, 0, number - 1).astype(np.int64)

    def ticks(self) -> tuple[Tick, ...]:
        """Marks: decades of a logarithmic scale, round numbers of any other."""
        return tuple(tick for tick in self._ticks() if 0 <= tick.at <= SIDE)

    def _ticks(self) -> Iterator[Tick]:
        if self.axis is None:
            return
        if self.axis.scale is not None:
            yield from self._decades()
            return
        step = _round_step(self.view)
        value = np.ceil(self.view[0] / step) * step
        while value <= self.view[1]:
            yield Tick(at=self.to_plot(float(value)), label=_linear(float(value), step))
            value += step

    def _decades(self) -> Iterator[Tick]:
        scale = self.axis.scale if self.axis else None
        yield Tick(at=self.to_plot(float(to_scale(np.zeros(1), scale)[0])), label="0")
        for sign in (-1, 1):
            for power in _DECADES:
                values = sign * 10.0**power * np.arange(1.0, 10.0)
                places = to_scale(np.asarray(values, dtype=np.float64), scale)
                for number, place in enumerate(places):
                    is_major = number == 0 and power > _DECADES[0]
                    minus = "-" if sign < 0 else ""
                    label = f"{minus}10{str(power).translate(_SUPERSCRIPTS)}" if is_major else ""
                    if np.isfinite(place):
                        yield Tick(at=self.to_plot(float(place)), label=label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A plot: a dimension to the right and one upwards; a histogram has no second one."""

    x: Span
    y: Span

    @property
    def is_histogram(self) -> bool:
        """Whether heights are numbers of events."""
        return self.y.axis is None

    def span(self, label: str) -> Span | None:
        """The dimension of this name, where the plot has it."""
        return next((one for one in (self.x, self.y) if one.axis and one.label == label), None)


def _round_step(view: View) -> float:
    """A step of 1, 2 or 5 times a power of ten that gives three to nine marks."""
    width = (view[1] - view[0]) / 8
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(one * power for one in (1, 2, 5, 10) if one * power >= width))


def _linear(value: float, step: float) -> str:
    if abs(value) >= 1000 and step >= 1000:
        return f"{value / 1000:g}k"
    return f"{value:.10g}" if step >= 1 else f"{value:.{max(0, int(np.ceil(-np.log10(step))))}f}"


def view_of(axis: Axis, values: FloatArray) -> View:
    """The range of a plot that shows these values on an axis, with a little room around them."""
    from cytomon.gating.views import view

    fixed = view(axis)
    finite = values[np.isfinite(values)]
    if fixed is not None and (axis.scale is not None or fixed == SCATTER_VIEW):
        return fixed
    if not len(finite):
        return fixed or (0.0, 1.0)
    low, high = np.quantile(finite, (0.001, 0.999))
    room = 0.06 * (high - low) or 0.5
    return float(low - room), float(high + room)
