from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.limits import lod_events, loq_events
from cytomon.measure.mrd import measure_mrd, mrd_from_counts, mrd_status
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Evidence, Limits, Measurement, MrdStatus

FAILURE = Finding(code="QC_AGE", severity=Severity.ERROR, what="old", where="worklist", fix="new")

totals = st.one_of(st.integers(1, 1_000), st.integers(1, 5_000_000))
counts = totals.flatmap(
    lambda total: st.tuples(
        st.one_of(st.integers(0, min(total, 700)), st.integers(0, total)), st.just(total)
    )
)
limits = st.builds(
    lambda lod, extra, rate: Limits(lod_events=lod, loq_events=lod + extra, lob_rate=rate),
    st.sampled_from([10, 20, 30]),
    st.sampled_from([0, 20, 30]),
    st.sampled_from([0.0, 1e-6, 1e-5, 3e-4]),
)
specimen_types = st.sampled_from(list(SpecimenType))


def mrd(
    blasts: int | None,
    total: int | None,
    *,
    limits: Limits | None = None,
    specimen_type: SpecimenType = SpecimenType.MARROW,
    failures: tuple[Finding, ...] = (),
) -> Measurement:
    return mrd_from_counts(
        blasts,
        total,
        quantity="mrd",
        limits=limits or Limits(),
        specimen_type=specimen_type,
        failures=failures,
    )


@pytest.mark.parametrize(
    ("blasts", "total", "value", "low", "high", "status"),
    [
        (20, 200_000, 0.0100, 0.0061, 0.0154, "POSITIVE_BELOW_LOQ"),
        (60, 500_000, 0.0120, 0.0092, 0.0154, "POSITIVE"),
        (80, 500_000, 0.0160, 0.0127, 0.0199, "POSITIVE"),
        (25, 500_000, 0.0050, 0.0032, 0.0074, "DETECTED_BELOW_THRESHOLD"),
        (12, 100_000, 0.0120, 0.0062, 0.0210, "INSUFFICIENT_SENSITIVITY"),
    ],
)
def test_worked_checks_with_interval(
    blasts: int, total: int, value: float, low: float, high: float, status: str
):
    """The worked checks of domain 1.4: percent, interval, status."""
    found = mrd(blasts, total)

    assert found.estimate is not None
    printed = (found.estimate.value, found.estimate.low, found.estimate.high)
    assert tuple(round(100 * number, 4) for number in printed) == (value, low, high)
    assert found.status == status


@pytest.mark.parametrize(
    ("blasts", "total", "sensitivity"),
    [(19, 150_000, 0.0133), (0, 30_000, 0.0667), (3, 50_000, 0.04), (12, 100_000, 0.02)],
)
def test_worked_checks_with_too_few_cells(blasts: int, total: int, sensitivity: float):
    """The worked checks of domain 1.4 that no count of cells can answer."""
    found = mrd(blasts, total)

    assert found.status == MrdStatus.INSUFFICIENT_SENSITIVITY
    assert found.lod is not None
    assert round(100 * found.lod, 4) == sensitivity
    assert (Qualifier.WITH_SUSPICIOUS_EVENTS in found.qualifiers) == (blasts > 0)


@pytest.mark.parametrize(
    ("blasts", "total", "borderline"),
    [(20, 200_000, True), (60, 500_000, True), (80, 500_000, False), (25, 500_000, False)],
)
def test_worked_checks_say_borderline(blasts: int, total: int, borderline: bool):
    """A result whose interval holds the threshold says so."""
    assert (Qualifier.BORDERLINE_AT_THRESHOLD in mrd(blasts, total).qualifiers) is borderline


def test_nothing_found_has_a_one_sided_bound():
    """0 of 30,000 excludes 0.0100 % one-sided, while the file's interval is two-sided."""
    found = mrd(0, 30_000)

    assert round(100 * float(found.details["upper_one_sided"]), 4) == 0.0100
    assert found.estimate is not None
    assert found.estimate.high == pytest.approx(3.69 / 30_000, rel=1e-3)


