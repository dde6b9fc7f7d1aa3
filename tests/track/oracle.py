"""An independent reading of ``docs/reference/course.md``: states and flags, slow and plain.

It shares nothing with `cytomon.track` but the shape of its input, so that two readings of one page
can be held against each other on random courses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from cytomon.model.timeline import Timeline
from tests.track import oracle_course_rules as course
from tests.track import oracle_rules as blasts
from tests.track.oracle_base import View, view
from tests.track.oracle_episodes import SEVERITY, Look, flags_of
from tests.track.oracle_states import empty_row, state_row

Row = tuple[str, str, str, str, str]

RULES: Mapping[str, Callable[[View], Iterator[Look]]] = {
    "A1": blasts.a1,
    "A2": blasts.a2,
    "A3": blasts.a3,
    "A4": course.a4,
    "A5": course.a5,
    "A6": blasts.a6,
    "A7": blasts.a7,
    "A8": blasts.a8,
    "A9": blasts.a9,
    "A10": blasts.a10,
    "A11": course.a11,
    "A12": blasts.a12,
    "A13": blasts.a13,
    "A14": course.a14,
    "A15": blasts.a15,
    "A16": course.a16,
    "A17": course.a17,
    "A19": blasts.a19,
    "A20": blasts.a20,
    "A21": course.a21,
}


def states(timeline: Timeline, as_of: date) -> dict[str, str]:
    """States of a course on a day, as the cells of ``cytomon track --states``."""
    seen = view(timeline, as_of)
    return empty_row(timeline.patient_id) if seen is None else state_row(seen)


def looks(timeline: Timeline, as_of: date) -> dict[str, list[Look]]:
    """Observations of each rule; without a day 0 of A18 alone."""
    seen = view(timeline, as_of)
    found = {} if seen is None else {rule: list(look(seen)) for rule, look in RULES.items()}
    return {**found, "A18": list(course.a18(timeline, as_of))}


def flags(timeline: Timeline, as_of: date) -> list[Row]:
    """Flags of a course on a day: rule, subject, severity, date, and whether it is open."""
    rows: list[Row] = []
    for rule, found in looks(timeline, as_of).items():
        said = [one for one in timeline.acknowledgements if one.rule == rule]
        for subject in {look.subject for look in found}:
            of_it = [look for look in found if look.subject == subject]
            for flag, is_open in flags_of(of_it, said):
                word = "yes" if is_open else "no"
                severity = SEVERITY[flag.severity]
                rows.append((rule, subject, severity, flag.on.isoformat(), word))
    return sorted(rows)
