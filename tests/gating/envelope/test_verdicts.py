"""Verdicts on clusters: each reason decides alone, and each limit is where it is said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.gating.envelope import verdicts
from cytomon.gating.envelope.mixture import FREEDOM
from cytomon.gating.envelope.verdicts import (
    Suspect,
    aberrant,
    astray,
    compact,
    dense_parts,
    improbable,
    refusal,
)

AXES = ("CD45", "CD19", "CD10", "CD58", "CD33+CD14", "SSC-A")
MARKERS = np.array([True, True, True, True, True, False])
WIDTH = np.full(6, 0.3)


def events(n_events: int, scatter: float = 1.0, seed: int = 220) -> np.ndarray:
    """A cloud of the known width, or one that many times broader; CD33 low."""
    noise = np.random.default_rng(seed).standard_normal((6, n_events))
    return np.array([1.6, 3.3, 4.4, 3.6, 0.4, 1.0])[:, None] + scatter * 0.3 * noise


def suspect(**changes: object) -> Suspect:
    """A typical cluster against which nothing speaks."""
    sound = Suspect(
        values=events(40),
        spread=WIDTH,
        nearest="hematogone_I",
        away=np.array([-2.0, 1.0, 0.5, 4.5, 0.3, 0.2]),
        lineage={"cd19_above": 1.0, "cd10_above": 1.0},
        immature={"cd34_above": 0.9},
    )
    return replace(sound, **changes)  # type: ignore[arg-type]


def test_nothing_speaks_against_a_typical_cluster():
    """What all the reasons below start from is accepted."""
    assert refusal(suspect(), AXES, MARKERS) == ""


def bright_cd33() -> np.ndarray:
    values = events(40)
    values[4] += 3.0
    return values


REASONS: dict[str, tuple[dict[str, object], str]] = {
    "three events": ({"values": events(3)}, "only 3 events"),
    "near": (
        {"away": np.array([2.5, 2.5, 1.7, 0.0, 0.0, 0.0])}, "no clear distance from hematogone_I"
    ),
    "one marker, not far": (
        {"away": np.array([3.9, 1.4, 1.4, 1.4, 0.0, 0.0])},
        "differs from hematogone_I in CD45 only",
    ),
    "scatter only": (
        {"away": np.array([1.4, 0.0, 0.0, 0.0, 0.0, 9.0])},
        "differs from hematogone_I in no marker only",
    ),
    "no lineage": (
        {"lineage": {"cd19_above": 0.5, "cd10_above": 0.1}}, "its lineage cannot be assigned"
    ),
    "one sign of lineage alone": (
        {"lineage": {"cd19_above": 1.0}, "immature": {"cd34_above": 0.5}},
        "its lineage cannot be assigned",
    ),
    "bright CD33": ({"values": bright_cd33()}, "CD33+CD14 as bright as on myeloid cells"),
    "scattered": ({"values": events(40, scatter=4.0)}, "scattered, not compact"),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_each_reason_decides_alone(name: str):
    """Nothing else is wrong with the cluster, and this is enough."""
    changes, words = REASONS[name]

    assert words in refusal(suspect(**changes), AXES, MARKERS)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"values": events(4)}, "four events are a cluster"),
        ({"away": np.array([3.0, 2.7, 0, 0, 0, 0])}, "a distance of just above 4"),
        ({"away": np.array([0, 4.1, 0, 0, 0, 0])}, "one marker far away"),
        ({"away": np.array([0, -4.1, 0, 0, 0, 0])}, "one marker lost"),
        ({"away": np.array([1.5, 1.5, 0, 0, 0, 3.5])}, "two markers"),
        ({"lineage": {"cd19_above": 0.51, "cd10_above": 0.51}, "immature": {}}, "two of lineage"),
        (
            {"lineage": {"cd19_above": 0.51, "cd10_above": 0.0}, "immature": {"cd34_above": 0.51}},
            "one of lineage, and immature",
        ),
    ],
)
def test_just_enough_is_accepted(changes: dict[str, object], why: str):
    """The other side of each limit."""
    assert refusal(suspect(**changes), AXES, MARKERS) == "", why


def test_immaturity_alone_is_no_lineage():
    """Normal progenitors are immature, too: two signs of it assign nothing."""
    immature = {"cd34_above": 1.0, "tdt_above": 1.0}

    assert "lineage" in refusal(suspect(lineage={}, immature=immature), AXES, MARKERS)


def test_bright_cd33_is_asked_where_it_is_stained():
    """A panel without the marker cannot refuse for it."""
    axes = ("CD45", "CD19", "CD10", "CD58", "CD20", "SSC-A")

    assert refusal(suspect(values=bright_cd33()), axes, MARKERS) == ""


def test_aberrant_markers_come_in_order_and_without_scatter():
    """The furthest first, dimmer ones negative, from 1.5 standard deviations on."""
    away = np.array([-1.5, 1.49, 2.5, -4.0, 0.0, 9.0])

    found = aberrant(suspect(away=away), AXES, MARKERS)

    assert list(found.items()) == [("CD58", -4.0), ("CD10", 2.5), ("CD45", -1.5)]


@pytest.mark.parametrize("n_events", [8, 30, 300, 1500])
@pytest.mark.parametrize("seed", range(230, 240))
def test_one_cloud_is_compact_and_scatter_is_not(n_events: int, seed: int):
    """Of the known width on thirteen axes, against as many events spread over the whole scale."""
    rng = np.random.default_rng(seed)
    width = rng.uniform(0.2, 0.5, 13)
    cloud = 2 + width[:, None] * rng.standard_normal((13, n_events))
    scattered = rng.uniform(-0.4, 5.0, (13, n_events))

    assert compact(cloud, width)
    assert not compact(scattered, width)


def test_half_of_the_events_must_lie_together():
    """A cloud with as many strays is a cluster, with twice as many it is not."""
    rng = np.random.default_rng(241)
    width = np.full(13, 0.3)
    cloud = 2 + 0.3 * rng.standard_normal((13, 40))

    def with_strays(n_strays: int) -> np.ndarray:
        return np.concatenate([cloud, rng.uniform(-0.4, 5.0, (13, n_strays))], axis=1)

    assert compact(with_strays(38), width)
    assert not compact(with_strays(80), width)


def test_two_clouds_are_two_parts():
    """The larger one comes first, strays belong to none."""
    rng = np.random.default_rng(242)
    parts = dense_parts(
        np.concatenate(
            [
                1 + 0.3 * rng.standard_normal((13, 30)),
                4 + 0.3 * rng.standard_normal((13, 70)),
                np.full((13, 1), -6.0),
            ],
            axis=1,
        ),
        np.full(13, 0.3),
    )

    assert np.bincount(parts + 1).tolist() == [1, 70, 30]
    assert set(parts[30:100]) == {0}


def student_cloud(n_axes: int, n_events: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(FREEDOM, (n_axes, n_events))


@pytest.mark.parametrize("n_axes", [6, 13])
def test_the_rate_of_improbable_events(n_axes: int, monkeypatch: pytest.MonkeyPatch):
    """Of Student tails no more are improbable than the rate says, and not much fewer."""
    rate, shape = 2e-3, (n_axes, 60_000)
    monkeypatch.setattr(verdicts, "_IMPROBABLE", rate)

    found = np.count_nonzero(improbable(student_cloud(*shape, 251), *_unit(shape)))

    most = rate * shape[1]
    # the smallest of n dependent chances is below a limit less often than all of them together
    assert most / 4 < found < most + 3 * np.sqrt(most)


def test_normal_events_are_not_improbable():
    """One in a million is the rate: of 100,000 events hardly any."""
    shape = (13, 100_000)

    assert np.count_nonzero(improbable(student_cloud(*shape, 252), *_unit(shape))) <= 2


def _unit(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(shape), np.ones(shape)


def test_three_axes_far_out_are_another_cell():
    """Nine standard deviations on three of thirteen axes; on two or one it is an outlier."""
    values = np.zeros((13, 3))
    values[[2, 5, 9], 0] = [9.0, -9.0, 9.0]
    values[[2, 5], 1] = 9.0
    values[4, 2] = 40.0

    assert improbable(values, *_unit(values.shape)).tolist() == [True, False, False]


def test_improbable_is_measured_from_the_events_own_cloud():
    """Place and width come event by event, and order on the axes does not matter."""
    rng = np.random.default_rng(255)
    values = student_cloud(13, 400, 256)
    values[:3] *= 6
    centre, spread = rng.normal(0, 2, values.shape), rng.uniform(0.1, 2, values.shape)

    plain = improbable(values, *_unit(values.shape))

    assert 0 < plain.sum() < 400
    np.testing.assert_array_equal(improbable(centre + spread * values, centre, spread), plain)
    np.testing.assert_array_equal(improbable(values[::-1], *_unit(values.shape)), plain)


def test_many_far_out_on_one_marker_are_astray():
    """Thirty of ten thousand at eight standard deviations of one marker, in its direction only."""
    rng = np.random.default_rng(243)
    away = rng.standard_t(5, (3, 10_000))
    away[1, :30] = rng.normal(-9.0, 0.3, 30)
    markers = np.array([True, True, False])

    found = astray(away, markers)

    assert found[:30].all()
    assert found[30:].sum() <= np.sum(away[1, 30:] < -8)


@pytest.mark.parametrize("seed", range(244, 254))
@pytest.mark.parametrize("n_events", [50, 1_000, 30_000])
def test_tails_are_not_astray(seed: int, n_events: int):
    """Nothing of Student tails, nor of a few outliers, nor of an axis that is not looked at."""
    away = np.random.default_rng(seed).standard_t(5, (13, n_events))
    away[0] += 20
    away[1, :2] = 30
    markers = np.arange(13) > 0

    assert not astray(away, markers).any()
