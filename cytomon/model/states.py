"""Where a course stands: the states of a patient on one day (domain: 5.3, 5.4, 5.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any


class RelapseLevel(StrEnum):
    """How far leukaemia has come back, lowest first (domain: 5.4, 5.9.1)."""

    NONE = ""
    MRD_DETECTED_LOW = "MRD_DETECTED_LOW"
    MRD_REAPPEARANCE = "MRD_REAPPEARANCE"
    MRD_RELAPSE_CONFIRMED = "MRD_RELAPSE_CONFIRMED"
    EXTRAMEDULLARY_RELAPSE = "EXTRAMEDULLARY_RELAPSE"
    MARROW_RELAPSE = "MARROW_RELAPSE"
    LINEAGE_SWITCH = "LINEAGE_SWITCH"


class Landmark(StrEnum):
    """B-cell aplasia at a landmark (domain: 5.3.5)."""

    PERSISTENT = "PERSISTENT"
    RECOVERED = "RECOVERED"
    UNKNOWN = "UNKNOWN"
    NOT_APPLICABLE = "NA"


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The states of one patient, in the columns of ``cytomon track --states``.

    Attributes
    ----------
    patient_id : str
        Pseudonym.
    bca_onset, recovery_trial, recovery_confirmed : date or None
        Of B-cell aplasia, and of recovery by a single specimen and by the confirmed definition.
    recovery_left, recovery_right : date or None
        B cells came back after the one and not later than the other.
    bca_2m, bca_3m, bca_4m, bca_6m : Landmark
        At days 61, 91, 122 and 183.
    bca_ge_6m : bool
        Aplasia documented at day 183 or later.
    relapse_level : RelapseLevel
        The highest that was ever reached.
    relapse_date : date or None
        When it first was.
    relapse_phenotype : str
        Such as ``CD19-/CD22+``; ``unknown``, or empty below a relapse.
    car19_lost, car22_lost : date or None
        When the transgene had gone.
    """

    patient_id: str
    bca_onset: date | None = None
    recovery_trial: date | None = None
    recovery_confirmed: date | None = None
    recovery_left: date | None = None
    recovery_right: date | None = None
    bca_2m: Landmark = Landmark.UNKNOWN
    bca_3m: Landmark = Landmark.UNKNOWN
    bca_4m: Landmark = Landmark.UNKNOWN
    bca_6m: Landmark = Landmark.UNKNOWN
    bca_ge_6m: bool = False
    relapse_level: RelapseLevel = RelapseLevel.NONE
    relapse_date: date | None = None
    relapse_phenotype: str = ""
    car19_lost: date | None = None
    car22_lost: date | None = None

    def row(self) -> dict[str, str]:
        """Cells of a file, by column."""
        return {one.name: _cell(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def of_row(cls, cells: Sequence[str]) -> States:
        """From the cells of a row, in the order of the fields."""
        names = [one.name for one in fields(cls)]
        values: dict[str, Any] = {n: _value(n, c) for n, c in zip(names, cells, strict=True)}
        return cls(**values)


_KINDS: dict[str, Any] = {
    "patient_id": str,
    "relapse_phenotype": str,
    "bca_ge_6m": lambda cell: cell == "YES",
    "relapse_level": RelapseLevel,
    **dict.fromkeys(("bca_2m", "bca_3m", "bca_4m", "bca_6m"), Landmark),
}


def _value(name: str, cell: str) -> object:
    if name in _KINDS:
        return _KINDS[name](cell)
    return date.fromisoformat(cell) if cell else None


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "YES" if value else "NO"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
