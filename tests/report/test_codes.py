"""The list of codes is whole and local where LOINC does not fit; a laboratory's list is checked."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.patient import SpecimenType
from cytomon.report.codes import (
    EVENTS,
    INFUSION,
    NAMES,
    QUANTITIES,
    REPORT,
    SPECIMEN,
    CodeRow,
    Coding,
    loinc_check_digit,
    read_codes,
)
from tests.docs.pages import DOCS, blocks, first_column, read, section

SHIPPED = Path(__file__).parents[2] / "cytomon" / "report" / "codes.csv"
PAGE = read(DOCS / "reference" / "fhir.md")
HEADER = "quantity,specimen_type,system,code,display\n"
OTHER = Coding("urn:oid:1.2.3", "X1", "Something")

# LOINC codes that were found, and those whose denominator is another one (domain: 6.5).
FOUND = (
    "8117-4", "8116-6", "14017-8", "8119-0", "8124-0", "18267-5", "731-0", "6690-2", "101119-6",
    "48807-2", "107050-7",
)  # fmt: skip


def _list(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def _refusal(path: Path) -> InputError:
    with pytest.raises(InputError) as refused:
        read_codes(path)
    return refused.value


def test_whole() -> None:
    """Each quantity, event and type of specimen has one row, in the order of the catalogue."""
    with SHIPPED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    named = [row["quantity"] for row in rows if row["quantity"] != SPECIMEN]
    types = [row["specimen_type"] for row in rows if row["quantity"] == SPECIMEN]

    assert named == [REPORT, *QUANTITIES, INFUSION, *EVENTS]
    assert types == list(SpecimenType)
    assert set(named) | {SPECIMEN} == set(NAMES)


def test_words() -> None:
    """A quantity is called as the catalogue calls it."""
    codes = read_codes(None)

    assert {row.code: codes.of(row.code)[0].display for row in CATALOGUE} == {
        row.code: row.title for row in CATALOGUE
    }


def test_loinc_only_where_it_fits() -> None:
    """The report's code is LOINC's; nothing else is, B cells of lymphocytes least of all."""
    codes = read_codes(None)
    official = {name for name in NAMES for one in codes.of(name) if "loinc" in one.system}

    assert official == {REPORT}
    assert codes.of(REPORT) == (
        Coding("http://loinc.org", "101119-6", "Leukemia and lymphoma immunophenotyping, specimen"),
    )
    assert codes.of("b_fraction", "blood") == (
        Coding("urn:cytomon:quantity", "b_fraction", "B cells of lymphocytes"),
    )


@pytest.mark.parametrize("code", FOUND)
def test_check_digit(code: str) -> None:
    """The last digit of a code that LOINC has issued."""
    number, _, digit = code.partition("-")

    assert loinc_check_digit(number) == int(digit)


def test_own_code_stands_first(tmp_path: Path) -> None:
    """Cytomon's code stays beside, so that the measurement is still known by machines."""
    codes = read_codes(_list(tmp_path, "b_fraction,,urn:oid:1.2.3,X1,Something"))

    assert codes.of("b_fraction", "blood") == (OTHER, *read_codes(None).of("b_fraction"))
    assert codes.of("mrd") == read_codes(None).of("mrd")


def test_own_code_of_the_report(tmp_path: Path) -> None:
    """LOINC's word for the report does not stay beside a laboratory's."""
    codes = read_codes(_list(tmp_path, "report,,urn:oid:1.2.3,X1,Something"))

    assert codes.of(REPORT) == (OTHER,)


def test_type_goes_before_any(tmp_path: Path) -> None:
    """A row for blood is for blood alone, wherever it stands."""
    codes = read_codes(
        _list(
            tmp_path,
            "b_fraction,Blood,http://loinc.org,8117-4,",
            "b_fraction,,urn:oid:1.2.3,X1,Something",
        )
    )

    assert codes.of("b_fraction", "blood")[0] == Coding("http://loinc.org", "8117-4")
    assert codes.of("b_fraction", "marrow")[0] == OTHER


