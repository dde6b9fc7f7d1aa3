"""What becomes of each cluster: counted, left to the eye, normal, or what it grows into."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.gating.envelope.design import make_design, on_axes
from cytomon.gating.envelope.judge import Verdict, judge
from cytomon.gating.envelope.mixture import begin
from cytomon.gating.envelope.study import Fit, Question
from cytomon.gating.envelope.verdicts import CLEAR, SAME_PLACE
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Leash, Reference
from tests.gating.envelope.clouds import AXES, MARROW, small_reference

LOOSE = {"one": [0.0] * 4, "two": [-0.4, 6.0, 6.0, 6.0]}


def resting(
    reference: Reference,
    values: np.ndarray,
    cluster: list[float] | None = None,
    n_whole: int = 10**6,
) -> Fit:
    """A fit that stands where the reference says, its first leukaemic cloud on `cluster`."""
    axes = reference.axes
    design = make_design(reference, axes)
    n_events = values.shape[1]
    state = begin(design, n_events)
    if cluster is not None:
        state = replace(state, cluster=np.array([cluster]), cluster_events=np.array([50.0]))
    asked = Question(
        rows=np.arange(n_events),
        axes=axes,
        values=values,
        lineage=dict.fromkeys(("a", "b"), np.ones(n_events, dtype=bool)),
        immature={},
        n_whole=n_whole,
    )
    return Fit(
        question=asked,
        reference=reference,
        values=on_axes(axes, values),
        design=design,
        state=state,
    )


def around(centre: list[float], n_events: int, seed: int = 250) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((len(centre), n_events))
    return np.array(centre)[:, None] + 0.2 * noise


def names_of(fit: Fit, verdict: Verdict) -> list[str]:
    return [fit.reference.populations[code] for code in verdict.called]


@pytest.mark.parametrize(
    ("distance", "called"),
    [(SAME_PLACE - 0.4, "one"), ((SAME_PLACE + CLEAR) / 2, UNCLEAR), (CLEAR + 1.5, LEUKAEMIC)],
)
def test_distance_decides(distance: float, called: str):
    """Near a normal population it is that one, far away it is leukaemic, between an eye decides."""
    reference = small_reference(LOOSE, axes=4)
    # along all four axes alike; both clouds are 0.25 wide
    place = [0.25 * distance / 2] * 4
    values = np.concatenate([around(place, 60), around([0.0] * 4, 60, 251)], axis=1)
    fit = resting(reference, values, place)

    found = names_of(fit, judge(fit))

    assert found[:60].count(called) >= 55
    assert found[60:].count("one") >= 55


def test_a_refused_cluster_is_left_to_the_eye():
    """Its events were taken from the normal populations, and are in no count."""
    place = [3.0] * 4
    fit = resting(small_reference(LOOSE, axes=4), around(place, 60), place)
    no_lineage = {"a": np.zeros(60, dtype=bool)}
    fit = replace(fit, question=replace(fit.question, lineage=no_lineage))

    verdict = judge(fit)

    assert set(names_of(fit, verdict)) == {UNCLEAR}
    (cluster,) = verdict.clusters
    assert cluster.events == 60
    assert "lineage" in cluster.refused
    assert not verdict.leukaemic.any()


@pytest.mark.parametrize("n_events", [1, 2, 3])
def test_no_event_of_a_leukaemic_cloud_becomes_normal(n_events: int):
    """Too few for a cluster, and still not normal."""
    place = [3.0] * 4
    values = np.concatenate([around([0.0] * 4, 200), around(place, n_events, 252)], axis=1)
    fit = resting(small_reference(LOOSE, axes=4), values, place)
    fit = replace(fit, state=replace(fit.state, cluster_events=np.array([float(n_events)])))

    found = names_of(fit, judge(fit))

    assert found[200:] == [UNCLEAR] * n_events
    assert found[:200].count("one") >= 199


def test_strays_of_another_cloud_do_not_join_a_cluster():
    """Two events near a second pattern are not counted with the cluster on the first one."""
    reference = small_reference(LOOSE, axes=4)
    (pattern,) = reference.leukaemic
    second = replace(pattern, name="second", centre=dict.fromkeys(reference.axes, 9.0))
    reference = replace(reference, leukaemic=(pattern, second))
    values = np.concatenate([around([5.0] * 4, 60), around([9.0] * 4, 2, 253)], axis=1)
    fit = resting(reference, values)
    fit = replace(fit, state=replace(fit.state, cluster_events=np.array([60.0, 2.0])))

    verdict = judge(fit)
    found = names_of(fit, verdict)

    assert found[:60] == [LEUKAEMIC] * 60
    assert found[60:] == [UNCLEAR] * 2
    assert [cluster.events for cluster in verdict.clusters] == [60]


def test_two_patterns_on_one_spot_are_one_cluster():
    """What two leukaemic clouds share is counted once, and said once."""
    reference = small_reference(LOOSE, axes=4)
    (pattern,) = reference.leukaemic
    twin = replace(pattern, name="twin", centre=dict.fromkeys(reference.axes, 5.2))
    reference = replace(reference, leukaemic=(pattern, twin))
    fit = resting(reference, around([5.1] * 4, 80))
    fit = replace(fit, state=replace(fit.state, cluster_events=np.array([40.0, 40.0])))

    verdict = judge(fit)

    assert [cluster.events for cluster in verdict.clusters] == [80]
    assert verdict.leukaemic.tolist()[-2:] == [True, True]


def test_clusters_come_leukaemic_first_and_large_first():
    """So that the first one is what a person has to know."""
    reference = small_reference(LOOSE, axes=4)
    (pattern,) = reference.leukaemic
    places = {"small": 5.0, "large": 9.0, "refused": 13.0}
    clouds = tuple(
        replace(pattern, name=name, centre=dict.fromkeys(reference.axes, at))
        for name, at in places.items()
    )
    sizes = {"small": 40, "large": 70, "refused": 90}
    reference = replace(reference, leukaemic=clouds)
    values = np.concatenate([around([at] * 4, sizes[name]) for name, at in places.items()], axis=1)
    fit = resting(reference, values)
    shown = dict.fromkeys(("a", "b"), values[0] < 11)
    fit = replace(
        fit,
        question=replace(fit.question, lineage=shown),
        state=replace(fit.state, cluster_events=np.array(list(map(float, sizes.values())))),
    )

    verdict = judge(fit)

    assert [cluster.events for cluster in verdict.clusters] == [70, 40, 90]
    assert [bool(cluster.refused) for cluster in verdict.clusters] == [False, False, True]


def test_an_event_far_from_everything_is_left_to_the_eye():
    """One that no population reaches, among many that are normal."""
    values = np.concatenate([around([0.0] * 4, 200), np.full((4, 1), 12.0)], axis=1)
    fit = resting(small_reference(LOOSE, axes=4), values)

    found = names_of(fit, judge(fit))

    assert found[200] == UNCLEAR
    assert found[:200] == ["one"] * 200


PATH = {"first": [0.0] * 4, "second": [2.0] * 4, "last": [4.0] * 4, "mature": [6.0] * 4}


@pytest.mark.parametrize(
    ("n_second", "n_last", "n_mature", "grown"),
    [
        (0, 30, 5, "mature"),
        (10, 30, 101, "last"),
        (10, 31, 101, "mature"),
        (10, 31, 100, "last"),
        (10, 31, 5, "last"),
    ],
)
def test_the_last_stage_without_earlier_ones_has_matured(
    n_second: int, n_last: int, n_mature: int, grown: str
):
    """More than three of the last precursors for one earlier, and few of these beside B cells."""
    reference = small_reference(PATH, path=tuple(PATH), axes=4)
    reference = replace(reference, leukaemic=_far(reference))
    values = np.concatenate(
        [
            np.tile(np.full((4, 1), 2.0), n_second),
            np.tile(np.full((4, 1), 4.0), n_last),
            np.tile(np.full((4, 1), 6.0), n_mature),
        ],
        axis=1,
    )
    found = names_of(fit := resting(reference, values), judge(fit))

    assert found == ["second"] * n_second + [grown] * n_last + ["mature"] * n_mature


def _far(reference: Reference) -> tuple[object, ...]:
    (pattern,) = reference.leukaemic
    return (replace(pattern, centre=dict.fromkeys(reference.axes, 30.0)),)


def test_standing_still_is_judged_with_the_whole_tube():
    """A thousand early cells, none later: leukaemic in a small tube, for the eye in a large one."""
    reference = small_reference(PATH, path=tuple(PATH), axes=4)
    values = around([0.0] * 4, 1000)
    small = resting(reference, values, n_whole=50_000)
    large = resting(reference, values, n_whole=20_000_000)

    of_small, of_large = judge(small), judge(large)

    assert names_of(small, of_small).count(LEUKAEMIC) >= 990
    assert names_of(large, of_large).count(UNCLEAR) >= 990
    assert of_small.leukaemic[: len(small.design.blend)].any()
    assert not of_large.leukaemic.any()


def test_maturing_is_a_probability():
    """Between 0 and 1, high before the last stage."""
    reference = small_reference(PATH, path=tuple(PATH), axes=4)
    values = np.concatenate([around([at] * 4, 50) for at in (0.0, 2.0, 4.0, 6.0)], axis=1)

    maturing = judge(resting(reference, values)).maturing

    assert ((maturing >= 0) & (maturing <= 1 + 1e-6)).all()
    assert maturing[:150].min() > 0.9
    assert maturing[150:].max() < 0.1


def test_a_leash_of_the_reference_is_that_of_the_design():
    """What the file says is what the fit is held by."""
    leash = Leash(usual=0.11, most=0.33, widest=1.2, leukaemic=0.44)
    design = make_design(replace(MARROW, leash=leash), AXES)

    assert (design.usual, design.most, design.widest, design.leukaemic) == (0.11, 0.33, 1.2, 0.44)
