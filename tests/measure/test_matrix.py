"""A wrong matrix leaves a slope in a pure population; noise and dim colours leave none."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.measure.matrix import Dark, Leak, check_matrix, leak
from cytomon.model.findings import Severity


def cells(
    left: float, *, n: int = 9000, seed: int = 200, level: float = 3500.0, photons: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A bright colour of CV 50 %, and `left` of it on a detector with noise of 30 units."""
    rng = np.random.default_rng(seed)
    bright = level * np.exp(rng.normal(0, 0.5, n))
    noise = rng.normal(0, 1, n) * np.sqrt(30**2 + photons * bright)
    return bright, left * bright + noise


@pytest.mark.parametrize("left", [0.0, 0.016, -0.016])
def test_slope_is_what_is_left(left: float):
    """On average over 100 samples, also where noise grows with the signal."""
    found = [leak(*cells(left, photons=1.0, seed=seed)) for seed in range(200, 300)]
    slopes, errors = zip(*(one for one in found if one), strict=True)

    assert np.mean(slopes) == pytest.approx(left, abs=0.07 * abs(left) + 0.3 * np.mean(errors))
    assert np.mean(errors) < 0.001


def test_error_is_that_of_repeated_samples():
    """The standard error is the spread of the slope over 200 samples."""
    found = [leak(*cells(0.0, n=600, seed=seed)) for seed in range(200, 400)]
    slopes, errors = zip(*(one for one in found if one), strict=True)

    assert np.std(slopes) == pytest.approx(np.mean(errors), rel=0.15)


def test_strange_cells_do_not_make_a_slope():
    """Three per cent of another population, bright in both, move nothing beyond the limit."""
    bright, second = cells(0.0)
    bright[:270], second[:270] = 50_000, 5000
    slope, error = leak(bright, second) or (np.nan, np.nan)

    assert abs(slope) < 0.08 * 0.08
    assert error < 0.001


@pytest.mark.parametrize(
    ("bright", "why"),
    [(np.full(5000, 3000.0), "no spread"), (np.linspace(0, 400, 5000), "dim")],
)
def test_what_cannot_be_judged(bright: np.ndarray, why: str):
    """Neither a dim colour nor one without spread can say anything."""
    assert leak(bright, np.zeros(5000)) is None, why


def test_few_events_cannot_be_judged():
    """From 120 events on."""
    bright, second = cells(0.0, n=120)

    assert leak(bright, second) is not None
    assert leak(bright[:119], second[:119]) is None


def one(slope: float, error: float, *, stored: float = 0.08, population: str = "pure") -> Leak:
    return Leak(
        population=population, of="PE", on="PE-Cy7", slope=slope, error=error, stored=stored
    )


@pytest.mark.parametrize(
    ("slope", "error", "stored", "wrong"),
    [
        pytest.param(0.016, 0.001, 0.08, True, id="20-percent"),
        pytest.param(-0.016, 0.001, 0.08, True, id="too-much"),
        pytest.param(0.0024, 0.0001, 0.08, False, id="3-percent-however-sure"),
        pytest.param(0.016, 0.004, 0.08, False, id="20-percent-unsure"),
        pytest.param(0.009, 0.0001, 0.0, False, id="nothing-stored-little-seen"),
        pytest.param(0.012, 0.0001, 0.0, True, id="nothing-stored-much-seen"),
    ],
)
def test_what_is_wrong(slope: float, error: float, stored: float, wrong: bool):
    """The near end of the interval beyond 8 % of the stored spill."""
    assert one(slope, error, stored=stored).wrong is wrong


def test_pair_is_named_once():
    """Two populations see the same pair: the surer one speaks."""
    leaks = [one(0.02, 0.001, population="vague"), one(0.016, 0.0001, population="sure")]
    (finding,) = check_matrix(leaks, [], where="t.fcs")

    assert (finding.code, finding.severity) == ("MATRIX_DOUBTFUL", Severity.WARNING)
    assert "of PE into PE-Cy7, too little is taken away" in finding.what
    assert "20% of what is stored; seen on sure" in finding.what
    assert "vague" not in finding.what


@pytest.mark.parametrize(("found", "said"), [(-0.16, 1), (-0.15, 0), (0.9, 0), (1.1, 1)])
def test_dark_populations(found: float, said: int):
    """Below -0.15 no biology leads; above 1 neither weak antigen nor autofluorescence."""
    dark = Dark(population="t_cells", marker="CD19", found=found, n_events=500)

    assert len(list(check_matrix([], [dark], where="t"))) == said
