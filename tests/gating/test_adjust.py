"""Gates that a person moved: what stays, what follows, and who is inside then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cytomon.errors import GatingError
from cytomon.gating.adjust import BY_HAND, CALLED, drawn_on, hands_of
from cytomon.gating.axes import Axes
from cytomon.gating.count import Counted, memberships
from cytomon.gating.part import only
from cytomon.gating.place import place
from cytomon.gating.source import sample
from cytomon.gating.stability import jittered
from cytomon.gating.template import Template, parse_template
from cytomon.model.adjustment import Adjustment, Change
from cytomon.model.gating import Box, Ellipse, PlacedGate, Placement, Polygon, Ranges
from cytomon.model.results import TubeResult
from cytomon.pipeline import (
    MOST_PLACED_ON,
    OpenedTube,
    count_placed,
    judge_counted,
    measure_tube,
    open_for_gating,
    place_on,
)
from cytomon.tables import finding_rows, measurement_rows, population_rows
from tests.gating.by_hand import (
    SAMPLES,
    axes_of,
    drawn,
    inside,
    labels,
    left_at,
    looker,
    outline_of,
    with_ends,
)
from tests.gating.tubes import Opened, gate, synthetic, template

N = 4_000
GATES = """{name: time, kind: time}
{name: t, parent: time, kind: interval, bounds: {CD3: {low: T_LOW}}}
{name: g, kind: rectangle, bounds: {CD19: {low: {start: 1, by: ref_neg, of: t, leash: [-9, 9]}, \
high: {start: 3, by: ref_neg, of: t, plus: 2, leash: [-9, 9]}}, CD10: {high: 0.5}}}
{name: p, kind: polygon, on: [CD19, CD10], vertices: [[1, -1], [4, -1], [4, 1]], \
anchor: {on: CD19, bound: {start: 1, by: ref_neg, of: t, leash: [-9, 9]}}}
{name: e, kind: ellipse, on: [CD3, CD19], mean: [0, 3.5], sd: [0.5, 0.3]}
{name: q, kind: quadrant, names: [qa, qb, qc, qd], \
dividers: {CD19: {start: 1, by: ref_neg, of: t, leash: [-9, 9]}, CD10: 0.2}}
{name: both, kind: boolean, any: [g, p]}
{name: some, parent: both, kind: score, terms: {g: 1, p: 1, e: 1}, at_least: 2}
{name: child, parent: both, kind: interval, bounds: {CD10: {low: 0}}}
{name: neither, kind: boolean, none: [both, some]}"""


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """T cells whose CD19 grows with their CD3, B cells, and cells with neither."""
    rng = np.random.default_rng(12)
    kind = np.arange(N) % 4
    cd3 = rng.normal(np.where(kind == 0, 4.0, 0.0), 0.5)
    cd19 = rng.normal(np.where(kind == 1, 3.5, 0.2), 0.25)
    return synthetic(
        tmp_path_factory.mktemp("adjust") / "tube.fcs",
        FSC_A=rng.normal(80_000, 5_000, N),
        SSC_A=rng.normal(20_000, 2_000, N),
        CD19=np.where(kind == 0, cd19 + 0.6 * (cd3 - 4.0), cd19),
        CD3=cd3,
        CD10=rng.normal(0.0, 0.5, N),
        Time=np.arange(N) / 10.0,
    )


def written(t_low: float = 2.0) -> Template:
    return template(GATES.replace("T_LOW", str(t_low)), markers="{required: [CD19, CD3, CD10]}")


def at(tube: Opened, *adjustments: Adjustment, t_low: float = 2.0) -> Placement:
    made = written(t_low)
    return place(made, tube.tube, tube.panel, tube.events, adjustments)


@pytest.fixture(scope="module")
def automatic(tube: Opened) -> Placement:
    return at(tube)


@pytest.fixture(scope="module")
def t_moved(automatic: Placement) -> Adjustment:
    """The T cells, moved so that their dim half is left out."""
    t_cells = gate(automatic, "t")
    return left_at(t_cells, with_ends(t_cells, CD3_low=4.0))


def bounds(placement: Placement, name: str) -> dict[str, tuple[float | None, float | None]]:
    found = gate(placement, name)
    assert isinstance(found.shape, Box)
    return dict(zip(labels(found), found.shape.bounds, strict=True))


def where_it_stands(found: PlacedGate) -> tuple[object, ...]:
    return (found.name, found.parent, found.shape, found.axes, found.complement)


# --- what stays and what follows ----------------------------------------------------------------
def test_all_others_follow(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """As if the template had put the moved number there itself."""
    found, other = at(tube, t_moved), at(tube, t_low=4.0)

    assert [*map(where_it_stands, found.gates)] == [*map(where_it_stands, other.gates)]
    for name in ("g", "p", "qa", "qd"):
        assert gate(found, name).shape != gate(automatic, name).shape
        assert gate(found, name).bounds == gate(other, name).bounds
    assert gate(found, "neither") == gate(automatic, "neither")


def test_a_moved_edge_stays_and_the_other_follows(
    tube: Opened, automatic: Placement, t_moved: Adjustment
):
    """One number of a gate is the person's, the others are still the template's."""
    stood = gate(automatic, "g")
    low = left_at(stood, with_ends(stood, CD19_low=1.25))
    alone, followed = at(tube, low), at(tube, low, t_moved)
    other = at(tube, t_low=4.0)

    assert bounds(alone, "g") == {
        **bounds(automatic, "g"),
        "CD19": (1.25, stood.shape.bounds[0][1]),
    }  # type: ignore[union-attr]
    assert bounds(followed, "g")["CD19"] == (1.25, bounds(other, "g")["CD19"][1])
    assert bounds(followed, "g")["CD19"][1] != bounds(automatic, "g")["CD19"][1]
    assert at(tube, t_moved, low).gates == followed.gates


def test_how_a_moved_number_came_about(tube: Opened, automatic: Placement):
    """By hand, from the template's start, and nothing is known of how surely."""
    stood = gate(automatic, "g")
    found = gate(at(tube, left_at(stood, with_ends(stood, CD19_low=1.25))), "g")
    before, after = ({b.where: b for b in one.bounds} for one in (stood, found))

    assert set(after) == set(before) == {"CD19 low", "CD19 high", "CD10 high"}
    assert (after["CD19 low"].method, after["CD19 low"].start) == (BY_HAND, 1.0)
    assert (after["CD19 low"].value, after["CD19 low"].jitter) == (1.25, 0.0)
    assert before["CD19 low"].jitter > 0
    assert after["CD19 high"] == before["CD19 high"]
    assert after["CD10 high"] == before["CD10 high"]


