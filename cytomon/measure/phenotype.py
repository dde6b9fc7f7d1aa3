"""Whether the blasts still carry CD19 and CD22, judged by other cells of the same tube."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cytomon.measure.bimodality import Modes, find_modes
from cytomon.measure.intervals import binomial_interval
from cytomon.measure.negative import upper_edge
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, Estimate, Evidence, Kept, Measurement

NEGATIVE_REFERENCES = {
    # Granulocytes bind CD22 conjugates dimly often enough to be no zero for it.
    "CD19": ("t_cells", "nk", "granulocytes"),
    "CD22": ("t_cells", "nk"),
}
KEPT_ROLES = ("blasts", "by_eye", "t_cells", "nk", "granulocytes", "second_negative", "mature_b")
"""Roles of which a call looks at the events themselves."""
_LEAST_REFERENCE = 50
_LEAST_BLASTS = 20
_FIRM_BLASTS = 50
_FIRM_DAY = 28
_NEGATIVE_BELOW = 0.1
_POSITIVE_FROM = 0.2
_FULLY_FROM = 0.8
_DIM_REACH = 1.3
"""Height above the threshold, in L, below which a median is dim."""
_DECREASE = -0.5
_LEAST_LINEAR = 1.0
"""A median at or below background counts as one channel when its logarithm is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staining:
    """What the call on one antigen is decided from.

    Attributes
    ----------
    estimate : Estimate
        Fraction of blasts above the threshold.
    threshold, median : float
        Upper edge of the negative cells, and the blasts' median, on L.
    delta : float or None
        log10 of the blasts' median over the patient's own baseline; None without one.
    modes : Modes or None
        Both parts, where the blasts are two populations.
    """

    estimate: Estimate
    threshold: float
    median: float
    delta: float | None
    modes: Modes | None


def measure_antigen(
    evidence: Evidence, marker: str, *, baseline: float | None = None
) -> Measurement:
    """Blasts of one tube above the tube's own negative reference, and what that means.

    Parameters
    ----------
    evidence : Evidence
        Uses the kept events ``blasts``, ``t_cells`` (else ``nk``, else for CD19
        ``granulocytes``), ``second_negative`` and ``mature_b``.
    marker : str
        ``CD19`` or ``CD22``.
    baseline : float, optional
        Median of the patient's own blasts before infusion, linear units, same clone and
        instrument. Not used when it is at or below zero: what was absent cannot decrease.

    Returns
    -------
    Measurement
        With a status of `AntigenCall`; `details` hold threshold (L), medians, references with
        their sizes, relative intensity `r`, `delta` (log10) and both parts of a mixture.

    Raises
    ------
    ValueError
        If `marker` is another antigen.

    Notes
    -----
    Not for comparing antibody clones: the same blasts may be dim with one and negative with
    another.
    """
    if marker not in NEGATIVE_REFERENCES:
        msg = f"marker={marker!r}: expected one of {', '.join(NEGATIVE_REFERENCES)}"
        raise ValueError(msg)
    blasts = evidence.kept.get("blasts")
    negative = _negative_reference(evidence, marker)
    obstacles = _obstacles(evidence, marker, blasts=blasts, has_reference=negative is not None)
    if blasts is None or negative is None or obstacles:
        return _not_assessable(evidence, marker, blasts, obstacles)
    threshold, details = _threshold(evidence, marker, negative)
    values, linear = blasts.scaled[marker], float(np.median(blasts.linear[marker]))
    above = int(np.count_nonzero(values > threshold))
    staining = Staining(
        estimate=binomial_interval(above, blasts.n),
        threshold=threshold,
        median=float(np.median(values)),
        delta=_delta(linear, baseline),
        modes=find_modes(values),
    )
    intensity = _relative_intensity(evidence, marker, linear, negative)
    call = antigen_call(marker, staining)
    return Measurement(
        quantity=_code(marker),
        numerator=above,
        denominator=blasts.n,
        estimate=staining.estimate,
        status=call,
        qualifiers=(
            *_qualifiers(evidence, marker, call, staining),
            *((Qualifier.NO_POSITIVE_REFERENCE,) if not intensity else ()),
            *((Qualifier.QUALITY_FAILED,) if evidence.failures else ()),
        ),
        details={**details, "median_linear": linear, **intensity, **_shape(staining)},
    )


def antigen_call(marker: str, staining: Staining) -> AntigenCall:
    """Decide the call on blasts that can be judged; the first rule that fits wins.

    Parameters
    ----------
    marker : str
        ``CD19`` or ``CD22``; for CD22 a loss of density alone is dim, since that is how blasts
        escape there.
    staining : Staining
        Of at least 20 blasts.

    Returns
    -------
    AntigenCall
        Never `NOT_ASSESSABLE`.
    """
    fraction = staining.estimate.value
    if fraction < _NEGATIVE_BELOW:
        return AntigenCall.NEGATIVE
    if staining.modes is not None:
        return AntigenCall.PARTIAL
    low = staining.median < staining.threshold + _DIM_REACH
    lost_density = marker == "CD22" and _decreased(staining)
    if fraction >= _POSITIVE_FROM and (low or lost_density):
        return AntigenCall.DIM
    return AntigenCall.PARTIAL if fraction < _FULLY_FROM else AntigenCall.POSITIVE


