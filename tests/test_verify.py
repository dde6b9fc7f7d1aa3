"""Both engines asked about the same tube, and what is kept of their answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cytomon.gating.engine import stream
from cytomon.gating.engine.shapes import Ready
from cytomon.gating.engine.sheet import Sheet
from cytomon.gating.source import Table
from cytomon.gating.verify import compare_engines
from cytomon.inputs import Job
from cytomon.model.gating import Axis, Box, PlacedGate, Placement
from cytomon.model.tube import Channel, Role
from cytomon.task import Settings, Task, perform

TUBE = Path(__file__).parents[1] / "sample_fcs" / "P007_d092_marrow_b_all_mrd.fcs"


def task(out: Path, **settings: bool) -> Task:
    return Task(
        job=Job(file=TUBE.name, path=str(TUBE)),
        out=str(out),
        settings=Settings(**settings),  # type: ignore[arg-type]
    )


def test_the_engines_agree_on_a_sample_tube(tmp_path: Path):
    """Every gate times every event, and nothing on the other side."""
    document = perform(task(tmp_path, verify=True))

    assert document.verified["decisions"] == len(document.populations) * 17_251
    assert (document.verified["differences"], document.left_open) == (0, ())
    assert "ENGINES_DISAGREE" not in {row["code"] for row in document.findings}


def test_a_proof_is_asked_for_once(tmp_path: Path):
    """What was measured without it is measured again, what was proven is not."""
    first = perform(task(tmp_path))
    second = perform(task(tmp_path, verify=True))
    third = perform(task(tmp_path, verify=True))

    assert [one.from_before for one in (first, second, third)] == [False, False, True]
    assert (dict(first.verified), third.verified) == ({}, second.verified)
    assert first.measurements == second.measurements


def test_a_disagreement_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An engine that puts one event of a block elsewhere does not pass."""
    right = stream.members

    def wrong(*words: object) -> np.ndarray:
        found = right(*words)  # type: ignore[arg-type]
        found[:1] ^= True
        return found

    monkeypatch.setattr(stream, "members", wrong)
    document = perform(task(tmp_path, verify=True))
    (said,) = (row for row in document.findings if row["code"] == "ENGINES_DISAGREE")

    assert document.verified["differences"] > document.verified["listed"] == 0
    assert "time_ok" in said["what"]


def test_an_excuse_is_for_the_gate_that_is_open(monkeypatch: pytest.MonkeyPatch):
    """Its own difference and that of a gate below it, not that of a gate beside it."""
    x = Axis(channel="x", label="x")
    places = {"a": ("", 5.0), "below": ("a", 7.0), "beside": ("", 7.0)}
    gates = tuple(
        PlacedGate(name=name, parent=parent, shape=Box(bounds=((low, None),)), axes=(x,))
        for name, (parent, low) in places.items()
    )
    channel = Channel(index=0, pnn="x", pns="", range=10.0, role=Role.SCATTER)
    tube = Table(events=np.arange(10.0)[:, None], channels=[channel])
    right = stream.members

    def wrong(ready: Ready, sheet: Sheet, *words: object) -> np.ndarray:
        found = right(ready, sheet, *words)  # type: ignore[arg-type]
        found[9] ^= True
        return found

    monkeypatch.setattr(stream, "members", wrong)
    monkeypatch.setattr(stream.Stream, "open_events", (("a", 9),))
    placement = Placement(template="t", version="", sha256="", gates=gates)

    compared = compare_engines(tube, placement, {})

    assert set(compared.listed) == {("a", 9), ("below", 9)} & set(compared.differences)
    assert ("beside", 9) in set(compared.differences) - set(compared.listed)
