"""What is said of an examination: clusters and strays, from twenty events on."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.gating.envelope.remarks import remarks
from cytomon.model.findings import Finding, Severity
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Cluster, Examination

NAMES = ("hematogone_I", "pair", LEUKAEMIC, UNCLEAR)


def cluster(events: int, refused: str = "", aberrant: dict[str, float] | None = None) -> Cluster:
    return Cluster(
        events=events,
        centre={"CD19": 3.0},
        nearest="hematogone_I",
        distance=5.0,
        aberrant={"CD58": 4.0, "CD38": -3.0} if aberrant is None else aberrant,
        refused=refused,
    )


def said(*clusters: Cluster, unclear: int = 0, leukaemic: int = 0) -> list[Finding]:
    called = np.repeat([0, 2, 3], [50, leukaemic, unclear]).astype(np.int16)
    examination = Examination(
        names=NAMES,
        rows=np.arange(len(called)),
        called=called,
        maturing=np.zeros(len(called), dtype=np.float32),
        clusters=clusters,
        moved={},
    )
    return list(remarks("study", examination))


@pytest.mark.parametrize(("events", "codes"), [(19, []), (20, ["CLUSTER_BY_EYE"])])
def test_a_refused_cluster_is_said_with_its_reason(events: int, codes: list[str]):
    """Count, reason, and what it looks like."""
    found = said(cluster(events, refused="scattered, not compact"), unclear=events)

    assert [finding.code for finding in found] == codes
    for finding in found:
        assert finding.severity == Severity.WARNING
        for words in ("20 events", "scattered, not compact", "CD58 higher, CD38 lower"):
            assert words in finding.what
        assert finding.where == "gate study"


@pytest.mark.parametrize(("unclear", "codes"), [(49, []), (50, ["EVENTS_BY_EYE"])])
def test_strays_are_what_is_in_no_cluster(unclear: int, codes: list[str]):
    """Events of refused clusters are said with their cluster, and not again."""
    found = said(
        cluster(15, refused="only seen once"), cluster(15, refused="again"), unclear=unclear
    )

    assert [finding.code for finding in found] == codes
    for finding in found:
        assert finding.severity == Severity.INFO
        assert "20 scattered events" in finding.what


def test_precursors_that_stand_still_are_said():
    """Called leukaemic without one marker that differs: a person has to know."""
    (found,) = said(cluster(900, aberrant={}), leukaemic=900)

    assert (found.code, found.severity) == ("PRECURSORS_ARRESTED", Severity.WARNING)
    assert "900 events like hematogone_I without the stages beside them" in found.what


def test_blasts_that_differ_need_no_remark():
    """Their count is the measurement."""
    assert said(cluster(900), leukaemic=900) == []
