from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.mrd import mrd_from_counts
from cytomon.measure.pooling import pool_mrd, two_tubes_p
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Limits, Measurement, MrdStatus

FAILURE = Finding(code="QC_AGE", severity=Severity.ERROR, what="old", where="worklist", fix="new")

# Every qualifier, on purpose: what one tube leaves open is open for the specimen; what follows from
# counts is judged anew from the pooled ones; what is never said of an MRD cannot be carried.
CARRIED = {
    Qualifier.ANTIGEN_ESCAPE_SUSPECTED,
    Qualifier.LINEAGE_SWITCH_SUSPECTED,
    Qualifier.STATUS_UNSTABLE,
    Qualifier.CHECK_BY_EYE,
    Qualifier.GATED_ON_ANTIGEN,
    Qualifier.LIMITED_FOR_DUAL_ESCAPE,
    Qualifier.LIMITED_FOR_KMT2A_ESCAPE,
    Qualifier.HEMODILUTE_LIKELY,
}
JUDGED_ANEW = {
    Qualifier.BORDERLINE_AT_THRESHOLD,
    Qualifier.WITH_SUSPICIOUS_EVENTS,
    Qualifier.TUBE_DISCORDANCE,
    Qualifier.QUALITY_FAILED,
    Qualifier.TRIAL_MRD_NEGATIVE,
    Qualifier.NOT_MARROW,
}
OF_OTHER_QUANTITIES = {
    Qualifier.ANTIBODY_MISSING,
    Qualifier.TOO_FEW_BLASTS,
    Qualifier.NO_NEGATIVE_REFERENCE,
    Qualifier.DRUG_EXPOSURE,
    Qualifier.EQUIVOCAL,
    Qualifier.PROVISIONAL,
    Qualifier.DECREASED,
    Qualifier.NO_POSITIVE_REFERENCE,
    Qualifier.CD19_LOW_B_CELLS,
}

tubes = st.tuples(st.integers(0, 60), st.integers(1_000, 1_000_000))


def tube(
    blasts: int | None,
    total: int,
    *,
    failed: bool = False,
    quantity: str = "mrd",
    specimen_type: SpecimenType = SpecimenType.MARROW,
) -> Measurement:
    return mrd_from_counts(
        blasts,
        total,
        quantity=quantity,
        limits=Limits(),
        specimen_type=specimen_type,
        failures=(FAILURE,) * failed,
    )


def pooled(
    first: Measurement, second: Measurement, specimen_type: SpecimenType = SpecimenType.MARROW
) -> Measurement:
    return pool_mrd(first, second, limits=Limits(), specimen_type=specimen_type)


@given(tubes, tubes)
def test_p_value_is_the_sum_of_all_splits_as_rare(first: tuple[int, int], second: tuple[int, int]):
    """Summed in exact fractions, split by split."""
    events, share = first[0] + second[0], Fraction(first[1], first[1] + second[1])
    rarity = [comb(events, i) * share**i * (1 - share) ** (events - i) for i in range(events + 1)]
    expected = sum(part for part in rarity if part <= rarity[first[0]])

    assert two_tubes_p(first, second) == pytest.approx(float(expected), rel=1e-6)


@given(tubes, tubes)
def test_agreeing_tubes_are_summed(first: tuple[int, int], second: tuple[int, int]):
    """Events and cells of both, judged as one tube; a discordant pair keeps the counts of one."""
    found = pooled(tube(*first), tube(*second))
    counts = (found.numerator, found.denominator)
    agree = two_tubes_p(first, second) >= 0.01

    assert (Qualifier.TUBE_DISCORDANCE in found.qualifiers) is not agree
    assert (
        counts == (first[0] + second[0], first[1] + second[1])
        if agree
        else counts
        in (
            first,
            second,
        )
    )


def test_two_shallow_tubes_reach_together_what_neither_does_alone():
    """Twice 0/150,000 is a negative at 0.01 %."""
    found = pooled(tube(0, 150_000), tube(0, 150_000))

    assert (found.status, found.denominator) == (MrdStatus.NOT_DETECTED, 300_000)
    assert Qualifier.TRIAL_MRD_NEGATIVE in found.qualifiers


def test_discordant_tubes_give_the_higher():
    """100 and 10 events of as many cells disagree; the higher stands and says so."""
    found = pooled(tube(10, 500_000), tube(100, 500_000))

    assert (found.numerator, found.status) == (100, MrdStatus.POSITIVE)
    assert found.qualifiers == (Qualifier.TUBE_DISCORDANCE,)
    assert float(found.details["tubes_p"]) < 0.01


