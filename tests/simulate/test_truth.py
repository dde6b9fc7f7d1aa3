"""What follows from the counts by label."""

from __future__ import annotations

import pytest

from cytomon.simulate.truth import NoiseFree, Truth, derive_truth


def derived(*, bright: int = 0, **counts: int) -> Truth:
    seen = NoiseFree(b_fraction=None, n_bright_precursors=bright, blast_medians={})
    return derive_truth(counts, noise_free=seen, n_in_clog=0, gain_sd=0.1)


@pytest.mark.parametrize(
    ("blasts", "cd19", "cd22"),
    [
        pytest.param({"blast_typical": 9}, "POSITIVE", "POSITIVE", id="typical"),
        pytest.param({"blast_CD19neg": 9}, "NEGATIVE", "POSITIVE", id="CD19neg"),
        pytest.param({"blast_CD22neg": 9}, "POSITIVE", "NEGATIVE", id="CD22neg"),
        pytest.param({"blast_CD19dim": 9}, "DIM", "POSITIVE", id="CD19dim"),
        pytest.param({"blast_CD22dim": 9}, "POSITIVE", "DIM", id="CD22dim"),
        pytest.param({"blast_dualneg": 9}, "NEGATIVE", "NEGATIVE", id="dualneg"),
        pytest.param({"blast_proB_KMT2A": 9}, "POSITIVE", "DIM", id="proB"),
        pytest.param({"lineage_switch_mono": 9}, "NEGATIVE", "NEGATIVE", id="switch"),
        pytest.param({"blast_typical": 6, "blast_CD19neg": 4}, "PARTIAL", "POSITIVE", id="mixed"),
        pytest.param({"blast_typical": 95, "blast_CD19neg": 5}, "POSITIVE", "POSITIVE", id="few"),
    ],
)
def test_intended_phenotype(blasts: dict[str, int], cd19: str, cd22: str):
    """Each kind of blast stands for a call; a tenth of another kind makes it partial."""
    assert derived(T_CD4=10, **blasts).antigens == {"CD19": cd19, "CD22": cd22}


def test_denominators():
    """Erythroblasts leave the white cells, granulocytes the mononuclear ones, rubbish both."""
    truth = derived(
        gran_mature=30,
        gran_immature=10,
        erythroblast=20,
        T_CD4=30,
        blast_typical=10,
        debris=7,
        dead=5,
        doublet=3,
        carry_over=2,
    )

    assert (truth.n_nucleated, truth.n_wbc, truth.n_mnc) == (100, 80, 60)
    assert truth.mrd_fraction == 0.1
    assert truth.n_events == 117


def test_b_fraction():
    """Mature and transitional B cells of T, NK and these; of hematogones only the CD45-bright."""
    truth = derived(
        bright=100,
        T_CD4=60,
        T_CAR_CD19dim=5,
        NK=15,
        B_naive=12,
        B_memory=3,
        B_transitional=5,
        hematogone_III=150,
        blast_typical=40,
        doublet_B_T=9,
    )

    assert (truth.n_b_cells, truth.n_lymphocytes, truth.b_fraction) == (20, 200, 0.1)


def test_no_lymphocytes():
    """0 of 0 is no fraction, and a tube without blasts has no phenotype."""
    truth = derived(erythroblast=5)

    assert truth.b_fraction is None
    assert truth.antigens == {}
