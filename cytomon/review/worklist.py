"""Which tubes a person should look at first: the doubtful ones whose verdict matters most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One tube that waits for a person.

    Attributes
    ----------
    patient_id, specimen_id, specimen_type : str
        Whose, which and what.
    collected_on : date or None
        Day of collection.
    specimen, result : int
        Numbers in the store.
    file : str
        Name of the tube.
    statuses : mapping of str to str
        Quantity to status, of the verdicts that the tube has.
    doubt, consequence : float
        How unsure the verdict is, from 0, and how much hangs on it, from 1.
    reasons : tuple of str
        Why, in words, the weightiest first; empty where nothing is doubtful.
    """

    patient_id: str
    specimen_id: str
    specimen_type: str
    collected_on: date | None
    specimen: int
    result: int
    file: str
    statuses: Mapping[str, str] = field(default_factory=dict)
    doubt: float = 0.0
    consequence: float = 1.0
    reasons: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """What the list is ordered by."""
        return self.doubt * self.consequence
