"""What a person changed about a tube's gates, written down and read again."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.model.adjustment import (
    DRAWN,
    Adjustment,
    Change,
    Outline,
    read_adjustments,
    spell_adjustments,
)
from cytomon.model.gating import Box, Ellipse, Polygon, Ranges

numbers = st.floats(allow_nan=False, allow_infinity=False)
ends = st.none() | numbers
endless = st.floats(allow_nan=False)
words = st.text() | st.sampled_from(
    ['"', "\\", "\x00", "\n", "'; DROP TABLE result; --", "</script>", "../..", "NaN", "[1]", "𓃱ß"]
)


def boxes(n: int) -> st.SearchStrategy[Outline]:
    sides = st.tuples(*[st.tuples(ends, ends)] * n)
    return sides.map(lambda bounds: Box(bounds=bounds))


def ellipses(n: int) -> st.SearchStrategy[Outline]:
    row = st.tuples(*[numbers] * n)
    return st.builds(Ellipse, mean=row, covariance=st.tuples(*[row] * n), distance_square=numbers)


polygons = st.builds(
    Polygon, vertices=st.lists(st.tuples(numbers, numbers), min_size=3, max_size=9).map(tuple)
)
ranges = st.builds(Ranges, kept=st.lists(st.tuples(endless, endless), max_size=4).map(tuple))


def outlines(n: int) -> st.SearchStrategy[Outline]:
    """Every kind that may lie on so many axes."""
    special = {1: ranges, 2: polygons | ellipses(2)}
    return boxes(n) | special.get(n, ellipses(n))


@st.composite
def adjustments(draw: st.DrawFn) -> Adjustment:
    n = draw(st.integers(1, 4))
    change = draw(st.sampled_from(Change))
    return Adjustment(
        gate=draw(words),
        change=change,
        before=None if change in DRAWN else draw(st.none() | outlines(n)),
        after=draw(outlines(n)),
        on=tuple(draw(words) for _ in range(n)),
        who=draw(words),
        why=draw(words),
        at=draw(words),
    )


TRIANGLE = Polygon(vertices=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
MOVED = Adjustment(
    gate="cd19_clear",
    change=Change.MOVED,
    before=Box(bounds=((1.9, None),)),
    after=Box(bounds=((2.1, None),)),
    on=("CD19",),
    who="M. Weber",
    why="dim B cells",
    at="2026-11-29T10:00:00+00:00",
)
PUT_IN = Adjustment(
    gate="blasts", change=Change.ADDED, before=None, after=TRIANGLE, on=("CD19", "CD10")
)
AROUND = Adjustment(
    gate="t_cells",
    change=Change.PINNED,
    before=None,
    after=Ellipse(mean=(1.0, 2.0), covariance=((1.0, 0.0), (0.0, 1.0)), distance_square=9.0),
    on=("CD3", "CD19"),
)
KEPT = Adjustment(
    gate="time_ok",
    change=Change.MOVED,
    before=Ranges(kept=((-np.inf, np.inf),)),
    after=Ranges(kept=((-np.inf, 40.0), (55.0, np.inf))),
    on=("Time",),
)
EVERY_KIND = (MOVED, PUT_IN, AROUND, KEPT)


@settings(max_examples=70, deadline=None)
@given(st.lists(adjustments(), max_size=4))
def test_round_trip(some: list[Adjustment]):
    """What is written is read, whatever the names; the text can lie anywhere that takes ASCII."""
    text = spell_adjustments(some)

    assert read_adjustments(text) == tuple(some)
    assert text.isascii()
    assert spell_adjustments(read_adjustments(text)) == text


@settings(max_examples=40, deadline=None)
@given(st.lists(adjustments(), max_size=3), st.randoms(use_true_random=False))
def test_equal_adjustments_are_written_alike(some: list[Adjustment], random: Any):  # noqa: ANN401
    """Whether a number is kept as 2, 2.0 or a number of numpy; results are known by the text."""

    def other(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, tuple):
            return tuple(other(one) for one in value)
        if isinstance(value, float) and value.is_integer() and random.random() < 0.5:
            return int(value) if value else -0.0
        return np.float64(value) if isinstance(value, float) else value

    def again(outline: Outline | None) -> Outline | None:
        if outline is None:
            return None
        return type(outline)(**{name: other(getattr(outline, name)) for name in outline.__slots__})

    same = [replace(one, before=again(one.before), after=again(one.after)) for one in some]  # type: ignore[arg-type]

    assert same == some
    assert spell_adjustments(same) == spell_adjustments(some)
    assert spell_adjustments(iter(same)) == spell_adjustments(some)


def test_a_text_that_was_kept():
    """Written in the first version; whoever reads a store years later has to read this."""
    text = (
        '[{"after": {"bounds": [[2.1, null]], "kind": "box"}, "at": "2026-11-29T10:00:00+00:00", '
        '"before": {"bounds": [[1.9, null]], "kind": "box"}, "change": "moved", '
        '"gate": "cd19_clear", "on": ["CD19"], "who": "M. Weber", "why": "dim B cells"}]'
    )

    assert read_adjustments(text) == (MOVED,)
    assert spell_adjustments([MOVED]) == text


def test_nothing_was_changed():
    """An empty text and an empty list."""
    assert read_adjustments("") == ()
    assert read_adjustments(spell_adjustments(())) == ()


def test_a_result_depends_on_the_geometry():
    """Who, why and when are no part of it; the gate, the change, the outline and its axes are."""
    assert replace(MOVED, who="a", why="b", at="c").geometry == MOVED.geometry
    for changes in (
        {"gate": "g"},
        {"change": Change.PINNED},
        {"before": None},
        {"after": Box(bounds=((2.2, None),))},
        {"on": ("CD22",)},
    ):
        assert replace(MOVED, **changes).geometry != MOVED.geometry  # type: ignore[arg-type]


# --- whatever else a text may hold --------------------------------------------------------------
BOX = {"kind": "box", "bounds": [[None, 2.0]]}
POLYGON = {"kind": "polygon", "vertices": [[0, 0], [1, 0], [0, 1]]}
ELLIPSE = {"kind": "ellipse", "mean": [1, 2], "covariance": [[1, 0], [0, 1]], "distance_square": 9}
TWO = ["CD3", "CD19"]
WRONG: dict[str, dict[str, Any]] = {
    "gate is a number": {"gate": 5},
    "gate is missing": {"gate": None},
    "half a character": {"gate": "\ud800"},
    "who is a list": {"who": ["M. Weber"]},
    "when is a number": {"at": 20261129},
    "unknown change": {"change": "removed"},
    "change is a list": {"change": ["moved"]},
    "axes in one word": {"on": "CD3"},
    "axes by name": {"on": {"CD3": 1}},
    "axis is a number": {"on": [3]},
    "no axes": {"on": [], "after": {"kind": "box", "bounds": []}},
    "no outline": {"after": None},
    "outline is a list": {"after": [[0, 1]]},
    "before is a number": {"before": 5},
    "before on other axes": {"before": ELLIPSE},
    "unknown kind": {"after": {"kind": "circle", "bounds": [[None, 2.0]]}},
    "kind is a list": {"after": {"kind": ["box"], "bounds": [[None, 2.0]]}},
    "no kind": {"after": {"bounds": [[None, 2.0]]}},
    "box without bounds": {"after": {"kind": "box"}},
    "box with more": {"after": {**BOX, "complement": True}},
    "bounds are a number": {"after": {"kind": "box", "bounds": 5}},
    "side is a number": {"after": {"kind": "box", "bounds": [2.0]}},
    "three ends": {"after": {"kind": "box", "bounds": [[0, 1, 2]]}},
    "one end": {"after": {"kind": "box", "bounds": [[0]]}},
    "a side too many": {"after": {"kind": "box", "bounds": [[0, 1], [0, 1]]}},
    "end is a list": {"after": {"kind": "box", "bounds": [[[0], 1]]}},
    "end is an object": {"after": {"kind": "box", "bounds": [[{}, 1]]}},
    "number as a word": {"after": {"kind": "box", "bounds": [["1", 2]]}},
    "endless as a word": {"after": {"kind": "box", "bounds": [["-Infinity", 2]]}},
    "true": {"after": {"kind": "box", "bounds": [[True, 2]]}},
    "NaN": {"after": {"kind": "box", "bounds": [[float("nan"), 2]]}},
    "endless box": {"after": {"kind": "box", "bounds": [[float("-inf"), 2]]}},
    "too large for a number": {"after": {"kind": "box", "bounds": [[10**400, None]]}},
    "polygon on one axis": {"after": POLYGON},
    "polygon of two": {"on": TWO, "after": {"kind": "polygon", "vertices": [[0, 0], [1, 0]]}},
    "polygon in space": {"on": TWO, "after": {"kind": "polygon", "vertices": [[0, 0, 0]] * 3}},
    "polygon of words": {"on": TWO, "after": {"kind": "polygon", "vertices": ["ab", "cd", "ef"]}},
    "open vertex": {"on": TWO, "after": {"kind": "polygon", "vertices": [[0, None]] * 3}},
    "polygon with more": {"on": TWO, "after": {**POLYGON, "holes": []}},
    "ellipse on one axis": {"after": ELLIPSE},
    "ellipse without a size": {"on": TWO, "after": {**ELLIPSE, "distance_square": None}},
    "ellipse of sizes": {"on": TWO, "after": {**ELLIPSE, "distance_square": [9]}},
    "ellipse with more": {"on": TWO, "after": {**ELLIPSE, "level": 0.9}},
    "skew covariance": {"on": TWO, "after": {**ELLIPSE, "covariance": [[1, 0], [0]]}},
    "no covariance": {"on": TWO, "after": {**ELLIPSE, "covariance": []}},
    "covariance is a number": {"on": TWO, "after": {**ELLIPSE, "covariance": 1}},
    "ranges on two axes": {"on": TWO, "after": {"kind": "ranges", "kept": [[0, 1]]}},
    "ranges are a number": {"after": {"kind": "ranges", "kept": 1}},
    "open range": {"after": {"kind": "ranges", "kept": [[None, 1]]}},
    "range of NaN": {"after": {"kind": "ranges", "kept": [[float("nan"), 1]]}},
    "something more": {"template": "b_all_mrd"},
}


def spelled(**changes: object) -> str:
    item = json.loads(spell_adjustments([MOVED]))[0]
    return json.dumps([{**item, "before": None, **changes}])


@pytest.mark.parametrize("name", WRONG)
def test_anything_else_is_refused(name: str):
    """Nothing is read half: a gate that stands elsewhere than it was left is a wrong result."""
    assert read_adjustments(spelled())
    with pytest.raises(ValueError, match=r"^the text holds no adjustments$"):
        read_adjustments(spelled(**WRONG[name]))


@pytest.mark.parametrize("key", ["gate", "change", "before", "after", "on", "who", "why", "at"])
def test_a_key_that_is_missing(key: str):
    """Not even the name of the person is made up."""
    (item,) = json.loads(spelled())
    del item[key]

    with pytest.raises(ValueError, match="no adjustments"):
        read_adjustments(json.dumps([item]))


@pytest.mark.parametrize(
    "text",
    [
        " ", "[", "{}", "5", "null", '"moved"', "[5]", "[null]", "[[]]", "[{}]", "NaN", "\x00",
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        spelled().replace("2.1", "[" * 700 + "]" * 700),
        spelled().replace("2.1", "1e999"),
        spelled().replace("2.1", "9" * 5000),
    ],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
def test_broken_texts(text: str):
    """Cut, of another kind, nested without end, with numbers that no computer holds."""
    with pytest.raises(ValueError):  # noqa: PT011  (the words are the reader's own, or JSON's)
        read_adjustments(text)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["kind", "bounds", "on", "gate", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(item: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands within lists and objects, the whole included."""
    if isinstance(item, dict):
        return [path, *(p for key in item for p in places(item[key], (*path, key)))]
    if isinstance(item, list):
        return [path, *(p for i, one in enumerate(item) for p in places(one, (*path, i)))]
    return [path]


