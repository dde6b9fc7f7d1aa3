"""A simulated tube is what its plan and the tables say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import flowio
import numpy as np
import pytest

from cytomon.simulate.plan import Artefacts, Realism, TubePlan, Variation
from cytomon.simulate.populations import T_CELLS, position, to_scale
from cytomon.simulate.sidecar import read_labels
from cytomon.simulate.tube import SimulatedTube, simulate_tube, write_tube

BY_TABLE = TubePlan(
    state="BM_m3_recovering",
    n_events=120_000,
    seed=21,
    blasts={"blast_typical": 0.05, "blast_CD22neg": 0.05},
    variation=Variation.none(),
    artefacts=Artefacts.none(),
)
EVERYTHING = TubePlan(
    state="BM_d28_BCA",
    n_events=4_000,
    seed=22,
    blasts={"blast_typical": 0.05},
    realism=Realism.full(),
    artefacts=Artefacts(clog=0.08, carry_over=0.01, tandem_breakdown=0.1, matrix_error=0.03),
    hard_blasts=True,
)


@pytest.fixture(scope="module")
def tube() -> SimulatedTube:
    return simulate_tube(BY_TABLE)


def scaled(tube: SimulatedTube, *names: str) -> dict[str, np.ndarray]:
    """Compensate by an independent solve; marker to L for the events with these labels."""
    stains = [i for i, channel in enumerate(tube.channels) if channel.pns]
    wanted = np.isin(tube.labels, [tube.label_names.index(name) for name in names])
    raw = tube.events[wanted][:, stains].astype(np.float64)
    clean = np.linalg.solve(tube.spillover.matrix.T, raw.T)
    markers = [tube.channels[i].pns.rsplit(" ", 1)[0] for i in stains]
    return dict(zip(markers, to_scale(clean), strict=True))


def robust_sd(values: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


@pytest.mark.parametrize(
    "name",
    [
        "T_CD4",
        "monocyte",
        "NK",
        "erythroblast",
        "hematogone_II",
        "basophil",
        "blast_typical",
        "blast_CD22neg",
    ],
)
def test_medians_are_the_table(tube: SimulatedTube, name: str):
    """Compensated with the stored matrix, each population lies where the table says."""
    found = scaled(tube, name)
    table = position(name, tuple(found)).medians
    medians = np.array([np.median(values) for values in found.values()])
    # On the path a stage is a stretch, not a point: CD34 has not gone where stage II begins.
    slack = 0.25 if name == "hematogone_II" else 0.08

    assert np.abs(medians - table).max() < slack


@pytest.mark.parametrize(
    ("name", "marker", "sd"),
    [
        ("T_CD4", "CD45", 0.15),
        ("T_CD4", "CD3", 0.15),
        ("monocyte", "CD33+CD14", 0.30),
        ("gran_mature", "CD66b", 0.30),
        ("gran_mature", "CD33+CD14", 0.70),
        ("gran_mature", "CD10", 0.80),
        ("blast_typical", "CD19", 0.35),
        ("blast_typical", "CD22", 0.40),
        ("blast_typical", "CD34", 0.50),
    ],
)
def test_spread_is_the_specification(tube: SimulatedTube, name: str, marker: str, sd: float):
    """Within-population SD on L as specified; detector noise adds a little."""
    found = float(np.std(scaled(tube, name)[marker]))

    assert found == pytest.approx(sd, rel=0.08)


def test_negative_limits_on_t_cells():
    """Median + 3 robust SD of T cells, as printed with the specification's coherence check."""
    day_28 = replace(BY_TABLE, state="BM_d28_BCA", artefacts=Artefacts(), blasts={})
    found = {
        marker: np.median(values) + 3 * robust_sd(values)
        for marker, values in scaled(simulate_tube(day_28), *T_CELLS).items()
    }
    printed = {"CD19": 0.74, "CD22": 0.69, "CD10": 0.64, "CD24": 0.85, "cyCD79a": 0.74} | {
        "CD34": 0.64,
        "CD20": 0.81,
    }

    assert {marker: found[marker] for marker in printed} == pytest.approx(printed, abs=0.1)


def test_naive_cd22_gate():
    """CD22+CD19-CD3- with low SSC holds 0.66 % of a blast-free marrow, as printed.

    The specification's coherence check: 61 % basophils, 24 % pDC, 9 % stage-0 progenitors.
    """
    day_28 = simulate_tube(replace(BY_TABLE, state="BM_d28_BCA", n_events=300_000, blasts={}))
    found = scaled(day_28, *day_28.truth.counts)
    ssc = day_28.events[:, [channel.pnn for channel in day_28.channels].index("SSC-A")]
    inside = (found["CD22"] > 0.69) & (found["CD19"] < 0.74) & (found["CD3"] < 1.5) & (ssc < 30_000)
    names = np.array(day_28.label_names)[day_28.labels[inside]]

    assert inside.mean() == pytest.approx(0.0066, rel=0.1)
    for name, share in (("basophil", 0.61), ("pDC", 0.24), ("progenitor_CD34+22+19-", 0.09)):
        assert (names == name).mean() == pytest.approx(share, abs=0.05)


def test_correlations(tube: SimulatedTube):
    """CD19 goes with CD22 in blasts (r 0.3); on the path CD45 goes with CD20, CD10 against it."""
    blasts = scaled(tube, "blast_typical")
    path = scaled(tube, "hematogone_I", "hematogone_II", "hematogone_III")

    assert np.corrcoef(blasts["CD19"], blasts["CD22"])[0, 1] == pytest.approx(0.3, abs=0.05)
    assert np.corrcoef(path["CD45"], path["CD20"])[0, 1] > 0.6
    assert np.corrcoef(path["CD10"], path["CD20"])[0, 1] < -0.6
    assert np.corrcoef(path["CD34"], path["CD20"])[0, 1] < -0.3


