"""Words that stand beside a status and narrow what it means."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Qualifier(StrEnum):
    """Codes of `cytomon.model.results.Measurement.qualifiers`, in the order they are written.

    What raises each one is told in ``docs/reference/measurements.md``.
    """

    BORDERLINE_AT_THRESHOLD = "BORDERLINE_AT_THRESHOLD"
    WITH_SUSPICIOUS_EVENTS = "WITH_SUSPICIOUS_EVENTS"
    ANTIGEN_ESCAPE_SUSPECTED = "ANTIGEN_ESCAPE_SUSPECTED"
    LINEAGE_SWITCH_SUSPECTED = "LINEAGE_SWITCH_SUSPECTED"
    STATUS_UNSTABLE = "STATUS_UNSTABLE"
    CHECK_BY_EYE = "CHECK_BY_EYE"
    ANTIBODY_MISSING = "ANTIBODY_MISSING"
    TOO_FEW_BLASTS = "TOO_FEW_BLASTS"
    NO_NEGATIVE_REFERENCE = "NO_NEGATIVE_REFERENCE"
    DRUG_EXPOSURE = "DRUG_EXPOSURE"
    EQUIVOCAL = "EQUIVOCAL"
    PROVISIONAL = "PROVISIONAL"
    DECREASED = "DECREASED"
    GATED_ON_ANTIGEN = "GATED_ON_ANTIGEN"
    LIMITED_FOR_DUAL_ESCAPE = "LIMITED_FOR_DUAL_ESCAPE"
    LIMITED_FOR_KMT2A_ESCAPE = "LIMITED_FOR_KMT2A_ESCAPE"
    NO_POSITIVE_REFERENCE = "NO_POSITIVE_REFERENCE"
    CD19_LOW_B_CELLS = "CD19_LOW_B_CELLS"
    HEMODILUTE_LIKELY = "HEMODILUTE_LIKELY"
    TUBE_DISCORDANCE = "TUBE_DISCORDANCE"
    QUALITY_FAILED = "QUALITY_FAILED"
    TRIAL_MRD_NEGATIVE = "TRIAL_MRD_NEGATIVE"
    NOT_MARROW = "NOT_MARROW"


def in_order(qualifiers: Iterable[str]) -> tuple[Qualifier, ...]:
    """Each qualifier once, in the order in which they are written."""
    given = set(qualifiers)
    return tuple(qualifier for qualifier in Qualifier if qualifier in given)