@pytest.mark.parametrize("name", ["g", "p", "qa"])
def test_a_pinned_gate_stays(name: str, tube: Opened, automatic: Placement, t_moved: Adjustment):
    """Whatever its reference does, and before or after it was moved."""
    stood = gate(automatic, name)
    pin = left_at(stood, outline_of(stood), Change.PINNED)

    for order in ((pin, t_moved), (t_moved, pin)):
        found = at(tube, *order)
        assert gate(found, name).shape == stood.shape
        others = {"g", "p", "qa"} - {name}
        assert all(gate(found, one).shape != gate(automatic, one).shape for one in others)


def test_an_ellipse(tube: Opened):
    """One that finds its place on the T cells follows them, unless it is pinned or was moved."""
    gates = """{name: t, kind: interval, bounds: {CD3: {low: T_LOW}}}
{name: e, kind: ellipse, on: [CD3, CD19], mean: [4, 0.5], sd: [0.5, 0.5], by: ellipse_ref, \
of: t, leash: [2, 2]}"""

    def put(t_low: float, *adjustments: Adjustment) -> Placement:
        made = template(gates.replace("T_LOW", str(t_low)))
        return place(made, tube.tube, tube.panel, tube.events[:600], adjustments)

    stood, there = put(2.0), put(4.0)
    t_moved = left_at(gate(stood, "t"), with_ends(gate(stood, "t"), CD3_low=4.0))
    pin = left_at(gate(stood, "e"), outline_of(gate(stood, "e")), Change.PINNED)
    move = left_at(gate(stood, "e"), OUTLINES["e"])
    followed, pinned, moved = put(2.0, t_moved), put(2.0, t_moved, pin), put(2.0, move, t_moved)

    assert gate(followed, "e") == gate(there, "e") != gate(stood, "e")
    assert gate(pinned, "e").shape == gate(stood, "e").shape
    assert gate(moved, "e").shape == OUTLINES["e"]
    assert gate(moved, "e").bounds == ()


