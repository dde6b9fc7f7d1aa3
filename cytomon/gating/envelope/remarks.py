"""What a person should know of an examination: the findings that counting hands on."""

from __future__ import annotations

from collections.abc import Iterator

from cytomon.model.findings import Finding, Severity
from cytomon.model.normal import PAIR, UNCLEAR, Cluster, Examination

_FEW = 20
"""Fewer events to check by eye are background; the quantity shows their number."""


def remarks(study: str, examination: Examination) -> Iterator[Finding]:
    """Findings of one examination.

    Parameters
    ----------
    study : str
        Name of the envelope gate.
    examination : Examination
        What it found.
    """
    for cluster in examination.clusters:
        if cluster.refused and cluster.events >= _FEW and not cluster.pair:
            yield Finding(
                code="CLUSTER_BY_EYE",
                severity=Severity.WARNING,
                what=f"{cluster.events} events that no normal population explains and that are not "
                f"called leukaemic: {cluster.refused}; {_look(cluster)}",
                where=f"gate {study}",
                fix="look at them in the figure, drawn one by one; a second method may decide",
            )
        elif not cluster.refused and not cluster.aberrant:
            yield Finding(
                code="PRECURSORS_ARRESTED",
                severity=Severity.WARNING,
                what=f"{cluster.events} events like {cluster.nearest} without the stages beside "
                f"them are called leukaemic because nothing matures; {_look(cluster)}",
                where=f"gate {study}",
                fix="confirm by morphology, FISH or sequencing",
            )
    pairs = examination.count(PAIR)
    if pairs >= _FEW:
        kinds = sorted({cluster.pair for cluster in examination.clusters if cluster.pair})
        yield Finding(
            code="PAIRS_SET_ASIDE",
            severity=Severity.INFO,
            what=f"{pairs} events are as bright and as large as {'; '.join(kinds)} together; they "
            "are in no count of blasts and are not left to the eye",
            where=f"gate {study}",
            fix="look at the singlet gate if they are many",
        )
    in_clusters = sum(c.events for c in examination.clusters if c.refused and not c.pair)
    stray = examination.count(UNCLEAR) - in_clusters
    if stray >= _FEW:
        yield Finding(
            code="EVENTS_BY_EYE",
            severity=Severity.INFO,
            what=f"{stray} scattered events that no normal population explains; they are in no "
            "count of blasts",
            where=f"gate {study}",
            fix="look at them in the figure; many of them may mean a matrix or a gain that is off",
        )


def _look(cluster: Cluster) -> str:
    """Where a cluster lies, in the words of a gate."""
    if not cluster.aberrant:
        return f"nearest to {cluster.nearest}, without a marker that differs clearly"
    shown = list(cluster.aberrant.items())[:5]
    words = ", ".join(f"{name} {'higher' if away > 0 else 'lower'}" for name, away in shown)
    return f"nearest to {cluster.nearest}, {words}"
