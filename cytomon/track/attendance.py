"""How far the calendar of visits was kept: what each visit asks for, and what answers it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cytomon.model.timeline import Answer, Sample
from cytomon.track.known import SILENT, Known
from cytomon.track.visits import Visit, visits_until

QUESTIONS: Mapping[str, str] = {"MRD": "mrd", "B cells": "b_fraction"}
"""What a visit asks for, in words, and the quantity that answers it."""


class Asked(NamedTuple):
    """A specimen that could answer a question of a visit, and whether it does."""

    day: int
    sample: Sample
    answer: Answer
    answers: bool


class Attended(NamedTuple):
    """A visit of the calendar, and how far it was kept.

    Attributes
    ----------
    visit : Visit
        Which.
    missing : tuple of str
        What it asks for and has no evaluable specimen in the window.
    closed : bool
        Whether the window has closed.
    """

    visit: Visit
    missing: tuple[str, ...]
    closed: bool

    @property
    def status(self) -> str:
        """``done``, ``open`` or ``overdue``."""
        if not self.missing:
            return "done"
        return "overdue" if self.closed else "open"


def asked_of(known: Known) -> dict[str, tuple[Asked, ...]]:
    """Specimens from day 1 on that could answer each question: a marrow, or for B cells a blood."""
    found: dict[str, list[Asked]] = {question: [] for question in QUESTIONS}
    for day, sample in known.samples:
        if day < 1 or sample.specimen_type == "csf":
            continue
        for question, quantity in QUESTIONS.items():
            answer = sample.answers.get(quantity)
            if answer is not None and (question == "B cells" or sample.specimen_type == "marrow"):
                one = Asked(day, sample, answer, answer.status not in SILENT)
                found[question].append(one)
    return {question: tuple(those) for question, those in found.items()}


def attended(
    known: Known, asked: Mapping[str, tuple[Asked, ...]], *, ended: int | None
) -> Iterator[Attended]:
    """Visits whose window has begun, up to the end of the calendar.

    Parameters
    ----------
    known : Known
        A patient.
    asked : mapping of str to tuple of Asked
        From `asked_of`.
    ended : int or None
        Day on which the calendar ends.

    Yields
    ------
    Attended
        In order.
    """
    days = {
        question: sorted(one.day for one in those if one.answers)
        for question, those in asked.items()
    }
    for visit in visits_until(known.today):
        if ended is not None and visit.last >= ended:
            return
        missing = tuple(
            question
            for question, evaluable in days.items()
            if (visit.marrow or question == "B cells")
            and bisect_left(evaluable, visit.first) == bisect_right(evaluable, visit.last)
        )
        yield Attended(visit=visit, missing=missing, closed=known.today > visit.last)
