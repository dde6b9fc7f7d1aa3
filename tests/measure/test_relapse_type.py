from __future__ import annotations

from collections import Counter

import pytest

from cytomon.measure.intervals import binomial_interval
from cytomon.measure.relapse_type import relapse_phenotype, relapse_phenotype_by_subclone
from cytomon.model.results import AntigenCall, Measurement


def call(
    fraction: float | None, *, low_fraction: float | None = None, low_median: float = 0.1
) -> Measurement:
    """An antigen call on 1,000 blasts with threshold 0.7 L."""
    details: dict[str, float | str] = {"threshold": 0.7}
    if low_fraction is not None:
        details |= {"low_fraction": low_fraction, "low_median": low_median}
    return Measurement(
        quantity="cd19_blasts",
        numerator=None if fraction is None else round(1000 * fraction),
        denominator=1000,
        estimate=None if fraction is None else binomial_interval(round(1000 * fraction), 1000),
        status=AntigenCall.NOT_ASSESSABLE if fraction is None else AntigenCall.POSITIVE,
        details=details,
    )


@pytest.mark.parametrize(
    ("cd19", "cd22", "expected"),
    [
        (0.95, 0.90, "CD19+/CD22+"),
        (0.02, 0.90, "CD19-/CD22+"),
        (0.95, 0.02, "CD19+/CD22-"),
        (0.02, 0.02, "CD19-/CD22-"),
        (0.20, 0.199, "CD19+/CD22-"),
        (None, 0.9, "unknown"),
        (0.02, None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_trial_category(cd19: float | None, cd22: float | None, expected: str):
    """Plus from 20 % on; one antigen that cannot be assessed makes the pair unknown."""
    assert relapse_phenotype(call(cd19), call(cd22)) == expected


@pytest.mark.parametrize(
    ("share", "median", "expected"),
    [
        pytest.param(0.4, 0.1, "CD19-/CD22+", id="negative-subclone"),
        pytest.param(0.1, 0.1, "CD19-/CD22+", id="just-enough"),
        pytest.param(0.09, 0.1, "CD19+/CD22+", id="too-small"),
        pytest.param(0.4, 1.5, "CD19+/CD22+", id="dim-subclone"),
        pytest.param(None, 0.0, "CD19+/CD22+", id="one-mode"),
    ],
)
def test_subclone_mapping(share: float | None, median: float, expected: str):
    """A distinct CD19-negative part of 10 % counts as loss; a dim one does not."""
    cd19 = call(0.6, low_fraction=share, low_median=median)

    assert relapse_phenotype_by_subclone(cd19, call(0.9)) == expected
    assert relapse_phenotype(cd19, call(0.9)) == "CD19+/CD22+"


def test_subclone_mapping_reads_cd22_as_before():
    """Partial CD22 is common before treatment and no loss."""
    cd22 = call(0.6, low_fraction=0.4)

    assert relapse_phenotype_by_subclone(call(0.9), cd22) == "CD19+/CD22+"


def test_subclone_mapping_cannot_make_up_an_answer():
    """What was not assessable stays unknown."""
    assert relapse_phenotype_by_subclone(call(None, low_fraction=0.4), call(0.9)) == "unknown"


def test_categories_of_the_trial_table():
    """Relapses with the trial's counts of calls fall into its five rows (domain 4.3)."""
    plus, minus, missing = call(0.9), call(0.01), call(None)
    relapses = [(plus, plus)] * 24 + [(minus, plus)] * 16 + [(minus, minus)] + [(missing, plus)] * 2

    assert Counter(relapse_phenotype(*pair) for pair in relapses) == {
        "CD19+/CD22+": 24,
        "CD19-/CD22+": 16,
        "CD19-/CD22-": 1,
        "unknown": 2,
    }
