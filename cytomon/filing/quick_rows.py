"""Rows of measurements in the form in which programs write them, many at once.

A list may hold millions of rows. Here columns are parsed and checked together; a block in which
anything is unusual is left to `cytomon.filing.measured_list`, which reads row by row and can say
what is wrong where. What is taken here would be taken there, with the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from cytomon.filing.blocks import has_plain_ends
from cytomon.filing.measured_row import (
    FOUND,
    MEASURED,
    MOST_EVENTS,
    ROUNDED,
    SOURCE,
    WITHOUT_VALUE,
    RowError,
    check_words,
)
from cytomon.model.record import MeasuredRow
from cytomon.model.results import MrdStatus

_COUNTS, _FRACTIONS = MEASURED[1:3], MEASURED[3:8]
_WORDS = ("quantity", "status", "qualifiers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """Rows of a block.

    Attributes
    ----------
    rows : list of MeasuredRow
        In order.
    starts : list of int
        Where another tube or template begins.
    sources : list of tuple of str
        The cells of `cytomon.filing.measured_row.SOURCE` from there on.
    """

    rows: list[MeasuredRow]
    starts: list[int]
    sources: list[tuple[str, ...]]


class QuickRows:
    """Reads blocks of a list with one header.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    """

    def __init__(self, header: Sequence[str]) -> None:
        text = pa.dictionary(pa.int32(), pa.string())
        types = dict.fromkeys(header, text)
        types |= {name: pa.int64() for name in _COUNTS if name in header}
        types |= {name: pa.float64() for name in _FRACTIONS if name in header}
        self._read = arrow_csv.ReadOptions(column_names=list(header))
        self._parse = arrow_csv.ParseOptions(quote_char=False, ignore_empty_lines=False)
        self._convert = arrow_csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=False
        )
        self._good: set[tuple[str, ...]] = set()

    def read(self, content: bytes) -> Quick | None:
        """Rows of a block, or None where any of them may be wrong."""
        if b'"' in content or b"\0" in content or not has_plain_ends(content):
            return None
        if b"0x" in content or b"0X" in content:  # arrow takes 0x3C for 60
            return None
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(content), self._read, self._parse, self._convert
            ).combine_chunks()
        except pa.ArrowInvalid:
            return None
        columns = _Columns(table)
        words = [columns.text(name) for name in _WORDS]
        if not (columns.are_clean() and self._know(set(zip(*words, strict=True)))):
            return None
        numbers = {name: columns.numbers(name) for name in (*_COUNTS, *_FRACTIONS)}
        if not (_are_sound(numbers, columns) and columns.have_no_nan(numbers)):
            return None
        cells = [_cells(name, column) for name, column in numbers.items()]
        rows = list(zip(words[0], *cells, *words[1:], strict=True))
        starts = columns.starts()
        return Quick(
            rows=cast("list[MeasuredRow]", rows), starts=starts, sources=columns.sources(starts)
        )

    def _know(self, words: set[tuple[str, ...]]) -> bool:
        for word in words - self._good:
            try:
                check_words(*word)
            except RowError:
                return False
            self._good.add(word)
        return True


class _Columns:
    """Columns of a parsed block; one that the list does not have is empty."""

    def __init__(self, table: Any) -> None:  # noqa: ANN401  (an arrow table has no types)
        self._table = table
        self._names = set(table.column_names)
        self._n = table.num_rows
        self._dictionaries: dict[str, tuple[list[str], NDArray[np.int32]]] = {}

    def text(self, name: str) -> list[str]:
        if name not in self._names:
            return [""] * self._n
        words, indices = self._dictionary(name)
        return [words[index] for index in indices.tolist()]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """As doubles, with NaN where a cell is empty."""
        if name not in self._names:
            return np.full(self._n, np.nan)
        found = self._chunk(name).to_numpy(zero_copy_only=False)
        return np.asarray(found, dtype=np.float64) + 0.0  # no database gives -0.0 back

    def among(self, name: str, some: set[Any]) -> NDArray[np.bool_]:
        """Where a word is one of some."""
        words, indices = self._dictionary(name)
        return np.array([word in some for word in words], dtype=bool)[indices]

    def are_clean(self) -> bool:
        """Whether no text has blanks around it."""
        texts = (name for name in self._names if name not in {*_COUNTS, *_FRACTIONS})
        return all(word == word.strip() for name in texts for word in self._dictionary(name)[0])

    def have_no_nan(self, numbers: dict[str, NDArray[np.float64]]) -> bool:
        """Whether NaN stands for empty cells alone, and nobody has written it."""
        return all(
            np.count_nonzero(np.isnan(column)) == self._chunk(name).null_count
            for name, column in numbers.items()
            if name in self._names
        )

    def starts(self) -> list[int]:
        """First rows of each run of one source."""
        named = [self._dictionary(name)[1] for name in SOURCE if name in self._names]
        changes = np.zeros(self._n, dtype=bool)
        changes[:1] = True
        for indices in named:
            changes[1:] |= indices[1:] != indices[:-1]
        return np.flatnonzero(changes).tolist()

    def sources(self, rows: list[int]) -> list[tuple[str, ...]]:
        cells = []
        for name in SOURCE:
            if name in self._names:
                words, indices = self._dictionary(name)
                cells.append([words[index] for index in indices[rows].tolist()])
            else:
                cells.append([""] * len(rows))
        return list(zip(*cells, strict=True))

    def _dictionary(self, name: str) -> tuple[list[str], NDArray[np.int32]]:
        """The words of a column, and which of them stands in each row."""
        if name not in self._dictionaries:
            chunk = self._chunk(name)
            self._dictionaries[name] = chunk.dictionary.to_pylist(), chunk.indices.to_numpy()
        return self._dictionaries[name]

    def _chunk(self, name: str) -> Any:  # noqa: ANN401
        return self._table.column(name).chunk(0)


def _cells(name: str, numbers: NDArray[np.float64]) -> list[Any]:
    """Python numbers, with None where a cell is empty."""
    empty = np.isnan(numbers)
    if name in _COUNTS:
        numbers = np.where(empty, 0, numbers)
        found = cast("list[Any]", numbers.astype(np.int64).tolist())
    else:
        found = numbers.tolist()
    for place in np.flatnonzero(empty).tolist():
        found[place] = None
    return found


def _are_sound(numbers: dict[str, NDArray[np.float64]], columns: _Columns) -> bool:
    """The rules of `cytomon.filing.measured_row`, for whole columns."""
    k, n, value, low, high, lod, loq = numbers.values()
    empty, uncounted = np.isnan(value), np.isnan(k)
    share = np.divide(k, n, out=np.full_like(k, np.nan), where=n > 0)
    sound = (
        np.where(
            empty,
            np.isnan(low) & np.isnan(high) & columns.among("status", WITHOUT_VALUE),
            (low >= 0) & (low <= value) & (value <= high) & (high <= 1),
        ),
        np.isnan(lod) | ((lod >= 0) & np.isfinite(lod)),
        np.isnan(loq) | ((loq >= 0) & np.isfinite(loq)),
        np.isnan(n) | ((n >= 0) & (n <= MOST_EVENTS)),
        uncounted | ((k >= 0) & (k <= n)),
        uncounted | empty | (np.abs(value - share) <= ROUNDED * value),
        (k != 0) | ~columns.among("status", FOUND),
        uncounted | (k == 0) | ~columns.among("status", {MrdStatus.NOT_DETECTED}),
    )
    return all(bool(one.all()) for one in sound)
