"""A review on its way: each edit as it is made, gates that two persons open, and its outcome."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, select

from cytomon.errors import InputError
from cytomon.model.people import MAY, Act, Review
from cytomon.model.record import How, NewResult, Source
from cytomon.store.chain import spell
from cytomon.store.change import Change
from cytomon.store.people import require, role_of
from cytomon.store.results import save_results
from cytomon.store.tables import log, proposals, results, reviews

_GATE = "gate"


class Step(StrEnum):
    """What a person did while a tube was open."""

    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"
    START_OVER = "start over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One step of a review that is not finished.

    Attributes
    ----------
    step : Step
        What was done.
    adjustments : str
        Of an edit: what was changed, as JSON (`cytomon.model.adjustment`).
    at : str
        When, in UTC.
    """

    step: Step
    adjustments: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Who wants a locked gate to be open, and why.

    Attributes
    ----------
    persons : tuple of str
        Who has asked for it and may review.
    why : str
        The first one's reason.
    """

    persons: tuple[str, ...]
    why: str

    @property
    def is_open(self) -> bool:
        """Whether a second person agrees."""
        return len(self.persons) > 1


def save_step(change: Change, result: int, step: Step, adjustments: str = "") -> None:
    """Keep a step of a review as it is made: nothing is lost when a window closes.

    Parameters
    ----------
    change : Change
        To write into.
    result : int
        Number of the result that is being reviewed.
    step : Step
        What was done.
    adjustments : str, optional
        Of an edit: what was changed, as JSON.

    Raises
    ------
    InputError
        If the role does not allow it.
    """
    require(change.role, Act.REVIEW, change.who)
    change.add(reviews, [(result, None, Review.EDITED.value, adjustments, step.value)])
    change.say(subject=f"result {result}: {step.value}", after=adjustments)


def read_steps(connection: Connection, result: int, who: str) -> tuple[Edited, ...]:
    """Steps of a person on a result since their last verdict on it, oldest first."""
    query = (
        select(reviews, log.c.at)
        .join(log, log.c.seq == reviews.c.entry)
        .where(reviews.c.result == result, log.c.who == who)
        .order_by(reviews.c.id)
    )
    steps: list[Edited] = []
    for row in connection.execute(query):
        if row.verdict == Review.EDITED:
            steps.append(Edited(step=Step(row.comment), adjustments=row.adjustments, at=row.at))
        else:
            steps.clear()
    return tuple(steps)


def open_gate(change: Change, result: int, gate: str, why: str) -> bool:
    """Ask for a locked gate of a result to be opened; the second person opens it.

    Parameters
    ----------
    change : Change
        To write into.
    result : int
        Number of the result that is being reviewed.
    gate : str
        Name of the gate.
    why : str
        The reason.

    Returns
    -------
    bool
        Whether it is open now.

    Raises
    ------
    InputError
        If the role does not allow it, a reason is missing, or the same person has asked already.
    """
    require(change.role, Act.REVIEW, change.who)
    if not why.strip():
        raise InputError(
            "a locked gate is opened for a reason", where=gate, fix="say in a few words why"
        )
    asked = read_openings(change.connection, result).get(gate)
    if asked is not None and change.who in asked.persons:
        raise InputError(
            "you have asked for this gate already; a second person has to agree",
            where=gate,
            fix="have somebody else who may review open the same tube and agree",
        )
    change.add(proposals, [(_GATE, result, spell({"gate": gate}))])
    change.say(subject=f"result {result}: open gate {gate}", after=gate, why=why.strip())
    return asked is not None


def read_openings(connection: Connection, result: int) -> Mapping[str, Opening]:
    """Locked gates of a result that persons want open: by name."""
    query = (
        select(proposals.c.becomes, log.c.who, log.c.why)
        .join(log, log.c.seq == proposals.c.entry)
        .where(proposals.c.what == _GATE, proposals.c.thing == result)
        .order_by(proposals.c.id)
    )
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(query):
        # whoever may not review any more has no word in it any more
        if Act.REVIEW in MAY[role_of(connection, row.who)]:
            said[json.loads(row.becomes)["gate"]].setdefault(row.who, row.why)
    return {
        gate: Opening(persons=tuple(persons), why=next(iter(persons.values())))
        for gate, persons in said.items()
    }


def save_outcome(change: Change, tube: int, outcome: NewResult) -> int:
    """Keep the result of a tube with a reviewer's gates.

    Parameters
    ----------
    change : Change
        To write into.
    tube : int
        Number of the tube in the store.
    outcome : NewResult
        With `Source.REVIEW`.

    Returns
    -------
    int
        Its number; that of the newest one where it says the same again.

    Raises
    ------
    InputError
        If the store does not take it.
    """
    (taken,) = save_results(change, [outcome])
    if taken.how is How.REFUSED:
        raise InputError(taken.reason, where="the reviewed result", fix=taken.fix)
    newest = select(func.max(results.c.id)).where(
        results.c.tube == tube, results.c.source == Source.REVIEW.value
    )
    number: int | None = change.connection.scalar(newest)
    if number is None:
        raise InputError(
            "the tube has been moved to another specimen meanwhile",
            where="the reviewed result",
            fix="open the tube again",
        )
    return number


def adjustments_of(connection: Connection, result: int) -> str:
    """The adjustments that a reviewed result was made with, as JSON; empty for any other."""
    query = select(reviews.c.adjustments).where(reviews.c.outcome == result)
    found: str | None = connection.scalar(query.order_by(reviews.c.id.desc()).limit(1))
    return found or ""