def test_a_pinned_edge_that_was_open_stays_open(tube: Opened, automatic: Placement):
    """Pinning makes no bounds where there were none."""
    stood = gate(automatic, "g")
    pin = left_at(stood, outline_of(stood), Change.PINNED)

    assert hands_of([pin]).held["g"].numbers == {
        ("CD19", "low"),
        ("CD19", "high"),
        ("CD10", "high"),
    }
    assert bounds(at(tube, pin), "g")["CD10"] == (None, 0.5)


def test_an_edge_that_was_opened_stays_open(tube: Opened, automatic: Placement):
    """And has no story any more: nothing stands there."""
    stood = gate(automatic, "g")
    found = gate(at(tube, left_at(stood, with_ends(stood, CD19_high=None))), "g")

    assert found.shape == Box(bounds=((bounds(automatic, "g")["CD19"][0], None), (None, 0.5)))
    assert [bound.where for bound in found.bounds] == ["CD19 low", "CD10 high"]


def test_an_edge_that_was_none(tube: Opened, automatic: Placement):
    """A bound where the template has none starts where the person put it."""
    stood = gate(automatic, "g")
    found = gate(at(tube, left_at(stood, with_ends(stood, CD10_low=-0.5))), "g")
    (story,) = [bound for bound in found.bounds if bound.where == "CD10 low"]

    assert found.shape.bounds[1] == (-0.5, 0.5)  # type: ignore[union-attr]
    assert (story.value, story.start, story.method) == (-0.5, -0.5, BY_HAND)


# --- several changes of one gate ----------------------------------------------------------------
def chain(stood: PlacedGate, *steps: tuple[Change, Box]) -> list[Adjustment]:
    """Changes one after the other, each from where the last one left the gate."""
    made = []
    for change, after in steps:
        made.append(left_at(stood, after, change))
        stood = replace(stood, shape=after)
    return made


