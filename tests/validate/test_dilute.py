"""A real tube diluted with itself: known numbers, and nothing of the population elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cytomon.errors import InputError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import read_events
from cytomon.validate import dilute
from cytomon.validate.dilute import LEVELS, Source, choose, mixed_in, plan_dilutions
from cytomon.validate.truth import Known

BOX = "CD10>3,CD19>2"


@pytest.fixture(scope="module")
def real(shared: Path) -> Path:
    return shared / "real_fcs" / "b_all_panel_marrow.fcs"


@pytest.fixture(scope="module")
def source(real: Path) -> Source:
    return choose(real, BOX)


@pytest.mark.shared
def test_the_box_holds_what_hand_gating_holds(real: Path):
    """CD10-bright CD19+ cells of low side scatter by hand: 33.4 to 34.8 thousand."""
    found = choose(real, f"{BOX},SSC-A<120000")
    assert 33_400 <= len(found.chosen) <= 34_800


@pytest.mark.shared
def test_nobody_is_in_both(source: Source):
    """Others are neither of the population nor of its kind; some events are in neither."""
    assert np.intersect1d(source.chosen, source.others).size == 0
    assert len(source.chosen) + len(source.others) < 83_411
    assert 0 < source.n_others < len(source.others)


@pytest.mark.shared
def test_a_mixture_holds_what_it_says(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Counted in the file that was written: others in full, and as many as the level asks."""
    written: dict[str, Any] = {}

    def look(path: Path, known: Known, **_: object) -> dict[str, Any]:
        written.update(events=read_events(open_tube(path)), known=known)
        return {}

    monkeypatch.setattr(dilute, "compare", look)
    mixture = next(m for m in plan_dilutions(source, draws=1, start=240) if m.level == 0.01)
    mixture.judged(tmp_path)
    known, events = written["known"], written["events"]
    assert len(events) == len(source.others) + mixture.n_mixed == len(known.labels.labels)
    assert known.is_blast().sum() == mixture.n_mixed == known.blasts
    assert known.fraction == pytest.approx(0.01, rel=1e-2)
    whole = read_events(open_tube(Path(source.path)))
    mixed = events[known.is_blast()]
    rows = {row.tobytes() for row in whole[source.chosen].astype(np.float32)}
    assert all(row.tobytes() in rows for row in mixed.astype(np.float32))
    assert (np.diff(events[:, 0]) >= 0).all()


@pytest.mark.shared
def test_levels_draws_and_nothing(source: Source):
    """One mixture without the population, then every level as often as asked, each its own."""
    found = plan_dilutions(source, draws=2, start=240)
    assert [m.level for m in found] == [0.0, *(level for level in LEVELS for _ in range(2))]
    assert len({m.tube for m in found}) == len(found)
    assert len({m.inputs() for m in found}) == len(found)


@pytest.mark.shared
def test_a_gate_of_the_template(real: Path):
    """The usual choice: what the whole tube's own gates call blasts, nobody else."""
    found = choose(real, "blasts")
    assert 25_000 < len(found.chosen) < 35_000


@pytest.mark.shared
@pytest.mark.parametrize("words", ["blastz", "CD10=3", "CD99>1", "CD10>3;CD19>2", ""])
def test_a_population_that_cannot_be_understood(real: Path, words: str):
    """Neither gate nor box: the error shows how both are written."""
    with pytest.raises(InputError) as caught:
        choose(real, words)
    assert "CD10>3,CD19>2" in caught.value.fix


@pytest.mark.shared
def test_an_empty_population(real: Path):
    """Nothing to dilute."""
    with pytest.raises(InputError, match="no nucleated event"):
        choose(real, "CD10>9")


def test_too_few_events_for_any_mixture():
    """A single event among ten thousand makes no level."""
    rows = np.arange(1)
    few = Source(
        path="t.fcs", template="", population="p", chosen=rows, others=rows, n_others=10_000
    )
    with pytest.raises(InputError, match="no mixture"):
        plan_dilutions(few, draws=1, start=1)


def test_a_population_that_leaves_nothing():
    """All nucleated events: what helps is a smaller one."""
    rows = np.arange(1000)
    every = Source(path="t.fcs", template="", population="p", chosen=rows, others=rows, n_others=0)
    with pytest.raises(InputError) as caught:
        plan_dilutions(every, draws=1, start=1)
    assert "smaller" in caught.value.fix


def test_mixtures_of_two_populations_have_names_of_their_own():
    """One tube, two boxes: no row is another's, and no mark that separates series is in one."""
    rows = np.arange(1000)
    of = {
        box: Source(
            path="t.fcs", template="", population=box, chosen=rows, others=rows, n_others=9000
        )
        for box in ("CD10>3", "CD34>2;CD19>1")
    }
    tubes = [m.tube for one in of.values() for m in plan_dilutions(one, draws=1, start=1)]
    assert len(set(tubes)) == len(tubes)
    series = [one.series for one in of.values()]
    assert len(set(series)) == 2
    assert not any(";" in one for one in series)


@pytest.mark.parametrize("level", LEVELS)
def test_the_share_is_of_all(level: float):
    """M of m + n, not m of n."""
    mixed = mixed_in(level, 1_000_000)
    assert mixed / (mixed + 1_000_000) == pytest.approx(level, rel=1e-3)
