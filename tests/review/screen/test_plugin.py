"""cytomon as a plugin of napari: found, valid, and working through what napari shows to plugins."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManager, PluginManifest
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QApplication

from cytomon.review.screen.plugin import get_reader, read
from cytomon.review.screen.widget import ReviewWidget
from tests.review.screen.clinic import BLOOD, TUBES
from tests.review.screen.person import Person

BROKEN = b"FCS3.1 and nothing that follows from it"


def test_the_manifest_is_valid():
    """By npe2's own check, which imports all that the manifest names."""
    command = [sys.executable, "-W", "ignore", "-m", "npe2", "validate", "cytomon"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout
    manifest = PluginManifest.from_distribution("cytomon")
    assert manifest.contributions.widgets is not None
    assert [one.display_name for one in manifest.contributions.widgets] == ["gate review"]


@pytest.mark.parametrize("suffix", [".fcs", ".FCS"])
def test_a_file_is_read_as_a_picture(tmp_path: Path, suffix: str):
    """Whatever its suffix looks like; the layer is named after nobody."""
    path = tmp_path / f"Jane Doe{suffix}"
    shutil.copy(TUBES / BLOOD, path)
    reader = get_reader(str(path))
    assert reader is not None
    ((picture, about, kind),) = reader(str(path))
    assert kind == "image"
    assert picture.shape == (256, 256)
    assert np.expm1(picture).sum() == pytest.approx(17_263, rel=0.01)
    assert about["metadata"] == {"cytomon": {"path": str(path)}}
    assert "Doe" not in about["name"]


def test_a_stack_of_files_is_left_to_others():
    """One tube is one picture."""
    assert get_reader([str(TUBES / BLOOD)]) is None


def test_a_broken_file_is_refused_in_words(tmp_path: Path):
    """What is wrong, where, and what to do."""
    path = tmp_path / "broken.fcs"
    path.write_bytes(BROKEN)
    with pytest.raises(ValueError, match=r"broken\.fcs.*; ") as refused:
        read(str(path))
    assert "Traceback" not in str(refused.value)


@pytest.fixture
def strict() -> Iterator[None]:
    """What will not be there in the next napari is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        yield


@pytest.fixture
def plugins() -> PluginManager:
    """Napari's list of plugins, with cytomon in it."""
    manager = PluginManager.instance()
    manager.discover()
    return manager


@pytest.mark.usefixtures("strict", "plugins")
def test_a_file_is_reviewed_as_a_plugin(
    make_napari_viewer_proxy: Callable[..., Any], qtbot: QtBot, measured: Path
):
    """Opened by its reader, then the widget by its name; nothing private of napari is touched."""
    viewer = make_napari_viewer_proxy(show=True)
    viewer.open(str(measured / BLOOD), plugin="cytomon")
    assert [layer.name for layer in viewer.layers] == ["FCS events"]
    viewer.window.add_plugin_dock_widget("cytomon", "gate review")
    (real,) = [one for one in QApplication.allWidgets() if isinstance(one, ReviewWidget)]
    person = Person(viewer=viewer.__wrapped__, widget=real, qtbot=qtbot)
    person.settled()
    assert "FCS events" not in [layer.name for layer in viewer.layers]
    assert person.session.file == BLOOD
    person.show("lymphoid_scatter")
    corner = person.grip("corner", ("CD45", "low"), ("SSC-A", "high"))
    person.drag(corner.at, (corner.at[0] - 100, corner.at[1]))
    assert len(person.session.adjustments) == 1
    person.key("A")
    person.until(lambda: "opened by itself" in person.says)
    person.settled()
    person.key("S")
    person.until(lambda: "no earlier specimen" in person.says)


@pytest.mark.usefixtures("strict", "plugins")
def test_the_sample_opens(
    make_napari_viewer_proxy: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    """A simulated marrow, which the review can take up."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    viewer = make_napari_viewer_proxy()
    (layer,) = viewer.open_sample("cytomon", "marrow")
    assert Path(layer.metadata["cytomon"]["path"]).is_relative_to(tmp_path)
    assert np.expm1(layer.data).sum() > 190_000
