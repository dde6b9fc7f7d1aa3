"""Simulated tubes: what is wrong with one is named, and what is not wrong is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cytomon
from cytomon.fcs.write import write_fcs
from cytomon.model.findings import Severity
from cytomon.model.results import TubeResult
from cytomon.simulate.plan import Artefacts, Realism, TubePlan
from cytomon.simulate.tube import SimulatedTube, simulate_tube, write_tube

PLAN = TubePlan(state="BM_d28_BCA", n_events=30_000, seed=214, artefacts=Artefacts())
THREE = {"CD45": 0.3, "CD38": 0.3, "CD58": 0.3}
REALISM = {"plain": Realism.plain(), "full": Realism.full()}
STATES = ("BM_d28_BCA", "BM_m3_BCA", "BM_m3_recovering", "BM_norm_child", "BM_m6_recovered")


def said(result: TubeResult) -> dict[str, str]:
    return {finding.code: finding.what for finding in result.findings}


def measured(plan: TubePlan, folder: Path) -> TubeResult:
    return cytomon.measure_tube(write_tube(simulate_tube(plan), folder, "t"))


def with_artefacts(**wanted: float | dict[str, float]) -> TubePlan:
    return replace(PLAN, artefacts=replace(PLAN.artefacts, **wanted))


def without(tube: SimulatedTube, marker: str, path: Path) -> Path:
    """The same tube with an antibody forgotten: its dye is gone, and nothing else."""
    names = [channel.pns.split()[0] if channel.pns else "" for channel in tube.channels]
    stains = [i for i, name in enumerate(names) if name]
    matrix = tube.spillover.matrix
    true = np.linalg.solve(matrix.T, tube.events[:, stains].astype(np.float64).T).T
    dye = stains.index(names.index(marker))
    true[:, dye] = np.random.default_rng(0).normal(0, 30, len(true))
    events = tube.events.copy()
    events[:, stains] = true @ matrix
    write_fcs(path, events, tube.channels, spillover=tube.spillover, keywords={})
    return path


@pytest.mark.parametrize(
    ("panel", "state", "unanchored"),
    [
        ("b_all_mrd", "BM_d28_BCA", "carries CD19, CD10, CD20 in this tube"),
        ("aieop_bfm", "BM_d28_BCA", "carries CD19, CD10, CD20 in this tube"),
        ("lymphocyte_subsets", "PB_d28_BCA", "carries CD19, CD20, CD10, CD34 in this tube"),
    ],
)
def test_sound_tubes(tmp_path: Path, panel: str, state: str, unanchored: str):
    """Nothing but what has no anchor in aplasia; each template has its anchors."""
    found = said(measured(replace(PLAN, panel=panel, state=state), tmp_path))

    assert unanchored in found["NO_ANCHOR"]
    assert not found.keys() & {"GAIN_SHIFT", "MATRIX_DOUBTFUL", "QC_MARKER", "MARGIN_EVENTS"}
    assert not found.keys() & {"HEMODILUTE_LIKELY", "LYMPH_GATE_IMPURE"}


def test_b_cells_anchor_their_markers(tmp_path: Path):
    """With B cells, CD19 and CD20 can be watched."""
    found = said(measured(replace(PLAN, state="BM_m6_recovered"), tmp_path))

    assert "carries CD10 in this tube" in found["NO_ANCHOR"]


def test_shifted_gains(tmp_path: Path):
    """Three detectors half an L up are named with about as much; no gate is changed for it."""
    half = dict.fromkeys(THREE, 0.5)
    found = said(measured(with_artefacts(shifted=half), tmp_path))["GAIN_SHIFT"]
    by = {
        words.split()[0]: float(words.split()[1])
        for words in found.split(": ", 1)[1].split(", ")
        if words.split()[0] in half
    }

    assert by.keys() == half.keys()
    assert all(0.2 < shift < 0.8 for shift in by.values())


@pytest.mark.parametrize("panel", ["b_all_mrd", "aieop_bfm", "lymphocyte_subsets"])
@pytest.mark.parametrize(("error", "named"), [(0.2, True), (0.03, False)])
def test_wrong_matrix(tmp_path: Path, panel: str, error: float, named: bool):
    """A fifth is named, three per cent are not."""
    state = "PB_d28_BCA" if panel == "lymphocyte_subsets" else PLAN.state
    plan = replace(with_artefacts(matrix_error=error), panel=panel, state=state)

    assert ("MATRIX_DOUBTFUL" in said(measured(plan, tmp_path))) is named


@pytest.mark.parametrize(
    ("state", "n_events", "seed", "share"),
    [
        pytest.param("BM_m3_BCA", 100_000, 313, 0.1, id="on-monocytes"),
        pytest.param("BM_m3_BCA", 60_000, 316, 0.03, id="on-myeloid-progenitors"),
    ],
)
def test_switched_monocytes_are_no_wrong_matrix(
    tmp_path: Path, state: str, n_events: int, seed: int, share: float
):
    """Leukaemia under another name fakes a slope; the other populations still judge the matrix."""
    plan = replace(
        PLAN, state=state, n_events=n_events, seed=seed, blasts={"lineage_switch_mono": share}
    )
    sound = said(measured(plan, tmp_path))
    wrong = said(measured(replace(plan, artefacts=Artefacts(matrix_error=0.2)), tmp_path))

    assert "LINEAGE_SWITCH_SUSPECTED" in sound
    assert "MATRIX_DOUBTFUL" not in sound
    assert "seen on neutrophils" in wrong["MATRIX_DOUBTFUL"]
    assert "seen on monocytes" not in wrong["MATRIX_DOUBTFUL"]
    assert "seen on cd34_myeloid" not in wrong["MATRIX_DOUBTFUL"]


def test_monocytes_judge_the_matrix_where_they_are_monocytes(tmp_path: Path):
    """Without a sign of lineage switch nothing is left out."""
    plan = replace(with_artefacts(matrix_error=0.2), state="BM_m3_BCA", n_events=100_000, seed=313)

    assert "of CD58 into CD66c+CD123" in said(measured(plan, tmp_path))["MATRIX_DOUBTFUL"]


@pytest.mark.parametrize("seed", [220, 221, 222])
def test_three_per_cent_change_no_answer(tmp_path: Path, seed: int):
    """The same tube with a matrix that is 3 % off: same statuses, same calls."""
    answers = []
    for error in (0.0, 0.03):
        plan = replace(
            with_artefacts(matrix_error=error), seed=seed, blasts={"blast_typical": 0.005}
        )
        result = measured(plan, tmp_path)
        answers.append({m.quantity: m.status for m in result.measurements})

    assert answers[0] == answers[1]


@pytest.mark.parametrize("marker", ["CD66b", "CD3"])
def test_forgotten_antibody(tmp_path: Path, marker: str):
    """Granulocytes by scatter without CD66b, lymphocytes without CD3: the tube fails."""
    path = without(simulate_tube(PLAN), marker, tmp_path / "t.fcs")
    result = cytomon.measure_tube(path)
    failures = [f for f in result.findings if f.severity is Severity.ERROR]

    assert f"carry {marker};" in said(result)["QC_MARKER"]
    assert "QC_MARKER" in {failure.code for failure in failures}
    assert "QUALITY_FAILED" in result["mrd"].qualifiers


@pytest.mark.parametrize(("blood", "named"), [(0.92, True), (0.3, False)])
def test_diluted_marrow(tmp_path: Path, blood: float, named: bool):
    """A marrow of nine tenths blood says so beside a reassuring status."""
    plan = replace(PLAN, n_events=250_000, seed=223, hemodilution=blood)
    result = measured(plan, tmp_path)

    assert result["mrd"].status in {"NOT_DETECTED", "BELOW_LOD", "DETECTED_BELOW_THRESHOLD"}
    assert ("HEMODILUTE_LIKELY" in said(result)) is named
    assert ("HEMODILUTE_LIKELY" in result["mrd"].qualifiers) is named


def test_detector_at_its_end(tmp_path: Path):
    """A gain twenty times too high: the detector is named with the share of its events."""
    tube = simulate_tube(PLAN)
    column = next(i for i, c in enumerate(tube.channels) if c.pnn == "V525-A")
    events = tube.events.copy()
    events[:, column] = np.minimum(20 * events[:, column], 262_143)
    path = tmp_path / "t.fcs"
    write_fcs(path, events, tube.channels, spillover=tube.spillover, keywords={})
    share = (events[:, column] > 262_000).mean()

    assert f"range: V525-A {share:.1%};" in said(cytomon.measure_tube(path))["MARGIN_EVENTS"]


@pytest.mark.long
@pytest.mark.parametrize("realism", ["plain", "full"])
def test_rates(tmp_path: Path, realism: str):
    """Sixty tubes: how often what is wrong is named, and what is right is."""
    counts = dict.fromkeys(("sound", "false gain", "false matrix", "gain", "matrix"), 0)
    for number in range(60):
        plan = replace(
            PLAN,
            n_events=60_000,
            seed=930 + number,
            realism=REALISM[realism],
            state=STATES[number % 5],
        )
        sound = simulate_tube(plan)
        found = said(cytomon.measure_tube(write_tube(sound, tmp_path, "sound")))
        trap = sound.truth.gain_sd > 0.2
        counts["sound"] += not trap
        counts["false gain"] += "GAIN_SHIFT" in found and not trap
        counts["false matrix"] += "MATRIX_DOUBTFUL" in found
        wrong = replace(plan, artefacts=replace(plan.artefacts, shifted=THREE, matrix_error=0.2))
        found = said(measured(wrong, tmp_path))
        counts["gain"] += "GAIN_SHIFT" in found
        counts["matrix"] += "MATRIX_DOUBTFUL" in found

    assert counts["matrix"] == 60
    assert counts["false matrix"] == 0
    assert counts["false gain"] <= 0.06 * counts["sound"]
    assert counts["gain"] >= 0.75 * 60
