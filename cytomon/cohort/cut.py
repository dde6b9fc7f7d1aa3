"""The data cut: which patients, known how far, judged by what, and a hash of all of it.

A store only grows. What stood in it after some entry of its log can be read again at any time, so a
cut that is named once gives the same bytes for good.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import cytomon
from cytomon.cohort.endpoints import Person, person_of
from cytomon.courses import TOGETHER, Day, follow_all
from cytomon.errors import InputError
from cytomon.store.address import Address
from cytomon.store.open import opened
from cytomon.store.timelines import spans
from cytomon.store.touched import head, head_at
from cytomon.track.follow import Followed
from cytomon.track.profile import Profile
from cytomon.track.rules.catalogue import VERSION

NAME = "cut.json"
_HEX = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NOT_INFUSED, NO_DAY0 = "infused later", "no infusion recorded"


class Cut(BaseModel):
    """What a cohort's figures rest on; ``cut.json``.

    Attributes
    ----------
    as_of : date
        What is dated later is left out.
    entry, entry_hash : int and str
        Entry of the store's log up to which it was read, and its hash.
    inputs : str
        SHA-256 of all that went in, the definitions among it.
    patients, simulated : int
        Patients with an infusion up to the day, and how many of them are simulated.
    left_out : dict of str to int
        Why others are not among them, and how many.
    profile : Profile
        The definitions.
    rules, cytomon : str
        Versions of the rules and of the program.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: date
    entry: Annotated[int, Field(ge=0)]
    entry_hash: str
    inputs: _HEX
    patients: Annotated[int, Field(ge=0)]
    simulated: Annotated[int, Field(ge=0)]
    left_out: dict[str, int]
    profile: Profile
    rules: str
    cytomon: str

    def text(self) -> str:
        """As it is written."""
        return json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A cut and its patients.

    Attributes
    ----------
    cut : Cut
        What it rests on.
    people : tuple of Person
        By pseudonym.
    """

    cut: Cut
    people: tuple[Person, ...]


class _Told(NamedTuple):
    """What a process sends back of one patient."""

    digest: str
    person: Person | None
    why_not: str


def take_cut(address: Address, who: str, day: Day, *, workers: int, entry: int | None) -> Taken:
    """Read a store as it stood after an entry of its log, up to a day.

    Parameters
    ----------
    address : Address
        Of the store.
    who : str
        Name of the person who reads.
    day : Day
        The day and the definitions.
    workers : int
        Processes.
    entry : int or None
        The entry; None for the newest.

    Raises
    ------
    InputError
        If the log has no such entry.
    """
    with opened(address, who=who) as store, store.reading() as connection:
        at = head(connection) if entry is None else head_at(connection, entry)
        pieces = [replace(one, until=at.number) for one in spans(connection, size=TOGETHER)]
    told = list(follow_all(address, who, day, _told, workers=workers, pieces=pieces))
    people = tuple(one.person for one in told if one.person is not None)
    cut = Cut(
        as_of=day.as_of,
        entry=at.number,
        entry_hash=at.hash,
        inputs=_sealed([*(one.digest for one in told), day.profile.model_dump_json()]),
        patients=len(people),
        simulated=sum(one.simulated for one in people),
        left_out=dict(sorted(Counter(one.why_not for one in told if one.why_not).items())),
        profile=day.profile,
        rules=VERSION,
        cytomon=cytomon.__version__,
    )
    by_name = sorted(people, key=lambda one: one.patient_id)
    return Taken(cut=cut, people=tuple(by_name))


def _told(followed: Followed) -> _Told:
    at = followed.known
    person = person_of(followed)
    why = "" if person else NO_DAY0 if at is None else NOT_INFUSED
    return _Told(_digest(followed), person, why)


def _digest(followed: Followed) -> str:
    """Hash of all that a patient brings in, up to the day."""
    timeline, until = followed.timeline, followed.as_of
    samples = [
        (one.specimen_id, one.specimen_type, one.on.isoformat(), sorted(one.answers.values()))
        for one in timeline.samples
        if one.on <= until
    ]
    events = [
        (one.on.isoformat(), one.event, one.value, one.unit)
        for one in timeline.events
        if one.on <= until
    ]
    whole = (
        timeline.patient_id, timeline.genotype, timeline.product, timeline.sex,
        timeline.birth_year, str(timeline.day0), samples, events,
    )  # fmt: skip
    return hashlib.sha256(repr(whole).encode()).hexdigest()


def _sealed(digests: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def read_cut(path: Path) -> Cut:
    """A cut that was taken before.

    Raises
    ------
    InputError
        If the file is none.
    """
    try:
        return Cut.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(
            "this is no data cut of cytomon",
            where=path.name,
            fix=f"name the {NAME} that a cohort was written with",
        ) from error


def refuse_other(cut: Cut, found: Cut) -> None:
    """Refuse to call a cut the same that is another one.

    Raises
    ------
    InputError
        If the store has another log, or other things went in.
    """
    if (cut.entry, cut.entry_hash) != (found.entry, found.entry_hash):
        raise InputError(
            f"entry {cut.entry} of this store's log is not the one of the cut",
            where="--cut",
            fix="name the store that the cut was taken from; cytomon audit verify checks it",
        )
    if cut.inputs != found.inputs:
        raise InputError(
            "what goes in is not what went in then",
            where="--cut",
            fix=f"leave the file as cytomon {cut.cytomon} (rules {cut.rules}) wrote it",
        )
