"""Events of a file that are asked for by their numbers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.fcs import events
from cytomon.fcs.events import FileEvents
from cytomon.fcs.intake import open_tube
from cytomon.model.tube import Tube
from tests.fcs.builders import make_fcs

N_EVENTS = 30_000


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Tube:
    """A number in the first column that no other event has."""
    values = np.random.default_rng(5).integers(0, 1000, (N_EVENTS, 4)).astype(float)
    values[:, 0] = np.arange(N_EVENTS)
    path = tmp_path_factory.mktemp("events") / "tube.fcs"
    path.write_bytes(make_fcs(values, keywords={"$P1R": str(N_EVENTS)}))
    return open_tube(path)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tubes are read anew each time."""
    monkeypatch.setattr(events, "_HELD", 0)


scattered = st.lists(st.integers(0, N_EVENTS - 1), max_size=12, unique=True).map(sorted)
together = st.builds(
    lambda first, n: list(range(first, min(N_EVENTS, first + n))),
    st.integers(0, N_EVENTS - 1),
    st.integers(1, 60),
)


@pytest.mark.usefixtures("large")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(scattered | together, max_size=4),
    st.sampled_from([1, 2, 7, 4096, 10**6]),
    st.sampled_from([50, 10**6]),
)
def test_rows_are_those_of_the_whole(tube: Tube, parts: list[list[int]], apart: int, size: int):
    """Wherever they lie, from whatever distance on what lies between is left unread; by pieces."""
    rows = np.array(sorted({row for part in parts for row in part}), dtype=np.int64)
    source = FileEvents(tube)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_APART", apart)
        patch.setattr(events, "event_blocks", partial(events.event_blocks, size=size))

        found = source.rows(rows)

    np.testing.assert_array_equal(found, source.whole()[rows])
    np.testing.assert_array_equal(found[:, 0], rows)
    assert found.dtype == np.float64


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("gap", [-1, 0, 1])
def test_at_the_very_distance(tube: Tube, gap: int):
    """One event less than the distance, the distance, and one more."""
    rows = np.array([0, events._APART + gap, 2 * (events._APART + gap), N_EVENTS - 1])

    np.testing.assert_array_equal(FileEvents(tube).rows(rows)[:, 0], rows)


@pytest.mark.usefixtures("large")
def test_what_lies_between_is_not_read(tube: Tube, monkeypatch: pytest.MonkeyPatch):
    """Two events at the ends of a run are two events read."""
    asked: list[slice] = []
    read = events.event_blocks

    def counted(tube: Tube, *, rows: slice) -> object:
        asked.append(rows)
        return read(tube, rows=rows)

    monkeypatch.setattr(events, "event_blocks", counted)
    found = FileEvents(tube).rows(np.array([3, N_EVENTS - 2]))

    assert found[:, 0].tolist() == [3, N_EVENTS - 2]
    assert sum(rows.stop - rows.start for rows in asked) == 2


def test_a_small_tube_is_held(tube: Tube):
    """The same rows, without a file to read them from."""
    source = FileEvents(tube)
    rows = np.array([0, 1, 9000, N_EVENTS - 1])

    np.testing.assert_array_equal(source.rows(rows), source.whole()[rows])
    assert source.rows(np.array([], dtype=np.int64)).shape == (0, 4)


@pytest.mark.parametrize(("most_held", "is_held"), [(0, False), (N_EVENTS * 4 * 8, True)])
def test_how_much_is_held(tube: Tube, most_held: int, is_held: bool):
    """To the byte; what is not held is read again, and is the same."""
    source = FileEvents(tube, most_held=most_held)

    assert (source.whole() is source.whole()) == is_held
    assert FileEvents(tube, most_held=N_EVENTS * 4 * 8 - 1).whole() is not source.whole()
    rows = np.array([5, 20_000])
    np.testing.assert_array_equal(source.rows(rows), FileEvents(tube).whole()[rows])


@pytest.mark.usefixtures("large")
def test_no_rows(tube: Tube):
    """A table without rows has its columns still."""
    assert FileEvents(tube).rows(np.array([], dtype=np.int64)).shape == (0, 4)
