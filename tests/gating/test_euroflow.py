"""The template of the EuroFlow tubes on simulated marrows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.model.results import TubeResult
from cytomon.pipeline import measure_tube
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.truth import Truth
from cytomon.simulate.tube import simulate_tube, write_tube

TUBES = ("euroflow_1", "euroflow_2")


def measure(folder: Path, panel: str, seed: int, **blasts: float) -> tuple[TubeResult, Truth]:
    """A marrow three months after infusion, in one of the tubes."""
    wanted = TubePlan(
        state="BM_m3_BCA",
        n_events=100_000,
        seed=seed,
        blasts={f"blast_{kind}": share for kind, share in blasts.items()},
        panel=panel,
    )
    simulated = simulate_tube(wanted)
    return measure_tube(write_tube(simulated, folder, "tube")), simulated.truth


@pytest.mark.parametrize("panel", TUBES)
@pytest.mark.parametrize(
    ("kind", "call", "finder"),
    [
        ("typical", "POSITIVE", "mrd_both"),
        ("CD19neg", "NEGATIVE", "mrd_b_only"),
        ("dualneg", "NEGATIVE", "mrd_b_only"),
        ("proB_KMT2A", "POSITIVE", "mrd_both"),
    ],
)
def test_blasts_are_found_by_their_tree(
    tmp_path: Path, panel: str, kind: str, call: str, finder: str
):
    """MRD within 15 % of the truth with CD19 or without it, and by the tree that should see it."""
    result, truth = measure(tmp_path, panel, seed=350, **{kind: 5e-3})
    mrd = result["mrd"]

    assert mrd.estimate is not None
    assert mrd.estimate.value == pytest.approx(truth.mrd_fraction, rel=0.15)
    assert result["cd19_blasts"].status == call
    others = {"mrd_a_only", "mrd_b_only", "mrd_both"} - {finder}
    assert _count(result, finder) > 5 * max(_count(result, name) for name in others)


@pytest.mark.parametrize(("panel", "seed"), [("euroflow_1", 310), ("euroflow_2", 361)])
def test_pro_b_blasts_need_no_cd34(tmp_path: Path, panel: str, seed: int):
    """Of two patients whose blasts have neither CD10 nor CD34, CD19 and CD45 alone tell."""
    result, truth = measure(tmp_path, panel, seed=seed, proB_KMT2A=2e-3)

    assert _count(result, "mrd") == pytest.approx(truth.n_blasts, rel=0.1)
    assert _count(result, "by_eye") < 0.1 * truth.n_blasts


@pytest.mark.parametrize("panel", TUBES)
def test_nothing_is_found_where_nothing_is(tmp_path: Path, panel: str):
    """A marrow in aplasia: few false events, no call on CD19, aplasia without CD3."""
    result, truth = measure(tmp_path, panel, seed=351)

    assert truth.n_blasts == 0
    assert _count(result, "mrd") < 15
    assert result["cd19_blasts"].status == "NOT_ASSESSABLE"
    assert result["b_fraction"].status == "APLASIA"


def test_loss_of_cd19_is_seen_so_nothing_warns_of_a_gate_on_it(tmp_path: Path):
    """Tree B never asks for CD19; CD22, which the panel lacks, is no row at all."""
    result, _ = measure(tmp_path, "euroflow_1", seed=352, CD19neg=5e-3)

    assert "GATED_ON_ANTIGEN" not in result["mrd"].qualifiers
    assert "cd22_blasts" not in {found.quantity for found in result.measurements}


@pytest.mark.parametrize(
    ("panel", "kind", "said"),
    [
        ("euroflow_1", "CD19neg", {"ANTIGEN_ESCAPE_SUSPECTED", "LIMITED_FOR_DUAL_ESCAPE"}),
        ("euroflow_1", "typical", {"LIMITED_FOR_DUAL_ESCAPE"}),
        ("b_all_mrd", "CD19neg", {"ANTIGEN_ESCAPE_SUSPECTED"}),
        ("b_all_mrd", "typical", set()),
    ],
)
def test_escape_is_said_beside_the_result(tmp_path: Path, panel: str, kind: str, said: set[str]):
    """Suspected where CD19 is lost; limited where the panel has no cyCD79a."""
    result, _ = measure(tmp_path, panel, seed=353, **{kind: 5e-3})
    words = {"ANTIGEN_ESCAPE_SUSPECTED", "LIMITED_FOR_DUAL_ESCAPE"}
    lost = {"ANTIGEN_ESCAPE_SUSPECTED"} & said

    assert words & set(result["mrd"].qualifiers) == said
    assert words & set(result["cd19_blasts"].qualifiers) == lost


def _count(result: TubeResult, quantity: str) -> int:
    return result[quantity].numerator or 0
