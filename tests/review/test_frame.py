"""Plots: every value has its place, and every tick stands where its label says."""

from __future__ import annotations

from math import asinh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.gating.transforms import to_scale
from cytomon.model.gating import Axis, Ratio, Scale
from cytomon.review.frame import SIDE, Frame, Span, view_of
from tests.review.planes import CD10, CD19, EVENTS, SSC, TIME, L, plane, span

BIEX = Axis(
    channel="B", label="B", matrix="tube", scale=Scale(kind="biex", t=262144, m=4.4, w=-100)
)
LOG = Axis(channel="G", label="G", matrix="tube", scale=Scale(kind="log", t=262144, m=4.5))
SHAPE = Axis(channel="FSC-H", label="FSC-H/FSC-A", ratio=Ratio(over="FSC-A"))
NUMBERS = st.floats(-1e6, 1e6)


@given(value=NUMBERS, low=NUMBERS, width=st.floats(1e-3, 1e6))
def test_a_value_comes_back_from_its_place(value: float, low: float, width: float):
    """To the square and back changes nothing but the last digits."""
    one = Span(axis=TIME, view=(low, low + width))
    room = 1e-12 * (abs(value) + abs(low) + width)
    assert one.from_plot(one.to_plot(value)) == pytest.approx(value, abs=room)


def test_the_ends_of_a_view_are_the_ends_of_the_square():
    """Low is left or below, high is right or above."""
    one = span(SSC)
    assert (one.to_plot(one.view[0]), one.to_plot(one.view[1])) == (0.0, SIDE)


@pytest.mark.parametrize("axis", [CD19, BIEX, LOG], ids=lambda axis: axis.scale.kind)
def test_decades_stand_at_their_values(axis: Axis):
    """The mark that says a power of ten is where an event of that value is drawn."""
    view = (float(to_scale(np.array([1.0]), axis.scale)[0]), 0.0)
    top = float(to_scale(np.array([200_000.0]), axis.scale)[0])
    one = span(axis, min(view), top)
    places = {tick.label: tick.at for tick in one.ticks() if tick.label}
    for label, value in (("10³", 1e3), ("10⁴", 1e4), ("10⁵", 1e5)):
        scaled = to_scale(np.array([value]), axis.scale)[0]
        assert places[label] == pytest.approx(one.to_plot(float(scaled)))
    assert places["10³"] < places["10⁴"] < places["10⁵"]


def test_the_scale_of_the_templates_has_its_published_places():
    """A value x lies at L = asinh(x / 150) / 1.3; the view is -1.6 to 6.6."""
    places = {tick.label: tick.at for tick in span(CD19).ticks() if tick.label}
    for label, value in (("0", 0.0), ("10³", 1e3), ("10⁵", 1e5)):
        expected = (asinh(value / 150) / 1.3 + 1.6) / 8.2 * SIDE
        assert places[label] == pytest.approx(expected, abs=0.01)


def test_linear_ticks_are_round_and_even():
    """Scatter has marks every fifty thousand, said in thousands."""
    ticks = span(SSC).ticks()
    assert [tick.label for tick in ticks] == ["0", "50k", "100k", "150k", "200k", "250k"]
    assert ticks[2].at == pytest.approx(381.47, abs=0.01)


@given(low=NUMBERS, width=st.floats(1e-2, 1e6))
def test_there_are_some_linear_ticks_and_all_are_in_the_frame(low: float, width: float):
    """Three to nine, at equal distances, with labels that tell them apart."""
    ticks = Span(axis=TIME, view=(low, low + width)).ticks()
    assert 3 <= len(ticks) <= 9
    assert all(0 <= tick.at <= SIDE for tick in ticks)
    assert np.ptp(np.diff([tick.at for tick in ticks])) < 1e-3 * SIDE
    assert len({tick.label for tick in ticks}) == len(ticks)


@given(st.lists(st.one_of(NUMBERS, st.sampled_from([np.nan, np.inf, -np.inf])), min_size=1))
def test_every_event_has_a_bin(values: list[float]):
    """What lies outside is on the border; what lies nowhere is somewhere."""
    found = span(SSC).bins(np.array(values), 64)
    assert ((found >= 0) & (found < 64)).all()


def test_bins_are_where_values_are_drawn():
    """An event is drawn in the bin that holds its place."""
    one, values = span(CD10), np.linspace(-1.59, 6.59, 400)
    places = np.array([one.to_plot(float(value)) for value in values])
    assert (one.bins(values, 512) == (places / SIDE * 512).astype(int)).all()


def test_views_follow_the_scale_or_the_events():
    """Markers and scatter have fixed ranges; time and ratios show what there is."""
    some = np.array([10.0, 20.0, 30.0, np.nan])
    assert view_of(CD19, some) == (-1.6, 6.6)
    assert view_of(SSC, some) == (0.0, 262_144.0)
    low, high = view_of(TIME, some)
    assert low < 10.1
    assert high > 29.9
    assert high - low < 30
    low, high = view_of(SHAPE, np.array([0.7, 0.9, 1.0]))
    assert 0.5 < low < 0.71
    assert 0.99 < high < 1.2
    assert view_of(TIME, np.array([np.nan])) == (0.0, 1.0)
    low, high = view_of(TIME, np.array([5.0, 5.0]))
    assert low < 5 < high


def test_a_histogram_has_one_dimension():
    """Its height is events, and it finds no dimension of that name."""
    histogram, dots = plane(CD19, None), plane(CD19, SSC)
    assert histogram.is_histogram
    assert not dots.is_histogram
    assert histogram.span("events") is None
    assert EVENTS.ticks() == ()
    assert dots.span("SSC-A") is dots.y
    assert dots.span("CD10") is None
    assert Frame(x=dots.y, y=dots.x).span("CD19") == dots.x
    assert dots.x.axis is not None
    assert dots.x.axis.scale == L
