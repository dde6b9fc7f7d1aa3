"""The lists a laboratory hands over with its tubes: worklist, patients, events.

Each is read row by row. A row that cannot be used is refused by its line, with the reason; the
others stand. Refusals never repeat what identifies a patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from cytomon.model.drugs import depleting_drugs, near_drug
from cytomon.model.patient import Specimen, SpecimenType

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# Days after a dose during which a drug hides an antigen from the antibody (domain: rulings, 10).
DRUG_WINDOWS: Mapping[str, tuple[str, int]] = {
    "blinatumomab": ("CD19", 90),
    "inotuzumab": ("CD22", 90),
}

EventKind = Literal[
    "remission", "no_remission", "morphology", "fish", "fusion_pcr", "ngs", "car19_copies",
    "car22_copies", "alc", "transplant", "relapse", "relapse_extramedullary", "lineage_switch",
    "second_infusion", "drug", "second_malignancy", "death", "last_contact",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Form:
    """How the value of an event is written."""

    pattern: re.Pattern[str]
    words: str


_FRACTION = r"(0(\.[0-9]+)?|1(\.0+)?|[0-9](\.[0-9]+)?[eE]-[0-9]+)"
_PERCENT = r"(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)"
_SHARE = _Form(
    re.compile(rf"<?{_FRACTION}|<?{_PERCENT} ?%|positive|negative"),
    "a fraction as 0.02, a share as 2 %, one of these after <, or positive or negative",
)
_AMOUNT = _Form(
    re.compile(r"<?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"), "a number, or <number below the limit"
)
_VALUES: Mapping[str, _Form] = {
    "morphology": _Form(
        re.compile(rf"M[123]|{_PERCENT}( ?%)?"), "M1, M2, M3 or the blasts in percent"
    ),
    "fish": _SHARE,
    "fusion_pcr": _SHARE,
    "ngs": _SHARE,
    "car19_copies": _AMOUNT,
    "car22_copies": _AMOUNT,
    "alc": _AMOUNT,
    "drug": _Form(re.compile(r".*\w.*"), "the name of the drug"),
}


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _iso(value: object) -> object:
    """Nothing but 2026-02-09: 9/2/2026 may be two days, and 20260209 may be a number."""
    if isinstance(value, str) and value and not ISO_DAY.fullmatch(value):
        msg = "a date as 2026-02-09 (year-month-day) is needed"
        raise ValueError(msg)
    return value


def _fraction(value: object) -> object:
    """Take 0.85 or "85 %"; a bare 85 may be either and is refused."""
    if not isinstance(value, str) or value == "":
        return None if value == "" else value
    share = value.endswith("%")
    try:
        fraction = float(value.removesuffix("%")) / (100 if share else 1)
    except ValueError:
        fraction = -1.0
    if not 0 <= fraction <= 1:
        msg = "a fraction from 0 to 1 is needed; write 0.85 or 85 %"
        raise ValueError(msg)
    return fraction


Day = Annotated[date, BeforeValidator(_iso)]
OptionalDay = Annotated[date | None, BeforeValidator(_empty_is_none), BeforeValidator(_iso)]
Fraction = Annotated[float | None, BeforeValidator(_fraction)]
Name = Annotated[str, Field(max_length=200)]


_FREE = {"file", "comment"}
"""May hold what no terminal shows; all else is printed as it stands."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, cells: object) -> object:
        """Refuse what no database keeps, and what would look like another line of a log."""
        if isinstance(cells, dict):
            for name, cell in cells.items():
                shown = name in _FREE or not isinstance(cell, str) or cell.strip().isprintable()
                marks = "\0\x1f" if name == "comment" else "\0\x1f\r\n"
                if not shown or (isinstance(cell, str) and any(mark in cell for mark in marks)):
                    msg = f"{name}: a character that cannot be kept, such as a line break"
                    raise ValueError(msg)
        return cells


