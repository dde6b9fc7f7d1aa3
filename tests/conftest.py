"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared data: real tubes, compliance set, tables."""
    folder = Path(os.environ.get("CYTOMON_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("shared data not found: set CYTOMON_SHARED to its folder")
    return folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where skips are refused, a run that left a test out has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("CYTOMON_REFUSE_SKIPS") and session.exitstatus == 0:
        reporter.write_line(f"\n{skipped} tests were left out, and that is refused here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
