"""Whether B cells are back: the fraction that the 1 % rule is applied to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytomon.measure.intervals import binomial_interval
from cytomon.model.findings import Finding, Severity
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import BCellStatus, Estimate, Evidence, Limits, Measurement

_LOW_CD19_RATIO = 2
_LOW_CD19_LEAST = 20
"""Below 20 CD20+ events a ratio of two is within counting error."""


def measure_b_fraction(evidence: Evidence) -> Measurement:
    """Mature and transitional B cells among the lymphocytes of one tube.

    Parameters
    ----------
    evidence : Evidence
        Needs the counts ``b_cells`` and ``lymphocytes``, both without leukaemic events, the first
        also without precursors and CD3+CD19+ events.

    Returns
    -------
    Measurement
        With a status of `BCellStatus`. Too few lymphocytes, an absent role and a hard quality
        failure are `NOT_EVALUABLE`: a bad tube is neither aplasia nor recovery.

    Raises
    ------
    ValueError
        If there are more B cells than lymphocytes.

    Notes
    -----
    The interval covers counting only. In marrow with hematogones the boundary between them and
    transitional B cells is a convention that can move the fraction by more than the interval;
    `boundary_low` and `boundary_high` among the details are the fraction with that boundary drawn
    so that no B cell, and no precursor, could be anything else with a probability above a tenth,
    and with the events to be checked by eye among the lymphocytes as B cells.
    """
    events = evidence.counts.get("b_cells")
    total = evidence.counts.get("lymphocytes")
    reason = _reason(evidence, events, total)
    estimate = None
    status = BCellStatus.NOT_EVALUABLE
    if not reason and events is not None and total is not None:
        estimate = binomial_interval(events, total)
        status = b_cell_status(events, total, limits=evidence.limits)
    return Measurement(
        quantity="b_fraction",
        numerator=events,
        denominator=total,
        estimate=estimate,
        status=status,
        qualifiers=_qualifiers(evidence, estimate, total),
        details={"reason": reason} if reason else _boundary(evidence, total),
    )


def b_cell_status(events: int, total: int, *, limits: Limits) -> BCellStatus:
    """Decide between aplasia and recovery, firm or provisional.

    Parameters
    ----------
    events, total : int
        B cells and lymphocytes, 0 <= `events` <= `total`.
    limits : Limits
        Of the template: the fraction, and the lymphocytes for a firm and for any call.

    Returns
    -------
    BCellStatus

    Examples
    --------
    >>> b_cell_status(8, 1600, limits=Limits())
    <BCellStatus.PROVISIONAL_APLASIA: 'PROVISIONAL_APLASIA'>
    """
    if total < limits.lymphocytes_least or total < 1:
        return BCellStatus.NOT_EVALUABLE
    recovered = events / total >= limits.recovery_fraction
    if total >= limits.lymphocytes_firm:
        return BCellStatus.RECOVERED if recovered else BCellStatus.APLASIA
    return BCellStatus.PROVISIONAL_RECOVERED if recovered else BCellStatus.PROVISIONAL_APLASIA


def say_boundary(measurements: Sequence[Measurement]) -> Iterator[Finding]:
    """The second error of the B-cell fraction, where it is the larger one."""
    for found in measurements:
        estimate, low = found.estimate, found.details.get("boundary_low")
        if found.quantity != "b_fraction" or estimate is None or low is None:
            continue
        high = float(found.details["boundary_high"])
        if float(low) < estimate.low or high > estimate.high:
            yield Finding(
                code="B_CELLS_AMONG_PRECURSORS",
                severity=Severity.WARNING,
                what="B cells and their precursors form one continuum; where the border between "
                f"them is drawn moves the B-cell fraction from {float(low):.2%} to {high:.2%}, "
                "beyond its interval",
                where="gate b_cells",
                fix="compare with blood; look at CD10 against CD45 of the B cells",
            )


def _boundary(evidence: Evidence, total: int | None) -> dict[str, float | str]:
    if evidence.b_boundary is None or not total:
        return {}
    fewest, most = evidence.b_boundary
    return {"boundary_low": fewest / total, "boundary_high": most / total}


def _reason(evidence: Evidence, events: int | None, total: int | None) -> str:
    if events is None or total is None:
        return "this tube or template has no gate for B cells or for lymphocytes"
    if evidence.failures:
        return "quality: " + ", ".join(sorted({finding.code for finding in evidence.failures}))
    if b_cell_status(events, total, limits=evidence.limits) is BCellStatus.NOT_EVALUABLE:
        return f"{total} lymphocytes; {evidence.limits.lymphocytes_least} are needed"
    return ""


def _qualifiers(
    evidence: Evidence, estimate: Estimate | None, total: int | None
) -> tuple[str, ...]:
    threshold = evidence.limits.recovery_fraction
    rules = (
        (
            Qualifier.BORDERLINE_AT_THRESHOLD,
            estimate is not None and estimate.low <= threshold <= estimate.high,
        ),
        (Qualifier.CD19_LOW_B_CELLS, _cd19_is_low(evidence)),
        (Qualifier.CHECK_BY_EYE, estimate is not None and _border_decides(evidence, total)),
        (Qualifier.QUALITY_FAILED, bool(evidence.failures)),
    )
    return in_order(qualifier for qualifier, holds in rules if holds)


def _border_decides(evidence: Evidence, total: int | None) -> bool:
    """Whether the call hangs on where the border is drawn, or on events that nothing explains."""
    if evidence.b_boundary is None or not total:
        return False
    fewest, most = evidence.b_boundary
    return fewest / total < evidence.limits.recovery_fraction <= most / total


def _cd19_is_low(evidence: Evidence) -> bool:
    by_cd20 = evidence.counts.get("b_by_cd20")
    by_cd19 = evidence.counts.get("b_all_cd19")
    if by_cd20 is None or by_cd19 is None or by_cd20 < _LOW_CD19_LEAST:
        return False
    return by_cd20 >= _LOW_CD19_RATIO * by_cd19
