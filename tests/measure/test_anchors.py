"""Detectors that have moved are named; patients who are off their places are not."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.measure.anchors import check_anchored, check_gains, detector_shifts
from cytomon.model.anchor import Anchor
from cytomon.model.findings import Severity

MARKERS = ("CD45", "CD38", "CD58", "CD3", "CD34")
POPULATIONS = ("t_cells", "nk", "monocytes", "basophils")


def anchors(
    shifts: dict[str, float] | None = None, *, spread: float = 0.0, seed: int = 200, n: int = 500
) -> list[Anchor]:
    """Four populations on five markers, each `spread` off its place beside the shifts."""
    rng = np.random.default_rng(seed)
    return [
        Anchor(
            population=population,
            marker=marker,
            expected=3.0,
            found=3.0 + (shifts or {}).get(marker, 0.0) + float(rng.normal(0, spread or 1e-9)),
            within=0.12,
            n_events=n,
        )
        for marker in MARKERS
        for population in POPULATIONS
    ]


def test_shift_is_the_mean_over_the_anchors():
    """By hand: the mean, and drift beside 0.12 / 2, the prior of 6 against 15 quiet degrees."""
    (strongest, *others) = detector_shifts(anchors({"CD38": 0.3}), drift=0.1)
    error = np.sqrt(0.1**2 + 6 / (6 + 15) * 0.12**2 / 4)

    assert (strongest.marker, strongest.n_anchors) == ("CD38", 4)
    assert strongest.by == pytest.approx(0.3, abs=1e-6)
    assert strongest.deviate == pytest.approx(0.3 / error, rel=1e-6)
    assert all(abs(other.deviate) < 1e-6 for other in others)


def test_an_exact_anchor_weighs_more():
    """Weights are the inverse squares of `within`."""
    exact = Anchor(population="a", marker="CD3", expected=4, found=4.2, within=0.1, n_events=50)
    vague = Anchor(population="b", marker="CD3", expected=4, found=4.6, within=0.2, n_events=50)

    assert detector_shifts([exact, vague], drift=0.1)[0].by == pytest.approx((4 * 0.2 + 0.6) / 5)


def test_three_shifted_detectors_are_named():
    """Three that moved the same way are named with their shift, and no other."""
    (finding,) = check_gains(
        anchors({"CD45": 0.3, "CD38": 0.3, "CD58": 0.3}, spread=0.05), drift=0.1, where="t.fcs"
    )

    assert (finding.code, finding.severity, finding.where) == (
        "GAIN_SHIFT",
        Severity.WARNING,
        "t.fcs",
    )
    assert all(f"{name} +0." in finding.what for name in ("CD45", "CD38", "CD58"))
    assert "CD34" not in finding.what


def test_opposite_shifts_do_not_add_up():
    """Two up and one down is what chance does."""
    moved = anchors({"CD45": 0.26, "CD38": 0.26, "CD58": -0.26})

    assert list(check_gains(moved, drift=0.1, where="t")) == []
    assert len(list(check_gains(anchors(dict.fromkeys(MARKERS, 0.26)), drift=0.1, where="t"))) == 1


def test_one_detector_far_off_is_enough():
    """A lost tandem or a wrong voltage moves one detector alone, up or down."""
    (finding,) = check_gains(anchors({"CD3": -0.6}), drift=0.1, where="t")

    assert finding.what.endswith("CD3 -0.60 L (4 anchors)")


def test_a_patient_off_the_places_hides_no_more_than_it_must():
    """Where anchors of one detector disagree, the same mean says less."""
    agree, disagree = (
        detector_shifts(anchors({"CD45": 0.3}, spread=spread), drift=0.1) for spread in (0.02, 0.3)
    )
    quiet = next(s for s in agree if s.marker == "CD45")
    loud = next(s for s in disagree if s.marker == "CD45")

    assert quiet.deviate / quiet.by > 1.3 * loud.deviate / loud.by


def test_few_events_are_no_anchor():
    """A median of 49 events does not count, and the marker stands without an anchor."""
    few = anchors(dict.fromkeys(MARKERS, 0.9), n=49)

    assert detector_shifts(few, drift=0.1) == ()
    assert list(check_gains(few, drift=0.1, where="t")) == []
    (finding,) = check_anchored(few, ["CD3"], where="t")
    assert finding.code == "NO_ANCHOR"


def test_markers_without_an_anchor_are_named():
    """In the panel's order; nothing is said where all have one."""
    (finding,) = check_anchored(anchors(), ["CD19", "CD45", "CD20"], where="t")

    assert finding.severity is Severity.INFO
    assert "carries CD19, CD20 in this tube" in finding.what
    assert list(check_anchored(anchors(), list(MARKERS), where="t")) == []