def _obstacles(
    evidence: Evidence, marker: str, *, blasts: Kept | None, has_reference: bool
) -> tuple[str, ...]:
    stained = marker in evidence.markers and (blasts is None or marker in blasts.scaled)
    rules = (
        (Qualifier.ANTIBODY_MISSING, not stained),
        (Qualifier.TOO_FEW_BLASTS, blasts is not None and blasts.n < _LEAST_BLASTS),
        (Qualifier.NO_NEGATIVE_REFERENCE, stained and not has_reference),
        (Qualifier.DRUG_EXPOSURE, marker in evidence.specimen.masked),
    )
    return tuple(qualifier for qualifier, holds in rules if holds)


def _not_assessable(
    evidence: Evidence, marker: str, blasts: Kept | None, obstacles: tuple[str, ...]
) -> Measurement:
    failed = (Qualifier.QUALITY_FAILED,) if evidence.failures else ()
    return Measurement(
        quantity=_code(marker),
        numerator=None,
        denominator=None if blasts is None else blasts.n,
        estimate=None,
        status=AntigenCall.NOT_ASSESSABLE,
        qualifiers=obstacles + failed,
        details={"reason": "this tube or template has no blast gate"} if blasts is None else {},
    )


def _usable(evidence: Evidence, role: str, marker: str, least: int) -> Kept | None:
    kept = evidence.kept.get(role)
    if kept is None or kept.n < least or marker not in kept.scaled:
        return None
    return kept


def _negative_reference(evidence: Evidence, marker: str) -> tuple[str, Kept] | None:
    for role in NEGATIVE_REFERENCES[marker]:
        kept = _usable(evidence, role, marker, evidence.limits.reference_events)
        if kept is not None:
            return role, kept
    return None


def _threshold(
    evidence: Evidence, marker: str, negative: tuple[str, Kept]
) -> tuple[float, dict[str, float | str]]:
    """Upper edge of the negative cells, on L.

    The median and three robust standard deviations, not a percentile: T cells that took CD19
    from blasts raise the 99.5th percentile to dim blasts. Blasts are larger than T cells and
    glow more, so myeloid progenitors of their size may raise the edge.
    """
    role, kept = negative
    threshold = upper_edge(kept.scaled[marker])
    details: dict[str, float | str] = {
        "negative_reference": role,
        "negative_reference_events": float(kept.n),
        "negative_reference_threshold": threshold,
    }
    second = _usable(evidence, "second_negative", marker, _LEAST_REFERENCE)
    if second is not None:
        edge = upper_edge(second.scaled[marker])
        details["second_negative_events"] = float(second.n)
        details["second_negative_threshold"] = edge
        threshold = max(threshold, edge)
    return threshold, {**details, "threshold": threshold}


def _relative_intensity(
    evidence: Evidence, marker: str, blasts: float, negative: tuple[str, Kept]
) -> dict[str, float | str]:
    """`r` in linear units; empty without mature B cells that stain above the negative cells."""
    positive = _usable(evidence, "mature_b", marker, _LEAST_REFERENCE)
    if positive is None:
        return {}
    zero = float(np.median(negative[1].linear[marker]))
    reach = float(np.median(positive.linear[marker])) - zero
    if reach <= 0:
        return {}
    return {"r": (blasts - zero) / reach, "positive_reference_events": float(positive.n)}


def _delta(blasts: float, baseline: float | None) -> float | None:
    if baseline is None or baseline <= 0:
        return None
    return float(np.log10(max(blasts, _LEAST_LINEAR) / baseline))


def _decreased(staining: Staining) -> bool:
    return staining.delta is not None and staining.delta < _DECREASE


def _qualifiers(
    evidence: Evidence, marker: str, call: AntigenCall, staining: Staining
) -> tuple[str, ...]:
    fraction, day = staining.estimate, evidence.specimen.day
    few = evidence.kept["blasts"].n < _FIRM_BLASTS
    open_end = call is AntigenCall.NEGATIVE and fraction.high >= _POSITIVE_FROM
    early = day is not None and day < _FIRM_DAY
    equivocal = fraction.value < _POSITIVE_FROM and staining.modes is None
    rules = (
        (Qualifier.EQUIVOCAL, call is AntigenCall.PARTIAL and equivocal),
        (Qualifier.PROVISIONAL, few or early or open_end),
        (Qualifier.DECREASED, _decreased(staining)),
        (Qualifier.GATED_ON_ANTIGEN, marker in evidence.gated_on),
    )
    return tuple(qualifier for qualifier, holds in rules if holds)


def _shape(staining: Staining) -> dict[str, float | str]:
    found: dict[str, float | str] = {"median": staining.median}
    if staining.delta is not None:
        found["delta"] = staining.delta
    if staining.modes is not None:
        found.update(
            low_fraction=staining.modes.low_fraction,
            low_median=staining.modes.low_median,
            high_fraction=staining.modes.high_fraction,
            high_median=staining.modes.high_median,
            delta_bic=staining.modes.delta_bic,
            separation=staining.modes.separation,
        )
    return found


def _code(marker: str) -> str:
    return f"{marker.lower()}_blasts"
