"""From how many events on a cluster counts as detected, and as quantified."""

from __future__ import annotations

from cytomon.model.results import Limits

_BLANK_LEVEL = 0.95


def lod_events(limits: Limits, total: int) -> int:
    """Smallest count that is a detection in a tube of this size.

    Parameters
    ----------
    limits : Limits
        Of the template; `lob_rate` is 0 where the laboratory has not validated its blanks.
    total : int
        Events of the denominator, at least 0.

    Returns
    -------
    int
        The template's minimum cluster, or, where the background of disease-free tubes asks for
        more, the smallest count above the 95 % Poisson limit of that background.

    Examples
    --------
    >>> lod_events(Limits(), 5_000_000)
    20
    >>> lod_events(Limits(lob_rate=1e-5), 5_000_000)
    63
    """
    if not limits.lob_rate:
        return limits.lod_events
    from scipy.stats import poisson  # half of what a batch would load at its start

    background = int(poisson.ppf(_BLANK_LEVEL, limits.lob_rate * total))
    return max(limits.lod_events, background + 1)


def loq_events(limits: Limits, total: int) -> int:
    """Smallest count that is quantified in a tube of this size.

    Never below `lod_events`: what is not detected cannot be quantified, and without this the
    statuses of `cytomon.measure.mrd` would overlap in a tube with a high background.
    """
    return max(limits.loq_events, lod_events(limits, total))
