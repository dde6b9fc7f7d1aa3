"""What is put into a store, and how it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cytomon.model.patient import Specimen
from cytomon.model.travel import packed

MeasuredRow = tuple[
    str, int | None, int | None, float | None, float | None, float | None, float | None,
    float | None, str, str,
]  # fmt: skip
"""Quantity, numerator, denominator, value, ends of its interval, lod, loq, status, qualifiers."""

CountedRow = tuple[str, int, int]
"""Path of a gate, events inside, and inside its parent."""

SaidRow = tuple[str, str, str, str, str]
"""Code of a finding, severity, what, where, fix."""


class Source(StrEnum):
    """Where a result comes from."""

    BATCH = "batch"
    IMPORT = "import"
    REVIEW = "review"


class Kind(StrEnum):
    """What a result is of: a file, all tubes of a specimen together, or nothing that was named."""

    FILE = "file"
    POOLED = "pooled"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient, by the laboratory's pseudonym; what is not recorded is empty or None."""

    patient_id: str
    birth_year: int | None = None
    sex: str = ""
    genotype: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Infusion:
    """The index infusion: its day is day 0."""

    infused_on: date
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicalEvent:
    """A dated event of a patient, as its list says it."""

    patient_id: str
    on: date
    event: str
    value: str = ""
    unit: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewResult:
    """What one tube, or one specimen, said.

    Attributes
    ----------
    specimen : Specimen or None
        Whose it is; None where nobody said.
    file, sha256 : str
        The tube; empty for a row that stands for a specimen, or was measured elsewhere.
    source : Source
        Where it comes from.
    external : bool
        Whether another program has measured it.
    template, template_version, template_sha256 : str
        What it was measured with.
    engine, cytomon, analysis : str
        Who decided membership, which version measured, and the hash of all inputs.
    measurements : tuple of MeasuredRow
        By quantity.
    populations : tuple of CountedRow
        In the template's order.
    findings : tuple of SaidRow
        In order.
    gates : str
        Each number of each gate, as JSON; empty where there are none.
    details : str
        The numbers behind the statuses, as JSON.
    content : str
        Hash of measurements, populations, gates and findings (`cytomon.store.chain`), where it was
        computed already.
    """

    specimen: Specimen | None
    file: str
    sha256: str
    source: Source
    measurements: tuple[MeasuredRow, ...]
    external: bool = False
    template: str = ""
    template_version: str = ""
    template_sha256: str = ""
    engine: str = ""
    cytomon: str = ""
    analysis: str = ""
    populations: tuple[CountedRow, ...] = ()
    findings: tuple[SaidRow, ...] = ()
    gates: str = ""
    details: str = ""
    content: str = ""

    @property
    def kind(self) -> Kind:
        """What it is of."""
        if self.file or self.sha256:
            return Kind.FILE
        return Kind.POOLED if "+" in self.template else Kind.UNNAMED

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes quickly."""
        return packed(self)


class How(StrEnum):
    """How something was taken."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one thing that was to be kept.

    Attributes
    ----------
    how : How
        `SAME` where it was there already, `CHANGED` where a new version stands before an old one.
    reason, fix : str
        Why it was refused, and what to do; else empty.
    """

    how: How
    reason: str = ""
    fix: str = ""


NEW, SAME, CHANGED = Taken(How.NEW), Taken(How.SAME), Taken(How.CHANGED)


def refused(reason: str, fix: str) -> Taken:
    """Not taken, with the reason and what to do."""
    return Taken(How.REFUSED, reason, fix)
