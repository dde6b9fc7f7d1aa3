"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import cytomon
from cytomon.model.results import TubeResult
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.review.screen.windows import lacking

pytest_plugins = ["pytestqt.plugin"] if lacking() is None else []
BROKEN = b"FCS3.1 and nothing that follows from it"

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared data: real tubes, compliance set, tables."""
    folder = Path(os.environ.get("CYTOMON_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("shared data not found: set CYTOMON_SHARED to its folder")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that napari's fixtures read, and its plugin for pytest would add."""
    group = parser.getgroup("napari")
    group.addoption("--show-napari-viewer", action="store_true", help="show all viewers")
    group.addoption("--save-leaked-object-graph", action="store_true", help="needs objgraph")


def pytest_configure(config: pytest.Config) -> None:
    """Examples in modules that import Qt are left out where it cannot be imported."""
    if lacking() is not None:
        config.option.doctest_ignore_import_errors = True


def pytest_sessionstart() -> None:
    """Let tests be interrupted, also where a shell starts them; nothing stays with the user."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["CYTOMON_CACHE"] = "none"  # nothing is remembered for the user who runs the tests
    os.environ["NAPARI_CONFIG"] = ""  # nor are the user's settings of napari read or written


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where skips are refused, a run that left a test out has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("CYTOMON_REFUSE_SKIPS") and session.exitstatus == 0:
        reporter.write_line(f"\n{skipped} tests were left out, and that is refused here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def tubes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small tubes: a marrow with 5 % blasts, two bloods, one that is broken."""
    folder = tmp_path_factory.mktemp("tubes")
    marrow = TubePlan(state="BM_d28_BCA", n_events=12_000, seed=71, blasts={"blast_typical": 0.05})
    write_tube(simulate_tube(marrow), folder, "marrow")
    for seed, name in enumerate(("blood_a", "blood_b")):
        blood = TubePlan(
            state="PB_m6_recovered", n_events=6000, seed=seed, panel="lymphocyte_subsets"
        )
        write_tube(simulate_tube(blood), folder, name)
    (folder / "broken.fcs").write_bytes(BROKEN)
    return folder


@pytest.fixture(scope="session")
def marrow_result(tubes: Path) -> TubeResult:
    """What the marrow of `tubes` says."""
    return cytomon.measure_tube(tubes / "marrow.fcs")
