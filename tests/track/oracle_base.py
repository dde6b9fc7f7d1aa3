"""What the oracle of courses reads: days, statuses, numbers and drugs, as the page says them.

Written from ``docs/reference/course.md`` alone ("page" below) and, where that is silent, from the
domain specification ("domain"). Slow and plain on purpose: every function looks at everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from cytomon.model.record import ClinicalEvent
from cytomon.model.timeline import Answer, Sample, Timeline

POSITIVE = {"POSITIVE", "POSITIVE_BELOW_LOQ"}
LOW = "DETECTED_BELOW_THRESHOLD"
CLEARED = {"BELOW_LOD", "NOT_DETECTED"}
NEGATIVE = {LOW, *CLEARED}
DETECTED = {LOW, *POSITIVE}
EVALUABLE = POSITIVE | NEGATIVE
APLASIA = {"APLASIA", "PROVISIONAL_APLASIA"}
RECOVERED = {"RECOVERED", "PROVISIONAL_RECOVERED"}

DRUG_NAMES = {
    "rituximab": 183, "rituxan": 183, "mabthera": 183,
    "obinutuzumab": 183, "gazyva": 183,
    "blinatumomab": 90, "blincyto": 90,
    "inotuzumab": 90, "besponsa": 90,
    "alemtuzumab": 90, "campath": 90, "lemtrada": 90,
    "thymoglobulin": 90, "antithymocyteglobulin": 90,
}  # fmt: skip
"""Days during which a drug removes B cells, by the letters of its names (page: B cells)."""


@dataclass(frozen=True)
class View:
    """A timeline as seen on one day: what is dated later is left out (page: Time)."""

    timeline: Timeline
    as_of: date
    day0: date
    samples: tuple[Sample, ...]
    events: tuple[ClinicalEvent, ...]

    def day(self, on: date) -> int:
        """Calendar days since the infusion."""
        return (on - self.day0).days

    def dated(self, day: int) -> date:
        """The date of a day."""
        return self.day0 + timedelta(days=day)

    @property
    def today(self) -> int:
        """The day of --as-of."""
        return self.day(self.as_of)


def view(timeline: Timeline, as_of: date) -> View | None:
    """What counts on a day; None without a day 0, when nothing is computed (page: Time)."""
    if timeline.day0 is None:
        return None
    return View(
        timeline=timeline,
        as_of=as_of,
        day0=timeline.day0,
        samples=tuple(one for one in timeline.samples if one.on <= as_of),
        events=tuple(one for one in timeline.events if one.on <= as_of),
    )


# Answers of a specimen


def status(sample: Sample, quantity: str) -> str:
    """Status of a quantity; empty where the specimen has no answer to it."""
    answer = sample.answers.get(quantity)
    return "" if answer is None else str(answer.status)


def exact(answer: Answer | None) -> Fraction | None:
    """The value without rounding, so that "at least" is at least; None where there is none."""
    if answer is None or answer.value is None:
        return None
    if answer.numerator is not None and answer.denominator:
        return Fraction(answer.numerator, answer.denominator)
    return Fraction(str(answer.value))


def value(sample: Sample, quantity: str) -> Fraction | None:
    """The value of a quantity of a specimen, without rounding."""
    return exact(sample.answers.get(quantity))


def marrows(seen: View, *, first: int = 1) -> list[Sample]:
    """Marrow specimens from a day on, in order."""
    return [
        one for one in seen.samples if one.specimen_type == "marrow" and seen.day(one.on) >= first
    ]


def evaluable_marrows(seen: View) -> list[Sample]:
    """Marrows from day 1 on with an MRD that answers (page: Time)."""
    return [one for one in marrows(seen) if status(one, "mrd") in EVALUABLE]


def on_day(seen: View, samples: list[Sample], day: int) -> list[Sample]:
    """Those that were taken on a day."""
    return [one for one in samples if seen.day(one.on) == day]


def last_day_before(seen: View, samples: list[Sample], day: int) -> list[Sample]:
    """All samples of the newest day before a day."""
    days = [seen.day(one.on) for one in samples if seen.day(one.on) < day]
    return on_day(seen, samples, max(days)) if days else []


# Events


def happened(seen: View, *kinds: str, first: int = 0) -> list[int]:
    """Days of the events of these kinds, from a day on (page: events count from day 0 on)."""
    return [
        seen.day(one.on) for one in seen.events if one.event in kinds and seen.day(one.on) >= first
    ]


def deaths(seen: View) -> list[int]:
    """Days of death, whenever they were."""
    return [seen.day(one.on) for one in seen.events if one.event == "death"]


def events_on(seen: View, day: int, *kinds: str) -> list[ClinicalEvent]:
    """Events of these kinds on a day."""
    return [one for one in seen.events if one.event in kinds and seen.day(one.on) == day]


def share(text: str) -> Fraction | None:
    """A share such as ``0.02`` or ``2 %``; None after ``<`` and for words (domain: events)."""
    if text.startswith("<") or text in {"positive", "negative"}:
        return None
    if text.endswith("%"):
        return Fraction(text.removesuffix("%").strip()) / 100
    return Fraction(text)


def blasts(text: str) -> Fraction:
    """Morphology as a share: M1, M2 and M3 count as 0, 5 and more than 25 % (page: Relapse)."""
    words = {"M1": Fraction(0), "M2": Fraction(5, 100), "M3": Fraction(26, 100)}
    return words[text] if text in words else Fraction(text.removesuffix("%").strip()) / 100


def m_class(text: str) -> str:
    """M1 below 5 %, M2 from 5 to 25 %, M3 above (domain: 0)."""
    found = blasts(text)
    if found < Fraction(5, 100):
        return "M1"
    return "M2" if found <= Fraction(25, 100) else "M3"


def below_limit(event: ClinicalEvent) -> bool:
    """Whether a transgene is below the limit of 0.1 copies/ng (page: CAR transgene)."""
    if event.value.startswith("<"):
        return True
    per_ug = event.unit.strip().lower() in {"copies/ug", "copies/µg"}
    return Fraction(event.value) / (1000 if per_ug else 1) < Fraction(1, 10)


def drug_days(text: str) -> Iterator[int]:
    """Days during which each drug named in a free text removes B cells."""
    letters = "".join(letter for letter in text.casefold() if letter.isalpha())
    yield from (days for name, days in DRUG_NAMES.items() if name in letters)
    if re.search(r"\b[rh]?atg\b", text.casefold()):
        yield 90
