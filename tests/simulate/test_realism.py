"""Every switch of realism and variation does what it says, and nothing while it is off."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from cytomon.simulate.biology import draw_biology
from cytomon.simulate.centres import draw_centres
from cytomon.simulate.detector import RELATIVE_NOISE, detect, draw_instrument
from cytomon.simulate.expression import draw_events
from cytomon.simulate.panels import staining_panel
from cytomon.simulate.plan import Artefacts, Realism, TubePlan, Variation
from cytomon.simulate.populations import all_markers, population_names, position
from cytomon.simulate.tube import simulate_tube

PLAN = TubePlan(
    state="BM_m3_recovering",
    n_events=5_000,
    seed=41,
    variation=Variation.none(),
    artefacts=Artefacts.none(),
    blasts={"blast_typical": 0.1},
)
PANEL = staining_panel("b_all_mrd")
PATIENTS = range(300)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def offsets(plan: TubePlan, name: str) -> np.ndarray:
    """Patients by markers: how far a population lies off the table."""
    table = position(name, all_markers()).medians
    return np.array([draw_centres(plan, rng(seed))[name].medians - table for seed in PATIENTS])


def marker(name: str) -> int:
    return all_markers().index(name)


def drawn(plan: TubePlan, name: str, n: int = 20_000) -> np.ndarray:
    biology = draw_biology(plan, PANEL.markers, rng())
    return draw_events(biology.components(name)[0], n, biology, rng(2))[0]


@pytest.mark.parametrize("switch", [field.name for field in fields(Realism)])
def test_each_switch_changes_the_tube(switch: str):
    """No switch is idle: with it on, some of twenty tubes differ from the plain ones."""
    state = "BM_d28_BCA" if switch == "cellularity" else PLAN.state
    plan = replace(PLAN, state=state, n_events=300)
    on = replace(plan, realism=Realism(**{switch: True}))
    pairs = [
        (simulate_tube(replace(plan, seed=s)), simulate_tube(replace(on, seed=s)))
        for s in range(40, 60)
    ]
    changed = [
        not np.array_equal(off.events, on.events)
        or not np.array_equal(off.spillover.matrix, on.spillover.matrix)
        for off, on in pairs
    ]

    assert any(changed)


def test_plain_and_full():
    """Plain has every switch off, full every switch on."""
    values = [
        {getattr(kind, field.name) for field in fields(Realism)}
        for kind in (Realism.plain(), Realism.full())
    ]

    assert values == [{False}, {True}]


def test_photon_noise_grows_with_the_signal():
    """The extra variance is proportional to the signal on the detector."""
    instrument = draw_instrument(PLAN, PANEL, rng(), rng())
    extra = []
    for level in (1_000.0, 10_000.0):
        light = np.full((200_000, len(PANEL.stains)), level, dtype=np.float32)
        kinds = [
            detect(light.copy(), instrument, rng(5), photon_noise=on)[:, 3] for on in (False, True)
        ]
        extra.append(kinds[1].var(dtype=np.float64) - kinds[0].var(dtype=np.float64))

    assert extra[1] / extra[0] == pytest.approx(10, rel=0.25)


def test_mixing_is_undone_by_the_stored_matrix():
    """An independent solve of the mixed values gives back the light before the mixing."""
    instrument = draw_instrument(PLAN, PANEL, rng(), rng())
    light = rng(6).uniform(5_000, 50_000, (1_000, len(PANEL.stains))).astype(np.float32)
    before = light.copy()
    mixed = detect(light, instrument, rng(7), photon_noise=False)
    solved = np.linalg.solve(instrument.stored.T, mixed.astype(np.float64).T).T

    assert np.abs(solved - light).max() < 0.1
    assert np.std(light / before - 1) == pytest.approx(RELATIVE_NOISE, rel=0.05)
    assert np.abs(mixed - light).max() > 1_000


def test_heavy_tails_keep_the_spread():
    """Student's t with 5 degrees of freedom: kurtosis far above normal, the same SD."""
    column = PANEL.markers.index("CD45")
    plain, heavy = (
        drawn(replace(PLAN, realism=Realism(heavy_tails=on)), "T_CD4", 200_000)[:, column]
        for on in (False, True)
    )
    far = [np.mean(np.abs(v - v.mean()) > 4 * v.std()) for v in (plain, heavy)]

    assert heavy.std() == pytest.approx(plain.std(), rel=0.03)
    assert far[1] > 10 * far[0]


