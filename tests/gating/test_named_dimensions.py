"""Templates that name dimensions and matrices, mean an outside, and count populations only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytomon.errors import GatingError
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.gating.count import memberships
from cytomon.gating.place import place
from cytomon.gating.template import parse_template
from cytomon.model.gating import Placement
from cytomon.soundness import check_template
from tests.gating.tubes import Opened, opened, synthetic

HEAD = """schema_version: 1
name: t
version: 1.0.0
title: a test
specimen: blood
markers: {required: [CD19], optional: [CD10]}
roles: {}
quantities: []
compensation: none
"""
ONE = "{detectors: [X-A], values: [[1]]}"
BIEX = "{kind: biex, t: 262144, m: 4.418539922, w: -100, a: 0}"


def text(*lines: str, gates: str = "{name: g, kind: interval, bounds: {d: {low: 100}}}") -> str:
    return HEAD + "\n".join(lines) + f"\ngates:\n  - {gates}\n"


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    rng = np.random.default_rng(9)
    columns = {name: rng.normal(2, 1, 500) for name in ("CD19", "CD3")}
    columns["FSC"] = np.full(500, 5e4)
    return synthetic(tmp_path_factory.mktemp("named") / "t.fcs", **columns)


def placed(content: str, tube: Opened) -> Placement:
    return place(
        parse_template(content.encode(), Path("t.yaml")), tube.tube, tube.panel, tube.events
    )


def column(tube: Opened, marker: str) -> np.ndarray:
    return tube.events[:, tube.panel.columns[marker]]


def test_a_dimension_is_what_it_says(tube: Opened):
    """Raw, by a matrix of the template, and a ratio: computed by hand."""
    pnn = {m: tube.tube.channels[tube.panel.columns[m]].pnn for m in ("CD19", "CD3")}
    lines = (
        f"matrices: {{own: {{detectors: [{pnn['CD19']}, {pnn['CD3']}],"
        " values: [[1, 0.5], [0.25, 1]]}}",
        "dimensions:",
        "  raw: {channel: CD19}",
        f"  by_name: {{channel: {pnn['CD3']}}}",
        "  own: {channel: CD19, matrix: own}",
        "  share: {channel: CD19, over: CD3, a: 2, b: 10, c: -5}",
    )
    names = ("raw", "by_name", "own", "share")
    gates = "\n  - ".join(
        f"{{name: in_{name}, kind: interval, bounds: {{{name}: {{low: 1}}}}}}" for name in names
    )
    placement = placed(text(*lines, gates=gates), tube)
    cd19, cd3 = column(tube, "CD19"), column(tube, "CD3")
    solved = np.linalg.solve(np.array([[1, 0.5], [0.25, 1]]).T, np.array([cd19, cd3]))[0]
    expected = {
        "in_raw": cd19 >= 1,
        "in_by_name": cd3 >= 1,
        "in_own": solved >= 1,
        "in_share": 2 * ((cd19 - 10) / (cd3 + 5)) >= 1,
    }
    for engine in ("stream", "flowkit"):
        found = memberships(tube.table, placement, engine=engine)
        for name, members in expected.items():
            np.testing.assert_array_equal(found[name], members, err_msg=name)
            assert 0 < members.sum() < 500


@pytest.mark.parametrize(
    "gate",
    [
        "kind: interval, bounds: {d: {low: 1400}}",
        "kind: polygon, on: [d, e], vertices: [[900, 900], [2500, 900], [1800, 2500]]",
        "kind: ellipse, on: [d, e], mean: [1500, 1500], sd: [300, 200]",
        "kind: ellipsoid, on: [d, e], mean: [1500, 1500], "
        "covariance: [[90000, 100], [100, 40000]], distance_square: 4",
        "kind: boolean, any: [two]",
        "kind: boolean, all: [one], none: [two]",
        "kind: boolean, all: [one], any: [two], none: [one]",
    ],
)
def test_the_outside_is_what_its_inside_is_not(gate: str, tube: Opened):
    """In the parent, by both engines, on FlowJo's scale."""
    dimensions = (
        "dimensions:",
        f"  d: {{channel: CD19, scale: {BIEX}}}",
        f"  e: {{channel: CD3, scale: {BIEX.replace('-100', '-10')}}}",
    )
    gates = "\n  - ".join(
        [
            "{name: one, kind: interval, bounds: {d: {low: 1200}}}",
            "{name: two, kind: interval, bounds: {e: {low: 1500}}}",
            f"{{name: inside, parent: one, {gate}}}",
            f"{{name: outside, parent: one, {gate}, complement: true}}",
        ]
    )
    placement = placed(text(*dimensions, gates=gates), tube)
    found = [memberships(tube.table, placement, engine=name) for name in ("stream", "flowkit")]
    for members in found:
        np.testing.assert_array_equal(members["outside"], members["one"] & ~members["inside"])
        assert members["outside"].any()
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])


