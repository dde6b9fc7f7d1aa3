"""Lists in CSV that people write, read row by row.

A row that cannot be used is refused by its line, with the reason; the others stand. Refusals never
repeat what a cell holds, save the name of a file: a cell may identify a patient.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cytomon.errors import InputError
from cytomon.model.findings import Finding, Severity

MOST_BYTES = 50_000_000
MOST_ROWS = 100_000
MOST_REFUSED = 10_000
"""From here on it is another list, and telling each row helps nobody."""
MOST_COLUMNS = 100
_RUN_AGAIN = "correct the row and run again; finished tubes are not measured twice"
_SEPARATORS = {";": "semicolons", "\t": "tabs"}

RowType = TypeVar("RowType", bound=BaseModel)


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


def read_rows(path: Path, kind: type[RowType]) -> Table[RowType]:
    """Read a list of rows.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with a header.
    kind : type
        A model of `cytomon.worklist`; its fields are the columns.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the file cannot be opened, is no UTF-8 text, has more rows than can be held, or its
        header lacks a column or has one that is not known.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        fields = kind.model_fields
        check_header(path, header, {name: fields[name].is_required() for name in fields})
        return _sorted_out(path, reader, kind)
    except csv.Error as error:
        raise InputError(
            f"the file is not sound CSV: {error}",
            where=f"{path.name} line {reader.line_num}",
            fix="save the list as comma-separated UTF-8 text",
        ) from error


def _sorted_out(path: Path, reader: csv.DictReader[str], kind: type[RowType]) -> Table[RowType]:
    rows: list[tuple[int, RowType]] = []
    refused: list[Refusal] = []
    for row in filter(_says_something, reader):
        line = reader.line_num
        try:
            if None in row or None in row.values():
                # no cell can be trusted to be the file's name: it may be a person's
                finding = row_refused(path, line, "the number of cells differs from the header's")
                refused.append(Refusal(file="", finding=finding))
            else:
                cells = {name: cell.strip() for name, cell in row.items()}
                rows.append((line, kind.model_validate(cells)))
        except ValidationError as error:
            finding = row_refused(path, line, "; ".join(_reasons(error)))
            refused.append(Refusal(file=str(row.get("file") or ""), finding=finding))
        _refuse_endless(path, len(rows), len(refused))
    return Table(rows=tuple(rows), refused=tuple(refused))


def _refuse_endless(path: Path, rows: int, refused: int) -> None:
    if rows > MOST_ROWS:
        what = f"the list has more than {MOST_ROWS} rows"
        raise InputError(what, where=path.name, fix="split it")
    if refused > MOST_REFUSED:
        what = f"more than {MOST_REFUSED} rows of the list cannot be used"
        raise InputError(what, where=path.name, fix="see that it is the list that was meant")


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


def _says_something(row: Mapping[str, object]) -> bool:
    """Whether any cell is filled; spreadsheets leave rows of commas behind."""
    return any(not isinstance(cell, str) or cell.strip() for cell in row.values())


def check_header(path: Path, header: Sequence[str], known: Mapping[str, bool]) -> None:
    """Refuse a header that lacks a column, or has one that is not known.

    Parameters
    ----------
    path : Path
        Of the list.
    header : sequence of str
        As it stands in line 1.
    known : mapping of str to bool
        Columns, and whether each must be there.

    Raises
    ------
    InputError
        With all that is wrong.
    """
    said = list(_wrong_in_header(header, known))
    if said:
        raise InputError(
            "; ".join(said),
            where=f"{path.name} line 1",
            fix=f"the columns are {', '.join(known)}, separated by commas",
        )


def _wrong_in_header(header: Sequence[str], known: Mapping[str, bool]) -> Iterator[str]:
    if not set(header) & set(known) or len(header) > MOST_COLUMNS:
        # the line may be a row of a list without header: it may name a person
        found = [
            name for mark, name in _SEPARATORS.items() if len(header) == 1 and mark in header[0]
        ]
        yield "line 1 does not hold the names of the columns" + "".join(
            f"; it is separated by {name}, not by commas" for name in found
        )
        return
    for name, needed in known.items():
        if needed and name not in header:
            yield f"the column {name!r} is missing"
    for number, name in enumerate(header, start=1):
        if name not in known:
            yield f"{unknown_column(number, name, known)} is not known{_near(name, known)}"
    for name in sorted({name for name in header if header.count(name) > 1 and name in known}):
        yield f"the column {name!r} is there twice"


def unknown_column(number: int, name: str, known: Iterable[str]) -> str:
    """How a column is called that is not known: by its name only where that is a near miss.

    Anything may stand there that was to stand below, such as the name of a person.
    """
    return f"the column {name!r}" if get_close_matches(name, known) else f"column {number}"


def _near(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _reasons(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        column = item["loc"][0] if item["loc"] else "row"
        yield f"{column}: {item['msg'].removeprefix('Value error, ')}"


def row_refused(path: Path, line: int | str, reason: str, *, fix: str = _RUN_AGAIN) -> Finding:
    """The finding of a row that cannot be used."""
    return Finding(
        code="ROW_REFUSED",
        severity=Severity.ERROR,
        what=f"the row cannot be used: {reason}",
        where=f"{path.name} line {line}",
        fix=fix,
    )
