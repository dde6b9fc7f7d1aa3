"""Names that stand in a tube's keywords are nowhere at the window, nor in the layers of napari."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QAbstractItemModel, QAbstractListModel
from qtpy.QtWidgets import QApplication

from cytomon.batch import Keep, plan, run
from cytomon.inputs import Lists
from cytomon.review.case import Places
from cytomon.review.desk import Desk
from cytomon.review.worklist import read_worklist
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.task import Settings
from tests.privacy.planted import BIRTHDAY, NUMBER, STEM, plant
from tests.privacy.search import hits
from tests.review.screen.clinic import ADMIN, ESCAPED, TUBES
from tests.review.screen.rooms import Sit

COLUMNS = "file,patient_id,specimen_id,collected_on,specimen_type"
WORDS = (STEM, NUMBER, BIRTHDAY)
FIXED = {f"tube {what}" for what in ("events", "axes", "gate", "grips", "words", "sideways")}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A person at a store with one planted tube, in a folder that bears the word too."""
    folder = tmp_path / f"{STEM}_above"
    folder.mkdir()
    plant(TUBES / ESCAPED, folder / ESCAPED)
    lists = Lists(worklist=folder / "worklist.csv")
    (folder / "worklist.csv").write_text(f"{COLUMNS}\n{ESCAPED},K17,S1,2026-05-04,marrow\n")
    address = parse(f"sqlite:///{tmp_path / 's.db'}")
    keep, settings = Keep(address=address, who=ADMIN, lists=lists), Settings()
    done = run(plan([folder], lists, settings), tmp_path / "out", settings, keep=keep)
    assert done.measured == 1
    with opened(address, who=ADMIN) as store:
        yield Desk(who=ADMIN, store=store, places=Places(known=(folder,)))


def told(viewer: Any) -> Iterator[str]:
    """All that napari and the widgets would show, and what layers hold beside their data."""
    for layer in viewer.layers:
        yield from (layer.name, repr(layer.metadata), repr(layer.source))
        features = getattr(layer, "features", None)
        yield "" if features is None else features.to_csv()
    yield from (viewer.title, viewer.status if isinstance(viewer.status, str) else "", viewer.help)
    for widget in QApplication.allWidgets():
        for about in ("windowTitle", "toolTip", "statusTip", "whatsThis", "objectName", "text",
                      "toPlainText", "accessibleName"):  # fmt: skip
            say = getattr(widget, about, None)
            if callable(say):
                yield str(say())
        model = getattr(widget, "model", lambda: None)()
        rows = model.rowCount() if isinstance(model, QAbstractItemModel) else 0
        columns = 1 if isinstance(model, QAbstractListModel) else 9
        for place in range(rows * columns):
            yield str(model.index(*divmod(place, columns)).data())


@pytest.mark.long
def test_the_window_shows_none_of_it(sit: Sit, desk: Desk):
    """While gates are looked at and one is approved; layers have names of their own."""
    person = sit(desk, read_worklist(desk.store).items)
    names = {layer.name for layer in person.viewer.layers}
    seen = list(told(person.viewer))
    person.key("A")
    person.until(lambda: "kept" in person.says or "approved" in person.says)
    seen += told(person.viewer)

    assert any(ESCAPED in one for one in seen)
    assert hits(WORDS, folders=[], texts=seen) == []
    assert names <= FIXED
