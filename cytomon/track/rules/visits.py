"""Rules about visits: those that gave no answer, and those that were missed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cytomon.model.flags import Urgency
from cytomon.track.attendance import QUESTIONS, Asked, Attended
from cytomon.track.episodes import Observation, Told
from cytomon.track.known import Known
from cytomon.track.rules.b_cells import newest_mrd
from cytomon.track.states import Course
from cytomon.track.visits import DECISIONS, Visit
from cytomon.track.words import fact, percent, plain


def no_answer(_known: Known, course: Course) -> Iterator[Observation]:
    """A15: a specimen of a visit that decides something gives no answer."""
    for question in QUESTIONS:
        asked = course.asked[question]
        if all(one.answers for one in asked):
            continue
        answered = {one.day for one in asked if one.answers}
        for visit in DECISIONS:
            subject = f"{visit.name} {question}"
            for one in asked:
                if one.day < visit.first:
                    continue
                if one.day in answered:
                    yield Observation(one.sample.on, one.day, subject=subject)
                elif one.day <= visit.last:
                    tell = partial(_says_no_answer, visit, question, one)
                    yield Observation(one.sample.on, one.day, Urgency.HIGH, tell, subject)


def _says_no_answer(visit: Visit, question: str, one: Asked) -> Told:
    why, answer = one.answer.status, one.answer
    if answer.denominator is not None and question == "MRD" and answer.lod:
        why += f", sensitivity {percent(answer.lod)} with {answer.denominator:,} cells"
    says = f"no answer on {question} at visit {visit.name}: {why}"
    return Told(says, (fact(one.day, one.sample, answer),))


def overdue(known: Known, course: Course) -> Iterator[Observation]:
    """A16: the window of a visit has closed without what was asked for."""
    for one in course.visits:
        if one.status != "overdue":
            continue
        visit = one.visit
        tell = partial(_says_overdue, known, course, one)
        on = known.on(visit.last)
        yield Observation(on, visit.last, Urgency.MEDIUM, tell, visit.name)
        later = [_first_after(course.asked[question], visit.last) for question in one.missing]
        days = [day for day in later if day is not None]
        if len(days) == len(later):
            yield Observation(known.on(max(days)), max(days), subject=visit.name)


def _first_after(asked: tuple[Asked, ...], day: int) -> int | None:
    return next((one.day for one in asked if one.answers and one.day > day), None)


def _says_overdue(known: Known, course: Course, one: Attended) -> Told:
    visit, missing = one.visit, " and ".join(one.missing)
    says = f"visit {visit.name} is overdue: {missing} without an answer"
    window = f"window of {visit.name}: days {visit.first} to {visit.last}"
    facts = [plain(known.on(visit.last), visit.last, f"{window}; no evaluable specimen: {missing}")]
    for question in one.missing:
        last = [of for of in course.asked[question] if of.day <= visit.last][-1:]
        facts += [fact(of.day, of.sample, of.answer) for of in last]
    return Told(says, (*facts, *newest_mrd(known, visit.last)))
