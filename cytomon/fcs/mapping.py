"""A laboratory's own word on which detector holds which marker."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from cytomon.errors import InputError

_COLUMNS: Final = ("file", "detector", "marker", "fluorochrome")
_LARGEST: Final = 2**20
_MOST_ROWS: Final = 50_000
_FIRST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow:
    """One row of a mapping file.

    Attributes
    ----------
    file : str
        POSIX path or name of the only file that the row is for; empty for every file.
    detector : str
        ``$PnN``.
    marker, fluorochrome : str
        What it holds; the fluorochrome may be empty.
    """

    file: str
    detector: str
    marker: str
    fluorochrome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelMapping:
    """A mapping file.

    Attributes
    ----------
    rows : tuple of MappingRow
        In file order.
    """

    rows: tuple[MappingRow, ...]

    def for_file(self, file: str) -> dict[str, tuple[str, str]]:
        """Select what holds for one file; rows that name it go before rows for every file.

        Parameters
        ----------
        file : str
            POSIX path or name, with ``#n`` for a data set.

        Returns
        -------
        dict of str to (str, str)
            Detector to marker and fluorochrome, as `cytomon.fcs.panel.match_panel` takes it.
        """
        found = {}
        for own in (False, True):
            for row in self.rows:
                if bool(row.file) is own and (not own or _is_file(row.file, file)):
                    found[row.detector] = (row.marker, row.fluorochrome)
        return found


def read_mapping(path: str | Path) -> PanelMapping:
    """Read a mapping file: ``[file,]detector,marker[,fluorochrome]``, UTF-8 with a header row.

    Parameters
    ----------
    path : str or Path
        The CSV file.

    Returns
    -------
    PanelMapping
        Every row, checked.

    Raises
    ------
    InputError
        If the file cannot be read, has unknown or missing columns, or a row is incomplete or
        repeats a detector; rows are named by their line.
    """
    path = Path(path)
    lines = _lines(path)
    reader = csv.reader(lines, strict=True)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        _check_header(header, path.name)
        filled = ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
        numbered = list(islice(filled, _MOST_ROWS + 1))
    except csv.Error as error:
        what = f"the mapping is not a CSV file: line {reader.line_num} cannot be split"
        raise InputError(what, where=path.name, fix="write it as UTF-8 CSV with commas") from error
    if len(numbered) > _MOST_ROWS:
        what = f"the mapping has more than {_MOST_ROWS} rows"
        raise InputError(what, where=path.name, fix="write one row for each detector")
    return PanelMapping(rows=_checked(numbered, header, path.name))


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _LARGEST:
            what = "the mapping file is larger than a mapping can be"
            raise InputError(what, where=path.name, fix="name the CSV file with the mapping")
        return path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        what = "the mapping file cannot be read as UTF-8 text"
        raise InputError(what, where=path.name, fix="check the path and the encoding") from error


def _check_header(header: list[str], name: str) -> None:
    unknown = [number for number, column in enumerate(header, 1) if column not in _COLUMNS]
    missing = [column for column in ("detector", "marker") if column not in header]
    if not (unknown or missing) and len(set(header)) == len(header):
        return
    # by its number: anything may stand there that was to stand below, such as somebody's name
    faults = [f"column {number} is not known" for number in unknown[:_FIRST]]
    faults += [f"missing {column!r}" for column in missing]
    what = f"the columns of the mapping are wrong: {', '.join(faults) or 'one stands twice'}"
    raise InputError(what, where=f"{name}, line 1", fix="[file,]detector,marker[,fluorochrome]")


def _checked(
    numbered: list[tuple[int, list[str]]], header: list[str], name: str
) -> tuple[MappingRow, ...]:
    rows, faults = [], []
    seen: dict[tuple[str, str], int] = {}
    for line, cells in numbered:
        values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        row = MappingRow(**{column: values.get(column, "") for column in _COLUMNS})
        if len(cells) != len(header):
            faults.append(f"line {line} has {len(cells)} cells, expected {len(header)}")
        elif not row.detector or not row.marker:
            faults.append(f"line {line} lacks a detector or a marker")
        elif (row.file, row.detector) in seen:
            faults.append(
                f"line {line} repeats the detector of line {seen[row.file, row.detector]}"
            )
        seen.setdefault((row.file, row.detector), line)
        rows.append(row)
    if faults:
        more = f" (and {len(faults) - _FIRST} more)" if len(faults) > _FIRST else ""
        what = "the mapping has rows that cannot be used: " + "; ".join(faults[:_FIRST]) + more
        raise InputError(what, where=name, fix="one row for each detector, with its marker")
    return tuple(rows)


def _is_file(wanted: str, file: str) -> bool:
    return file == wanted or file.endswith("/" + wanted)
