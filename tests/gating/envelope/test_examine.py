"""What explains the events of whole tubes: blanks, leukaemia of every kind, and what is unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytomon.gating.count import Counted, count, memberships
from cytomon.gating.envelope.examine import examine
from cytomon.model.normal import LEUKAEMIC, UNCLEAR, Examination
from cytomon.pipeline import open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import is_blast
from cytomon.simulate.tube import SimulatedTube, simulate_tube, write_tube
from tests.gating.envelope.clouds import MARROW, cells, question
from tests.gating.tubes import Opened, opened

BACKGROUND = {
    "hematogone_I": 300, "hematogone_II": 600, "hematogone_III": 400, "B_transitional": 100,
    "B_naive": 400, "pDC": 300, "basophil": 200, "NK": 300, "stage0_CD10neg": 60,
    "stage0_CD10dim": 60, "plasma_cell_CD19pos": 60,
}  # fmt: skip


def background(seed: int) -> np.ndarray:
    """What a regenerating marrow has where blasts are looked for."""
    rng = np.random.default_rng(seed)
    return np.concatenate([cells(rng, name, n) for name, n in BACKGROUND.items()], axis=1)


def called(examination: Examination, *names: str) -> np.ndarray:
    wanted = [examination.names.index(name) for name in names]
    return np.isin(examination.called, wanted)


def examined(plan: TubePlan, folder: Path) -> tuple[SimulatedTube, Opened, Counted]:
    simulated = simulate_tube(plan)
    path = write_tube(simulated, folder, "tube")
    tube = opened(path)
    placement = place_on(open_for_gating(path))
    return simulated, tube, count(tube.table, placement)


STATES = (
    "BM_d28_BCA", "BM_m3_BCA", "BM_m3_recovering", "BM_m6_recovered", "BM_norm_child",
    "PB_d28_BCA", "PB_m6_recovered",
)  # fmt: skip


@pytest.mark.parametrize(("seed", "state"), list(enumerate(STATES, start=320)))
def test_a_blank_has_no_blasts(seed: int, state: str, tmp_path: Path):
    """Tubes without leukaemia: no event is called so, few are left to the eye."""
    plan = TubePlan(state=state, n_events=80_000, seed=seed, blasts={}, panel="b_all_mrd")

    _, _, counted = examined(plan, tmp_path)

    (examination,) = counted.examinations.values()
    assert counted.count("blasts") == 0
    assert counted.count("by_eye") <= 20
    assert [cluster for cluster in examination.clusters if not cluster.refused] == []


@pytest.mark.parametrize(
    ("seed", "blast", "state"),
    [
        (340, "blast_typical", "BM_d28_BCA"),
        (341, "blast_typical", "BM_m3_recovering"),
        (342, "blast_typical", "BM_m6_recovered"),
        (343, "blast_CD19neg", "BM_d28_BCA"),
        (344, "blast_CD19neg", "BM_m3_recovering"),
        (345, "blast_CD22neg", "BM_m3_recovering"),
        (346, "blast_dualneg", "BM_m3_recovering"),
    ],
)
def test_blasts_are_found_event_by_event(seed: int, blast: str, state: str, tmp_path: Path):
    """One in a thousand: recall and precision of 0.95, whatever antigen is lost."""
    plan = TubePlan(state=state, n_events=100_000, seed=seed, blasts={blast: 1e-3})
    simulated, tube, counted = examined(plan, tmp_path)

    (examination,) = counted.examinations.values()
    found = np.zeros(len(tube.events), dtype=bool)
    found[examination.rows[called(examination, LEUKAEMIC)]] = True
    codes = [row for row, name in enumerate(simulated.label_names) if is_blast(name)]
    truth = np.isin(simulated.labels, codes)

    both = np.count_nonzero(found & truth)
    assert both >= 0.95 * truth.sum()
    assert both >= 0.95 * found.sum()
    assert not examination.clusters[0].refused


UNEXPECTED: dict[str, dict[str, float]] = {
    "mature, without CD10 and CD34": {
        "CD10": -4.2, "CD34": -3.0, "CD20": 3.5, "CD45": 2.4, "CD22": 1.5,
    },
    "CD19 alone": {"CD22": -2.5, "CD10": -4.2, "CD34": -3.0, "CD24": -3.2, "cyCD79a": -3.2},
    "all of CD33": {"CD33+CD14": 4.0},
    "nothing of B lineage": {
        "CD19": -3.3, "CD22": -2.6, "CD10": -4.4, "CD24": -3.4, "cyCD79a": -3.4, "CD20": -0.6,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "n_events"),
    [(name, n) for name in UNEXPECTED for n in (12, 60, 600)],
)
def test_an_unexpected_phenotype_is_never_nothing(name: str, n_events: int):
    """Blasts that no pattern looks like are called leukaemic, or left to the eye."""
    odd = cells(np.random.default_rng(350), "typical", n_events, UNEXPECTED[name])

    examination = examine(question(background(351), odd), MARROW).examination

    seen = called(examination, LEUKAEMIC, UNCLEAR)
    assert seen[-n_events:].mean() >= 0.95
    assert seen[:-n_events].mean() <= 0.005


@pytest.mark.parametrize("n_events", [60, 600])
def test_an_unexpected_phenotype_with_lineage_is_leukaemic(n_events: int):
    """A compact cluster that no pattern reaches is found by itself, with two signs of lineage."""
    markers = {
        "CD45": -1.2, "CD19": -3.3, "CD22": 2.2, "CD10": -4.4, "CD34": -3.0, "CD20": 4.0,
        "CD38": -2.4, "CD58": 1.2, "CD66c+CD123": 2.4, "CD24": 1.5,
    }  # fmt: skip
    odd = cells(np.random.default_rng(352), "typical", n_events, markers)

    examination = examine(question(background(353), odd), MARROW).examination

    assert called(examination, LEUKAEMIC)[-n_events:].mean() >= 0.95


@pytest.mark.parametrize("n_events", [60, 600])
def test_no_lineage_is_left_to_the_eye(n_events: int):
    """Without lineage a cluster is not counted; it is said, with the reason."""
    odd = cells(np.random.default_rng(354), "typical", n_events, UNEXPECTED["nothing of B lineage"])

    examination = examine(question(background(355), odd), MARROW).examination

    assert called(examination, UNCLEAR)[-n_events:].mean() >= 0.95
    assert not called(examination, LEUKAEMIC).any()
    (cluster,) = (one for one in examination.clusters if one.events > n_events / 2)
    assert "lineage" in cluster.refused


def stage_one(n_events: int) -> np.ndarray:
    return cells(np.random.default_rng(360), "hematogone_I", n_events)


def test_an_overt_relapse_like_hematogones_stands_still():
    """Half of the marrow is like stage I and nothing matures: leukaemia by that alone."""
    study = examine(question(stage_one(50_000), n_whole=100_000), MARROW)

    examination = study.examination
    assert examination.count(LEUKAEMIC) == 50_000
    assert [one.events for one in examination.clusters if not one.refused] == [50_000]
    assert examination.clusters[0].aberrant == {}
    assert study.leukaemic.any()


def test_ninety_of_them_are_left_to_the_eye():
    """A wave of regeneration may begin so."""
    examination = examine(question(stage_one(90), n_whole=1_000_000), MARROW).examination

    assert examination.count(UNCLEAR) == 90
    assert "stands still: " in examination.clusters[0].refused


@pytest.mark.parametrize("n_events", [100, 5000])
def test_with_later_stages_they_are_normal(n_events: int):
    """A hematogone wave, however large, is no leukaemia."""
    rng = np.random.default_rng(361)
    later = [cells(rng, "hematogone_II", 2 * n_events), cells(rng, "hematogone_III", n_events)]

    examination = examine(question(stage_one(n_events), *later), MARROW).examination

    stages = called(examination, *MARROW.path)
    assert stages.mean() > 0.99
    assert examination.count(LEUKAEMIC) == 0
    assert examination.count(UNCLEAR) <= 1e-3 * len(stages)


def test_normal_populations_are_called_by_their_names():
    """Each of the drawn populations, nearly all of its events."""
    examination = examine(question(background(362)), MARROW).examination

    of_cloud = {cloud.name: cloud.population for cloud in MARROW.normal}
    truth = np.repeat([of_cloud[name] for name in BACKGROUND], list(BACKGROUND.values()))
    right = np.array(examination.names)[examination.called] == truth
    for name in set(truth) - {"B_transitional"}:
        assert right[truth == name].mean() > 0.95, name


def test_no_events_no_blasts():
    """An empty entry is answered, not refused."""
    study = examine(question(), MARROW)

    assert study.fit is None
    assert study.examination.clusters == ()
    assert {study.examination.count(name) for name in study.examination.names} == {0}


@pytest.mark.parametrize("n_events", [1, 2, 5])
def test_a_handful_of_events(n_events: int):
    """Fewer events than anything can be fitted to are looked at all the same."""
    few = examine(question(cells(np.random.default_rng(363), "typical", n_events)), MARROW)

    assert len(few.examination.called) == n_events
    assert called(few.examination, LEUKAEMIC, UNCLEAR).all()


def test_the_same_question_has_the_same_answer():
    """Event by event and number by number."""
    ill = cells(np.random.default_rng(364), "CD19neg", 80)
    one, two = (examine(question(background(365), ill), MARROW).examination for _ in range(2))

    assert one.called.tobytes() == two.called.tobytes()
    assert one.maturing.tobytes() == two.maturing.tobytes()
    assert (one.clusters, one.moved) == (two.clusters, two.moved)


def test_order_of_events_hardly_matters():
    """A sample is taken by position, so a few events on a border may differ."""
    ill = cells(np.random.default_rng(366), "typical", 80)
    asked = question(background(367), ill)
    order = np.random.default_rng(368).permutation(len(asked.rows))

    plain = examine(asked, MARROW).examination
    shuffled = examine(question(asked.values[:, order]), MARROW).examination

    assert np.mean(plain.called[order] != shuffled.called) < 0.005
    np.testing.assert_array_equal(called(plain, LEUKAEMIC)[order], called(shuffled, LEUKAEMIC))


def test_maturing_is_what_has_not_matured():
    """Stages before the last one, and nothing else."""
    examination = examine(question(background(369)), MARROW).examination

    starts = np.cumsum([0, *BACKGROUND.values()])
    mean = {
        name: examination.maturing[first:last].mean()
        for name, first, last in zip(BACKGROUND, starts, starts[1:], strict=False)
    }
    assert min(mean[name] for name in ("hematogone_I", "hematogone_II")) > 0.95
    assert max(mean[name] for name in ("B_naive", "pDC", "NK", "stage0_CD10neg")) < 0.01


def test_a_tube_moves_the_clouds_and_says_how_far():
    """A detector 0.3 brighter in every population is followed, and reported."""
    rng = np.random.default_rng(370)
    shift = {"CD22": 0.3}
    values = [cells(rng, name, n, shift) for name, n in BACKGROUND.items()]

    examination = examine(question(*values), MARROW).examination

    for name in ("NK", "B_naive", "pDC"):
        assert examination.moved[name] == pytest.approx(0.3, abs=0.06)
    assert set(examination.moved) == {cloud.name for cloud in MARROW.normal}
    assert examination.count(LEUKAEMIC) == 0


def test_members_are_told_without_examining_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What counting found is enough for the memberships, and gives the same ones."""
    plan = TubePlan(state="BM_d28_BCA", n_events=20_000, seed=371, blasts={"blast_typical": 5e-3})
    path = write_tube(simulate_tube(plan), tmp_path, "tube")
    tube = opened(path)
    placement = place_on(open_for_gating(path))
    counted = count(tube.table, placement)
    anew = memberships(tube.table, placement)

    def refuse(*_: object) -> None:
        pytest.fail("examined again")

    monkeypatch.setattr("cytomon.gating.passing.examine", refuse)
    known = memberships(tube.table, placement, examinations=counted.examinations)

    assert known.keys() == anew.keys()
    for name, members in anew.items():
        np.testing.assert_array_equal(known[name], members)
        assert members.sum() == counted.count(name)
    assert anew["blasts"].sum() > 50
    assert not (anew["blasts"] & anew["by_eye"]).any()
