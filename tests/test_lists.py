"""Lists that people write: what is read, what is refused, what is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.lists import MOST_BYTES, read_rows
from cytomon.worklist import PatientRow, WorklistRow

HEADER = "file,patient_id,specimen_id,collected_on,specimen_type"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "worklist.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(folder: Path, text: str | bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read_rows(written(folder, text), WorklistRow)
    return caught.value


def test_bom_crlf_and_blank_lines_are_no_trouble(tmp_path: Path):
    """What spreadsheets add is read past; rows keep their own lines."""
    first, second = "a.fcs,P1,S1,2026-02-09,marrow", "b.fcs,P2,S2,2026-02-10,blood"
    text = f"\ufeff{HEADER}\r\n\r\n{first}\r\n,,,,\r\n{second}\r\n"
    table = read_rows(written(tmp_path, text), WorklistRow)
    assert [(line, row.file) for line, row in table.rows] == [(3, "a.fcs"), (5, "b.fcs")]
    assert table.refused == ()


def test_spaces_around_names_and_cells_do_not_count(tmp_path: Path):
    """A space after a comma is no part of a value."""
    header = "file, patient_id,specimen_id ,collected_on,specimen_type"
    text = f"{header}\n a.fcs , P1,S1, 2026-02-09 ,marrow \n"
    ((_, row),) = read_rows(written(tmp_path, text), WorklistRow).rows
    assert (row.file, row.patient_id, row.collected_on.isoformat()) == ("a.fcs", "P1", "2026-02-09")


def test_a_bad_row_is_refused_by_its_line_and_the_others_stand(tmp_path: Path):
    """One mistake costs one row."""
    days = ("2026-02-09", "09.02.2026", "2026-02-09")
    rows = [f"{name}.fcs,P,S,{day},marrow" for name, day in zip("abc", days, strict=True)]
    text = "\n".join([HEADER, *rows])
    table = read_rows(written(tmp_path, text), WorklistRow)
    assert [row.file for _, row in table.rows] == ["a.fcs", "c.fcs"]
    (bad,) = table.refused
    assert (bad.file, bad.finding.where) == ("b.fcs", "worklist.csv line 3")
    assert "collected_on: a date as 2026-02-09" in bad.finding.what


def test_every_mistake_of_a_row_is_named(tmp_path: Path):
    """Nobody should have to come back twice for one row."""
    table = read_rows(written(tmp_path, f"{HEADER}\n,P,S,yesterday,bone\n"), WorklistRow)
    what = table.refused[0].finding.what
    assert all(name in what for name in ("file:", "collected_on:", "specimen_type:"))


@pytest.mark.parametrize("row", ["a.fcs,P,S,2026-02-09", "a.fcs,P,S,2026-02-09,marrow,more"])
def test_a_row_with_other_cells_than_the_header_is_refused(tmp_path: Path, row: str):
    """Shifted cells would name the wrong patient; which cell is the file is not guessed."""
    (bad,) = read_rows(written(tmp_path, f"{HEADER}\n{row}\n"), WorklistRow).refused
    assert "number of cells" in bad.finding.what
    assert bad.file == ""


def test_refusals_do_not_repeat_who_it_is(tmp_path: Path):
    """No cell but the file's name is ever printed."""
    text = f"{HEADER}\na.fcs,Jane Doe,S-4711,1/2/2026,Jane's marrow\n"
    (bad,) = read_rows(written(tmp_path, text), WorklistRow).refused
    said = f"{bad.finding.what} {bad.finding.where} {bad.finding.fix}"
    assert not any(word in said for word in ("Jane", "4711", "1/2/2026"))


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_are_named(tmp_path: Path, mark: str, name: str):
    """The list of a spreadsheet in another country is understood as what it is."""
    error = refusal(tmp_path, HEADER.replace(",", mark) + "\n")
    assert f"separated by {name}, not by commas" in error.what


def test_a_list_without_header_is_refused_without_repeating_its_first_row(tmp_path: Path):
    """The first line of such a list names a person."""
    error = refusal(tmp_path, "a.fcs,Jane Doe,S1,2026-02-09,marrow\n")
    assert "does not hold the names of the columns" in error.what
    assert "Jane" not in str(error)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER.replace(",collected_on", ""), "'collected_on' is missing"),
        (HEADER + ",viabilty", "'viabilty' is not known (did you mean viability?)"),
        (HEADER + ",file", "'file' is there twice"),
        (HEADER.upper(), "does not hold the names"),
        ("", "does not hold the names"),
    ],
)
def test_a_wrong_header_is_refused_with_its_column(tmp_path: Path, header: str, says: str):
    """Missing, unknown and doubled columns are named; the fix lists the right ones."""
    error = refusal(tmp_path, header + "\n")
    assert says in error.what
    assert "specimen_type" in error.fix


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("file\n".encode("utf-16"), "not UTF-8"),
        (HEADER.encode() + b"\nM\xfcller.fcs,,,,\n", "not UTF-8"),
        (HEADER.encode() + b'\n"a.fcs,P,S,2026-02-09,marrow\n', "not sound CSV"),
    ],
)
def test_what_is_no_csv_in_utf_8_is_refused_as_a_whole(tmp_path: Path, content: bytes, says: str):
    """No row of such a file can be trusted."""
    assert says in refusal(tmp_path, content).what


def test_a_list_that_is_not_there_is_named(tmp_path: Path):
    """And so is a folder in its place."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be opened"):
            read_rows(path, PatientRow)


def test_a_list_beyond_all_bounds_is_refused(tmp_path: Path):
    """A file that can be no list is not read into memory."""
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)
    with pytest.raises(InputError, match="larger than"):
        read_rows(path, PatientRow)
