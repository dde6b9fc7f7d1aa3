"""A screen for tests with windows, and napari's own way to make and close a viewer in a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.screen.windows import lacking, program, start

if TYPE_CHECKING:
    from qtpy.QtWidgets import QApplication

if lacking() is None:
    # as a plugin for all tests, it would import napari's windows before each of them
    from napari.utils._testsupport import (  # noqa: F401
        make_napari_viewer,
        make_napari_viewer_proxy,
        mock_app_model,
        pytest_runtest_makereport,
    )

    from tests.review.screen.rooms import clinic, measured, sit  # noqa: F401


class Unloadable(pytest.Module):
    """A module that is left out as a whole, as it could not even be imported."""

    def collect(self) -> Iterator[pytest.Item]:
        """Nothing but the reason."""
        raise pytest.skip.Exception(lacking() or "", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Unloadable | None:
    """Import a module only where there is what it imports."""
    return None if lacking() is None else Unloadable.from_parent(parent, path=module_path)


@pytest.fixture(scope="session")
def screen() -> dict[str, str]:
    """Where windows go, as the environment says it: a server of the tests' own, else the user's."""
    if program() is not None:
        return {"DISPLAY": start(), "QT_QPA_PLATFORM": "xcb"}
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        pytest.skip("there is no display, and Xvfb is not installed (apt-get install xvfb)")
    return {}


@pytest.fixture(scope="session")
def qapp(screen: dict[str, str], request: pytest.FixtureRequest) -> QApplication:
    """Qt's application, of which a process has one, on the screen."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in screen.items():
            patch.setenv(name, value)
        application: QApplication = request.getfixturevalue("qapp")
    return application


@pytest.fixture(autouse=True)
def _on_screen(screen: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a test starts find the same screen; other tests do not."""
    for name, value in screen.items():
        monkeypatch.setenv(name, value)
