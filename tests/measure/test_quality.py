from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.composition import marrow_index
from cytomon.measure.quality import check_quality, hard
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Limits

GOOD = {
    "root": 1_000_000,
    "time_ok": 980_000,
    "doublets": 40_000,
    "viable_of": 900_000,
    "viable": 850_000,
    "nucleated": 800_000,
    "blasts": 0,
    "t_cells": 90_000,
}
COLLECTED = date(2026, 3, 2)
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def specimen(
    *, days: int | None = 1, instrument_qc: str = "pass", viability: float | None = None
) -> Specimen:
    return Specimen(
        specimen_type=SpecimenType.MARROW,
        collected_on=COLLECTED,
        received_on=None if days is None else COLLECTED + timedelta(days=days),
        instrument_qc=instrument_qc,
        viability=viability,
    )


def check(changes: dict[str, int] | None = None, row: Specimen | None = None) -> list[Finding]:
    counts = {**GOOD, **(changes or {})}
    return list(check_quality(counts, row or specimen(), Limits()))


def codes(findings: list[Finding]) -> list[tuple[str, Severity]]:
    return [(finding.code, finding.severity) for finding in findings]


def test_a_good_tube_has_no_finding():
    """Nothing is said where nothing is wrong."""
    assert check() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"viable": 720_000}, [], id="viable-80"),
        pytest.param({"viable": 719_999}, [("QC_VIABILITY", WARNING)], id="viable-below-80"),
        pytest.param({"viable": 450_000}, [("QC_VIABILITY", WARNING)], id="viable-50"),
        pytest.param({"viable": 449_999}, [("QC_VIABILITY", ERROR)], id="viable-below-50"),
        pytest.param({"time_ok": 800_000}, [], id="retained-80"),
        pytest.param({"time_ok": 799_999}, [("QC_RETAINED", WARNING)], id="retained-below-80"),
        pytest.param({"time_ok": 500_000}, [("QC_RETAINED", WARNING)], id="retained-50"),
        pytest.param({"time_ok": 499_999}, [("QC_RETAINED", ERROR)], id="retained-below-50"),
        pytest.param({"doublets": 98_000}, [], id="doublets-10"),
        pytest.param({"doublets": 98_001}, [("QC_DOUBLETS", WARNING)], id="doublets-above-10"),
        pytest.param({"doublets": 245_000}, [("QC_DOUBLETS", WARNING)], id="doublets-25"),
        pytest.param({"doublets": 245_001}, [("QC_DOUBLETS", ERROR)], id="doublets-above-25"),
        pytest.param({"t_cells": 500}, [], id="t-cells-500"),
        pytest.param({"t_cells": 499}, [("QC_REFERENCE", WARNING)], id="t-cells-499"),
        pytest.param({"t_cells": 50}, [("QC_REFERENCE", WARNING)], id="t-cells-50"),
        pytest.param({"t_cells": 49}, [("QC_REFERENCE", ERROR)], id="t-cells-49"),
        pytest.param({"nucleated": 500_000}, [], id="nucleated-500k"),
        pytest.param({"nucleated": 499_999}, [("FEW_EVENTS", WARNING)], id="nucleated-fewer"),
        pytest.param({"nucleated": 0}, [("FEW_EVENTS", WARNING)], id="nucleated-none"),
        pytest.param(
            {"blasts": 200, "hematogones": 1000},
            [("BLASTS_AMONG_HEMATOGONES", WARNING)],
            id="edge-of-hematogones",
        ),
        pytest.param(
            {"erythroblasts": 20_000, "cd34_myeloid": 1000},
            [("HEMODILUTE_LIKELY", WARNING)],
            id="hemodilute",
        ),
        pytest.param(
            {"erythroblasts": 40_000, "cd34_myeloid": 2500}, [], id="half-blood-is-a-marrow"
        ),
        pytest.param(
            {"erythroblasts": 500, "cd34_myeloid": 8000}, [], id="lysed-erythroblasts-alone"
        ),
        pytest.param(
            {"erythroblasts": 20_000, "cd34_myeloid": 1000, "blasts": 700_000},
            [],
            id="little-room-beside-blasts",
        ),
        pytest.param({"erythroblasts": 0}, [], id="cd34-not-counted"),
        pytest.param(
            {"lymphocytes": 10_000, "lymphosum": 9499},
            [("LYMPH_GATE_IMPURE", WARNING)],
            id="lymphosum-below-95",
        ),
        pytest.param({"lymphocytes": 10_000, "lymphosum": 9500}, [], id="lymphosum-95"),
        pytest.param({"lymphocytes": 499, "lymphosum": 100}, [], id="few-lymphocytes"),
        pytest.param({"blasts": 201, "hematogones": 1000}, [], id="more-than-an-edge"),
        pytest.param({"blasts": 0, "hematogones": 1000}, [], id="hematogones-alone"),
        pytest.param({"blasts": 30}, [], id="hematogones-not-counted"),
    ],
)
def test_limits_of_the_counts(changes: dict[str, int], expected: list[tuple[str, Severity]]):
    """The edges of domain 6.3: what reaches a limit is still within it."""
    assert codes(check(changes)) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, []),
        (2, []),
        (3, [("QC_AGE", WARNING)]),
        (4, [("QC_AGE", WARNING)]),
        (5, [("QC_AGE", ERROR)]),
        (-1, [("QC_AGE", WARNING)]),
        (None, [("NOT_RECORDED", INFO)]),
    ],
)
def test_age_from_dates(days: int | None, expected: list[tuple[str, Severity]]):
    """Hard only when certainly over 96 h, a warning when possibly over 72 h."""
    assert codes(check(row=specimen(days=days))) == expected


