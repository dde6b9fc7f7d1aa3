"""Reviews in words: gates with their numbers, both sides of an answer, and the last word."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.intervals import binomial_interval
from cytomon.model.adjustment import Adjustment, Change, read_adjustments, spell_adjustments
from cytomon.model.gating import Box, Ellipse, Polygon, Ranges
from cytomon.model.results import Measurement
from cytomon.model.reviewed import Found, Reviewed
from cytomon.track.gates import gate_change
from cytomon.track.reviews import (
    UNREADABLE,
    answers_of,
    beside,
    difference,
    gates_of,
    is_changed,
    rejected,
    said_by,
    tube_of,
)
from cytomon.track.written import review_json

LOW = Box(bounds=((1.9, None),))
CORNERS = Polygon(vertices=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
ROUND = Ellipse(mean=(1.0, 2.0), covariance=((1.0, 0.0), (0.0, 1.0)), distance_square=4.0)


def adjusted(change: Change = Change.MOVED, **changes: Any) -> Adjustment:  # noqa: ANN401
    """A bound of CD19 that was moved, unless told otherwise."""
    values: dict[str, Any] = {
        "gate": "g",
        "before": LOW,
        "after": Box(bounds=((2.1, None),)),
        "on": ("CD19",),
    }
    return Adjustment(change=change, **(values | changes))


TWO = ("CD19", "CD10")


@pytest.mark.parametrize(
    ("adjustment", "says"),
    [
        (adjusted(), "g: CD19 low 1.90 to 2.10"),
        (adjusted(after=Box(bounds=((None, 4.0),))),
         "g: CD19 low 1.90 to open, CD19 high open to 4.00"),
        (adjusted(after=Box(bounds=((1.9004, None),))), "g: CD19 low 1.9000 to 1.9004"),
        (
            adjusted(
                before=Box(bounds=((50_000.0, 262_143.0),)),
                after=Box(bounds=((62_500.0, 262_143.0),)),
                on=("FSC-A",),
            ),
            "g: FSC-A low 50,000 to 62,500",
        ),
        (
            adjusted(
                before=Box(bounds=((1.0, 2.0), (3.0, 4.0))),
                after=Box(bounds=((1.0, 2.5), (3.5, 4.0))),
                on=TWO,
            ),
            "g: CD19 high 2.00 to 2.50, CD10 low 3.00 to 3.50",
        ),
        (adjusted(after=LOW), "g: not moved"),
        (adjusted(before=CORNERS, after=CORNERS, on=TWO), "g: outline on CD19 and CD10 redrawn"),
        (adjusted(before=ROUND, after=ROUND, on=TWO), "g: ellipse on CD19 and CD10 redrawn"),
        (adjusted(after=Ranges(kept=((0.0, 9.0),)), on=("Time",)), "g: ranges on Time redrawn"),
        (adjusted(before=CORNERS, after=Box(bounds=((1.0, 2.0), (1.0, 2.0))), on=TWO),
         "g: box on CD19 and CD10 redrawn"),
        (adjusted(Change.PINNED, after=LOW), "g: kept where it stood, CD19 low 1.90"),
        (adjusted(Change.PINNED, before=CORNERS, after=CORNERS, on=TWO), "g: kept where it stood"),
        (adjusted(Change.ADDED, before=None, after=CORNERS, on=TWO),
         "g: events added, drawn on CD19 and CD10"),
        (adjusted(Change.TAKEN_OUT, before=None, after=CORNERS, on=TWO),
         "g: events taken out, drawn on CD19 and CD10"),
    ],
)  # fmt: skip
def test_a_gate_says_what_was_done_to_it(adjustment: Adjustment, says: str):
    """Numbers on the gate's own scale; outlines without a list of their corners."""
    assert gate_change(adjustment) == says


ENDS = st.none() | st.floats(-1e7, 1e7)


@given(was=ENDS, now=ENDS, gate=st.text(max_size=9), label=st.text(max_size=9))
def test_a_bound_is_told_as_two_numbers_that_are_true(
    was: float | None, now: float | None, gate: str, label: str
):
    """And that differ, wherever they are more than a millionth apart."""
    box = [Box(bounds=((0.0, end),)) for end in (was, now)]
    one = adjusted(gate=gate, before=box[0], after=box[1], on=(label,))
    said = gate_change(one)
    if was == now:
        assert said == f"{gate}: not moved"
        return
    head = f"{gate}: {label} high "
    assert said.startswith(head)
    told = said.removeprefix(head).split(" to ")
    for word, end in zip(told, (was, now), strict=True):
        assert (word == "open") == (end is None)
        assert end is None or abs(float(word.replace(",", "")) - end) <= 0.5
        assert not re.fullmatch(r"-[0.,]+", word)
    if was is None or now is None or abs(was - now) > 1e-6:
        assert told[0] != told[1]


