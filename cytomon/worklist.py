"""The lists a laboratory hands over with its tubes: worklist, patients, events.

Each is read row by row. A row that cannot be used is refused by its line, with the reason; the
others stand. Refusals never repeat what identifies a patient.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from cytomon.errors import InputError
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType

MOST_BYTES = 200_000_000

# Days after a dose during which a drug hides an antigen from the antibody (domain: rulings, 10).
DRUG_WINDOWS: Mapping[str, tuple[str, int]] = {
    "blinatumomab": ("CD19", 90),
    "inotuzumab": ("CD22", 90),
    "inotuzumab ozogamicin": ("CD22", 90),
}

EventKind = Literal[
    "remission", "no_remission", "morphology", "fish", "fusion_pcr", "ngs", "car19_copies",
    "car22_copies", "alc", "transplant", "relapse", "relapse_extramedullary", "lineage_switch",
    "second_infusion", "drug", "second_malignancy", "death", "last_contact",
]  # fmt: skip


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Optional_date = Annotated[date | None, BeforeValidator(_empty_is_none)]
Name = Annotated[str, Field(max_length=200)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class WorklistRow(_Row):
    """One tube of a worklist; the columns of design section 6."""

    file: Annotated[str, Field(min_length=1, max_length=1000)]
    patient_id: Name
    specimen_id: Name
    collected_on: date
    specimen_type: SpecimenType
    template: Name = ""
    received_on: Optional_date = None
    pull: Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_empty_is_none)] = None
    cd19_clone: Name = ""
    cd22_clone: Name = ""
    instrument_qc: Literal["pass", "fail", ""] = ""
    viability: Annotated[float | None, BeforeValidator(_empty_is_none)] = None

    @field_validator("viability", mode="before")
    @classmethod
    def _fraction(cls, value: object) -> object:
        """Take 0.85 or "85 %"; a bare 85 may be either and is refused."""
        if not (isinstance(value, str) and value.endswith("%")):
            return value
        try:
            return float(value[:-1]) / 100
        except ValueError:
            return value

    @field_validator("viability")
    @classmethod
    def _within(cls, value: float | None) -> float | None:
        if value is not None and not 0 <= value <= 1:
            msg = "a fraction from 0 to 1 is needed; write 0.85 or 85 %"
            raise ValueError(msg)
        return value

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
    infusion_date: date
    product: Name
    birth_year: Annotated[int | None, BeforeValidator(_empty_is_none)] = None
    sex: Name = ""
    genotype: Name = ""


class EventRow(_Row):
    """One dated clinical event."""

    patient_id: Annotated[str, Field(min_length=1, max_length=200)]
    date: date
    event: EventKind
    value: Name = ""
    unit: Name = ""
    comment: str = ""


RowType = TypeVar("RowType", bound=_Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A row that cannot be used: what it named, and why."""

    file: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[RowType]):
    """Rows that can be used, each with its line, and the others with their reasons."""

    rows: tuple[tuple[int, RowType], ...]
    refused: tuple[Refusal, ...]


def read_worklist(path: Path) -> Table[WorklistRow]:
    """Read a worklist; see `read_rows`. A tube that is listed twice is refused the second time."""
    table = read_rows(path, WorklistRow)
    rows: list[tuple[int, WorklistRow]] = []
    refused = list(table.refused)
    lines: dict[str, int] = {}
    for line, row in table.rows:
        if row.file in lines:
            reason = f"the tube is listed in line {lines[row.file]} already"
            refused.append(Refusal(file=row.file, finding=row_refused(path, line, reason)))
            continue
        lines[row.file] = line
        rows.append((line, row))
    return Table(rows=tuple(rows), refused=tuple(refused))


def read_rows(path: Path, kind: type[RowType]) -> Table[RowType]:
    """Read a list of rows.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with a header.
    kind : type
        `WorklistRow`, `PatientRow` or `EventRow`.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the file cannot be opened, is no UTF-8 text, or its header lacks a column or has one
        that is not known.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        _check_header(path, header, kind)
        numbered = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(
            f"the file is not sound CSV: {error}",
            where=f"{path.name} line {reader.line_num}",
            fix="save the list as comma-separated UTF-8 text",
        ) from error
    rows: list[tuple[int, RowType]] = []
    refused: list[Refusal] = []
    for line, row in numbered:
        if None in row or None in row.values():
            finding = row_refused(path, line, "the number of cells differs from the header's")
            refused.append(Refusal(file=str(row.get("file") or ""), finding=finding))
            continue
        try:
            rows.append((line, kind.model_validate(row)))
        except ValidationError as error:
            reason = "; ".join(_reasons(error))
            finding = row_refused(path, line, reason)
            refused.append(Refusal(file=str(row.get("file") or ""), finding=finding))
    return Table(rows=tuple(rows), refused=tuple(refused))


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
        masked=tuple(sorted(set(_masked(row, events)))),
    )


def _masked(row: WorklistRow, events: Sequence[EventRow]) -> Iterator[str]:
    for event in events:
        if event.patient_id != row.patient_id or event.event != "drug":
            continue
        antigen, days = DRUG_WINDOWS.get(event.value.strip().lower(), ("", 0))
        if antigen and timedelta(0) < row.collected_on - event.date <= timedelta(days=days):
            yield antigen


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(
                f"the list is larger than {MOST_BYTES} bytes", where=path.name, fix="split it"
            )
        return content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"the list cannot be opened: {error.strerror}", where=path.name, fix="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"the list is not UTF-8 text (byte {error.start})",
            where=path.name,
            fix="save it as CSV UTF-8 in the spreadsheet program",
        ) from error


def _check_header(path: Path, header: Sequence[str], kind: type[_Row]) -> None:
    known = kind.model_fields
    missing = [n for n, field in known.items() if field.is_required() and n not in header]
    unknown = [name for name in header if name not in known]
    doubled = sorted({name for name in header if header.count(name) > 1})
    said = [
        *(f"the column {name!r} is missing" for name in missing),
        *(f"the column {name!r} is not known{_near(name, known)}" for name in unknown),
        *(f"the column {name!r} is there twice" for name in doubled),
    ]
    if said:
        raise InputError(
            "; ".join(said),
            where=f"{path.name} line 1",
            fix=f"the columns are {', '.join(known)}",
        )


def _near(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _reasons(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        column = item["loc"][0] if item["loc"] else "row"
        yield f"{column}: {item['msg'].removeprefix('Value error, ')}"


def row_refused(path: Path, line: int, reason: str) -> Finding:
    """The finding of a row that cannot be used."""
    return Finding(
        code="ROW_REFUSED",
        severity=Severity.ERROR,
        what=f"the row cannot be used: {reason}",
        where=f"{path.name} line {line}",
        fix="correct the row and run again; finished tubes are not measured twice",
    )
