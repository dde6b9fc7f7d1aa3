"""A clock that is wrong, or goes backwards: no number, no order and no proof depends on it."""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.store.address import parse
from cytomon.store.history import read_log
from cytomon.store.open import opened
from cytomon.store.verify import verify
from tests.faults.commands import DONE, batch, lists, tables

ASK = ("cytomon.batch.datetime", "cytomon.store.change.datetime")
"""Who asks for the time of day, but the commands that take ``--as-of``."""
YEAR = 365 * 86_400.0


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Set the clock so many seconds ahead, and let it jump each time that it is asked."""
    right = time.time
    monkeypatch.setattr("cytomon.cli.batch.processes", lambda _: 0)  # in this process

    def set_to(ahead: float, step: float) -> None:
        now = [ahead]

        def wrong() -> float:
            now[0] += step
            return right() + now[0]

        class Wrong(datetime.datetime):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> Wrong:
                return cls.fromtimestamp(wrong(), tz)

        monkeypatch.setattr(time, "time", wrong)
        for name in ASK:
            monkeypatch.setattr(name, Wrong)

    return set_to


def test_backwards_between_runs_and_during_one(
    bloods: Path, tmp_path: Path, set_clock: Callable[[float, float], None]
):
    """Three runs: in ten years, ten years ago, and while each look is an hour before the last."""
    store = f"sqlite:///{tmp_path}/s.db"
    rows = lists(tmp_path, "a.fcs", "b.fcs", "c.fcs")
    out = tmp_path / "out"
    command = batch(bloods, out, "--store", store, *rows)
    said = []
    runs = ((10 * YEAR, 0.0, []), (-10 * YEAR, 0.0, []), (0.0, -3600.0, ["--force"]))
    for ahead, step, more in runs:
        set_clock(ahead, step)
        assert main([*command, *more]) == DONE
        said.append(tables(out))
        record = json.loads((out / "run.json").read_text())
        assert all(0 <= tube["seconds"] < 600 for tube in record["tubes"])
        taken_up = [tube["from_before"] for tube in record["tubes"]]
        assert taken_up == [len(said) == 2] * 3  # its document is known by its hash, not its age
    assert said[0] == said[1] == said[2]


def test_the_log_is_in_its_own_order(
    bloods: Path, tmp_path: Path, set_clock: Callable[[float, float], None]
):
    """An entry may say an earlier time than the one before it; the log is whole."""
    store = f"sqlite:///{tmp_path}/s.db"
    for number, (tube, ahead) in enumerate((("a.fcs", 10 * YEAR), ("b.fcs", -10 * YEAR))):
        set_clock(ahead, 0)
        rows = lists(tmp_path / str(number), tube)
        command = batch(bloods / tube, tmp_path / str(number) / "out", "--store", store, *rows)
        assert main(command) == DONE
    with opened(parse(store), who="ada") as there:
        assert verify(there).problems == ()
        with there.reading() as connection:
            entries = list(read_log(connection))
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)
    times = [entry.at for entry in entries]
    assert times != sorted(times)


def test_files_of_the_future(bloods: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A tube whose time is still to come is measured, and taken up, as any other."""
    (tmp_path / "in").mkdir()
    tube = tmp_path / "in" / "a.fcs"
    tube.write_bytes((bloods / "a.fcs").read_bytes())
    monkeypatch.setattr("cytomon.cli.batch.processes", lambda _: 0)
    os.utime(tube, (time.time() + YEAR,) * 2)
    command = batch(tmp_path / "in", tmp_path / "out")
    assert main(command) == DONE
    first = tables(tmp_path / "out")
    os.utime(tube, (time.time() - YEAR,) * 2)
    assert main(command) == DONE
    assert tables(tmp_path / "out") == first
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert [one["from_before"] for one in record["tubes"]] == [True]
