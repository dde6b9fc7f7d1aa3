"""What a tube says, before and after its gates were moved: the lines of the verdict bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.course import VERDICTS
from cytomon.model.results import Measurement
from cytomon.track.words import percent

Answers = Mapping[str, Measurement]

_TITLES = {
    "mrd": "MRD",
    "cd19_blasts": "CD19",
    "cd22_blasts": "CD22",
    "b_fraction": "B cells",
    "by_eye": "by eye",
}
SHOWN = tuple(_TITLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answer, before and after.

    Attributes
    ----------
    quantity, title : str
        Code of the catalogue, and its name.
    before, after : str
        Counts, fraction with interval, and status; empty where there is none yet.
    changed : bool
        Whether the two differ in anything that is shown.
    flips : bool
        Whether the status differs: then a reason is asked for.
    """

    quantity: str
    title: str
    before: str
    after: str
    changed: bool
    flips: bool


def lines(before: Answers, after: Answers) -> tuple[Line, ...]:
    """Every answer that either has, in the order of the bar."""
    return tuple(_lines(before, after))


def _lines(before: Answers, after: Answers) -> Iterator[Line]:
    for quantity, title in _TITLES.items():
        was, now = before.get(quantity), after.get(quantity)
        if was is None and now is None:
            continue
        stood, stands = ("" if one is None else told(one) for one in (was, now))
        known = was is not None and now is not None
        statuses = {one.status for one in (was, now) if one is not None}
        yield Line(
            quantity=quantity,
            title=title,
            before=stood,
            after=stands,
            changed=known and stood != stands,
            flips=known and quantity in VERDICTS and len(statuses) > 1,
        )


def flips(before: Answers, after: Answers) -> tuple[str, ...]:
    """Quantities whose status differs."""
    return tuple(line.quantity for line in lines(before, after) if line.flips)


def told(one: Measurement) -> str:
    """A measurement as the bar shows it: k of N, fraction with its interval, status."""
    if one.estimate is None or one.numerator is None:
        return _words(one.status)
    found = one.estimate
    counted = f"{one.numerator:,} of {one.denominator:,}"
    low, high = (percent(end).removesuffix(" %") for end in (found.low, found.high))
    interval = f"{percent(found.value)} ({low} to {high})"
    if one.quantity == "by_eye":
        return f"{one.numerator:,} event{'s' * (one.numerator != 1)}"
    return f"{counted} · {interval} · {_words(one.status)}"


def title_of(quantity: str) -> str:
    """The full name of a quantity."""
    return next((row.title for row in CATALOGUE if row.code == quantity), quantity)


def _words(status: str) -> str:
    return status.replace("_", " ").lower()
