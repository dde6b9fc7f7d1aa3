"""The lines of the verdict bar: what a tube said, and what it says now."""

from __future__ import annotations

import pytest

from cytomon.model.results import Estimate, Measurement
from cytomon.review.verdict import SHOWN, flips, lines, title_of, told


def answer(
    quantity: str = "mrd",
    k: int | None = 60,
    n: int | None = 500_000,
    status: str = "POSITIVE",
    share: tuple[float, float, float] | None = (1.2e-4, 0.92e-4, 1.54e-4),
) -> Measurement:
    """A measurement with its interval."""
    found = Estimate(value=share[0], low=share[1], high=share[2]) if share else None
    return Measurement(quantity=quantity, numerator=k, denominator=n, estimate=found, status=status)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (answer(), "60 of 500,000 · 0.0120 % (0.0092 to 0.0154) · positive"),
        (answer("by_eye", 1234), "1,234 events"),
        (answer(share=None, k=None, n=None, status="NOT_EVALUABLE"), "not evaluable"),
        (answer(share=None, status="NOT_EVALUABLE"), "not evaluable"),
        (answer("cd19_blasts", 2, 167, "NEGATIVE", (0.012, 0.0015, 0.043)),
         "2 of 167 · 1.20 % (0.150 to 4.30) · negative"),
    ],
)  # fmt: skip
def test_an_answer_in_the_bar(one: Measurement, words: str):
    """Counts, fraction with its interval, status: what the bar has room for."""
    assert told(one) == words


def test_lines_stand_in_one_order_and_say_what_differs():
    """Only what either side has; a status that turns asks for a reason, a count does not."""
    before = {"b_fraction": answer("b_fraction"), "mrd": answer(), "by_eye": answer("by_eye", 3)}
    after = {
        "mrd": answer(k=61),
        "b_fraction": answer("b_fraction", status="APLASIA"),
        "by_eye": answer("by_eye", 3, status="OTHER"),
    }
    found = lines(before, after)
    assert [one.quantity for one in found] == ["mrd", "b_fraction", "by_eye"]
    assert [(one.changed, one.flips) for one in found] == [
        (True, False), (True, True), (False, False)
    ]  # fmt: skip
    assert flips(before, after) == ("b_fraction",)
    assert [one.title for one in found] == ["MRD", "B cells", "by eye"]


def test_an_answer_that_is_not_there_yet_turns_nothing():
    """While a tube is examined the bar keeps what it said."""
    (line,) = lines({"mrd": answer()}, {})
    assert (line.before[:2], line.after, line.changed, line.flips) == ("60", "", False, False)
    (line,) = lines({}, {"mrd": answer()})
    assert (line.before, line.changed, line.flips) == ("", False, False)
    assert lines({}, {}) == ()


def test_the_full_name_of_a_quantity():
    """From the catalogue; what it does not know keeps its code."""
    assert all(title_of(one) != one for one in SHOWN)
    assert title_of("unheard_of") == "unheard_of"