@pytest.mark.parametrize(
    ("blasts", "total", "status"),
    [
        (0, 200_000, "NOT_DETECTED"),
        (1, 200_000, "BELOW_LOD"),
        (19, 200_000, "BELOW_LOD"),
        (20, 200_001, "DETECTED_BELOW_THRESHOLD"),
        (49, 490_000, "POSITIVE_BELOW_LOQ"),
        (50, 500_000, "POSITIVE"),
        (0, 199_999, "INSUFFICIENT_SENSITIVITY"),
    ],
)
def test_edges(blasts: int, total: int, status: str):
    """At each edge of the table of domain 1.4 the event on it belongs to the stronger status."""
    assert mrd(blasts, total).status == status


@given(counts, limits, st.booleans())
def test_exactly_one_row_of_the_table_fits(count: tuple[int, int], limits: Limits, failed: bool):
    """The seven rows, written out, leave no gap and no overlap."""
    k, n = count
    lod, loq, t = lod_events(limits, n), loq_events(limits, n), limits.threshold
    p, sens = k / n, lod / n
    blocked = failed and not (k >= lod and p >= t)
    rows = {
        "NOT_EVALUABLE": blocked,
        "POSITIVE": not blocked and k >= loq and p >= t,
        "POSITIVE_BELOW_LOQ": not blocked and lod <= k < loq and p >= t,
        "DETECTED_BELOW_THRESHOLD": not blocked and k >= lod and p < t,
        "BELOW_LOD": not blocked and 0 < k < lod and sens <= t,
        "NOT_DETECTED": not blocked and k == 0 and sens <= t,
        "INSUFFICIENT_SENSITIVITY": not blocked and k < lod and sens > t,
    }

    assert [name for name, holds in rows.items() if holds] == [
        mrd_status(k, n, limits=limits, quality_failed=failed)
    ]


@given(counts, limits, st.booleans())
def test_more_blasts_never_look_better(count: tuple[int, int], limits: Limits, failed: bool):
    """With the cells fixed, the status only rises with the blasts."""
    rank = [
        {MrdStatus.NOT_EVALUABLE, MrdStatus.NOT_DETECTED, MrdStatus.INSUFFICIENT_SENSITIVITY},
        {MrdStatus.BELOW_LOD},
        {MrdStatus.DETECTED_BELOW_THRESHOLD},
        {MrdStatus.POSITIVE_BELOW_LOQ},
        {MrdStatus.POSITIVE},
    ]
    k, n = count
    statuses = [
        mrd_status(blasts, n, limits=limits, quality_failed=failed) for blasts in (k, min(k + 1, n))
    ]
    before, after = (
        next(i for i, names in enumerate(rank) if status in names) for status in statuses
    )

    assert after >= before


@given(counts, limits, specimen_types)
def test_bad_quality_takes_only_reassurance_away(
    count: tuple[int, int], limits: Limits, specimen_type: SpecimenType
):
    """A positive stays what it was; everything else becomes not evaluable; both say why."""
    clean = mrd(*count, limits=limits, specimen_type=specimen_type)
    failed = mrd(*count, limits=limits, specimen_type=specimen_type, failures=(FAILURE,))
    positive = clean.status in (MrdStatus.POSITIVE, MrdStatus.POSITIVE_BELOW_LOQ)

    assert failed.status == (clean.status if positive else MrdStatus.NOT_EVALUABLE)
    assert Qualifier.QUALITY_FAILED in failed.qualifiers
    assert failed.estimate == (clean.estimate if positive else None)


@given(counts, limits, specimen_types, st.booleans())
def test_trial_negative_is_marrow_below_threshold_with_sensitivity(
    count: tuple[int, int], limits: Limits, specimen_type: SpecimenType, failed: bool
):
    """TRIAL_MRD_NEGATIVE means p < T and sens <= T, in marrow, of an evaluable tube."""
    found = mrd(*count, limits=limits, specimen_type=specimen_type, failures=(FAILURE,) * failed)
    k, n = count
    expected = (
        k / n < limits.threshold
        and lod_events(limits, n) / n <= limits.threshold
        and specimen_type is SpecimenType.MARROW
        and not failed
    )

    assert (Qualifier.TRIAL_MRD_NEGATIVE in found.qualifiers) is expected


