"""How much leukaemia is left: minimal residual disease and its seven statuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cytomon.measure.composition import is_hemodilute
from cytomon.measure.escape import escape_of_mrd
from cytomon.measure.intervals import binomial_interval, poisson_upper
from cytomon.measure.limits import lod_events, loq_events
from cytomon.measure.lineage_switch import signs_of_switch
from cytomon.model.findings import Finding
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import Estimate, Evidence, Limits, Measurement, MrdStatus

_DETECTED = (
    MrdStatus.POSITIVE,
    MrdStatus.POSITIVE_BELOW_LOQ,
    MrdStatus.DETECTED_BELOW_THRESHOLD,
)
_REASSURING = (MrdStatus.DETECTED_BELOW_THRESHOLD, MrdStatus.BELOW_LOD, MrdStatus.NOT_DETECTED)
_MUCH_MORE = 2


def measure_mrd(
    evidence: Evidence, *, quantity: str = "mrd", denominator_role: str = "nucleated"
) -> Measurement:
    """Leukaemic events of one tube as a fraction of one denominator.

    Parameters
    ----------
    evidence : Evidence
        Needs the counts ``blasts`` and `denominator_role`; an absent one is not evaluable.
    quantity : str, optional
        Code of the result.
    denominator_role : str, optional
        ``nucleated``, ``wbc`` or ``mnc``. Blasts belong to it, whatever their CD45.

    Returns
    -------
    Measurement
        With a status of `MrdStatus`.

    Raises
    ------
    ValueError
        If there are more blasts than events in the denominator.

    Notes
    -----
    Results over different denominators are not comparable: nucleated red cells alone can halve
    a fraction.
    """
    found = mrd_from_counts(
        evidence.counts.get("blasts"),
        evidence.counts.get(denominator_role),
        quantity=quantity,
        limits=evidence.limits,
        specimen_type=evidence.specimen.specimen_type,
        failures=evidence.failures,
    )
    # blasts that lost the antigen are not seen: no number of this tube may hide that
    gated = (Qualifier.GATED_ON_ANTIGEN,) if evidence.gated_on else ()
    dilute = found.status in _REASSURING and is_hemodilute(evidence.counts, evidence.specimen)
    doubt = (Qualifier.HEMODILUTE_LIKELY,) if dilute else ()
    switch = (Qualifier.LINEAGE_SWITCH_SUSPECTED,) if signs_of_switch(evidence.counts) else ()
    escape = escape_of_mrd(found, evidence)
    unclear = evidence.counts.get("by_eye", 0)
    decides = eye_decides(found, unclear, limits=evidence.limits)
    eye = (Qualifier.CHECK_BY_EYE,) if decides else ()
    said = (*found.qualifiers, *gated, *doubt, *switch, *escape, *eye)
    return replace(found, qualifiers=settled(said))


def eye_decides(found: Measurement, unclear: int, *, limits: Limits) -> bool:
    """Whether the events to check by eye, were they blasts, would change what an MRD says.

    Parameters
    ----------
    found : Measurement
        An MRD.
    unclear : int
        Events to check by eye.
    limits : Limits
        Of the template.

    Returns
    -------
    bool
        Whether both together would be a detection, and one of another status or of at least twice
        as many events: from ten events on, double lies outside the interval of what was found.
    """
    if not unclear or found.numerator is None or not found.denominator:
        return False
    # blasts of a tube may stand in a denominator that leaves out what is unclear
    together = min(found.numerator + unclear, found.denominator)
    status = mrd_status(together, found.denominator, limits=limits)
    changes = status != found.status or together >= _MUCH_MORE * found.numerator
    return status in _DETECTED and changes


def settled(qualifiers: Iterable[str]) -> tuple[Qualifier, ...]:
    """Qualifiers of one MRD in their order; what waits for the eye of a person is no negative."""
    said = in_order(qualifiers)
    if Qualifier.CHECK_BY_EYE not in said:
        return said
    return tuple(name for name in said if name is not Qualifier.TRIAL_MRD_NEGATIVE)


def mrd_from_counts(
    blasts: int | None,
    total: int | None,
    *,
    quantity: str,
    limits: Limits,
    specimen_type: SpecimenType,
    failures: Sequence[Finding] = (),
) -> Measurement:
    """Leukaemic events over a denominator, from the two counts.

    Parameters
    ----------
    blasts, total : int or None
        None where the tube or template cannot give the count.
    quantity : str
        Code of the result.
    limits : Limits
        Of the template.
    specimen_type : SpecimenType
        Only marrow can be negative in the sense of the trial.
    failures : sequence of Finding, optional
        Hard quality failures.

    Returns
    -------
    Measurement
        As `measure_mrd`. `details` hold the sensitivity reached and both limits in events, for
        no event the one-sided upper bound, and the reason where not evaluable.
    """
    reason = _reason(blasts, total)
    if blasts is None or not total:
        return _not_evaluable(blasts, total, quantity, specimen_type, failures, reason)
    status = mrd_status(blasts, total, limits=limits, quality_failed=bool(failures))
    if status is MrdStatus.NOT_EVALUABLE:
        reason = "quality: " + ", ".join(sorted({finding.code for finding in failures}))
        return _not_evaluable(blasts, total, quantity, specimen_type, failures, reason)
    estimate = binomial_interval(blasts, total)
    lod, loq = lod_events(limits, total), loq_events(limits, total)
    details: dict[str, float | str] = {
        "sensitivity": lod / total,
        "lod_events": float(lod),
        "loq_events": float(loq),
    }
    if not blasts:
        details["upper_one_sided"] = poisson_upper(0) / total
    return Measurement(
        quantity=quantity,
        numerator=blasts,
        denominator=total,
        estimate=estimate,
        status=status,
        lod=lod / total,
        loq=loq / total,
        qualifiers=_qualifiers(status, estimate, limits, specimen_type, failures),
        details=details,
    )


def mrd_status(
    blasts: int, total: int, *, limits: Limits, quality_failed: bool = False
) -> MrdStatus:
    """Decide between the seven statuses; each pair of counts has exactly one.

    Parameters
    ----------
    blasts, total : int
        0 <= `blasts` <= `total`, `total` at least 1.
    limits : Limits
        Of the template.
    quality_failed : bool, optional
        Whether a quality check failed hard. It takes away only what would reassure: bad quality
        never hides leukaemia.

    Returns
    -------
    MrdStatus

    Examples
    --------
    >>> mrd_status(60, 500_000, limits=Limits())
    <MrdStatus.POSITIVE: 'POSITIVE'>
    >>> mrd_status(12, 100_000, limits=Limits())
    <MrdStatus.INSUFFICIENT_SENSITIVITY: 'INSUFFICIENT_SENSITIVITY'>
    """
    lod, loq = lod_events(limits, total), loq_events(limits, total)
    reaches_threshold = blasts / total >= limits.threshold
    if blasts >= lod and reaches_threshold:
        return MrdStatus.POSITIVE if blasts >= loq else MrdStatus.POSITIVE_BELOW_LOQ
    if quality_failed:
        return MrdStatus.NOT_EVALUABLE
    if blasts >= lod:
        return MrdStatus.DETECTED_BELOW_THRESHOLD
    if lod / total > limits.threshold:
        return MrdStatus.INSUFFICIENT_SENSITIVITY
    return MrdStatus.BELOW_LOD if blasts else MrdStatus.NOT_DETECTED


def _qualifiers(
    status: MrdStatus,
    estimate: Estimate,
    limits: Limits,
    specimen_type: SpecimenType,
    failures: Sequence[Finding],
) -> tuple[str, ...]:
    marrow = specimen_type is SpecimenType.MARROW
    suspicious = status is MrdStatus.INSUFFICIENT_SENSITIVITY and estimate.value > 0
    negative = status in _REASSURING and estimate.value < limits.threshold
    borderline = estimate.low <= limits.threshold <= estimate.high
    rules = (
        (Qualifier.BORDERLINE_AT_THRESHOLD, borderline),
        (Qualifier.WITH_SUSPICIOUS_EVENTS, suspicious),
        (Qualifier.QUALITY_FAILED, bool(failures)),
        (Qualifier.TRIAL_MRD_NEGATIVE, negative and marrow),
        (Qualifier.NOT_MARROW, not marrow),
    )
    return tuple(qualifier for qualifier, holds in rules if holds)


def _reason(blasts: int | None, total: int | None) -> str:
    if blasts is None:
        return "this tube or template has no blast gate"
    return "no denominator gate" if total is None else "no events in the denominator"


def _not_evaluable(
    blasts: int | None,
    total: int | None,
    quantity: str,
    specimen_type: SpecimenType,
    failures: Sequence[Finding],
    reason: str,
) -> Measurement:
    rules = (
        (Qualifier.QUALITY_FAILED, bool(failures)),
        (Qualifier.NOT_MARROW, specimen_type is not SpecimenType.MARROW),
    )
    return Measurement(
        quantity=quantity,
        numerator=blasts,
        denominator=total,
        estimate=None,
        status=MrdStatus.NOT_EVALUABLE,
        qualifiers=tuple(qualifier for qualifier, holds in rules if holds),
        details={"reason": reason},
    )
