"""The key plots of a tube in so few bytes that they are kept, and drawn when a report is written.

A density is a small picture of codes: how many events lie behind each pixel, on a logarithmic
scale, and on top of that every single event of the population that the answer is about.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cytomon.gating.stories import (
    STORIES,
    Outline,
    Seen,
    Story,
    Threshold,
    outlined,
    pairs_of,
    shown,
)
from cytomon.gating.views import L_VIEW, View, bins, extent, view
from cytomon.model.gating import Axis
from cytomon.model.results import Kept, TubeResult
from cytomon.model.tube import FloatArray

Raster = NDArray[np.uint8]
Counts = NDArray[np.uint32]

MOST_DENSITIES = 4
SIDE = 200
"""Pixels of a density in each direction."""
LEVELS = 12
"""Codes of a density: 0 where there is no event, from 1 for a single one to this for the most."""
DOUBT, EVENT = 254, 255
"""Codes of an event to be checked by eye, and of one that the answer is about."""
FARTHEST = 1e7
"""Of a view, in either direction; what lies beyond lies on its border."""
NARROWEST = 1e-3
"""Width of a view."""
BINS = 82
"""Of a histogram: a tenth of a unit of the L scale each."""
ANTIGENS = {"CD19": "cd19_blasts", "CD22": "cd22_blasts"}
NEGATIVE_ROLES = ("t_cells", "nk")
"""Shown as negative where no call has chosen a reference; the first that the tube has."""
POSITIVE_ROLE = "mature_b"
LEAST_REFERENCE = 50
"""Events below which a reference has no shape."""
COLOURS_OF_STRATEGY = 48

# the fewer the events, the bigger their marks, in pixels
_MARKS = ((50, 5), (500, 3), (5000, 2), (float("inf"), 1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DensityPlot:
    """A population, event by event, on the density of what it is a fraction of.

    Attributes
    ----------
    x, y : str
        Labels of the dimensions.
    x_view, y_view : (float, float)
        What the raster reaches over, on the scale of the gates.
    says : str
        How many events are shown on what.
    n_events, n_doubt : int
        Events of the population, and those to be checked by eye.
    raster : ndarray of uint8, shape (SIDE, SIDE)
        Codes; row 0 holds the lowest y. Events outside the views lie on the border.
    outlines : tuple of Outline
        Gates on these two dimensions.
    thresholds : tuple of Threshold
        Gates on one of them.
    """

    x: str
    y: str
    x_view: View
    y_view: View
    says: str
    n_events: int
    n_doubt: int
    raster: Raster
    outlines: tuple[Outline, ...] = ()
    thresholds: tuple[Threshold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """One population on one marker.

    Attributes
    ----------
    role : str
        Role of the population.
    n : int
        Its events.
    counts : ndarray of uint32, shape (BINS,)
        Events of each bin; those outside the view are in the first and the last.
    """

    role: str
    n: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AntigenHistogram:
    """An antigen on the blasts, beside the cells of the same tube that they are judged by.

    Attributes
    ----------
    marker : str
        ``CD19`` or ``CD22``.
    view : (float, float)
        What the bins reach over, on L.
    blasts : Histogram
        At least one event.
    negative, positive : Histogram or None
        Reference populations; None where the tube has too few of them.
    threshold : float or None
        Upper edge of the negative cells, on L; None where no call was made.
    call : str
        A status of `cytomon.model.results.AntigenCall`.
    fraction : float or None
        Share of the blasts above the threshold.
    """

    marker: str
    view: View
    blasts: Histogram
    negative: Histogram | None
    positive: Histogram | None
    threshold: float | None
    call: str
    fraction: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyPlots:
    """What a report shows of one tube.

    Attributes
    ----------
    densities : tuple of DensityPlot
        At most `MOST_DENSITIES`.
    histograms : tuple of AntigenHistogram
        One for each antigen that the blasts were stained for; none without blasts.
    strategy : bytes
        The picture of the gating strategy, as a PNG.
    role : str
        Of the population that the densities are of (`Story.role`); empty where there are none.
    """

    densities: tuple[DensityPlot, ...]
    histograms: tuple[AntigenHistogram, ...]
    strategy: bytes
    role: str = ""


def key_plots(seen: Seen, strategy: bytes) -> KeyPlots:
    """Take from a tube what its report will show.

    Parameters
    ----------
    seen : Seen
        The tube (`cytomon.gating.stories.see`).
    strategy : bytes
        The picture of its gating strategy (`indexed`).

    Returns
    -------
    KeyPlots
        Of the first story that the tube can tell: the blasts, also where there are none, or else
        the B cells. Nothing that is drawn touches a count.
    """
    told = ((story, tuple(pairs_of(story, seen))) for story in STORIES)
    story, pairs = next(((story, pairs) for story, pairs in told if pairs), (STORIES[0], ()))
    return KeyPlots(
        role=story.role if pairs else "",
        densities=tuple(_density(pair, story, seen) for pair in islice(pairs, MOST_DENSITIES)),
        histograms=tuple(_histograms(seen.result)),
        strategy=strategy,
    )


def indexed(path: Path) -> bytes:
    """A picture with so few colours that it takes a third of the bytes, as a PNG.

    Notes
    -----
    Colours are chosen for how far they reach, not by how often they are seen: outlines of gates are
    thin, and have to keep the colours of their names.
    """
    from PIL import Image

    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(
            COLOURS_OF_STRATEGY, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    stream = io.BytesIO()
    few.save(stream, format="PNG")
    return stream.getvalue()


def _density(pair: tuple[Axis, Axis], story: Story, seen: Seen) -> DensityPlot:
    events = shown(story, seen)
    values = [seen.columns.column(axis) for axis in pair]
    known = np.isfinite(values[0]) & np.isfinite(values[1])
    behind = events.behind & known
    x_view, y_view = (_limits(axis, on[behind]) for axis, on in zip(pair, values, strict=True))
    columns, rows = (
        bins(on[known], limits, SIDE) for on, limits in zip(values, (x_view, y_view), strict=True)
    )
    raster = _levels(columns[behind[known]], rows[behind[known]])
    front, doubt = events.front[known], events.doubt[known]
    _mark(raster, columns[front], rows[front], EVENT)
    _mark(raster, columns[doubt], rows[doubt], DOUBT)
    # a big mark may cover its neighbours, but never the pixel of such an event
    raster[rows[front], columns[front]] = EVENT
    n_events, n_doubt = int(events.front.sum()), int(events.doubt.sum())
    outlines, thresholds = outlined(story, seen, pair, (x_view, y_view))
    return DensityPlot(
        x=pair[0].label,
        y=pair[1].label,
        x_view=x_view,
        y_view=y_view,
        says=f"{n_events} {story.says}",
        n_events=n_events,
        n_doubt=n_doubt,
        raster=raster,
        outlines=outlines,
        thresholds=thresholds,
    )


def _limits(axis: Axis, values: FloatArray) -> View:
    low, high = view(axis) or extent(values)
    low = min(max(low, -FARTHEST), FARTHEST - 1)
    return low, min(max(high, low + NARROWEST), FARTHEST)


def most_pixels(n_events: int) -> int:
    """How many pixels the marks of so many events can take; some of them may have no place."""
    return int(max(min(n_events, most) * side**2 for most, side in _MARKS))


def _levels(columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Raster:
    """Density on a logarithmic scale, of which a single event is the lowest code."""
    counts = np.bincount(rows * SIDE + columns, minlength=SIDE * SIDE).reshape(SIDE, SIDE)
    share = np.log1p(counts) / np.log1p(max(1, counts.max(initial=0)))
    levels: Raster = np.ceil(share * LEVELS).clip(0, LEVELS).astype(np.uint8)
    return levels


def _mark(raster: Raster, columns: NDArray[np.int64], rows: NDArray[np.int64], code: int) -> None:
    """Put a square of pixels on each event; never outside, and never away from its own pixel."""
    size = next(side for most, side in _MARKS if len(columns) <= most)
    for down in range(size):
        for right in range(size):
            y = np.clip(rows + down - size // 2, 0, SIDE - 1)
            raster[y, np.clip(columns + right - size // 2, 0, SIDE - 1)] = code


def _histograms(result: TubeResult) -> Iterator[AntigenHistogram]:
    blasts = result.kept.get("blasts")
    calls = {measurement.quantity: measurement for measurement in result.measurements}
    for marker, quantity in ANTIGENS.items():
        if blasts is None or not blasts.n or marker not in blasts.scaled or quantity not in calls:
            continue
        call = calls[quantity]
        chosen = call.details.get("negative_reference")
        threshold = call.details.get("threshold")
        roles = (str(chosen),) if chosen else NEGATIVE_ROLES
        yield AntigenHistogram(
            marker=marker,
            view=L_VIEW,
            blasts=_histogram("blasts", blasts, marker),
            negative=_reference(roles, result, marker),
            positive=_reference((POSITIVE_ROLE,), result, marker),
            threshold=None if threshold is None else float(threshold),
            call=str(call.status),
            fraction=call.estimate.value if call.estimate else None,
        )


def _reference(roles: tuple[str, ...], result: TubeResult, marker: str) -> Histogram | None:
    for role in roles:
        kept = result.kept.get(role)
        if kept is not None and kept.n >= LEAST_REFERENCE and marker in kept.scaled:
            return _histogram(role, kept, marker)
    return None


def _histogram(role: str, kept: Kept, marker: str) -> Histogram:
    values: FloatArray = kept.scaled[marker]
    counts = np.bincount(bins(values[np.isfinite(values)], L_VIEW, BINS), minlength=BINS)
    return Histogram(role=role, n=kept.n, counts=counts.astype(np.uint32))