@given(counts, limits, specimen_types, st.booleans())
def test_qualifiers_come_in_their_fixed_order(
    count: tuple[int, int], limits: Limits, specimen_type: SpecimenType, failed: bool
):
    """The order is that of `Qualifier`, each at most once."""
    found = mrd(
        *count, limits=limits, specimen_type=specimen_type, failures=(FAILURE,) * failed
    ).qualifiers

    assert found == tuple(qualifier for qualifier in Qualifier if qualifier in found)


@pytest.mark.parametrize("specimen_type", [SpecimenType.BLOOD, SpecimenType.CSF])
@pytest.mark.parametrize("count", [(0, 1_000_000), (100, 500_000), (0, 10), (None, None)])
def test_other_specimens_say_that_they_are_no_marrow(
    specimen_type: SpecimenType, count: tuple[int | None, int | None]
):
    """Blood and fluid carry NOT_MARROW with every status."""
    assert Qualifier.NOT_MARROW in mrd(*count, specimen_type=specimen_type).qualifiers


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"nucleated": 500_000}, "this tube or template has no blast gate"),
        ({"blasts": 7}, "no denominator gate"),
        ({"blasts": 0, "nucleated": 0}, "no events in the denominator"),
    ],
)
def test_absent_is_not_zero(
    make_evidence: Callable[..., Evidence], counts: dict[str, int], reason: str
):
    """Without a count there is no number, no limit, and a reason; what is known stays."""
    found = measure_mrd(make_evidence(counts=counts))

    assert (found.status, found.details["reason"]) == (MrdStatus.NOT_EVALUABLE, reason)
    assert (found.estimate, found.lod, found.loq) == (None, None, None)
    assert (found.numerator, found.denominator) == (
        counts.get("blasts"),
        counts.get("nucleated"),
    )


def test_failed_tube_names_its_failures(make_evidence: Callable[..., Evidence], failure: Finding):
    """The reason names the finding codes, and the counts stay visible."""
    evidence = make_evidence(counts={"blasts": 3, "nucleated": 500_000}, failures=(failure,))
    found = measure_mrd(evidence)

    assert found.details["reason"] == "quality: QC_VIABILITY"
    assert (found.numerator, found.denominator) == (3, 500_000)


@pytest.mark.parametrize(
    ("role", "value"), [("nucleated", 1e-3), ("wbc", 1.25e-3), ("mnc", 2.5e-3)]
)
def test_each_denominator_has_its_own_fraction(
    make_evidence: Callable[..., Evidence], role: str, value: float
):
    """The same blasts over three denominators."""
    counts = {"blasts": 500, "nucleated": 500_000, "wbc": 400_000, "mnc": 200_000}
    found = measure_mrd(make_evidence(counts=counts), quantity="x", denominator_role=role)

    assert found.estimate is not None
    assert found.estimate.value == pytest.approx(value)
    assert found.quantity == "x"


def test_limits_are_fractions_of_this_tube():
    """20 and 50 events of 400,000; with a background both rise to the smallest detection."""
    plain, noisy = mrd(0, 400_000), mrd(0, 400_000, limits=Limits(lob_rate=2e-4))

    assert (plain.lod, plain.loq) == (5e-5, 1.25e-4)
    assert noisy.lod == noisy.loq
    assert noisy.lod is not None
    assert noisy.lod > 2e-4


def test_profile_of_ten_and_forty_events():
    """A laboratory that validated 10/40 events is held to its own limits."""
    profile = Limits(lod_events=10, loq_events=40)

    assert mrd(12, 100_000, limits=profile).status == MrdStatus.POSITIVE_BELOW_LOQ


