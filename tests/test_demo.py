"""The demonstration: which tubes it takes, and what it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

import cytomon.demo
from cytomon.demo import plan_demo, sample_folder


def test_the_samples_of_the_repository_are_taken(tmp_path: Path):
    """Every tube is in the worklist, belongs to a listed patient, and gets a picture."""
    jobs, _, settings = plan_demo(tmp_path)
    assert len(jobs.jobs) == len(list(sample_folder(tmp_path).glob("*.fcs")))
    assert jobs.refused == ()
    assert all(job.specimen is not None and job.specimen.day is not None for job in jobs.jobs)
    assert not any(job.findings for job in jobs.jobs)
    assert settings.figures == "all"
    assert list(tmp_path.iterdir()) == []


def test_where_no_samples_came_along_they_are_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """An installed package has no repository beside it."""
    monkeypatch.setattr(cytomon.demo, "__file__", str(tmp_path / "lib" / "cytomon" / "demo.py"))
    asked: list[Path] = []
    monkeypatch.setattr("cytomon.simulate.samples.write_samples", asked.append)
    assert sample_folder(tmp_path / "out") == tmp_path / "out" / "sample_fcs"
    assert asked == [tmp_path / "out" / "sample_fcs"]
