"""A population that has grown or shrunk since it was examined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.gating.envelope import widened as module
from cytomon.gating.envelope.design import cloud_names, on_axes
from cytomon.gating.envelope.examine import examine
from cytomon.gating.envelope.mixture import share_of
from cytomon.gating.envelope.study import Question, Rows, Study
from cytomon.gating.envelope.widened import widened
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Examination
from tests.gating.envelope.clouds import AXES, MARROW, cells, question
from tests.gating.envelope.test_examine import background

BLASTS = {"CD34": -1.5, "CD58": 2.0, "CD38": -2.0}


class Tube:
    """Events of a tube, of which those with these rows were examined."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        normal = background(seed)
        blasts = cells(rng, "hematogone_I", 400, BLASTS)
        values = np.concatenate([normal, blasts], axis=1)
        self.values = values[:, rng.permutation(values.shape[1])]
        self.n_events = self.values.shape[1]

    def studied(self, rows: Rows) -> Study:
        """What an examination of these events finds."""
        asked = replace(question(self.values[:, rows]), rows=rows)
        return examine(asked, MARROW)

    def values_of(self, rows: Rows) -> np.ndarray:
        """Events as a question has them, shape (n_axes, n_rows)."""
        return self.values[:, rows]


@pytest.fixture(scope="module")
def tube() -> Tube:
    return Tube(881)


@pytest.fixture(scope="module")
def study(tube: Tube) -> Study:
    """Of every second event."""
    return tube.studied(np.arange(0, tube.n_events, 2))


@pytest.fixture(scope="module")
def whole(tube: Tube) -> Study:
    return tube.studied(np.arange(tube.n_events))


def nobody(_: Rows) -> np.ndarray:
    msg = "events are asked for that are known already"
    raise AssertionError(msg)


def found(study: Study, rows: Rows, tube: Tube) -> Examination:
    examination = widened(study, rows, tube.values_of)
    assert examination is not None
    return examination


def by_row(examination: Examination) -> dict[int, tuple[int, float]]:
    rows = examination.rows.tolist()
    facts = zip(examination.called.tolist(), examination.maturing.tolist(), strict=True)
    return dict(zip(rows, facts, strict=True))


def test_the_same_events(study: Study):
    """Nothing is named anew, and no event is asked for."""
    now = widened(study, study.examination.rows, nobody)

    assert now is not None
    assert by_row(now) == by_row(study.examination)
    assert now.clusters == study.examination.clusters


def test_fewer_events(study: Study):
    """Those that went out are let go; the others are called what they were called."""
    rows = study.examination.rows[study.examination.rows % 3 > 0]
    now = widened(study, rows, nobody)
    before = by_row(study.examination)

    assert now is not None
    assert now.rows.tolist() == rows.tolist()
    assert by_row(now) == {row: before[row] for row in rows.tolist()}
    assert now.count(LEUKAEMIC) == sum(
        before[row][0] == now.names.index(LEUKAEMIC) for row in rows.tolist()
    )
    assert 0 < now.count(LEUKAEMIC) < study.examination.count(LEUKAEMIC)


def test_no_events_any_more(study: Study):
    """An empty population has no blasts, whatever was examined."""
    now = widened(study, np.zeros(0, dtype=np.int64), nobody)

    assert now is not None
    assert len(now.rows) == len(now.called) == len(now.maturing) == 0
    assert now.count(LEUKAEMIC) == now.count(UNCLEAR) == 0


def test_more_events(tube: Tube, study: Study, whole: Study):
    """The others of a tube get the names that an examination of all gives them."""
    now = found(study, whole.examination.rows, tube)
    new = ~np.isin(now.rows, study.examination.rows)
    agree = now.called[new] == whole.examination.called[new]
    blasts = whole.examination.called[new] == now.names.index(LEUKAEMIC)
    before = by_row(study.examination)

    assert now.rows.tolist() == list(range(tube.n_events))
    assert (now.called.dtype, now.maturing.dtype) == (np.int16, np.float32)
    assert all(by_row(now)[row] == before[row] for row in before)
    assert agree.mean() > 0.97
    assert blasts.sum() > 150
    assert agree[blasts].mean() > 0.98
    assert np.abs(now.maturing - whole.examination.maturing)[new].mean() < 0.02


