"""How often a status came out under jittered boundaries, at its edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cytomon.measure.mrd import measure_mrd
from cytomon.measure.stability import say_stability, with_stability
from cytomon.model.findings import Finding, Severity
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Evidence, Measurement, MrdStatus

MakeEvidence = Callable[..., Evidence]
WHOLE = 500_000
"""One in ten thousand of them are 50: the edge of POSITIVE, which also needs 50 events."""


def shaken(
    make_evidence: MakeEvidence,
    k: int,
    draws: list[int],
    *,
    whole: int = WHOLE,
    failures: tuple[Finding, ...] = (),
) -> Measurement:
    """MRD of k blasts, with these counts under jitter."""
    counts = {"blasts": k, "nucleated": whole}
    evidence = make_evidence(counts=counts, failures=failures)
    before = measure_mrd(evidence)
    return with_stability(before, replace(evidence, draws=tuple(draws)))


@pytest.mark.parametrize(("other", "stable"), [(0, 1.0), (5, 0.95), (6, 0.94), (100, 0.0)])
def test_the_share_of_draws_with_the_same_status(
    make_evidence: MakeEvidence, other: int, stable: float
):
    """Of a hundred draws, so many fall below the threshold; 95 are enough and 94 are not."""
    found = shaken(make_evidence, 60, [60] * (100 - other) + [49] * other)

    assert found.status == MrdStatus.POSITIVE
    assert found.details["status_stable"] == pytest.approx(stable)
    assert found.details["draws"] == 100
    assert (Qualifier.STATUS_UNSTABLE in found.qualifiers) is (stable < 0.95)


def test_a_status_may_hold_though_its_number_moves(make_evidence: MakeEvidence):
    """Between 50 and 5000 events every draw is positive: stable, and the interval is wide."""
    found = shaken(make_evidence, 400, list(range(50, 5000, 50)))

    assert found.details["status_stable"] == 1.0
    assert Qualifier.STATUS_UNSTABLE not in found.qualifiers
    assert float(found.details["k_high"]) > 4000


def test_the_interval_is_the_middle_95_percent(make_evidence: MakeEvidence):
    """Rounded outward to whole events."""
    found = shaken(make_evidence, 600, list(range(500, 701)))

    assert (found.details["k_low"], found.details["k_high"]) == (505, 695)
    narrow = shaken(make_evidence, 600, [600, 601])
    assert (narrow.details["k_low"], narrow.details["k_high"]) == (600, 601)


@pytest.mark.parametrize(("k", "whole"), [(19, WHOLE), (20, WHOLE), (49, WHOLE), (0, WHOLE)])
def test_every_other_status_is_judged_by_its_own_rule(
    make_evidence: MakeEvidence, k: int, whole: int
):
    """Draws that all equal the count agree with it, whatever it says."""
    found = shaken(make_evidence, k, [k] * 60, whole=whole)

    assert found.details["status_stable"] == 1.0


def test_more_draws_than_events_are_no_crash(make_evidence: MakeEvidence):
    """A scaled draw may exceed the whole of a tube that is all leukaemia."""
    found = shaken(make_evidence, 9_000, [9_900, 10_400], whole=10_000)

    assert found.details["status_stable"] == 1.0


def test_a_failed_tube_is_not_called_stable(make_evidence: MakeEvidence, failure: Finding):
    """Where quality takes the call away there is nothing to be stable."""
    found = shaken(make_evidence, 10, [10] * 60, failures=(failure,))

    assert found.status == MrdStatus.NOT_EVALUABLE
    assert "status_stable" not in found.details


def test_a_positive_tube_of_bad_quality_is_judged_as_such(
    make_evidence: MakeEvidence, failure: Finding
):
    """Draws below the threshold would not have been evaluable, and count as another status."""
    found = shaken(make_evidence, 60, [60] * 90 + [30] * 10, failures=(failure,))

    assert found.status == MrdStatus.POSITIVE
    assert found.details["status_stable"] == pytest.approx(0.9)
    assert Qualifier.STATUS_UNSTABLE in found.qualifiers


def test_without_draws_nothing_is_said(make_evidence: MakeEvidence):
    """No number stands for a test that was not made."""
    found = shaken(make_evidence, 60, [])

    assert "status_stable" not in found.details
    assert list(say_stability([found])) == []


@pytest.mark.parametrize(
    ("other", "severity", "words"),
    [(0, Severity.INFO, "POSITIVE in 100%"), (5, Severity.INFO, "in 95% of 100 draws"),
     (6, Severity.WARNING, "in 94% of 100 draws"), (40, Severity.WARNING, "k from 49 to 60")],
)  # fmt: skip
def test_the_finding_says_status_share_and_interval(
    make_evidence: MakeEvidence, other: int, severity: Severity, words: str
):
    """A warning exactly where the qualifier stands."""
    found = shaken(make_evidence, 60, [60] * (100 - other) + [49] * other)

    (said,) = say_stability([found])

    assert (said.code, said.severity) == ("STATUS_STABILITY", severity)
    assert words in said.what


def test_the_finding_says_what_was_jittered_and_what_was_not(make_evidence: MakeEvidence):
    """A stable status is no word on whether the cells are leukaemia."""
    (said,) = say_stability([shaken(make_evidence, 60, [60] * 60)])

    assert "gates and the borders between fitted populations jittered" in said.what
    assert "Whether a cluster is leukaemia is not jittered" in said.what
    assert "every boundary" not in said.what


def test_only_the_reported_mrd_speaks(make_evidence: MakeEvidence):
    """Another quantity with the same details is silent."""
    found = shaken(make_evidence, 60, [60] * 60)

    assert list(say_stability([replace(found, quantity="mrd_wbc")])) == []