def test_hematogones_lie_on_a_path():
    """Between stages there is no gap: CD10 of stage II spans from that of I to that of III."""
    cd10 = drawn(PLAN, "hematogone_II")[:, PANEL.markers.index("CD10")]

    assert np.percentile(cd10, 5) < 3.4 - 0.5
    assert np.percentile(cd10, 95) > 3.4 + 0.4


def test_continuous_path_reaches_transitional_b():
    """With the switch the late end of stage III moves on towards transitional B cells."""
    column = PANEL.markers.index("CD24")
    step, smooth = (
        drawn(replace(PLAN, realism=Realism(continuous_path=on)), "hematogone_III")[:, column]
        for on in (False, True)
    )

    assert smooth.mean() > step.mean() + 0.05


def test_autofluorescence_grows_with_size():
    """Granulocytes, twice as large as T cells, gain more in a channel without antigen."""
    gains = {}
    for name in ("gran_immature", "T_CD8"):
        off, on = (
            simulate_tube(replace(PLAN, realism=Realism(autofluorescence=switch)))
            for switch in (False, True)
        )
        chosen = off.labels == off.label_names.index(name)
        column = [channel.pns for channel in off.channels].index("CD20 BV421")
        gains[name] = np.median(on.events[chosen, column] - off.events[chosen, column])

    assert gains["T_CD8"] == pytest.approx(40, rel=0.15)
    assert gains["gran_immature"] == pytest.approx(80, rel=0.15)


def test_moved_centres():
    """Every population lies N(0, 0.2) off the table, another way in every patient."""
    found = offsets(replace(PLAN, realism=Realism(moved_centres=True)), "NK")[:, marker("CD45")]

    assert found.mean() == pytest.approx(0, abs=0.05)
    assert found.std() == pytest.approx(0.2, rel=0.15)


def test_blasts_near_hematogones():
    """Half way to hematogone I in the markers that tell them apart, nowhere else."""
    moved = offsets(replace(PLAN, realism=Realism(blasts_near_hematogones=True)), "blast_typical")[
        0
    ]
    names = {name for name, shift in zip(all_markers(), moved, strict=True) if shift}

    assert names == {"CD58", "CD38", "CD45", "CD66c+CD123", "CD81", "CD73+CD304"}
    assert moved[marker("CD58")] == pytest.approx((2.2 - 3.6) / 2)


def test_hard_blasts():
    """Hard blasts have CD58, CD38 and CD66c+CD123 near those of hematogones."""
    centre = draw_centres(replace(PLAN, hard_blasts=True), rng())["blast_CD19neg"].medians

    assert [centre[marker(name)] for name in ("CD58", "CD66c+CD123", "CD38")] == [2.4, 0.4, 3.8]


def test_patients_differ():
    """Positive markers vary by 0.1 in normal cells and 0.4 in blasts; absent ones do not."""
    plan = replace(PLAN, variation=replace(Variation.none(), patient=0.1, blasts=0.4))
    normal, blasts = offsets(plan, "T_CD8"), offsets(plan, "blast_typical")

    assert normal[:, marker("CD45")].std() == pytest.approx(0.1, rel=0.15)
    assert blasts[:, marker("CD58")].std() == pytest.approx(0.4, rel=0.15)
    assert not normal[:, marker("CD19")].any()


def test_dim_blasts_stay_dim():
    """Blasts named for a dim antigen vary in it only as normal cells do."""
    found = offsets(replace(PLAN, variation=Variation()), "blast_CD22dim")[:, marker("CD22")]

    assert found.std() == pytest.approx(0.1, rel=0.15)


def test_one_leukaemia():
    """Two kinds of blasts of one patient are shifted alike in the markers they share."""
    centres = draw_centres(replace(PLAN, variation=Variation()), rng(8))
    kinds = [centres[name].medians[marker("CD58")] for name in ("blast_typical", "blast_CD22neg")]

    assert kinds[0] == kinds[1] != 3.6


