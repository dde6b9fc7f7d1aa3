"""Reviews in words: what was said, which gates were changed, and the automatic numbers beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cytomon.model.adjustment import Adjustment
from cytomon.model.people import Review
from cytomon.model.results import Measurement
from cytomon.model.reviewed import Reviewed
from cytomon.track.gates import gate_change
from cytomon.track.words import percent

UNREADABLE = "the adjustments cannot be read"
NAMES: Mapping[str, str] = {
    "mrd": "MRD",
    "cd19_blasts": "CD19",
    "cd22_blasts": "CD22",
    "b_fraction": "B cells",
}
"""What the three questions ask of, in the order in which it is told."""

_SAYS: Mapping[str, str] = {
    Review.APPROVED: "approved as measured",
    Review.CHANGED: "changed in review",
    Review.REJECTED: "rejected",
}
_SAYS_OF_REVIEWED: Mapping[str, str] = {
    Review.APPROVED: "approved as reviewed",
    Review.CHANGED: "changed again in review",
    Review.REJECTED: "rejected as reviewed",
}
"""Of a result that another review had made."""


def tube_of(one: Reviewed) -> str:
    """What a review calls the tube."""
    if one.file:
        return one.file
    return "all tubes together" if "+" in one.found.template else "measured elsewhere"


def said_by(one: Reviewed) -> str:
    """The verdict, who gave it, when, and why.

    Parameters
    ----------
    one : Reviewed
        The review.

    Returns
    -------
    str
        Such as ``changed in review by ana on 2026-02-10: debris in the gate``.
    """
    why = f": {one.comment}" if one.comment else ""
    return f"{verdict_of(one)} by {one.by} on {one.at[:10]}{why}"


def verdict_of(one: Reviewed) -> str:
    """The verdict in words; of a result that another review had made, with that."""
    says = _SAYS if one.found.number == one.automatic.number else _SAYS_OF_REVIEWED
    return says.get(one.verdict, one.verdict)


def gates_of(one: Reviewed) -> Iterator[str]:
    """Which gates were changed, a sentence each."""
    if one.adjustments is None:
        yield UNREADABLE
        return
    for adjustment in one.adjustments:
        yield f"{gate_change(adjustment)}{_also(adjustment, one)}"


def _also(adjustment: Adjustment, one: Reviewed) -> str:
    """Who else has drawn it, and a reason of its own."""
    other = f"by {adjustment.who}" if adjustment.who not in {"", one.by} else ""
    why = adjustment.why if adjustment.why != one.comment else ""
    said = ": ".join(filter(None, (other, why)))
    return f" ({said})" if said else ""


def numbers_of(found: Measurement | None) -> str:
    """A measurement in short.

    Returns
    -------
    str
        Such as ``0.0120 % (0.0092 to 0.0154), 60 of 500,000, POSITIVE``.
    """
    return ", ".join(filter(None, (valued(found), counted(found), found.status if found else "")))


def valued(found: Measurement | None) -> str:
    """The fraction with its interval."""
    if found is None:
        return "not measured"
    if found.estimate is None:
        return ""
    low, high = percent(found.estimate.low).removesuffix(" %"), percent(found.estimate.high)
    return f"{percent(found.estimate.value)} ({low} to {high.removesuffix(' %')})"


def counted(found: Measurement | None) -> str:
    """The counts behind it."""
    if found is None or found.numerator is None or found.denominator is None:
        return ""
    return f"{found.numerator:,} of {found.denominator:,}"


def difference(before: Measurement | None, now: Measurement | None) -> int | None:
    """How many events a review has brought, or with a minus taken away (domain: 6.4).

    None where one of the two has no count, and of an antigen: its share is of other blasts now.
    """
    if before is None or now is None or before.numerator is None or now.numerator is None:
        return None
    if now.quantity.endswith("_blasts"):
        return None
    return now.numerator - before.numerator


def is_changed(before: Measurement | None, now: Measurement | None) -> bool:
    """Whether a review says otherwise than what it found, in numbers or in words."""
    return _told(before) != _told(now)


def _told(found: Measurement | None) -> tuple[object, ...]:
    if found is None:
        return ()
    value = found.estimate and (found.estimate.value, found.estimate.low, found.estimate.high)
    return found.numerator, found.denominator, value, found.status, found.qualifiers


def beside(automatic: Measurement | None, now: Measurement | None) -> str:
    """The automatic number that stands beside a reviewed one, and the difference in events.

    Returns
    -------
    str
        Such as ``automatic: 0.0120 % (0.0092 to 0.0154), 60 of 500,000, POSITIVE; after review 12
        events fewer``.
    """
    if automatic is not None and not is_changed(automatic, now):
        return "automatic: the same"
    return f"automatic: {numbers_of(automatic)}{_events(difference(automatic, now))}"


def _events(apart: int | None) -> str:
    if apart is None:
        return ""
    if not apart:
        return "; after review as many events"
    more = "more" if apart > 0 else "fewer"
    return f"; after review {abs(apart):,} event{'s' * (abs(apart) != 1)} {more}"


def answers_of(one: Reviewed) -> Iterator[str]:
    """Each answer that a review bears on, with the automatic one beside it.

    Of a result that was rejected, what it said; of one that was approved nothing, for its numbers
    stand where the result does.
    """
    if one.made is not None:
        for quantity, name in NAMES.items():
            was = one.automatic.measurements.get(quantity)
            now = one.made.measurements.get(quantity)
            if was is not None or now is not None:
                yield f"{name} {numbers_of(now)}; {beside(was, now)}"
    elif one.verdict == Review.REJECTED:
        yield f"it said: {said_of(one.found.measurements)}"


def said_of(found: Mapping[str, Measurement]) -> str:
    """The answers of a result in one line: those with a number, or else that there was none."""
    answers = [
        f"{name} {numbers_of(found[quantity])}"
        for quantity, name in NAMES.items()
        if quantity in found and found[quantity].estimate
    ]
    return "; ".join(answers) or "no answer"


def rejected(reviews: Iterable[Reviewed]) -> tuple[Reviewed, ...]:
    """The rejections that stand: of each result the last word counts, and making it anew is one.

    Parameters
    ----------
    reviews : iterable of Reviewed
        In the order in which they were given.
    """
    last: dict[int, Reviewed] = {}
    for one in reviews:
        last[one.found.number] = one
        if one.made is not None:
            last.pop(one.made.number, None)
    return tuple(one for one in last.values() if one.verdict == Review.REJECTED)
