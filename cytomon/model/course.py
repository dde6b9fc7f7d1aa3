"""What the store knows of a patient, as it counts now and with how it came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from cytomon.model.findings import Finding
from cytomon.model.record import ClinicalEvent, Infusion, Kind, Patient, Source
from cytomon.model.results import AntigenCall, BCellStatus, Measurement, MrdStatus
from cytomon.model.reviewed import Reviewed


class State(StrEnum):
    """How far a result has come; of several the last one counts (domain: 0.1)."""

    AUTOMATIC = "automatic"
    REVIEWED = "reviewed"
    SIGNED = "signed"


RANK = {state: rank for rank, state in enumerate(State)}
"""The farther a result has come, the more it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature: who, when, and what it means.

    Attributes
    ----------
    by, at : str
        Name, and time in UTC.
    meaning : str
        `cytomon.model.people.Meaning`.
    stands : bool
        Whether it still holds: not when the tube has been given to another specimen since.
    needs : int
        How many persons have to sign before the result is.
    """

    by: str
    at: str
    meaning: str
    stands: bool
    needs: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptResult:
    """One result of one tube of a specimen.

    Attributes
    ----------
    number : int
        Of the result in the store.
    tube : int
        Of its tube.
    kind : Kind
        What it is of.
    file, sha256 : str
        The tube.
    source : Source
        Where it comes from.
    external : bool
        Whether another program has measured it.
    template, template_version, cytomon, engine : str
        What it was measured with, and who decided membership.
    analysis : str
        Hash of everything it depends on; empty where it was measured elsewhere.
    content : str
        Hash of its measurements, populations, gates and findings.
    saved_at, saved_by : str
        When it was kept, and by whom.
    state : State
        How far it has come.
    amended : bool
        Whether it stands in place of another one that was signed.
    signatures : tuple of Signed
        In order.
    measured_elsewhere : bool
        Whether it was measured for another specimen, from which its tube was moved here: what
        depends on the patient's days and drugs may be wrong until it is measured again.
    measurements : mapping of str to Measurement
        By quantity.
    """

    number: int
    tube: int
    kind: Kind
    file: str
    sha256: str
    source: Source
    external: bool
    template: str
    template_version: str
    cytomon: str
    engine: str
    analysis: str
    content: str
    saved_at: str
    saved_by: str
    state: State
    amended: bool
    signatures: tuple[Signed, ...]
    measured_elsewhere: bool
    measurements: Mapping[str, Measurement]

    def signed_by(self, meaning: str) -> frozenset[str]:
        """Who has signed it so, as far as their signatures stand."""
        said = self.signatures
        return frozenset(one.by for one in said if one.stands and one.meaning == meaning)

    @property
    def persons_needed(self) -> int:
        """How many persons have to approve it, as far as it is known."""
        return max((one.needs for one in self.signatures if one.stands), default=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptSpecimen:
    """A specimen and its results, oldest first.

    Attributes
    ----------
    number : int
        Of the specimen in the store.
    specimen_id, specimen_type : str
        As in its list.
    collected_on, received_on : date or None
        Days of collection and of receipt.
    pull : int or None
        Number of the marrow pull.
    cd19_clone, cd22_clone, instrument_qc : str
        As in the worklist; empty where not recorded.
    viability : float or None
        Viable fraction measured elsewhere.
    results : tuple of KeptResult
        Of all its tubes.
    standing : mapping of str to (KeptResult, Measurement)
        Quantity to the one that counts, and the result it belongs to.
    """

    number: int
    specimen_id: str
    specimen_type: str
    collected_on: date | None
    received_on: date | None
    pull: int | None
    cd19_clone: str
    cd22_clone: str
    instrument_qc: str
    viability: float | None
    results: tuple[KeptResult, ...]
    standing: Mapping[str, tuple[KeptResult, Measurement]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backing:
    """What stands behind the numbers of a result.

    Attributes
    ----------
    populations : mapping of str to int
        Path of a gate to its events.
    findings : tuple of Finding
        In order.
    details : mapping of str to Any
        As the batch kept them: ``details`` of each quantity, ``limits``, ``panel``,
        ``instrument``, ``acquired``; empty where it was measured elsewhere.
    reviews : tuple of Reviewed
        What was said of it, and the review that made it, in order.
    beside : int or None
        Of a result that a review made, the number of the automatic one that it stands beside.
    """

    populations: Mapping[str, int]
    findings: tuple[Finding, ...]
    details: Mapping[str, Any]
    reviews: tuple[Reviewed, ...]
    beside: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Something was given its right place; both courses show it.

    Attributes
    ----------
    at, by, why : str
        When, who and for what reason.
    what : str
        The tube or specimen.
    came_from, went_to : str
        ``patient/specimen``; empty where it belonged, or belongs, to nobody.
    """

    at: str
    by: str
    why: str
    what: str
    came_from: str
    went_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Somebody has seen a flag."""

    rule: str
    flagged_on: str
    at: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """Everything that is known of one patient.

    Attributes
    ----------
    patient : Patient
        Who it is.
    infusion : Infusion or None
        Day 0; None where nobody said.
    events : tuple of ClinicalEvent
        By date; withdrawn ones are left out.
    specimens : tuple of KeptSpecimen
        By day of collection.
    corrections : tuple of Correction
        In order.
    acknowledgements : tuple of Acknowledgement
        In order.
    reviews : tuple of Reviewed
        Every verdict on a result of a tube that is the patient's now, in order; also on results
        that count no longer.
    """

    patient: Patient
    infusion: Infusion | None
    events: tuple[ClinicalEvent, ...]
    specimens: tuple[KeptSpecimen, ...]
    corrections: tuple[Correction, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    reviews: tuple[Reviewed, ...] = ()


_SIDES: Mapping[str, str] = {
    MrdStatus.POSITIVE: "positive",
    MrdStatus.POSITIVE_BELOW_LOQ: "positive",
    MrdStatus.DETECTED_BELOW_THRESHOLD: "negative",
    MrdStatus.BELOW_LOD: "negative",
    MrdStatus.NOT_DETECTED: "negative",
    BCellStatus.APLASIA: "negative",
    BCellStatus.PROVISIONAL_APLASIA: "negative",
    BCellStatus.RECOVERED: "positive",
    BCellStatus.PROVISIONAL_RECOVERED: "positive",
}
_ANTIGEN_SIDES: Mapping[str, str] = {
    AntigenCall.NEGATIVE: "negative",
    AntigenCall.POSITIVE: "positive",
    AntigenCall.DIM: "positive",
    AntigenCall.PARTIAL: "positive",
}
RULES = tuple(f"A{number}" for number in range(1, 22))
"""Rules that may raise a flag (domain: 5.8)."""

VERDICTS = ("mrd", "b_fraction", "cd19_blasts", "cd22_blasts")
"""Quantities whose status answers one of the three questions."""


def side(quantity: str, status: str) -> str:
    """On which side of its question a status lies.

    Parameters
    ----------
    quantity : str
        One of `VERDICTS`.
    status : str
        Its status.

    Returns
    -------
    str
        ``positive`` (MRD at or above the threshold, antigen kept, B cells back), ``negative``, or
        ``no answer``.
    """
    sides = _ANTIGEN_SIDES if quantity.endswith("_blasts") else _SIDES
    return sides.get(status, "no answer")


def meaning(quantity: str, status: str) -> str:
    """What a status says of its question, finer than `side`: what a flag may hang on.

    Parameters
    ----------
    quantity : str
        One of `VERDICTS`.
    status : str
        Its status.

    Returns
    -------
    str
        An antigen call as it is; for MRD also ``detected low``; else as `side`.
    """
    lies = side(quantity, status)
    if quantity.endswith("_blasts") and lies != "no answer":
        return status
    return "detected low" if status == MrdStatus.DETECTED_BELOW_THRESHOLD else lies
