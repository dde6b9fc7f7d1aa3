"""Where a tube comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cytomon.model.travel import packed


class SpecimenType(StrEnum):
    """What was sampled."""

    MARROW = "marrow"
    BLOOD = "blood"
    CSF = "csf"


INSTRUMENT_QC = ("pass", "fail", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One row of a worklist; empty ids where there is no worklist.

    Attributes
    ----------
    patient_id, specimen_id : str
        Pseudonyms of the laboratory; empty without a worklist.
    specimen_type : SpecimenType
        Marrow, blood or cerebrospinal fluid.
    collected_on, received_on : date or None
        Of collection and of receipt.
    pull : int or None
        Number of the marrow pull, from 1.
    cd19_clone, cd22_clone : str
        Antibody clones; empty when not recorded.
    instrument_qc : str
        ``pass``, ``fail`` or empty (not recorded).
    viability : float or None
        Viable fraction measured elsewhere, in [0, 1].
    day : int or None
        Days after the index infusion, where the patient's infusion date is known.
    masked : tuple of str
        Antigens that a recent drug may hide from the antibody (domain: drug windows).
    genotype : str
        Of the leukaemia, as the laboratory writes it; empty when not recorded.
    """

    specimen_type: SpecimenType
    patient_id: str = ""
    specimen_id: str = ""
    collected_on: date | None = None
    received_on: date | None = None
    pull: int | None = None
    cd19_clone: str = ""
    cd22_clone: str = ""
    instrument_qc: str = ""
    viability: float | None = None
    day: int | None = None
    masked: tuple[str, ...] = ()
    genotype: str = ""

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes quickly."""
        return packed(self)

    def __post_init__(self) -> None:
        """Take words for what they mean, and refuse what means nothing.

        Raises
        ------
        ValueError
            If `specimen_type` or `instrument_qc` is not a known word, `viability` is no fraction,
            or `pull` is below 1.
        TypeError
            If a date is not a `datetime.date`.
        """
        object.__setattr__(self, "specimen_type", SpecimenType(self.specimen_type))
        for name in ("collected_on", "received_on"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, date):
                msg = f"{name}={value!r}: expected a datetime.date"
                raise TypeError(msg)
        if self.instrument_qc not in INSTRUMENT_QC:
            msg = f"instrument_qc={self.instrument_qc!r}: expected 'pass', 'fail' or ''"
            raise ValueError(msg)
        if self.viability is not None and not 0 <= self.viability <= 1:
            msg = f"viability={self.viability!r}: expected a fraction in [0, 1]"
            raise ValueError(msg)
        if self.pull is not None and self.pull < 1:
            msg = f"pull={self.pull!r}: expected 1 or more"
            raise ValueError(msg)
        object.__setattr__(self, "masked", tuple(antigen.upper() for antigen in self.masked))
