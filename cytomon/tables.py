"""The tables others rely on: their columns, their rows, and the same rows as pandas frames.

`docs/reference/files.md` says what each column means. Fractions are fractions, never percent; a
cell is empty where there is nothing to say.
"""

from __future__ import annotations

import csv
import errno
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cytomon.errors import InputError
from cytomon.model.findings import Finding
from cytomon.model.results import Estimate, Measurement, TubeResult
from cytomon.permissions import file_mode, make_folder

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, str]

MEASUREMENT_COLUMNS = (
    "file", "sha256", "patient_id", "specimen_id", "collected_on", "specimen_type", "template",
    "quantity", "numerator", "denominator", "value", "ci_low", "ci_high", "lod", "loq", "status",
    "qualifiers",
)  # fmt: skip
POPULATION_COLUMNS = ("file", "path", "count", "parent_count", "fraction_of_parent")
FINDING_COLUMNS = ("file", "code", "severity", "what", "where", "fix")

PART = ".cytomon-part-"
"""How the names of files begin that are not whole yet; what a killed run leaves behind."""
_COUNTS = ("numerator", "denominator", "count", "parent_count")
_FRACTIONS = ("value", "ci_low", "ci_high", "lod", "loq", "fraction_of_parent")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_RUNS_IN_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n")


def measurement_rows(result: TubeResult) -> Iterator[Row]:
    """Rows of ``measurements.csv`` for one tube."""
    specimen = result.specimen
    source = {
        "file": result.file,
        "sha256": result.sha256,
        "patient_id": specimen.patient_id,
        "specimen_id": specimen.specimen_id,
        "collected_on": specimen.collected_on.isoformat() if specimen.collected_on else "",
        "specimen_type": specimen.specimen_type.value,
        "template": result.placement.template,
    }
    for measurement in result.measurements:
        yield {**source, **measured_cells(measurement)}


def measured_cells(measurement: Measurement) -> Row:
    """The cells of a row that a measurement fills."""
    estimate = measurement.estimate
    return {
        "quantity": measurement.quantity,
        "numerator": _number(measurement.numerator),
        "denominator": _number(measurement.denominator),
        "value": _number(estimate.value if estimate else None),
        "ci_low": _number(estimate.low if estimate else None),
        "ci_high": _number(estimate.high if estimate else None),
        "lod": _number(measurement.lod),
        "loq": _number(measurement.loq),
        "status": str(measurement.status),
        "qualifiers": ";".join(measurement.qualifiers),
    }


def measurement_of(row: Row) -> Measurement:
    """A measurement back from its row; the numbers behind its status are not in it."""
    estimate = None
    if row["value"]:
        value, low, high = (float(row[name]) for name in ("value", "ci_low", "ci_high"))
        estimate = Estimate(value=value, low=low, high=high)
    return Measurement(
        quantity=row["quantity"],
        numerator=int(row["numerator"]) if row["numerator"] else None,
        denominator=int(row["denominator"]) if row["denominator"] else None,
        estimate=estimate,
        lod=float(row["lod"]) if row["lod"] else None,
        loq=float(row["loq"]) if row["loq"] else None,
        status=row["status"],
        qualifiers=tuple(q for q in row["qualifiers"].split(";") if q),
    )


def population_rows(result: TubeResult) -> Iterator[Row]:
    """Rows of ``populations.csv`` for one tube."""
    for population in result.populations:
        yield {
            "file": result.file,
            "path": "/".join(population.path),
            "count": str(population.count),
            "parent_count": str(population.parent_count),
            "fraction_of_parent": _number(population.fraction_of_parent),
        }


def finding_rows(result: TubeResult) -> Iterator[Row]:
    """Rows of ``findings.csv`` for one tube."""
    return (finding_row(result.file, finding) for finding in result.findings)


def finding_row(file: str, finding: Finding) -> Row:
    """One row of ``findings.csv``."""
    return {
        "file": file,
        "code": finding.code,
        "severity": finding.severity.value,
        "what": finding.what,
        "where": finding.where,
        "fix": finding.fix,
    }


def measurements_frame(results: Iterable[TubeResult]) -> pd.DataFrame:
    """Measurements as a pandas frame.

    Parameters
    ----------
    results : iterable of TubeResult
        One or many tubes.

    Returns
    -------
    DataFrame
        Columns `MEASUREMENT_COLUMNS`; counts are ``Int64``, fractions ``float64`` with NaN where
        not evaluable, everything else text.
    """
    return _frame((row for r in results for row in measurement_rows(r)), MEASUREMENT_COLUMNS)


def populations_frame(results: Iterable[TubeResult]) -> pd.DataFrame:
    """Populations as a pandas frame with the columns `POPULATION_COLUMNS`."""
    return _frame((row for r in results for row in population_rows(r)), POPULATION_COLUMNS)


def findings_frame(results: Iterable[TubeResult]) -> pd.DataFrame:
    """Findings as a pandas frame with the columns `FINDING_COLUMNS`."""
    return _frame((row for r in results for row in finding_rows(r)), FINDING_COLUMNS)