@pytest.mark.parametrize(
    ("name", "below", "chance"),
    [
        ("CD34", -2, 0.25),
        ("CD45", -0.5, 0.30),
        ("CD10", -3, 0.08),
        ("CD66c+CD123", -1.5, 0.35),
        ("CD73+CD304", -1.5, 0.50),
    ],
)
def test_blast_cases(name: str, below: float, chance: float):
    """Some patients' blasts lack an antigen that the table gives them (plus pro-B patterns)."""
    plan = replace(PLAN, variation=replace(Variation.none(), blast_cases=True))
    found = (offsets(plan, "blast_typical")[:, marker(name)] < below).mean()

    assert found == pytest.approx(chance, abs=0.09)


def test_patient_number_fixes_the_positions():
    """Tubes of one patient share positions whatever the seed, the panel or the state."""
    one = replace(PLAN, variation=Variation(), patient=5)
    tubes = [one, replace(one, seed=99, panel="aieop_bfm", state="BM_d28_BCA")]
    cd45 = []
    for plan in tubes:
        panel = staining_panel(plan.panel)
        biology = draw_biology(plan, panel.markers, rng(plan.patient or 0))
        cd45.append(biology.centres["monocyte"].medians[panel.markers.index("CD45")])

    assert cd45[0] == cd45[1] != 4.0


def test_both_tubes_of_a_patient_share_the_later_markers():
    """CD81 of one patient is the same in both EuroFlow tubes, and not that of the table."""
    cd81 = []
    for name in ("euroflow_1", "euroflow_2"):
        markers = staining_panel(name).markers
        biology = draw_biology(replace(PLAN, variation=Variation()), markers, rng(5))
        cd81.append(biology.centres["hematogone_I"].medians[markers.index("CD81")])

    assert cd81[0] == cd81[1] != 3.9


def test_batch_shares_gains_and_matrix():
    """Tubes of one batch have one matrix and gains that differ by the day only."""
    plan = replace(PLAN, variation=Variation(), realism=Realism(batch_matrices=True), batch=3)
    one, other = (simulate_tube(replace(plan, seed=seed)) for seed in (1, 2))
    stranger = simulate_tube(replace(plan, batch=4))

    assert np.array_equal(one.spillover.matrix, other.spillover.matrix)
    assert not np.array_equal(one.spillover.matrix, stranger.spillover.matrix)


def test_gains_spread_by_batch():
    """Log gains on L have SD 0.1 between batches, 0.3 in one trap out of ten."""
    plan = replace(PLAN, variation=Variation(), realism=Realism(gain_traps=True))
    batches = [draw_instrument(plan, PANEL, rng(seed), rng(0)) for seed in PATIENTS]
    trapped = np.array([instrument.gain_sd == 0.3 for instrument in batches])
    shifts = np.array([np.log(instrument.gains) / 1.3 for instrument in batches])

    assert trapped.mean() == pytest.approx(0.1, abs=0.06)
    assert shifts[~trapped].std() == pytest.approx(0.1, rel=0.1)
    assert shifts[trapped].std() == pytest.approx(0.3, rel=0.15)


def test_every_population_can_be_drawn():
    """Each population, in each panel, gives finite events in the numbers asked for."""
    for name in ("b_all_mrd", "aieop_bfm", "lymphocyte_subsets"):
        biology = draw_biology(PLAN, staining_panel(name).markers, rng())
        for population in population_names():
            for component in biology.components(population):
                scaled, scatter = draw_events(component, 20, biology, rng())

                assert scaled.shape == (20, len(biology.markers))
                assert np.isfinite(scaled).all()
                assert (scatter > 0).all()


def test_days_differ_within_a_batch():
    """Gains of one batch vary by 0.03 on L from tube to tube."""
    plan = replace(PLAN, variation=replace(Variation.none(), day_gain=0.03))
    tubes = [draw_instrument(plan, PANEL, rng(0), rng(seed)) for seed in PATIENTS]

    assert np.std([np.log(tube.gains) / 1.3 for tube in tubes]) == pytest.approx(0.03, rel=0.05)


def test_partial_antigens_end_at_zero():
    """Wide populations near zero keep their upper half; below zero only a negative's spread."""
    cd20 = drawn(PLAN, "blast_typical")[:, PANEL.markers.index("CD20")]

    assert np.median(cd20) == pytest.approx(0.6, abs=0.03)
    assert np.percentile(cd20, 84) == pytest.approx(1.4, abs=0.05)
    assert cd20.min() > -1
