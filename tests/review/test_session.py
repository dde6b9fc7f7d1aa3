"""One tube under review: gates are moved and taken back, and the pipeline has the last word."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from pathlib import Path

import pytest

from cytomon.document import seal
from cytomon.errors import CytomonError, GatingError, InputError
from cytomon.model.adjustment import Adjustment, Change, Outline
from cytomon.model.gating import Box, Ellipse, Polygon, Ranges
from cytomon.pipeline import measure_placed, place_on
from cytomon.review.session import Session, outline_of, with_reason
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.task import analysis_of, document_of
from tests.review.laboratory import BLOOD, SAMPLES, box_around, moved_box, session_of

TUBE = SAMPLES / BLOOD
NK, LYMPH = "cd16_cd56_pos", "lymphoid_scatter"
B_CELLS = ("CD19", "CD20")


@pytest.fixture
def session() -> Session:
    """A blood with B cells: the quickest tube that answers something."""
    return session_of(TUBE)


@pytest.fixture(scope="module")
def still() -> Session:
    """The same for tests that leave nothing behind."""
    return session_of(TUBE)


def counts(session: Session) -> dict[str, int]:
    return dict(session.now.counts)


def test_nothing_is_changed_at_first(session: Session):
    """The gates stand where the template placed them, and what they say is known at once."""
    assert session.placement is session.automatic
    assert not any((session.is_changed, session.can_undo, session.can_redo, session.misfit))
    assert session.after["b_fraction"].status == "RECOVERED"
    assert session.settled is None
    assert session.flips == ()
    assert session.marks() == {}


def test_a_gate_is_moved_and_taken_back(session: Session):
    """Undo and redo walk through the same places; a new change ends what could be done again."""
    first = session.now
    session.move(NK, moved_box(session, NK, 0, 0, 0.4))
    second = counts(session)
    session.move(LYMPH, moved_box(session, LYMPH, 0, 0, 0.4))
    third = counts(session)
    assert second != dict(first.counts)
    assert third != second

    assert session.undo()
    assert counts(session) == second
    assert session.redo()
    assert counts(session) == third
    assert session.undo()
    assert session.undo()
    assert not session.undo()
    assert session.now is first
    assert session.redo()
    session.move(LYMPH, moved_box(session, LYMPH, 0, 0, -0.2))
    assert not session.can_redo
    assert not session.redo()


def test_start_over_takes_all_back(session: Session):
    """Also what the review began with: the automatic gates are one step away."""
    edit = session.move(NK, moved_box(session, NK, 0, 0, 0.4))
    again = session_of(TUBE, start=[edit])
    assert not again.is_changed
    assert counts(again) == counts(session)

    again.start_over()
    assert again.is_changed
    assert again.adjustments == ()
    assert again.placement is again.automatic
    assert not again.can_undo


def test_a_change_says_who_when_and_from_where(session: Session):
    """An adjustment is all that is needed to do it again."""
    before = session.gate(NK).shape
    edit = session.move(NK, moved_box(session, NK, 0, 0, 0.4), "dim NK cells")
    told = (edit.who, edit.why, edit.on, edit.before)
    assert told == ("pat", "dim NK cells", ("CD16+CD56",), before)
    assert edit.at.endswith("+00:00")
    assert session.gate(NK).shape == edit.after
    assert [one.why for one in with_reason([edit], "no")] == ["dim NK cells"]
    given = session.move(NK, moved_box(session, NK, 0, 0, 0.1))
    assert [one.why for one in with_reason([given], "yes")] == ["yes"]


def test_a_drag_keeps_nothing(session: Session):
    """Also where the very same place was measured before and taken back."""
    outline = moved_box(session, LYMPH, 0, 0, 0.5)
    session.move(LYMPH, outline)
    assert session.take(session.settle())
    assert session.undo()
    stood = session.now

    look = session.drag(LYMPH, outline)
    assert look.counts != stood.counts
    assert session.now is stood
    assert session.adjustments == ()
    assert session.placement is session.automatic


def test_settling_is_what_a_batch_would_say(session: Session):
    """Byte for byte, with changes and without."""
    session.move("cd45_below_mature", moved_box(session, "cd45_below_mature", 0, 1, -0.2))
    session.draw("b_cells", Change.TAKEN_OUT, box_around(1.0, 3.0), B_CELLS)
    opened = session.opened

    for adjustments in ((), session.adjustments):
        settled = session.settle(adjustments)
        wanted = measure_placed(
            opened, place_on(opened, adjustments), specimen=None, file=session.file
        )
        analysis = analysis_of(opened, session.file, None, engine="stream", adjustments=adjustments)
        assert seal(document_of(settled.result, opened, analysis)) == seal(
            document_of(wanted, opened, analysis)
        )


def test_the_pipeline_has_the_last_word(session: Session):
    """Once it has spoken, its gates, its counts and its answers stand."""
    session.move("cells", moved_box(session, "cells", 0, 0, 9000.0))
    settled = session.settle()
    assert session.settled is None
    assert session.take(settled)
    assert session.settled is settled
    assert session.placement is settled.placement
    assert session.after == settled.answers
    engine = {one.path[-1]: one.count for one in settled.result.populations}
    assert {name: session.now.counts[name] for name in engine} == engine


def test_a_word_that_comes_late_is_kept_and_does_not_stand(session: Session):
    """Gates moved on meanwhile: the measured place is there when the change is taken back."""
    session.move(LYMPH, moved_box(session, LYMPH, 0, 0, 0.5))
    late = session.settle()
    session.move(NK, moved_box(session, NK, 0, 0, 0.3))
    before = session.now

    assert not session.take(late)
    assert session.now is before
    session.undo()
    assert session.settled is late
    assert session.placement is late.placement


def test_one_change_of_several_is_taken_back_after_it_was_measured(session: Session):
    """Its gate stands where the template had placed it, of a box also a single end of it."""
    stood = {gate.name: gate.shape for gate in session.automatic.gates}
    moved = session.move(LYMPH, moved_box(session, LYMPH, 0, 0, 0.4)).after
    session.move(NK, moved_box(session, NK, 0, 0, 0.4))
    session.move("monocytes", moved_box(session, "monocytes", 0, 0, 4000.0))
    session.move("monocytes", moved_box(session, "monocytes", 0, 1, 4000.0))
    assert session.take(session.settle())

    session.undo()
    low, high = session.gate("monocytes").shape.bounds[0]
    assert (low, high) == (32_000.0, stood["monocytes"].bounds[0][1])
    session.undo()
    session.undo()
    assert session.gate(NK).shape == stood[NK]
    assert session.gate("monocytes").shape == stood["monocytes"]
    assert session.gate(LYMPH).shape == moved


def test_few_results_are_held_and_the_automatic_one_always(session: Session):
    """Nor does what others measured push away what stands now."""
    session.take(session.settle())
    automatic = session.settled
    session.move(LYMPH, moved_box(session, LYMPH, 0, 0, 0.5))
    session.take(session.settle())
    current = session.settled
    for number in range(8):
        other = session.drag(LYMPH, moved_box(session, LYMPH, 0, 0, 0.01 * number))
        edit = Adjustment(
            gate=LYMPH,
            change=Change.MOVED,
            before=outline_of(session.gate(LYMPH)),
            after=outline_of(next(g for g in other.placement.gates if g.name == LYMPH)),
            on=("CD45", "SSC-A"),
        )
        assert current is not None
        late = type(current)(
            adjustments=(edit, edit),
            placement=current.placement,
            result=current.result,
            studies=current.studies,
        )
        assert not session.take(late)
        assert session.settled is current
    assert len(session._settled) == 7
    session.start_over()
    assert session.settled is automatic
    assert session.before == automatic.answers


def test_what_follows_is_placed_again_and_marked(session: Session):
    """Each gate that stands elsewhere says why: by hand, pinned, drawn, or after its reference."""
    session.move("cells", moved_box(session, "cells", 0, 0, 20_000.0))
    session.draw("b_cells", Change.ADDED, box_around(0.0, 0.5), B_CELLS)
    session.take(session.settle())
    marks = session.marks()
    assert marks["cells"] == "moved"
    assert marks["b_cells"] == "drawn"
    following = [name for name, word in marks.items() if word == "placed again"]
    assert following

    name = next(one for one in following if not session.refusal(one))
    stood = next(gate for gate in session.automatic.gates if gate.name == name)
    session.pin(name)
    assert session.gate(name).shape == stood.shape
    assert session.marks()[name] == "pinned"
    session.take(session.settle())
    assert session.gate(name).shape == stood.shape


def test_a_locked_gate_says_why_and_stays(session: Session):
    """Nothing is kept of a change that was refused; once two persons agree it is like any other."""
    outline = moved_box(session, "cd19_clear", 0, 0, 0.3)
    with pytest.raises(InputError, match="counts as present") as refused:
        session.move("cd19_clear", outline)
    assert "second person" in refused.value.fix
    with pytest.raises(InputError, match="locked"):
        session.pin("t_cells")
    with pytest.raises(InputError, match="locked"):
        session.draw("nk", Change.ADDED, box_around(1.0, 2.0), B_CELLS)
    assert session.adjustments == ()
    assert session.drag("cd19_clear", outline).counts != session.now.counts

    session.open_gates.add("cd19_clear")
    assert session.refusal("cd19_clear") == ""
    session.move("cd19_clear", outline)
    assert session.gate("cd19_clear").shape == outline


def test_a_region_of_a_locked_population_is_locked_too(session: Session):
    """Who opened it for one review did not open it for the next."""
    session.open_gates.add("nk")
    edit = session.draw("nk", Change.ADDED, box_around(1.0, 2.0), B_CELLS)
    again = session_of(TUBE, start=[edit])

    (name,) = [gate.name for gate in again.placement.gates if gate.name.startswith("nk (added")]
    assert "compared between visits" in again.refusal(name)
    with pytest.raises(InputError, match="locked"):
        again.move(name, box_around(0.0, 3.0))


def test_which_gates_are_locked(session: Session):
    """Limits of markers and the cells that antigens are judged against; no scatter, no lineage."""
    assert set(session.locks) == {"t_cells", "nk", "cd19_clear", "cd10_pos", "cd34_pos"}
    marrow = session_of(SAMPLES / "P001_d091_marrow_aieop_bfm.fcs")
    assert {"singlets_width", "lymphocytes", "lymphocytes_wide"}.isdisjoint(marrow.locks)
    assert {"cd19_pos", "cd19_clear", "t_cells", "granulocytes"} <= set(marrow.locks)


@pytest.mark.parametrize(
    "outline",
    [
        Box(bounds=((2.0, 2.0), (0.0, 1.0))),
        Box(bounds=((3.0, 2.0), (None, None))),
        Box(bounds=((nan, None), (None, None))),
        Box(bounds=((None, inf), (None, None))),
        Polygon(vertices=()),
        Polygon(vertices=((0.0, 0.0), (1.0, 1.0))),
        Polygon(vertices=((0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (0.5, 0.5))),
        Polygon(vertices=((1.0, 1.0), (1.0, 1.0), (1.0, 1.0))),
        Polygon(vertices=((0.0, 0.0), (1.0, nan), (2.0, 0.0))),
        Ellipse(mean=(1.0, 1.0), covariance=((1.0, 2.0), (2.0, 1.0)), distance_square=4.0),
        Ellipse(mean=(1.0, 1.0), covariance=((1.0, 0.0), (0.0, 1.0)), distance_square=0.0),
        Ellipse(mean=(1.0, 1.0), covariance=((1.0,),), distance_square=4.0),
        Ellipse(mean=(1.0, inf), covariance=((1.0, 0.0), (0.0, 1.0)), distance_square=4.0),
        Ranges(kept=()),
        Ranges(kept=((0.0, 10.0), (5.0, 5.0))),
        Ranges(kept=((nan, 10.0),)),
    ],
    ids=repr,
)
def test_an_outline_that_can_hold_nothing_is_refused(outline: Outline, still: Session):
    """Before it is kept: a store would give it back as something that cannot be read."""
    for attempt in (still.drag, still.move):
        with pytest.raises(InputError, match=r"encloses nothing|no number"):
            attempt("wide_scatter", outline)
    assert still.adjustments == ()


@pytest.mark.parametrize(
    "outline",
    [
        Ranges(kept=((0.0, inf),)),
        Polygon(vertices=((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0))),
    ],
    ids=repr,
)
def test_an_outline_with_some_extent_is_taken(outline: Outline, still: Session):
    """An open end is one; a bow tie encloses two triangles."""
    name = "time_ok" if isinstance(outline, Ranges) else "wide_scatter"
    still.move(name, outline)
    assert still.gate(name).shape == outline
    still.undo()


Attempt = Callable[[Session], object]
SQUARE = box_around(1.0, 2.0)


@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        (lambda s: s.move("nowhere", SQUARE), KeyError),
        (lambda s: s.drag("nowhere", SQUARE), KeyError),
        (lambda s: s.pin("nowhere"), KeyError),
        (lambda s: s.draw("nowhere", Change.ADDED, SQUARE, B_CELLS), KeyError),
        (lambda s: s.move("b_cells", SQUARE), InputError),
        (lambda s: s.pin("b_cells"), InputError),
        (lambda s: s.draw("cd3_pos", Change.ADDED, SQUARE, B_CELLS), InputError),
        (lambda s: s.draw("b_cells", Change.ADDED, SQUARE, ("CD19", "CD999")), GatingError),
        (lambda s: s.move("cd3_pos", SQUARE), GatingError),
        (lambda s: s.move("wide_scatter", Box(bounds=((1.0, 2.0),))), (GatingError, ValueError)),
    ],
)
def test_what_cannot_be_done_leaves_nothing_behind(
    attempt: Attempt, error: type[Exception], still: Session
):
    """Neither a change nor a place: the next one goes on from what stood."""
    session = still
    stood = session.now
    with pytest.raises(error):
        attempt(session)
    assert session.adjustments == ()
    assert session.now is stood
    session.move(NK, moved_box(session, NK, 0, 0, 0.1))
    assert session.undo()
    assert session.now is stood


def test_a_review_of_another_template_begins_anew():
    """A gate that is not there any more: the review says so and shows the automatic gates."""
    other = session_of(TUBE).move(NK, Box(bounds=((2.0, None),)))
    gone = Adjustment(
        gate="cd3_high", change=Change.MOVED, before=other.before, after=other.after, on=other.on
    )
    session = session_of(TUBE, start=[other, gone])
    assert "cd3_high" in session.misfit
    assert session.adjustments == ()
    assert session.placement is session.automatic
    assert session.is_changed
    with pytest.raises(GatingError, match="cd3_high"):
        session.repeat(gone)
    assert session.adjustments == ()


def test_regions_put_events_in_and_take_them_out(session: Session):
    """Each is a population of its own, and can be taken back alone."""
    before = session.now.counts["b_cells"]
    session.draw("b_cells", Change.TAKEN_OUT, box_around(-1.0, 9.0), B_CELLS)
    assert session.now.counts["b_cells"] == 0
    assert session.flips == ("b_fraction",)
    session.draw("b_cells", Change.TAKEN_OUT, box_around(2.0, 3.0), B_CELLS)
    assert session.now.counts["b_cells (taken out 1)"] >= before
    session.undo()
    session.undo()
    assert session.now.counts["b_cells"] == before


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tube for each shipped template."""
    folder = tmp_path_factory.mktemp("panels")
    for number, panel in enumerate(("b_all_mrd", "euroflow_1", "aieop_bfm", "lymphocyte_subsets")):
        wanted = TubePlan(
            state="BM_m3_BCA" if "lymph" not in panel else "PB_m6_recovered",
            n_events=6000,
            seed=410 + number,
            panel=panel,
            blasts={} if "lymph" in panel else {"blast_typical": 0.03},
        )
        write_tube(simulate_tube(wanted), folder, panel)
    return folder


@pytest.mark.parametrize("panel", ["b_all_mrd", "euroflow_1", "aieop_bfm", "lymphocyte_subsets"])
def test_every_shipped_template(panel: str, panels: Path):
    """Each gate that a person may move is moved, and what is looked at is what is counted."""
    session = session_of(panels / f"{panel}.fcs")
    assert session.first.answers
    for gate in session.automatic.gates:
        try:
            outline = outline_of(gate)
        except InputError:
            assert "no outline" in refusal(session, gate.name)
            continue
        if session.refusal(gate.name) or isinstance(outline, Ranges):
            continue
        session.move(gate.name, outline)
        assert session.gate(gate.name).shape == outline
    assert counts(session) == dict(session.first.counts)
    settled = session.settle()
    assert session.take(settled)
    engine = {one.path[-1]: one.count for one in settled.result.populations}
    assert {name: session.now.counts[name] for name in engine} == engine


def refusal(session: Session, name: str) -> str:
    try:
        session.pin(name)
    except CytomonError as error:
        return str(error)
    return ""
