"""Which parts of a run are kept."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.gating.steady import FEWEST_EVENTS, clock, steady_ranges
from cytomon.simulate.plan import Artefacts, Realism, TubePlan
from cytomon.simulate.populations import to_scale
from cytomon.simulate.tube import SimulatedTube, simulate_tube

EVERYTHING = ((-np.inf, np.inf),)
STATES = ("BM_d28_BCA", "BM_overt_relapse", "BM_m3_recovering", "PB_m3_recovering")


def kept(time: np.ndarray, ranges: tuple[tuple[float, float], ...]) -> np.ndarray:
    inside = np.zeros(len(time), dtype=bool)
    for low, high in ranges:
        inside |= (time >= low) & (time < high)
    return inside


def judged(tube: SimulatedTube) -> np.ndarray:
    """Which events of a simulated tube are kept."""
    events = tube.events.astype(float)
    names = [channel.pnn for channel in tube.channels]
    stains = [i for i, channel in enumerate(tube.channels) if channel.pns]
    scaled = to_scale(np.linalg.solve(tube.spillover.matrix.T, events[:, stains].T))
    markers = [tube.channels[i].pns.rsplit(" ", 1)[0] for i in stains]
    bright = scaled[markers.index("CD45")] >= 3.8
    reference = bright & (events[:, names.index("SSC-A")] < 40_000)
    everything, time = np.ones(len(events), dtype=bool), events[:, -1]
    signals = list(scaled[:, reference])
    return kept(time, steady_ranges(time, clock(time, everything), everything, reference, signals))


@pytest.mark.parametrize("full", [False, True], ids=["plain", "realistic"])
@pytest.mark.parametrize("seed", [401, 402, 403, 404])
def test_a_clog_is_cut(seed: int, full: bool):
    """At least 80 % of a disturbed stretch goes, and less than 3 % of the rest."""
    tube = simulate_tube(
        TubePlan(
            state=STATES[seed % 4],
            n_events=50_000,
            seed=seed,
            artefacts=Artefacts(clog=0.07),
            realism=Realism(photon_noise=full, heavy_tails=full, autofluorescence=full),
        )
    )

    inside = judged(tube)

    assert inside[tube.in_clog].mean() <= 0.20
    assert inside[~tube.in_clog].mean() > 0.97


@pytest.mark.parametrize("full", [False, True], ids=["plain", "realistic"])
@pytest.mark.parametrize("seed", [411, 412, 413, 414, 415])
def test_a_clean_run_is_whole(seed: int, full: bool):
    """Nothing is cut from a run in which nothing happened."""
    tube = simulate_tube(
        TubePlan(
            state=STATES[seed % 4],
            n_events=40_000,
            seed=seed,
            realism=Realism(photon_noise=full, heavy_tails=full, autofluorescence=full),
        )
    )

    assert judged(tube).all()


class Run:
    """An even run whose reference has as many dim as bright events on every detector."""

    def __init__(self, seed: int, n: int = 90_000) -> None:
        self.rng = np.random.default_rng(seed)
        self.time = np.sort(self.rng.uniform(0, 1000, n))
        self.members = np.ones(n, dtype=bool)
        self.reference = self.rng.random(n) < 0.3
        self.half = [
            np.where(self.rng.random(n) < 0.5, 0.0, 3.0) + self.rng.normal(0, 0.2, n)
            for _ in range(8)
        ]
        self.narrow = [self.rng.normal(1.0, 0.2, n) for _ in range(3)]

    def ranges(self) -> tuple[tuple[float, float], ...]:
        """What is kept of the run."""
        signals = [signal[self.reference] for signal in (*self.half, *self.narrow)]
        return steady_ranges(
            self.time, clock(self.time, self.members), self.members, self.reference, signals
        )


@pytest.mark.parametrize("seed", range(8))
def test_two_modes_of_equal_size_cut_nothing(seed: int):
    """Medians that jump between two modes are no disturbance."""
    assert Run(seed).ranges() == EVERYTHING


@pytest.mark.parametrize("pause", [15, 40, 120, 350])
def test_a_pause_cuts_nothing(pause: float):
    """When the flow stops and goes on as before, no event is lost."""
    run = Run(21)
    run.time[run.time > 437.0] += pause

    assert kept(run.time, run.ranges()).all()


def test_a_shift_on_two_detectors_is_cut():
    """A stretch where two narrow detectors move goes, and its neighbours stay."""
    run = Run(22)
    moved = (run.time > 300) & (run.time < 400)
    for signal in run.narrow[:2]:
        signal[moved] += 0.3

    inside = kept(run.time, run.ranges())

    assert not inside[moved & (run.time > 320) & (run.time < 380)].any()
    assert inside[~moved].mean() > 0.95


def test_one_detector_alone_cuts_nothing():
    """One detector that moves is no clog, which moves them all."""
    run = Run(23)
    run.narrow[0][(run.time > 300) & (run.time < 400)] += 0.5

    assert run.ranges() == EVERYTHING


@pytest.mark.parametrize("factor", [0.2, 4.0])
def test_an_odd_rate_is_cut(factor: float):
    """A stretch much slower or faster than the rest goes, and at most a twentieth of the rest."""
    run = Run(24)
    odd = (run.time > 500) & (run.time < 600)
    steps = np.diff(run.time, prepend=0.0)
    steps[odd] /= factor
    run.time = np.cumsum(steps)

    inside = kept(run.time, run.ranges())

    assert inside[odd].mean() < 0.2
    assert inside[~odd].mean() > 0.95


def test_a_disturbance_at_either_end_is_cut():
    """The first and the last seconds of a run are judged like the others."""
    run = Run(25)
    ends = (run.time < 60) | (run.time > 940)
    for signal in run.narrow:
        signal[ends] -= 0.4

    inside = kept(run.time, run.ranges())

    assert inside[ends].mean() < 0.35
    assert inside[~ends].mean() > 0.97


def short(n: int) -> Run:
    """A run of which a fifth is disturbed."""
    run = Run(26, n)
    for signal in run.narrow:
        signal[: n // 5] += 2.0
    return run


@pytest.mark.parametrize("n", [0, 1, 900, FEWEST_EVENTS - 1])
def test_too_few_events_are_not_judged(n: int):
    """Below twenty bins of 500 events nothing is said about the run."""
    assert short(n).ranges() == EVERYTHING


def test_enough_events_are_judged():
    """From ten thousand events on, the same disturbance is cut."""
    run = short(FEWEST_EVENTS)

    inside = kept(run.time, run.ranges())

    assert FEWEST_EVENTS == 10_000
    assert inside[: FEWEST_EVENTS // 5].mean() < 0.1
    assert inside[FEWEST_EVENTS // 5 :].mean() > 0.9


def test_a_clock_that_stands_still():
    """Without time there is nothing to judge."""
    run = Run(27)
    run.time[:] = 5.0

    assert run.ranges() == EVERYTHING


def test_one_wild_time_does_not_hide_a_clog():
    """An event with a time far beyond the run leaves the clock as it is."""
    run = Run(28)
    clean = run.ranges()
    run.time[-1] = 1e9

    assert clock(run.time, np.ones(len(run.time), dtype=bool)) is not None
    assert run.ranges() == clean


@pytest.mark.parametrize("times", [0.0, np.arange(30_000) // 10_000], ids=["still", "three-times"])
def test_a_clock_of_a_few_times_judges_nothing(times: object):
    """Where the clock stands still, or jumps, there is nothing to judge by."""
    time = np.zeros(30_000) + times

    assert clock(time, np.ones(30_000, dtype=bool)) is None


def test_no_reference_leaves_the_rate():
    """Without reference events a slow stretch is found all the same, and signals are not asked."""
    run = Run(28)
    run.reference[:] = False
    run.narrow[0][::3] += 4.0
    assert run.ranges() == EVERYTHING
    steps = np.diff(run.time, prepend=0.0)
    steps[30_000:40_000] *= 5
    run.time = np.cumsum(steps)

    assert kept(run.time, run.ranges())[30_000:40_000].mean() < 0.2


def test_time_may_have_any_unit_and_origin():
    """Another unit or origin of time keeps the same events."""
    run = Run(29)
    for signal in run.narrow:
        signal[(run.time > 300) & (run.time < 400)] += 0.3
    first = kept(run.time, run.ranges())
    run.time = 7.0 + run.time / 256

    assert np.array_equal(kept(run.time, run.ranges()), first)
    assert not first.all()
