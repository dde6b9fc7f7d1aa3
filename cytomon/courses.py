"""The courses of a store's patients, followed to a day: one at once, or all on every processor."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cytomon.errors import InputError
from cytomon.model.reviewed import Reviewed
from cytomon.store.address import Address
from cytomon.store.find import find_patient
from cytomon.store.open import opened
from cytomon.store.reviewed import reviews_of
from cytomon.store.session import Store
from cytomon.store.timelines import Span, read_timelines, spans
from cytomon.store.touched import Entry, entries_of
from cytomon.track.follow import Followed, follow
from cytomon.track.profile import Profile
from cytomon.track.trace import Changed, changes

if TYPE_CHECKING:
    from sqlalchemy import Connection

Answer = TypeVar("Answer")

TOGETHER = 125
"""Patients read at once: enough that a query is worth its while, few enough to stay in memory."""
_SHARE = 4
"""Pieces that a process takes at once: it opens the store for each share."""
_WORTH_A_PROCESS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """As of which day, and by which definitions.

    Attributes
    ----------
    as_of : date
        The day.
    profile : Profile
        The definitions.
    """

    as_of: date
    profile: Profile


def follow_patient(store: Store, patient_id: str, day: Day) -> Followed:
    """Follow one patient.

    Parameters
    ----------
    store : Store
        The store.
    patient_id : str
        The patient.
    day : Day
        The day and the definitions.

    Raises
    ------
    InputError
        If the store knows none of this name.
    """
    with store.reading() as connection:
        return follow_within(connection, patient_id, day)


def follow_within(connection: Connection, patient_id: str, day: Day) -> Followed:
    """Follow one patient within a transaction; see `follow_patient`."""
    number = find_patient(connection, patient_id).thing
    (timeline,) = read_timelines(connection, Span(first=number, last=number))
    return follow(timeline, day.profile, day.as_of)


def reviews_until(store: Store, patient_id: str, day: Day) -> tuple[Reviewed, ...]:
    """What reviewers have said of the results of one patient.

    Parameters
    ----------
    store, patient_id, day
        As for `follow_patient`.

    Returns
    -------
    tuple of Reviewed
        In the order in which it was said; of specimens collected up to the day.
    """
    with store.reading() as connection:
        said = reviews_of(connection, find_patient(connection, patient_id).thing)
    return tuple(one for one in said if one.collected_on and one.collected_on <= day.as_of)


def flags_to_answer(
    connection: Connection, patient_id: str, rule: str, day: Day, *, on: date | None = None
) -> tuple[date, ...]:
    """Days of the flags that an acknowledgement is meant for.

    An acknowledgement names the flags that there are when it is given: it never answers one that is
    raised later, by a result that nobody had seen.

    Parameters
    ----------
    connection : Connection
        To the store.
    patient_id, rule : str
        Whose, and which rule.
    day : Day
        The day and the definitions.
    on : date or None, optional
        Day of the flag; None for all of the rule that are open.

    Returns
    -------
    tuple of date
        At least one.

    Raises
    ------
    InputError
        If there is no such flag, or no such patient.
    """
    raised = follow_within(connection, patient_id, day).raised
    of_rule = [one for one in raised if one.rule == rule]
    wanted = [one for one in of_rule if (one.is_open if on is None else one.seen.on == on)]
    if not wanted:
        waiting = [f"{one.rule} of {one.seen.on}" for one in raised if one.is_open]
        shown = ", ".join(waiting[:_SHOWN]) + " ..." * (len(waiting) > _SHOWN)
        raise InputError(
            f"no open flag {rule} is raised" if on is None else f"no flag {rule} of {on} is raised",
            where="RULE",
            fix=f"open are: {shown or 'none'}; see cytomon track {patient_id}",
        )
    return tuple(sorted({one.seen.on for one in wanted}))


_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An entry of the log that changed flags of a patient, and how.

    Attributes
    ----------
    entry : Entry
        When, who and why.
    changed : tuple of Changed
        The flags.
    """

    entry: Entry
    changed: tuple[Changed, ...]


_OF_ABSENCE = {"A16", "A17"}
"""Rules that go by themselves when what is missing arrives."""


def trace_patient(store: Store, patient_id: str, day: Day) -> tuple[Step, ...]:
    """How corrections, later results, events and signatures have changed the flags of a patient.

    Parameters
    ----------
    store, patient_id, day
        As for `follow_patient`.

    Returns
    -------
    tuple of Step
        In the order of the log; entries that changed no flag are left out. Of an entry that only
        adds, what it withdrew or changed: that it raises flags is what it is there for.
    """
    with store.reading() as connection:
        return trace_within(connection, patient_id, day)


def trace_within(connection: Connection, patient_id: str, day: Day) -> tuple[Step, ...]:
    """Trace one patient within a transaction; see `trace_patient`."""
    steps = []
    number = find_patient(connection, patient_id).thing
    then: Followed | None = None
    for entry in entries_of(connection, number):
        now = _followed_at(connection, number, day, entry.number)
        found = tuple(changes(then, now)) if then and now else ()
        if not entry.corrects:
            found = tuple(one for one in found if one.before and not _arrived(one))
        if found:
            steps.append(Step(entry=entry, changed=found))
        then = now
    return tuple(steps)


def _arrived(one: Changed) -> bool:
    return one.flag.rule in _OF_ABSENCE


def _followed_at(connection: Connection, number: int, day: Day, until: int) -> Followed | None:
    span = Span(first=number, last=number, until=until)
    timelines = list(read_timelines(connection, span))
    return follow(timelines[0], day.profile, day.as_of) if timelines else None


def follow_all(
    address: Address,
    who: str,
    day: Day,
    tell: Callable[[Followed], Answer],
    *,
    workers: int,
    pieces: Sequence[Span] | None = None,
) -> Iterator[Answer]:
    """Follow the patients of a store.

    Parameters
    ----------
    address : Address
        Of the store; each process opens it by itself.
    who : str
        Name of the person who reads.
    day : Day
        The day and the definitions.
    tell : callable
        What is wanted of each; called where the patient was followed.
    workers : int
        Processes.
    pieces : sequence of Span or None, optional
        Which patients; all where None.

    Yields
    ------
    object
        What `tell` gives, in the order in which the store came to know the patients.
    """
    if pieces is None:
        with opened(address, who=who) as store, store.reading() as connection:
            pieces = spans(connection, size=TOGETHER)
    work = partial(_follow_pieces, address, who, day, tell)
    if workers == 1 or len(pieces) < _WORTH_A_PROCESS:
        for piece in pieces:
            yield from work([piece])
        return
    shares = [pieces[start : start + _SHARE] for start in range(0, len(pieces), _SHARE)]
    with ProcessPoolExecutor(workers, mp_context=_context()) as pool:
        for told in pool.map(work, shares):
            yield from told


def _context() -> multiprocessing.context.BaseContext:
    """New processes that need not import everything again, where the system can make them."""
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if "fork" in methods else "spawn")


def _follow_pieces(
    address: Address,
    who: str,
    day: Day,
    tell: Callable[[Followed], Answer],
    pieces: Sequence[Span],
) -> list[Answer]:
    with opened(address, who=who) as store, store.reading() as connection, undisturbed():
        return [
            tell(follow(timeline, day.profile, day.as_of))
            for piece in pieces
            for timeline in read_timelines(connection, piece)
        ]


@contextmanager
def undisturbed() -> Iterator[None]:
    """No looking for circles among values that have none: it takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