def test_moved_twice(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """The last place counts; an edge moved before another one stays moved."""
    stood = gate(automatic, "g")
    first = with_ends(stood, CD19_low=1.25)
    second = with_ends(replace(stood, shape=first), CD10_high=0.75)
    third = with_ends(replace(stood, shape=second), CD19_low=1.5)
    steps = chain(stood, *((Change.MOVED, one) for one in (first, second, third)))
    followed = bounds(at(tube, t_moved), "g")["CD19"][1]

    assert bounds(at(tube, *steps[:2]), "g") == dict(
        zip(("CD19", "CD10"), second.bounds, strict=True)
    )
    assert bounds(at(tube, *steps, t_moved), "g") == {"CD19": (1.5, followed), "CD10": (None, 0.75)}


def test_pinned_then_moved(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """The edge goes where it was moved; the others stay pinned."""
    stood = gate(automatic, "g")
    moved = with_ends(stood, CD19_low=1.25)
    steps = chain(stood, (Change.PINNED, outline_of(stood)), (Change.MOVED, moved))  # type: ignore[arg-type]

    assert gate(at(tube, *steps, t_moved), "g").shape == moved


def test_moved_then_pinned(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """Where it stood after it was moved, with all of its numbers."""
    stood = gate(automatic, "g")
    moved = with_ends(stood, CD19_low=1.25)
    steps = chain(stood, (Change.MOVED, moved), (Change.PINNED, moved))

    assert gate(at(tube, *steps, t_moved), "g").shape == moved


def test_moved_back_to_where_it_was(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """The number is the person's by now: it stands there, and does not follow."""
    stood = gate(automatic, "g")
    back = outline_of(stood)
    steps = chain(stood, (Change.MOVED, with_ends(stood, CD19_low=1.25)), (Change.MOVED, back))  # type: ignore[arg-type]
    found = at(tube, *steps)
    (story,) = [bound for bound in gate(found, "g").bounds if bound.where == "CD19 low"]

    assert gate(found, "g").shape == stood.shape
    assert story.method == BY_HAND
    assert bounds(at(tube, *steps, t_moved), "g")["CD19"][0] == bounds(automatic, "g")["CD19"][0]


def test_a_change_that_changes_nothing(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """Moved to where it stands: no number was moved, so all of them follow."""
    stood = gate(automatic, "g")

    assert (
        gate(at(tube, left_at(stood, outline_of(stood)), t_moved), "g").shape
        == gate(at(tube, t_moved), "g").shape
    )


def test_a_box_that_became_a_polygon(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """Another kind of outline stands as a whole."""
    stood = gate(automatic, "g")
    triangle = Polygon(vertices=((1.0, -1.0), (4.0, -1.0), (2.0, 1.0)))
    box = Box(bounds=((1.0, 2.0), (None, 0.25)))
    to_polygon = left_at(stood, triangle)
    to_box = left_at(replace(stood, shape=triangle), box)

    assert gate(at(tube, to_polygon, t_moved), "g").shape == triangle
    assert gate(at(tube, to_polygon, to_box, t_moved), "g").shape == box


# --- other outlines, event by event -------------------------------------------------------------
OUTLINES = {
    "g": Box(bounds=((0.5, 2.5), (-0.25, 0.75))),
    "p": Polygon(vertices=((0.0, -1.0), (5.0, -1.0), (4.0, 1.0), (2.0, 0.0))),
    "e": Ellipse(mean=(2.0, 2.0), covariance=((4.0, -1.0), (-1.0, 2.0)), distance_square=2.5),
    "time": Ranges(kept=((-np.inf, 50.0), (80.0, 333.0), (390.0, np.inf))),
    "qb": Box(bounds=((2.0, None), (None, 0.75))),
}


@pytest.mark.parametrize("name", OUTLINES)
@pytest.mark.parametrize("change", [Change.MOVED, Change.PINNED])
def test_any_outline(name: str, change: Change, tube: Opened, automatic: Placement):
    """Who is inside is known by plain arithmetic, and nobody else has moved."""
    outline = OUTLINES[name]
    stood = gate(automatic, name)
    found = at(tube, left_at(stood, outline, change))
    now, before = (memberships(tube.table, one) for one in (found, automatic))
    expected = looker(tube.table, found)(axes_of(found), outline, labels(stood))

    assert gate(found, name).shape == outline
    np.testing.assert_array_equal(now[name], expected)
    assert 100 < expected.sum() < N - 100
    np.testing.assert_array_equal(now["both"], now["g"] | now["p"])
    np.testing.assert_array_equal(
        now["some"], now["both"] & (now["g"] * 1 + now["p"] + now["e"] >= 2)
    )
    # of the others those follow that stand in it, or take their place from the T cells
    follow = {name, "both", "some", "child", "neither"} | (
        {"t", "g", "p", "e", "qa", "qb", "qc", "qd"} if name == "time" else set()
    )
    for other in set(now) - follow:
        np.testing.assert_array_equal(now[other], before[other])


def test_a_corner_of_four(tube: Opened, automatic: Placement):
    """The three others stay, and the divider that was moved has become an end."""
    stood = gate(automatic, "qb")
    found = at(tube, left_at(stood, with_ends(stood, CD19_low=2.0)))
    stories = {bound.where: bound for bound in gate(found, "qb").bounds}

    assert bounds(found, "qb") == {"CD19": (2.0, None), "CD10": (None, 0.2)}
    assert set(stories) == {"CD19 low", "CD10 divider"}
    assert stories["CD19 low"].start == 1.0
    assert all(gate(found, name) == gate(automatic, name) for name in ("qa", "qc", "qd"))


# --- regions ------------------------------------------------------------------------------------
IN = Polygon(vertices=((0.0, -0.4), (4.0, -0.4), (4.2, 1.5), (0.5, 1.5)))
IN_TOO = Box(bounds=((2.5, 5.0), (None, 0.4)))
OUT = Ellipse(mean=(1.8, 0.2), covariance=((2.6, 0.05), (0.05, 0.04)), distance_square=1.0)


@pytest.mark.parametrize("name", ["both", "some", "child", "g", "neither"])
def test_put_in_and_taken_out(name: str, tube: Opened, automatic: Placement):
    """Plain sets of events: what it was, with some, without others, and within its parent."""
    made = [
        drawn(name, Change.ADDED, IN, "CD19", "CD10"),
        drawn(name, Change.TAKEN_OUT, OUT, "CD19", "CD10"),
        drawn(name, Change.ADDED, IN_TOO, "CD3", "CD19"),
    ]
    found = at(tube, *made)
    now, before = (memberships(tube.table, one) for one in (found, automatic))
    look, axes = looker(tube.table, found), axes_of(automatic)
    a, t, b = (look(axes, one.after, one.on) for one in made)
    parent = gate(automatic, name).parent
    within = now[parent] if parent else np.ones(N, dtype=np.bool_)

    expected = within & (before[name] | a | b) & ~t
    np.testing.assert_array_equal(now[name], expected)
    np.testing.assert_array_equal(now[f"{name} {CALLED}"], before[name])
    np.testing.assert_array_equal(now[f"{name} (added 1)"], a & within)
    np.testing.assert_array_equal(now[f"{name} (added 2)"], b & within)
    np.testing.assert_array_equal(now[f"{name} (taken out 1)"], t & within)
    assert (expected & ~before[name]).any()
    assert (before[name] & ~expected).any()
    for other, members in {
        "both": now["g"] | now["p"],
        "child": now["both"] & look(axes, Box(bounds=((0.0, None),)), ("CD10",)),
        "neither": ~(now["both"] | now["some"]),
    }.items():
        if other != name:
            np.testing.assert_array_equal(now[other], members, err_msg=other)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_taken_out_wins(order: tuple[int, int], tube: Opened):
    """Whichever region was drawn last."""
    both = (
        drawn("both", Change.ADDED, IN, "CD19", "CD10"),
        drawn("both", Change.TAKEN_OUT, IN, "CD19", "CD10"),
    )
    found = at(tube, *(both[i] for i in order))
    now = memberships(tube.table, found)

    assert not (now["both"] & now["both (added 1)"]).any()
    assert now["both (added 1)"].any()


def test_only_taken_out(tube: Opened, automatic: Placement):
    """Without a region that is put in, all of the others stay."""
    found = at(tube, drawn("both", Change.TAKEN_OUT, OUT, "CD19", "CD10"))
    now, before = (memberships(tube.table, one) for one in (found, automatic))
    out = looker(tube.table, found)(axes_of(automatic), OUT, ("CD19", "CD10"))

    np.testing.assert_array_equal(now["both"], before["both"] & ~out)


def test_moved_and_drawn_for(tube: Opened, automatic: Placement):
    """The outline that was moved, and the region beside it."""
    moved = left_at(gate(automatic, "g"), OUTLINES["g"])
    region = drawn("g", Change.ADDED, IN_TOO, "CD3", "CD19")
    for order in ((moved, region), (region, moved)):
        found = at(tube, *order)
        now, look = memberships(tube.table, found), looker(tube.table, found)
        axes = axes_of(automatic)

        expected = look(axes, OUTLINES["g"], ("CD19", "CD10")) | look(axes, IN_TOO, ("CD3", "CD19"))
        np.testing.assert_array_equal(now["g"], expected)


def test_a_region_that_was_moved(tube: Opened, automatic: Placement):
    """What a person has drawn can be moved like anything else; its number stays its own."""
    regions = [
        drawn("both", Change.ADDED, IN_TOO, "CD3", "CD19"),
        drawn("both", Change.ADDED, IN, "CD19", "CD10"),
    ]
    region = gate(at(tube, *regions), "both (added 2)")
    there = Polygon(vertices=tuple((x + 0.5, y - 0.25) for x, y in IN.vertices))
    found = at(tube, *regions, left_at(region, there))
    now, before = (memberships(tube.table, one) for one in (found, automatic))
    look, axes = looker(tube.table, found), axes_of(automatic)

    assert gate(found, "both (added 1)").shape == IN_TOO
    np.testing.assert_array_equal(
        now["both"],
        before["both"] | look(axes, IN_TOO, ("CD3", "CD19")) | look(axes, there, ("CD19", "CD10")),
    )


# --- what does not fit --------------------------------------------------------------------------
BOX = Box(bounds=((1.0, None),))
LACKING: dict[str, tuple[Adjustment, ...]] = {
    "gates were changed that this tube does not have: lost": (
        Adjustment(gate="lost", change=Change.MOVED, before=None, after=BOX, on=("CD3",)),
    ),
    "does not have: lost, missing": (
        drawn("missing", Change.ADDED, IN, "CD19", "CD10"),
        drawn("lost", Change.TAKEN_OUT, IN, "CD19", "CD10"),
        Adjustment(gate="t", change=Change.MOVED, before=None, after=BOX, on=("CD3",)),
    ),
    r"does not have: both \(added 1\)": (
        Adjustment(
            gate="both (added 1)", change=Change.MOVED, before=IN, after=IN, on=("CD19", "CD10")
        ),
    ),
    r"not have: both \(added 1\)\n": (
        drawn("both", Change.ADDED, IN, "CD19", "CD10"),
        drawn("both (added 1)", Change.ADDED, IN, "CD19", "CD10"),
    ),
    "a region was drawn on CD99, which this tube does not have": (
        drawn("both", Change.ADDED, IN, "CD99", "CD10"),
    ),
    "a region was drawn on FSC-H/FSC-A": (
        drawn("both", Change.ADDED, IN, "CD3", "FSC-H/FSC-A"),
    ),
    "both cannot stand where it was left: it has no outline of its own": (
        Adjustment(gate="both", change=Change.MOVED, before=None, after=IN, on=("CD19", "CD10")),
    ),
    "some cannot stand where it was left: it has no outline": (
        Adjustment(gate="some", change=Change.PINNED, before=None, after=IN, on=("CD19", "CD10")),
    ),
    "t cannot .*: it lies on CD3, and was changed on CD19": (
        Adjustment(gate="t", change=Change.MOVED, before=None, after=BOX, on=("CD19",)),
    ),
    "p cannot .*: it lies on CD19 × CD10, and was changed on CD10 × CD19": (
        Adjustment(gate="p", change=Change.MOVED, before=None, after=IN, on=("CD10", "CD19")),
    ),
    "t cannot .*: it lies on CD3, and the outline has 2 axes": (
        Adjustment(gate="t", change=Change.MOVED, before=None, after=IN, on=("CD3",)),
    ),
    "p cannot .*, and the outline has 1 axes": (
        Adjustment(
            gate="p", change=Change.MOVED, before=None, after=Ranges(kept=()), on=("CD19", "CD10")
        ),
    ),
    r"both \(added 1\) cannot .*, and the outline has 2 axes": (
        drawn("both", Change.ADDED, OUT, "CD19"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", LACKING)
def test_what_does_not_fit_is_refused(words: str, tube: Opened):
    """A review of another template or tube is not put in half."""
    with pytest.raises(GatingError, match=words) as caught:
        at(tube, *LACKING[words])

    assert caught.value.where
    assert "review the tube again" in caught.value.fix


def test_who_has_not_the_marker(tube: Opened):
    """Asked before any gate is placed, and of the tube's own axes."""
    axes = Axes(written().spec, tube.tube, tube.panel)
    hands = hands_of([drawn("both", Change.ADDED, IN, "CD19", "CD10")])

    assert [axis.label for axis in drawn_on(hands, axes)] == ["CD19", "CD10"]
    assert [axis.channel for axis in drawn_on(hands, axes)] == ["CD19-A", "CD10-A"]


# --- what is said -------------------------------------------------------------------------------
def test_it_is_said(tube: Opened, automatic: Placement, t_moved: Adjustment):
    """Once for all gates, each gate once; without changes nothing is said."""
    region = drawn("both", Change.ADDED, IN, "CD19", "CD10")
    found = at(tube, t_moved, region, t_moved, region)
    (said,) = [one for one in found.findings if one.code == "GATES_ADJUSTED"]

    assert said.what.startswith("2 gates were changed by hand: t, both;")
    assert said.where == tube.tube.name
    assert not [one for one in automatic.findings if one.code == "GATES_ADJUSTED"]
    others = [one for one in at(tube, t_moved).findings if one.code != "GATES_ADJUSTED"]
    assert [one for one in found.findings if one.code != "GATES_ADJUSTED"] == others


# --- a whole tube -------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def marrow() -> OpenedTube:
    """A marrow with 0.5 % blasts."""
    return open_for_gating(SAMPLES / "P002_d060_marrow_b_all_mrd.fcs")


@pytest.fixture(scope="module")
def placed(marrow: OpenedTube) -> Placement:
    return place_on(marrow)


@pytest.fixture(scope="module")
def counted(marrow: OpenedTube, placed: Placement) -> Counted:
    return count_placed(marrow, placed)


def judged(opened: OpenedTube, placement: Placement, counted: Counted) -> TubeResult:
    return judge_counted(opened, placement, counted, specimen=None, file=opened.tube.name)


@pytest.fixture(scope="module")
def t_cells_moved(placed: Placement) -> Adjustment:
    stood = gate(placed, "t_cells")
    low = dict(zip(labels(stood), stood.shape.bounds, strict=True))["CD3"][0]  # type: ignore[union-attr]
    return left_at(stood, with_ends(stood, CD3_low=low + 1.7))


def test_t_cells_of_a_marrow(marrow: OpenedTube, placed: Placement, t_cells_moved: Adjustment):
    """All that is placed on the T cells follows them, as if the template had put them there."""
    found = place_on(marrow, [t_cells_moved])
    low = t_cells_moved.after.bounds[2][0]  # type: ignore[union-attr]
    path = SAMPLES.parent / "gates" / "b_all_mrd.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index("CD3: {low: {start: 2.0, by: valley, of: nucleated,")
    end = text.index("}}", start) + 2
    there = f"{text[:start]}CD3: {{low: {low!r}}}{text[end:]}"
    events = sample(marrow.events, MOST_PLACED_ON)
    template_there = parse_template(there.encode(), path)
    other = place(template_there, marrow.tube, marrow.panel, events)

    assert [*map(where_it_stands, found.gates)] == [*map(where_it_stands, other.gates)]
    on_t_cells = {
        one.name for one in placed.gates if any(b.reference == "t_cells" for b in one.bounds)
    }
    moved = {
        now.name
        for now, before in zip(found.gates, placed.gates, strict=True)
        if now.shape != before.shape
    }
    assert moved == on_t_cells | {"t_cells"}
    assert len(on_t_cells) == 11


def test_pinned_and_moved_on_a_marrow(
    marrow: OpenedTube, placed: Placement, t_cells_moved: Adjustment
):
    """A gate on the T cells that is pinned stays; of one with a moved edge the others follow."""
    pinned, stood = gate(placed, "cd22_above"), gate(placed, "lymphoid_scatter")
    pin = left_at(pinned, outline_of(pinned), Change.PINNED)
    edge = left_at(stood, with_ends(stood, SSC_A_high=31_000.0))
    alone, found = place_on(marrow, [t_cells_moved]), place_on(marrow, [pin, edge, t_cells_moved])

    assert gate(found, "cd22_above").shape == pinned.shape
    assert gate(alone, "cd22_above").shape != pinned.shape
    assert bounds(found, "lymphoid_scatter") == {
        "CD45": bounds(alone, "lymphoid_scatter")["CD45"],
        "SSC-A": (None, 31_000.0),
    }
    assert bounds(alone, "lymphoid_scatter")["CD45"] != bounds(placed, "lymphoid_scatter")["CD45"]


BLASTS_IN = Polygon(vertices=((2.5, -0.2), (3.3, -0.2), (3.3, 0.6), (2.5, 0.4)))
BLASTS_OUT = Box(bounds=((2.0, 2.7), (None, None)))


@pytest.fixture(scope="module")
def redrawn(marrow: OpenedTube) -> Placement:
    """Blasts with a region more and a region less."""
    return place_on(
        marrow,
        [
            drawn("blasts", Change.ADDED, BLASTS_IN, "CD45", "CD10"),
            drawn("blasts", Change.TAKEN_OUT, BLASTS_OUT, "CD19", "CD34"),
        ],
    )


@pytest.fixture(scope="module")
def recounted(marrow: OpenedTube, redrawn: Placement) -> Counted:
    return count_placed(marrow, redrawn)


def sets(opened: OpenedTube, placement: Placement, counted: Counted) -> dict[str, np.ndarray]:
    return memberships(opened.events, placement, examinations=counted.examinations)


def test_regions_of_blasts(
    marrow: OpenedTube, placed: Placement, counted: Counted, redrawn: Placement, recounted: Counted
):
    """The blasts, and every gate that stands on them or leaves them out, by plain sets."""
    before, now = sets(marrow, placed, counted), sets(marrow, redrawn, recounted)
    look, axes = looker(marrow.events, placed), axes_of(placed)
    more, less = look(axes, BLASTS_IN, ("CD45", "CD10")), look(axes, BLASTS_OUT, ("CD19", "CD34"))
    blasts = before["entry"] & (before["blasts"] | more) & ~less
    b = before
    red = b["cd45_low"] & ~(b["cd19_above"] | b["cd22_above"] | b["cd10_above"] | b["cd34_above"])
    scatter = b["cd66b_pos"] | b["side_scatter_high"]
    lymphocytes = b["nucleated"] & (b["lymphocytes"] | b["matured"]) & ~blasts
    expected = {
        "blasts": blasts,
        f"blasts {CALLED}": b["blasts"],
        "blasts_a_only": blasts & b["by_cd19"] & ~b["without_cd19"],
        "blasts_b_only": blasts & b["without_cd19"] & ~b["by_cd19"],
        "blasts_both": blasts & b["by_cd19"] & b["without_cd19"],
        "erythroid": red & ~blasts,
        "leukocytes": b["nucleated"] & ~(red & ~blasts),
        "mononuclear": b["nucleated"] & ~(b["nucleated"] & scatter & ~blasts),
        "lymphocytes_normal": lymphocytes,
        "cd3_cd19": lymphocytes & b["cd3_pos"] & b["cd19_above"],
    }  # fmt: skip

    assert (blasts & ~b["blasts"]).sum() > 10
    assert (b["blasts"] & ~blasts).sum() > 10
    for name, members in expected.items():
        np.testing.assert_array_equal(now[name], members, err_msg=name)
        assert recounted.count(name) == members.sum()
    untouched = {
        "t_cells",
        "entry",
        "by_eye",
        "hematogones",
        "matured",
        "wide_scatter",
        "cd19_above",
    }
    for name in untouched:
        np.testing.assert_array_equal(now[name], before[name], err_msg=name)
    assert recounted.examinations["explained"].called.tobytes() == (
        counted.examinations["explained"].called.tobytes()
    )


def test_roles_point_at_what_was_adjusted(
    marrow: OpenedTube, placed: Placement, redrawn: Placement, recounted: Counted
):
    """The MRD is that of the blasts with their regions, over the same cells."""
    result = judged(marrow, redrawn, recounted)

    assert redrawn.roles == placed.roles
    assert redrawn.roles["blasts"] == "blasts"
    assert result["mrd"].numerator == recounted.count("blasts")
    assert result["mrd"].denominator == recounted.count("nucleated")
    assert result["cd19_blasts"].denominator == recounted.count("blasts")
    assert "GATES_ADJUSTED" in {finding.code for finding in result.findings}


def test_what_was_drawn_is_not_jittered(
    placed: Placement, counted: Counted, redrawn: Placement, recounted: Counted
):
    """Blasts that a person has put in or out do not lie where they do because of a boundary."""
    assert jittered(placed) == ("blasts",) == tuple(counted.jitters)
    assert jittered(redrawn) == () == tuple(recounted.jitters)
    assert jittered(replace(placed, roles={})) == ()


def test_flowkit_agrees(marrow: OpenedTube, placed: Placement):
    """Regions, and a gate that was moved, event by event by FlowKit's own gates."""
    stood = gate(placed, "cd34_myeloid")
    found = place_on(
        marrow,
        [
            left_at(stood, with_ends(stood, CD34_low=3.0, CD45_high=3.1)),
            drawn("lymphocytes", Change.ADDED, BLASTS_IN, "CD45", "CD10"),
            drawn("lymphocytes", Change.TAKEN_OUT, OUT, "CD19", "CD34"),
        ],
    )
    part = only(found, ["cd34_myeloid", "lymphocytes"])
    ours, theirs = (
        memberships(marrow.events, part, engine=engine) for engine in ("stream", "flowkit")
    )

    assert "lymphocytes (taken out 1)" in ours
    for name, members in ours.items():
        np.testing.assert_array_equal(members, theirs[name], err_msg=name)


# --- no changes ---------------------------------------------------------------------------------
def said(result: TubeResult) -> list[Any]:
    return [
        *measurement_rows(result),
        *population_rows(result),
        *finding_rows(result),
        [(name, one.called.tobytes(), one.clusters) for name, one in result.examinations.items()],
        [(role, one.rows.tobytes()) for role, one in result.kept.items()],
    ]


def test_without_changes_nothing_changes(marrow: OpenedTube, placed: Placement, counted: Counted):
    """The same placement, and the same rows and events of the result, to the last bit."""
    again = place_on(marrow, ())
    plain = measure_tube(SAMPLES / marrow.tube.name)

    assert (again.gates, again.roles, again.findings) == (
        placed.gates,
        placed.roles,
        placed.findings,
    )
    assert said(judged(marrow, again, counted)) == said(plain)


def test_everything_taken_back(tube: Opened, automatic: Placement):
    """A list from which all was removed is the list before anything was changed."""
    found = at(tube, *hands_of(()).gates())  # type: ignore[arg-type]

    assert found.gates == automatic.gates
    assert found.findings == automatic.findings


def test_arithmetic_of_the_helper():
    """A square with a notch, and an ellipse on its edge: by hand."""
    notch = Polygon(vertices=((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0)))
    points = np.array([[1.0, 1.0], [2.0, 2.0], [2.0, 0.5], [5.0, 1.0], [3.9, 3.0]]).T
    ring = Ellipse(mean=(0.0, 0.0), covariance=((4.0, 0.0), (0.0, 1.0)), distance_square=1.0)

    assert inside(notch, points).tolist() == [True, False, True, False, True]
    assert inside(ring, np.array([[2.0, 2.1, 0.0], [0.0, 0.0, 1.0]])).tolist() == [
        True,
        False,
        True,
    ]
