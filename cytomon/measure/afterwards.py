"""An MRD judged again, when more is known than its tube could tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cytomon.measure.mrd import mrd_from_counts, settled
from cytomon.model.findings import Finding
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Limits, Measurement

_OF_A_VALUE = {
    Qualifier.BORDERLINE_AT_THRESHOLD,
    Qualifier.WITH_SUSPICIOUS_EVENTS,
    Qualifier.STATUS_UNSTABLE,
    Qualifier.LIMITED_FOR_DUAL_ESCAPE,
    Qualifier.LIMITED_FOR_KMT2A_ESCAPE,
    Qualifier.HEMODILUTE_LIKELY,
    Qualifier.TRIAL_MRD_NEGATIVE,
}
"""What is said of a value, and falls with it."""


def fail_mrd(
    found: Measurement,
    failures: Sequence[Finding],
    *,
    limits: Limits,
    specimen_type: SpecimenType,
) -> Measurement:
    """An MRD after a hard failure that came to light when it was measured already.

    Parameters
    ----------
    found : Measurement
        As measured.
    failures : sequence of Finding
        At least one.
    limits : Limits
        Of the template.
    specimen_type : SpecimenType
        Of the specimen.

    Returns
    -------
    Measurement
        What `measure_mrd` had said, had it known: not evaluable, save a positive result.
    """
    judged = mrd_from_counts(
        found.numerator,
        found.denominator,
        quantity=found.quantity,
        limits=limits,
        specimen_type=specimen_type,
        failures=failures,
    )
    lost = set() if judged.estimate else _OF_A_VALUE
    return replace(judged, qualifiers=settled({*found.qualifiers, *judged.qualifiers} - lost))
