"""Whether a verdict would be the same had its gates come to stand a little elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cytomon.measure.mrd import mrd_status
from cytomon.model.findings import Finding, Severity
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import Evidence, Measurement, MrdStatus

_STABLE_FROM = 0.95


def with_stability(found: Measurement, evidence: Evidence) -> Measurement:
    """Say beside a status how often it came out under jittered boundaries.

    Parameters
    ----------
    found : Measurement
        Of MRD.
    evidence : Evidence
        Its `draws` are counts of blasts with the gates found in this tube and the borders between
        fitted populations jittered; without any nothing is said.

    Returns
    -------
    Measurement
        With `k_low` and `k_high` (the middle 95 % of the draws), `status_stable` (share of draws
        with the same status) and `draws` among its details, and `STATUS_UNSTABLE` where fewer
        than 95 % agree.

    Notes
    -----
    The interval of the fraction covers counting alone; `k_low` and `k_high` cover where boundaries
    stand, and not whether the cells are leukaemia.
    """
    total = found.denominator
    if not evidence.draws or not total or found.status == MrdStatus.NOT_EVALUABLE:
        return found
    failed = bool(evidence.failures)
    statuses = [
        mrd_status(min(k, total), total, limits=evidence.limits, quality_failed=failed)
        for k in evidence.draws
    ]
    stable = statuses.count(MrdStatus(found.status)) / len(statuses)
    low, high = np.percentile(evidence.draws, [2.5, 97.5])
    unstable = (Qualifier.STATUS_UNSTABLE,) if stable < _STABLE_FROM else ()
    return replace(
        found,
        qualifiers=in_order((*found.qualifiers, *unstable)),
        details={
            **found.details,
            "k_low": float(np.floor(low)),
            "k_high": float(np.ceil(high)),
            "status_stable": stable,
            "draws": float(len(statuses)),
        },
    )


def say_stability(measurements: Sequence[Measurement]) -> Iterator[Finding]:
    """One finding on the reported MRD, so that review can begin with the doubtful tubes."""
    for found in measurements:
        if found.quantity != "mrd" or "status_stable" not in found.details:
            continue
        stable = float(found.details["status_stable"])
        yield Finding(
            code="STATUS_STABILITY",
            severity=Severity.INFO if stable >= _STABLE_FROM else Severity.WARNING,
            what=f"{found.status} in {stable:.0%} of {found.details['draws']:g} draws with gates "
            "and the borders between fitted populations jittered; k from "
            f"{found.details['k_low']:g} to {found.details['k_high']:g}. Whether a cluster is "
            "leukaemia is not jittered",
            where="gate of the blasts",
            fix="nothing, if the status holds; else look at the gates before the number",
        )
