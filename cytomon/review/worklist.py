"""Which tubes a person should look at first: the doubtful ones whose verdict matters most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from heapq import nsmallest

from cytomon.model.course import VERDICTS
from cytomon.review.doubts import Weight, weigh
from cytomon.review.reasons import reasons_of
from cytomon.store.find import find_patient
from cytomon.store.session import Store
from cytomon.store.timelines import Span, spans
from cytomon.store.waiting import Waiting, read_number, read_waiting

_AT_ONCE = 500
"""Patients read together."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """Tubes that wait for a person, the weightiest first.

    Attributes
    ----------
    items : tuple of Item
        In order.
    left_out : int
        How many more wait, behind the last of them.
    """

    items: tuple[Item, ...]
    left_out: int = 0


def read_worklist(
    store: Store, *, doubtful: bool = False, patient_id: str = "", most: int = 2000
) -> Worklist:
    """What waits for a person.

    Parameters
    ----------
    store : Store
        The store.
    doubtful : bool, optional
        Whether tubes of which nothing is doubtful are left out.
    patient_id : str, optional
        Only what is one patient's.
    most : int, optional
        How many items at most.

    Returns
    -------
    Worklist
        The same store gives the same list: by doubt times consequence, then the newest day first,
        then by names.

    Raises
    ------
    InputError
        If the store knows no such patient, or cannot be read.
    """
    first: list[_Weighed] = []
    n_waiting = 0
    with store.reading() as connection:
        if patient_id:
            number = find_patient(connection, patient_id).thing
            pieces = [Span(first=number, last=number)]
        else:
            pieces = spans(connection, size=_AT_ONCE)
        for piece in pieces:
            weighed = [(weigh(tube), tube) for tube in read_waiting(connection, piece)]
            wanted = [one for one in weighed if one[0].doubt or not doubtful]
            n_waiting += len(wanted)
            first = nsmallest(most, (*first, *wanted), key=_place)
        # what only words need is read of those that are shown
        borderline = [tube.result for weight, tube in first if _is_borderline(weight)]
        limits = read_number(connection, borderline, "limits", "threshold")
    items = [_item(weight, tube, limits.get(tube.result)) for weight, tube in first]
    return Worklist(items=tuple(items), left_out=n_waiting - len(items))


_Weighed = tuple[Weight, Waiting]


def _is_borderline(weight: Weight) -> bool:
    return any(one.key.startswith("borderline") for one in weight.doubts)


def _item(weight: Weight, waiting: Waiting, threshold: float | None) -> Item:
    statuses = {quantity: one.status for quantity, one in waiting.answers.items()}
    return Item(
        patient_id=waiting.patient_id,
        specimen_id=waiting.specimen_id,
        specimen_type=waiting.specimen_type,
        collected_on=waiting.collected_on,
        specimen=waiting.specimen,
        result=waiting.result,
        file=waiting.file,
        statuses={quantity: statuses[quantity] for quantity in VERDICTS if quantity in statuses},
        doubt=weight.doubt,
        consequence=weight.consequence,
        reasons=reasons_of(waiting, weight.doubts, threshold),
    )


def _place(weighed: _Weighed) -> tuple[object, ...]:
    """A total order: numbers of results tell even two tubes of one name apart."""
    weight, one = weighed
    day = one.collected_on.toordinal() if one.collected_on else 0
    names = (one.patient_id, one.specimen_id, one.specimen_type, one.file)
    return (-weight.doubt * weight.consequence, -day, *names, one.result)