@pytest.mark.parametrize(
    ("lines", "words"),
    {
        "a name that is a marker": (["dimensions: {CD19: {channel: CD19}}"], "has this name"),
        "no such matrix": (["dimensions: {d: {channel: X, matrix: own}}"], "no matrix 'own'"),
        "a marker that is not listed": (["dimensions: {d: {channel: CD22}}"], "CD22 is not listed"),
        "an optional marker": (["dimensions: {d: {channel: CD10}}"], "optional marker"),
        "a ratio of one": (["dimensions: {d: {channel: X, a: 2}}"], "belong to a ratio"),
        "a width that is positive": (
            [f"dimensions: {{d: {{channel: X, scale: {BIEX.replace('-100', '100')}}}}}"],
            "biex: w must be",
        ),
        "a width out of all bounds": (
            [f"dimensions: {{d: {{channel: X, scale: {BIEX.replace('-100', '-1.0e+12')}}}}}"],
            "biex: w must be",
        ),
        "half a matrix": (
            ["matrices: {m: {detectors: [a, b], values: [[1, 0]]}}",
             "dimensions: {d: {channel: X}}"],
            "2 rows of 2 values",
        ),
        "a matrix of nothing": (
            ["matrices: {m: {detectors: [a, b], values: [[1, 1], [1, 1]]}}",
             "dimensions: {d: {channel: X}}"],
            "cannot be inverted",
        ),
        "the tube's own matrix": (
            ["matrices: {tube: {detectors: [a], values: [[1]]}}", "dimensions: {d: {channel: X}}"],
            "the tube's own",
        ),
        "a dimension nobody names": ([], "neither a marker"),
    }.values(),
    ids=str,
)  # fmt: skip
def test_each_slip_is_named(lines: list[str], words: str):
    """With what to write instead."""
    found = check_template(text(*lines).encode())

    assert any(words in mistake.what for mistake in found), found
    assert all(mistake.fix for mistake in found)


def test_roles_without_quantities_are_a_slip():
    """Without both, a template counts populations."""
    sound = text("dimensions: {d: {channel: X}}")
    assert check_template(sound.encode()) == ()
    found = check_template(sound.replace("roles: {}", "roles: {b_cells: g}").encode())
    assert ["quantities" in mistake.what for mistake in found] == [True]


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (["dimensions: {d: {channel: X-A}}"], "X-A"),
        (["dimensions: {d: {channel: CD19, over: X-A}}"], "X-A"),
        (
            [
                "matrices: {m: {detectors: [X-A], values: [[1]]}}",
                "dimensions: {d: {channel: CD19}}",
            ],
            "X-A",
        ),
    ],
)
def test_a_detector_that_the_tube_lacks(lines: list[str], missing: str, tube: Opened):
    """It is named before anything is counted."""
    with pytest.raises(GatingError, match=missing):
        placed(text(*lines), tube)


def test_the_tubes_matrix_where_there_is_none(tmp_path: Path):
    """A dimension that asks for it is refused, not gated raw."""
    rng = np.random.default_rng(9)
    path = tmp_path / "t.fcs"
    channels = (ChannelSpec(pnn="B530-A", pns="CD19 FITC", range=262144),)
    write_fcs(
        path, rng.normal(0, 1, (50, 1)).astype(np.float32), channels, spillover=None, keywords={}
    )
    with pytest.raises(GatingError, match="no usable spillover"):
        placed(text("dimensions: {d: {channel: CD19, matrix: tube}}"), opened(path))