def test_mixtures(tube: SimulatedTube):
    """After therapy a tenth of the plasma cells keep CD19; four in ten progenitors have CD10."""
    plasma = scaled(tube, "plasma_cell")["CD19"]
    progenitors = scaled(
        simulate_tube(replace(BY_TABLE, n_events=600_000)), "progenitor_CD34+22+19-"
    )

    assert (plasma > 1.6).mean() == pytest.approx(0.1, abs=0.07)
    assert (progenitors["CD10"] > 0.9).mean() == pytest.approx(0.4, abs=0.1)


def test_truth_counts_the_labels():
    """Counts are those of the labels, and the derived numbers follow from them."""
    tube = simulate_tube(EVERYTHING)
    truth = tube.truth
    counts = {name: int((tube.labels == code).sum()) for code, name in enumerate(tube.label_names)}

    assert truth.counts == {name: count for name, count in counts.items() if count}
    assert truth.n_events == len(tube.events) == len(tube.in_clog)
    assert truth.n_blasts == counts["blast_typical"]
    on_top = ("debris", "dead", "doublet", "doublet_T_blast", "doublet_B_T", "carry_over")
    assert truth.n_nucleated == truth.n_events - sum(counts[name] for name in on_top)
    assert truth.mrd_fraction == truth.n_blasts / truth.n_nucleated


def test_same_plan_same_bytes(tmp_path: Path):
    """Everything that is written depends on the plan alone."""
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        write_tube(simulate_tube(EVERYTHING), tmp_path / folder, "a")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())

    assert names == ["a.fcs", "a.truth.json", "a.truth.npz"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_another_seed_is_another_tube():
    """The seed matters to the events."""
    other = simulate_tube(replace(EVERYTHING, seed=23))

    assert not np.array_equal(other.events[:50], simulate_tube(EVERYTHING).events[:50])


@pytest.mark.parametrize("panel", ["b_all_mrd", "aieop_bfm", "lymphocyte_subsets"])
def test_file_and_sidecar(tmp_path: Path, panel: str):
    """FlowIO reads the events; the sidecar has a label for each and the summary's counts."""
    tube = simulate_tube(replace(EVERYTHING, panel=panel))
    path = write_tube(tube, tmp_path, "a")
    data = flowio.FlowData(str(path))
    sidecar = read_labels(path)
    summary = json.loads((tmp_path / "a.truth.json").read_text(encoding="utf-8"))

    assert np.array_equal(
        np.asarray(data.events, dtype=np.float32).reshape(tube.events.shape), tube.events
    )
    assert len(sidecar.labels) == data.event_count
    assert int(sidecar.of("gran_mature").sum()) == tube.truth.counts["gran_mature"]
    assert np.array_equal(sidecar.in_clog, tube.in_clog)
    assert summary["truth"]["counts"] == tube.truth.counts
    assert summary["simulated"] is True


@pytest.mark.parametrize(
    ("panel", "columns"),
    [
        pytest.param(
            "b_all_mrd",
            "FSC-A FSC-H FSC-W SSC-A CD45 CD19 CD22 CD10 CD20 CD34 CD38 CD58 CD66c+CD123 CD24 "
            "CD66b CD3 CD33+CD14 cyCD79a Viability Time",
            id="b_all_mrd",
        ),
        pytest.param(
            "aieop_bfm", "FSC-A FSC-W SSC-A CD20 CD10 CD45 CD34 Syto CD19 CD38 Time", id="aieop"
        ),
        pytest.param(
            "lymphocyte_subsets",
            "FSC-A FSC-H FSC-W SSC-A CD45 CD3 CD19 CD16+CD56 CD20 CD10 CD34 CD38 Time",
            id="subsets",
        ),
    ],
)
def test_panels(panel: str, columns: str):
    """Each panel has its columns in this order; events are finite and time never falls."""
    tube = simulate_tube(replace(EVERYTHING, panel=panel))
    found = [(channel.pns or channel.pnn).split()[0] for channel in tube.channels]

    assert found == columns.split()
    assert np.isfinite(tube.events).all()
    assert (np.diff(tube.events[:, -1]) >= 0).all()
    assert tube.events.max() < 262_144


def test_populations_are_mixed_in_time(tube: SimulatedTube):
    """Each half of the run holds half of every population."""
    first = tube.labels[: len(tube.labels) // 2]
    for name in ("gran_mature", "T_CD8", "blast_typical"):
        code = tube.label_names.index(name)

        assert (first == code).sum() / (tube.labels == code).sum() == pytest.approx(0.5, abs=0.03)


def test_unknown_panel_is_refused():
    """The message offers the panels there are."""
    with pytest.raises(ValueError, match="aieop_bfm"):
        simulate_tube(replace(EVERYTHING, panel="euroflow"))


@pytest.mark.parametrize(
    ("panel", "pe"), [("euroflow_1", "CD66c+CD123"), ("euroflow_2", "CD73+CD304")]
)
def test_euroflow_tubes(panel: str, pe: str):
    """Eight colours of which PE alone differs, each population where the tables say."""
    tube = simulate_tube(replace(BY_TABLE, panel=panel))
    found = scaled(tube, "blast_typical")
    medians = np.array([np.median(values) for values in found.values()])

    assert sorted(found) == sorted(["CD20", "CD45", "CD81", pe, "CD34", "CD19", "CD10", "CD38"])
    assert np.abs(medians - position("blast_typical", tuple(found)).medians).max() < 0.08