class WorklistRow(_Row):
    """One tube of a worklist; the columns of design section 6."""

    file: Annotated[str, Field(min_length=1, max_length=1000)]
    patient_id: Name
    specimen_id: Name
    collected_on: Day
    specimen_type: Annotated[SpecimenType, BeforeValidator(_lower)]
    template: Name = ""
    received_on: OptionalDay = None
    pull: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | None, BeforeValidator(_empty_is_none)
    ] = None
    cd19_clone: Name = ""
    cd22_clone: Name = ""
    instrument_qc: Annotated[Literal["pass", "fail", ""], BeforeValidator(_lower)] = ""
    viability: Fraction = None
    washed: Annotated[Literal["yes", "no", ""], BeforeValidator(_lower)] = ""

    @field_validator("received_on")
    @classmethod
    def _not_before(cls, value: date | None, info: object) -> date | None:
        collected = getattr(info, "data", {}).get("collected_on")
        if value is not None and collected is not None and value < collected:
            msg = "received before it was collected"
            raise ValueError(msg)
        return value


class PatientRow(_Row):
    """One patient: the day of the index infusion and what was infused."""

    patient_id: Annotated[str, Field(min_length=1, max_length=200)]
    infusion_date: Day
    product: Name
    birth_year: Annotated[
        Annotated[int, Field(ge=1900, le=2200)] | None, BeforeValidator(_empty_is_none)
    ] = None
    sex: Name = ""
    genotype: Name = ""


class EventRow(_Row):
    """One dated clinical event."""

    patient_id: Annotated[str, Field(min_length=1, max_length=200)]
    date: Day
    event: EventKind
    value: Name = ""
    unit: Name = ""
    comment: str = ""

    @model_validator(mode="after")
    def _usable_value(self) -> Self:
        """Refuse a value that nobody could use later: then it is not known what was meant."""
        form = _VALUES.get(self.event)
        if form is not None and not form.pattern.fullmatch(self.value):
            msg = f"value: {self.event} needs {form.words}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _known_drug(self) -> Self:
        """Refuse a slip of the pen: a drug that changes what is seen must not be passed over."""
        near = near_drug(self.value) if self.event == "drug" else ""
        if near:
            msg = f"the drug is not known; did you mean {near}?"
            raise ValueError(msg)
        return self


def specimen_of(
    row: WorklistRow, patients: Mapping[str, PatientRow], events: Sequence[EventRow]
) -> Specimen:
    """The specimen of a worklist row, with its day and the antigens that a drug may hide."""
    patient = patients.get(row.patient_id)
    day = (row.collected_on - patient.infusion_date).days if patient else None
    return Specimen(
        specimen_type=row.specimen_type,
        patient_id=row.patient_id,
        specimen_id=row.specimen_id,
        collected_on=row.collected_on,
        received_on=row.received_on,
        pull=row.pull,
        cd19_clone=row.cd19_clone,
        cd22_clone=row.cd22_clone,
        instrument_qc=row.instrument_qc,
        viability=row.viability,
        day=day,
        masked=masked_by(row.collected_on, _drugs(row.patient_id, events)),
        genotype=patient.genotype if patient else "",
    )


def masked_by(collected_on: date, drugs: Iterable[tuple[date, str]]) -> tuple[str, ...]:
    """Antigens that a drug may hide from the antibody, in alphabetical order.

    Parameters
    ----------
    collected_on : date
        Of the specimen.
    drugs : iterable of (date, str)
        Days on which drugs were given to the patient, and their names.
    """
    hidden = {
        antigen
        for given_on, drug in drugs
        for antigen, days in _hidden_by(drug)
        if timedelta(0) < collected_on - given_on <= timedelta(days=days)
    }
    return tuple(sorted(hidden))


def _drugs(patient_id: str, events: Sequence[EventRow]) -> Iterator[tuple[date, str]]:
    for event in events:
        if event.patient_id == patient_id and event.event == "drug":
            yield event.date, event.value


def _hidden_by(drug: str) -> Iterator[tuple[str, int]]:
    """Antigens and days of all drugs that a text names."""
    yield from (DRUG_WINDOWS[name] for name in depleting_drugs(drug) if name in DRUG_WINDOWS)
