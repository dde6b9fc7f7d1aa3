"""A day's tubes together: what they share is the instrument's, what one has alone is its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.measure.anchors import check_gains
from cytomon.measure.day import DayTube, against, averaged, check_day
from cytomon.model.anchor import Anchor
from cytomon.model.findings import Finding, Severity

MARKERS = ("CD45", "CD38", "CD58", "CD3", "CD34", "CD24")
POPULATIONS = ("t_cells", "monocytes")
THREE = dict.fromkeys(MARKERS[:3], 0.3)


def anchors(shifts: dict[str, float], *, seed: int, spread: float = 0.2) -> tuple[Anchor, ...]:
    """Two populations on six markers, each off its place as in one patient."""
    rng = np.random.default_rng(seed)
    return tuple(
        Anchor(
            population=population,
            marker=marker,
            detector=f"detector of {marker}",
            expected=3.0,
            found=3.0 + shifts.get(marker, 0.0) + spread * float(rng.standard_normal()),
            within=0.12,
            n_events=500,
        )
        for population in POPULATIONS
        for marker in MARKERS
    )


def day(*shifts: dict[str, float], spread: float = 0.2) -> list[DayTube]:
    return [
        DayTube(
            name=f"{number}.fcs",
            patient=f"P{number}",
            anchors=anchors(shift, seed=300 + number, spread=spread),
            drift=0.1,
        )
        for number, shift in enumerate(shifts)
    ]


def codes(found: tuple[tuple[Finding, ...], ...]) -> list[list[str]]:
    return [[finding.code for finding in of_tube] for of_tube in found]


def test_four_tubes_say_what_one_cannot():
    """No tube alone is sure, the four together are; each of them is told."""
    shifted = dict.fromkeys(THREE, 0.33)
    tubes = day(shifted, shifted, shifted, shifted, spread=0.15)
    alone = [list(check_gains(tube.anchors, drift=0.1, where="t")) for tube in tubes]
    found = check_day(tubes)

    assert not any(alone)
    assert codes(found) == [["GAIN_SHIFT"]] * 4
    assert all("in the 4 tubes of this day on this cytometer" in one[0].what for one in found)
    assert all(f"{marker} +0." in found[0][0].what for marker in THREE)
    assert [one[0].where for one in found] == [tube.name for tube in tubes]


def test_a_sound_day_is_silent():
    """Patients off the table, instrument right."""
    assert codes(check_day(day({}, {}, {}, {}))) == [[], [], [], []]


def test_the_odd_tube_is_named_and_no_other():
    """Other settings for one tube: the others are its measure, far closer than the table."""
    found = check_day(day({}, THREE, {}, {}, spread=0.05))

    assert codes(found) == [[], ["GAIN_SHIFT"], [], []]
    assert "do not lie where they lie in the other tubes of this day" in found[1][0].what
    assert found[1][0].severity is Severity.WARNING


def test_a_patient_off_the_table_is_cleared():
    """An alarm of one tube alone, for its patient's cells, becomes a note."""
    tubes = day({}, {}, {}, {}, spread=0.3)
    off = replace(tubes[0], anchors=anchors({"CD45": 0.48}, seed=301, spread=0.14))
    found = check_day([off, *tubes[1:]])

    assert list(check_gains(off.anchors, drift=0.1, where="t"))
    assert [(f.code, f.severity) for f in found[0]] == [("PLACES_UNUSUAL", Severity.INFO)]
    assert "CD45 +0." in found[0][0].what


def test_tubes_of_one_patient_are_one_witness():
    """Three tubes of the same cells say no more than one: their mean counts once."""
    off, sound = day(dict.fromkeys(THREE, 0.4), {}, spread=0.1)
    many = [replace(off, name=f"{n}.fcs") for n in range(6)]
    strangers = [replace(tube, patient=tube.name) for tube in many]
    said = [check_day([*tubes, sound])[-1] for tubes in ([off], many, strangers)]

    assert [anchor.found for anchor in averaged([off.anchors] * 3)] == pytest.approx(
        [anchor.found for anchor in off.anchors]
    )
    assert [["taken together" in f.what for f in found] for found in said] == [
        [False],
        [False],
        [True, False],
    ]


def test_against_others_by_hand():
    """Expected is the mean of the others; of two, the error grows by the root of 3/2."""
    own, *others = (
        replace(anchors({}, seed=1)[0], found=found, n_events=n)
        for found, n in ((3.4, 500), (3.1, 500), (3.3, 500), (9.0, 49))
    )
    (judged,) = against([own], [[other] for other in others])

    assert judged.off == pytest.approx(0.2)
    assert judged.within == pytest.approx(0.12 * np.sqrt(1.5))
    assert against([own], [[replace(others[0], detector="another")]]) == ()


def test_the_same_marker_on_two_detectors():
    """Tubes with other dyes do not share a detector: nothing is added up."""
    tubes = day(THREE, THREE, THREE, THREE)
    other = [
        replace(tube, anchors=tuple(replace(a, detector=f"{tube.name}") for a in tube.anchors))
        for tube in tubes
    ]

    assert codes(check_day(other)) == [[], [], [], []]