def any_box(axes: int) -> st.SearchStrategy[Box]:
    """A box on so many axes."""
    sides = st.lists(st.tuples(ENDS, ENDS), min_size=axes, max_size=axes)
    return sides.map(lambda bounds: Box(bounds=tuple(bounds)))


@given(
    boxes=st.integers(1, 4).flatmap(lambda axes: st.tuples(any_box(axes), any_box(axes))),
    change=st.sampled_from([Change.MOVED, Change.PINNED]),
)
def test_whatever_can_be_read_can_be_said(boxes: tuple[Box, Box], change: Change):
    """Of a box on few axes each bound that was moved, and no other; of others that it was."""
    before, after = boxes
    on = tuple(f"M{place}" for place in range(len(before.bounds)))
    (read,) = read_adjustments(
        spell_adjustments([adjusted(change, before=before, after=after, on=on)])
    )
    said = gate_change(read)

    assert said.startswith("g: ")
    told = re.findall(r"(M\d) (low|high) ", said)
    moved = [
        (label, side)
        for label, *ends in zip(on, before.bounds, after.bounds, strict=True)
        for side, was, now in zip(("low", "high"), *ends, strict=True)
        if was != now
    ]
    if change is Change.MOVED:
        assert told == (moved if len(moved) <= 4 else [])


def counted(
    k: int, n: int = 1000, *, quantity: str = "mrd", status: str = "POSITIVE"
) -> Measurement:
    """A measurement of two counts."""
    return Measurement(
        quantity=quantity,
        numerator=k,
        denominator=n,
        estimate=binomial_interval(k, n),
        status=status,
    )


SILENT = Measurement(
    quantity="mrd", numerator=None, denominator=None, estimate=None, status="NOT_EVALUABLE"
)


def found(number: int, *measured: Measurement, template: str = "t") -> Found:
    """A result of some measurements."""
    return Found(
        number=number,
        template=template,
        template_version="1",
        cytomon="0",
        saved_at="2026-02-10T00:00:00+00:00",
        saved_by="ada",
        measurements={one.quantity: one for one in measured},
    )


AUTOMATIC = found(1, counted(60), counted(9, quantity="b_fraction", status="APLASIA"))
MADE = found(2, counted(48), counted(9, quantity="b_fraction", status="APLASIA"))


def reviewed(verdict: str = "changed", **changes: Any) -> Reviewed:  # noqa: ANN401
    """A review of an automatic result."""
    values: dict[str, Any] = {
        "by": "ana",
        "at": "2026-02-10T09:00:00+00:00",
        "comment": "debris",
        "adjustments": (),
        "specimen": 1,
        "specimen_id": "S1",
        "specimen_type": "marrow",
        "collected_on": date(2026, 2, 9),
        "file": "a.fcs",
        "found": AUTOMATIC,
        "made": MADE if verdict == "changed" else None,
        "automatic": AUTOMATIC,
    }
    return Reviewed(verdict=verdict, **(values | changes))


@pytest.mark.parametrize(
    ("review", "says"),
    [
        (reviewed(), "changed in review by ana on 2026-02-10: debris"),
        (reviewed("approved", comment=""), "approved as measured by ana on 2026-02-10"),
        (reviewed("rejected"), "rejected by ana on 2026-02-10: debris"),
        (reviewed(found=MADE), "changed again in review by ana on 2026-02-10: debris"),
        (reviewed("approved", found=MADE), "approved as reviewed by ana on 2026-02-10: debris"),
        (reviewed("rejected", found=MADE), "rejected as reviewed by ana on 2026-02-10: debris"),
    ],
)
def test_a_verdict_says_who_when_and_why(review: Reviewed, says: str):
    """And whether it is about what the program or what a person had measured."""
    assert said_by(review) == says


