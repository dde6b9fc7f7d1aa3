"""One tube against its truth: the arithmetic done again, from the events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cytomon
from cytomon.errors import InputError
from cytomon.measure.limits import lod_events
from cytomon.model.results import Limits
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.sidecar import read_labels
from cytomon.simulate.tube import SimulatedTube, simulate_tube, write_tube
from cytomon.validate.judge import compare
from cytomon.validate.truth import Known, known_of_labels, known_of_simulated


@pytest.fixture(scope="module")
def simulated() -> SimulatedTube:
    blasts = {"blast_CD19neg": 0.02}
    return simulate_tube(TubePlan(state="BM_m3_BCA", n_events=20_000, seed=210, blasts=blasts))


@pytest.fixture(scope="module")
def path(simulated: SimulatedTube, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tube(simulated, tmp_path_factory.mktemp("judged"), "tube")


@pytest.fixture(scope="module")
def judged(simulated: SimulatedTube, path: Path) -> dict[str, Any]:
    return compare(path, known_of_simulated(simulated.truth, read_labels(path)))


def test_found_blasts_are_counted_event_by_event(
    simulated: SimulatedTube, path: Path, judged: dict[str, Any]
):
    """Rows that were called, looked up among the labels."""
    result = cytomon.measure_tube(path)
    called = result.kept["blasts"].rows
    code = simulated.label_names.index("blast_CD19neg")
    right = int(np.sum(simulated.labels[called] == code))
    assert judged["blasts"] == len(called)
    assert judged["found"] == right
    assert 0.8 < right / judged["true_blasts"] <= 1
    assert judged["true_blasts"] == np.sum(simulated.labels == code)


def test_truth_is_that_of_the_simulation(simulated: SimulatedTube, judged: dict[str, Any]):
    """Counts, fraction, and the status that the true counts would have."""
    truth = simulated.truth
    assert judged["true_nucleated"] == truth.n_nucleated == 20_000
    assert judged["true_fraction"] == truth.mrd_fraction
    assert judged["true_status"] == "POSITIVE"
    assert judged["true_b_lymphocytes"] == truth.n_lymphocytes
    assert judged["true_b"] == truth.b_fraction


def test_what_the_status_needed_is_kept(path: Path, judged: dict[str, Any]):
    """Of the template that measured the tube, for its own denominator."""
    status = {m.quantity: m for m in cytomon.measure_tube(path).measurements}["mrd"]
    assert judged["lod_events"] == lod_events(Limits(lod_events=20), status.denominator) == 20


def test_calls_are_those_of_the_true_blasts(
    simulated: SimulatedTube, path: Path, judged: dict[str, Any]
):
    """The rules see the labelled events, not those that were called."""
    assert judged["true_cd19"] == "NEGATIVE"
    labels = read_labels(path)
    b_cells = labels.of("T_CD4")
    swapped = np.where(b_cells, labels.names.index("blast_CD19neg"), 0).astype(np.uint8)
    of_t_cells = compare(path, known_of_simulated(simulated.truth, replace(labels, labels=swapped)))
    assert of_t_cells["true_cd22"] == "NEGATIVE"
    assert judged["true_cd22"] != "NEGATIVE"


def test_false_events_are_named(simulated: SimulatedTube, path: Path):
    """With every blast relabelled as debris, all that was called is false, and is named."""
    labels = read_labels(path)
    relabelled = labels.labels.copy()
    relabelled[labels.of("blast_CD19neg")] = labels.names.index("debris")
    known = known_of_simulated(simulated.truth, replace(labels, labels=relabelled))
    found = compare(path, known)
    name, _, count = found["false_labels"].partition(";")[0].partition(":")
    assert (name, found["found"]) == ("debris", 0)
    assert 0 < int(count) <= found["blasts"]


def test_labels_of_another_tube_are_refused(simulated: SimulatedTube, path: Path):
    """A truth of another length would shift every event."""
    labels = read_labels(path)
    short = replace(labels, labels=labels.labels[:-1])
    with pytest.raises(InputError, match="labels for"):
        compare(path, known_of_simulated(simulated.truth, short))


def test_without_labels_nothing_is_said_of_events(path: Path):
    """A known fraction allows agreement, but neither recall nor precision."""
    found = compare(path, Known(fraction=0.02, calls={"CD19": "NEGATIVE"}))
    assert "found" not in found
    assert found["true_fraction"] == 0.02
    assert found["true_cd19"] == "NEGATIVE"
    assert "true_cd22" not in found
    assert found["true_status"] == ""


def test_named_labels_give_the_denominator(simulated: SimulatedTube, path: Path):
    """Where the names are the simulator's; else the tube's own denominator has to serve."""
    labels = read_labels(path)
    assert known_of_labels(labels).nucleated == simulated.truth.n_nucleated
    mine = replace(labels, names=tuple(f"x{name}" for name in labels.names))
    assert known_of_labels(mine).nucleated is None