def test_what_new_events_are_called(tube: Tube, study: Study):
    """Leukaemic by the clouds that were; unclear by any other pattern, or far from all clouds."""
    fit = study.fit
    assert fit is not None
    n_normal, n_patterns = len(fit.design.blend), len(fit.design.pattern)
    pattern = np.array([[cloud.centre[axis] for axis in AXES] for cloud in MARROW.leukaemic]).T
    far = np.full((len(AXES), 1), 5.5)
    values = np.concatenate([tube.values, pattern, far], axis=1)
    rows = np.arange(values.shape[1])
    now = widened(study, rows, lambda some: values[:, some])
    assert now is not None
    new = ~np.isin(rows, study.examination.rows)
    called = np.array(now.names)[now.called[new]]
    looked_at = on_axes(AXES, values[:, new])
    shares = np.array([
        share_of(looked_at, fit.design, fit.state, np.arange(n_normal + n_patterns) == cloud)
        for cloud in range(n_normal + n_patterns)
    ])  # fmt: skip
    leukaemic = shares[study.leukaemic].sum(axis=0) > 0.5
    strange = ~leukaemic & (shares[n_normal:].sum(axis=0) > 0.5)
    nearest = np.array(cloud_names(MARROW))[shares[:n_normal].argmax(axis=0)]

    np.testing.assert_array_equal(called == LEUKAEMIC, leukaemic)
    assert leukaemic.sum() > 150
    assert strange.sum() > 5
    assert set(called[strange]) == {UNCLEAR}
    assert called[-1] == UNCLEAR
    normal = ~np.isin(called, (LEUKAEMIC, UNCLEAR))
    np.testing.assert_array_equal(called[normal], nearest[normal])
    assert normal.sum() > 0.95 * (~leukaemic & ~strange).sum()


def test_in_blood_the_last_precursors_have_matured():
    """A few cells beside many B cells, none of them earlier: B cells, also those that come in."""
    rng = np.random.default_rng(882)
    kinds = {"hematogone_III": 60, "B_transitional": 300, "B_naive": 1500, "NK": 100}
    values = np.concatenate([cells(rng, name, n) for name, n in kinds.items()], axis=1)
    values = values[:, rng.permutation(values.shape[1])]
    rows = np.arange(values.shape[1])
    whole = examine(replace(question(values), rows=rows), MARROW)
    half = replace(question(values[:, ::2]), rows=rows[::2])
    found = widened(examine(half, MARROW), rows, lambda some: values[:, some])

    assert found is not None
    assert whole.examination.count("hematogone_III") == 0
    assert found.count("hematogone_III") == 0
    assert found.count("B_transitional") == pytest.approx(
        whole.examination.count("B_transitional"), abs=10
    )


def test_in_marrow_they_have_not(tube: Tube, study: Study):
    """Where the last precursors are called so, those that come in are, too."""
    now = found(study, np.arange(tube.n_events), tube)
    new = ~np.isin(now.rows, study.examination.rows)

    assert np.count_nonzero(now.called[new] == now.names.index("hematogone_III")) > 100


def test_many_events_come_in(tube: Tube, study: Study, monkeypatch: pytest.MonkeyPatch):
    """As many as may be are named, one more and it has to wait; those that go out cost nothing."""
    before = study.examination.rows
    others = np.setdiff1d(np.arange(tube.n_events), before)
    monkeypatch.setattr(module, "MOST_NEW", 60)

    for n_new, waits in ((60, False), (61, True)):
        for stay in (before, before[::2]):
            rows = np.sort(np.concatenate([stay, others[:n_new]]))
            assert (widened(study, rows, tube.values_of) is None) == waits


def test_nothing_was_examined(tube: Tube):
    """Without a fit nobody has a name; no events need none."""
    nothing = examine(replace(question(), rows=np.zeros(0, dtype=np.int64)), MARROW)
    assert nothing.fit is None

    assert widened(nothing, np.arange(3), tube.values_of) is None
    still = widened(nothing, np.zeros(0, dtype=np.int64), nobody)
    assert still is not None
    assert len(still.rows) == 0


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 200)))
def test_each_event_for_itself(tube: Tube, study: Study, some: set[int], others: set[int]):
    """What an event is called depends on the fit and on nobody who came with it."""
    alone = found(study, np.array(sorted(some), dtype=np.int64), tube)
    together = found(study, np.array(sorted(some | others), dtype=np.int64), tube)
    now, then = by_row(alone), by_row(together)

    assert alone.rows.tolist() == sorted(some)
    for row in some:
        assert now[row][0] == then[row][0]
        assert now[row][1] == pytest.approx(then[row][1], abs=1e-5)


def test_a_question_is_not_touched(tube: Tube, study: Study):
    """Frozen values: what was examined stays what it was."""
    asked: Question | None = study.fit.question if study.fit else None
    assert asked is not None
    before = (
        study.examination.rows.tobytes(),
        study.examination.called.tobytes(),
        asked.values.tobytes(),
    )
    found(study, np.arange(tube.n_events), tube)

    assert before == (
        study.examination.rows.tobytes(),
        study.examination.called.tobytes(),
        asked.values.tobytes(),
    )
