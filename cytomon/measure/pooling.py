"""Two tubes of one specimen become one MRD result."""

from __future__ import annotations

from dataclasses import replace

from cytomon.measure.mrd import eye_decides, mrd_from_counts, settled
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import Limits, Measurement, MrdStatus

_LEAST_P = 0.01
_CARRIED = {
    Qualifier.ANTIGEN_ESCAPE_SUSPECTED,
    Qualifier.LINEAGE_SWITCH_SUSPECTED,
    Qualifier.STATUS_UNSTABLE,
    Qualifier.CHECK_BY_EYE,
    Qualifier.HEMODILUTE_LIKELY,
    Qualifier.GATED_ON_ANTIGEN,
    Qualifier.LIMITED_FOR_DUAL_ESCAPE,
    Qualifier.LIMITED_FOR_KMT2A_ESCAPE,
}
"""What one tube leaves open is open for the specimen; all else follows from the pooled counts."""
_POSITIVE = (MrdStatus.POSITIVE, MrdStatus.POSITIVE_BELOW_LOQ)


def two_tubes_p(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Probability of a split at least as uneven, if both tubes hold the same fraction.

    Parameters
    ----------
    first, second : tuple of int
        Events and denominator of each tube; denominators at least 1.

    Returns
    -------
    float
        Two-sided p-value, in [0, 1]; 1 where neither tube holds an event.

    Notes
    -----
    Exact and conditional on the sum of both counts: of all events found, the share in the first
    tube is binomial with its share of the denominator [1]_. The rare-event (Poisson) form: not
    for fractions above some 10 %.

    References
    ----------
    .. [1] J. Przyborowski, H. Wilenski, "Homogeneity of results in testing samples from Poisson
       series", Biometrika 31(3-4), 313-323, 1940. doi:10.1093/biomet/31.3-4.313

    Examples
    --------
    >>> round(two_tubes_p((20, 500_000), (40, 500_000)), 4)
    0.0135
    """
    events = first[0] + second[0]
    if not events:
        return 1.0
    share = first[1] / (first[1] + second[1])
    from scipy.stats import binomtest  # half of what a batch would load at its start

    return float(binomtest(first[0], events, share).pvalue)


def pool_mrd(
    first: Measurement,
    second: Measurement,
    *,
    limits: Limits,
    specimen_type: SpecimenType,
    unclear: int = 0,
) -> Measurement:
    """MRD of a specimen that was measured in two tubes.

    Parameters
    ----------
    first, second : Measurement
        The same quantity of two tubes.
    limits : Limits
        Of the template.
    specimen_type : SpecimenType
        Of the specimen.
    unclear : int, optional
        Events to check by eye, of both tubes together: too few in each may be enough in their sum.

    Returns
    -------
    Measurement
        Summed counts where the tubes agree (p >= 0.01), else the higher result with
        `TUBE_DISCORDANCE`. A tube that is not evaluable adds nothing; one that failed its quality
        check is not summed, so that it neither dilutes nor is diluted. A positive result is never
        displaced by a higher fraction of too few cells. What one evaluable
        tube suspects, cannot see or leaves open is said of the specimen too.

    Raises
    ------
    ValueError
        If the two are not the same quantity.
    """
    if first.quantity != second.quantity:
        msg = f"cannot pool {first.quantity} with {second.quantity}"
        raise ValueError(msg)
    pooled = _pool(first, second, limits, specimen_type)
    said = {name for tube in (first, second) if tube.estimate for name in tube.qualifiers}
    eye = {Qualifier.CHECK_BY_EYE} if eye_decides(pooled, unclear, limits=limits) else set()
    return replace(pooled, qualifiers=settled({*pooled.qualifiers, *(said & _CARRIED), *eye}))


def _pool(
    first: Measurement, second: Measurement, limits: Limits, specimen_type: SpecimenType
) -> Measurement:
    counts = _counts(first), _counts(second)
    if counts[0] is None or counts[1] is None:
        return first if counts[1] is None else second
    p_value = two_tubes_p(counts[0], counts[1])
    higher = max(first, second, key=_height)
    details: dict[str, float | str] = {**higher.details, "tubes_p": p_value}
    if p_value < _LEAST_P:
        marked = in_order((*higher.qualifiers, Qualifier.TUBE_DISCORDANCE))
        return replace(higher, qualifiers=marked, details=details)
    if any(Qualifier.QUALITY_FAILED in tube.qualifiers for tube in (first, second)):
        return replace(higher, details=details)
    pooled = mrd_from_counts(
        counts[0][0] + counts[1][0],
        counts[0][1] + counts[1][1],
        quantity=first.quantity,
        limits=limits,
        specimen_type=specimen_type,
    )
    return replace(pooled, details={**pooled.details, "tubes_p": p_value})


def _counts(tube: Measurement) -> tuple[int, int] | None:
    if tube.estimate is None or tube.numerator is None or tube.denominator is None:
        return None
    return tube.numerator, tube.denominator


def _height(tube: Measurement) -> tuple[bool, float]:
    value = tube.estimate.value if tube.estimate else -1.0
    return tube.status in _POSITIVE, value
