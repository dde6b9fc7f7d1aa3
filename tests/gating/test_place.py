"""Gates find their place: each method, its leash, its fallback, and what is said about it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cytomon.errors import GatingError
from cytomon.gating.count import count, memberships
from cytomon.gating.place import place
from cytomon.gating.source import evenly
from cytomon.model.gating import Box, Ellipse, Polygon, Ranges
from cytomon.model.tube import Role, Spillover
from cytomon.pipeline import open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import SimulatedTube, simulate_tube, write_tube
from tests.gating.tubes import Opened, bound, codes, gate, placed, rewritten, shape_of, synthetic

N = 4_000


def flat(seed: int = 1, n: int = N) -> dict[str, np.ndarray]:
    """A quarter of T cells (CD3 at 4) without CD19; a quarter of B cells (CD19 at 3.5)."""
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 4
    return {
        "FSC_A": rng.normal(80_000, 5_000, n),
        "SSC_A": rng.normal(20_000, 2_000, n),
        "CD19": rng.normal(np.where(kind == 1, 3.5, 0.2), 0.25, n),
        "CD3": rng.normal(np.where(kind == 0, 4.0, 0.0), 0.25, n),
        "CD10": rng.normal(0.0, 0.3, n),
        "Time": np.arange(n) / 10.0,
    }


@pytest.fixture(scope="module")
def tube(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return synthetic(tmp_path_factory.mktemp("place") / "tube.fcs", **flat())


T_CELLS = "{name: t, kind: interval, bounds: {CD3: {low: 2}}}\n"


def one(rule: str) -> str:
    """A gate on CD19 whose low side follows a rule, after the T cells."""
    return T_CELLS + f"{{name: g, kind: interval, bounds: {{CD19: {{low: {rule}}}}}}}"


def test_plain_number(tube: Opened):
    """A number stays what it is, to the last bit, and the finding says that nothing moved it."""
    found = placed("{name: g, kind: interval, bounds: {CD19: {low: 1.2345678901234567}}}", tube)

    assert shape_of(found, "g") == Box(bounds=((1.2345678901234567, None),))
    assert bound(found, "g").method == "fixed"
    assert codes(found) == ["GATE_FIXED"]


def test_ref_neg(tube: Opened):
    """`ref_neg` is the upper edge of the reference, here median plus three robust SD."""
    found = bound(placed(one("{start: 1.5, by: ref_neg, of: t, leash: [0.5, 2.0]}"), tube), "g")

    assert found.value == pytest.approx(0.2 + 3 * 0.25, abs=0.08)
    assert (found.reference, found.n_reference) == ("t", N // 4)
    assert (found.method, found.fallback, found.at_leash) == ("ref_neg", False, False)


def test_ref_pos(tube: Opened):
    """`ref_pos` is the lower edge of the reference."""
    gates = T_CELLS + (
        "{name: g, kind: interval, bounds: "
        "{CD3: {low: {start: 3, by: ref_pos, of: t, leash: [2, 4]}}}}"
    )

    assert bound(placed(gates, tube), "g").value == pytest.approx(4 - 1.96 * 0.25, abs=0.05)


def test_valley(tube: Opened):
    """`valley` parts the modes of the parent, or of the population it is told to look at."""
    rule = "{start: 2, by: valley, leash: [0, 3]}"
    found = bound(placed(one(rule), tube), "g")

    assert found.value == pytest.approx(1.85, abs=0.25)
    assert (found.reference, found.n_reference) == ("", N)
    among_t = bound(placed(one(rule.replace("valley,", "valley, of: t,")), tube), "g")
    assert among_t.fallback, "T cells have one mode of CD19"


def test_plus_comes_before_the_leash(tube: Opened):
    """`plus` moves what was found, and the leash holds the sum."""
    rule = "{start: 1.5, by: ref_neg, of: t, plus: %s, leash: [0.5, 2.0]}"
    plain = bound(placed(one(rule % 0), tube), "g").value

    assert bound(placed(one(rule % 0.5), tube), "g").value == pytest.approx(plain + 0.5)
    held = bound(placed(one(rule % 5), tube), "g")
    assert (held.value, held.at_leash) == (2.0, True)


@pytest.mark.parametrize(("leash", "end"), [("[1.2, 2.0]", 1.2), ("[0.2, 0.6]", 0.6)])
def test_leash(leash: str, end: float, tube: Opened):
    """What is found outside the leash stops at its end, and a warning names both numbers."""
    start = (end + (1.3 if end == 1.2 else 0.4)) / 2
    rule = f"{{start: {start}, by: ref_neg, of: t, leash: {leash}}}"

    found = placed(one(rule), tube)

    assert (bound(found, "g").value, bound(found, "g").at_leash) == (end, True)
    (said,) = [finding for finding in found.findings if finding.code == "GATE_AT_LEASH"]
    assert f"CD19 low was stopped by its leash at {end:g}" in said.what
    assert said.severity == "warning"


@pytest.mark.parametrize(("n", "falls_back"), [(49, True), (50, False)])
def test_least_reference(n: int, falls_back: bool, tmp_path: Path):
    """With fewer reference events than `least` the start stands in, with the reason."""
    values = flat(n=400)
    values["CD3"] = np.where(np.arange(400) < n, 4.0, 0.0)
    small = synthetic(tmp_path / "tube.fcs", **values)

    found = placed(one("{start: 1.5, by: ref_neg, of: t, leash: [0.5, 2.0]}"), small)

    assert bound(found, "g").fallback is falls_back
    if falls_back:
        assert bound(found, "g").value == 1.5
        (said,) = [f for f in found.findings if f.code == "GATE_FALLBACK"]
        assert "CD19 low stays at its start 1.5" in said.what
        assert "holds 49 events, fewer than 50" in said.what


def test_reference_ignores_what_is_no_number(tmp_path: Path):
    """Events that are not finite are in no reference and in no gate."""
    values = flat()
    values["CD10"][::3] = np.nan
    found = placed(
        one("{start: 1.5, by: ref_neg, of: t, leash: [0.5, 2.0]}"),
        synthetic(tmp_path / "tube.fcs", **values),
    )

    assert bound(found, "g").n_reference == pytest.approx(N / 4 * 2 / 3, abs=2)


def test_reference_ignores_what_has_no_place_on_the_scale(tube: Opened):
    """On a logarithmic scale, values of zero and below are in no reference."""
    gates = (
        "{name: g, kind: interval, bounds: "
        "{CD19: {low: {start: 0.5, by: ref_pos, of: all, percentile: 5, leash: [0, 1]}}}}"
    )
    everything = "{name: all, kind: interval, bounds: {FSC-A: {low: 0}}}\n"
    log = "{kind: log, t: 10000, m: 4}"

    found = bound(placed(everything + gates, tube, scale=log), "g")

    above_zero = (tube.events[:, 2] > 0).sum()
    assert found.n_reference == above_zero < N
    assert np.isfinite(found.value)


def ellipse(rest: str) -> str:
    return T_CELLS + f"{{name: g, kind: ellipse, on: [CD19, CD3], {rest}}}"


def test_ellipse_follows_its_reference(tube: Opened):
    """An ellipse lies on its reference, with its spread, and holds the share it was asked for."""
    gates = ellipse(
        "mean: [0, 3.8], sd: [0.3, 0.3], level: 0.9, by: ellipse_ref, of: t, leash: [0.5, 0.5]"
    )
    found = placed(gates, tube)

    shape = shape_of(found, "g")
    assert isinstance(shape, Ellipse)
    assert shape.mean == pytest.approx((0.2, 4.0), abs=0.04)
    assert np.sqrt(np.diag(shape.covariance)) == pytest.approx((0.25, 0.25), abs=0.03)
    assert shape.distance_square == pytest.approx(-2 * np.log(0.1))
    inside = memberships(tube.table, found)
    assert inside["g"].sum() / inside["t"].sum() == pytest.approx(0.9, abs=0.03)
    assert [b.where for b in gate(found, "g").bounds] == ["CD19 centre", "CD3 centre"]


def test_ellipse_on_its_leash(tube: Opened):
    """Centre and spread move no further than the template lets them."""
    gates = ellipse(
        "mean: [1.0, 4.0], sd: [0.1, 0.3], by: ellipse_ref, of: t, leash: [0.3, 0.3], widest: 1.2"
    )
    found = placed(gates, tube)

    shape = shape_of(found, "g")
    assert shape.mean[0] == pytest.approx(0.7)
    assert shape.covariance[0][0] == pytest.approx((1.2 * 0.1) ** 2)
    assert np.linalg.eigvalsh(np.array(shape.covariance)).min() > 0
    assert "GATE_AT_LEASH" in codes(found)


def test_ellipse_falls_back(tube: Opened):
    """Without enough reference events the ellipse stands at its start."""
    gates = ellipse(
        "mean: [0, 4], sd: [0.2, 0.4], by: ellipse_ref, of: t, leash: [1, 1], least: 9999"
    )
    found = placed(gates, tube)

    shape = shape_of(found, "g")
    assert shape.mean == (0.0, 4.0)
    assert np.sqrt(np.diag(shape.covariance)) == pytest.approx((0.2, 0.4))
    assert codes(found).count("GATE_FALLBACK") == 2


def test_fixed_ellipse(tube: Opened):
    """An ellipse without a method stays where the template puts it, and needs no reference."""
    found = placed("{name: g, kind: ellipse, on: [CD19, CD3], mean: [0, 4], sd: [1, 2]}", tube)

    assert shape_of(found, "g").mean == (0.0, 4.0)


@pytest.mark.parametrize(("on", "moved"), [("CD19", (1.0, 0.0)), ("CD3", (0.0, 1.0))])
def test_polygon_moves_as_a_whole(on: str, moved: tuple[float, float], tube: Opened):
    """An anchored polygon shifts along one dimension by what its anchor moved."""
    rule = f"{{on: {on}, bound: {{start: 1, by: valley, leash: [1, 2], window: [-1, 5], plus: 9}}}}"
    gates = (
        "{name: g, kind: polygon, on: [CD19, CD3], vertices: [[0, 0], [3, 0], [3, 2]], "
        f"anchor: {rule}}}"
    )

    found = placed(gates, tube)

    vertices = [(x + moved[0], y + moved[1]) for x, y in ((0, 0), (3, 0), (3, 2))]
    assert shape_of(found, "g") == Polygon(vertices=tuple(vertices))


def test_fixed_polygon(tube: Opened):
    """A polygon without anchor stays where it is."""
    gates = "{name: g, kind: polygon, on: [CD19, CD3], vertices: [[0, 0], [3, 0], [3, 2]]}"

    assert shape_of(placed(gates, tube), "g").vertices == ((0, 0), (3, 0), (3, 2))


def test_quadrants_share_out_their_parent(tube: Opened):
    """Four quadrants hold every event of the parent once; their names say which is which."""
    gates = (
        "{name: q, kind: quadrant, dividers: "
        "{CD19: {start: 2, by: valley, leash: [1, 3]}, CD3: 2}, names: [neg, b, t, both]}"
    )
    found = placed(gates, tube)
    members = memberships(tube.table, found)

    assert sum(members[name].astype(int) for name in ("neg", "b", "t", "both")).tolist() == [1] * N
    assert [int(members[name].sum()) for name in ("neg", "b", "t", "both")] == [
        N // 2, N // 4, N // 4, 0,
    ]  # fmt: skip
    assert members["b"][1]
    assert members["t"][0]


def test_time_gate_without_disturbance(tube: Opened):
    """A steady run is kept as one range."""
    found = placed("{name: ok, kind: time, steady: {CD3: {low: 2}}}", tube)

    assert shape_of(found, "ok") == Ranges(kept=((-np.inf, np.inf),))


@pytest.mark.parametrize(("n", "short"), [(N, True), (12_000, False)])
def test_a_short_run_is_said_not_to_be_judged(n: int, short: bool, tmp_path: Path):
    """A run that is too short to be judged is kept, and nobody may take that for a clean run."""
    tube = synthetic(tmp_path / "tube.fcs", **flat(n=n))
    found = placed("{name: ok, kind: time, steady: {CD3: {low: 2}}}", tube)

    assert ("RUN_NOT_JUDGED" in codes(found)) is short


def test_order_of_events_does_not_matter(tube: Opened):
    """Gates that do not look at time stand where they stood when events come in another order."""
    gates = one("{start: 1.5, by: ref_neg, of: t, leash: [0.5, 2.0]}") + (
        "\n{name: v, kind: interval, bounds: {CD3: {low: {start: 2, by: valley, leash: [1, 3]}}}}"
    )
    order = np.random.default_rng(3).permutation(N)
    shuffled = dataclasses.replace(tube, events=tube.events[order])

    first, second = placed(gates, tube), placed(gates, shuffled)

    assert [g.shape for g in first.gates] == [g.shape for g in second.gates]


def test_units_far_from_usual_are_said(tube: Opened):
    """Start positions made for another range of numbers are marked as fallbacks only."""
    channels = tuple(
        dataclasses.replace(c, range=1024.0) if c.role is Role.FLUORESCENCE else c
        for c in tube.tube.channels
    )
    strange = dataclasses.replace(tube, tube=dataclasses.replace(tube.tube, channels=channels))
    gates = one("{start: 1.5, by: ref_neg, of: t, leash: [0.5, 2.0]}")

    (said,) = [f for f in placed(gates, strange).findings if f.code == "GATE_RANGE"]
    assert "CD19-A" in said.what
    assert "GATE_RANGE" not in codes(placed(gates, tube))


def test_missing_compensation_stops(tube: Opened):
    """A template that compensates is not applied to a tube without a matrix."""
    bare = dataclasses.replace(tube, tube=dataclasses.replace(tube.tube, spillover=None))

    with pytest.raises(GatingError, match="no usable spillover matrix"):
        placed(one("1"), bare)
    assert placed(one("1"), bare, compensation="none").matrices == {}


def without_detector(tube: Opened, marker: str) -> Opened:
    """The tube with a matrix that does not know the detector of a marker."""
    matrix = tube.tube.spillover
    assert matrix is not None
    detector = tube.tube.channels[tube.panel.columns[marker]].pnn
    kept = [i for i, name in enumerate(matrix.detectors) if name != detector]
    smaller = Spillover(
        detectors=tuple(matrix.detectors[i] for i in kept),
        matrix=matrix.matrix[np.ix_(kept, kept)],
        keyword=matrix.keyword,
    )
    return dataclasses.replace(tube, tube=dataclasses.replace(tube.tube, spillover=smaller))


def test_a_required_marker_outside_the_matrix_stops(tube: Opened):
    """Part of a compensation is none for the markers it leaves out."""
    with pytest.raises(GatingError, match="lacks the detectors of CD19"):
        placed(one("1"), without_detector(tube, "CD19"))


def test_an_optional_marker_outside_the_matrix_is_said(tube: Opened):
    """What a template can do without may be gated as measured, and never in silence."""
    found = placed(one("1"), without_detector(tube, "CD10"))

    assert "MARKER_UNCOMPENSATED" in codes(found)
    assert "MARKER_UNCOMPENSATED" not in codes(placed(one("1"), tube))


def test_compensated_and_raw_placements_differ(tmp_path: Path):
    """`compensation: none` leaves the values as they are; `tube` unmixes them."""
    simulated = simulate_tube(TubePlan(state="BM_d28_BCA", n_events=3_000, seed=331))
    opened = rewritten(simulated, simulated.events, tmp_path / "tube.fcs")
    rule = one("{start: 1.5, by: ref_neg, of: t, leash: [-3, 6]}")

    values = [bound(placed(rule, opened, compensation=c), "g").value for c in ("tube", "none")]

    assert values[0] != values[1]


@pytest.mark.parametrize(
    ("n", "expected"), [(0, 0), (1, 1), (500_000, 500_000), (1_234_567, 500_000)]
)
def test_sample_of_rows(n: int, expected: int):
    """No more than half a million rows, each once, over the whole run."""
    rows = evenly(n, 500_000)

    assert len(rows) == expected
    assert len(np.unique(rows)) == expected
    if n:
        assert (rows[0], rows[-1]) == (0, n - 1)
        assert np.diff(rows).max(initial=1) <= -(-n // 500_000)


@pytest.fixture(scope="module")
def marrow() -> SimulatedTube:
    return simulate_tube(TubePlan(state="BM_m6_recovered", n_events=30_000, seed=332, blasts={}))


def test_same_tube_same_placement(marrow: SimulatedTube, tmp_path: Path):
    """Placed twice, every number is the same to the last bit."""
    path = write_tube(marrow, tmp_path, "tube")
    (tmp_path / "again").mkdir()
    again = write_tube(marrow, tmp_path / "again", "tube")
    placements = [place_on(open_for_gating(file)) for file in (path, again)]

    assert placements[0].gates == placements[1].gates
    assert placements[0].findings == placements[1].findings


def test_no_gate_needs_b_cells(marrow: SimulatedTube, tmp_path: Path):
    """Taking every B cell out of a tube moves no negative threshold at all."""
    b_lineage = [
        i
        for i, name in enumerate(marrow.label_names)
        if name.startswith(("B_", "hematogone", "plasma", "doublet")) or "_B" in name
    ]
    without = ~np.isin(marrow.labels, b_lineage)
    assert 0.6 < without.mean() < 0.97
    numbers = []
    for name, rows in (("all", slice(None)), ("none", without)):
        opened = rewritten(marrow, marrow.events[rows], tmp_path / f"{name}.fcs")
        found = place_on(open_for_gating(opened.path))
        numbers.append({
            f"{g.name} {b.where}": b.value
            for g in found.gates
            for b in g.bounds
            if b.method == "ref_neg"
        })  # fmt: skip

    first, second = numbers
    assert any("CD19" in name for name in first)
    # events within a doublet of the reference may come or go with the cleaning gates
    assert {n: second[n] for n in first} == pytest.approx(first, abs=0.02)


def test_counting_is_exact_where_placing_samples(marrow: SimulatedTube, tmp_path: Path):
    """A placement from every third event still counts all of them."""
    opened = rewritten(marrow, marrow.events, tmp_path / "tube.fcs")
    gating = open_for_gating(opened.path)
    found = place(gating.template, gating.tube, gating.panel, opened.events[::3])

    counted = count(opened.table, found)

    members = memberships(opened.table, found)
    assert counted.n_root == len(opened.events)
    assert len(counted.populations) == len(found.gates)
    for population in counted.populations:
        *above, name = population.path
        assert population.count == members[name].sum()
        assert population.parent_count == (
            members[above[-1]].sum() if above else len(opened.events)
        )
        assert population.path == found.path(name)
