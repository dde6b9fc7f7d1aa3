"""Time and memory follow the bytes that are there, whatever a file claims."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.fuzz.claims import CLAIMS
from tests.fuzz.run import MEMORY, SLOWEST

READ = {
    "a polygon of 2,900 corners", "a workspace of many keywords", "a chain of a thousand gates",
    "a worklist of 99,000 rows", "measurements in one line",
}  # fmt: skip
"""What is only large and not too large. Of FCS files the entry point tells it not."""


SLOWER = 3
"""How many times slower than where the bar was set a machine that is shared may be. What the
limits keep out took 30 to 145 seconds."""


@pytest.fixture(scope="module")
def costs() -> dict[str, dict[str, Any]]:
    """What each claim has cost, from a process that has nothing but the readers loaded."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.claims"], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["claim"]: row for row in rows}


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("claim", CLAIMS)
def test_claim(claim: str, costs: dict[str, dict[str, Any]]):
    """Read or refused in seconds of processor, in 200 MiB and three times the file."""
    cost = costs[claim]
    assert (cost["end"] == "read") == (claim in READ or CLAIMS[claim][0] == "fcs"), cost
    assert not cost["end"].startswith("defect"), cost
    assert cost["seconds"] <= SLOWER * SLOWEST, cost
    assert cost["mib"] <= MEMORY + 3 * cost["file_mib"], cost
