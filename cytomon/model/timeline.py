"""A patient's course as it counts now: what the states and flags are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cytomon.model.course import Acknowledgement
from cytomon.model.record import ClinicalEvent


class Answer(NamedTuple):
    """The measurement of one quantity that counts for a specimen, and how it came to be.

    A tuple and not a dataclass: a worklist holds millions of them.

    Attributes
    ----------
    quantity : str
        Code of the catalogue.
    numerator, denominator : int or None
        Counts behind the fraction.
    value, low, high : float or None
        Fraction with its two-sided 95 % interval; None where it is not evaluable.
    lod : float or None
        Limit of detection reached, as a fraction.
    status : str
        As in `cytomon.model.results`.
    qualifiers : str
        Codes, separated by ``;``.
    template : str
        What it was measured with; empty where that is not known.
    state : str
        `cytomon.model.course.State`.
    """

    quantity: str
    numerator: int | None
    denominator: int | None
    value: float | None
    low: float | None
    high: float | None
    lod: float | None
    status: str
    qualifiers: str
    template: str = ""
    state: str = "automatic"

    def says(self, qualifier: str) -> bool:
        """Whether it carries a qualifier."""
        return qualifier in self.qualifiers and qualifier in self.qualifiers.split(";")


class Dispute(NamedTuple):
    """A signed answer, and a newer one on the other side of its question that is not signed."""

    signed: Answer
    found: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A specimen with what counts of it.

    Attributes
    ----------
    specimen_id, specimen_type : str
        As in its list.
    on : date
        Day of collection.
    answers : mapping of str to Answer
        By quantity.
    cd19_clone, cd22_clone : str
        Antibody clones; empty when not recorded.
    templates : frozenset of str
        Of all its results, where they name one.
    duplicate : bool
        Whether another specimen has a tube of the same bytes.
    moved : bool
        Whether one of its answers was measured for another specimen, before its tube came here.
    disputes : tuple of Dispute
        Signed answers that a newer result contradicts.
    """

    specimen_id: str
    specimen_type: str
    on: date
    answers: Mapping[str, Answer]
    cd19_clone: str = ""
    cd22_clone: str = ""
    templates: frozenset[str] = frozenset()
    duplicate: bool = False
    moved: bool = False
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One patient.

    Attributes
    ----------
    patient_id, genotype, product, sex : str
        Pseudonym, genotype of the leukaemia, what was infused, and sex; empty where not recorded.
    birth_year : int or None
        Likewise.
    day0 : date or None
        Day of the index infusion.
    samples : tuple of Sample
        By day, type and name: never by the order in which they arrived.
    events : tuple of ClinicalEvent
        By day, kind and value, likewise.
    acknowledgements : tuple of Acknowledgement
        In the order in which they were given.
    """

    patient_id: str
    genotype: str = ""
    product: str = ""
    sex: str = ""
    birth_year: int | None = None
    day0: date | None = None
    samples: tuple[Sample, ...] = ()
    events: tuple[ClinicalEvent, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()


FOLLOWED = (
    "mrd",
    "b_fraction",
    "cd19_blasts",
    "cd22_blasts",
    "mrd_b_only",
    "hematogones",
    "stage0_progenitors",
    "immature_monocytes",
    "bridge",
    "cd34_cd33",
)
"""Quantities that states and flags look at."""
