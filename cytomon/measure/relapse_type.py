"""Both antigen calls as one relapse phenotype, such as ``CD19-/CD22+``."""

from __future__ import annotations

from cytomon.model.phenotype import pair
from cytomon.model.results import AntigenCall, Measurement

_SUBCLONE_FROM = 0.1


def relapse_phenotype(cd19: Measurement, cd22: Measurement) -> str:
    """Phenotype in the trial's categories.

    Parameters
    ----------
    cd19, cd22 : Measurement
        Of `cytomon.measure.phenotype.measure_antigen`, of one tube.

    Returns
    -------
    str
        ``CD19+/CD22+``, ``CD19-/CD22+``, ``CD19+/CD22-``, ``CD19-/CD22-``, or ``unknown`` when
        either cannot be assessed. Plus is 20 % of the blasts or more, so dim and mixed blasts are
        plus; the detailed call belongs beside it.
    """
    return pair(_fraction(cd19), _fraction(cd22))


def relapse_phenotype_by_subclone(cd19: Measurement, cd22: Measurement) -> str:
    """Phenotype when a CD19-negative subclone counts as loss: a sensitivity analysis.

    Parameters
    ----------
    cd19, cd22 : Measurement
        As for `relapse_phenotype`.

    Returns
    -------
    str
        As `relapse_phenotype`, but ``CD19-`` too where a distinct part of at least 10 % of the
        blasts has its median below the threshold. Centres differ in what they call such a mixed
        relapse. CD22 is read as before: partial CD22 is common before any treatment.
    """
    fraction = _fraction(cd19)
    if fraction is not None and _has_negative_subclone(cd19):
        fraction = 0.0
    return pair(fraction, _fraction(cd22))


def _fraction(call: Measurement) -> float | None:
    if call.status == AntigenCall.NOT_ASSESSABLE or call.estimate is None:
        return None
    return call.estimate.value


def _has_negative_subclone(call: Measurement) -> bool:
    share, median = call.details.get("low_fraction"), call.details.get("low_median")
    threshold = call.details.get("threshold")
    if not isinstance(share, float) or not isinstance(median, float):
        return False
    return isinstance(threshold, float) and share >= _SUBCLONE_FROM and median < threshold