def test_a_positive_is_not_displaced_by_a_handful_of_cells():
    """3 of 1,000 is a higher fraction than 60 of 500,000, but says nothing."""
    found = pooled(tube(3, 1_000), tube(60, 500_000))

    assert (found.status, found.numerator) == (MrdStatus.POSITIVE, 60)


def test_a_tube_that_cannot_be_judged_adds_nothing():
    """The other tube stands as it is, whichever came first; of two such, the first."""
    good, bad = tube(60, 500_000), tube(None, 500_000)

    assert pooled(good, bad) == good
    assert pooled(bad, good) == good
    assert pooled(bad, bad) == bad


def test_a_positive_of_a_failed_tube_is_not_diluted():
    """Summed, the pair would fall below the threshold; the failed tube's blasts stay seen."""
    found = pooled(tube(21, 200_000, failed=True), tube(12, 200_000))

    assert (found.status, found.numerator) == (MrdStatus.POSITIVE_BELOW_LOQ, 21)
    assert Qualifier.QUALITY_FAILED in found.qualifiers


def test_pooled_blood_is_still_no_marrow():
    """The specimen type goes into the pooled result."""
    found = pooled(
        tube(0, 500_000, specimen_type=SpecimenType.BLOOD),
        tube(0, 500_000, specimen_type=SpecimenType.BLOOD),
        SpecimenType.BLOOD,
    )

    assert found.qualifiers == (Qualifier.NOT_MARROW,)


def test_different_quantities_are_not_pooled():
    """Denominators do not mix."""
    with pytest.raises(ValueError, match="cannot pool mrd with mrd_wbc"):
        pooled(tube(1, 500_000), tube(1, 500_000, quantity="mrd_wbc"))


def test_dilution_of_one_tube_is_the_specimens():
    """Both tubes hold the same marrow: the doubt of one stands beside their sum."""
    dilute = replace(tube(0, 600_000), qualifiers=(Qualifier.HEMODILUTE_LIKELY,))

    assert Qualifier.HEMODILUTE_LIKELY in pooled(dilute, tube(0, 600_000)).qualifiers


def test_every_qualifier_is_carried_or_not_on_purpose():
    """A new qualifier has to be put into one of the three sets before this passes."""
    assert sorted((*CARRIED, *JUDGED_ANEW, *OF_OTHER_QUANTITIES)) == sorted(Qualifier)


@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
@pytest.mark.parametrize("qualifier", list(Qualifier))
def test_what_one_tube_leaves_open_is_open_for_the_specimen(qualifier: Qualifier, first: bool):
    """Beside an agreeing, a discordant and a lone tube; nothing else is taken over into a sum."""
    marked = replace(tube(0, 600_000), qualifiers=(qualifier,))
    for other in (tube(0, 600_000), tube(200, 600_000), tube(None, 600_000)):
        pair = (marked, other) if first else (other, marked)
        found = pooled(*pair).qualifiers
        assert qualifier not in CARRIED or qualifier in found

    if qualifier is Qualifier.QUALITY_FAILED:
        return  # such a tube is never summed
    summed = pooled(*((marked, tube(0, 600_000)) if first else (tube(0, 600_000), marked)))
    assert set(summed.qualifiers) - {Qualifier.TRIAL_MRD_NEGATIVE} <= CARRIED


def test_a_specimen_that_waits_for_the_eye_is_no_negative():
    """One tube with clusters left to the eye, one without: nobody may read the sum as negative."""
    open_ = replace(tube(0, 600_000), qualifiers=(Qualifier.CHECK_BY_EYE,))
    found = pooled(open_, tube(0, 600_000))

    assert (found.status, found.denominator) == (MrdStatus.NOT_DETECTED, 1_200_000)
    assert found.qualifiers == (Qualifier.CHECK_BY_EYE,)


@pytest.mark.parametrize(("unclear", "said"), [(19, False), (20, True)])
def test_too_few_for_the_eye_in_each_tube_may_be_enough_together(unclear: int, said: bool):
    """Their sum is held against the pooled counts."""
    found = pool_mrd(
        tube(0, 600_000),
        tube(0, 600_000),
        limits=Limits(),
        specimen_type=SpecimenType.MARROW,
        unclear=unclear,
    )

    assert (Qualifier.CHECK_BY_EYE in found.qualifiers) is said
    assert (Qualifier.TRIAL_MRD_NEGATIVE in found.qualifiers) is not said
