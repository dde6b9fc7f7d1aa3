from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.catalogue import CATALOGUE, Quantity, measure_all
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import (
    AntigenCall,
    BCellStatus,
    Evidence,
    Limits,
    Measurement,
    MrdStatus,
    PlainStatus,
)

CODES = [row.code for row in CATALOGUE]
MRD = [code for code in CODES if code in ("mrd", "mrd_wbc", "mrd_mnc")]
ANTIGENS = ["cd19_blasts", "cd22_blasts"]
PLAIN = [code for code in CODES if code not in (*MRD, *ANTIGENS, "b_fraction")]
FAILURE = Finding(code="QC_AGE", severity=Severity.ERROR, what="old", where="row", fix="new")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "measurements.md"


def row_of(code: str) -> Quantity:
    return next(row for row in CATALOGUE if row.code == code)


def status_words(code: str) -> set[str]:
    if code in MRD:
        return set(MrdStatus)
    if code in ANTIGENS:
        return set(AntigenCall)
    return set(BCellStatus) if code == "b_fraction" else set(PlainStatus)


def test_codes_that_others_rely_on():
    """The result file's quantities are all there, each once."""
    promised = (
        "mrd mrd_wbc mrd_mnc b_fraction cd19_blasts cd22_blasts mrd_a_only mrd_b_only mrd_both "
        "by_eye b_mature b_precursor b_all_cd19 hematogones stage0_progenitors viability retained"
    )

    assert set(promised.split()) <= set(CODES)
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_empty_tube_is_never_zero(make_evidence: Callable[..., Evidence], code: str):
    """Without a single role every quantity says that it cannot be evaluated."""
    (found,) = measure_all(make_evidence(), [code])

    assert found.quantity == code
    assert found.status in ("NOT_EVALUABLE", "NOT_ASSESSABLE")
    assert (found.estimate, found.numerator, found.denominator) == (None, None, None)


@pytest.mark.parametrize("code", [*MRD, "b_fraction", *PLAIN])
def test_row_reads_its_own_two_roles(make_evidence: Callable[..., Evidence], code: str):
    """The roles printed in the catalogue are those that are measured."""
    row = row_of(code)
    (found,) = measure_all(make_evidence({row.numerator: 30, row.denominator: 3000}), [code])

    assert found.estimate is not None
    assert (found.numerator, found.denominator, found.estimate.value) == (30, 3000, 0.01)


@pytest.mark.parametrize("code", CODES)
def test_only_mrd_has_limits(make_evidence: Callable[..., Evidence], code: str):
    """LOD and LOQ are columns of the MRD rows alone."""
    row = row_of(code)
    (found,) = measure_all(make_evidence({row.numerator: 30, row.denominator: 900_000}), [code])

    assert (found.lod is not None) is (code in MRD)
    assert (found.loq is not None) is (code in MRD)


@pytest.mark.parametrize("code", PLAIN)
def test_plain_fraction_of_a_bad_tube_is_marked(
    make_evidence: Callable[..., Evidence], failure: Finding, code: str
):
    """The number stays (viability is what failed) and carries QUALITY_FAILED."""
    row = row_of(code)
    evidence = make_evidence({row.numerator: 3, row.denominator: 10}, failures=(failure,))
    (found,) = measure_all(evidence, [code])

    assert (found.status, found.qualifiers) == (
        PlainStatus.MEASURED,
        (Qualifier.QUALITY_FAILED,),
    )


@pytest.mark.parametrize("code", PLAIN)
def test_plain_fraction_of_nothing(make_evidence: Callable[..., Evidence], code: str):
    """0 of 0 is not evaluable."""
    row = row_of(code)
    (found,) = measure_all(make_evidence({row.numerator: 0, row.denominator: 0}), [code])

    assert (found.status, found.estimate, found.denominator) == ("NOT_EVALUABLE", None, 0)


def test_measures_what_is_asked_in_its_order(make_evidence: Callable[..., Evidence]):
    """A template's list is the list of results."""
    asked = ["viability", "mrd", "cd22_blasts"]

    assert [found.quantity for found in measure_all(make_evidence(), asked)] == asked


def test_unknown_code_names_the_nearest(make_evidence: Callable[..., Evidence]):
    """A misspelt quantity is refused before anything is measured."""
    with pytest.raises(ValueError, match=r"no quantity 'b_fractoin'.*did you mean b_fraction"):
        measure_all(make_evidence(), ["mrd", "b_fractoin"])


roles = sorted({role for row in CATALOGUE for role in (row.numerator, row.denominator)})


@given(
    st.dictionaries(st.sampled_from(roles), st.integers(0, 300)),
    st.integers(300, 3_000_000),
    st.booleans(),
    st.sampled_from(list(SpecimenType)),
)
def test_any_tube_gives_sound_rows(
    counts: dict[str, int], total: int, failed: bool, specimen_type: SpecimenType
):
    """Status of the right kind; a value exactly where it is evaluable; known qualifiers."""
    denominators = {row.denominator for row in CATALOGUE if row.code not in ANTIGENS}
    evidence = Evidence(
        counts={role: n + total * (role in denominators) for role, n in counts.items()}
        | ({"root": 2 * total + 600} if "root" in counts else {}),
        kept={},
        markers=frozenset(),
        limits=Limits(),
        specimen=Specimen(specimen_type=specimen_type),
        failures=(FAILURE,) * failed,
    )

    for found in measure_all(evidence, CODES):
        _assert_sound(found)


def _assert_sound(found: Measurement) -> None:
    assert found.status in status_words(found.quantity)
    silent = found.status in ("NOT_EVALUABLE", "NOT_ASSESSABLE")
    assert (found.estimate is None) is silent
    assert set(found.qualifiers) <= set(Qualifier)
    assert silent or (found.numerator is not None and found.denominator)


@pytest.mark.parametrize(
    "word",
    sorted(
        {*CODES, *MrdStatus, *BCellStatus, *AntigenCall, *PlainStatus, *Qualifier, *roles}
        - {"blasts above the CD19 threshold", "blasts above the CD22 threshold"}
    ),
)
def test_page_explains_every_word(word: str):
    """Each quantity, status, qualifier and role stands on the reference page."""
    assert f"`{word}`" in PAGE.read_text(encoding="utf-8")


def test_page_table_gives_the_roles_of_each_row():
    """What the page promises as numerator and denominator is what is measured."""
    found = {row.code: (row.numerator.split()[0], row.denominator.split()[0]) for row in CATALOGUE}
    table = re.findall(
        r"^\| `(\w+)` \| `(\w+)`[^|]*\| `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert {code: (numerator, denominator) for code, numerator, denominator in table} == found


def test_page_invents_no_word():
    """Every code in capitals on the page is one the software writes, findings included."""
    findings = (PAGE.parent / "findings.md").read_text(encoding="utf-8")
    said = re.findall(r"^\| `([A-Z0-9_]+)` \|", findings, re.MULTILINE)
    known = {*MrdStatus, *BCellStatus, *AntigenCall, *PlainStatus, *Qualifier, *said}
    written = set(re.findall(r"`([A-Z][A-Z0-9_]{3,})`", PAGE.read_text(encoding="utf-8")))

    assert written - {"NOT_RECORDED"} <= known