def write_table(path: Path, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Write rows as a table at once; see `open_table`."""
    with open_table(path, columns) as write:
        for row in rows:
            write(row)


@contextmanager
def open_table(path: Path, columns: Sequence[str]) -> Iterator[Callable[[Row], None]]:
    """Write rows one by one as RFC 4180 CSV in UTF-8; the file appears whole or not at all.

    Notes
    -----
    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    # a file name need not be text; what is none is spelled out
    spelled = "backslashreplace"
    with (
        whole(path) as part,
        part.open("w", encoding="utf-8", errors=spelled, newline="") as stream,
    ):
        writer = csv.DictWriter(stream, columns, lineterminator="\r\n")
        writer.writeheader()
        yield lambda row: _write_harmless(writer, row, columns)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is either there in full or not there at all; see `whole`."""
    with whole(path) as part:
        part.write_bytes(content)


@contextmanager
def whole(path: Path, *, mode: int | None = None) -> Iterator[Path]:
    """An empty file to write into, which takes the place of `path` when the block ends well.

    Parameters
    ----------
    path : pathlib.Path
        Of the finished file.
    mode : int, optional
        Who may read and write it; by default as `cytomon.permissions` has it.

    Yields
    ------
    pathlib.Path
        The file to write into, beside `path`.

    Raises
    ------
    InputError
        If the disk is full, or the folder cannot be written to.
    """
    try:
        make_folder(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PART)
        os.close(handle)
        try:
            yield Path(name)
            _put_in_place(Path(name), path, file_mode() if mode is None else mode)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def refuse_same(path: Path, inputs: Iterable[Path], *, option: str) -> None:
    """Refuse to write over a file that is read.

    Raises
    ------
    InputError
        If the path leads to one of the inputs.
    """
    for other in inputs:
        if path.resolve() == other.resolve():
            raise InputError(
                "the results would be written over a file that is read",
                where=path.name,
                fix=f"choose another name with {option}",
            )


def is_table(path: Path, columns: Sequence[str]) -> bool:
    """Whether a file begins as a table with these columns does."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.readline().rstrip() == ",".join(columns)
    except OSError:
        return False


def write_new(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file in full or not at all; one that says something else stays unless forced.

    Raises
    ------
    InputError
        If there is another file of this name, or it cannot be written.
    """
    if path.is_dir():
        raise InputError("that is a folder", where=path.name, fix="name a file with --out")
    if path.is_file() and not force and path.read_bytes() != content:
        raise InputError(
            "there is another file of this name, which somebody may have edited",
            where=path.name,
            fix="choose another name with --out, or replace the file with --force",
        )
    write_whole(path, content)


class UnwritableError(InputError):
    """Results cannot be written where they are wanted."""


def unwritable(path: Path, error: OSError) -> UnwritableError:
    """What to say when results cannot be written."""
    return UnwritableError(
        f"the results cannot be written: {error.strerror or type(error).__name__}",
        where=path.name,
        fix="check the free space, and that you may write into the folder of --out; run again",
    )


def refuse_unwritable(folder: Path) -> None:
    """Make a folder and see that files can be written into it: before hours of work, not after.

    Raises
    ------
    InputError
        If they cannot.
    """
    try:
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(
            "the results cannot be written: a file stands where a folder is expected",
            where=folder.name,
            fix="name a folder, or remove the file",
        ) from error
    except OSError as error:
        raise unwritable(folder, error) from error


def _put_in_place(part: Path, path: Path, mode: int) -> None:
    """Also after a power cut the name stands for the whole file, or for the one before."""
    _to_disk(part, os.O_RDWR)  # Windows flushes only what it may write
    part.chmod(mode)
    part.replace(path)
    if sys.platform == "win32":
        return  # it opens no folders; its file system keeps a journal of names
    try:
        _to_disk(path.parent, os.O_RDONLY)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network drives know no such thing for folders
            raise


def _to_disk(path: Path, way: int) -> None:
    handle = os.open(path, way)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_harmless(writer: csv.DictWriter[str], row: Row, columns: Sequence[str]) -> None:
    writer.writerow({column: harmless(row[column]) for column in columns})


def _number(value: float | None) -> str:
    return "" if value is None else str(value)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula: with an apostrophe in front where it would."""
    runs = cell.startswith(_RUNS_IN_A_SPREADSHEET) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if runs else cell


def meant(cell: str) -> str:
    """A cell without the apostrophe that `harmless` puts before what a spreadsheet would run."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_RUNS_IN_A_SPREADSHEET) else cell


def _frame(rows: Iterable[Row], columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(list(rows), columns=list(columns), dtype="object")
    for column in frame.columns:
        if column in _COUNTS:
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype("Int64")
        elif column in _FRACTIONS:
            frame[column] = pd.to_numeric(frame[column].replace("", None)).astype("float64")
        else:
            frame[column] = frame[column].astype("string")
    return frame
