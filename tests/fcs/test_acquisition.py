"""When a tube was acquired is read as FCS 3.1 writes it, and not guessed otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from cytomon.fcs.acquisition import acquired_at, instrument
from cytomon.fcs.intake import open_tube
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.model.tube import Tube
from cytomon.report.case import SIMULATOR


def tube(folder: Path, **keywords: str) -> Tube:
    channels = (ChannelSpec(pnn="FSC-A"),)
    named = {f"${key}": value for key, value in keywords.items()}
    write_fcs(
        folder / "t.fcs",
        np.ones((3, 1), dtype=np.float32),
        channels,
        spillover=None,
        keywords=named,
    )
    return open_tube(folder / "t.fcs")


@pytest.mark.parametrize(
    ("day", "begin", "expected"),
    [
        ("03-MAR-2026", "09:05:07", "2026-03-03T09:05:07"),
        ("3-mar-2026", "09:05:07.25", "2026-03-03T09:05:07.250000"),
        ("03-Mar-2026", "09:05:07:30", "2026-03-03T09:05:07.500000"),
        ("2026-03-03", "09:05:07", ""),
        ("03-MRZ-2026", "09:05:07", ""),
        ("31-FEB-2026", "09:05:07", ""),
        ("03-MAR-2026", "25:05:07", ""),
        ("03-MAR-2026", "9h05", ""),
    ],
)
def test_begin(tmp_path: Path, day: str, begin: str, expected: str):
    """Hundredths after a point, sixtieths after a colon; any other writing is no time."""
    assert acquired_at(tube(tmp_path, DATE=day, BTIM=begin)) == expected


def test_both_are_needed(tmp_path: Path):
    """A day without a time puts no tube before another."""
    assert acquired_at(tube(tmp_path, DATE="03-MAR-2026")) == ""
    assert acquired_at(tube(tmp_path, BTIM="09:05:07")) == ""


def test_instrument(tmp_path: Path):
    """The model in words of our own, and digits that are another cytometer's only by chance."""
    told = [
        instrument(tube(tmp_path, **named))
        for named in (
            {"CYT": "BD FACSCanto II of the Doe ward", "CYTSN": "V33896"},
            {"CYT": "BD FACSCanto II of the Doe ward", "CYTSN": "V33897"},
            {"CYT": "Jane Doe", "CYTSN": "V33896"},
            {"CYT": "LSRII"},
            {"CYTSN": "LSRII"},
        )
    ]

    assert [name.rpartition(" ")[0] for name in told] == [
        "FACSCanto II", "FACSCanto II", "unlisted model", "LSRII", "unlisted model",
    ]  # fmt: skip
    assert len({name.rpartition(" ")[2] for name in told}) == len(told)
    assert all(re.fullmatch(r".* [0-9a-f]{6}", name) for name in told)
    assert instrument(tube(tmp_path, CYT="LSRII ")) == told[3]
    assert instrument(tube(tmp_path, CYT="cytomon simulation")).startswith(SIMULATOR)
    assert instrument(tube(tmp_path)) == ""