def test_blood_is_never_trial_negative(make_evidence: Callable[..., Evidence]):
    """A clean, deep, empty blood tube is not detected, and no more than that."""
    specimen = Specimen(specimen_type=SpecimenType.BLOOD)
    evidence = make_evidence(counts={"blasts": 0, "nucleated": 2_000_000}, specimen=specimen)

    assert measure_mrd(evidence).qualifiers == (Qualifier.NOT_MARROW,)


@pytest.mark.parametrize(
    ("blasts", "said"),
    [
        pytest.param(0, True, id="nothing-seen"),
        pytest.param(30, True, id="seen-below-threshold"),
        pytest.param(300, False, id="positive-needs-no-doubt"),
    ],
)
def test_diluted_marrow_reassures_less(
    make_evidence: Callable[..., Evidence], blasts: int, said: bool
):
    """Beside a reassuring status only, and the number is not corrected."""
    make_up = {"nucleated": 600_000, "erythroblasts": 6000, "cd34_myeloid": 600}
    found = measure_mrd(make_evidence(counts={"blasts": blasts, **make_up}))

    assert (Qualifier.HEMODILUTE_LIKELY in found.qualifiers) is said
    assert found.estimate is not None
    assert found.estimate.value == blasts / 600_000


@pytest.mark.parametrize(
    ("blasts", "unclear", "said"),
    [
        pytest.param(0, 19, False, id="together-below-detection"),
        pytest.param(0, 20, True, id="a-detection-of-their-own"),
        pytest.param(15, 5, True, id="a-detection-together"),
        pytest.param(15, 4, False, id="still-none"),
        pytest.param(60, 0, False, id="nothing-to-check"),
        pytest.param(60, 524, True, id="positive-anyway-but-by-ten-times"),
        pytest.param(60, 60, True, id="twice-as-many"),
        pytest.param(60, 59, False, id="not-quite-twice"),
        pytest.param(4, 8, False, id="twice-of-too-few"),
        pytest.param(30, 20, True, id="would-be-above-the-threshold"),
        pytest.param(30, 5, False, id="would-be-the-same"),
    ],
)
def test_what_is_left_to_the_eye_may_overturn_a_status(
    make_evidence: Callable[..., Evidence], blasts: int, unclear: int, said: bool
):
    """Said exactly where these events, were they blasts, would be another status, or double it."""
    counts = {"blasts": blasts, "nucleated": 500_000, "by_eye": unclear}

    found = measure_mrd(make_evidence(counts=counts))

    assert (Qualifier.CHECK_BY_EYE in found.qualifiers) is said
    assert found.numerator == blasts


@given(st.integers(10, 3_000_000).flatmap(lambda n: st.tuples(st.integers(10, n), st.just(n))))
def test_double_lies_outside_the_interval(count: tuple[int, int]):
    """So a number that the eye may double is never one that its interval covers."""
    found = mrd(*count).estimate

    assert found is not None
    assert 2 * count[0] > count[1] or 2 * count[0] / count[1] > found.high


@pytest.mark.parametrize(
    ("blasts", "unclear", "negative"),
    [(0, 0, True), (0, 19, True), (0, 20, False), (0, 558, False), (25, 24, True), (25, 25, False)],
)
def test_what_waits_for_the_eye_is_no_negative(
    make_evidence: Callable[..., Evidence], blasts: int, unclear: int, negative: bool
):
    """TRIAL_MRD_NEGATIVE is withheld exactly where CHECK_BY_EYE stands."""
    counts = {"blasts": blasts, "nucleated": 1_000_000, "by_eye": unclear}

    found = measure_mrd(make_evidence(counts=counts))

    assert (Qualifier.TRIAL_MRD_NEGATIVE in found.qualifiers) is negative
    assert (Qualifier.CHECK_BY_EYE in found.qualifiers) is not negative


def test_more_to_check_than_the_denominator_holds(make_evidence: Callable[..., Evidence]):
    """Events left to the eye may stand outside a denominator; that is no defect."""
    found = measure_mrd(make_evidence(counts={"blasts": 3, "nucleated": 10, "by_eye": 400}))

    assert found.numerator == 3
