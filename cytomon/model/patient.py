"""Where a tube comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SpecimenType(StrEnum):
    """What was sampled."""

    MARROW = "marrow"
    BLOOD = "blood"
    CSF = "csf"


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