def test_both_sides_stand_beside_each_other():
    """With interval, counts and status; what is the same is said to be."""
    assert list(answers_of(reviewed())) == [
        "MRD 4.80 % (3.56 to 6.31), 48 of 1,000, POSITIVE; automatic: 6.00 % (4.61 to 7.66), "
        "60 of 1,000, POSITIVE; after review 12 events fewer",
        "B cells 0.900 % (0.412 to 1.70), 9 of 1,000, APLASIA; automatic: the same",
    ]
    assert list(answers_of(reviewed("approved"))) == []
    assert list(answers_of(reviewed("rejected"))) == [
        "it said: MRD 6.00 % (4.61 to 7.66), 60 of 1,000, POSITIVE; "
        "B cells 0.900 % (0.412 to 1.70), 9 of 1,000, APLASIA"
    ]
    silent = found(1, SILENT)
    assert list(answers_of(reviewed("rejected", found=silent))) == ["it said: no answer"]


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (counted(60), counted(61), "; after review 1 event more"),
        (counted(1000, 5000), counted(0, 5000), "; after review 1,000 events fewer"),
        (counted(60), counted(60, 999), "; after review as many events"),
        (counted(5, quantity="cd19_blasts"), counted(4, quantity="cd19_blasts"), ", POSITIVE"),
        (None, counted(60), "automatic: not measured"),
        (SILENT, counted(60), "automatic: NOT_EVALUABLE"),
        (counted(60), counted(60), "automatic: the same"),
        (counted(60), counted(60, status="BELOW_LOD"), "after review as many events"),
    ],
)
def test_the_difference_in_events(was: Measurement | None, now: Measurement, says: str):
    """Of an antigen none is told: its share is of other blasts."""
    said = beside(was, now)
    assert said.startswith("automatic: ")
    assert said.endswith(says)


def test_a_qualifier_is_a_change():
    """Numbers alone do not tell what an answer means."""
    doubtful = replace(counted(60), qualifiers=("CHECK_BY_EYE",))
    assert is_changed(counted(60), doubtful)
    assert not is_changed(counted(60), counted(60))
    assert difference(counted(60), doubtful) == 0
    assert difference(None, doubtful) is None


def test_gates_are_told_with_a_reason_of_their_own():
    """Who else has drawn one, and why; what stands in the comment is not said twice."""
    said = reviewed(
        adjustments=(
            adjusted(who="ana", why="debris"),
            adjusted(who="eva", why="B cells were inside"),
        )
    )
    assert list(gates_of(said)) == [
        "g: CD19 low 1.90 to 2.10",
        "g: CD19 low 1.90 to 2.10 (by eva: B cells were inside)",
    ]
    assert list(gates_of(reviewed(adjustments=None))) == [UNREADABLE]
    assert list(gates_of(reviewed(adjustments=()))) == []


def test_of_each_result_the_last_word_counts():
    """Rejected, then approved after all, or made once more; and one that stays out."""
    other = found(7, counted(3))
    said = [
        reviewed("rejected"),
        reviewed("rejected", found=other, comment="clotted"),
        reviewed("approved"),
        reviewed("rejected", found=MADE),
    ]
    assert [one.comment for one in rejected(said[:3])] == ["clotted"]
    assert [one.found.number for one in rejected(said)] == [7, 2]
    assert [one.found.number for one in rejected([*said, reviewed()])] == [7]


def test_what_a_tube_is_called():
    """By its file, else by what it stands for."""
    pooled = found(1, template="a+b")
    assert tube_of(reviewed()) == "a.fcs"
    assert tube_of(reviewed(file="", found=pooled)) == "all tubes together"
    assert tube_of(reviewed(file="")) == "measured elsewhere"


def test_json_has_both_sides_and_every_number():
    """As other programs read it."""
    told = review_json(reviewed(adjustments=(adjusted(),)))

    assert (told["by"], told["at"], told["why"]) == ("ana", "2026-02-10T09:00:00+00:00", "debris")
    assert (told["verdict"], told["date"], told["result"]) == ("changed", "2026-02-09", 1)
    assert [told[side]["result"] for side in ("automatic", "reviewed")] == [1, 2]
    mrd = told["automatic"]["measurements"]["mrd"]
    assert (mrd["numerator"], mrd["denominator"], mrd["status"]) == (60, 1000, "POSITIVE")
    assert mrd["low"] < mrd["value"] == 0.06 < mrd["high"]
    (gate,) = told["adjustments"]
    assert (gate["gate"], gate["says"]) == ("g", "g: CD19 low 1.90 to 2.10")
    assert gate["before"] == {"kind": "box", "bounds": [[1.9, None]]}

    assert review_json(reviewed("approved"))["reviewed"] is None
    assert review_json(reviewed("rejected", found=MADE))["reviewed"]["result"] == 2
    assert review_json(reviewed(adjustments=None))["adjustments"] is None
