"""What a course asks a person to look at, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from cytomon.model.course import Acknowledgement
from cytomon.model.timeline import Answer


class Urgency(IntEnum):
    """How soon a person should look at a flag (domain: 5.8); the higher, the sooner."""

    INFO = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """As in files."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact that a flag rests on.

    Attributes
    ----------
    on : date
        Its day.
    day : int or None
        Days after the infusion.
    what : str
        In words: where it comes from and what it says.
    answer : Answer or None
        The number with its interval, where there is one.
    """

    on: date
    day: int | None
    what: str
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something in a course that a person should look at; it proposes, and names no treatment.

    Attributes
    ----------
    rule : str
        A1 to A21.
    urgency : Urgency
        How soon.
    on : date
        Day on which the rule first held, or became more urgent.
    day : int or None
        Days after the infusion; None where there is no day 0.
    says : str
        One sentence.
    evidence : tuple of Evidence
        What it rests on; never empty.
    confirms : str
        What would confirm or refute it.
    subject : str
        What the rule speaks of, where it speaks of several things; else empty.
    open : bool
        Whether a person still has to answer it: not once it was acknowledged and the rule does
        not hold at the newest observation.
    acknowledged : tuple of Acknowledgement
        Who has seen it.
    suppressed : tuple of Evidence
        Later days on which it held likewise and was not raised again, and what it would have said.
    """

    rule: str
    urgency: Urgency
    on: date
    day: int | None
    says: str
    evidence: tuple[Evidence, ...]
    confirms: str
    subject: str = ""
    open: bool = True
    acknowledged: tuple[Acknowledgement, ...] = ()
    suppressed: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        if not self.evidence:
            msg = f"flag {self.rule} without evidence"
            raise ValueError(msg)
