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

from cytomon.store.address import Address
from cytomon.store.find import find_patient
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.timelines import Span, read_timelines, spans
from cytomon.store.touched import Entry, entries_that_changed
from cytomon.track.follow import Followed, follow
from cytomon.track.profile import Profile
from cytomon.track.trace import Changed, changes

if TYPE_CHECKING:
    from sqlalchemy import Connection

Told = TypeVar("Told")

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
        number = find_patient(connection, patient_id).thing
        (timeline,) = read_timelines(connection, Span(first=number, last=number))
    return follow(timeline, day.profile, day.as_of)


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


def trace_patient(store: Store, patient_id: str, day: Day) -> tuple[Step, ...]:
    """How corrections, newer results and signatures have changed the flags of a patient.

    Parameters
    ----------
    store, patient_id, day
        As for `follow_patient`.

    Returns
    -------
    tuple of Step
        In the order of the log; those that changed no flag are left out.
    """
    steps = []
    with store.reading() as connection:
        number = find_patient(connection, patient_id).thing
        for entry in entries_that_changed(connection, number):
            then, now = (
                _followed_at(connection, number, day, until)
                for until in (entry.number - 1, entry.number)
            )
            found = tuple(changes(then, now)) if then and now else ()
            if found:
                steps.append(Step(entry=entry, changed=found))
    return tuple(steps)


def _followed_at(connection: Connection, number: int, day: Day, until: int) -> Followed | None:
    span = Span(first=number, last=number, until=until)
    timelines = list(read_timelines(connection, span))
    return follow(timelines[0], day.profile, day.as_of) if timelines else None


def follow_all(
    address: Address,
    who: str,
    day: Day,
    tell: Callable[[Followed], Told],
    *,
    workers: int,
    pieces: Sequence[Span] | None = None,
) -> Iterator[Told]:
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
    tell: Callable[[Followed], Told],
    pieces: Sequence[Span],
) -> list[Told]:
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
