"""Signs that the leukaemia changed its lineage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cytomon.measure.catalogue import measure_all
from cytomon.measure.lineage_switch import SIGNS, check_lineage_switch, signs_of_switch
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Evidence, Limits, TubeResult
from cytomon.pipeline import measure_tube
from cytomon.simulate.plan import Realism, TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

SUSPECTED, MANY = "LINEAGE_SWITCH_SUSPECTED", "CD34_MYELOID_HIGH"
CLEAN = {"immature_monocytes": 0, "bridge": 0, "cd34_cd33": 0}


def codes(**counts: int) -> list[str]:
    specimen = Specimen(specimen_type=SpecimenType.MARROW)
    return [found.code for found in check_lineage_switch(counts, specimen, Limits())]


@pytest.mark.parametrize(
    ("role", "total", "least"),
    [
        ("immature_monocytes", 1_000_000, 500),
        ("bridge", 1_000_000, 200),
        ("cd34_cd33", 1_000_000, 50_000),
        ("immature_monocytes", 10_000, 10),
        ("bridge", 10_000, 10),
    ],
)
def test_each_sign_has_its_share_and_least_count(role: str, total: int, least: int):
    """From its share of the nucleated cells on, and never by fewer than 10 events."""
    below, at = ({**CLEAN, "nucleated": total, role: n} for n in (least - 1, least))

    assert signs_of_switch(below) == ()
    assert signs_of_switch(at) == (role,)
    assert SUSPECTED not in codes(**below)
    assert codes(**at) == [SUSPECTED]


@pytest.mark.parametrize(("events", "said"), [(2_999, []), (3_000, [MANY]), (4_999, [MANY])])
def test_many_progenitors_ask_for_a_look(events: int, said: list[str]):
    """Regeneration reaches 3 % too: a finding, and no suspicion."""
    assert codes(**{**CLEAN, "nucleated": 100_000, "cd34_cd33": events}) == said


def test_many_progenitors_beside_a_sign_are_one_finding():
    """The stronger word stands alone."""
    counts = {"nucleated": 100_000, "cd34_cd33": 3_500, "bridge": 40, "immature_monocytes": 0}

    assert codes(**counts) == [SUSPECTED]


def test_absent_populations_suspect_nothing():
    """A panel without CD33 cannot say, and does not."""
    assert codes(nucleated=100_000) == []
    assert codes() == []


def test_finding_gives_every_number():
    """What was seen, how many, of what."""
    counts = {"nucleated": 100_000, "immature_monocytes": 380, "bridge": 45, "cd34_cd33": 100}
    specimen = Specimen(specimen_type=SpecimenType.MARROW)
    (found,) = check_lineage_switch(counts, specimen, Limits())

    for number in ("380", "0.38 %", "45", "0.045 %"):
        assert number in found.what
    assert "100 CD34" not in found.what
    assert found.where == "gates immature_monocytes, bridge"


@pytest.mark.parametrize("quantity", ["mrd", "mrd_wbc", "mrd_mnc"])
def test_every_mrd_says_it(make_evidence: Callable[..., Evidence], quantity: str):
    """No blast in the MRD, and yet no reassurance."""
    total = {"nucleated": 300_000, "wbc": 250_000, "mnc": 150_000}
    counts = {**CLEAN, **total, "blasts": 0, "immature_monocytes": 900}
    (found,) = measure_all(make_evidence(counts=counts), [quantity])

    assert (found.numerator, SUSPECTED in found.qualifiers) == (0, True)


def measure(folder: Path, seed: int, share: float, *, full: bool) -> TubeResult:
    wanted = TubePlan(
        state=("BM_m3_BCA", "BM_m3_recovering", "BM_norm_child")[seed % 3],
        n_events=60_000,
        seed=seed,
        blasts={"lineage_switch_mono": share} if share else {},
        realism=Realism.full() if full else Realism.plain(),
    )
    return measure_tube(write_tube(simulate_tube(wanted), folder, "tube"))


@pytest.mark.parametrize("full", [False, True], ids=["plain", "full"])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
def test_switched_cells_are_named_and_not_counted(tmp_path: Path, share: float, full: bool):
    """From 1 % on the tube says so; none but a few of these cells is in the MRD."""
    result = measure(tmp_path, 690 + round(100 * share), share, full=full)
    (finding,) = [found for found in result.findings if found.code == SUSPECTED]
    blasts = result["mrd"].numerator or 0

    assert SUSPECTED in result["mrd"].qualifiers
    assert set(SIGNS) <= {found.quantity for found in result.measurements}
    assert "not in the MRD" in finding.what
    assert blasts < 0.1 * share * 60_000


@pytest.mark.parametrize("full", [False, True], ids=["plain", "full"])
@pytest.mark.parametrize("seed", [730, 731, 732])
def test_normal_marrow_is_not_named(tmp_path: Path, seed: int, full: bool):
    """Monocytes, progenitors and a wave of hematogones are no switch."""
    result = measure(tmp_path, seed, 0.0, full=full)

    assert SUSPECTED not in result["mrd"].qualifiers
    assert SUSPECTED not in {found.code for found in result.findings}
    assert (result["immature_monocytes"].numerator or 0) < 10
