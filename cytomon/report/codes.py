"""Which codes name things in files for other systems: cytomon's own list, and a laboratory's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from cytomon.errors import InputError
from cytomon.lists import read_rows
from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.patient import SpecimenType
from cytomon.worklist import EventKind

LOINC = "http://loinc.org"
LOCAL = "urn:cytomon:"
"""How the systems of cytomon's own codes begin."""
QUANTITIES = tuple(row.code for row in CATALOGUE)
EVENTS: tuple[str, ...] = get_args(EventKind)
REPORT, SPECIMEN, INFUSION = "report", "specimen", "infusion"
NAMES = (REPORT, SPECIMEN, *QUANTITIES, INFUSION, *EVENTS)
"""All that a code can be given to."""

_FIRST = 5
_SYSTEM = re.compile(r"(https?://|urn:)\S+")
_CODE = re.compile(r"\S+( \S+)*")
_LOINC_CODE = re.compile(r"[1-9][0-9]{0,6}-[0-9]")

Cell = Annotated[str, Field(max_length=300)]


@dataclass(frozen=True, slots=True)
class Coding:
    """A code, and where it comes from.

    Attributes
    ----------
    system : str
        Address of the code system.
    code : str
        In that system.
    display : str
        In words, as the system says it; may be empty.
    """

    system: str
    code: str
    display: str = ""


Given = Mapping[tuple[str, str], Coding]
"""What a code is given to, and in which type of specimen (empty for any), to the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Codes by what they name.

    Attributes
    ----------
    own : mapping of (str, str) to Coding
        The laboratory's.
    shipped : mapping of (str, str) to Coding
        Those that come with cytomon.
    """

    own: Given
    shipped: Given

    def of(self, named: str, specimen_type: str = "") -> tuple[Coding, ...]:
        """Codes of a quantity, an event, a type of specimen or the report.

        Parameters
        ----------
        named : str
            One of `NAMES`; another one gets a local code of its own name.
        specimen_type : str, optional
            A row for this type goes before a row for any.

        Returns
        -------
        tuple of Coding
            The laboratory's own first. A local code of cytomon stays beside it, so that what was
            measured is still told; an official one of ours does not.

        Examples
        --------
        >>> read_codes(None).of("b_fraction", "blood")[0].system
        'urn:cytomon:quantity'
        """
        shipped = _pick(self.shipped, named, specimen_type)
        shipped = shipped or Coding(f"{LOCAL}quantity", named)
        own = _pick(self.own, named, specimen_type)
        if own is None or own == shipped:
            return (shipped,)
        return (own, shipped) if shipped.system.startswith(LOCAL) else (own,)


def _pick(given: Given, named: str, specimen_type: str) -> Coding | None:
    return given.get((named, specimen_type)) or given.get((named, ""))


def loinc_check_digit(number: str) -> int:
    """Last digit of a LOINC code.

    Parameters
    ----------
    number : str
        The digits before the hyphen.

    Returns
    -------
    int

    References
    ----------
    LOINC Users' Guide, "Calculating Mod 10 Check Digits".

    Examples
    --------
    >>> loinc_check_digit("12345")
    5
    """
    doubled = str(2 * int(number[::-1][::2][::-1]))
    return -sum(map(int, doubled + number[::-1][1::2])) % 10


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class CodeRow(BaseModel):
    """One row of a list of codes."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    quantity: Cell
    specimen_type: Annotated[Cell, BeforeValidator(_lower)] = ""
    system: Cell
    code: Cell
    display: Cell = ""

    @field_validator("quantity")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in NAMES:
            near = get_close_matches(value, NAMES) or (REPORT, SPECIMEN, "mrd", "b_fraction")
            msg = f"nothing is called that; did you mean {', '.join(near)}?"
            raise ValueError(msg)
        return value

    @field_validator("specimen_type")
    @classmethod
    def _fits_type(cls, value: str, info: ValidationInfo) -> str:
        quantity = info.data.get("quantity", "")
        if value and value not in set(SpecimenType):
            msg = f"{', '.join(SpecimenType)}, or nothing for any, is needed"
        elif quantity == SPECIMEN and not value:
            msg = f"a code of {SPECIMEN!r} names the type that it is for"
        elif value and quantity not in (SPECIMEN, *QUANTITIES):
            msg = f"{quantity!r} is of no specimen; leave the cell empty"
        else:
            return value
        raise ValueError(msg)

    @field_validator("system")
    @classmethod
    def _address(cls, value: str) -> str:
        if not _SYSTEM.fullmatch(value) or not value.isprintable():
            msg = f"the address of a code system, as {LOINC} or urn:oid:..., is needed"
            raise ValueError(msg)
        if "loinc.org" in value and value != LOINC:
            msg = f"the system of LOINC is written {LOINC}"
            raise ValueError(msg)
        return value

    @field_validator("code")
    @classmethod
    def _one_code(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("system") == LOINC and not _is_loinc(value):
            msg = "LOINC has no such code: its last digit does not fit the others"
            raise ValueError(msg)
        if not _CODE.fullmatch(value) or not value.isprintable():
            msg = "a code, with no more than one space between its parts, is needed"
            raise ValueError(msg)
        return value

    @field_validator("display")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            msg = "a character that cannot be shown, such as a line break"
            raise ValueError(msg)
        return value


def _is_loinc(code: str) -> bool:
    number, _, digit = code.partition("-")
    return bool(_LOINC_CODE.fullmatch(code)) and loinc_check_digit(number) == int(digit)


def read_codes(path: Path | None) -> Codes:
    """Read the codes that come with cytomon, and a laboratory's own.

    Parameters
    ----------
    path : Path or None
        A CSV file ``quantity,specimen_type,system,code,display`` in UTF-8 with a header; None
        for no codes of one's own.

    Returns
    -------
    Codes

    Raises
    ------
    InputError
        If the file cannot be read, or has rows that cannot be used; they are named by their line.
    """
    with resources.as_file(resources.files("cytomon.report").joinpath("codes.csv")) as ours:
        shipped = _read(ours)
    return Codes(own=_read(path) if path else {}, shipped=shipped)


def _read(path: Path) -> Given:
    table = read_rows(path, CodeRow)
    faults = [f"{one.finding.where}: {one.finding.what}" for one in table.refused]
    given: dict[tuple[str, str], Coding] = {}
    for line, row in table.rows:
        key = (row.quantity, row.specimen_type)
        if key in given:
            faults.append(f"{path.name} line {line}: {row.quantity} has a code already")
        given[key] = Coding(row.system, row.code, row.display)
    if faults:
        raise _refused(path, faults)
    return given


def _refused(path: Path, faults: Sequence[str]) -> InputError:
    more = f" (and {len(faults) - _FIRST} more)" if len(faults) > _FIRST else ""
    return InputError(
        f"the list of codes has rows that cannot be used: {'; '.join(faults[:_FIRST])}{more}",
        where=path.name,
        fix="one row for each thing, with its system and code; the names are in the reference "
        "page on FHIR",
    )