def with_other(item: Any, path: tuple[Any, ...], other: object) -> Any:  # noqa: ANN401
    if not path:
        return other
    found = copy.copy(item)
    found[path[0]] = with_other(item[path[0]], path[1:], other)
    return found


@settings(max_examples=200, deadline=None)
@given(st.data(), anything)
def test_one_thing_replaced(data: st.DataObject, other: object):
    """Anything in the place of anything: adjustments that can be written again, or a refusal."""
    item = json.loads(spell_adjustments(EVERY_KIND))
    path = data.draw(st.sampled_from(places(item)))
    text = json.dumps(with_other(item, path, other))
    try:
        found = read_adjustments(text)
    except ValueError:
        return

    assert read_adjustments(spell_adjustments(found)) == found


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_characters_that_are_lost(data: st.DataObject):
    """A text that is damaged says so, and never anything but that."""
    text = spell_adjustments(EVERY_KIND)
    first = data.draw(st.integers(0, len(text) - 1))
    last = data.draw(st.integers(first + 1, min(len(text), first + 40)))
    damaged = text[:first] + data.draw(st.text(max_size=3)) + text[last:]
    try:
        found = read_adjustments(damaged)
    except ValueError:
        return

    assert all(isinstance(one, Adjustment) for one in found)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(MOVED, after=Box(bounds=((np.nan, None),))),
        replace(MOVED, after=Box(bounds=((np.inf, None),))),
        replace(MOVED, after=Box(bounds=((1.0, None), (1.0, None)))),
        replace(MOVED, before=TRIANGLE),
        replace(MOVED, on=("CD19", "CD22")),
        replace(PUT_IN, after=Polygon(vertices=TRIANGLE.vertices[:2])),
        replace(MOVED, gate="\udc00"),
    ],
    ids=["NaN", "endless", "sides", "before", "axes", "line", "half a character"],
)
def test_nothing_is_written_that_could_not_be_read(wrong: Adjustment):
    """A record that nobody can open again is none."""
    with pytest.raises(ValueError, match="no adjustments"):
        spell_adjustments([MOVED, wrong])
