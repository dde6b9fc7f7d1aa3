"""A list of measurements: what is taken, and what is refused by line and reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import InputError
from cytomon.filing.measured_list import Piece, read_pieces
from cytomon.filing.measured_row import MEASURED, SOURCE, RowError, read_measured
from cytomon.filing.quick_rows import QuickRows
from cytomon.model.record import Kind, NewResult
from cytomon.tables import MEASUREMENT_COLUMNS

GOOD = dict(
    zip(
        MEASUREMENT_COLUMNS,
        (
            "a.fcs", "0" * 64, "P1", "S1", "2026-02-09", "marrow", "b_all_mrd", "mrd", "60",
            "500000", "0.00012", "9.2e-05", "0.000154", "4e-05", "0.0001", "POSITIVE",
            "BORDERLINE_AT_THRESHOLD",
        ),
        strict=True,
    )
)  # fmt: skip


def written(
    folder: Path, *rows: dict[str, str], columns: Sequence[str] = MEASUREMENT_COLUMNS
) -> Path:
    """A list with these rows."""
    path = folder / "measurements.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: row[name] for name in columns} for row in rows)
    return path


def read(path: Path, size: int = 1_500_000) -> tuple[list[NewResult], list[str]]:
    """Results of all pieces, and refusals as ``line: reason``."""
    pieces: list[Piece] = list(read_pieces(path, size=size))
    results = [result for piece in pieces for result in piece.results]
    said = [
        f"{refusal.finding.where.rpartition(' line ')[2]}: "
        f"{refusal.finding.what.removeprefix('the row cannot be used: ')}"
        for piece in pieces
        for refusal in piece.refused
    ]
    return results, said


def test_a_row_is_taken_as_it_stands(tmp_path: Path):
    """Every number, and whose it is."""
    (only,), refused = read(written(tmp_path, GOOD))

    assert refused == []
    assert only.measurements == (
        ("mrd", 60, 500_000, 0.00012, 9.2e-05, 0.000154, 4e-05, 0.0001, "POSITIVE",
         "BORDERLINE_AT_THRESHOLD"),
    )  # fmt: skip
    assert only.specimen is not None
    assert (only.specimen.patient_id, only.specimen.specimen_id) == ("P1", "S1")
    assert (only.file, only.template, only.external, only.kind) == (
        "a.fcs", "b_all_mrd", False, Kind.FILE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "external", "kind"),
    [
        ({"file": "", "sha256": "", "template": ""}, True, Kind.UNNAMED),
        ({"template": ""}, True, Kind.FILE),
        ({"sha256": ""}, True, Kind.FILE),
        ({"file": "", "sha256": "", "template": "a+b"}, False, Kind.POOLED),
    ],
    ids=["nothing named", "no template", "no hash", "two tubes together"],
)
def test_what_another_program_measured_is_marked(
    tmp_path: Path, change: dict[str, str], external: bool, kind: Kind
):
    """By what it leaves empty; the row for both tubes of a specimen is our own."""
    (only,), _ = read(written(tmp_path, GOOD | change))
    assert (only.external, only.kind) == (external, kind)


def test_columns_may_be_missing_and_in_any_order(tmp_path: Path):
    """Those that may be empty, that is."""
    columns = [
        c for c in reversed(MEASUREMENT_COLUMNS) if c not in {"file", "sha256", "lod", "loq"}
    ]
    (only,), refused = read(written(tmp_path, GOOD, columns=columns))

    assert refused == []
    assert only.file == ""
    assert only.measurements[0][6:8] == (None, None)


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"patient_id": " "}, "patient_id: missing"),
    ({"patient_id": "P" * 201}, "patient_id: longer than 200"),
    ({"patient_id": "P\u202e1"}, "patient_id: a character that cannot be printed"),
    ({"sha256": "0" * 63}, "sha256: 64 hexadecimal digits"),
    ({"collected_on": "09.02.2026"}, "collected_on: a date as 2026-02-09"),
    ({"collected_on": "2026-02-30"}, "collected_on: a date as"),
    ({"collected_on": ""}, "collected_on: a date as"),
    ({"specimen_type": "lymph"}, "specimen_type: one of marrow, blood, csf"),
    ({"quantity": "mdr"}, "quantity: not in the catalogue (did you mean mrd?)"),
    ({"status": "APLASIA"}, "status: mrd has BELOW_LOD"),
    ({"qualifiers": "see note"}, "qualifiers: codes in capitals"),
    ({"numerator": "sixty"}, "numerator: a whole number is needed"),
    ({"numerator": "60.0"}, "numerator: a whole number is needed"),
    ({"numerator": "6_0"}, "numerator: a whole number is needed"),
    ({"numerator": "-60"}, "counts with 0 <= numerator"),
    ({"numerator": "600000"}, "counts with 0 <= numerator <= denominator"),
    ({"denominator": ""}, "denominator: missing"),
    ({"denominator": str(2**60)}, "counts with 0 <="),
    ({"value": "0,00012"}, "value: a fraction is needed"),
    ({"value": "nan"}, "value: a fraction is needed"),
    ({"value": "0.012", "ci_high": "0.0154"}, "value: not numerator / denominator"),
    ({"value": ""}, "value: missing, though there is an interval"),
    ({"value": "", "ci_low": "", "ci_high": ""}, "value: missing, though the status is POSITIVE"),
    ({"ci_low": ""}, "a value without its interval"),
    ({"ci_low": "0.0002"}, "ci_low <= value <= ci_high"),
    ({"ci_high": "1.5"}, "ci_low <= value <= ci_high <= 1"),
    ({"lod": "inf"}, "lod: a fraction is needed"),
    ({"lod": "1e999"}, "lod, loq: fractions"),
    ({"loq": "-1"}, "lod, loq: fractions"),
    ({"status": "NOT_DETECTED"}, "NOT_DETECTED, though there are events"),
    ({"numerator": "0", "value": "0", "ci_low": "0"}, "status: POSITIVE with no event"),
]


@pytest.mark.parametrize(("change", "says"), REFUSED, ids=[says[:40] for _, says in REFUSED])
def test_a_bad_row_is_named_and_the_others_are_kept(
    tmp_path: Path, change: dict[str, str], says: str
):
    """By its line, with the reason; never with what it holds."""
    others = [GOOD | {"file": f"{n}.fcs"} for n in range(3)]
    results, (refusal,) = read(written(tmp_path, *others[:2], GOOD | change, others[2]))

    assert refusal.startswith("4: ")
    assert says in refusal
    assert [result.file for result in results] == ["0.fcs", "1.fcs", "2.fcs"]
    assert "P\u202e1" not in refusal


def test_one_quantity_said_twice(tmp_path: Path):
    """The same again is passed over, another number is refused."""
    other = GOOD | {"numerator": "61", "value": "0.000122"}
    (only,), refused = read(written(tmp_path, GOOD, GOOD, other))

    assert refused == ["4: mrd stands in an earlier row with other numbers"]
    assert only.measurements[0][1] == 60


def test_rows_of_a_tube_need_not_stand_together(tmp_path: Path):
    """Sorted by quantity, for example."""
    b_cells = {"quantity": "retained", "numerator": "1", "denominator": "1", "value": "1.0"}
    b_cells |= {"ci_low": "0.5", "ci_high": "1", "status": "MEASURED", "qualifiers": ""}
    rows = [GOOD | {"file": f} for f in ("a", "b")] + [
        GOOD | b_cells | {"file": f} for f in ("a", "b")
    ]
    results, refused = read(written(tmp_path, *rows))

    assert refused == []
    assert [[row[0] for row in one.measurements] for one in results] == [["mrd", "retained"]] * 2


def test_cells_that_our_own_tables_made_harmless(tmp_path: Path):
    """An apostrophe before what a spreadsheet would run is taken away again."""
    (only,), _ = read(written(tmp_path, GOOD | {"patient_id": "'-7", "file": "'=1.fcs"}))
    assert only.specimen is not None
    assert (only.specimen.patient_id, only.file) == ("-7", "=1.fcs")


class TestForms:
    """Files as programs and people write them."""

    def lines(self, *rows: dict[str, str]) -> list[str]:
        """A header and rows as text."""
        header = ",".join(MEASUREMENT_COLUMNS)
        return [header, *(",".join(row[name] for name in MEASUREMENT_COLUMNS) for row in rows)]

    @pytest.mark.parametrize(
        "encode",
        [
            lambda lines: "\n".join(lines).encode(),
            lambda lines: "\r\n".join([*lines, ""]).encode("utf-8-sig"),
            lambda lines: "\n".join([*lines, ",,," + "," * 13, "", ""]).encode(),
            lambda lines: "\n".join(
                ",".join(f'"{cell}"' for cell in line.split(",")) for line in lines
            ).encode(),
            lambda lines: "\n".join(line.replace(",", " , ") for line in lines).encode(),
        ],
        ids=["unix", "windows with a mark", "empty rows", "all quoted", "blanks"],
    )
    def test_are_all_read(self, tmp_path: Path, encode: Callable[[list[str]], bytes]):
        """The same results from each."""
        rows = [GOOD | {"file": f"{n}.fcs"} for n in range(5)]
        path = tmp_path / "m.csv"
        path.write_bytes(encode(self.lines(*rows)))

        results, refused = read(path)
        assert refused == []
        assert [(one.file, one.measurements[0][1]) for one in results] == [
            (f"{n}.fcs", 60) for n in range(5)
        ]

    def test_a_line_break_within_quotes_counts_as_a_line(self, tmp_path: Path):
        """Refusals name the line that an editor shows."""
        lines = self.lines(GOOD, GOOD | {"numerator": "x"})
        lines[1] = lines[1].replace("a.fcs", '"a\nb.fcs"')
        path = tmp_path / "m.csv"
        path.write_text("\n".join(lines))

        _, refused = read(path)
        assert refused[0].startswith("2: file: a character that cannot be printed")
        assert refused[1].startswith("4: numerator")

    def test_bytes_that_are_no_utf8_are_refused_where_they_stand(self, tmp_path: Path):
        """The rows around them are kept."""
        lines = self.lines(*(GOOD | {"file": f"{n}.fcs"} for n in range(3)))
        path = tmp_path / "m.csv"
        path.write_bytes("\n".join(lines).encode().replace(b"1.fcs", b"\xe9.fcs"))

        results, refused = read(path)
        assert [one.file for one in results] == ["0.fcs", "2.fcs"]
        assert refused == ["3: file: a character that cannot be printed, or is no UTF-8"]

    def test_a_quotation_mark_left_open_costs_what_follows_it(self, tmp_path: Path):
        """And says from where."""
        lines = self.lines(*(GOOD | {"file": f"{n}.fcs"} for n in range(4)))
        lines[3] = lines[3].replace("2.fcs", '"2.fcs')
        path = tmp_path / "m.csv"
        path.write_text("\n".join(lines))

        results, (refusal,) = read(path)
        assert [one.file for one in results] == ["0.fcs", "1.fcs"]
        assert refusal.startswith("4 to 5: not sound CSV")

    @pytest.mark.parametrize(
        ("header", "says"),
        [
            ("", "line 1 does not hold the names"),
            ("file;quantity", "separated by semicolons"),
            (
                ",".join(MEASUREMENT_COLUMNS).replace("quantity", "quantityy"),
                "did you mean quantity",
            ),
            (",".join(c for c in MEASUREMENT_COLUMNS if c != "status"), "'status' is missing"),
        ],
    )
    def test_a_header_that_is_none(self, tmp_path: Path, header: str, says: str):
        """Before anything is kept."""
        path = tmp_path / "m.csv"
        path.write_text(header + "\n")
        with pytest.raises(InputError, match=says):
            read(path)

    @pytest.mark.parametrize("size", [700, 1000, 3000, 20_000])
    def test_however_it_is_cut_into_pieces(self, tmp_path: Path, size: int):
        """Rows of a tube stay together, lines are counted through, nothing is read twice."""
        rows = [
            GOOD | {"file": f"{n}.fcs", "quantity": quantity}
            for n in range(40)
            for quantity in ("mrd", "mrd_wbc", "mrd_mnc")
        ]
        rows[50]["numerator"] = "x"
        rows[51]["qualifiers"] = '"A"'
        path = written(tmp_path, *rows)

        results, refused = read(path, size=size)
        assert [refusal.split(":")[0] for refusal in refused] == ["52", "53"]
        assert [one.file for one in results] == [f"{n}.fcs" for n in range(40)]
        assert [len(one.measurements) for one in results] == [3] * 16 + [2, 2] + [3] * 22


@pytest.mark.parametrize("path", ["none.csv", "."])
def test_a_list_that_cannot_be_opened(tmp_path: Path, path: str):
    """Said so."""
    with pytest.raises(InputError, match="cannot be opened"):
        read(tmp_path / path)


CELLS = st.sampled_from(
    ["", "0", "1", "60", "500000", "0.5", "1.0", "1e-4", "nan", "inf", "-1", "+1", "1_0", " 1", "x",
     "0x3C", "POSITIVE", "NOT_DETECTED", "NOT_EVALUABLE", "MEASURED", "mrd", "retained", "A;B",
     "a", "9007199254740993", "1e999", "0.00012", "9.2e-05", "0.000154"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.one_of(st.none(), CELLS), min_size=10, max_size=10), min_size=1, max_size=3
    )
)
def test_quick_and_slow_say_the_same(changes: list[list[str | None]]):
    """What is taken together would be taken one by one, with the same numbers to the last bit.

    Row by row, blanks around a cell are taken away first.
    """
    rows = [
        [new if new is not None else GOOD[name] for new, name in zip(row, MEASURED, strict=True)]
        for row in changes
    ]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(
        [GOOD[name] for name in SOURCE] + row for row in rows
    )
    quick = QuickRows(MEASUREMENT_COLUMNS).read(stream.getvalue().encode())

    if quick is not None:
        assert quick.rows == [read_measured([cell.strip() for cell in row]) for row in rows]
    else:
        strange = any(cell != cell.strip() or cell in {"+1"} for row in rows for cell in row)
        assert strange or any(_refuses(row) for row in rows)


def _refuses(row: Sequence[str]) -> bool:
    try:
        read_measured(row)
    except RowError:
        return True
    return False
