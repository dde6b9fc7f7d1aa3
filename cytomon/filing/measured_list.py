"""A list of measurements, read piece by piece: a file may be larger than the memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cytomon.errors import InputError
from cytomon.filing.blocks import BLOCK, Block, Blocks
from cytomon.filing.measured_row import (
    COLUMNS,
    MEASURED,
    SOURCE,
    RowError,
    read_measured,
    read_source,
)
from cytomon.filing.quick_rows import Quick, QuickRows
from cytomon.lists import Refusal, check_header, row_refused
from cytomon.model.patient import Specimen
from cytomon.model.record import MeasuredRow, NewResult, Source
from cytomon.store.chain import hash_content

_FIX = "correct the row and run again; rows that are kept already are not kept twice"
MOST_REFUSED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """Some rows of a list.

    Attributes
    ----------
    results : tuple of NewResult
        Rows of one tube and template together.
    lines : tuple of int
        Line of the first row of each.
    refused : tuple of Refusal
        Rows that cannot be used.
    """

    results: tuple[NewResult, ...]
    lines: tuple[int, ...]
    refused: tuple[Refusal, ...]


def read_pieces(path: Path, *, size: int = BLOCK) -> Iterator[Piece]:
    """Read a list of measurements.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with the columns of ``measurements.csv``.
    size : int, optional
        Bytes that are read at once; rows of one tube that follow each other stay together.

    Yields
    ------
    Piece

    Raises
    ------
    InputError
        If the file cannot be opened, its header lacks a column or has one that is not known, or
        more than `MOST_REFUSED` rows cannot be used.
    """
    try:
        with path.open("rb") as stream:
            blocks = Blocks(stream, size=size)
            reader = _Reader(path, blocks)
            while not blocks.is_done:
                yield reader.piece()
    except OSError as error:
        raise InputError(
            f"the list cannot be opened: {error.strerror}", where=path.name, fix="check the path"
        ) from error


class _Reader:
    """From blocks to pieces: quickly where a block is as programs write it, else row by row."""

    def __init__(self, path: Path, blocks: Blocks) -> None:
        self._path, self._blocks = path, blocks
        text = blocks.header.decode(errors="surrogateescape")
        try:
            self._header = [name.strip() for name in next(csv.reader([text]), [])]
        except csv.Error:
            self._header = []
        check_header(path, self._header, COLUMNS)
        self._at = {name: place for place, name in enumerate(self._header)}
        self._quick = QuickRows(self._header)
        self._room = MOST_REFUSED

    def piece(self) -> Piece:
        """The next rows."""
        block = self._blocks.take()
        quick = self._quick.read(block.content) if block.content else None
        piece = (self._together(block, quick) if quick else None) or self._one_by_one(block)
        self._room -= len(piece.refused)
        return piece

    def _together(self, block: Block, quick: Quick) -> Piece | None:
        """Rows that are known to be sound; None where a tube has one of them twice."""
        gathering = _Gathering(self._path, self._room)
        goes_on = not block.last and len(quick.starts) > 1
        ends = [*quick.starts[1:], len(quick.rows)]
        runs = list(zip(quick.starts, ends, quick.sources, strict=True))
        for start, end, source in runs[:-1] if goes_on else runs:
            if not gathering.take_all(block.line + start, source, quick.rows[start:end]):
                return None
        used = quick.starts[-1] if goes_on else len(quick.rows)
        tail = _last_lines(block.content, len(quick.rows) - used)
        self._blocks.used(used, tail=tail)
        return gathering.close()

    def _one_by_one(self, block: Block) -> Piece:
        """Each row on its own; what is wrong with it is said by its line."""
        gathering = _Gathering(self._path, self._room)
        rows = list(self._rows(block, gathering))
        lines = block.content.splitlines(keepends=True)
        last, used = len(rows), len(lines)
        if not block.last:
            starts = range(len(rows) - 1, 0, -1)
            last = next((start for start in starts if self._changes(rows, start)), len(rows))
            # the last tube may go on in the next block
            used = rows[last][0] - block.line if last < len(rows) else used
        self._blocks.used(used, tail=b"".join(lines[used:]))
        for line, _, cells in rows[:last]:
            self._take(gathering, line, cells)
        return gathering.close()

    def _rows(self, block: Block, gathering: _Gathering) -> Iterator[tuple[int, int, list[str]]]:
        """First line, last line and cells of each row."""
        # bytes that are no UTF-8 are refused where they stand
        text = block.content.decode(errors="surrogateescape")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        first = block.line
        while True:
            try:
                for cells in reader:
                    line = block.line + reader.line_num
                    yield first, line - 1, cells
                    first = line
                return
            except csv.Error as error:
                line = block.line + reader.line_num
                gathering.unsound(first, line - 1, str(error))
                first = line

    def _changes(self, rows: Sequence[tuple[int, int, list[str]]], start: int) -> bool:
        """Whether another tube begins with a row."""
        before, here = rows[start - 1][2], rows[start][2]
        return self._cells(before, SOURCE) != self._cells(here, SOURCE)

    def _take(self, gathering: _Gathering, line: int, cells: list[str]) -> None:
        if len(cells) != len(self._header):
            if any(cell.strip() for cell in cells):  # spreadsheets leave empty rows behind
                gathering.refuse(line, "the number of cells differs from the header's")
        elif any(cell.strip() for cell in cells):
            source = self._cells(cells, SOURCE)
            gathering.take(line, source, self._cells(cells, MEASURED))

    def _cells(self, cells: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
        places = (self._at.get(name, len(cells)) for name in names)
        return tuple(cells[place].strip() if place < len(cells) else "" for place in places)


def _last_lines(content: bytes, lines: int) -> bytes:
    """The last lines of a block, each of which ends with a line feed."""
    if not lines:
        return b""
    end = len(content) - 1
    for _ in range(lines):
        end = content.rfind(b"\n", 0, end)
    return content[end + 1 :]


@dataclass(slots=True)
class _Group:
    """Rows of one tube and template; without a source if that cannot be used."""

    line: int
    reason: str = ""
    source: tuple[Specimen, str, str, str] | None = None
    rows: dict[str, MeasuredRow] = field(default_factory=dict)


class _Gathering:
    """A piece that is being put together."""

    def __init__(self, path: Path, room: int) -> None:
        self._path, self._room = path, room
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._tubes: dict[object, _Group] = {}
        self._refused: list[Refusal] = []

    def take_all(self, line: int, source: tuple[str, ...], rows: Sequence[MeasuredRow]) -> bool:
        """Put sound rows to their tube; False where a row of theirs must be refused."""
        group = self._group(line, source)
        before = len(group.rows)
        group.rows.update({row[0]: row for row in rows})
        return group.source is not None and len(group.rows) == before + len(rows)

    def take(self, line: int, source: tuple[str, ...], cells: Sequence[str]) -> None:
        """Put a row to its tube, or refuse it."""
        group = self._group(line, source)
        try:
            if group.source is None:
                raise RowError(group.reason)
            row = read_measured(cells)
            if group.rows.setdefault(row[0], row) != row:
                raise RowError(f"{row[0]} stands in an earlier row with other numbers")
        except RowError as error:
            self.refuse(line, str(error))

    def refuse(self, line: int | str, reason: str) -> None:
        """Refuse a row by its line; what comes after too many is not looked at."""
        if len(self._refused) >= self._room:
            raise InputError(
                f"more than {MOST_REFUSED} rows of the list cannot be used",
                where=f"{self._path.name} line {line}",
                fix="see that it is the list that was meant; what came before this line is kept",
            )
        finding = row_refused(self._path, line, reason, fix=_FIX)
        self._refused.append(Refusal(file="", finding=finding))

    def unsound(self, first: int, last: int, error: str) -> None:
        """Refuse lines that are no CSV, such as those after a quotation mark left open."""
        lines = str(first) if last <= first else f"{first} to {last}"
        self.refuse(lines, f"not sound CSV ({error})")

    def close(self) -> Piece:
        """All that was gathered."""
        whole = [group for group in self._tubes.values() if group.rows]
        return Piece(
            results=tuple(_result(*group.source, group.rows) for group in whole if group.source),
            lines=tuple(group.line for group in whole),
            refused=tuple(self._refused),
        )

    def _group(self, line: int, source: tuple[str, ...]) -> _Group:
        group = self._groups.get(source)
        if group is None:
            # the same tube may be written in two ways: Marrow and marrow
            group = _group(line, source)
            group = self._groups[source] = self._tubes.setdefault(group.source or line, group)
        return group


def _group(line: int, source: Sequence[str]) -> _Group:
    try:
        return _Group(line=line, source=read_source(source))
    except RowError as error:
        return _Group(line=line, reason=str(error))


def _result(
    specimen: Specimen, file: str, sha256: str, template: str, rows: Mapping[str, MeasuredRow]
) -> NewResult:
    """A result, hashed here: another process may be writing meanwhile."""
    pooled = "+" in template
    measured = tuple(sorted(rows.values()))
    return NewResult(
        specimen=specimen,
        file=file,
        sha256=sha256,
        source=Source.IMPORT,
        external=not template or not ((file and sha256) or pooled),
        template=template,
        measurements=measured,
        content=hash_content(measured, (), (), ()),
    )
