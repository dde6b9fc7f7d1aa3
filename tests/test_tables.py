"""The tables others rely on, byte by byte."""

from __future__ import annotations

import csv
import dataclasses
import errno
import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cytomon
from cytomon.errors import InputError
from cytomon.model.findings import Finding, Severity
from cytomon.model.results import Estimate, TubeResult
from cytomon.tables import (
    FINDING_COLUMNS,
    MEASUREMENT_COLUMNS,
    POPULATION_COLUMNS,
    finding_row,
    measurement_rows,
    population_rows,
    write_table,
    write_whole,
)

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


def test_measurements_have_the_columns_that_were_promised():
    """The header of measurements.csv is the one in the design, in that order."""
    promised = (
        "file,sha256,patient_id,specimen_id,collected_on,specimen_type,template,quantity,"
        "numerator,denominator,value,ci_low,ci_high,lod,loq,status,qualifiers"
    )
    assert ",".join(MEASUREMENT_COLUMNS) == promised


def test_populations_and_findings_have_the_columns_that_were_promised():
    """So have populations.csv and findings.csv."""
    assert ",".join(POPULATION_COLUMNS) == "file,path,count,parent_count,fraction_of_parent"
    assert ",".join(FINDING_COLUMNS) == "file,code,severity,what,where,fix"


def test_lines_end_as_rfc_4180_says_and_only_what_needs_it_is_quoted(tmp_path: Path):
    """CRLF after every record; quotes around a comma, a quote or a line break, and doubled."""
    write_table(tmp_path / "t.csv", [{"a": 'x"y', "b": "1,2"}, {"a": "é", "b": "u\nv"}], ("a", "b"))
    expected = 'a,b\r\n"x""y","1,2"\r\né,"u\nv"\r\n'
    assert (tmp_path / "t.csv").read_bytes() == expected.encode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(tmp_path: Path, start: str):
    """An apostrophe in front, so that nothing is computed when the table is opened."""
    write_table(tmp_path / "t.csv", [{"a": f"{start}cmd"}], ("a",))
    text = (tmp_path / "t.csv").read_bytes().decode()
    assert text.split("\r\n", 1)[1].lstrip('"').startswith(f"'{start}cmd")


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]):
    """What is written can be read again, but for the apostrophes of formulas."""
    path = tmp_path_factory.mktemp("cells") / "t.csv"
    write_table(path, [{"a": a, "b": b} for a, b in rows], ("a", "b"))
    read = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))[1:]
    for written, back in zip(rows, read, strict=True):
        for before, after in zip(written, back, strict=True):
            assert after in (before, f"'{before}")


def test_a_name_that_is_no_text_is_spelled_out(tmp_path: Path):
    """Bytes of a file name that are no UTF-8 do not stop the table."""
    write_table(tmp_path / "t.csv", [{"a": "x\udcff.fcs"}], ("a",))
    assert "x\\udcff.fcs" in (tmp_path / "t.csv").read_text(encoding="utf-8")


def test_values_are_fractions_with_their_counts(marrow_result: TubeResult):
    """The value is numerator by denominator, never percent, and lies in its interval."""
    rows = {row["quantity"]: row for row in measurement_rows(marrow_result)}
    mrd = rows["mrd"]
    assert float(mrd["value"]) == int(mrd["numerator"]) / int(mrd["denominator"])
    assert 0.03 < float(mrd["value"]) < 0.07
    assert float(mrd["ci_low"]) < float(mrd["value"]) < float(mrd["ci_high"])


def test_what_is_not_evaluable_is_empty(shared: Path):
    """No zero stands where nothing could be said."""
    result = cytomon.measure_tube(shared / "real_fcs" / "b_all_panel_marrow.fcs")
    row = next(row for row in measurement_rows(result) if row["quantity"] == "cd22_blasts")
    assert [row[name] for name in ("numerator", "value", "ci_low", "ci_high")] == [""] * 4
    assert row["status"] == "NOT_ASSESSABLE"


def test_numbers_of_any_kind_are_written_as_numbers(marrow_result: TubeResult):
    """How numpy writes a number does not get into a table."""
    value = np.float64(0.25)
    estimate = Estimate(value=value, low=value, high=value)
    mrd = dataclasses.replace(marrow_result["mrd"], estimate=estimate, lod=np.float64(1e-5))
    result = dataclasses.replace(marrow_result, measurements=(mrd,))
    row = next(measurement_rows(result))
    assert (row["value"], row["lod"]) == ("0.25", "1e-05")


def test_populations_are_named_by_their_way_from_the_root(marrow_result: TubeResult):
    """Every row's parent count is the count of the row above it in the path."""
    rows = list(population_rows(marrow_result))
    counts = {row["path"]: row["count"] for row in rows}
    parents = [row for row in rows if "/" in row["path"]]
    assert parents
    assert all(row["parent_count"] == counts[row["path"].rsplit("/", 1)[0]] for row in parents)


def test_a_finding_keeps_its_three_sentences():
    """What, where and fix have a column each."""
    finding = Finding(code="X", severity=Severity.INFO, what="a", where="b", fix="c")
    assert list(finding_row("f.fcs", finding).values()) == ["f.fcs", "X", "info", "a", "b", "c"]


def test_measurements_frame_has_documented_types(marrow_result: TubeResult):
    """Counts are integers that may be missing, fractions floats, the rest text."""
    frame = cytomon.measurements_frame([marrow_result])
    assert tuple(frame.columns) == MEASUREMENT_COLUMNS
    assert {str(frame[c].dtype) for c in ("numerator", "denominator")} == {"Int64"}
    fractions = ("value", "ci_low", "ci_high", "lod", "loq")
    assert {str(frame[c].dtype) for c in fractions} == {"float64"}
    assert str(frame["status"].dtype).startswith("str")


def test_populations_and_findings_frames_hold_every_row(marrow_result: TubeResult):
    """One row for each gate, one for each finding; counts are numbers."""
    populations = cytomon.populations_frame([marrow_result])
    findings = cytomon.findings_frame([marrow_result, marrow_result])
    assert len(populations) == len(marrow_result.populations)
    assert str(populations["count"].dtype) == "Int64"
    assert len(findings) == 2 * len(marrow_result.findings)


def test_frames_of_nothing_have_their_columns():
    """An empty list of results gives an empty frame of the same shape and types."""
    frame = cytomon.measurements_frame([])
    assert (len(frame), tuple(frame.columns)) == (0, MEASUREMENT_COLUMNS)
    assert str(frame["numerator"].dtype) == "Int64"


def test_a_full_disk_is_said_and_leaves_the_old_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A table appears whole or not at all, and nothing half written stays behind."""
    path = tmp_path / "t.csv"
    write_whole(path, b"old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_on_windows_no_folder_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It refuses to open one, and to flush a file that was opened to be read alone."""
    flags: dict[int, int] = {}
    plain_open, plain_flush = os.open, os.fsync

    def open_(path: Path, flag: int, mode: int = 0o777) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        handle = plain_open(path, flag, mode)
        flags[handle] = flag
        return handle

    def flush(handle: int) -> None:
        if not flags[handle] & os.O_RDWR:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        plain_flush(handle)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "fsync", flush)
    write_whole(tmp_path / "t.csv", b"new")

    assert (tmp_path / "t.csv").read_bytes() == b"new"