@given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 9))
def test_age_is_never_hard_by_rounding(collected_hour: int, received_hour: int, days: int):
    """Whatever the hours were: an ERROR means over 96 h, silence means at most 72 h."""
    hours = 24 * days + received_hour - collected_hour
    severities = [severity for _, severity in codes(check(row=specimen(days=days)))]

    assert hours > 96 or ERROR not in severities
    assert hours <= 72 or severities


def test_age_says_how_well_it_is_known():
    """Only dates are recorded, and the sentence says what that leaves open."""
    (finding,) = check(row=specimen(days=3))

    assert finding.what.startswith(
        "on receipt the specimen was between 48 and 96 h old (only dates"
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [("pass", []), ("fail", [("QC_INSTRUMENT", ERROR)]), ("", [("NOT_RECORDED", INFO)])],
)
def test_instrument(word: str, expected: list[tuple[str, Severity]]):
    """Failed is hard; not supplied is for the record."""
    assert codes(check(row=specimen(instrument_qc=word))) == expected


def test_unknown_word_for_the_instrument_is_refused():
    """A misspelt failure must not read as a pass."""
    with pytest.raises(ValueError, match="instrument_qc='failed': expected 'pass', 'fail'"):
        check(row=specimen(instrument_qc="failed"))


@pytest.mark.parametrize(
    ("viability", "expected"),
    [
        (0.9, []),
        (0.7, [("QC_VIABILITY", WARNING)]),
        (0.4, [("QC_VIABILITY", ERROR)]),
        (None, [("NOT_RECORDED", INFO)]),
    ],
)
def test_viability_without_a_dye(viability: float | None, expected: list[tuple[str, Severity]]):
    """The laboratory's own count stands in; without either the check is not made."""
    counts = {role: n for role, n in GOOD.items() if not role.startswith("viable")}
    findings = list(check_quality(counts, specimen(viability=viability), Limits()))

    assert codes(findings) == expected


def test_the_dye_wins_over_the_worklist():
    """The tube's own cells are the ones that were measured."""
    assert check(row=specimen(viability=0.1)) == []


def test_absent_roles_are_not_checked():
    """A template without a gate raises no finding about it; nothing supplied is no failure."""
    row = Specimen(specimen_type=SpecimenType.BLOOD)
    findings = check_quality({}, row, Limits())

    assert [finding.code for finding in findings] == ["NOT_RECORDED"] * 3
    assert hard(findings) == ()


@pytest.mark.parametrize("whole", ["root", "time_ok", "viable_of"])
def test_nothing_of_nothing_is_no_fraction(whole: str):
    """An empty parent gives no percentage and no crash."""
    zero = {"time_ok": 0, "doublets": 0, "viable": 0, whole: 0}
    found = [code for code, _ in codes(check(zero))]

    assert ("QC_RETAINED" in found) is (whole != "root")


def test_hard_are_the_errors():
    """Hard failures keep their order; warnings and notes do not fail a tube."""
    findings = check(
        {"viable": 1, "t_cells": 3, "nucleated": 7}, specimen(days=None, instrument_qc="fail")
    )

    assert [finding.code for finding in hard(findings)] == [
        "QC_INSTRUMENT",
        "QC_VIABILITY",
        "QC_REFERENCE",
    ]


def test_a_tube_without_blast_gate_needs_no_mrd_sensitivity():
    """A lymphocyte tube of 100,000 cells is not short of events."""
    counts = {role: n for role, n in GOOD.items() if role != "blasts"} | {"nucleated": 100_000}

    assert check_quality(counts, specimen(), Limits()) == ()


def test_few_events_give_the_sensitivity():
    """20 of 250,000 is 0.0080 %; with a validated background the limit is higher."""
    (plain,) = check({"nucleated": 250_000})
    (noisy,) = check_quality(
        {"blasts": 0, "nucleated": 250_000, "viable": 1, "viable_of": 1},
        specimen(),
        Limits(lob_rate=2e-4),
    )

    assert plain.what.endswith("the sensitivity is 0.0080%")
    assert noisy.what.endswith("the sensitivity is 0.0252%")


@given(
    st.dictionaries(st.sampled_from(sorted(GOOD)), st.integers(0, 600_000)),
    st.sampled_from(["pass", "fail", ""]),
    st.integers(-3, 12),
)
def test_every_finding_can_be_acted_on(counts: dict[str, int], word: str, days: int):
    """What, where and fix are there, no date is printed, and the code is documented."""
    found = check_quality(counts, specimen(days=days, instrument_qc=word), Limits())
    page = Path(__file__).parents[2] / "docs" / "reference" / "findings-measure.md"

    for finding in found:
        assert finding.what
        assert finding.where
        assert finding.fix
        assert "2026" not in finding.what
        assert f"`{finding.code}`" in page.read_text(encoding="utf-8")


def test_blood_is_never_called_dilute():
    """What a marrow lacks when it is diluted, blood has never had."""
    row = Specimen(
        specimen_type=SpecimenType.BLOOD,
        collected_on=COLLECTED,
        received_on=COLLECTED,
        instrument_qc="pass",
    )

    assert check({"erythroblasts": 20, "cd34_myeloid": 1}, row) == []


def test_index_of_marrow():
    """By hand: a tenth of the usual erythroblasts, two fifths of the usual CD34+ cells."""
    counts = {"nucleated": 100_000, "erythroblasts": 1500, "cd34_myeloid": 360}

    assert marrow_index(counts) == pytest.approx(0.2)
    assert marrow_index({**counts, "blasts": 50_000}) == pytest.approx(0.4)
    assert marrow_index({**counts, "nucleated": 4999}) is None
    assert marrow_index({"nucleated": 100_000, "erythroblasts": 1500}) is None
