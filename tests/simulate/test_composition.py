"""How many events of which population."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.simulate.composition import draw_counts
from cytomon.simulate.plan import Realism, TubePlan, Variation, draw_batches
from cytomon.simulate.populations import B_CELLS, GRANULOCYTES, LYMPHOCYTES, is_blast

TABLE = TubePlan(state="BM_d28_BCA", n_events=1_000_000, seed=3, variation=Variation.none())


def counted(plan: TubePlan, seed: int = 3) -> dict[str, int]:
    return draw_counts(plan, np.random.default_rng(seed))


def share(counts: dict[str, int], names: tuple[str, ...]) -> float:
    return sum(counts.get(name, 0) for name in names) / sum(counts.values())


def test_blasts_keep_their_expected_fraction():
    """Over many tubes blasts average the fraction asked for, with binomial spread."""
    plan = replace(TABLE, n_events=20_000, blasts={"blast_typical": 0.01}, variation=Variation())
    found = np.array([counted(plan, seed)["blast_typical"] for seed in range(400)])

    assert found.mean() == pytest.approx(200, abs=4 * np.sqrt(198 / 400))
    assert found.var() == pytest.approx(198, rel=0.35)


def test_others_share_the_rest():
    """Normal populations keep their ratios when blasts take half the tube."""
    half = counted(replace(TABLE, blasts={"blast_CD19neg": 0.5}))
    none = counted(TABLE)

    assert half["T_CD8"] / half["gran_mature"] == pytest.approx(
        none["T_CD8"] / none["gran_mature"], rel=0.02
    )
    assert sum(half.values()) == 1_000_000


def test_overt_relapse_brings_its_own_blasts():
    """Without a wish, an overt relapse is 65 % typical blasts; with an empty one, none."""
    relapse = replace(TABLE, state="BM_overt_relapse")

    assert share(counted(relapse), ("blast_typical",)) == pytest.approx(0.65, abs=0.002)
    assert not any(is_blast(name) for name in counted(replace(relapse, blasts={})))


@pytest.mark.parametrize(
    ("state", "percent"),
    [("BM_norm_child", 17.683), ("BM_m3_recovering", 3.941), ("PB_m6_recovered", 21.514)],
)
def test_b_cells_of_lymphocytes_as_printed(state: str, percent: float):
    """The specification prints the B share of CD45-bright lymphocytes of each state."""
    counts = counted(replace(TABLE, state=state))
    found = share(counts, B_CELLS) / share(counts, LYMPHOCYTES)

    assert 100 * found == pytest.approx(percent, rel=0.04)


def test_composition_varies_around_the_table():
    """Small populations spread log-normally by 0.5 around the printed frequency."""
    plan = replace(TABLE, variation=Variation())
    logs = np.log([counted(plan, seed)["pDC"] / 2500 for seed in range(300)])

    assert np.median(logs) == pytest.approx(0, abs=0.1)
    assert logs.std() == pytest.approx(0.5, abs=0.07)


def test_dilution_brings_blood():
    """At d = 0.9 erythroblasts fall to about a tenth; blasts stay as asked."""
    diluted = replace(TABLE, hemodilution=0.9, blasts={"blast_typical": 0.1})
    expected = 0.9 * (0.1 * 0.145 + 0.9 * 0.001)

    assert share(counted(diluted), ("erythroblast",)) == pytest.approx(expected, rel=0.03)
    assert share(counted(diluted), ("blast_typical",)) == pytest.approx(0.1, rel=0.02)


def test_cellularity_makes_some_marrows_poor():
    """With the switch, 30 % of day-28 marrows are hypocellular and 25 % neutropenic."""
    plan = replace(TABLE, realism=Realism(cellularity=True))
    tubes = [counted(plan, seed) for seed in range(400)]
    sizes = np.array([sum(tube.values()) for tube in tubes])
    granulocytes = np.array([share(tube, GRANULOCYTES) for tube in tubes])

    assert (sizes < 400_000).mean() == pytest.approx(0.30, abs=0.08)
    assert sizes.min() >= 100_000
    assert (granulocytes < 0.35).mean() == pytest.approx(0.25, abs=0.08)


@pytest.mark.parametrize(("age", "factor"), [(2.0, 1.5), (8.0, 1.0), (16.0, 0.5)])
def test_age_changes_hematogones(age: float, factor: float):
    """Small children have half as many again, adolescents half."""
    plan = replace(TABLE, state="BM_m3_recovering")
    odds = [
        counts["hematogone_II"] / counts["gran_mature"]
        for counts in (counted(plan), counted(replace(plan, age_years=age)))
    ]

    assert odds[1] / odds[0] == pytest.approx(factor, rel=0.04)


def test_batches_hold_three_to_five_tubes():
    """Every batch but the last has 3 to 5 tubes, numbered in a row."""
    numbers = draw_batches(200, np.random.default_rng(9))
    sizes = np.bincount(numbers)[:-1]

    assert len(numbers) == 200
    assert set(sizes.tolist()) == {3, 4, 5}


@pytest.mark.parametrize(
    "change",
    [{"n_events": 0}, {"blasts": {"blast_typical": 1.1}}, {"hemodilution": -0.1}],
    ids=str,
)
def test_impossible_plans_are_refused(change: dict):
    """Counts and fractions outside their range never reach the simulation."""
    with pytest.raises(ValueError, match="expected"):
        replace(TABLE, **change)


def test_only_blasts_are_blasts():
    """A normal population cannot be asked for as blasts."""
    with pytest.raises(ValueError, match="B_naive"):
        counted(replace(TABLE, blasts={"B_naive": 0.1}))