def test_columns_that_may_be_missing(tmp_path: Path) -> None:
    """Type and display may be left out."""
    path = _list(tmp_path, "X1,mrd,urn:oid:1.2.3", header="code,quantity,system\n")

    assert read_codes(path).of("mrd", "marrow")[0] == Coding("urn:oid:1.2.3", "X1")


def test_unknown_name() -> None:
    """What cytomon does not list keeps its own name as a local code."""
    assert read_codes(None).of("new_thing") == (Coding("urn:cytomon:quantity", "new_thing"),)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("mrd_wcb,,urn:x:y,1,", "quantity: nothing is called that; did you mean mrd_wbc"),
        ("zzzz,,urn:x:y,1,", "did you mean report, specimen, mrd, b_fraction?"),
        ("mrd,urine,urn:x:y,1,", "specimen_type: marrow, blood, csf, or nothing for any"),
        ("specimen,,urn:x:y,1,", "specimen_type: a code of 'specimen' names the type"),
        ("alc,blood,urn:x:y,1,", "specimen_type: 'alc' is of no specimen; leave the cell empty"),
        ("mrd,,LOINC,8117-4,", "system: the address of a code system, as http://loinc.org"),
        ("mrd,,https://loinc.org,8117-4,", "the system of LOINC is written http://loinc.org"),
        ("mrd,,http://loinc.org,8117-5,", "code: LOINC has no such code"),
        ("mrd,,http://loinc.org,8117,", "code: LOINC has no such code"),
        ("mrd,,urn:x:y,,", "code: a code, with no more than one space"),
        ("mrd,,urn:x:y,a  b,", "code: a code, with no more than one space"),
        ("mrd,,urn:x:y,a\u202eb,", "code: a code, with no more than one space"),
        ("mrd,,urn:x:y,1,\u202eno", "display: a character that cannot be shown"),
        ("mrd,,urn:x:y,1", "the number of cells differs from the header's"),
    ],
)
def test_refused(tmp_path: Path, row: str, reason: str) -> None:
    """A row that cannot be used is named by its line, with the reason and what to do."""
    error = _refusal(_list(tmp_path, "viability,,urn:x:y,1,", row))

    assert "own.csv line 3: the row cannot be used: " in error.what
    assert reason in error.what
    assert error.where == "own.csv"
    assert error.fix.startswith("one row for each thing")


def test_refused_twice(tmp_path: Path) -> None:
    """The same thing has one code; another type of specimen is another thing."""
    rows = ("mrd,,urn:x:y,1,", "mrd,blood,urn:x:y,2,", "mrd,,urn:x:y,3,")

    assert "own.csv line 4: mrd has a code already" in _refusal(_list(tmp_path, *rows)).what


def test_all_refusals_are_told(tmp_path: Path) -> None:
    """The first five in full, and how many more there are."""
    error = _refusal(_list(tmp_path, *(f"no{n},,urn:x:y,1," for n in range(7))))

    assert [f"line {line}:" in error.what for line in range(2, 9)] == [True] * 5 + [False] * 2
    assert error.what.endswith("(and 2 more)")


def test_what_is_no_list(tmp_path: Path) -> None:
    """A header without the columns, and a file that is not there."""
    assert (
        "the column 'system' is missing" in _refusal(_list(tmp_path, header="quantity,code\n")).what
    )
    assert "cannot be opened" in _refusal(tmp_path / "none.csv").what


def test_page_columns() -> None:
    """The page lists the columns of a laboratory's list, in their order."""
    assert first_column(section(PAGE, "A laboratory's own codes")) == list(CodeRow.model_fields)


def test_page_example(tmp_path: Path) -> None:
    """The example of the page can be read as it stands."""
    path = tmp_path / "own.csv"
    (example,) = blocks(section(PAGE, "A laboratory's own codes"), "")
    path.write_text(example, encoding="utf-8")

    assert read_codes(path).of("b_fraction", "blood")[0].code == "8117-4"
