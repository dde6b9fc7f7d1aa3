"""The streaming engine and FlowKit, event by event, over many decisions and ties."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cytomon.fcs import events
from cytomon.fcs.events import FileEvents
from cytomon.fcs.intake import open_tube
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.gating.bits import unpack
from cytomon.gating.engine.stream import Stream
from cytomon.model.tube import Spillover
from tests.gating.engine.random_gates import Draw
from tests.gating.flowkit_answers import flowkit_memberships

NAMES = ("Time", "FSC-A", "SSC-A", *(f"F{number}-A" for number in range(1, 10)))


def events_of(rng: np.random.Generator, n_events: int) -> tuple[np.ndarray, Spillover]:
    """Cells of ten kinds, nine colours that spill, and a tenth of all values whole numbers."""
    kind = rng.choice(10, n_events)
    bright = np.where(rng.random((10, 9)) < 0.5, 0, np.exp(rng.uniform(4, 11, (10, 9))))
    light = bright[kind] * np.exp(0.35 * rng.standard_normal((n_events, 9)))
    light += 40 * rng.standard_normal((n_events, 9))
    spill = np.eye(9) + (1 - np.eye(9)) * rng.random((9, 9)) ** 4 * 0.3
    scatter = rng.uniform(2e4, 1.5e5, (10, 2))[kind]
    scatter *= np.exp(0.15 * rng.standard_normal((n_events, 2)))
    time = np.sort(rng.random((n_events, 1)), axis=0) * 1e4
    events = np.hstack([time, scatter, light @ spill]).astype(np.float32)
    whole = rng.random(n_events) < 0.1
    events[whole] = np.round(events[whole])
    return np.minimum(events, 262_143), Spillover(
        detectors=NAMES[3:], matrix=spill, keyword="$SPILLOVER"
    )


@dataclass(frozen=True)
class File:
    """A file of simulated events."""

    path: Path
    spillover: Spillover


def written(folder: Path, seed: int, n_events: int) -> File:
    values, spillover = events_of(np.random.default_rng(seed), n_events)
    path = folder / f"{seed}.fcs"
    channels = [ChannelSpec(pnn=name) for name in NAMES]
    write_fcs(path, values, channels, spillover=spillover, keywords={})
    return File(path, spillover)


@pytest.fixture(autouse=True)
def read_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a tube is that is too large to be held."""
    monkeypatch.setattr(events, "_HELD", 0)


@dataclass
class Score:
    """What was compared."""

    decisions: int = 0
    ties: int = 0
    differences: int = 0
    listed: int = 0


def compare(file: File, seed: int, n_gates: int) -> Score:
    """Every decision of a random tree, by the stream and by FlowKit itself."""
    tube = open_tube(file.path)
    source = FileEvents(tube)
    draw = Draw(source.whole(), tube.channels, file.spillover, seed)
    placement = draw.placement(n_gates)
    engine = Stream(source, placement.matrices)
    names = {gate.name for gate in placement.gates}
    answer = engine.ask(placement, names)
    with np.errstate(all="ignore"):
        theirs = flowkit_memberships(file.path, placement, {})
    score = Score(ties=draw.ties, decisions=len(names) * tube.n_events)
    listed = set(engine.open_events)
    score.listed = len(listed)
    for name in names:
        ours = unpack(answer.bits[name], tube.n_events)
        assert answer.counts[name] == ours.sum()
        different = np.flatnonzero(ours != theirs[name])
        score.differences += sum((name, int(row)) not in listed for row in different)
    return score


def added(scores: Iterator[Score]) -> Score:
    total = Score()
    for score in scores:
        total.decisions += score.decisions
        total.ties += score.ties
        total.differences += score.differences
        total.listed += score.listed
    return total


def said(total: Score) -> str:
    return (
        f"\n{total.decisions:,} decisions with {total.ties:,} ties placed on purpose: "
        f"{total.differences} differences outside of {total.listed} listed\n"
    )


def test_fifty_million_decisions(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Random trees over tubes of odd lengths: no event on the other side."""
    files = [written(tmp_path, 300 + number, 70_001 + 1_003 * number) for number in range(5)]
    total = added(compare(file, 300 + turn, 28) for turn in range(5) for file in files)
    with capsys.disabled():
        sys.stdout.write(said(total))

    assert total.decisions >= 50_000_000
    assert total.differences == 0


@pytest.mark.long
def test_a_thousand_million_decisions(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The same, twenty times over, on other seeds."""
    files = [written(tmp_path, 500 + number, 150_001 + 2_017 * number) for number in range(8)]
    total = added(compare(file, 500 + turn, 40) for turn in range(21) for file in files)
    with capsys.disabled():
        sys.stdout.write(said(total))

    assert total.decisions >= 1_000_000_000
    assert total.ties >= 10_000
    assert total.differences == 0
