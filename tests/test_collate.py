"""The tables of many tubes, with hardly any of them in memory."""

from __future__ import annotations

import gc
import importlib
import pickle
import tracemalloc
from pathlib import Path

import pytest

from cytomon.batch import plan, run
from cytomon.card import card_of
from cytomon.collate import write_tables
from cytomon.document import Document, kept_path, unseal
from cytomon.inputs import Job, Jobs, Lists
from cytomon.pool import run_all
from cytomon.task import Settings, Task

MOST_PER_TUBE = 6_000
"""Bytes of the process that waits; a document takes 150,000."""


@pytest.fixture(scope="module")
def document(tubes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of a real marrow."""
    out = tmp_path_factory.mktemp("one")
    settings = Settings(figures="none")
    run(plan([tubes / "marrow.fcs"], Lists(), settings), out, settings)
    return kept_path(out, "marrow.fcs")


def peak(document: Path, out: Path, n: int) -> int:
    """Memory that a batch of copies takes at most, its tables included."""
    jobs = tuple(Job(file=f"{i}.fcs", path=str(document)) for i in range(n))
    tasks = [Task(job=job, out=str(out), settings=Settings()) for job in jobs]
    work = importlib.import_module("pool_doubles").keep_a_copy
    gc.collect()
    tracemalloc.start()
    try:
        cards = run_all(tasks, work=work)
        write_tables(out, Jobs(jobs=jobs, refused=()), cards)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_by_a_card_for_each_tube(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """From 8 tubes to 24, measured by what Python itself has asked for."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    few, many = (peak(document, tmp_path / str(n), n) for n in (8, 24))
    assert (many - few) / 16 < MOST_PER_TUBE
    rows = [(tmp_path / n / "populations.csv").read_bytes().count(b"\n") - 1 for n in ("8", "24")]
    assert rows[1] == 3 * rows[0] > 0


def test_what_travels_between_processes_is_small(document: Path):
    """A card, not a document."""
    whole = unseal(document)
    assert isinstance(whole, Document)
    assert len(pickle.dumps(card_of(whole))) < len(pickle.dumps(whole)) / 10
