"""Fractions that carry no clinical verdict of their own."""

from __future__ import annotations

from cytomon.measure.intervals import binomial_interval
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Evidence, Measurement, PlainStatus


def measure_fraction(
    evidence: Evidence, *, quantity: str, numerator_role: str, denominator_role: str
) -> Measurement:
    """One population as a fraction of another.

    Parameters
    ----------
    evidence : Evidence
        Of one tube.
    quantity : str
        Code of the result.
    numerator_role, denominator_role : str
        Keys of ``evidence.counts``; the first population must lie inside the second.

    Returns
    -------
    Measurement
        `NOT_EVALUABLE` where a role is absent or the denominator is empty. A hard quality failure
        does not take the number away (viability itself would be lost) but marks it
        `QUALITY_FAILED`.

    Raises
    ------
    ValueError
        If the numerator is larger than the denominator.
    """
    events = evidence.counts.get(numerator_role)
    total = evidence.counts.get(denominator_role)
    measured = events is not None and bool(total)
    return Measurement(
        quantity=quantity,
        numerator=events,
        denominator=total,
        estimate=binomial_interval(events, total) if events is not None and total else None,
        status=PlainStatus.MEASURED if measured else PlainStatus.NOT_EVALUABLE,
        qualifiers=(Qualifier.QUALITY_FAILED,) if evidence.failures else (),
    )
