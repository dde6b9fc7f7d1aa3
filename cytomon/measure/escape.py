"""How leukaemia gets out of sight: which escape a tube cannot see, and which one it shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cytomon.measure.negative import upper_edge
from cytomon.model.genotype import is_kmt2a
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, Evidence, Measurement

_WORTH_THE_NAME = 0.05
ESCAPE_EVENTS = 20
"""Blasts found by tree B alone from which an escape is suspected (domain: 1.2, 2.3)."""
SURFACE_INDEPENDENT = frozenset({"cyCD79a"})
"""B-lineage markers that stay when CD19 and CD22 are lost; CD10 is none, CD24 may go as well."""
PRO_B_MARKERS = frozenset({"NG2", "CD15", "CD117", "CD133"})
"""Markers that tell pro-B blasts without CD19 from normal CD34+ progenitors."""

LOST = (AntigenCall.NEGATIVE, AntigenCall.PARTIAL)
"""Calls on an antigen that is gone, on all blasts or on some."""


def escape_of_mrd(found: Measurement, evidence: Evidence) -> Iterator[Qualifier]:
    """What an MRD result says about escape: suspected, or not to be seen by this tube.

    Parameters
    ----------
    found : Measurement
        An MRD; one that is not evaluable has no limit worth saying.
    evidence : Evidence
        Of the same tube.

    Yields
    ------
    Qualifier
        `ANTIGEN_ESCAPE_SUSPECTED`, `LIMITED_FOR_DUAL_ESCAPE`, `LIMITED_FOR_KMT2A_ESCAPE`.
    """
    if suspects_escape(evidence):
        yield Qualifier.ANTIGEN_ESCAPE_SUSPECTED
    if found.estimate is None:
        return
    if "blasts_b_only" in evidence.counts and not evidence.used & SURFACE_INDEPENDENT:
        yield Qualifier.LIMITED_FOR_DUAL_ESCAPE
    if is_kmt2a(evidence.specimen.genotype) and not evidence.used & PRO_B_MARKERS:
        yield Qualifier.LIMITED_FOR_KMT2A_ESCAPE


def escape_of_cd19(found: Measurement, evidence: Evidence) -> Iterator[Qualifier]:
    """`ANTIGEN_ESCAPE_SUSPECTED` beside a CD19 call that agrees with it.

    Parameters
    ----------
    found : Measurement
        The CD19 call.
    evidence : Evidence
        Of the same tube.
    """
    if found.status in LOST and suspects_escape(evidence):
        yield Qualifier.ANTIGEN_ESCAPE_SUSPECTED


def suspects_escape(evidence: Evidence) -> bool:
    """Whether tree B alone found a cluster, and not only the dim end of CD19-positive blasts.

    Of a hundred thousand blasts with CD19 some hundred lie below its limit by their spread alone.
    So those that tree B alone finds must be a part of the blasts that is worth the name, or one of
    the tube's leukaemic clusters must lie where cells without CD19 lie.
    """
    alone = evidence.counts.get("blasts_b_only", 0)
    if alone < ESCAPE_EVENTS:
        return False
    blasts = evidence.counts.get("blasts", alone)
    return alone >= _WORTH_THE_NAME * blasts or any(
        cluster.events >= ESCAPE_EVENTS and cluster.centre.get("CD19", np.inf) < limit
        for limit in _cd19_limit(evidence)
        for cluster in evidence.leukaemic
    )


def _cd19_limit(evidence: Evidence) -> Iterator[float]:
    """Clear of the T cells, as the trees mean it; nothing without T cells."""
    cells = evidence.kept.get("t_cells")
    if cells is not None and "CD19" in cells.scaled and cells.n:
        yield upper_edge(cells.scaled["CD19"]) + 0.5
